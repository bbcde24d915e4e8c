"""Figures of the surrogate objective: how far the ratios went, what was promised, and what was gained."""

import matplotlib.pyplot as plt
import numpy as np

# Okabe and Ito's colours, which the colour-blind can tell apart; line styles, marks and fillings say the same.
BLUE, VERMILLION, GREEN, ORANGE, PURPLE, BLACK = "#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#000000"
GAIN_STYLES = ((VERMILLION, "v", ":"), (ORANGE, "s", "--"), (BLUE, "o", "-"))
RULE_STYLES = ((VERMILLION, "v"), (BLUE, "o"), (GREEN, "s"), (ORANGE, "D"), (PURPLE, "^"), (BLACK, "P"))
RATIO_RANGE = (1 / 30, 30)  # that is drawn; what lies beyond is counted at its ends


def plot_ratios(ratios, clip_eps, *, ax=None):
    """Outlines of histograms of ratios on a logarithmic axis, the clip range shaded.

    Args:
        ratios: {rule: (B,) the ratios of a batch}; ratios beyond 1/30 and 30 are drawn at these ends.
        clip_eps: ε of the shaded range.
    """
    ax = ax or plt.figure(figsize=(7, 3), layout="constrained").gca()
    bins = np.geomspace(*RATIO_RANGE, 69)
    ax.axvspan(1 - clip_eps, 1 + clip_eps, color="gray", alpha=0.2, linewidth=0, label="clip range")
    for (name, values), color, line in zip(ratios.items(), (VERMILLION, BLUE), ("--", "-"), strict=False):
        counts, _ = np.histogram(np.clip(values, *RATIO_RANGE), bins)
        ax.stairs(counts / len(values), bins, color=color, linestyle=line, linewidth=2, label=name)
    ticks = (0.03, 0.1, 0.3, 1, 3, 10, 30)
    ax.set(xscale="log", xlim=RATIO_RANGE, ylim=(0, None), xlabel="ratio ρ", ylabel="share of the batch")
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.set_xticks([], minor=True)
    return ax


def plot_gains(passes, gains, *, ax=None):
    """Gains over the number of passes, on a logarithmic axis, each with a band for its interval.

    Args:
        passes: (P,) how often the batch was used.
        gains: {what is drawn: three rows of (P,), the mean and the ends of its interval}; at most three.
    """
    ax = ax or plt.figure(figsize=(5, 3.4), layout="constrained").gca()
    for (name, (mean, low, high)), (color, marker, line) in zip(gains.items(), GAIN_STYLES, strict=False):
        ax.fill_between(passes, low, high, color=color, alpha=0.2, linewidth=0)
        ax.plot(passes, mean, line, marker=marker, color=color, linewidth=2, label=name)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xscale="log", xlabel="passes over the batch", ylabel="gain in return")
    ax.set_xticks(passes, [f"{count:g}" for count in passes])
    ax.set_xticks([], minor=True)
    return ax


def plot_gain_over_kl(rules, *, ax=None):
    """What was gained over how far the policy moved: a line for each rule, its points in the order of the passes.

    Args:
        rules: {rule: four rows of (P,), the KL divergence, the mean gain and the ends of its interval}; at most six.
    """
    ax = ax or plt.figure(figsize=(7, 3.4), layout="constrained").gca()
    for (name, (kl, mean, low, high)), (color, marker) in zip(rules.items(), RULE_STYLES, strict=False):
        bars = np.stack([np.subtract(mean, low), np.subtract(high, mean)])
        ax.errorbar(kl, mean, bars, fmt="-", marker=marker, color=color, elinewidth=1, capsize=2, label=name)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xscale="log", xlabel="KL(π_old ‖ π) in nats, mean over states", ylabel="gain in return")
    ax.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return ax
