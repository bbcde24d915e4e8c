"""The figures of notebook 3 show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from ppo_lib import plotting


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_a_landscape_shows_the_ways_through_it_and_where_they_begin_and_end():
    thetas = np.linspace(-1, 1, 5)
    ways = {"fresh": [[0, 0], [0.5, 0.5], [1, 1]], "kept": [[0, 0], [-0.5, 0]]}
    ax = plotting.plot_objective(np.add.outer(thetas, thetas), thetas, paths=ways)
    start, *drawn = ax.lines
    np.testing.assert_array_equal(start.get_xydata(), [[0, 0]])
    np.testing.assert_array_equal(drawn[0].get_xydata(), ways["fresh"])
    np.testing.assert_array_equal(drawn[1].get_xydata(), [[1, 1]])
    np.testing.assert_array_equal(drawn[3].get_xydata(), [[-0.5, 0]])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["start", "fresh", "kept"]
    assert drawn[0].get_linestyle() != drawn[2].get_linestyle()
    assert "second 1" in ax.get_xlabel()
    assert "second 2" in ax.get_ylabel()


def test_a_landscape_without_ways_has_no_legend():
    ax = plotting.plot_objective(np.eye(3), [0, 1, 2])
    assert ax.get_legend() is None


def test_a_cloud_of_gradients_marks_their_mean_and_the_exact_one():
    estimates = [[0.0, 1.0], [2.0, 3.0]]
    ax = plotting.plot_gradient_cloud(estimates, [1.5, -1.0])
    dots, mean = ax.lines[:2]
    np.testing.assert_array_equal(dots.get_xydata(), estimates)
    np.testing.assert_array_equal(mean.get_xydata(), [[1, 2]])
    assert ax.texts[0].xy == (1.5, -1.0)
    assert ax.texts[0].xyann == (0, 0)


def test_the_variance_over_the_baseline_marks_the_chosen_one():
    ax = plotting.plot_variance_over_baseline([0, 1, 2], [4.0, 1.0, 4.0], (1.5, 2.0))
    curve, mark = ax.lines
    np.testing.assert_array_equal(curve.get_xydata(), [[0, 4], [1, 1], [2, 4]])
    np.testing.assert_array_equal(mark.get_xydata(), [[1.5, 2]])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["b = 1.5"]
    assert ax.get_ylim()[0] == 0


def test_the_spread_of_gradients_is_a_row_for_each_estimator_from_top_to_bottom():
    ax = plotting.plot_gradient_spread({"whole": [1.0, 3.0], "to go": [2.0, 2.5]})
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 3])
    assert np.abs(ax.lines[1].get_ydata() - 1).max() < 0.3
    assert [bar.get_segments()[0][0][0] for bar in ax.collections] == [2, 2.25]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["whole", "to go"]
    assert ax.yaxis_inverted()


def test_total_variances_stand_on_a_logarithmic_axis_with_their_intervals_and_numbers():
    ax = plotting.plot_total_variance({"a": 1000.0, "b": 10.0}, {"a": (900, 1200), "b": (8, 11)})
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [900, 1200])
    np.testing.assert_array_equal(ax.lines[1].get_xdata(), [1000])
    np.testing.assert_array_equal(ax.lines[3].get_xydata(), [[10, 1]])
    assert [text.get_text() for text in ax.texts] == ["1,000", "10"]
    assert ax.get_xscale() == "log"
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first on top


def test_every_estimator_has_a_colour_and_a_row_of_its_own():
    numbers = {str(k): 10.0**k for k in range(6)}
    ax = plotting.plot_total_variance(numbers, {name: (v / 2, 2 * v) for name, v in numbers.items()})
    dots = ax.lines[1::2]
    assert len({to_hex(dot.get_color()) for dot in dots}) == 6
    assert [dot.get_ydata()[0] for dot in dots] == list(range(6))


def test_credit_shows_the_rewards_and_a_line_for_each_weight():
    ax = plotting.plot_credit([0.5, 0.25], {"whole": [0.75, 0.75], "to go": [0.75, 0.25]})
    assert [bar.get_height() for bar in ax.patches] == [0.5, 0.25]
    np.testing.assert_array_equal(ax.lines[1].get_xydata(), [[0, 0.75], [1, 0.25]])
    assert {line.get_marker() for line in ax.lines[:2]} == {"o", "s"}
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["whole", "to go", "reward $r_t$"]
