"""One function per figure: arrays in, Axes out. Each draws into `ax`, or into a new figure where that is None."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

EGO_POSITION = 0.3  # where in the width of an image highway-env draws our car
AGENT_COLOR = "#1f5fa8"
CRASH_COLOR = "#c0392b"
PICKED_COLOR = "#e0a030"
POLICY_COLORS = (AGENT_COLOR, PICKED_COLOR, "#2e8b57", "#8e44ad")
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


def plot_contest(curves, *, xlabel="environment steps", reference=None, ax=None):
    """Learning curves of several contestants, each over several seeds: the mean, and the range of the seeds around it.

    Args:
        curves: {contestant: ((P,) where it was measured, (seeds, P) returns)}.
        xlabel: what the measurements are counted in.
        reference: (name, return) of a driver to compare with, a horizontal line.
    """
    ax = ax or plt.figure(figsize=(7, 3.8), layout="constrained").gca()
    for color, (name, (x, returns)) in zip((AGENT_COLOR, *BASELINE_COLORS[1:]), curves.items(), strict=False):
        returns = np.asarray(returns)
        ax.plot(x, returns.mean(0), "o-", markersize=3, linewidth=2, color=color, label=name)
        ax.fill_between(x, returns.min(0), returns.max(0), color=color, alpha=0.15, linewidth=0)
    if reference is not None:
        name, value = reference
        ax.axhline(value, color="black", linestyle="--", linewidth=1)
        ax.annotate(name, (0, value), (4, 3), ax.get_yaxis_transform(), "offset points", fontsize=8)
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


def short_name(action) -> str:
    """highway-env's name of an action as figures write it: LANE_LEFT as left."""
    return action.replace("LANE_", "").lower()


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
    for ax, (name, values) in zip(axes[1:], maps.items(), strict=True):
        limit = np.abs(values).max()
        ax.imshow(values.T, cmap="coolwarm", vmin=-limit, vmax=limit)
        ax.set_title(name, fontsize=9)
    for ax in axes:
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


def plot_filmstrip(images, *, ax=None):
    """A drive as a strip of pictures, one per step, the road running upwards; step t lies over x = t.

    Args:
        images: (T, L, W) or (T, L, W, 3) uint8; L runs along the road, W across it.
    """
    count, length, width = images.shape[:3]
    ax = ax or plt.figure(figsize=(9, 9 / count * length / width + 0.5), layout="constrained").gca()
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
    return ax


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
