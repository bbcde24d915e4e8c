"""Figures of what networks are made of, and of what they say."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator

from ppo_lib.plotting.style import AGENT_COLOR, PICKED_COLOR, POLICY_COLORS, short_name

EGO_POSITION = 0.3  # where in the width of an image highway-env draws our car


def plot_action_probabilities(probabilities, actions, *, picked=None, ax=None):
    """A policy in one state: a bar for each action.

    Args:
        probabilities: (A,) that add up to 1.
        actions: (A,) names.
        picked: index of the action taken, in another colour.
    """
    ax = ax or plt.figure(figsize=(6, 2.6), layout="constrained").gca()
    colors = [PICKED_COLOR if action == picked else AGENT_COLOR for action in range(len(actions))]
    bars = ax.bar([short_name(action) for action in actions], probabilities, color=colors)
    ax.bar_label(bars, [f"{probability:.2f}" for probability in probabilities], padding=2)
    ax.set(ylim=(0, 1.12), ylabel="probability")
    return ax


def plot_sampling(probabilities, actions, u, *, ax=None):
    """How a uniform random number picks an action: each owns a stretch of [0, 1] as long as its probability.

    Args:
        probabilities: (A,) that add up to 1.
        actions: (A,) names, written where there is room.
        u: the random number.
    """
    ax = ax or plt.figure(figsize=(6, 1.2), layout="constrained").gca()
    starts = np.cumsum(probabilities) - probabilities
    for i, (start, width, action) in enumerate(zip(starts, probabilities, actions, strict=True)):
        ax.barh(0, width, left=start, color=AGENT_COLOR, alpha=0.35 + 0.3 * (i % 2), edgecolor="white")
        if width > 0.08:
            ax.text(start + width / 2, 0, short_name(action), ha="center", va="center", fontsize=9)
    ax.axvline(u, color=PICKED_COLOR, linewidth=3)
    ax.set(xlim=(0, 1), yticks=[], xlabel="the action is the stretch that the random number u falls on")
    return ax


def plot_layers(names, parameters, multiplications, *, axes=None):
    """Where a network keeps its parameters and where it spends its time: a bar per layer in each of two Axes.

    Args:
        names: (L,) of the layers, first to last.
        parameters: (L,) how many; multiplications: (L,) how many for one observation.
        axes: 2 Axes.
    """
    if axes is None:
        axes = plt.figure(figsize=(9, 0.4 * len(names) + 1), layout="constrained").subplots(1, 2, sharey=True)
    for ax, numbers, label in zip(
        axes, (parameters, multiplications), ("parameters", "multiplications per observation"), strict=True
    ):
        bars = ax.barh(names, numbers, color=AGENT_COLOR)
        ax.bar_label(bars, [f"{number:,}" for number in numbers], padding=4)
        ax.set(xlabel=label, xlim=(0, 1.25 * max(numbers)))
        ax.xaxis.set_major_locator(MaxNLocator(4))
        ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    axes[0].invert_yaxis()  # shared: the first layer on top
    return axes


def plot_feature_maps(image, maps, *, axes=None):
    """What filters of a convolution make of an image: red where they answer positively, blue where negatively.

    Args:
        image: (W, H) grayscale.
        maps: {name: (W', H') a feature map before its ReLU}.
        axes: one Axes more than maps.
    """
    if axes is None:
        axes = plt.figure(figsize=(11, 1.65), layout="constrained").subplots(1, 1 + len(maps))
    axes[0].imshow(image.T, cmap="gray", vmin=0, vmax=255)
    axes[0].set_title("the newest image", fontsize=9)
    axes[0].set(xticks=[], yticks=[])
    plot_signals(maps, axes=axes[1:])
    return axes


def plot_signals(signals, *, axes=None):
    """Images of signed numbers, each on a scale of its own: white where 0, the redder or bluer the stronger.

    Args:
        signals: {name: (W, H)}, red where positive, blue where negative.
        axes: as many Axes.
    """
    if axes is None:
        axes = plt.figure(figsize=(11, 1.65), layout="constrained").subplots(1, len(signals), squeeze=False)[0]
    for ax, (name, values) in zip(axes, signals.items(), strict=True):
        limit = np.abs(values).max()
        ax.imshow(values.T, cmap="bwr", vmin=-limit, vmax=limit)
        ax.set_title(name, fontsize=9)
        ax.set(xticks=[], yticks=[])
    return axes


def plot_policies(policies, actions, *, ax=None):
    """Policies over many observations: a dot for each probability, a column of dots per action and policy.

    Args:
        policies: {name: (B, A) probabilities}.
        actions: (A,) names.
    """
    ax = ax or plt.figure(figsize=(8, 3), layout="constrained").gca()
    places, offsets = np.arange(len(actions)), np.linspace(-0.2, 0.2, len(policies))
    for color, (name, probabilities), offset in zip(POLICY_COLORS, policies.items(), offsets, strict=False):
        x = np.broadcast_to(places + offset, np.shape(probabilities))
        ax.plot(x.ravel(), np.ravel(probabilities), "o", color=color, alpha=0.3, markersize=5, markeredgewidth=0)
        ax.plot([], [], "o", color=color, label=name)  # for the legend, not as pale
    ax.axhline(1 / len(actions), color="black", linestyle="--", linewidth=1, label="all equal")
    ax.set_xticks(places, [short_name(action) for action in actions])
    ax.set(ylabel="probability", ylim=(0, None))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return ax


def plot_values(values, returns, *, ax=None):
    """What a critic expects along a drive, beside what really came.

    Args:
        values: (T,) V(s_t).
        returns: (T,) the discounted rewards from step t on.
    """
    ax = ax or plt.figure(figsize=(6, 2.8), layout="constrained").gca()
    ax.plot(returns, "o-", color=POLICY_COLORS[1], label="what came: discounted return")
    ax.plot(values, "o-", color=AGENT_COLOR, label="what the critic expected")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xlabel="step (s at 1 decision per second)", ylabel="value")
    ax.legend(frameon=False)
    ax.grid(alpha=0.25)
    return ax


def plot_drift(before, after, *, ax=None):
    """How a policy changed: each probability before against after; what did not change is on the diagonal.

    Args:
        before, after: (B, A) probabilities.
    """
    ax = ax or plt.figure(figsize=(3.4, 3.4), layout="constrained").gca()
    before, after = np.ravel(before), np.ravel(after)
    top = 1.05 * max(before.max(), after.max())
    ax.plot([0, top], [0, top], color="black", linewidth=0.8)
    ax.plot(before, after, "o", color=AGENT_COLOR, alpha=0.25, markersize=4, markeredgewidth=0)
    ax.set(xlabel="probability before", ylabel="probability after", xlim=(0, top), ylim=(0, top), aspect="equal")
    return ax


def plot_occlusion(image, heat, *, scaling, strongest=1.0, ax=None):
    """What a driver reacts to, laid over what it sees.

    Args:
        image: (W, H) uint8, the newest image of the stack.
        heat: (W, H) in [0, 1], of occlusion_map.
        scaling: pixels per metre of the image.
        strongest: the heat that is drawn in full colour.
    """
    ax = ax or plt.figure(figsize=(8, 2.8), layout="constrained").gca()
    width, height = image.shape
    ahead, aside = width / scaling, height / scaling
    extent = (-EGO_POSITION * ahead, (1 - EGO_POSITION) * ahead, aside / 2, -aside / 2)
    ax.imshow(image.T, cmap="gray", vmin=0, vmax=255, extent=extent)
    share = (heat.T / strongest).clip(0, 1)
    ax.imshow(share, cmap="YlOrRd", vmin=0, vmax=1, alpha=0.8 * share**0.5, extent=extent)
    ax.set(xlabel="metres ahead", ylabel="metres aside")
    ax.set(xticks=range(-20, int(extent[1]), 20), yticks=[-8, 0, 8])  # few: they are what takes time to draw
    return ax
