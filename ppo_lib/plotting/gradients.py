"""Figures of the policy gradient: where it points, and how far its estimates stray."""

import matplotlib.pyplot as plt
import numpy as np

from ppo_lib.plotting.style import AGENT_COLOR, PICKED_COLOR

# Okabe and Ito's colours, which the colour-blind can tell apart; each estimator has a row of its own besides.
ROW_COLORS = ("#d55e00", "#e69f00", "#cc79a7", "#009e73", "#0072b2", "#56b4e9")


def plot_objective(objective, thetas, *, arrows=(), paths=None, ax=None):
    """The objective of a policy of two numbers as a landscape, with gradients as arrows and ways through it.

    Args:
        objective: (G, G) J, a row for each θ_2 and a column for each θ_1 of `thetas`.
        thetas: (G,) the values of both numbers.
        arrows: (start (2,), gradient (2,)) of each arrow.
        paths: {name: (U, 2) thetas after each update}; a dot marks where each ends.
    """
    ax = ax or plt.figure(figsize=(5.6, 4.4), layout="constrained").gca()
    filled = ax.contourf(thetas, thetas, objective, levels=20, cmap="cividis", alpha=0.75)
    ax.figure.colorbar(filled, ax=ax, label="J(θ), expected return of a drive", format="%.2f")
    for start, gradient in arrows:
        ax.annotate("", np.add(start, gradient), start, arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.5})
    for path in list((paths or {}).values())[:1]:
        ax.plot(*path[0], "x", color="black", markersize=9, markeredgewidth=2, label="start")
    styles = (("black", "-", "o"), ("#d55e00", "--", "s"), ("white", "-.", "D"))
    for (name, path), (color, line, marker) in zip((paths or {}).items(), styles, strict=False):
        path = np.asarray(path)
        ax.plot(*path.T, color=color, linestyle=line, linewidth=2)
        ax.plot(*path[-1], marker, color=color, markersize=7, label=name)
    ax.set(xlabel="θ₁, the logit of FASTER in second 1", ylabel="θ₂, the logit of FASTER in second 2")
    if paths:
        ax.legend(loc="lower left", fontsize=8)
    return ax


def plot_gradient_cloud(estimates, exact, *, legend="best", ax=None):
    """Many estimates of one gradient of two numbers: a dot each, their mean, and the exact gradient as an arrow.

    Args:
        estimates: (K, 2), each from a batch of its own.
        exact: (2,) what all of them estimate.
        legend: where it stands, as for Axes.legend.
    """
    ax = ax or plt.figure(figsize=(4.4, 3.6), layout="constrained").gca()
    estimates = np.asarray(estimates)
    ax.plot(*estimates.T, ".", color=AGENT_COLOR, alpha=0.25, markersize=5, label="one batch")
    arrow = {"arrowstyle": "-|>", "color": "black", "lw": 2, "shrinkA": 0, "shrinkB": 0}
    ax.annotate("", exact, (0, 0), arrowprops=arrow, zorder=5)
    ax.plot(
        *estimates.mean(0), "D", color=PICKED_COLOR, markeredgecolor="black", label="mean of all batches", zorder=4
    )
    ax.plot([], [], "-", color="black", linewidth=2, label="exact gradient")  # an annotation has no entry of its own
    ax.axhline(0, color="gray", linewidth=0.6)
    ax.axvline(0, color="gray", linewidth=0.6)
    ax.set(xlabel="∂J/∂θ₁", ylabel="∂J/∂θ₂")
    ax.legend(fontsize=8, loc=legend)
    return ax


def plot_variance_over_baseline(baselines, variances, chosen, *, ax=None):
    """The variance of a gradient's estimates over the constant that is subtracted from the return.

    Args:
        baselines, variances: (G,) the constants, and the variance with each.
        chosen: (baseline, variance) to be marked.
    """
    ax = ax or plt.figure(figsize=(4.4, 3.6), layout="constrained").gca()
    ax.plot(baselines, variances, color="black", linewidth=1.5)
    ax.plot(*chosen, "o", color=AGENT_COLOR, markersize=10, label=f"b = {chosen[0]:.1f}")
    ax.set(xlabel="baseline b, subtracted from every return", ylabel="total variance of an estimate", ylim=(0, None))
    ax.grid(alpha=0.25)
    ax.legend(fontsize=8, loc="upper center")
    return ax


def plot_gradient_spread(projections, *, ax=None):
    """How far each batch's gradient points along one fixed direction: a row of dots for each estimator.

    Args:
        projections: {estimator: (K,) one number for each batch}; drawn from top to bottom, the mean as a bar.
    """
    ax = ax or plt.figure(figsize=(8, 0.55 * len(projections) + 1), layout="constrained").gca()
    jitter = np.random.default_rng(0).uniform(-0.28, 0.28, len(next(iter(projections.values()))))
    for row, (values, color) in enumerate(zip(projections.values(), ROW_COLORS, strict=False)):
        values = np.asarray(values)
        ax.plot(values, row + jitter, ".", color=color, alpha=0.5, markersize=5, markeredgewidth=0)
        ax.vlines(values.mean(), row - 0.4, row + 0.4, color="black", linewidth=2.5, zorder=3)
    ax.axvline(0, color="gray", linewidth=0.8)
    ax.set_yticks(range(len(projections)), list(projections))
    ax.invert_yaxis()
    ax.set(xlabel="component along the reference direction, one dot for each batch; bar: mean of all batches")
    ax.grid(alpha=0.25, axis="x")
    return ax


def plot_total_variance(variances, intervals, *, ax=None):
    """The variance of gradient estimates on a logarithmic axis: a dot for each estimator, with its 95 % interval.

    Args:
        variances: {estimator: variance}, drawn from top to bottom.
        intervals: {estimator: (low, high)}.
    """
    ax = ax or plt.figure(figsize=(7, 0.4 * len(variances) + 1), layout="constrained").gca()
    for row, (name, color) in enumerate(zip(variances, ROW_COLORS, strict=False)):
        ax.plot(intervals[name], [row, row], color=color, linewidth=3)
        ax.plot(variances[name], row, "o", color=color, markersize=8)
        ax.annotate(f"{variances[name]:,.0f}", (variances[name], row), (0, 7), textcoords="offset points", ha="center")
    ax.set_yticks(range(len(variances)), list(variances))
    ax.set_ylim(len(variances) - 0.5, -0.8)
    ax.set(xscale="log", xlabel="total variance of the gradient of one batch, logarithmic (line: 95 % interval)")
    ax.grid(alpha=0.25, axis="x")
    return ax


def plot_credit(rewards, weights, *, ax=None):
    """The rewards of one drive as bars, and what each step's log-probability is multiplied by, as lines.

    Args:
        rewards: (T,) of one drive.
        weights: {estimator: (T,)}.
    """
    ax = ax or plt.figure(figsize=(8, 3), layout="constrained").gca()
    steps = np.arange(len(rewards))
    ax.bar(steps, rewards, color="#b8c4cf", label="reward $r_t$")
    markers = ("o", "s", "D", "^", "v")
    for (name, values), color, marker in zip(
        weights.items(), ("#d55e00", "#0072b2", "#009e73"), markers, strict=False
    ):
        ax.plot(steps, values, color=color, marker=marker, markersize=4, label=name)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xlabel="step t (seconds)", ylabel=r"reward, or weight of $\nabla \log \pi_\theta$")
    ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return ax
