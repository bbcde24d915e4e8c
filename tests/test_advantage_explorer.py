"""The sliders over a recorded drive: the weights, and that the picture's advantages are those of compute_gae."""

import numpy as np
import pytest
import torch

from ppo_lib import widgets
from ppo_lib.advantages import compute_gae
from ppo_lib.widgets.advantages import gae_weights

IMAGES = np.random.default_rng(0).integers(256, size=(5, 20, 8, 3), dtype=np.uint8)
NEVER, AT_THE_END = torch.zeros(5, 1, dtype=torch.bool), torch.tensor([[0], [0], [0], [0], [1]], dtype=torch.bool)
DRIVE = torch.rand(5, 1), torch.rand(5, 1), torch.rand(5, 1), AT_THE_END, NEVER


@pytest.fixture
def explorer():
    return widgets.advantage_explorer(IMAGES, *DRIVE)


def heights(ax):
    """(2T - 1,) of the solid bars: those above zero and those below together."""
    above, below = [patch for patch in ax.patches if hasattr(patch, "get_data")][-2:]
    return above.get_data().values + below.get_data().values


def test_weights_fade_with_the_distance_and_end_with_the_episode():
    done = torch.tensor([[0], [0], [0], [1], [0]])
    np.testing.assert_allclose(gae_weights(done, 1, 0.5), [0, 1, 0.5, 0.25, 0])
    np.testing.assert_allclose(gae_weights(done, 4, 0.5), [0, 0, 0, 0, 1])
    np.testing.assert_allclose(gae_weights(done, 2, 0.0), [0, 0, 1, 0, 0])


@pytest.mark.parametrize("moved", [{"gae_lambda": 0.25}, {"gamma": 0.5}, {"step": 3}])
def test_a_slider_changes_the_picture(explorer, moved):
    before = explorer.picture.value
    for name, value in moved.items():
        explorer.controls[name].value = value
    assert explorer.picture.value != before


def test_the_solid_parts_of_the_td_errors_add_up_to_the_framed_advantage(explorer):
    explorer.controls["gae_lambda"].value = 0.5
    explorer.controls["step"].value = 1
    advantages = compute_gae(*DRIVE, 0.9, 0.5)[:, 0].numpy()
    *_, errors, bars = explorer.figure.axes
    np.testing.assert_allclose(heights(bars)[::2], advantages, rtol=1e-5)
    assert heights(errors).sum() == pytest.approx(advantages[1], rel=1e-5)
    assert explorer.caption.value.startswith("γλ = 0.450;")
    assert explorer.caption.value.endswith(f"step 1: {advantages[1]:+.2f}")
