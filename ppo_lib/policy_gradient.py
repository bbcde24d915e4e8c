"""The policy gradient from whole drives: what REINFORCE learns from, and how much its estimates vary."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.utils import parameters_to_vector

from ppo_lib.encoders import linear, make_encoder
from ppo_lib.errors import UsageError
from ppo_lib.randomness import ACTIONS, ENVIRONMENTS, seed_of, stream
from ppo_lib.sampling import sample, to_environment


@dataclass(frozen=True)
class Drives:
    """N whole drives, one in each column, time first; what stands below the end of a drive counts for nothing.

    Attributes:
        obs: (T, N, *obs_shape) what was seen.
        actions: (T, N) what was done.
        rewards: (T, N) what it earned; 0 after the end of the drive.
        driving: (T, N) booleans: the drive had not ended before this step.
    """

    obs: torch.Tensor
    actions: torch.Tensor
    rewards: torch.Tensor
    driving: torch.Tensor

    @property
    def returns(self) -> torch.Tensor:
        """(N,) the sum of each drive's rewards."""
        return self.rewards.sum(0)

    def part(self, first: int, last: int) -> "Drives":
        """The drives in the columns from `first` up to `last`, that one excluded."""
        return Drives(*(rows[:, first:last] for rows in (self.obs, self.actions, self.rewards, self.driving)))


