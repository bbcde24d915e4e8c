"""What a class has solved, and what it confuses."""

import matplotlib.pyplot as plt
from matplotlib.ticker import MaxNLocator

from ppo_lib.plotting.style import AGENT_COLOR, CRASH_COLOR, PICKED_COLOR

VERDICT_COLORS = (AGENT_COLOR, PICKED_COLOR, CRASH_COLOR, "#d5dae0")
MISTAKES_SHOWN = 12


def plot_class(verdicts, mistakes, *, axes=None):
    """How far a class has come: a bar of verdicts for each exercise, and the mistakes that most students made.

    Args:
        verdicts: {exercise: {verdict: number of students}}, the verdicts in one order, from right to not attempted.
        mistakes: {(exercise, mistake): number of students}, the most frequent first.
        axes: two Axes, for the verdicts and for the mistakes.
    """
    shown = dict(list(mistakes.items())[:MISTAKES_SHOWN])
    if axes is None:
        height = 1.6 + 0.28 * max(len(verdicts), len(shown))
        axes = plt.figure(figsize=(13, height), layout="constrained").subplots(1, 2)
    left, right = axes
    names, filled = list(verdicts), [0] * len(verdicts)
    for verdict, color in zip(next(iter(verdicts.values()), ()), VERDICT_COLORS, strict=False):
        counts = [verdicts[name][verdict] for name in names]
        left.barh(names, counts, left=filled, color=color, label=verdict)
        filled = [before + count for before, count in zip(filled, counts, strict=True)]
    right.barh([f"{exercise}: {mistake}" for exercise, mistake in shown], list(shown.values()), color=PICKED_COLOR)
    if names:
        left.legend(frameon=False, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    if not shown:
        right.text(0.5, 0.5, "no mistake was recognised", ha="center", va="center", transform=right.transAxes)
        right.set_yticks([])
    for ax in axes:
        ax.invert_yaxis()
        ax.set_xlabel("students")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    right.set_title("mistakes made most often", fontsize=10)
    return axes
