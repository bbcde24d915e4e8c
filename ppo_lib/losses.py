"""PPO's losses and the two numbers that tell how far the policy moved. Tensors in, a scalar tensor out."""

import torch


def clipped_surrogate_loss(log_probs, old_log_probs, advantages, clip_eps):
    """The clipped objective of PPO, as a loss to minimise.

        ratio = π(a|s) / π_old(a|s) = exp(log_probs - old_log_probs)
        L = -mean( min( ratio Â,  clip(ratio, 1 - ε, 1 + ε) Â ) )

    The minimum makes it pessimistic: moving the ratio beyond the clip range in the direction that the advantage
    rewards gains nothing more, so its gradient there is zero; moving it the wrong way is always felt.

    Args:
        log_probs: (M,) log π(a|s) of the current policy, with gradient.
        old_log_probs: (M,) of the policy that acted, without.
        advantages: (M,) Â.
        clip_eps: ε.

    Reference: Schulman et al. 2017, equation 7, arXiv:1707.06347.
    """
    ratio = (log_probs - old_log_probs).exp()
    clipped_ratio = ratio.clamp(1 - clip_eps, 1 + clip_eps)
    return -torch.min(ratio * advantages, clipped_ratio * advantages).mean()


def value_loss(values, returns, old_values=None, clip_eps=None):
    """Half the mean squared error of the critic: mean( (V - R)² ) / 2.

    With `clip_eps`, V is also tried no further than clip_eps from old_values, and the larger error of the two counts
    for each sample. Its unit is the return's, so a good value depends on the rewards.

    Args:
        values: (M,) V(s) of the current critic, with gradient.
        returns: (M,) targets R.
        old_values: (M,) V(s) when the rollout was collected; needed with clip_eps.
        clip_eps: the largest change of a value, or None.

    Reference: Engstrom et al. 2020, section 3 (arXiv:2005.12729), on the clipping in OpenAI's later code, ppo2.
    """
    error = (values - returns) ** 2
    if clip_eps is not None:
        clipped_values = old_values + (values - old_values).clamp(-clip_eps, clip_eps)
        error = torch.max(error, (clipped_values - returns) ** 2)
    return 0.5 * error.mean()


def approximate_kl(log_probs, old_log_probs):
    """KL(π_old ‖ π) estimated from the actions that π_old took: mean( (ratio - 1) - log ratio ).

    Unbiased, never negative, and of low variance near 0. Reference: Schulman 2020, "Approximating KL divergence", the
    estimator k3, http://joschu.net/blog/kl-approx.html.
    """
    log_ratio = log_probs - old_log_probs
    return (log_ratio.exp() - 1 - log_ratio).mean()


def clip_fraction(log_probs, old_log_probs, clip_eps):
    """The share of samples whose ratio lies outside [1 - ε, 1 + ε]."""
    ratio = (log_probs - old_log_probs).exp()
    return ((ratio - 1).abs() > clip_eps).float().mean()
