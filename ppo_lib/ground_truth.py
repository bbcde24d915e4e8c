"""True action values: what a policy really earns after each action, measured by living every moment many times."""

from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from gymnasium.spaces import Discrete
from torch import nn
from torch.distributions import Categorical

from ppo_lib.advantages import compute_gae, discounted_returns
from ppo_lib.errors import UsageError
from ppo_lib.fast_highway import select_state
from ppo_lib.heads import probabilities
from ppo_lib.rollout import collect_rollout

NO_TIME_LIMIT = 1e6  # s


@dataclass(frozen=True)
class Futures:
    """F futures of each of A actions in each of S states; after its first action the policy drives.

    With Q the mean return of an action's futures, V = Σ_a π(a|s) Q(s, a), and the true advantage is Q - V: both are of
    the policy, and the critic has no part in them but at the horizon.

    Attributes:
        rewards, values, next_values, terminated, truncated: (H, S, A, F) as in a Rollout, H steps of each; what
            comes after the end of a drive belongs to another one.
        probs: (S, A) π(a|s).
        gamma: the discount.
    """

    rewards: torch.Tensor
    values: torch.Tensor
    next_values: torch.Tensor
    terminated: torch.Tensor
    truncated: torch.Tensor
    probs: np.ndarray
    gamma: float

    @property
    def returns(self) -> np.ndarray:
        """(S, A, F) the discounted return of each future; beyond the horizon H by the critic's value."""
        return self._first(discounted_returns(*self._columns, self.gamma))

    @property
    def action_values(self) -> np.ndarray:
        """(S, A) Q(s, a), the mean return of the futures that begin with a."""
        return self.returns.mean(-1)

    @property
    def state_values(self) -> np.ndarray:
        """(S,) V(s), the mean of Q(s, a) over the policy's actions."""
        return (self.probs * self.action_values).sum(-1)

    @property
    def advantages(self) -> np.ndarray:
        """(S, A) Q(s, a) - V(s)."""
        return self.action_values - self.state_values[:, None]

    @property
    def margins(self) -> np.ndarray:
        """(S, A) half the width of the 95 % confidence interval of each true advantage.

        Q(s, a) enters twice, as itself and as a part of V(s): A_a = (1 - π_a) Q_a - Σ_{b≠a} π_b Q_b.
        """
        noise = self.returns.var(-1, ddof=1) / self.returns.shape[-1]  # (S, A) variance of each mean
        weights = np.eye(self.probs.shape[1]) - self.probs[:, None, :]  # (S, A, A) of Q_b in A_a
        return 1.96 * np.sqrt((weights**2 * noise[:, None, :]).sum(-1))

    def estimates(self, gae_lambda: float) -> np.ndarray:
        """(S, A, F) what GAE estimates for the first action, from each future."""
        return self._first(compute_gae(*self._columns, self.gamma, gae_lambda))

    def errors(self, gae_lambda: float) -> dict[str, np.ndarray]:
        """The mean squared error of GAE's estimates against the true advantages, in three parts that add up to it.

        Each is (S,) and an average over the policy's actions; what the finite number of futures alone would add to a
        squared bias is taken off, so that one near 0 may come out slightly negative.

            shared bias²: of what is wrong by the same amount for all actions of the state
            bias² between actions: of what is wrong by another amount for each
            variance: of the estimates of one action
        """
        estimates, count, probs = self.estimates(gae_lambda), self.returns.shape[-1], self.probs
        shared = (probs * estimates.mean(-1)).sum(-1)  # the true advantages average to 0
        between = estimates.mean(-1) - shared[:, None] - self.advantages
        variance = estimates.var(-1, ddof=1)
        noise = (estimates - self.returns).var(-1, ddof=1) / count  # a return and its estimate share their luck
        return {
            "shared bias²": shared**2 - (probs**2 * variance).sum(-1) / count,
            "bias² between actions": (probs * between**2).sum(-1) - ((probs - probs**2) * noise).sum(-1),
            "variance": (probs * variance).sum(-1),
        }

    @property
    def _columns(self):
        columns = self.rewards, self.values, self.next_values, self.terminated, self.truncated
        return [column.flatten(1) for column in columns]  # (H, S·A·F)

    def _first(self, column):
        """The first row of (H, S·A·F) as a numpy array (S, A, F)."""
        return column[0].reshape(self.rewards.shape[1:]).double().numpy()


