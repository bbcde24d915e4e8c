"""The slider over the baseline: what it draws is what the formula gives for every b."""

import numpy as np
import pytest

from ppo_lib import widgets

EXACT = np.array([1.0, 0.5])


@pytest.fixture
def explorer():
    """Four batches by hand, whose weights R - b all vanish at b = 1."""
    return widgets.baseline_explorer(SCORES + [EXACT] * 4, SCORES, EXACT)


SCORES = np.array([[3.0, 0.0], [-3.0, 0.0], [0.0, 1.0], [0.0, -1.0]])


def test_the_cloud_is_that_of_the_present_baseline_around_a_mean_that_stays(explorer):
    cloud, _ = explorer.figure.axes
    for baseline in (0.0, 1.0, 3.0):
        explorer.controls["baseline"].value = baseline
        np.testing.assert_allclose(cloud.lines[0].get_xydata(), EXACT + (1 - baseline) * SCORES)
        np.testing.assert_allclose(cloud.lines[1].get_xydata(), [EXACT])
        np.testing.assert_array_equal(cloud.texts[0].xy, EXACT)


def test_the_frame_stays_so_that_clouds_can_be_compared(explorer):
    cloud, _ = explorer.figure.axes
    for baseline in (-1.0, 1.0, 3.0):
        explorer.controls["baseline"].value = baseline
        assert cloud.get_xlim() == cloud.get_ylim()
        assert cloud.get_xlim()[1] == pytest.approx(1.05 * 7)
        assert np.abs(cloud.lines[0].get_xydata()).max() < cloud.get_xlim()[1]


def test_the_curve_is_the_variance_and_the_mark_stands_on_it(explorer):
    _, over = explorer.figure.axes
    for baseline in (-1.0, 0.5, 3.0):
        explorer.controls["baseline"].value = baseline
        curve, mark = over.lines
        wanted = 20 / 3 * (1 - curve.get_xdata()) ** 2  # the squares of SCORES add up to 20
        np.testing.assert_allclose(curve.get_ydata(), wanted, atol=1e-12)
        np.testing.assert_allclose(mark.get_xydata(), [[baseline, 20 / 3 * (1 - baseline) ** 2]])


def test_the_caption_counts_what_points_away(explorer):
    # With b = 0: EXACT + (3, 0), - (3, 0), + (0, 1) and - (0, 1); only the second points away.
    assert explorer.caption.value == "b = 0.0: variance 6.6667; 25% of the estimates point away from ∇J"
    explorer.controls["baseline"].value = 1.0
    assert explorer.caption.value == "b = 1.0: variance 0.0000; 0% of the estimates point away from ∇J"


def test_the_slider_has_a_name_and_every_move_another_picture():
    estimates, scores = np.random.default_rng(0).normal(size=(2, 500, 2))
    explorer = widgets.baseline_explorer(estimates, scores, EXACT, baseline=-0.5)
    slider = explorer.controls["baseline"]
    assert slider.description == "baseline b"
    assert (slider.min, slider.max, slider.value) == (-1.0, 3.0, -0.5)
    pictures = {explorer.picture.value}
    for value in (-0.4, 0.0, 1.0, 3.0):
        slider.value = value
        pictures.add(explorer.picture.value)
    assert len(pictures) == 5
