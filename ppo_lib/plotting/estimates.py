"""Figures of the algorithm's estimates: advantages, the clipped objective, the KL divergence."""

import matplotlib.pyplot as plt
import numpy as np

from ppo_lib.plotting.style import AGENT_COLOR, BASELINE_COLORS, CRASH_COLOR, PICKED_COLOR


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


def plot_advantage_estimates(gae_lambdas, estimates, *, ax=None):
    """One action's advantage as GAE estimates it from many futures: a dot each, and a bar for their mean.

    Args:
        gae_lambdas: (L,) the choices of λ, side by side; the last is taken as the one without bias.
        estimates: (L, F) of F futures each.
    """
    ax = ax or plt.figure(figsize=(8, 3.4), layout="constrained").gca()
    jitter = np.random.default_rng(0).uniform(-0.25, 0.25, len(estimates[0]))
    for x, row in enumerate(estimates):
        ax.plot(x + jitter, row, ".", color=AGENT_COLOR, alpha=0.35, markersize=6)
        ax.hlines(row.mean(), x - 0.35, x + 0.35, color="black", linewidth=2.5, zorder=3)
    ax.axhline(estimates[-1].mean(), color="black", linestyle="--", linewidth=1, label="mean at the last λ")
    ax.axhline(0, color="gray", linewidth=0.8)
    ax.set(xlabel="λ", ylabel="estimated advantage Â", xticks=range(len(gae_lambdas)))
    ax.set_xticklabels([f"{x:g}" for x in gae_lambdas])
    ax.legend(frameon=False, loc="upper left")
    return ax


def plot_bias_and_variance(gae_lambdas, squared_bias, variance, *, ax=None):
    """What GAE's λ trades: squared bias against variance, and their sum, the mean squared error; (L,) arrays."""
    ax = ax or plt.figure(figsize=(7, 3.6), layout="constrained").gca()
    total = np.asarray(squared_bias) + np.asarray(variance)
    ax.stackplot(
        gae_lambdas, squared_bias, variance, labels=["bias²", "variance"], colors=[PICKED_COLOR, "#9db8d6"], alpha=0.9
    )
    ax.plot(gae_lambdas, total, color="black", label="mean squared error")
    best = int(np.argmin(total))
    ax.plot(gae_lambdas[best], total[best], "o", color="black")
    ax.annotate(
        f"least at λ = {gae_lambdas[best]:.2f}",
        (gae_lambdas[best], total[best]),
        (0, 12),
        ha="center",
        textcoords="offset points",
    )
    ax.set(xlabel="λ", ylabel="error of Â (return²)", xlim=(0, 1), ylim=(0, None))
    ax.legend(loc="upper left", frameon=False)
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
