"""Figures of the algorithm's estimates: advantages, the clipped objective, the KL divergence."""

import matplotlib.pyplot as plt
import numpy as np

from ppo_lib.plotting.style import AGENT_COLOR, BASELINE_COLORS, CRASH_COLOR, PICKED_COLOR

# Of Okabe and Ito, whom the colour-blind can tell apart.
VERMILLION, SKY = "#d55e00", "#56b4e9"
# For highway-env's actions in their order: to the left, idle, to the right, faster, slower.
ACTION_MARKS = (("<", "#0072b2"), ("o", "#000000"), (">", VERMILLION), ("^", "#009e73"), ("v", "#cc79a7"))


def plot_step_bars(values, *, weights=None, highlight=None, ylabel="advantage", ax=None):
    """A bar per step, blue above zero and red below.

    Args:
        values: (T,) what to draw.
        weights: (T,) in [0, 1]: the share of each bar that is drawn solid, the rest stays pale.
        highlight: the number of a step to put a frame around.
    """
    ax = ax or plt.figure(figsize=(9, 2.2), layout="constrained").gca()
    values = np.asarray(values, dtype=float)
    if weights is not None:
        _step_bars(ax, values, alpha=0.2)
        values = values * weights
    _step_bars(ax, values)
    if highlight is not None:
        ax.axvspan(highlight - 0.5, highlight + 0.5, facecolor="none", edgecolor="black", linewidth=1.5)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xlabel="step t", ylabel=ylabel, xlim=(-0.5, len(values) - 0.5), xticks=range(len(values)))
    return ax


def _step_bars(ax, values, **style):
    """Bars as two outlines, those above zero and those below: a patch for every bar would take twice the time."""
    steps = np.arange(len(values))
    edges = np.stack([steps - 0.4, steps + 0.4], axis=1).ravel()  # (2T,) left and right of each bar
    for color, side in ((AGENT_COLOR, values.clip(min=0)), (CRASH_COLOR, values.clip(max=0))):
        heights = np.stack([side, np.zeros_like(side)], axis=1).ravel()[:-1]  # (2T - 1,) bar, gap, bar, ..., bar
        ax.stairs(heights, edges, fill=True, color=color, **style)


def label_steps(ax, names):
    """Write the name of each step's action below it; `names` is (T,) texts, `ax` one whose step t lies at x = t."""
    ax.set_xticks(range(len(names)), [f"{t}\n{name}" for t, name in enumerate(names)], fontsize=8)
    ax.set_xlabel("step t, and the action taken then")
    return ax


def plot_action_advantages(advantages, margins, names, *, taken=None, ax=None):
    """The advantage of every action at every step of a drive, each with its interval.

    Args:
        advantages, margins: (T, A) the advantages, and half the widths of their intervals.
        names: (A,) of the actions.
        taken: (T,) numbers of the actions that the drive took; these get a ring.
    """
    ax = ax or plt.figure(figsize=(9, 3), layout="constrained").gca()
    steps, num_actions = np.arange(len(advantages)), len(names)
    offsets = np.linspace(-0.3, 0.3, num_actions)
    for i, name in enumerate(names):
        marker, color = ACTION_MARKS[i % len(ACTION_MARKS)]
        ax.errorbar(
            steps + offsets[i], advantages[:, i], margins[:, i], fmt=marker, color=color, label=name, markersize=6
        )
    if taken is not None:
        taken = np.asarray(taken)
        ring = {"facecolors": "none", "edgecolors": "black", "s": 130, "linewidths": 1.3, "zorder": 4}
        ax.scatter(steps + offsets[taken], advantages[steps, taken], label="taken", **ring)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.vlines(steps[:-1] + 0.5, 0, 1, transform=ax.get_xaxis_transform(), color="#dddddd", linewidth=0.8)
    ax.set(xlabel="step t", ylabel="true advantage", xlim=(-0.5, len(steps) - 0.5), xticks=steps)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False, fontsize=9)
    return ax


def plot_bias_and_variance(gae_lambdas, parts, *, total="mean squared error", ax=None):
    """The parts of an estimate's mean squared error over λ, stacked so that the upper edge is their sum.

    Args:
        gae_lambdas: (L,) the choices of λ.
        parts: {name: (L,) means}, as of ground_truth.Futures.errors; the first lies at the bottom.
        total: what their sum, the black line, is called; where a part is left out, it is not the whole error.
    """
    ax = ax or plt.figure(figsize=(7, 3.6), layout="constrained").gca()
    colors = (VERMILLION, SKY, "#cccccc")
    areas = ax.stackplot(gae_lambdas, *parts.values(), labels=list(parts), colors=colors[: len(parts)])
    for area, hatch in zip(areas, ("//", "", ".."), strict=False):
        area.set(hatch=hatch, edgecolor="white", linewidth=0)
    ax.plot(gae_lambdas, np.sum(list(parts.values()), axis=0), color="black", label=total)
    ax.set(xlabel="λ", ylabel="error of Â (return²)", xlim=(0, 1), ylim=(0, None))
    handles, labels = ax.get_legend_handles_labels()
    ax.legend(handles[::-1], labels[::-1], loc="upper left", frameon=False)  # in the order of the areas
    return ax


def plot_clipped_objective(advantage, clip_eps, *, ax=None):
    """PPO's objective of one action over its ratio, beside the unclipped one; shaded where its gradient is zero.

    Args:
        advantage: Â of the action, not 0.
        clip_eps: ε.
    """
    ax = ax or plt.figure(figsize=(5, 3.4), layout="constrained").gca()
    ratio = np.linspace(0, 2, 201)
    clipped = np.minimum(ratio * advantage, ratio.clip(1 - clip_eps, 1 + clip_eps) * advantage)
    flat = (1 + clip_eps, 2) if advantage > 0 else (0, 1 - clip_eps)
    ax.axvspan(*flat, color=PICKED_COLOR, alpha=0.25, linewidth=0, label="zero gradient")
    ax.plot(ratio, ratio * advantage, "--", color="gray", label="unclipped")
    ax.plot(ratio, clipped, color=AGENT_COLOR if advantage > 0 else CRASH_COLOR, linewidth=2.5, label="clipped")
    ax.plot(1, advantage, "o", color="black", label="before the update")
    for end in (1 - clip_eps, 1 + clip_eps):
        ax.axvline(end, color="gray", linewidth=0.8, linestyle=":")
    ax.set(xlabel="ratio π(a|s) / π_old(a|s)", ylabel="objective", xlim=(0, 2))
    ax.legend(loc="upper left" if advantage > 0 else "lower left", frameon=False, fontsize=8)
    return ax


def plot_kl_estimates(estimates, true_kl, *, ax=None):
    """Estimates of one KL divergence, each from its own few samples: a histogram for each estimator.

    Args:
        estimates: {name: (R,) one estimate of each repetition}.
        true_kl: what all of them estimate.
    """
    ax = ax or plt.figure(figsize=(7, 3), layout="constrained").gca()
    everything = np.concatenate(list(estimates.values()))
    bins = np.linspace(everything.min(), everything.max(), 60)
    for (name, values), color in zip(estimates.items(), BASELINE_COLORS, strict=False):
        ax.hist(values, bins, color=color, alpha=0.6, label=name)
    ax.axvline(true_kl, color="black", linewidth=2, label="true KL")
    ax.set(xlabel="estimated KL (nats)", ylabel="repetitions", yticks=[])
    ax.legend(frameon=False, loc="upper right")
    return ax
