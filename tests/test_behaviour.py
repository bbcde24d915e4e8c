"""What drivers do, counted: against the episodes of evaluate_policy, and against what the drivers are known to do."""

import numpy as np
import pytest

from ppo_lib.behaviour import AHEAD, ANOTHER_LANE, BEHIND, Behaviour, _hit, _where, observe
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.evaluation import constant_policy, evaluate_policy

ENV_ID, CONFIG = "highway-fast-v0", highway_config("kinematics")
LANE_LEFT, FASTER, SLOWER = 0, 3, 4


@pytest.mark.parametrize("action", [LANE_LEFT, FASTER])
def test_it_counts_the_episodes_that_evaluate_policy_drives(action):
    seen = observe(constant_policy(action), ENV_ID, CONFIG, episodes=30, seed=7)
    envs = make_vector_env(ENV_ID, 30, "fast", CONFIG)
    drives = evaluate_policy(constant_policy(action), envs, 30, seed=7)
    assert sum(seen.crashes.values()) == drives.crashed.sum() > 0
    assert seen.speed == pytest.approx(np.average(drives.speeds, weights=drives.lengths))
    assert seen.changing == (drives.crashed.sum() if action == LANE_LEFT else 0)


def test_who_only_brakes_hits_the_car_ahead_and_changes_no_lane():
    dense = CONFIG | {"vehicles_density": 2}
    seen = observe(constant_policy(SLOWER), ENV_ID, dense, episodes=30, seed=0)
    assert seen.actions["SLOWER"] == 1
    assert seen.lane_changes == 0
    assert seen.crashes[AHEAD] > 20
    assert seen.crashes[BEHIND] == seen.crashes[ANOTHER_LANE] == 0


def test_lane_changes_are_both_sides_together():
    shares = {"LANE_LEFT": 0.2, "IDLE": 0.5, "LANE_RIGHT": 0.3}
    assert Behaviour(shares, {}, 0, 25.0, 1).lane_changes == pytest.approx(0.5)


def test_the_car_that_was_hit_is_the_nearest_crashed_one_and_where_it_was_counts():
    after = {
        "crashed": np.array([[1, 0, 1, 1]]),
        "x": np.array([[100.0, 101.0, 104.0, 130.0]]),
        "y": np.array([[4.0, 4.0, 8.0, 4.0]]),
    }
    assert _hit(after, 0) == 2  # the nearer car 1 has not crashed
    before = {"lane": np.array([[1, 1, 1, 2]]), "x": np.array([[80.0, 90.0, 70.0, 95.0]])}
    assert [_where(before, car, 0) for car in (1, 2, 3)] == [AHEAD, BEHIND, ANOTHER_LANE]
