"""γ and λ, moved over a recorded drive."""

import ipywidgets
import numpy as np
import torch

from ppo_lib.advantages import compute_gae
from ppo_lib.plotting import label_steps, plot_filmstrip, plot_step_bars
from ppo_lib.widgets.engine import InteractiveFigure, slider


def advantage_explorer(
    images,
    rewards,
    values,
    next_values,
    terminated,
    truncated,
    gamma=0.9,
    gae_lambda=0.95,
    *,
    actions=None,
    truth=None,
):
    """Sliders for γ, λ and a step; below a filmstrip of one drive its TD errors, their weights and the advantages.

    Args:
        images: (T, L, W) or (T, L, W, 3) uint8, a picture of each step, as for plotting.plot_filmstrip.
        rewards, values, next_values, terminated, truncated: (T, 1) one drive, as for compute_gae.
        gamma, gae_lambda: where the sliders start.
        actions: (T,) names of the actions, written below the advantages.
        truth: (2, T) the true advantages of the actions taken, at the `gamma` given, and half the widths of their
            intervals; drawn over the estimates while the slider stands at that γ.
    """
    drive = rewards, values, next_values, terminated, truncated
    names = [""] * len(rewards) if actions is None else actions
    gamma_of_truth = gamma

    def draw(strip, weighing, errors, bars, gae_lambda, gamma, step):
        deltas = compute_gae(*drive, gamma, 0.0)[:, 0].numpy()
        advantages = compute_gae(*drive, gamma, gae_lambda)[:, 0].numpy()
        weights = gae_weights(terminated | truncated, step, gamma * gae_lambda)
        plot_filmstrip(images, ax=strip)
        plot_step_bars(weights, ylabel="weight", ax=weighing)
        plot_step_bars(deltas, weights=weights, ylabel="TD error δ", ax=errors)
        plot_step_bars(advantages, highlight=step, ylabel="advantage Â", ax=bars)
        if truth is not None and np.isclose(gamma, gamma_of_truth):
            _plot_truth(bars, *truth)
        weighing.set_ylim(0, 1.05)
        label_steps(bars, names)
        for ax in (strip, weighing, errors):
            ax.xaxis.set_visible(False)  # one axis at the bottom is enough, and three less to draw
        return (
            f"γλ = {gamma * gae_lambda:.3f}; the solid parts of the TD errors add up to the advantage of step {step}: "
            f"{advantages[step]:+.2f}"
        )

    controls = {
        "gae_lambda": slider("λ", gae_lambda, 0, 1, 0.05),
        "gamma": slider("γ", gamma, 0, 1, 0.05),
        "step": ipywidgets.IntSlider(min=0, max=len(rewards) - 1, description="step t"),
    }
    heights = {"nrows": 4, "height_ratios": (2.2, 0.8, 1.2, 1.5)}
    return InteractiveFigure(draw, controls, figsize=(9, 6), **heights)


def _plot_truth(ax, advantages, margins):
    """Black diamonds with intervals over the bars of the estimates."""
    steps = np.arange(len(advantages))
    ax.vlines(steps, advantages - margins, advantages + margins, color="black", linewidth=1.5)
    ax.plot(steps, advantages, "D", color="black", markersize=5, markeredgecolor="white", label="true advantage")
    ax.legend(loc="lower center", frameon=False, fontsize=8)


def gae_weights(done: torch.Tensor, step: int, decay: float) -> np.ndarray:
    """(T,) what each TD error counts in the advantage of `step`: decay^k after k steps of the same episode, else 0.

    Args:
        done: (T, 1) where an episode ends.
        step: whose advantage.
        decay: γλ.
    """
    distance = np.arange(len(done)) - step
    ends = np.flatnonzero(done[step:, 0].numpy())
    last = step + ends[0] if len(ends) else len(done) - 1
    within = (distance >= 0) & (np.arange(len(done)) <= last)
    return np.where(within, float(decay) ** np.abs(distance), 0.0)
