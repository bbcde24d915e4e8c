"""The sliders of the reward's weights: recorded drives are paid what highway-env itself would pay them."""

import numpy as np
import pytest

from ppo_lib import widgets
from ppo_lib.envs import highway_config, make_env
from ppo_lib.widgets.reward import TERMS, pay, record_terms

ENV_ID, FASTER, SLOWER = "highway-fast-v0", 3, 4


@pytest.fixture(scope="module")
def explorer():
    return widgets.reward_explorer(episodes=4)


def in_highway_env(seed, action, crash, right_lane, high_speed):
    """The return of a drive under these weights, paid by highway-env."""
    weights = {"collision_reward": -crash, "right_lane_reward": right_lane, "high_speed_reward": high_speed}
    env = make_env(ENV_ID, highway_config("kinematics", **weights))
    env.reset(seed=seed)
    earned, ended = 0.0, False
    while not ended:
        _, reward, terminated, truncated, _ = env.step(action)
        earned += reward
        ended = terminated or truncated
    return earned


def bars(figure):
    """{driver: length of its bar}, from top to bottom."""
    ax = figure.figure.axes[0]
    names = [label.get_text() for label in ax.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in ax.patches], strict=True))


@pytest.mark.parametrize("weights", [(1.0, 0.1, 0.4), (0.2, 0.0, 1.0), (2.0, 0.7, 0.0)])
@pytest.mark.parametrize("action", [FASTER, SLOWER])
def test_a_drive_is_paid_as_highway_env_pays_it(action, weights):
    terms = record_terms(action, highway_config("kinematics"), 3, 1000, ENV_ID)
    assert terms.shape == (3, len(TERMS))
    expected = [in_highway_env(1000 + drive, action, *weights) for drive in range(3)]
    np.testing.assert_allclose(pay(terms, *weights), expected)


def test_its_bars_stand_from_best_to_worst_and_begin_with_the_usual_weights(explorer):
    shown = bars(explorer)
    assert len(shown) == 5
    assert list(shown.values()) == sorted(shown.values(), reverse=True)
    usual = np.mean([in_highway_env(1000 + drive, SLOWER, 1.0, 0.1, 0.4) for drive in range(4)])
    assert shown["always SLOWER"] == pytest.approx(usual)
    assert explorer.caption.value == "Merely surviving pays 0.67 of at most 1 per step; first is always SLOWER"


@pytest.mark.parametrize(("name", "value"), [("crash", 0.05), ("right_lane", 1.0), ("high_speed", 1.0)])
def test_a_slider_pays_the_drives_anew(explorer, name, value):
    control = explorer.controls[name]
    start, before = control.value, (bars(explorer), explorer.caption.value, explorer.picture.value)
    control.value = value
    after = (bars(explorer), explorer.caption.value, explorer.picture.value)
    assert all(old != new for old, new in zip(before, after, strict=True))
    control.value = start
    assert bars(explorer) == before[0]


def test_where_a_crash_costs_nearly_nothing_the_lazy_driver_falls_to_the_last_place(explorer):
    start = explorer.controls["crash"].value
    explorer.controls["crash"].value = 0.05
    explorer.controls["right_lane"].value = 0.0
    assert list(bars(explorer))[-1] == "always SLOWER"
    explorer.controls["crash"].value, explorer.controls["right_lane"].value = start, 0.1
