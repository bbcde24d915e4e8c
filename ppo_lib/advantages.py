"""How much better was each action than the critic expected?"""

import torch


def compute_gae(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    """Generalized Advantage Estimation, computed backwards in time.

        δ_t = r_t + γ (1 - terminated_t) V(s_{t+1}) - V(s_t)
        Â_t = δ_t + γ λ (1 - done_t) Â_{t+1},   done = terminated or truncated

    Nothing follows a terminated state, so its bootstrap is zero. A truncated episode would have gone on: its last step
    keeps the bootstrap, and only the sum ends there.

    Args:
        rewards, values: (T, N) r_t and V(s_t).
        next_values: (T, N) V(s_{t+1}) of the state really reached: the final observation when an episode ends.
        terminated, truncated: (T, N) booleans returned by step t.
        gamma, gae_lambda: discount γ and bias-variance trade-off λ, in [0, 1].

    Returns:
        advantages: (T, N). The critic's targets are advantages + values.

    Reference: Schulman et al. 2016, section 3, arXiv:1506.02438.
    """
    deltas = rewards + gamma * next_values * ~terminated - values  # (T, N)
    going_on = (~(terminated | truncated)).to(deltas.dtype)  # (T, N) 1 where the episode goes on
    advantages = torch.empty_like(deltas)
    later = torch.zeros_like(deltas[0])  # Â_T: nothing was seen beyond the rollout
    for t in reversed(range(len(deltas))):
        advantages[t] = later = deltas[t] + gamma * gae_lambda * going_on[t] * later
    return advantages


def discounted_returns(rewards, values, next_values, terminated, truncated, gamma):
    """What each step's future was worth, as far as it was sampled: r_t + γ r_{t+1} + γ² r_{t+2} + ...

    The sum runs to the end of the episode or of the rollout; there the critic's next value stands for the rest, except
    after a termination. It is GAE's λ = 1: the sum of the TD errors telescopes to return minus value. Arguments and
    shapes as for compute_gae.
    """
    return compute_gae(rewards, values, next_values, terminated, truncated, gamma, gae_lambda=1.0) + values


def explained_variance(values, returns):
    """1 - Var(returns - values) / Var(returns): 1 is a perfect critic, 0 no better than a constant, below 0 worse.

    Tensors of one shape in, a float out; NaN where the returns do not vary.
    """
    variance = returns.var(correction=0)
    if variance == 0:
        return float("nan")
    return float(1 - (returns - values).var(correction=0) / variance)
