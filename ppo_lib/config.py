"""Every number of the algorithm in one place."""

from dataclasses import dataclass, fields
from typing import Annotated

from pydantic import BeforeValidator, Field

from ppo_lib.errors import UsageError
from ppo_lib.validation import as_plain_number, checked


def _number(kind, **bounds):
    """A field's type: a finite number of `kind` within pydantic's `bounds`, numpy's numbers included."""
    finite = {"allow_inf_nan": False} if kind is float else {}
    return Annotated[kind, BeforeValidator(as_plain_number), Field(strict=True, **finite, **bounds)]


Count = _number(int, ge=1)
Positive = _number(float, gt=0)
NotNegative = _number(float, ge=0)
Share = _number(float, ge=0, le=1)
ShareBelow1 = _number(float, ge=0, lt=1)
Seed = _number(int, ge=0, lt=2**32)
Switch = Annotated[bool, Field(strict=True)]


@dataclass(frozen=True)
class PPOConfig:
    """The settings of PPO. Immutable; a value out of range raises UsageError naming the field and its range.

    The number of environments N belongs to the vector environment, not here; a rollout holds B = T·N transitions.
    """

    num_steps: Count = 64  # T, steps of each environment in one rollout
    num_minibatches: Count = 16  # equal parts that a rollout is cut into; one gradient step each
    num_epochs: Count = 4  # passes over one rollout before it is thrown away
    learning_rate: Positive = 1e-3  # of Adam, at the start
    anneal_learning_rate: Switch = True  # let the learning rate fall linearly to 0 at the last step
    gamma: Share = 0.8  # discount γ of the next step's value, at the start
    final_gamma: ShareBelow1 | None = 0.95  # γ at the last step, the horizon 1/(1 - γ) growing evenly; none: constant
    gae_lambda: Share = 0.95  # λ of GAE: 0 trusts the critic, 1 trusts the sampled return
    normalize_advantages: Switch = True  # to mean 0 and standard deviation 1 within each minibatch
    normalize_observations: Switch = False  # by their running mean and spread, clipped to ±10; features only
    normalize_rewards: Switch = False  # divided by the running spread of the discounted return
    clip_eps: Positive = 0.2  # ε: the ratio π_new/π_old gains nothing outside [1 - ε, 1 + ε]
    value_clip_eps: Positive | None = None  # keep new values this close to the old ones; none: no value clipping
    value_coef: NotNegative = 0.5  # weight of the value loss
    entropy_coef: NotNegative = 0.01  # weight of the entropy bonus, which keeps the actor exploring
    final_entropy_coef: NotNegative | None = None  # its weight at the last step, reached linearly; none: constant
    max_grad_norm: Positive = 0.5  # each network's gradient is shortened to at most this length
    target_kl: Positive | None = None  # end an update early once the policy has moved this far; none: never
    seed: Seed = 0  # of the networks, the sampled actions and the environments
    save_interval: Count = 10_000  # environment steps between two checkpoints
    checkpoints_kept: Count = 5  # the newest so many stay on disk

    def __post_init__(self):
        for f in fields(self):
            object.__setattr__(self, f.name, checked(f.name, f.type, getattr(self, f.name)))
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
        if batch == self.num_minibatches and self.normalize_advantages:
            raise UsageError(
                f"num_minibatches {self.num_minibatches} leaves minibatches of one transition, whose advantage "
                "normalize_advantages would turn into 0; ask for fewer minibatches, or switch the normalisation off"
            )
        return batch // self.num_minibatches
