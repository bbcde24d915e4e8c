"""Figures of training: how a measure grows, who learns faster, what a detail is worth."""

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np

from ppo_lib.plotting.style import AGENT_COLOR, BASELINE_COLORS


def plot_learning_curve(
    env_steps, values, *, others=(), baselines=None, ylabel="return per episode", label="PPO", ax=None
):
    """A measure over training: every update as a pale dot, their running mean over a tenth of them as a line.

    Args:
        env_steps: (U,) environment steps at each update.
        values: (U,) the measure at each update; NaN where no episode ended.
        others: (R, U) the same measure in further trainings, thin lines behind.
        baselines: {driver: value}, each a horizontal line with its name.
        ylabel, label: what is measured, and of whom.
    """
    ax = ax or plt.figure(figsize=(7, 3.6), layout="constrained").gca()
    env_steps, values = np.asarray(env_steps), np.asarray(values, dtype=float)
    known = ~np.isnan(values)
    steps, values = env_steps[known], values[known]
    (line,) = ax.plot(steps, running_mean(values, 1 + len(values) // 10), label=label, linewidth=2)
    ax.plot(steps, values, ".", color=line.get_color(), alpha=0.25, markersize=5)
    for other in others:
        smooth = running_mean(other, 1 + len(other) // 10)
        ax.plot(env_steps, smooth, color=line.get_color(), alpha=0.5, linewidth=1, zorder=1)
    for color, (driver, value) in zip(BASELINE_COLORS, (baselines or {}).items(), strict=False):
        ax.axhline(value, color=color, linestyle="--", linewidth=1)
        x, side = (0, "left") if _begins_farther_from(value, values) else (1, "right")
        style = {"color": color, "fontsize": 8, "ha": side}
        ax.annotate(driver, (x, value), (4 - 8 * x, 2), ax.get_yaxis_transform(), "offset points", **style)
    ax.set(xlabel="environment steps", ylabel=ylabel)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    ax.grid(alpha=0.25)
    return ax


def _begins_farther_from(value, values):
    """Whether a curve's first quarter stays farther away from a height than its last: there a label has room."""
    if len(values) == 0:
        return False
    quarter = 1 + len(values) // 4
    return np.abs(values[:quarter] - value).min() > np.abs(values[-quarter:] - value).min()


def contestant_colors(names):
    """{name: colour}, the first in the colour of our agents."""
    return dict(zip(names, cycle((AGENT_COLOR, *BASELINE_COLORS[1:])), strict=False))


def plot_contest(curves, *, xlabel="environment steps", reference=None, colors=None, ax=None):
    """Learning curves of several contestants, each over several seeds: the mean, and the range of the seeds around it.

    Args:
        curves: {contestant: ((P,) where it was measured, (seeds, P) returns)}.
        xlabel: what the measurements are counted in.
        reference: (name, return) of a driver to compare with, a horizontal line.
        colors: {contestant: colour}, for panels that must agree; by default in the order of `curves`.
    """
    ax = ax or plt.figure(figsize=(7, 3.8), layout="constrained").gca()
    colors = colors or contestant_colors(curves)
    for name, (x, returns) in curves.items():
        color, returns = colors[name], np.asarray(returns)
        ax.plot(x, returns.mean(0), "o-", markersize=3, linewidth=2, color=color, label=name)
        ax.fill_between(x, returns.min(0), returns.max(0), color=color, alpha=0.15, linewidth=0)
    if reference is not None:
        name, value = reference
        ax.axhline(value, color="black", linestyle="--", linewidth=1)
        starts_far = all(_begins_farther_from(value, np.mean(returns, axis=0)) for _, returns in curves.values())
        x, side = (0, "left") if starts_far else (1, "right")
        below = {"xytext": (4 - 8 * x, -10), "textcoords": "offset points", "ha": side}  # curves rise above it
        ax.annotate(name, (x, value), xycoords=ax.get_yaxis_transform(), fontsize=8, **below)
    ax.set(xlabel=xlabel, ylabel="return per episode")
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    ax.legend(fontsize=8, frameon=False)
    ax.grid(alpha=0.25)
    return ax


def plot_ablations(scores, *, baseline, ax=None):
    """What each change of a detail costs or brings: a dot per seed, and the interquartile mean with its interval.

    Args:
        scores: {variant: ((S,) score of each seed, interquartile mean, (low, high))}; drawn from best to worst.
        baseline: the variant that the others are to be compared with; its interval is shaded all the way down.
    """
    ax = ax or plt.figure(figsize=(7.5, 0.3 * len(scores) + 1), layout="constrained").gca()
    ordered = sorted(scores, key=lambda name: -scores[name][1])
    ax.axvspan(*scores[baseline][2], color=AGENT_COLOR, alpha=0.12, linewidth=0)
    for row, name in enumerate(ordered):
        seeds, middle, interval = scores[name]
        color = AGENT_COLOR if name == baseline else "black"
        ax.plot(seeds, [row] * len(seeds), "o", color="gray", markersize=4, alpha=0.5, markeredgewidth=0)
        ax.plot(interval, [row, row], color=color, linewidth=2)
        ax.plot(middle, row, "|", color=color, markersize=12, markeredgewidth=3)
    ax.set_yticks(range(len(ordered)), ordered)
    ax.invert_yaxis()
    ax.set(xlabel="return per episode after training")
    ax.grid(alpha=0.25, axis="x")
    return ax


def running_mean(values, window):
    """(U,) the mean of each value and up to window - 1 before it."""
    values = np.asarray(values, dtype=float)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    stop = np.arange(1, len(values) + 1)
    start = np.maximum(stop - window, 0)
    return (sums[stop] - sums[start]) / (stop - start)
