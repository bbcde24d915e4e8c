"""Every number of the algorithm in one place."""

import math
from dataclasses import dataclass, fields
from numbers import Real

from ppo_lib.errors import UsageError

# The values each field allows, written as one reads an interval; "(" and ")" exclude the end itself.
ALLOWED = {
    "num_steps": "[1, inf)",
    "num_minibatches": "[1, inf)",
    "num_epochs": "[1, inf)",
    "learning_rate": "(0, inf)",
    "gamma": "[0, 1]",
    "final_gamma": "[0, 1)",
    "gae_lambda": "[0, 1]",
    "clip_eps": "(0, inf)",
    "value_clip_eps": "(0, inf)",
    "value_coef": "[0, inf)",
    "entropy_coef": "[0, inf)",
    "final_entropy_coef": "[0, inf)",
    "max_grad_norm": "(0, inf)",
    "target_kl": "(0, inf)",
    "seed": "[0, 4294967296)",
    "save_interval": "[1, inf)",
    "checkpoints_kept": "[1, inf)",
}


@dataclass(frozen=True)
class PPOConfig:
    """The settings of PPO. Immutable; a value out of range raises UsageError naming the field and its range.

    The number of environments N belongs to the vector environment, not here; a rollout holds B = T·N transitions.
    """

    num_steps: int = 64  # T, steps of each environment in one rollout
    num_minibatches: int = 16  # equal parts that a rollout is cut into; one gradient step each
    num_epochs: int = 4  # passes over one rollout before it is thrown away
    learning_rate: float = 1e-3  # of Adam, at the start
    anneal_learning_rate: bool = True  # let the learning rate fall linearly to 0 at the last step
    gamma: float = 0.8  # discount γ of the next step's value, at the start
    final_gamma: float | None = 0.95  # γ at the last step, the horizon 1/(1 - γ) growing evenly; none: as at the start
    gae_lambda: float = 0.95  # λ of GAE: 0 trusts the critic, 1 trusts the sampled return
    normalize_advantages: bool = True  # to mean 0 and standard deviation 1 within each minibatch
    clip_eps: float = 0.2  # ε: the ratio π_new/π_old gains nothing outside [1 - ε, 1 + ε]
    value_clip_eps: float | None = None  # keep new values this close to the old ones; none: no value clipping
    value_coef: float = 0.5  # weight of the value loss
    entropy_coef: float = 0.01  # weight of the entropy bonus, which keeps the actor exploring
    final_entropy_coef: float | None = None  # its weight at the last step, reached linearly; none: as at the start
    max_grad_norm: float = 0.5  # each network's gradient is shortened to at most this length
    target_kl: float | None = None  # end an update early once the policy has moved this far; none: never
    seed: int = 0  # of the networks, the sampled actions and the environments
    save_interval: int = 10_000  # environment steps between two checkpoints
    checkpoints_kept: int = 5  # the newest so many stay on disk

    def __post_init__(self):
        for f in fields(self):
            object.__setattr__(self, f.name, _checked(f.name, f.type, getattr(self, f.name)))
        if self.final_gamma is not None and self.final_gamma < self.gamma:
            raise UsageError(
                f"final_gamma {self.final_gamma} is below gamma {self.gamma}; the horizon only grows: give a "
                "final_gamma of at least gamma, or none for a constant one"
            )

    def gamma_at(self, progress: float) -> float:
        """γ when `progress`, from 0 to 1, of the training is done; the horizon 1/(1 - γ) grows geometrically."""
        if self.final_gamma is None:
            return self.gamma
        return 1 - (1 - self.gamma) ** (1 - progress) * (1 - self.final_gamma) ** progress

    def entropy_coef_at(self, progress: float) -> float:
        """The weight of the entropy bonus when `progress` of the training is done."""
        if self.final_entropy_coef is None:
            return self.entropy_coef
        return self.entropy_coef * (1 - progress) + self.final_entropy_coef * progress

    def learning_rate_at(self, progress: float) -> float:
        """The learning rate when `progress` of the training is done."""
        return self.learning_rate * (1 - progress if self.anneal_learning_rate else 1)

    def batch_size(self, num_envs: int) -> int:
        """B = T·N transitions in one rollout."""
        return self.num_steps * num_envs

    def minibatch_size(self, num_envs: int) -> int:
        """M = B / num_minibatches; raises UsageError where that is not a whole number."""
        batch = self.batch_size(num_envs)
        if batch % self.num_minibatches:
            raise UsageError(
                f"num_minibatches {self.num_minibatches} does not divide the batch of {batch} transitions "
                f"({num_envs} environments x {self.num_steps} steps); it must"
            )
        return batch // self.num_minibatches


def _checked(name, kind, value):
    """`value` in the type that the field is declared with, if it is allowed."""
    if value is None and kind == (float | None):
        return None
    if kind is bool:
        if not isinstance(value, bool):
            raise UsageError(f"{name} must be True or False, got {value!r}")
        return value
    whole = kind is int
    is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or (whole and value != int(value)) or not _inside(value, ALLOWED[name]):
        raise UsageError(f"{name} must be a {'whole ' if whole else ''}number in {ALLOWED[name]}, got {value!r}")
    return int(value) if whole else float(value)


def _inside(value, interval):
    low, high = (float(end) for end in interval[1:-1].split(","))
    return (value > low or (interval[0] == "[" and value == low)) and (
        value < high or (interval[-1] == "]" and value == high)
    )
