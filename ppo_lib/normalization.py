"""Observations and rewards in units of their own spread, measured while training goes on.

Gymnasium 1.4.0 has wrappers for this. NormalizeObservation refuses environments that reset in the same step, as ours
do, and keeps its moments in float32; NormalizeReward forgets an episode's past in the step that terminates it; the
statistics of both lie in the environment, where no checkpoint finds them and an evaluation goes on changing them. So
they lie here: those of the observations in the networks, those of the rewards in the learner's state.
"""

import numpy as np
import torch
from torch import nn

from ppo_lib.errors import UsageError
from ppo_lib.validation import check_array

MOMENTS = ("count", "mean", "variance")
MOST = 10.0  # standard deviations: what lies further out says no more than that
# Relative to the mean: a column that varies less is a constant and the rounding of its mean, in float64.
CONSTANT = 1e-10


def merged_moments(count, mean, variance, samples):
    """The moments of all samples so far, from those of the earlier ones and new samples.

        n = n_a + n_b,   δ = mean_b - mean_a
        mean = mean_a + δ n_b / n
        n Var = n_a Var_a + n_b Var_b + δ² n_a n_b / n

    Args:
        count, mean, variance: () and twice (...), float64: of the n_a samples so far; all 0 before the first.
        samples: (n_b, ...) the new ones, at least one.

    Returns (count, mean, variance), the variance divided by n. Raises UsageError where they are not finite.

    Reference: Chan, Golub, LeVeque 1983, "Algorithms for computing the sample variance", equation 2.1.
    """
    samples = samples.double()
    new = len(samples)
    total = count + new
    delta = samples.mean(0) - mean
    squares = count * variance + new * samples.var(0, correction=0) + delta**2 * (count * new / total)
    merged = total, mean + delta * (new / total), squares / total
    if not all(torch.isfinite(moment).all() for moment in merged):
        raise UsageError("numbers to normalise are so large that their variance is not finite; give smaller ones")
    return merged


def check_moments(count, mean, variance) -> None:
    """Raise UsageError for moments, as of merged_moments, that no samples have."""
    for name, moment in zip(MOMENTS, (count, mean, variance), strict=True):
        if not torch.isfinite(moment).all() or (name != "mean" and (moment < 0).any()):
            allowed = "finite" if name == "mean" else "finite and not negative"
            raise UsageError(f"the {name} of what is normalised must be {allowed}")


class ObservationNormalizer(nn.Module):
    """Observations minus their mean, divided by their standard deviation, clipped to ±10.

    A number that has not varied so far is divided by 1: nothing is known of its spread. There is no epsilon beside
    the variance, because it would be a unit, and observations may be in any.

    The moments are buffers, and so they lie in the network's own file. Only `absorb` changes them, never a forward
    pass: an evaluation cannot.

    Args:
        shape: of one observation.
    """

    def __init__(self, shape):
        super().__init__()
        self.register_buffer("count", torch.zeros((), dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(shape, dtype=torch.float64))
        self.register_buffer("variance", torch.zeros(shape, dtype=torch.float64))

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """(B, *shape) to the same shape in float32."""
        varies = self.variance > (CONSTANT * self.mean) ** 2
        deviation = torch.where(varies, self.variance, 1.0).sqrt()
        return ((obs.double() - self.mean) / deviation).clamp(-MOST, MOST).float()

    @torch.no_grad()
    def absorb(self, obs: torch.Tensor) -> None:
        """Let the moments take in observations (B, *shape). Raises UsageError as merged_moments does."""
        moments = merged_moments(self.count, self.mean, self.variance, obs.to(self.mean.device))
        for buffer, moment in zip((self.count, self.mean, self.variance), moments, strict=True):
            buffer.copy_(moment)

    def check(self) -> None:
        """Raise UsageError for moments that no observations have."""
        check_moments(self.count, self.mean, self.variance)


def normalizers(*networks) -> list[ObservationNormalizer]:
    """Those in the networks; one that they share comes once."""
    modules = (module for network in networks for module in network.modules())
    return list(dict.fromkeys(module for module in modules if isinstance(module, ObservationNormalizer)))


class RewardScaler:
    """Rewards divided by the standard deviation of the discounted return that has come together up to each step.

        R_t = γ R_{t-1} + r_t, from 0 at the start of every episode;   r_t becomes r_t / std(all R so far)

    Nothing is subtracted: that would change what is best to do where episodes can end. Nothing is clipped.

    Attributes:
        returns: (N,) float64: R of the episode that each environment is in.
        resets: how often the environments had been reset when these episodes went on, see absorb.
        moments: (count, mean, variance) of all R so far, see merged_moments.

    Source: vec_normalize.py of OpenAI's baselines, which Engstrom et al. 2020 (section 3, arXiv:2005.12729) found to
    matter; theirs takes in a step's rewards before it scales them, this one a whole rollout's, so that within a
    rollout one scale holds. Their clipping of scaled rewards is another detail, and left out.
    """

    def __init__(self, num_envs: int):
        self.moments = tuple(torch.zeros((), dtype=torch.float64) for _ in range(3))
        self.returns, self.resets = torch.zeros(num_envs, dtype=torch.float64), 0

    def absorb(self, rewards: torch.Tensor, done: torch.Tensor, gamma: float, resets: int) -> None:
        """Take in T steps of N environments.

        Args:
            rewards, done: (T, N) what each step gave, and whether its episode ended there, by itself or by its limit.
            gamma: the discount γ.
            resets: how often all environments were reset from outside. Once more than last time: all episodes are
                new, though those before never ended.

        Raises UsageError as merged_moments does.
        """
        rewards, done = rewards.double().cpu(), done.cpu()
        running = self.returns if resets == self.resets else torch.zeros_like(self.returns)
        seen = torch.empty_like(rewards)
        for t in range(len(rewards)):
            seen[t] = running = gamma * running + rewards[t]
            running = torch.where(done[t], 0.0, running)
        self.moments = merged_moments(*self.moments, seen.flatten())
        self.returns, self.resets = running, resets

    def scaled(self, rewards: torch.Tensor) -> torch.Tensor:
        """Rewards (T, N) in units of that standard deviation; unchanged as long as no return differed from another."""
        _, mean, variance = self.moments
        return rewards / float(variance.sqrt()) if variance > (CONSTANT * mean) ** 2 else rewards

    def state_dict(self) -> dict:
        """The moments and resets as plain numbers, and the returns."""
        moments = dict(zip(MOMENTS, map(float, self.moments), strict=True))
        return moments | {"resets": self.resets, "returns": self.returns.numpy()}

    def load_state_dict(self, state: dict, num_envs: int) -> None:
        """The inverse of state_dict, of a learner that had `num_envs` environments.

        In another number of environments all episodes are new, and so are their returns; the moments go on.

        Raises UsageError for what cannot be such a state.
        """
        numbers = (*MOMENTS, "resets")
        known = isinstance(state, dict) and set(state) == {*numbers, "returns"}
        if not known or not all(isinstance(state[name], int | float) for name in numbers):
            raise UsageError(f"the statistics of the rewards must be {', '.join(numbers)} and returns")
        check_array("the returns of the rewards' statistics", state["returns"], (num_envs,), np.float64)
        moments = tuple(torch.tensor(float(state[name]), dtype=torch.float64) for name in MOMENTS)
        check_moments(*moments)
        returns = torch.tensor(state["returns"])
        if not torch.isfinite(returns).all():
            raise UsageError("the returns of the rewards' statistics must be finite")
        self.moments, self.resets = moments, state["resets"]
        self.returns = returns if num_envs == len(self.returns) else torch.zeros_like(self.returns)
