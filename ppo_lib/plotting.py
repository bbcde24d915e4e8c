"""One function per figure: arrays in, Axes out. Each draws into `ax`, or into a new figure where that is None."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

EGO_POSITION = 0.3  # where in the width of an image highway-env draws our car
AGENT_COLOR = "#1f5fa8"
CRASH_COLOR = "#c0392b"
BASELINE_COLORS = ("#7f8c8d", "#b07d2b", "#2e8b57", "#8e44ad", "#c0392b", "#16a085")
COMPONENT_COLORS = {
    "surviving": "#b8c4cf",
    "right lane": "#e0a030",
    "high speed": "#2e8b57",
    "collision": CRASH_COLOR,
}


def plot_learning_curve(env_steps, values, *, baselines=None, ylabel="return per episode", label="PPO", ax=None):
    """A measure over training: every update as a pale dot, their running mean over a tenth of them as a line.

    Args:
        env_steps: (U,) environment steps at each update.
        values: (U,) the measure at each update; NaN where no episode ended.
        baselines: {driver: value}, each a horizontal line with its name.
        ylabel, label: what is measured, and of whom.
    """
    ax = ax or plt.figure(figsize=(7, 3.6), layout="constrained").gca()
    env_steps, values = np.asarray(env_steps), np.asarray(values, dtype=float)
    known = ~np.isnan(values)
    steps, values = env_steps[known], values[known]
    (line,) = ax.plot(steps, running_mean(values, 1 + len(values) // 10), label=label, linewidth=2)
    ax.plot(steps, values, ".", color=line.get_color(), alpha=0.25, markersize=5)
    for color, (driver, value) in zip(BASELINE_COLORS, (baselines or {}).items(), strict=False):
        ax.axhline(value, color=color, linestyle="--", linewidth=1)
        ax.annotate(
            driver, (1, value), (-4, 2), ax.get_yaxis_transform(), "offset points", color=color, fontsize=8, ha="right"
        )
    ax.set(xlabel="environment steps", ylabel=ylabel)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    ax.grid(alpha=0.25)
    return ax


def running_mean(values, window):
    """(U,) the mean of each value and up to window - 1 before it."""
    values = np.asarray(values, dtype=float)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    stop = np.arange(1, len(values) + 1)
    start = np.maximum(stop - window, 0)
    return (sums[stop] - sums[start]) / (stop - start)


def plot_reward_components(components, *, actions=None, ax=None):
    """The reward of one drive taken apart: a stacked bar per step.

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
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xlabel="step", ylabel="reward", xlim=(-0.6, len(steps) - 0.4))
    if actions is not None:
        ax.set_xticks(steps, [action.replace("LANE_", "").lower() for action in actions], rotation=60, fontsize=8)
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


def plot_speeds(names, steps_per_second, *, ax=None):
    """How fast simulators are: a bar each, on a logarithmic axis, with its number."""
    ax = ax or plt.figure(figsize=(7, 0.5 * len(names) + 0.9), layout="constrained").gca()
    bars = ax.barh(names, steps_per_second, color=AGENT_COLOR)
    ax.bar_label(bars, [f"{rate:,.0f}" for rate in steps_per_second], padding=4)
    ax.set(xscale="log", xlabel="decisions simulated per second (logarithmic)")
    ax.set_xlim(min(steps_per_second) / 3, max(steps_per_second) * 6)
    ax.invert_yaxis()
    return ax


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


def plot_estimates(counts, series, *, ylabel, xlabel="episodes", ax=None):
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


def plot_gallery(frames, titles, *, columns=2, axes=None):
    """Pictures in rows, each below its title.

    Args:
        frames: G images (H, W, 3) uint8.
        titles: G strings.
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
    return axes


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


def plot_action_probabilities(probs, actions, *, ax=None):
    """What a policy would do: a bar per action, the most probable one dark.

    Args:
        probs: (A,) probabilities.
        actions: A names.
    """
    ax = ax or plt.figure(figsize=(3.5, 2.6), layout="constrained").gca()
    colors = [AGENT_COLOR if p == max(probs) else "#a9c1dd" for p in probs]
    ax.barh([action.replace("LANE_", "").lower() for action in actions], probs, color=colors)
    ax.set(xlim=(0, 1), xlabel="probability", xticks=[0, 0.5, 1], xticklabels=["0", "50%", "100%"])
    ax.invert_yaxis()
    return ax
