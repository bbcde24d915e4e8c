"""The figures of promise and truth show the numbers that they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ppo_lib import plotting


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def test_every_ratio_is_counted_those_beyond_the_axis_at_its_ends():
    ax = plotting.plot_ratios({"some": np.array([0.0, 1e-9, 1.0, 1e6])}, 0.2)
    (outline,) = (patch for patch in ax.patches if patch.get_label() == "some")
    shares, edges, _ = outline.get_data()
    assert shares.sum() == pytest.approx(1)
    assert (shares[0], shares[-1]) == (0.5, 0.25)
    assert edges[0] == pytest.approx(1 / 30)


def test_the_clip_range_is_shaded():
    ax = plotting.plot_ratios({"some": np.ones(3)}, 0.3)
    span = next(patch for patch in ax.patches if patch.get_label() == "clip range")
    assert (span.get_x(), span.get_x() + span.get_width()) == pytest.approx((0.7, 1.3))


def test_gains_are_drawn_with_their_intervals():
    passes = (1, 4, 16)
    gains = {"promised": ([1, 2, 3], [0, 1, 2], [2, 4, 6]), "gained": ([0, 1, 0], [-1, 0, -1], [1, 2, 1])}
    ax = plotting.plot_gains(passes, gains)
    lines = {line.get_label(): line for line in ax.lines}
    for name, (mean, low, high) in gains.items():
        np.testing.assert_array_equal(lines[name].get_xydata(), np.column_stack([passes, mean]))
        band = ax.collections[list(gains).index(name)].get_paths()[0].vertices
        assert (band[:, 1].min(), band[:, 1].max()) == (min(low), max(high))
    assert len({line.get_marker() for name, line in lines.items() if name in gains}) == 2


def test_a_gain_stands_over_its_divergence_with_bars_to_the_ends_of_its_interval():
    ax = plotting.plot_gain_over_kl({"ε = 0.2": ([0.01, 0.1], [1.0, 2.0], [0.5, 1.0], [1.2, 4.0])})
    (container,) = ax.containers
    line, _, (bars,) = container
    np.testing.assert_array_equal(line.get_xydata(), [[0.01, 1], [0.1, 2]])
    ends = [segment[:, 1].tolist() for segment in bars.get_segments()]
    np.testing.assert_allclose(ends, [[0.5, 1.2], [1.0, 4.0]])
    assert ax.get_xscale() == "log"
