"""The nine numbers that a training reports of itself, beside those of a healthy one."""

import matplotlib.pyplot as plt
import numpy as np

from ppo_lib.plotting.style import AGENT_COLOR

# column of the log: what its panel is called
DIAGNOSTICS = {
    "crash_rate": "episodes that crash",
    "mean_speed": "mean speed (m/s)",
    "explained_variance": "explained variance",
    "entropy": "entropy (nats)",
    "approximate_kl": "approximate KL",
    "clip_fraction": "clip fraction",
    "policy_loss": "policy loss",
    "value_loss": "value loss",
    "learning_rate": "learning rate",
}
ON_A_LOG_AXIS = {"approximate_kl": 1e-4, "value_loss": 1e-3}  # and the smallest number that is told from 0
SHARES = ("crash_rate", "clip_fraction")  # always shown from 0 to 1


def plot_diagnostics(log, healthy=None, title=None, axes=None):
    """Nine panels, a dot for each update, joined by a thin line; nothing is smoothed.

    KL and value loss, which differ by powers of ten, stand on logarithmic axes, whose lowest line is for all that is
    smaller, 0 included.

    Args:
        log: of a training: {column: (U,) numbers}, or a list of U rows {column: number}, as PPO.learn's callback gets
            them and as progress.csv holds them. NaN where no episode ended. Needs env_steps and the DIAGNOSTICS.
        healthy: the log of another training, drawn in grey behind.
        title: of the whole figure.
        axes: nine Axes to draw into.

    Returns the Axes, (3, 3).
    """
    if axes is None:
        figure, axes = plt.subplots(3, 3, figsize=(10, 6.6), layout="constrained")
        figure.suptitle(title or "")
    axes = np.asarray(axes).reshape(3, 3)
    for ax, (column, label) in zip(axes.flat, DIAGNOSTICS.items(), strict=True):
        for run, color in ((healthy, "0.7"), (log, AGENT_COLOR)):
            if run is not None:
                _draw(ax, *_curve(run, column), color)
        ax.set_title(label, fontsize=10)
        ax.xaxis.set_major_formatter(lambda x, _: f"{x:g} k")
        ax.grid(alpha=0.25)
        if column in SHARES:
            ax.set_ylim(-0.03, 1.03)
        if column in ON_A_LOG_AXIS:
            highest = max((line.get_ydata().max(initial=0) for line in ax.lines), default=0)
            ax.set(yscale="log", ylim=(ON_A_LOG_AXIS[column] / 1.5, max(10 * ON_A_LOG_AXIS[column], 1.5 * highest)))
    for ax in axes[-1]:
        ax.set_xlabel("environment steps")
    return axes


def _curve(run, column):
    """(thousands of steps, the numbers) of a log's column, where it has any."""
    if not isinstance(run, dict):
        run = {name: [row[name] for row in run] for name in ("env_steps", column)}
    steps, numbers = (np.asarray(run[name], dtype=float) for name in ("env_steps", column))
    known = ~np.isnan(numbers)
    if column in ON_A_LOG_AXIS:
        numbers = np.maximum(numbers, ON_A_LOG_AXIS[column])
    return steps[known] / 1000, numbers[known]


def _draw(ax, steps, numbers, color):
    ax.plot(steps, numbers, ".-", color=color, linewidth=0.7, markersize=3)
