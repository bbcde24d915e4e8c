"""Figures that compare drivers, and simulators."""

from itertools import cycle

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

from ppo_lib.plotting.style import AGENT_COLOR, BASELINE_COLORS, CRASH_COLOR

# Colours of Okabe and Ito, and a marker and a line besides, for those who cannot tell them apart.
LOOKS = (("#0072b2", "o-"), ("#d55e00", "s--"), ("#009e73", "^-."), ("#000000", "D:"), ("#cc79a7", "v-"))


def plot_drivers(names, returns, intervals, crash_rates, speeds, *, ax=None):
    """How drivers compare: return against mean speed, and beside each name how often it crashes.

    A cross stands for a driver that crashes in half of its drives or more, a disc for any other.

    Args:
        names: (D,) of the drivers.
        returns: (D,) mean returns; intervals: (D, 2) their confidence intervals.
        crash_rates: (D,) in [0, 1].
        speeds: (D,) mean speeds in m/s.
    """
    ax = ax or plt.figure(figsize=(8, 4), layout="constrained").gca()
    returns, low, high = np.asarray(returns), *np.asarray(intervals, dtype=float).T
    ax.errorbar(speeds, returns, [returns - low, high - returns], fmt="none", ecolor="gray", elinewidth=1, zorder=1)
    often = np.asarray(crash_rates) >= 0.5
    for chosen, marker, color, label in (
        (~often, "o", AGENT_COLOR, "crashes in fewer than half of its drives"),
        (often, "X", CRASH_COLOR, "crashes in half of its drives or more"),
    ):
        ax.scatter(np.asarray(speeds)[chosen], returns[chosen], s=100, c=color, marker=marker, label=label, zorder=2)
    for name, x, y, crashes in zip(names, speeds, returns, crash_rates, strict=True):
        ax.annotate(f"{name}: {crashes:.0%} crash", (x, y), (10, 0), textcoords="offset points", va="center")
    ax.margins(0.12)
    spread = max(speeds) - min(speeds) or 1.0
    ax.set_xlim(min(speeds) - 0.1 * spread, max(speeds) + 0.4 * spread)  # room for the names
    ax.set(xlabel="mean speed (m/s)", ylabel="return per episode, 95 % interval")
    ax.legend(loc="center right", fontsize=9)
    ax.grid(alpha=0.25)
    return ax


def plot_ranking(names, returns, intervals, *, colors=None, ax=None):
    """Drivers from best to worst: a bar for each mean return, with its number and its confidence interval.

    Args:
        names: (D,) of the drivers.
        returns: (D,) mean returns; intervals: (D, 2) their confidence intervals.
        colors: {name: its colour}.
    """
    ax = ax or plt.figure(figsize=(8, 0.5 * len(names) + 0.9), layout="constrained").gca()
    returns, intervals = np.asarray(returns, float), np.asarray(intervals, float)
    order = np.argsort(-returns, kind="stable")
    whiskers = np.abs(intervals[order] - returns[order, None]).T
    ax.barh(
        range(len(order)),
        returns[order],
        xerr=whiskers,
        capsize=3,
        color=[(colors or {}).get(names[i], AGENT_COLOR) for i in order],
    )
    for row, i in enumerate(order):
        ax.text(intervals[i, 1], row, f"  {returns[i]:.2f}", va="center", fontsize=9)
    ax.set_yticks(range(len(order)), [names[i] for i in order])
    ax.set(xlabel="return per episode, 95 % interval", ylim=(len(order) - 0.4, -0.6))
    return ax


def plot_intervals(names, series, *, xlabel, percent=False, ax=None):
    """Estimates with their confidence intervals: a line per name, a dot with whiskers per series.

    Args:
        names: (D,) what is measured, from top to bottom.
        series: {label: ((D,) estimates, (D, 2) intervals)}; a NaN is left out.
        xlabel: the measure, with its unit.
        percent: write the values, in [0, 1], in percent.
    """
    ax = ax or plt.figure(figsize=(7, 0.45 * len(names) + 1), layout="constrained").gca()
    rows = np.arange(len(names))
    for i, (label, (estimates, intervals)) in enumerate(series.items()):
        estimates, (low, high) = np.asarray(estimates, float), np.asarray(intervals, float).T
        offset = 0.22 * (i - (len(series) - 1) / 2)
        color = AGENT_COLOR if i == 0 else BASELINE_COLORS[i - 1]
        whiskers = [(estimates - low).clip(0), (high - estimates).clip(0)]
        ax.errorbar(estimates, rows + offset, xerr=whiskers, fmt="o", color=color, capsize=3, label=label)
    ax.set(yticks=rows, yticklabels=names, xlabel=xlabel, ylim=(len(names) - 0.4, -0.6))
    if percent:
        ax.xaxis.set_major_formatter(PercentFormatter(1))
    if len(series) > 1:
        ax.legend(frameon=False, fontsize=8)
    ax.grid(alpha=0.25)
    return ax


def plot_convergence(counts, series, *, ylabel, xlabel="episodes", ax=None):
    """How an estimate and its interval settle as data come in, on a logarithmic axis.

    Args:
        counts: (C,) how much data.
        series: {label: ((C,) estimates, (C, 2) intervals)}, each a line in a band.
    """
    ax = ax or plt.figure(figsize=(7.5, 3.4), layout="constrained").gca()
    for (label, (estimates, intervals)), (color, marker) in zip(series.items(), cycle(LOOKS), strict=False):
        (line,) = ax.plot(counts, estimates, marker, color=color, markersize=5, label=label)
        ax.fill_between(counts, *np.asarray(intervals, float).T, color=line.get_color(), alpha=0.15, linewidth=0)
    ax.set(xscale="log", xlabel=xlabel, ylabel=ylabel)
    ax.set_xticks(counts, [str(count) for count in counts])
    ax.minorticks_off()
    ax.legend(frameon=False)
    ax.grid(alpha=0.25)
    return ax


def plot_speeds(names, steps_per_second, *, ax=None):
    """How fast simulators are: a dot each, with its number, on a logarithmic axis."""
    ax = ax or plt.figure(figsize=(7, 0.5 * len(names) + 0.9), layout="constrained").gca()
    ax.plot(steps_per_second, range(len(names)), "o", color=AGENT_COLOR, markersize=9)
    for row, rate in enumerate(steps_per_second):
        ax.annotate(f"{rate:,.0f}", (rate, row), (9, 0), textcoords="offset points", va="center")
    ax.set_yticks(range(len(names)), names)
    ax.set(xscale="log", xlabel="decisions simulated per second (logarithmic)", ylim=(len(names) - 0.4, -0.6))
    ax.set_xlim(min(steps_per_second) / 3, max(steps_per_second) * 6)
    ax.grid(axis="x", alpha=0.25)
    return ax
