"""The series of probes: in which world, what is right there, and what it means to fail."""

from dataclasses import dataclass, field

from ppo_lib.config import PPOConfig
from ppo_lib.probes.worlds import Action, Both, Constant, Observation, ProbeEnv, Time, TimeLimit

TOLERANCE = 0.1  # a value may be off by this
SURE = 0.9  # the least probability of the right action


@dataclass(frozen=True)
class Probe:
    """One world, and what is right in it.

    Attributes:
        name, isolates: what it is called, and which part it tries.
        envs: the world.
        gamma: its discount. With 0 only the next reward counts, and no end can be treated wrongly.
        values: {observation: V}.
        best: {observation: the action to prefer}.
        look_at: what must be wrong, if this fails and all before it pass.
        total_steps: how long to learn.
    """

    name: str
    isolates: str
    envs: type[ProbeEnv]
    look_at: str
    gamma: float = 0.0
    values: dict[float, float] = field(default_factory=dict)
    best: dict[float, int] = field(default_factory=dict)
    total_steps: int = 4_096

    @property
    def expected(self) -> str:
        """What is right, in words."""
        return in_words(
            {obs: f"= {value:.2f}" for obs, value in self.values.items()},
            {(action, obs): f"≥ {SURE}" for obs, action in self.best.items()},
        )

    def config(self, seed: int) -> PPOConfig:
        """Settings with which it is learned in a second."""
        gammas = {"gamma": self.gamma, "final_gamma": self.gamma}
        bonus = {"entropy_coef": 0.01, "final_entropy_coef": 0.01}  # numbers throughout: any loop can read them
        return PPOConfig(num_steps=16, num_minibatches=2, learning_rate=0.01, seed=seed, **gammas, **bonus)


def in_words(values: dict[float, str], probs: dict[tuple[int, float], str]) -> str:
    """{observation: "= 1.00"} and {(action, observation): "≥ 0.9"} as "V(0) = 1.00, P(3 | 0) ≥ 0.9"."""
    said = [f"V({_signed(obs)}) {what}" for obs, what in values.items()]
    return ", ".join(said + [f"P({action} | {_signed(obs)}) {what}" for (action, obs), what in probs.items()])


def _signed(obs):
    return f"{obs:+}" if obs else "0"


PROBES = (
    Probe(
        "constant",
        "does the critic learn one number?",
        Constant,
        "the way of the reward: from the environment into the rollout, from there into the returns, into the value "
        "loss, and by the optimiser into the critic's weights. Not even a constant is learned",
        values={0: 1.0},
    ),
    Probe(
        "observation",
        "does the critic see?",
        Observation,
        "the observations: are they what the environment showed before the step, copied, and does each stay beside "
        "its own return when the rollout is flattened and shuffled? A constant is learned, so rewards arrive",
        values={-1: -1.0, 1: 1.0},
    ),
    Probe(
        "time",
        "discount, bootstrap, termination",
        Time,
        "the TD error r + γ V(next): its γ, its V of the next state, and its 0 after a terminated one. Rewards that "
        "come at once are learned",
        gamma=0.5,
        values={-1: 0.5, 1: 1.0},
    ),
    Probe(
        "time limit",
        "bootstrap after a truncation",
        TimeLimit,
        "truncated episodes: they would have gone on, so V of their own last observation (final_obs, not the first of "
        "the next episode) counts, as if nothing had ended. Terminated episodes are right",
        gamma=0.5,
        values={-1: 1.0, 1: 2.0},
    ),
    Probe(
        "action",
        "does the actor learn?",
        Action,
        "the actor: the sign of the policy loss, the advantages (does each stay beside its own action?), the "
        "log-probabilities, and whether the optimiser has the actor's weights. The critic is right",
        best={0: 3},
    ),
    Probe(
        "both",
        "do observation and action meet?",
        Both,
        "what the actor sees: does each action stay beside its own observation, in the rollout and in the minibatch? "
        "Critic and actor learn, each alone",
        best={-1: 0, 1: 1},
    ),
)
