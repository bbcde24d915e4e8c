"""From birth to skill: what is stored of the trainings fits together and can be computed again; the figure over it."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import conv2d

from ppo_lib import widgets
from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.ppo import PPO
from ppo_lib.widgets.birth import filter_changes

RESULTS = Path(__file__).parent.parent / "results"
sys.path.insert(0, str(RESULTS))
import birth  # noqa: E402
import experiments  # noqa: E402

STORED = RESULTS / "birth" / "birth.npz"
MOMENTS = len(birth.MOMENTS)


@pytest.fixture(scope="module")
def looks():
    return dict(np.load(STORED, allow_pickle=False))


def test_the_file_is_small_and_holds_every_moment(looks):
    assert STORED.stat().st_size < 300_000
    assert tuple(looks["env_steps"]) == birth.MOMENTS
    shapes = {name: array.shape for name, array in looks.items()}
    assert shapes == {
        "obs": (2, 96, 24),
        "env_steps": (MOMENTS,),
        "gamma": (MOMENTS,),
        "probs": (MOMENTS, 5),
        "value": (MOMENTS,),
        "filters": (MOMENTS, 16, 2, 8, 8),
        "maps": (MOMENTS, 16, 5, 23),
    }
    np.testing.assert_allclose(looks["probs"].sum(1), 1, rtol=1e-5)


def test_the_lane_change_to_the_left_is_the_first_to_lose_its_probability(looks):
    """As chapter 2 says of its situation."""
    assert all(looks["probs"][moment].argmin() == 0 for moment in (1, 2, 3))


def test_the_situation_is_the_one_that_the_simulator_shows(looks):
    np.testing.assert_array_equal(looks["obs"], birth.shown_situation()[0].numpy())


def test_the_first_moment_is_a_newborn_of_the_same_seed(looks):
    ppo = PPO(make_vector_env(experiments.ENV_ID, 32, "fast", highway_config()), PPOConfig(seed=0))
    newborn = birth.look_at(ppo, birth.shown_situation(), birth.asked_situations())
    np.testing.assert_allclose(newborn["probs"], looks["probs"][0], atol=1e-4)
    np.testing.assert_allclose(newborn["value"], looks["value"][0], atol=1e-3)
    np.testing.assert_allclose(newborn["filters"], looks["filters"][0], atol=1e-3)


def test_the_maps_are_those_of_the_filters(looks):
    """At birth, when the biases are 0."""
    pixels = torch.as_tensor(looks["obs"]).float().transpose(1, 2)[None]
    contrast = torch.nn.functional.leaky_relu((99 - pixels) / 40, 0.1)
    maps = conv2d(contrast, torch.as_tensor(looks["filters"][0]).float(), stride=4)[0].relu()
    np.testing.assert_allclose(looks["maps"][0], maps, atol=0.02)


def test_the_table_is_complete_and_its_first_seed_is_the_stored_one(looks):
    rows = experiments.read_rows(RESULTS / "birth.csv")
    found = [(int(row["seed"]), int(row["env_steps"])) for row in rows]
    assert found == [(seed, moment) for seed in range(5) for moment in birth.MOMENTS]
    changed = [float(row["filter_change"]) for row in rows[:MOMENTS]]
    np.testing.assert_allclose(changed, filter_changes(looks["filters"]), atol=1e-3)
    np.testing.assert_allclose([float(row["gamma"]) for row in rows[:MOMENTS]], looks["gamma"], atol=1e-4)


def test_what_chapter_2_says_of_the_five_trainings():
    """The reward per second is learned in the first update, policy and filters later; V grows with the horizon."""
    rows = experiments.read_rows(RESULTS / "birth.csv")
    for seed in range(5):
        run = [{name: float(x) for name, x in row.items()} for row in rows if row["seed"] == str(seed)]
        rewards = [(1 - row["gamma"]) * row["value"] for row in run]
        share = {name: [row[name] / run[-1][name] for row in run] for name in run[0] if name.endswith("change")}
        assert (rewards[1] - rewards[0]) / (rewards[-1] - rewards[0]) > 0.5
        assert share["policy_change"][1] < 0.2
        assert share["filter_change"][1] < 0.2
        half = {name: birth.MOMENTS[np.argmax(np.array(shares) >= 0.5)] for name, shares in share.items()}
        assert half["policy_change"] == 24_576
        assert half["filter_change"] == (24_576 if seed == 4 else 14_336)
        assert half["value_change"] >= 90_112
        assert max(abs(reward - rewards[-1]) for reward in rewards[5:]) < 0.11 * rewards[-1]


def test_changes_are_measured_as_they_are_called():
    before = {
        "asked_probs": np.array([[0.5, 0.5], [0.5, 0.5]]),
        "asked_values": np.array([0.0, 1.0]),
        "filters": np.array([3.0, 4.0]),
    }
    after = {
        "asked_probs": np.array([[1.0, 0.0], [0.5, 0.5]]),
        "asked_values": np.array([3.0, 5.0]),
        "filters": np.array([3.0, 5.0]),
    }
    changed = birth.changes(after, before)
    assert changed["policy_change"] == pytest.approx(0.25)  # a half moved in one of two situations
    assert changed["value_change"] == pytest.approx(np.sqrt((9 + 16) / 2))
    assert changed["filter_change"] == pytest.approx(1 / 5)
    assert changed["entropy"] == pytest.approx(np.log(2) / 2)
    assert changed["value"] == 4


def test_the_slider_shows_what_the_networks_said_at_that_moment(looks):
    explorer = widgets.birth_explorer(looks)
    _, bars, bank, line = explorer.figure.axes
    born = explorer.picture.value
    for moment in (3, MOMENTS - 1):
        explorer.controls["moment"].value = moment
        np.testing.assert_allclose([bar.get_height() for bar in bars.patches], looks["probs"][moment])
        assert f"V = {looks['value'][moment]:.2f}" in explorer.caption.value
        assert explorer.caption.value.startswith(f"After {looks['env_steps'][moment]:,} steps")
        np.testing.assert_allclose(line.lines[0].get_ydata(), looks["value"][: moment + 1])  # nothing given away
        np.testing.assert_allclose(bank.images[0].get_array()[:5, :23], looks["maps"][moment, 0])
        assert explorer.picture.value != born
    assert explorer.controls["moment"].description


def test_filters_that_double_have_changed_by_their_own_length():
    np.testing.assert_allclose(filter_changes(np.array([[3.0, 4.0], [6.0, 8.0], [3.0, 4.0]])), [0, 1, 0])
