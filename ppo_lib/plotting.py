"""One function per figure: arrays in, Axes out. Each draws into `ax`, or into a new figure where that is None."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import PercentFormatter

AGENT_COLOR = "#1f5fa8"
CRASH_COLOR = "#c0392b"
PICKED_COLOR = "#e0a030"
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
