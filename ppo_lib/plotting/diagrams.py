"""Diagrams: boxes and arrows that say what goes where."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from ppo_lib.plotting.style import AGENT_COLOR

FONT_SIZE = 9
PAD = 0.5  # of a box around its text, in multiples of the font's size
COLUMN, ROW = 2.3, 1.0  # inches from one box to the next
SAG = 0.28  # inches by which two arrows between the same boxes swerve, so as not to hide each other


def plot_flow(boxes: Mapping[str, tuple[float, float]], arrows: Sequence[tuple[str, str, str]], *, marked=(), ax=None):
    """Boxes with arrows between them: how data flow through a chapter.

    Args:
        boxes: {text: (column, row)} where each box stands, from the left and from the top; texts may hold line breaks.
        arrows: (from, to, label) of each; the label says what flows, with its shape, and may be empty.
        marked: the boxes that are shown in colour: what the chapter is about.
    """
    places = {text: np.array([COLUMN * x, -ROW * y]) for text, (x, y) in boxes.items()}  # in inches
    right, bottom = np.max(list(places.values()), axis=0)[0], np.min(list(places.values()), axis=0)[1]
    size = (min(10, right + COLUMN), ROW - bottom + 0.1)
    ax = ax or plt.figure(figsize=size, layout="constrained").gca()
    drawn = {}
    for text, (x, y) in places.items():
        colour, ink = (AGENT_COLOR, "white") if text in marked else ("#f2f2f2", "black")
        style = {"boxstyle": f"round,pad={PAD}", "facecolor": colour, "edgecolor": "#555555"}
        drawn[text] = ax.text(
            x, y, text, ha="center", va="center", fontsize=FONT_SIZE, color=ink, bbox=style, zorder=1
        )
    there_and_back = {(start, end) for start, end, _ in arrows} & {(end, start) for start, end, _ in arrows}
    for start, end, label in arrows:
        along = places[end] - places[start]
        bend = 2 * SAG / np.hypot(*along) if (start, end) in there_and_back else 0.0
        _draw_arrow(ax, places[start], places[end], drawn[start], drawn[end], bend)
        x, y = (places[start] + places[end]) / 2 + bend / 2 * np.array([along[1], -along[0]])  # the curve's middle
        background = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        ax.text(x, y, label, ha="center", va="center", fontsize=FONT_SIZE, bbox=background, zorder=3)
    ax.set(xlim=(-COLUMN / 2, right + COLUMN / 2), ylim=(bottom - ROW / 2, ROW / 2), aspect="equal")
    ax.axis("off")
    return ax


def _draw_arrow(ax, start, end, first, last, bend):
    """An arrow between the middles of two boxes, of which it shows what lies outside of both.

    It is drawn after the boxes: where a text's box lies is known only once it was drawn, and an arrow that came before
    would end where the box lay in the drawing before, under a box that a tight frame has moved since.
    """
    line = {"arrowstyle": "-|>", "color": "#555555", "shrinkA": 3, "shrinkB": 3}
    line |= {"patchA": first.get_bbox_patch(), "patchB": last.get_bbox_patch()}
    ax.annotate("", end, start, arrowprops=line | {"connectionstyle": f"arc3,rad={bend}"}, zorder=2)
