"""Figures that compare drivers, and simulators."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

from ppo_lib.plotting.style import AGENT_COLOR, BASELINE_COLORS


def plot_drivers(names, returns, intervals, crash_rates, speeds, *, ax=None):
    """How drivers compare: return against mean speed, coloured by how often they crash.

    Args:
        names: (D,) of the drivers.
        returns: (D,) mean returns; intervals: (D, 2) their confidence intervals.
        crash_rates: (D,) in [0, 1].
        speeds: (D,) mean speeds in m/s.
    """
    ax = ax or plt.figure(figsize=(7, 3.8), layout="constrained").gca()
    returns, low, high = np.asarray(returns), *np.asarray(intervals, dtype=float).T
    ax.errorbar(speeds, returns, [returns - low, high - returns], fmt="none", ecolor="gray", elinewidth=1, zorder=1)
    dots = ax.scatter(
        speeds, returns, c=crash_rates, cmap="RdYlGn_r", vmin=0, vmax=1, s=90, edgecolors="black", zorder=2
    )
    middle = (min(speeds) + max(speeds)) / 2
    for name, x, y in zip(names, speeds, returns, strict=True):
        side, offset = ("left", 9) if x <= middle else ("right", -9)  # names point inwards, where there is room
        ax.annotate(name, (x, y), (offset, 0), textcoords="offset points", ha=side, va="center", fontsize=9)
    ax.margins(0.15)
    ax.set(xlabel="mean speed (m/s)", ylabel="return per episode")
    ax.figure.colorbar(dots, ax=ax, label="episodes that end in a crash", format=PercentFormatter(1))
    ax.grid(alpha=0.25)
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
    for label, (estimates, intervals) in series.items():
        (line,) = ax.plot(counts, estimates, ".-", label=label)
        ax.fill_between(counts, *np.asarray(intervals, float).T, color=line.get_color(), alpha=0.15, linewidth=0)
    ax.set(xscale="log", xlabel=xlabel, ylabel=ylabel)
    ax.set_xticks(counts, [str(count) for count in counts])
    ax.minorticks_off()
    ax.legend(frameon=False)
    ax.grid(alpha=0.25)
    return ax


def plot_speeds(names, steps_per_second, *, ax=None):
    """How fast simulators are: a bar each, on a logarithmic axis, with its number."""
    ax = ax or plt.figure(figsize=(7, 0.5 * len(names) + 0.9), layout="constrained").gca()
    bars = ax.barh(names, steps_per_second, color=AGENT_COLOR)
    ax.bar_label(bars, [f"{rate:,.0f}" for rate in steps_per_second], padding=4)
    ax.set(xscale="log", xlabel="decisions simulated per second (logarithmic)")
    ax.set_xlim(min(steps_per_second) / 3, max(steps_per_second) * 6)
    ax.invert_yaxis()
    return ax