@torch.no_grad()
def collect_drives(actor, envs, num_steps: int, seed: int, *, copies: int = 1) -> Drives:
    """One drive in each of the N environments, from its start to its end, but of `num_steps` steps at most.

    Args:
        actor: observations to a distribution over actions, from which they are drawn.
        envs: a vector environment of make_vector_env.
        num_steps: T, the largest number of steps of a drive.
        seed: of the roads and of the actions.
        copies: how many neighbouring drives begin in the same state of the same road; each draws its own actions.

    Raises UsageError for fewer than one step, or for copies that do not divide the N drives evenly.
    """
    if num_steps < 1:
        raise UsageError(f"num_steps must be at least 1, got {num_steps}")
    if copies < 1 or envs.num_envs % copies:
        raise UsageError(f"copies must divide the {envs.num_envs} environments evenly, got {copies}")
    obs, _ = envs.reset(seed=[seed_of(seed, ENVIRONMENTS, n // copies) for n in range(envs.num_envs)])
    uniforms = np.random.default_rng(stream(seed, ACTIONS)).random((num_steps, envs.num_envs))
    driving = np.ones(envs.num_envs, dtype=bool)
    steps = []
    for t in range(num_steps):
        seen = torch.tensor(obs)  # a copy: the environments may reuse their array
        actions = sample(actor(seen), uniforms[t])
        obs, rewards, terminated, truncated, _ = envs.step(to_environment(actions, envs.single_action_space))
        earned = torch.as_tensor(rewards * driving, dtype=torch.float32)
        steps.append((seen, actions, earned, torch.tensor(driving)))
        driving = driving & ~(terminated | truncated)
    return Drives(*map(torch.stack, zip(*steps, strict=True)))


def sum_to_the_end(rows: torch.Tensor) -> torch.Tensor:
    """(T, N) to (T, N): each row's sum with all rows below it."""
    return rows.flip(0).cumsum(0).flip(0)


def log_probs_of(actor, drives: Drives) -> torch.Tensor:
    """(T, N) log π(a|s) of all that was done, 0 after the end of a drive; differentiable in the actor."""
    log_probs = torch.zeros(drives.rewards.shape)
    policy = actor(drives.obs[drives.driving])
    log_probs[drives.driving] = policy.log_prob(drives.actions[drives.driving])
    return log_probs


def policy_gradients(actor, drives: Drives, weights: torch.Tensor, drives_per_batch: int) -> torch.Tensor:
    """The policy gradient, estimated once from each batch of drives.

        g = 1/N Σ_n Σ_t weight_{t,n} ∇ log π(a_{t,n} | s_{t,n})

    Args:
        actor: the policy that drove.
        drives: K · drives_per_batch of them; an incomplete batch at the end is left out.
        weights: (T, N) what each log-probability is multiplied by: a return, a reward to go, an advantage.
        drives_per_batch: N in the formula.

    Returns:
        (K, P): one estimate in each row, of the derivatives by the actor's P parameters.
    """
    parameters = list(actor.parameters())
    estimates = []
    for last in range(drives_per_batch, drives.rewards.shape[1] + 1, drives_per_batch):
        first = last - drives_per_batch
        log_probs = log_probs_of(actor, drives.part(first, last))
        objective = (log_probs * weights[:, first:last]).sum() / drives_per_batch
        estimates.append(parameters_to_vector(torch.autograd.grad(objective, parameters)))
    return torch.stack(estimates)


def total_variance(estimates: torch.Tensor) -> float:
    """The trace of the covariance of vectors (K, P): the mean squared distance from their mean, without bias."""
    return estimates.var(dim=0).sum().item()


def inner_products(estimates: torch.Tensor) -> np.ndarray:
    """(K, P) to (K, K): between the vectors' deviations from their mean; all that a variance needs to know of them."""
    centred = (estimates - estimates.mean(0)).double()
    return (centred @ centred.T).numpy()


def total_variance_ci95(estimates: torch.Tensor, resamples: int = 2000, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of total_variance, over the K estimates, which must be independent."""
    return _middle(_resampled_variances(inner_products(estimates), _draws(len(estimates), resamples, seed)))


def variance_ratio_ci95(
    products: np.ndarray, other_products: np.ndarray, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % bootstrap interval of the ratio of two total variances, paired: the same batches are drawn for both.

    What is lucky or unlucky in a batch is so for both estimators, and cancels in their ratio.

    Args:
        products, other_products: (K, K) inner_products of the estimates that two estimators made of the same batches.
    """
    picked = _draws(len(products), resamples, seed)
    return _middle(_resampled_variances(products, picked) / _resampled_variances(other_products, picked))


def variances_within_roads(estimates: torch.Tensor, batches_per_road: int) -> np.ndarray:
    """(K, P) to (R,): the total variance of the estimates of each road alone, whose rows stand together."""
    return estimates.unflatten(0, (-1, batches_per_road)).var(dim=1).sum(1).double().numpy()


def road_share(estimates: torch.Tensor, batches_per_road: int, drives_per_batch: int) -> float:
    """How much of the variance of a gradient is owed to the roads, and not to the driver's own draws, from 0 to 1.

    By the law of total variance, where every drive has a road of its own, N drives give the variance

        between / N + within,   between = Var(E[ĝ | road]),   within = E[Var(ĝ | road)],

    with ĝ from N drives on copies of one road, and the share is that of the first part. Both parts are estimated
    without bias, so a share near 0 may come out negative.

    Args:
        estimates: (K, P), each from copies of one road; those of the same road stand together.
        batches_per_road: 2 or more of them.
        drives_per_batch: N.
    """
    within, products = _within_and_between(estimates, batches_per_road)
    between = products.trace() / (len(products) - 1)
    return float(_share(within.mean(), between, batches_per_road, drives_per_batch))


def road_share_ci95(
    estimates: torch.Tensor, batches_per_road: int, drives_per_batch: int, resamples: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % bootstrap interval of road_share: whole roads are drawn."""
    within, products = _within_and_between(estimates, batches_per_road)
    picked = _draws(len(within), resamples, seed)
    between = _resampled_variances(products, picked)
    return _middle(_share(picked @ within / len(within), between, batches_per_road, drives_per_batch))


def _within_and_between(estimates, batches_per_road):
    """(R,) the variances within each road, and (R, R) the inner products of the roads' means."""
    means = estimates.unflatten(0, (-1, batches_per_road)).mean(1)
    return variances_within_roads(estimates, batches_per_road), inner_products(means)


def _share(within, between_means, batches_per_road, drives_per_batch):
    """The share of the roads; what a road's own batches leave of noise in its mean is taken off first."""
    between = (between_means - within / batches_per_road) / drives_per_batch
    return between / (within + between)


def _draws(count, resamples, seed):
    """(resamples, count) how often each of `count` is drawn when as many are drawn with repetition."""
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples)


def _resampled_variances(products, picked):
    """(resamples,) total variances of what was drawn, from inner_products (K, K) and draws (resamples, K)."""
    count = len(products)
    squares = picked @ products.diagonal() - np.einsum("ri,ij,rj->r", picked, products, picked, optimize=True) / count
    return squares / (count - 1)


def _middle(resampled):
    """The ends of the middle 95 %."""
    low, high = np.percentile(resampled, (2.5, 97.5))
    return float(low), float(high)


class ClockCritic(nn.Module):
    """V(s, t): the expected sum of the rewards from here to the end of the drive, for a driver who sees a table.

    The sum ends at the time limit, so it depends on how much of the drive is over, which no observation says.

    Args:
        observation_space: of a single environment, highway_config("kinematics").
        num_steps: T, the largest number of steps of a drive.
    """

    def __init__(self, observation_space, num_steps: int):
        super().__init__()
        self.num_steps = num_steps
        self.encoder = make_encoder(observation_space, (), None, "vehicles")
        self.head = nn.Sequential(linear(self.encoder.width + 1, 64), nn.Tanh(), linear(64, 1, gain=1.0))

    def forward(self, obs: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """(B, *obs_shape) and (B,) numbers of steps since the start to (B,)."""
        left = 1 - t[:, None] / self.num_steps  # (B, 1) the share of the drive that is left
        # In units of a reward of 1 in each step that is left: the network need not learn to count.
        return self.num_steps * (left[:, 0] + self.head(torch.cat([self.encoder(obs), left], dim=1))[:, 0])

    @torch.no_grad()
    def values(self, drives: Drives) -> torch.Tensor:
        """(T, N) V of every step of the drives, 0 after the end of a drive."""
        values = torch.zeros(drives.rewards.shape)
        values[drives.driving] = self(drives.obs[drives.driving], drives.driving.nonzero()[:, 0])
        return values


def fit_critic(
    critic: ClockCritic, drives: Drives, num_epochs: int = 20, learning_rate: float = 1e-3, seed: int = 0
) -> list[float]:
    """Regression of V on the rewards to go of these drives: the mean squared error of each pass over them."""
    obs, times = drives.obs[drives.driving], drives.driving.nonzero()[:, 0]
    targets = sum_to_the_end(drives.rewards)[drives.driving]
    optimizer = torch.optim.Adam(critic.parameters(), lr=learning_rate)
    shuffler = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(num_epochs):
        total = 0.0
        for batch in torch.randperm(len(targets), generator=shuffler).split(256):
            loss = (critic(obs[batch], times[batch]) - targets[batch]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        losses.append(total / len(targets))
    return losses
