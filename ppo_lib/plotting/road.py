"""Figures of the road and of drives on it."""

import matplotlib.pyplot as plt
import numpy as np

from ppo_lib.plotting.style import (
    AGENT_COLOR,
    BASELINE_COLORS,
    COMPONENT_COLORS,
    CRASH_COLOR,
    PICKED_COLOR,
    short_name,
)

RING_COLOR = "#f0e442"  # Okabe and Ito's yellow, which neither the road nor a car has


def plot_reward_components(components, *, actions=None, ax=None):
    """The reward of one drive taken apart: a stacked bar per step, and a dot at what they add up to.

    Args:
        components: {part: (T,) its contribution to each step's reward}, as envs.reward_components gives.
        actions: (T,) names of the actions, written below the bars.
    """
    ax = ax or plt.figure(figsize=(9, 3.2), layout="constrained").gca()
    steps = np.arange(len(next(iter(components.values()))))
    top, bottom = np.zeros(len(steps)), np.zeros(len(steps))
    for part, paid in components.items():
        paid = np.asarray(paid, dtype=float)
        if not paid.any():
            continue
        ax.bar(steps, paid, 0.85, np.where(paid < 0, bottom, top), label=part, color=COMPONENT_COLORS.get(part))
        top, bottom = top + paid.clip(min=0), bottom + paid.clip(max=0)
    total = np.sum([np.asarray(paid, dtype=float) for paid in components.values()], axis=0)
    ax.plot(steps, total, "o", color="black", markersize=5, label="reward: their sum")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xlabel="step", ylabel="reward", xlim=(-0.6, len(steps) - 0.4))
    ax.set_ylim(bottom.min() - 0.05, top.max() + 0.05)
    if actions is not None:
        ax.set_xticks(steps, [short_name(action) for action in actions], rotation=60, fontsize=8)
        ax.set_xlabel("action at each step")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
    return ax


def plot_observation_stack(stack, *, axes=None):
    """A stack of grayscale images side by side, oldest first, each with its age.

    Args:
        stack: (C, W, H) uint8, as highway-env stacks them: the last is the newest.
        axes: C Axes; a new figure where None.
    """
    if axes is None:
        width, height = 11, 11 / len(stack) * stack.shape[2] / stack.shape[1] + 0.45
        axes = plt.figure(figsize=(width, height), layout="constrained").subplots(1, len(stack), squeeze=False)[0]
    for age, (ax, image) in enumerate(zip(reversed(axes), reversed(stack), strict=True)):
        ax.imshow(image.T, cmap="gray", vmin=0, vmax=255)
        ax.set_title("now" if age == 0 else f"{age} step{'s' * (age > 1)} ago", fontsize=9)
        ax.set(xticks=[], yticks=[])
    return axes


def plot_roads(images, *, columns=8, ax=None):
    """Many observations in one picture, tile by tile.

    Args:
        images: (N, W, H) uint8, one grayscale image for each road.
        columns: how many side by side.
    """
    ax = ax or plt.figure(figsize=(10, 3.6), layout="constrained").gca()
    count, width, height = images.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + 2), columns * (width + 2)), 255, np.uint8)  # with white gaps
    for i, image in enumerate(images):
        y, x = i // columns * (height + 2), i % columns * (width + 2)
        sheet[y : y + height, x : x + width] = image.T
    ax.imshow(sheet, cmap="gray", vmin=0, vmax=255)
    ax.axis("off")
    return ax


def plot_view(road, road_scaling, image, scaling, *, axes=None):
    """A stretch of road with a frame around what an image of it covers, and below it that image.

    Args:
        road, image: (W, H) grayscale, as highway-env draws them: our car at three tenths of the width.
        road_scaling, scaling: their pixels per metre.
        axes: 2 Axes.
    """
    if axes is None:
        axes = plt.figure(figsize=(8, 4.2), layout="constrained").subplots(2)
    for ax, picture, pixels_per_m in zip(axes, (road, image), (road_scaling, scaling), strict=True):
        width, height = np.array(picture.shape) / pixels_per_m  # m
        extent = (-0.3 * width, 0.7 * width, height / 2, -height / 2)
        ax.imshow(picture.T, cmap="gray", vmin=0, vmax=255, extent=extent)
        ax.set(xlim=extent[:2], ylim=extent[2:], ylabel="m")
    frame = plt.Rectangle((-0.3 * width, -height / 2), width, height, fill=False, color=PICKED_COLOR, linewidth=2)
    axes[0].add_patch(frame)
    axes[1].set_xlabel("m ahead of us")
    return axes


