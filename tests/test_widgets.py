"""The interactive figures: a control that moves changes the picture, and what is drawn is right."""

import base64
import io
import itertools

import ipywidgets
import numpy as np
import pytest
from PIL import Image

from ppo_lib import widgets
from ppo_lib.envs import highway_config, make_env
from ppo_lib.widgets.engine import InteractiveFigure, slider

EXPLORERS = [widgets.distribution_explorer, widgets.observation_explorer]


def pixels(widget):
    """(H, W, 3) the picture that the widget shows."""
    return np.asarray(Image.open(io.BytesIO(widget.picture.value)).convert("RGB"))


def other_values(control):
    """A few more places for a slider or a choice to stand."""
    if hasattr(control, "options"):
        return [value for value in control.options.values() if value != control.value]
    return [control.min, control.max]


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


def test_probabilities_are_those_of_the_sliders_and_the_pick_follows_the_random_number():
    explorer = widgets.distribution_explorer(logits=np.log([0.1, 0.2, 0.3, 0.1, 0.3]))
    bars, _ = explorer.figure.axes
    np.testing.assert_allclose([bar.get_height() for bar in bars.patches], [0.1, 0.2, 0.3, 0.1, 0.3])
    for u, picked, log_prob in ((0.0, "left", "-2.30"), (0.55, "right", "-1.20"), (1.0, "slower", "-1.20")):
        explorer.controls["u"].value = u
        assert explorer.caption.value.endswith(f"picked: {picked}, log-probability {log_prob}")


def test_entropy_is_greatest_where_all_logits_are_equal():
    explorer = widgets.distribution_explorer(logits=(3, 3, 3, 3, 3))
    assert explorer.caption.value.startswith("entropy 1.61 of at most 1.61 nats")


def test_the_image_is_what_the_environment_would_have_shown():
    shape, scaling = (48, 20), 0.5
    explorer = widgets.observation_explorer(seed=5, steps=2)
    explorer.controls["shape"].value, explorer.controls["scaling"].value = shape, scaling
    env = make_env("highway-fast-v0", highway_config(observation_shape=shape, scaling=scaling))
    env.reset(seed=5)
    for _ in range(2):
        stack = env.step(1)[0]
    shown = explorer.figure.axes[1].images[0].get_array()
    np.testing.assert_array_equal(shown, stack[-1].T)
    assert explorer.caption.value.startswith("960 bytes an image; 67 m ahead, 20 m to each side; a lane is 2.0 pixels")


@pytest.mark.parametrize("explorer", EXPLORERS)
def test_every_control_of_every_figure_changes_its_picture(explorer):
    figure = explorer()
    for name, control in figure.controls.items():
        for value in other_values(control):
            before = pixels(figure)
            control.value = value
            assert (pixels(figure) != before).any(), f"{name} = {value} changes nothing"