def states_along(envs, seed: int, actions) -> dict[str, np.ndarray]:
    """The states of one road, a row before each of T actions that lead along it; for sample_futures.

    Args:
        envs: one environment of the fast simulator, see make_vector_env.
        seed: of the road.
        actions: (T,) numbers of the actions.
    """
    _check_fast(envs)
    envs.reset(seed=seed)
    states = []
    for action in actions:
        states.append(envs.get_state()["envs"])
        envs.step(np.array([action]))
    return {name: np.concatenate([state[name] for state in states]) for name in states[0]}


def sample_futures(envs, states, actor, critic, gamma, *, futures=100, horizon=50, seed=0) -> Futures:
    """Live each of S states A·`futures` times, as often with each action, and then as the policy samples.

    The road has no time limit in these futures. Its traffic follows rules without chance, so futures differ by the
    driver's actions alone.

    Args:
        envs: of the fast simulator, with the configuration that the states come from.
        states: S rows, from states_along or from envs.get_state()["envs"].
        actor, critic: on the CPU; the actor's distributions are Categorical.
        gamma: the discount; what happens after the horizon counts gamma ** horizon, and is left to the critic.
        futures: F of each action.
        horizon: H steps that each is followed.
        seed: of the policy's actions.

    Raises UsageError for other environments.
    """
    _check_fast(envs)
    if not isinstance(envs.single_action_space, Discrete):
        raise UsageError("true advantages try every action of a state, so the actions must be Discrete")
    spec, num_actions = envs.env_spec, int(envs.single_action_space.n)
    first = np.repeat(np.arange(num_actions), futures)
    endless = spec.with_(num_envs=len(first), config=(spec.config or {}) | {"duration": NO_TIME_LIMIT})
    generator = np.random.default_rng(seed)
    columns, probs = [], []
    with closing(endless.make()) as copies:
        for row in range(len(states["time"])):
            copies.reset(seed=0)
            copies.unwrapped.set_state(select_state(states, [row] * len(first)))
            obs = copies.unwrapped.observe()
            driver = _FirstThen(first, actor)
            uniforms = generator.random((horizon, len(first)))
            rollout = collect_rollout(copies, driver, critic, obs, horizon, uniforms)
            names = ("rewards", "values", "next_values", "terminated", "truncated")
            columns.append([getattr(rollout, name).unflatten(1, (num_actions, futures)) for name in names])
            with torch.no_grad():
                probs.append(probabilities(actor(rollout.obs[0, :1]))[0].double().numpy())
    stacked = [torch.stack(column, dim=1) for column in zip(*columns, strict=True)]  # (H, S, A, F)
    return Futures(*stacked, probs=np.stack(probs), gamma=gamma)


class _FirstThen(nn.Module):
    """A policy whose first actions are given, (N,), and all others those of `actor`."""

    def __init__(self, first, actor):
        super().__init__()
        self.actor = actor
        self.first = torch.as_tensor(first)

    def forward(self, obs):
        policy = self.actor(obs)
        if self.first is None:
            return policy
        certain = nn.functional.one_hot(self.first, policy.probs.shape[-1])
        self.first = None
        return Categorical(probs=certain.to(policy.probs))


def _check_fast(envs):
    if envs.env_spec is None or envs.env_spec.backend != "fast":
        raise UsageError(
            "true advantages need roads that can be copied: make them by make_vector_env with backend 'fast'"
        )
