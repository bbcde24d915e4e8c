"""How far one batch can be trusted: what the surrogate promises of a changed policy, beside what it really gains."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.distributions import kl_divergence

from ppo_lib.advantages import compute_gae
from ppo_lib.evaluation import agent_policy, evaluate_policy
from ppo_lib.losses import clipped_surrogate_loss
from ppo_lib.policy_gradient import ClockCritic, Drives


@dataclass(frozen=True)
class Batch:
    """The decisions of whole drives of one policy, the old one, and what the surrogate makes of them.

    Attributes:
        obs: (B, *obs_shape) of all decisions, those of the first second first.
        actions, log_probs, advantages: (B,) what was done, its log-probability then, and its estimated advantage.
        num_drives: N, the number of drives that these are.
    """

    obs: torch.Tensor
    actions: torch.Tensor
    log_probs: torch.Tensor
    advantages: torch.Tensor
    num_drives: int

    @classmethod
    @torch.no_grad()
    def of(cls, drives: Drives, actor: nn.Module, critic: ClockCritic, gae_lambda: float) -> "Batch":
        """The batch of `drives` of `actor`, with advantages of λ = `gae_lambda`, see drive_advantages."""
        driving = drives.driving
        obs, actions = drives.obs[driving], drives.actions[driving]
        advantages = drive_advantages(drives, critic.values(drives), gae_lambda)[driving]
        return cls(obs, actions, actor(obs).log_prob(actions), advantages, num_drives=driving.shape[1])

    @torch.no_grad()
    def ratios(self, actor: nn.Module) -> torch.Tensor:
        """(B,) ρ, how much more probable each action is for `actor` than it was for the old policy."""
        return (actor(self.obs).log_prob(self.actions) - self.log_probs).exp()

    def promised_gain(self, actor: nn.Module) -> float:
        """What the surrogate promises: by how much more return a drive of `actor` would have, on average.

            1/N Σ (ρ - 1) Â,  over all decisions of N drives

        It is the objective of conservative policy iteration (Kakade and Langford 2002), less its value for the old
        policy. Exact on average where the advantages are, but for one thing: the states are those of the old policy.
        """
        return ((self.ratios(actor) - 1) * self.advantages).sum().item() / self.num_drives


def drive_advantages(drives: Drives, values: torch.Tensor, gae_lambda: float) -> torch.Tensor:
    """(T, N) GAE's estimates for whole drives in which every reward counts the same (γ = 1); 0 after a drive's end.

    Args:
        values: (T, N) V of every step, 0 after the end, as of ClockCritic.values. That critic sees the clock, so a
            drive that reached the time limit is over, and nothing is bootstrapped.
        gae_lambda: λ; with 1 the estimates are rewards to go minus values.
    """
    following, next_values = torch.zeros_like(drives.driving), torch.zeros_like(values)
    following[:-1], next_values[:-1] = drives.driving[1:], values[1:]
    ended = drives.driving & ~following
    advantages = compute_gae(drives.rewards, values, next_values, ended, torch.zeros_like(ended), 1.0, gae_lambda)
    return advantages * drives.driving


def passes_over(
    batch: Batch,
    actor: nn.Module,
    clip_eps: float,
    passes: int,
    *,
    num_minibatches: int = 14,
    learning_rate: float = 1e-3,
    max_grad_norm: float = 0.5,
    seed: int = 0,
) -> Iterator[nn.Module]:
    """After each pass of gradient steps over the batch, the actor that has come of it: one copy, which moves on.

    As PPO's update does it: minibatches in a new order in each pass, advantages normalised within each, gradients
    shortened to max_grad_norm, Adam; with the actor's loss alone, without entropy bonus.

    Args:
        batch: of `actor`, which is left as it is.
        clip_eps: ε; infinity takes the clip away.
        seed: of the order of the minibatches.
    """
    moved = deepcopy(actor)
    optimizer = torch.optim.Adam(moved.parameters(), learning_rate, eps=1e-5)
    generator = torch.Generator().manual_seed(seed)
    size = -(-len(batch.obs) // num_minibatches)  # rounded up
    for _ in range(passes):
        for part in torch.randperm(len(batch.obs), generator=generator).split(size):
            advantages = batch.advantages[part]
            advantages = (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)
            log_probs = moved(batch.obs[part]).log_prob(batch.actions[part])
            optimizer.zero_grad()
            clipped_surrogate_loss(log_probs, batch.log_probs[part], advantages, clip_eps).backward()
            nn.utils.clip_grad_norm_(moved.parameters(), max_grad_norm)
            optimizer.step()
        yield moved


@torch.no_grad()
def mean_kl(old_actor: nn.Module, actor: nn.Module, obs: torch.Tensor) -> float:
    """KL(π_old ‖ π) in nats, computed from all probabilities in each state and averaged over states (B, ...)."""
    return kl_divergence(old_actor(obs), actor(obs)).mean().item()


def sampled_returns(actor: nn.Module, envs, episodes: int, seed: int) -> np.ndarray:
    """(E,) undiscounted returns of drives on the roads from `seed` on, the actor sampling its actions.

    Two actors with the same arguments drive the same roads with the same random numbers, so that the difference of
    their returns, road by road, varies less than the returns.
    """
    return evaluate_policy(agent_policy(actor, deterministic=False), envs, episodes, seed).returns
