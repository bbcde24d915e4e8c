"""The sick runs of chapter 6: the files belong to the settings, and each run shows what it suffers from."""

import sys
from pathlib import Path

import numpy as np
import pytest

RESULTS = Path(__file__).parent.parent / "results"
sys.path.insert(0, str(RESULTS))
import sick  # noqa: E402

LETTERS = "ABCDEF"
BY_ILLNESS = {run.illness: name for name, run in sick.RUNS.items()}


@pytest.fixture(scope="module", params=sick.FILES)
def runs(request):
    """{run: {column: numbers}} of one seed."""
    return sick.read_runs(RESULTS / sick.FILES[request.param])


@pytest.fixture
def ill(runs):
    """(run, healthy run) of an illness."""
    return lambda illness: (runs[BY_ILLNESS[illness]], runs["healthy"])


def test_six_are_sick_each_of_something_else():
    assert list(sick.RUNS) == ["healthy", *LETTERS]
    assert len(BY_ILLNESS) == 7


def test_a_file_holds_every_update_of_every_run(runs):
    assert list(runs) == list(sick.RUNS)
    steps = np.arange(1, 75) * 64 * sick.NUM_ENVS
    assert steps[-1] == sick.TOTAL_STEPS
    for run in runs.values():
        assert tuple(run) == sick.COLUMNS[1:]
        np.testing.assert_array_equal(run["env_steps"], steps)


def test_the_learning_rate_is_that_of_the_settings(runs):
    for name, run in runs.items():
        rate = sick.RUNS[name].ppo.get("learning_rate", 1e-3)
        np.testing.assert_allclose(run["learning_rate"], rate * (1 - np.arange(74) / 74), rtol=1e-3)


@pytest.mark.parametrize("name", sick.RUNS)
def test_a_run_begins_as_its_file_says(name):
    (first,) = sick.RUNS[name].train(0, updates=1)
    said = sick.read_runs(RESULTS / sick.FILES[0])[name]
    for column in ("return", "explained_variance", "entropy", "approximate_kl", "clip_fraction", "value_loss"):
        assert said[column][0] == pytest.approx(first[column], rel=0.05, abs=0.01)  # another CPU rounds differently


def test_the_healthy_run_learns(runs):
    healthy = runs["healthy"]
    assert np.nanmean(healthy["return"][-10:]) > 23
    assert np.nanmean(healthy["mean_speed"][-10:]) > 25
    assert 0.001 < healthy["approximate_kl"][:60].mean() < 0.03
    assert healthy["explained_variance"][37:].mean() > 0.2


def test_where_the_clip_is_too_wide_kl_is_large_and_nothing_is_clipped(ill):
    run, healthy = ill("clip too wide")
    assert run["clip_fraction"].max() < 0.03
    assert run["approximate_kl"][:55].mean() > 15 * healthy["approximate_kl"][:55].mean()


def test_where_the_observation_is_broken_the_critic_explains_nothing_and_nobody_drives_fast(ill):
    run, healthy = ill("observation broken")
    assert run["explained_variance"].max() < 0.05
    assert run["value_loss"][37:].mean() < 2 * healthy["value_loss"][37:].mean()  # the constant it could learn
    assert np.nanmax(run["mean_speed"][37:]) < 22


def test_where_entropy_collapses_it_is_soon_gone_and_the_policy_stands_still(ill):
    run, healthy = ill("entropy collapsed")
    assert run["entropy"][18:].max() < 0.1 < 0.5 < healthy["entropy"].min()
    assert run["approximate_kl"][37:].max() < 1e-3
    assert run["clip_fraction"][37:].max() < 0.01


def test_where_ends_are_confused_the_driver_is_fast_and_crashes_and_the_critic_is_content(ill):
    run, healthy = ill("ends confused")
    assert np.nanmean(run["crash_rate"][37:]) > 0.4
    assert np.nanmean(run["mean_speed"][37:]) > np.nanmean(healthy["mean_speed"][37:]) + 1
    assert run["value_loss"][37:].mean() < healthy["value_loss"][37:].mean() / 5
    assert run["explained_variance"][55:].mean() > 0.1


def test_where_the_learning_rate_is_too_large_kl_and_clip_fraction_are(ill):
    run, healthy = ill("learning rate too large")
    assert run["approximate_kl"][:55].mean() > 10 * healthy["approximate_kl"][:55].mean()
    assert run["clip_fraction"][1:20].mean() > 2 * healthy["clip_fraction"][1:20].mean()


def test_a_dead_critic_explains_nothing_and_its_loss_grows(ill):
    run, healthy = ill("dead critic")
    assert np.abs(run["explained_variance"]).max() < 0.03
    assert run["value_loss"][-10:].mean() > run["value_loss"][:5].mean()
    assert run["value_loss"][37:].mean() > 5 * healthy["value_loss"][37:].mean()
    assert np.nanmean(run["mean_speed"][-10:]) > 24  # the actor learns all the same


def test_the_readme_shows_both_tables():
    readme = (RESULTS / "README.md").read_text()
    for file in sick.FILES.values():
        assert sick.format_sick(sick.read_runs(RESULTS / file)) in readme
