"""The interactive figures: a control that moves changes the picture, and what is drawn is right."""

import base64
import io
import itertools
from statistics import median
from time import perf_counter

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from ppo_lib.widgets.engine import InteractiveFigure, slider


def pixels(widget):
    """(H, W, 3) the picture that the widget shows."""
    return np.asarray(Image.open(io.BytesIO(widget.picture.value)).convert("RGB"))


def draw_line(ax, *, slope, offset):
    ax.plot([0, 1], [offset, offset + slope])
    ax.set(ylim=(-3, 3))
    return f"a line from {offset:.1f} to {offset + slope:.1f}"


@pytest.fixture
def figure():
    return InteractiveFigure(
        draw_line, {"slope": slider("slope", 1.0, -2, 2, 0.1), "offset": slider("offset", 0.0, -1, 1, 0.1)}
    )


def test_every_control_redraws_the_picture_and_the_caption(figure):
    seen = [pixels(figure)]
    for name, caption in (("slope", "a line from 0.0 to 0.5"), ("offset", "a line from 0.5 to 1.0")):
        figure.controls[name].value = 0.5
        assert figure.caption.value == caption
        seen.append(pixels(figure))
    assert not any((a == b).all() for a, b in itertools.pairwise(seen))


def test_a_picture_depends_on_the_values_alone_not_on_what_was_drawn_before(figure):
    first = pixels(figure)
    figure.controls["slope"].value = -1.0
    figure.controls["slope"].value = 1.0
    (ax,) = figure.figure.axes
    assert len(ax.lines) == 1
    np.testing.assert_array_equal(pixels(figure), first)


def test_a_page_without_a_kernel_shows_the_picture_as_it_is_now(figure):
    figure.controls["slope"].value = 2.0
    bundle = figure._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]) == figure.picture.value
    assert bundle["text/plain"] == "a line from 0.0 to 2.0"
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_the_controls_stand_above_the_picture(figure):
    row, picture, caption = figure.children
    assert row.children == tuple(figure.controls.values())
    assert (picture, caption) == (figure.picture, figure.caption)
    assert isinstance(figure, ipywidgets.VBox)


def test_a_redraw_takes_well_under_a_tenth_of_a_second(figure):
    times = []
    for slope in np.linspace(-1, 0, 9):
        begun = perf_counter()
        figure.controls["slope"].value = slope
        times.append(perf_counter() - begun)
    assert median(times) < 0.1
