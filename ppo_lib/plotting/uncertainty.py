"""Figures of how sure we are: resampled means, intervals that hold the truth or miss it, and all seeds."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from ppo_lib.plotting.style import AGENT_COLOR

MISSED_COLOR = "#d55e00"  # Okabe and Ito's vermillion


def plot_resampled_means(means, interval, mean, *, ax=None):
    """How often each resampled mean came, the mean of the data, and the interval that is read off them.

    Args:
        means: (R,) means of resamples.
        interval: [low, high].
        mean: of the data themselves.
    """
    ax = ax or plt.figure(figsize=(7.5, 2.6), layout="constrained").gca()
    ax.hist(means, bins=80, color="#bbbbbb")
    ax.axvline(mean, color="black", label=f"mean of the drives, {mean:.1f}")
    for end, label in zip(interval, ("95 % interval, {:.1f} to {:.1f}".format(*interval), None), strict=True):
        ax.axvline(end, color=AGENT_COLOR, linestyle="--", label=label)
    ax.set(xlabel="mean return of a resample", ylabel="resamples")
    ax.legend(frameon=False, loc="upper left")
    return ax


def plot_repeated_intervals(estimates, intervals, truth, *, ylabel, ax=None):
    """Intervals from repetitions of one evaluation; a triangle and a dashed line mark those that miss the truth.

    Args:
        estimates: (R,) of each repetition, which are shown from the lowest to the highest.
        intervals: (R, 2) their ends.
        truth: what every interval shall hold.
    """
    ax = ax or plt.figure(figsize=(9, 2.8), layout="constrained").gca()
    order = np.argsort(estimates, kind="stable")
    estimates, (low, high) = np.asarray(estimates, float)[order], np.asarray(intervals, float)[order].T
    held = (low <= truth) & (truth <= high)
    places = np.arange(len(order))
    for chosen, marker, color, style, label in (
        (held, "o", AGENT_COLOR, "solid", "holds it"),
        (~held, "^", MISSED_COLOR, "dashed", "misses it"),
    ):
        ax.vlines(places[chosen], low[chosen], high[chosen], color=color, linestyles=style)
        named = f"{label}: {chosen.sum()} of {len(order)}"
        ax.plot(places[chosen], estimates[chosen], marker, color=color, markersize=5, label=named)
    ax.axhline(truth, color="black", linewidth=1, label="the true mean")
    ax.set(xlabel="evaluation, from the lowest mean to the highest", ylabel=ylabel)
    ax.legend(frameon=False, loc="lower right")
    return ax


def plot_seeds(results: Mapping[str, Sequence[float]], averages, intervals, *, xlabel, ax=None):
    """Every seed of each variant as a point, and beside them an average over seeds with its interval.

    Args:
        results: {variant: (S,) results of its seeds}, from top to bottom.
        averages: (V,) one for each variant; intervals: (V, 2) their ends.
    """
    ax = ax or plt.figure(figsize=(8, 0.45 * len(results) + 1), layout="constrained").gca()
    rows, averages, (low, high) = np.arange(len(results)), np.asarray(averages), np.asarray(intervals).T
    for row, seeds in enumerate(results.values()):
        label = None if row else "a seed"
        ax.plot(seeds, np.full(len(seeds), row - 0.15), "o", fillstyle="none", color="#555555", label=label)
    whiskers = [(averages - low).clip(0), (high - averages).clip(0)]
    look = {"fmt": "D", "color": AGENT_COLOR, "capsize": 3, "label": "interquartile mean, 95 % interval"}
    ax.errorbar(averages, rows + 0.15, xerr=whiskers, **look)
    ax.set(yticks=rows, yticklabels=list(results), xlabel=xlabel, ylim=(len(results) - 0.4, -0.6))
    # Above the axes: inside, the ring of the legend would pass for a seed.
    ax.legend(frameon=False, fontsize=9, loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
    ax.grid(alpha=0.25)
    return ax
