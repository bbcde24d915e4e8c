import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Categorical

from ppo_lib.encoders import ROAD_GREY
from ppo_lib.occlusion import occlusion_map


class Looker(nn.Module):
    """Chooses action 0 or 1 by the brightness of one pixel of the newest image, and sees nothing else."""

    def __init__(self, x, y, slope=1.0):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))
        self.place = x, y

    def forward(self, obs):
        x, y = self.place
        brightness = obs[:, -1, x, y].float() / 255 * self.slope
        return Categorical(probs=torch.stack([brightness, 1 - brightness], -1))


@pytest.fixture
def obs():
    return np.full((4, 20, 12), 255, np.uint8)


def test_only_the_squares_over_the_pixel_that_it_looks_at_count(obs):
    heat = occlusion_map(Looker(9, 6), obs, patch=4, stride=4)
    assert heat.shape == (20, 12)
    expected = np.zeros((20, 12))
    expected[8:12, 4:8] = 1 - ROAD_GREY / 255  # so much probability goes from action 0 to action 1
    np.testing.assert_allclose(heat, expected, atol=1e-6)


def test_overlapping_squares_are_averaged(obs):
    heat = occlusion_map(Looker(9, 6), obs, patch=4, stride=2, fill=0)
    assert heat[9, 6] == pytest.approx(1)  # every square over it hides the pixel
    assert heat[7, 6] == pytest.approx(1 / 2)  # of those at x = 4 and 6, only the second reaches x = 9
    assert heat[3, 6] == 0


def test_the_border_is_covered_even_where_the_stride_does_not_divide_the_side(obs):
    heat = occlusion_map(Looker(19, 11), obs, patch=5, stride=3)
    assert np.isfinite(heat).all()
    assert heat[19, 11] == pytest.approx(1 - ROAD_GREY / 255)


def test_an_actor_that_does_not_care_gives_zero_and_the_observation_stays_as_it_was(obs):
    before = obs.copy()
    assert not occlusion_map(Looker(9, 6, slope=0.0), obs).any()
    np.testing.assert_array_equal(obs, before)
