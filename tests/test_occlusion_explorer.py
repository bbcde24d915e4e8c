"""The figure of where an agent looks: its sliders choose what is drawn, and that is what the actor says."""

import base64

import gymnasium
import numpy as np
import pytest
import torch

from ppo_lib import widgets
from ppo_lib.networks import Actor
from ppo_lib.occlusion import occlusion_map

ACTIONS = ["LANE_LEFT", "IDLE", "LANE_RIGHT", "FASTER", "SLOWER"]


@pytest.fixture(scope="module")
def drive():
    """(T, C, W, H) observations of noise, for an actor with an opinion about every pixel."""
    return np.random.default_rng(0).integers(0, 255, (6, 4, 96, 32), dtype=np.uint8)


@pytest.fixture(scope="module")
def actor(drive):
    torch.manual_seed(0)
    network = Actor(gymnasium.spaces.Box(0, 255, drive.shape[1:], np.uint8), gymnasium.spaces.Discrete(5))
    torch.nn.init.normal_(network.head.weight)
    return network


@pytest.fixture
def figure(actor, drive):
    return widgets.occlusion_explorer(actor, drive, ACTIONS, step=2)


def test_it_shows_the_step_and_the_square_that_the_sliders_say(figure, actor, drive):
    figure.controls["step"].value = 4
    figure.controls["patch"].value = 12
    road, bars = figure.figure.axes
    np.testing.assert_array_equal(road.images[0].get_array(), drive[4, -1].T)
    heat = occlusion_map(actor, drive[4], patch=12, stride=6)
    np.testing.assert_allclose(road.images[1].get_array(), heat.T.clip(0, 1), atol=1e-6)
    with torch.no_grad():
        probs = actor(torch.as_tensor(drive[4:5])).probs[0]
    np.testing.assert_allclose([bar.get_height() for bar in bars.patches], probs, rtol=1e-5)
    assert figure.caption.value.startswith(f"Step 4: {ACTIONS[probs.argmax()]} with {probs.max():.0%}. In the")
    assert f"moves {heat.max():.0%} of the probability" in figure.caption.value
    assert "mean over the squares" in figure.caption.value


@pytest.mark.parametrize("name", ["step", "patch"])
def test_each_slider_changes_the_picture(figure, name):
    before = figure.picture.value
    figure.controls[name].value += 2
    assert figure.picture.value != before


def test_a_page_without_a_kernel_shows_the_first_picture(figure):
    still = base64.b64decode(figure._repr_mimebundle_()["image/png"])
    assert still == figure.picture.value
    assert figure.caption.value.startswith("Step 2:")