def plot_race(returns, *, ax=None):
    """Returns growing along drives on one road; the last driver's stand out.

    Args:
        returns: {driver: the return after 0, 1, 2, ... steps}.
    """
    ax = ax or plt.figure(figsize=(8, 2.6), layout="constrained").gca()
    *rivals, own = returns
    for color, name in zip(BASELINE_COLORS, rivals, strict=False):
        ax.plot(returns[name], color=color, label=name)
        ax.plot(len(returns[name]) - 1, returns[name][-1], "o", color=color, markersize=4)  # where it ended
    ax.plot(returns[own], "o-", color=AGENT_COLOR, linewidth=2.5, markersize=4, label=own)
    ax.set(xlabel="decisions", ylabel="return so far", xlim=(0, None), ylim=(0, None))
    ax.legend(loc="lower right", fontsize=8)
    ax.grid(alpha=0.25)
    return ax


def plot_filmstrip(images, *, actions=None, ax=None):
    """A drive as a strip of pictures, one per step, the road running upwards; step t lies over x = t.

    Args:
        images: (T, L, W) or (T, L, W, 3) uint8; L runs along the road, W across it.
        actions: (T,) names of the actions that were chosen at these moments, written below the pictures.
    """
    count, length, width = images.shape[:3]
    ax = ax or plt.figure(figsize=(9, 9 / count * length / width + 0.6), layout="constrained").gca()
    ax.imshow(
        np.concatenate(images, axis=1),
        cmap="gray",
        vmin=0,
        vmax=255,
        origin="lower",
        extent=(-0.5, count - 0.5, 0, 1),
        aspect="auto",
    )
    ax.vlines(np.arange(count - 1) + 0.5, 0, 1, color="white", linewidth=2)
    ax.set(xlabel="step t", yticks=[], xticks=range(count))
    if actions is not None:
        ax.set_xticks(range(count), [f"{t}\n{short_name(action)}" for t, action in enumerate(actions)])
        ax.set_xlabel("step t, and the action chosen then")
    return ax


def plot_space_time(positions, lanes, *, crashed=False, seconds=1.0, moving=0.0, ax=None):
    """Where every car of a drive is over time: a line each, ours (number 0) thick.

    Cars in our lane are drawn as dark solid lines, those in other lanes as pale dotted ones.

    Args:
        positions: (T, K) along the road in m, at T moments of K cars.
        lanes: (T, K) the number of the lane that each is in.
        crashed: whether the drive ended in a crash of ours, which is marked by an x.
        seconds: between two moments.
        moving: the speed in m/s of the point from which positions are measured; it starts where we start.
    """
    ax = ax or plt.figure(figsize=(6, 4), layout="constrained").gca()
    times = seconds * np.arange(len(positions))
    distance = np.asarray(positions) - positions[0][0] - moving * times[:, None]  # (T, K)
    together = np.asarray(lanes) == np.asarray(lanes)[:, :1]  # (T, K)
    for car in range(1, distance.shape[1]):
        ax.plot(times, distance[:, car], ":", color="#9a9a9a", linewidth=1)
        ax.plot(times, np.where(together[:, car], distance[:, car], np.nan), color="black", linewidth=1.2)
    ax.plot(times, distance[:, 0], color=AGENT_COLOR, linewidth=3, label="our car")
    ax.plot([], [], color="black", linewidth=1.2, label="a car in our lane")
    ax.plot([], [], ":", color="#9a9a9a", label="a car in another lane")
    if crashed:
        ax.plot(times[-1], distance[-1, 0], "X", color=CRASH_COLOR, markersize=11, label="our crash", zorder=3)
    ax.set_xlabel("time (s)")
    ax.set_ylabel("m along the road" if moving == 0 else f"m ahead of a point at {moving:g} m/s")
    ax.grid(alpha=0.25)
    return ax


def plot_gallery(frames, titles, *, columns=2, marked=None, axes=None):
    """Pictures in rows, each below its title.

    Args:
        frames: G images (H, W, 3) uint8.
        titles: G strings.
        marked: (x, y) in pixels of what a ring goes round, in every picture.
        axes: G Axes; a new figure where None.
    """
    if axes is None:
        rows = -(-len(frames) // columns)
        height, width, _ = frames[0].shape
        size = (10, rows * (10 / columns * height / width + 0.3))
        axes = plt.figure(figsize=size, layout="constrained").subplots(rows, columns, squeeze=False).ravel()
        for ax in axes[len(frames) :]:
            ax.remove()
    for ax, frame, title in zip(axes, frames, titles, strict=False):
        ax.imshow(frame)
        ax.set_title(title, fontsize=9)
        ax.axis("off")
        if marked is not None:
            ax.plot(*marked, "o", markersize=26, markeredgewidth=2, color=RING_COLOR, fillstyle="none")
    return axes
