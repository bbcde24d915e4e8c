"""The nine panels of a training: what stands in them is what the log says."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba

from ppo_lib import plotting
from ppo_lib.plotting import DIAGNOSTICS


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def a_log(**columns):
    """Three updates; what is not said differs from column to column."""
    log = {"env_steps": [2_000, 4_000, 6_000]}
    log |= {name: [0.1 * (n + 1), 0.2, 0.3] for n, name in enumerate(DIAGNOSTICS)}
    return log | columns


def panel(axes, column):
    return axes.flat[list(DIAGNOSTICS).index(column)]


def test_each_panel_shows_its_column_in_thousands_of_steps():
    log = a_log()
    axes = plotting.plot_diagnostics(log, title="run A")
    assert axes.shape == (3, 3)
    assert [ax.get_title() for ax in axes.flat] == list(DIAGNOSTICS.values())
    for column in DIAGNOSTICS:
        (line,) = panel(axes, column).lines
        np.testing.assert_allclose(line.get_xydata(), np.transpose([[2, 4, 6], log[column]]))
        assert line.get_marker() == "."  # every update is seen, and the line goes through them
    assert {ax.xaxis.get_major_formatter()(150, 0) for ax in axes.flat} == {"150 k"}
    assert {ax.get_xlabel() for ax in axes[-1]} == {"environment steps"}
    assert axes[0, 0].figure.get_suptitle() == "run A"


def test_rows_are_as_good_as_columns_and_texts_as_numbers():
    log = a_log()
    rows = [{name: str(column[n]) for name, column in log.items()} for n in range(3)]
    by_rows, by_columns = plotting.plot_diagnostics(rows), plotting.plot_diagnostics(log)
    for ours, theirs in zip(by_rows.flat, by_columns.flat, strict=True):
        np.testing.assert_array_equal(ours.lines[0].get_xydata(), theirs.lines[0].get_xydata())


def test_the_healthy_run_stands_behind_in_grey():
    axes = plotting.plot_diagnostics(a_log(), healthy=a_log(entropy=[1.0, 0.9, 0.8]))
    behind, before = panel(axes, "entropy").lines
    np.testing.assert_allclose(behind.get_ydata(), [1.0, 0.9, 0.8])
    assert to_rgba(behind.get_color()) == to_rgba("0.7")
    assert before.get_color() == plotting.AGENT_COLOR


def test_an_update_without_episodes_has_no_dot():
    axes = plotting.plot_diagnostics(a_log(crash_rate=[np.nan, 0.5, 0.4]))
    np.testing.assert_allclose(panel(axes, "crash_rate").lines[0].get_xydata(), [[4, 0.5], [6, 0.4]])


@pytest.mark.parametrize(("column", "least"), [("approximate_kl", 1e-4), ("value_loss", 1e-3)])
def test_a_logarithmic_panel_has_room_for_zero_and_for_the_highest(column, least):
    axes = plotting.plot_diagnostics(a_log(**{column: [0.0, 7.0, 0.5]}))
    ax = panel(axes, column)
    assert ax.get_yscale() == "log"
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [least, 7.0, 0.5])
    low, high = ax.get_ylim()
    assert low < least
    assert high > 7.0
    assert panel(axes, "policy_loss").get_yscale() == "linear"


def test_a_panel_of_zeros_can_be_drawn():
    axes = plotting.plot_diagnostics(a_log(approximate_kl=[0.0, 0.0, 0.0]))
    low, high = panel(axes, "approximate_kl").get_ylim()
    assert low < 1e-4 < high


def test_shares_are_seen_as_shares():
    axes = plotting.plot_diagnostics(a_log(clip_fraction=[0.01, 0.02, 0.01]))
    for column in ("crash_rate", "clip_fraction"):
        low, high = panel(axes, column).get_ylim()
        assert low < 0
        assert 1 < high < 1.1


def test_it_draws_where_it_is_told_to():
    _, axes = plt.subplots(1, 9)
    drawn = plotting.plot_diagnostics(a_log(), axes=axes)
    assert list(drawn.flat) == list(axes)
    assert len(plt.get_fignums()) == 1
