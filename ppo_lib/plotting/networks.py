"""Figures of what networks are made of, and of what they say."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from numpy.lib.stride_tricks import sliding_window_view

from ppo_lib.plotting.style import AGENT_COLOR, PICKED_COLOR, short_name

OKABE_ITO = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")  # told apart by the colour-blind, too
MARKERS = "os^D"
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


def plot_relu(inputs, *, leak=0.0, ax=None):
    """The rectified linear unit with some numbers on it, each written as what goes in and what comes out.

    Args:
        inputs: (n,) what goes in.
        leak: what negative numbers are multiplied by: 0 for a ReLU, a small number for a leaky one.
    """
    ax = ax or plt.figure(figsize=(3.2, 2.6), layout="constrained").gca()
    inputs = np.unique(inputs)
    outputs = np.where(inputs < 0, leak * inputs, inputs)
    reach = 1.3 * max(np.abs(inputs).max(), 1)
    ax.plot([-reach, 0, reach], [-leak * reach, 0, reach], color=AGENT_COLOR)
    ax.plot(inputs, outputs, "o", color=PICKED_COLOR)
    for x, y in zip(inputs, outputs + 0.0, strict=True):  # + 0.0 makes 0 of -0
        below = {"ha": "left", "va": "top", "xytext": (4, -5)}
        above = {"ha": "right" if x > 0 else "center", "va": "bottom", "xytext": (-3, 5)}
        ax.annotate(f"{x:g} → {y:g}", (x, y), textcoords="offset points", **(above if x else below))
    ax.set(xlim=(-reach, reach), ylim=(-0.25 * reach, 1.1 * reach), xlabel="what goes in", ylabel="what comes out")
    ax.grid(alpha=0.25)
    return ax


def plot_convolution(image, window, stride, *, axes=None):
    """One convolution in numbers: the image, the window's weights, and the weighted sum at each place of the window.

    The first place is framed, and the sum that belongs to it.

    Args:
        image: (H, W) numbers; window: (k, k) weights; stride: how many pixels the window moves on.
        axes: 3 Axes.
    """
    if axes is None:
        axes = plt.figure(figsize=(8, 2.2), layout="constrained").subplots(1, 3, width_ratios=(6, 4, 4))
    patches = sliding_window_view(np.asarray(image, float), np.shape(window))[::stride, ::stride]
    sums = (patches * window).sum((-2, -1))
    titles = f"image, {_size(image)}", f"weights, {_size(window)}", f"sums at stride {stride}, {_size(sums)}"
    for ax, numbers, title in zip(axes, (image, window, sums), titles, strict=True):
        _write_numbers(ax, np.asarray(numbers))
        ax.set_title(title, fontsize=9)
    for ax, side in ((axes[0], len(window)), (axes[2], 1)):
        frame = {"fill": False, "edgecolor": PICKED_COLOR, "linewidth": 3, "clip_on": False}
        ax.add_patch(Rectangle((-0.5, -0.5), side, side, **frame))
    return axes


def plot_feature_maps(image, maps, *, axes=None):
    """What filters of a convolution make of an image: red where they answer positively, blue where negatively.

    Args:
        image: (W, H) grayscale.
        maps: {name: (W', H') a feature map before its ReLU}.
        axes: one Axes more than maps.
    """
    if axes is None:
        axes = plt.figure(figsize=(7, 1.7 * (1 + len(maps))), layout="constrained").subplots(1 + len(maps), 1)
    axes[0].imshow(image.T, cmap="gray", vmin=0, vmax=255)
    axes[0].set_title("the newest image", fontsize=9)
    axes[0].set(xticks=[], yticks=[])
    plot_signals(maps, axes=axes[1:])
    return axes


def plot_signals(signals, *, axes=None):
    """Images of signed numbers: white where 0, the redder or bluer the stronger, on the scale beside each.

    Args:
        signals: {name: (W, H)}, red where positive, blue where negative.
        axes: as many Axes.
    """
    if axes is None:
        axes = plt.figure(figsize=(11, 1.65), layout="constrained").subplots(1, len(signals), squeeze=False)[0]
    for ax, (name, values) in zip(axes, signals.items(), strict=True):
        limit = np.abs(values).max()
        drawn = ax.imshow(values.T, cmap="bwr", vmin=-limit, vmax=limit)
        bar = ax.figure.colorbar(drawn, ax=ax, pad=0.01, aspect=8)
        bar.set_ticks([-limit, 0, limit], labels=[f"{-limit:.2g}", "0", f"{limit:.2g}"])
        ax.set_title(name, fontsize=9)
        ax.set(xticks=[], yticks=[])
    return axes


def plot_filter_bank(maps, *, strongest=None, ax=None):
    """All feature maps of a layer after its ReLU, tiled in four columns: white where 0, the darker the stronger.

    Args:
        maps: (F, H, W), F a multiple of four.
        strongest: the number that is drawn black; by default the largest.
    """
    ax = ax or plt.figure(figsize=(6, 3.6), layout="constrained").gca()
    filters, height, width = np.shape(maps)
    framed = np.full((filters, height + 1, width + 1), np.nan)  # a line of nothing between two maps
    framed[:, :height, :width] = maps
    rows = filters // 4
    tiled = framed.reshape(rows, 4, height + 1, width + 1).transpose(0, 2, 1, 3)
    image = tiled.reshape(rows * (height + 1), 4 * (width + 1))[:-1, :-1]
    cmap = plt.get_cmap("Greys").with_extremes(bad="#56b4e9")
    ax.imshow(image, cmap=cmap, vmin=0, vmax=strongest or np.nanmax(image), interpolation="nearest")
    ax.set(xticks=[], yticks=[])
    return ax


def plot_shares(steps, shares, *, ax=None):
    """How far some things have come on their way: a line for each, over the logarithm of the training steps.

    Args:
        steps: (K,) environment steps; the first, at birth, is left out.
        shares: {name: (S, K) where each of S runs is, from 0 at birth to 1 at the end}. The line is the mean of the
            runs, the band reaches from the lowest to the highest.
    """
    ax = ax or plt.figure(figsize=(7, 3.2), layout="constrained").gca()
    for (name, runs), color, marker, line in zip(
        shares.items(), OKABE_ITO, MARKERS, ("-", "--", "-.", ":"), strict=False
    ):
        runs = np.asarray(runs)[:, 1:]
        ax.plot(steps[1:], runs.mean(0), line, marker=marker, color=color, label=name)
        ax.fill_between(steps[1:], runs.min(0), runs.max(0), color=color, alpha=0.15, linewidth=0)
    ax.axhline(0.5, color="black", linewidth=0.8, linestyle=":")
    ax.set(xscale="log", xlabel="environment steps of training", ylabel="share of the whole change")
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    ax.legend(frameon=False)
    ax.grid(alpha=0.25)
    return ax


def plot_policies(policies, actions, *, ax=None):
    """Policies over many observations: a dot for each probability, a column of dots per action and policy.

    Args:
        policies: {name: (B, A) probabilities}.
        actions: (A,) names.
    """
    ax = ax or plt.figure(figsize=(8, 3), layout="constrained").gca()
    places, offsets = np.arange(len(actions)), np.linspace(-0.2, 0.2, len(policies))
    for color, marker, (name, probabilities), offset in zip(
        OKABE_ITO, MARKERS, policies.items(), offsets, strict=False
    ):
        x = np.broadcast_to(places + offset, np.shape(probabilities))
        ax.plot(x.ravel(), np.ravel(probabilities), marker, color=color, alpha=0.3, markersize=5, markeredgewidth=0)
        ax.plot([], [], marker, color=color, label=name)  # for the legend, not as pale
    ax.axhline(1 / len(actions), color="black", linestyle="--", linewidth=1, label="all equal")
    ax.set_xticks(places, [short_name(action) for action in actions])
    ax.set(ylabel="probability", ylim=(0, None))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
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
    # Bright and half transparent: the car underneath must remain visible.
    ax.imshow(share, cmap="autumn_r", vmin=0, vmax=1, alpha=0.5 * share**0.5, extent=extent)
    ax.set(xlabel="metres ahead", ylabel="metres aside")
    ax.set(xticks=range(-20, int(extent[1]), 20), yticks=[-8, 0, 8])  # few: they are what takes time to draw
    return ax


def _size(numbers):
    return " × ".join(map(str, np.shape(numbers)))


def _write_numbers(ax, numbers):
    """Numbers (H, W) in the cells of a grid, shaded by their value."""
    limit = 2.5 * max(np.abs(numbers).max(), 1e-9)  # pale, so that the numbers can be read
    ax.imshow(numbers, cmap="bwr", vmin=-limit, vmax=limit)
    for (y, x), number in np.ndenumerate(numbers):
        ax.text(x, y, f"{number:g}", ha="center", va="center", fontsize=10)
    height, width = numbers.shape
    ax.set_xticks(np.arange(width + 1) - 0.5, [])
    ax.set_yticks(np.arange(height + 1) - 0.5, [])
    ax.grid(color="#bbbbbb", linewidth=0.8)
    ax.tick_params(length=0)
