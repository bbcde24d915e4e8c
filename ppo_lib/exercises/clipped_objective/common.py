"""What several exercises of this chapter share: solutions, inputs and parts of mistakes."""

import numpy as np
import torch


def clip(ratio, eps):
    """The ratio, held in its range."""
    return ratio.clamp(1 - eps, 1 + eps)


def each(numbers):
    """No mean, for the mistakes."""
    return numbers


def draw_clip_eps(draw):
    """ε, away from the notebook's own now and then; of one decimal where numbers shall be plain."""
    return draw.choice([0.2, 0.3, 0.4]) if draw.plain else draw.number_in(0.05, 0.5)


def minibatch_size(draw):
    """M, which now and then is too large for a byte."""
    (count,) = draw.sizes(1)
    return 900 if not draw.plain and draw.number % 30 == 29 else count


def draw_ratios(draw, clip_eps):
    """(M,) ratios below, inside and above the clip range, never so near its ends that rounding decides."""
    count = minibatch_size(draw)
    if draw.plain:
        return draw.rng.choice([0.5, 0.9, 1.0, 1.1, 1.5], count)
    width = clip_eps or 0.05  # around ε = 0 the smallest change counts
    side = draw.rng.choice([-1, 1], count)
    kinds = (
        np.ones(count),
        1 + clip_eps * draw.rng.uniform(-0.9, 0.9, count),
        1 + side * clip_eps * draw.rng.uniform(0.9, 0.97, count),
        1 + side * width * draw.rng.uniform(1.05, 1.4, count),
        (1 - clip_eps) * draw.rng.uniform(0.2, 0.9, count),
        (1 + clip_eps) * draw.rng.uniform(1.1, 3.0, count),
        draw.rng.choice([0.02, 0.05, 20.0, 50.0], count),
    )
    return np.choose(draw.rng.integers(len(kinds), size=count), kinds)


def log_probs_of(draw, ratios):
    """Log-probabilities with these ratios; both probabilities of each action are at most 1."""
    count = len(ratios)
    if draw.plain:
        old_log_probs = np.log(draw.rng.integers(1, 7, count) / 10)
    else:
        old_log_probs = -draw.rng.uniform(0.05, 2.5, count) - np.maximum(np.log(ratios), 0)
    log_probs = old_log_probs + np.log(ratios)
    return {"log_probs": log_probs.astype(draw.dtype), "old_log_probs": old_log_probs.astype(draw.dtype)}


def listed(numbers):
    """A few numbers of a tensor, in words."""
    return "[" + ", ".join(f"{number:.4g}" for number in numbers.tolist()) + "]"


def upside_down(log_probs, old_log_probs, **_):
    """The policy that learns and the one that drove have changed places."""
    return {"log_probs": old_log_probs, "old_log_probs": log_probs}


def without_old_policy(old_log_probs, **_):
    """The ratio is the new probability itself."""
    return {"old_log_probs": torch.zeros_like(old_log_probs)}


def quotient_of_logarithms(log_probs, old_log_probs, **_):
    """The ratio is that of the logarithms."""
    return {"log_probs": old_log_probs + (log_probs / old_log_probs).log()}


def times_samples(result, log_probs, **_):
    """A sum where a mean belongs."""
    return result * len(log_probs)
