"""The sliders over a recorded drive: the weights, and that the picture's advantages are those of compute_gae."""

from time import process_time

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


def test_the_truth_is_drawn_over_the_estimates_at_its_own_gamma_only():
    truth = np.array([0.1, 0.2, 0.3, 0.4, -5.0]), np.full(5, 0.05)
    explorer = widgets.advantage_explorer(IMAGES, *DRIVE, gamma=0.8, actions=["idle"] * 5, truth=truth)
    *_, bars = explorer.figure.axes
    (diamonds,) = [line for line in bars.lines if line.get_marker() == "D"]
    np.testing.assert_array_equal(diamonds.get_ydata(), truth[0])
    assert bars.get_xticklabels()[2].get_text() == "2\nidle"
    explorer.controls["gamma"].value = 0.5
    assert not [line for line in bars.lines if line.get_marker() == "D"]
    explorer.controls["gamma"].value = 0.8
    assert [line for line in bars.lines if line.get_marker() == "D"]


def test_a_move_redraws_in_less_than_a_tenth_of_a_second():
    truth = np.zeros(5), np.ones(5)
    explorer = widgets.advantage_explorer(IMAGES, *DRIVE, actions=["idle"] * 5, truth=truth)
    times = []
    for gae_lambda in np.linspace(0, 0.9, 10):
        begun = process_time()
        explorer.controls["gae_lambda"].value = gae_lambda
        times.append(process_time() - begun)
    assert min(times) < 0.1
