"""The sliders over the clipped objective: what they draw, and that its gradient is the one that autograd finds."""

import numpy as np
import pytest
import torch

from ppo_lib import widgets
from ppo_lib.losses import clipped_surrogate_loss
from ppo_lib.widgets.clipping import surrogate_gradient


@pytest.mark.parametrize("advantage", [1.5, -1.5])
@pytest.mark.parametrize("ratio", [0.3, 0.9, 1.1, 1.9])
def test_the_gradient_is_that_of_the_loss(ratio, advantage):
    log_prob = torch.tensor([ratio], dtype=torch.float64).log().requires_grad_()
    clipped_surrogate_loss(log_prob, torch.zeros(1), torch.tensor([advantage]), 0.2).backward()
    assert surrogate_gradient(ratio, advantage, 0.2) == pytest.approx(-log_prob.grad.item() / ratio)


@pytest.mark.parametrize("moved", [{"clip_eps": 0.5}, {"advantage": -1.0}, {"ratio": 1.5}])
def test_a_slider_changes_the_picture_and_the_caption(moved):
    explorer = widgets.clipping_explorer()
    before = explorer.picture.value
    for name, value in moved.items():
        explorer.controls[name].value = value
    assert explorer.picture.value != before


def test_the_mark_stands_on_the_line_and_the_caption_says_what_its_gradient_asks_for():
    explorer = widgets.clipping_explorer(advantage=2.0)
    (ax,) = explorer.figure.axes
    for ratio, objective, asks in ((0.5, 1.0, "+2.0, make this action more"), (1.5, 2.4, "+0.0, far enough")):
        explorer.controls["ratio"].value = ratio
        np.testing.assert_allclose(ax.lines[-1].get_xydata(), [[ratio, objective]])
        assert asks in explorer.caption.value
    explorer.controls["advantage"].value = -2.0
    assert "-2.0, make this action less probable" in explorer.caption.value
