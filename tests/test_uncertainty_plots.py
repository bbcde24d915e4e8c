"""What the figures of uncertainty show is what they were given."""

import numpy as np

from ppo_lib import plotting


def test_resampled_means_with_their_interval():
    ax = plotting.plot_resampled_means([1.0, 2.0, 2.0, 3.0], [1.0, 3.0], 2.0)
    assert sum(bar.get_height() for bar in ax.patches) == 4
    assert [line.get_xdata()[0] for line in ax.lines] == [2.0, 1.0, 3.0]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["mean of the drives, 2.0", "95 % interval, 1.0 to 3.0"]


def test_intervals_that_miss_the_truth_look_otherwise_and_are_counted():
    ax = plotting.plot_repeated_intervals([5, 1, 3], [(4, 6), (0, 2), (2, 4)], 3, ylabel="m/s")
    held, missed, truth = ax.lines
    np.testing.assert_array_equal(held.get_xydata(), [(1, 3)])  # in the middle of the sorted ones
    np.testing.assert_array_equal(missed.get_xydata(), [(0, 1), (2, 5)])
    assert held.get_marker() != missed.get_marker()
    assert truth.get_ydata()[0] == 3
    assert [lines.get_segments()[0].tolist() for lines in ax.collections] == [[[1, 2], [1, 4]], [[0, 0], [0, 2]]]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["holds it: 1 of 3", "misses it: 2 of 3", "the true mean"]


def test_every_seed_is_a_point():
    ax = plotting.plot_seeds({"a": [1.0, 2.0], "b": [3.0, 4.0, 5.0]}, [1.5, 4.0], [(1, 2), (3, 5)], xlabel="return")
    assert [len(line.get_xdata()) for line in ax.lines[:2]] == [2, 3]
    np.testing.assert_array_equal(ax.lines[2].get_xdata(), [1.5, 4.0])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]
    assert len(ax.get_legend().get_texts()) == 2


def test_a_gallery_rings_the_same_place_in_every_picture():
    frames = [np.zeros((10, 20, 3), np.uint8)] * 3
    for ax in plotting.plot_gallery(frames, ["a", "b", "c"], marked=(6, 5))[:3]:
        (ring,) = ax.lines
        assert (ring.get_xdata()[0], ring.get_ydata()[0]) == (6, 5)
        assert ring.get_fillstyle() == "none"
    assert not plotting.plot_gallery(frames, ["a", "b", "c"])[0].lines
