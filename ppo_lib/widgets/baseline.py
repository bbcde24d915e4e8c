"""A gradient's estimates with any constant baseline: the cloud shrinks and grows, and its middle stays."""

import numpy as np

from ppo_lib.plotting import plot_gradient_cloud, plot_variance_over_baseline
from ppo_lib.widgets.engine import InteractiveFigure, slider

LOWEST, HIGHEST = -1.0, 3.0  # of the baseline


def baseline_explorer(estimates, scores, exact, baseline=0.0) -> InteractiveFigure:
    """A slider for the baseline b: the estimates with it beside the exact gradient, and their variance over b.

    Each batch estimates the mean of ∇ log π (R - b), which is its estimate without a baseline minus b times its mean
    of ∇ log π.

    Args:
        estimates: (K, 2) estimates of a gradient of two numbers, each from a batch of its own, without a baseline.
        scores: (K, 2) the mean of ∇ log π over the drives of each batch.
        exact: (2,) the gradient that all of them estimate.
        baseline: where the slider starts, in [-1, 3].
    """
    estimates, scores, exact = (np.asarray(rows, dtype=float) for rows in (estimates, scores, exact))
    constants = np.linspace(LOWEST, HIGHEST, 121)
    curve = [total_variance(estimates - b * scores) for b in constants]
    farthest = 1.05 * max(np.abs(estimates - b * scores).max() for b in (LOWEST, HIGHEST))

    def draw(cloud, over, baseline):
        with_baseline = estimates - baseline * scores
        variance = total_variance(with_baseline)
        plot_gradient_cloud(with_baseline, exact, legend="upper right", ax=cloud)
        cloud.set(xlim=(-farthest, farthest), ylim=(-farthest, farthest))  # the same for every b, to compare
        plot_variance_over_baseline(constants, curve, (baseline, variance), ax=over)
        away = (with_baseline @ exact < 0).mean()
        return f"b = {baseline:.1f}: variance {variance:.4f}; {away:.0%} of the estimates point away from ∇J"

    controls = {"baseline": slider("baseline b", baseline, LOWEST, HIGHEST, 0.1)}
    return InteractiveFigure(draw, controls, figsize=(8.5, 3.7), ncols=2)


def total_variance(estimates) -> float:
    """The mean squared distance of (K, P) vectors from their mean, without bias."""
    return float(estimates.var(axis=0, ddof=1).sum())
