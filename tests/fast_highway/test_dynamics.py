"""Every vehicle, reward and ending equals highway-env's, to the last bit."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from highway_oracle import assert_same_drive
from hypothesis import given, settings
from hypothesis import strategies as st

from ppo_lib.fast_highway import FastHighwayVectorEnv

DENSE = {"vehicles_density": 2}
SLOW_SPEEDS = {"type": "DiscreteMetaAction", "target_speeds": [0, 10, 20, 30, 40]}


@pytest.mark.parametrize(
    ("config", "steps"),
    [
        ({}, 60),
        ({"policy_frequency": 5, **DENSE}, 60),
        ({"policy_frequency": 2, "vehicles_count": 50, **DENSE}, 40),
        ({"lanes_count": 1, "vehicles_count": 10, **DENSE}, 30),
        ({"lanes_count": 5, "policy_frequency": 5, "action": SLOW_SPEEDS, **DENSE}, 60),
        ({"lanes_count": 2, "initial_lane_id": -1, "offroad_terminal": True, "ego_spacing": 0.8}, 40),
    ],
)
def test_highway_fast_equals_the_original(config, steps):
    assert_same_drive(config=config, steps=steps)


def test_highway_with_all_collisions_equals_the_original():
    config = {"vehicles_count": 15, "lanes_count": 2, "vehicles_density": 2, "duration": 20}
    assert_same_drive("highway-v0", config, steps=25, num_envs=2)


def test_other_rewards_equal_the_original():
    config = {
        "collision_reward": -3.5,
        "right_lane_reward": 0.7,
        "high_speed_reward": 2,
        "on_road_reward": 0.25,
        "reward_speed_range": [18, 27.5],
        "normalize_reward": False,
        "duration": 6.5,
    }
    assert assert_same_drive(config=config, steps=25) > 3


def test_frequencies_that_do_not_divide():
    """5 Hz over 2 Hz: two frames are simulated, but the clock advances by half a second; 5 over 7: no frame at all."""
    assert_same_drive(config={"simulation_frequency": 7, "policy_frequency": 3, "duration": 4}, steps=20)
    assert_same_drive(config={"simulation_frequency": 5, "policy_frequency": 7, "duration": 1}, steps=10)
    assert_same_drive(config={"simulation_frequency": 12.5, "policy_frequency": 2.5, "duration": 4}, steps=15)


@pytest.mark.parametrize("kind", [{"lateral": False}, {"longitudinal": False}])
def test_partial_action_spaces(kind):
    assert_same_drive(config={"action": {"type": "DiscreteMetaAction", **kind}, "policy_frequency": 2}, steps=25)


def test_end_of_the_road():
    """Beyond 10 km there is neither lane nor reward; at 40 m/s it is reached after 250 s."""
    speeds = {"type": "DiscreteMetaAction", "target_speeds": [30, 40]}
    config = {"vehicles_count": 0, "duration": 300, "policy_frequency": 0.2, "action": speeds, "lanes_count": 2}
    assert_same_drive(config=config, steps=55, num_envs=1, seed=3, always=3)
    envs = FastHighwayVectorEnv(1, config=config)
    envs.reset(seed=3)
    rewards = [envs.step([3])[1][0] for _ in range(55)]
    assert rewards[45] > 0.5
    assert rewards[-1] == 0
    assert envs.get_state()["x"][0, 0] > 10005
    config |= {"offroad_terminal": True}
    assert assert_same_drive(config=config, steps=52, num_envs=1, seed=3, always=3) == 1


def test_no_other_vehicle():
    assert_same_drive(config={"vehicles_count": 0, "duration": 5}, steps=12)


@pytest.mark.slow
@pytest.mark.parametrize("policy_frequency", [1, 2, 5])
@pytest.mark.parametrize(
    ("lanes", "vehicles", "density"), [(1, 10, 2), (2, 20, 1), (3, 20, 2), (4, 50, 2), (5, 50, 1)]
)
def test_many_configurations(policy_frequency, lanes, vehicles, density):
    config = {
        "policy_frequency": policy_frequency,
        "lanes_count": lanes,
        "vehicles_count": vehicles,
        "vehicles_density": density,
    }
    assert_same_drive(config=config, steps=70, num_envs=4, seed=1000 * lanes + policy_frequency)


@pytest.mark.slow
@pytest.mark.parametrize(("lanes", "vehicles", "density"), [(1, 20, 3), (3, 20, 3), (4, 50, 2)])
def test_pile_ups(lanes, vehicles, density):
    """highway-v0 checks every pair, so the others crash too, and go on being hit."""
    config = {"lanes_count": lanes, "vehicles_count": vehicles, "vehicles_density": density, "policy_frequency": 5}
    assert_same_drive("highway-v0", config, steps=100, num_envs=2, seed=lanes)


@pytest.mark.slow
def test_many_seeds():
    assert assert_same_drive(steps=200, num_envs=6, seed=12345) > 50


FREQUENCIES = st.sampled_from([(5, 1), (5, 2), (5, 5), (10, 3), (15, 5), (4, 8)])
ACTIONS = st.fixed_dictionaries(
    {"type": st.just("DiscreteMetaAction")},
    optional={
        "target_speeds": st.lists(st.integers(0, 42), min_size=2, max_size=6, unique=True).map(sorted),
        "lateral": st.just(False),
    },
)
CONFIGURATIONS = st.fixed_dictionaries(
    {"vehicles_count": st.integers(0, 25), "lanes_count": st.integers(1, 6)},
    optional={
        "vehicles_density": st.floats(0.5, 4.0),
        "ego_spacing": st.floats(0.2, 3.0),
        "duration": st.floats(0.5, 20.0),
        "action": ACTIONS,
        "collision_reward": st.floats(-5.0, -0.1),
        "right_lane_reward": st.floats(0.0, 1.0),
        "high_speed_reward": st.floats(0.0, 2.0),
        "reward_speed_range": st.sampled_from([[20, 30], [0, 40], [30, 25.5]]),
        "normalize_reward": st.booleans(),
        "offroad_terminal": st.booleans(),
        "initial_lane_id": st.just(0),
    },
)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(CONFIGURATIONS, FREQUENCIES, st.integers(0, 2**63), st.sampled_from(["highway-fast-v0", "highway-v0"]))
def test_any_configuration_equals_the_original(config, frequencies, seed, env_id):
    config["simulation_frequency"], config["policy_frequency"] = frequencies
    assert_same_drive(env_id, config, steps=10, num_envs=2, seed=seed)


@pytest.mark.slow
def test_next_step_autoreset_over_many_episodes():
    assert assert_same_drive(steps=150, num_envs=6, seed=77, mode=AutoresetMode.NEXT_STEP) > 20


def test_sorted_search_finds_what_a_plain_search_finds():
    """Neighbours by brute force, as ``Road.neighbour_vehicles`` defines them, with many ties."""
    from ppo_lib.fast_highway import neighbours, state

    rng = np.random.default_rng(0)
    for _ in range(300):
        count = rng.integers(1, 9)
        cars = np.zeros(count, state.CAR).view(np.recarray)
        cars["x"] = rng.choice([-6.0, -5.0, 0.0, 1.0, 2.0, 3.0, 10004.0, 10005.0], size=count)
        cars["y"] = rng.choice([-1.5, 0.0, 1.0, 1.5, 3.0, 4.0, 6.5, 7.0, 8.0], size=count)
        order = np.arange(count)
        rng.shuffle(order)
        neighbours.sort_along_road(cars, order)
        cars["lane"] = np.clip(np.rint(cars["y"] / 4), 0, 2)
        neighbours.find_fronts(cars, order, np.zeros(2 + 3, np.int64))
        for i in range(count):
            for lane in (0, 1, 2):
                front = rear = None
                for j in range(count):
                    x, y, own = cars[j].x, cars[j].y, cars[i].x
                    if j == i or abs(y - 4.0 * lane) > 3.0 or not -5.0 <= x < 10005.0:
                        continue
                    if own <= x and (front is None or x <= cars[front].x):
                        front = j
                    if x < own and (rear is None or x > cars[rear].x):
                        rear = j
                expected = [state.NO_VEHICLE if n is None else n for n in (front, rear)]
                assert neighbours.vehicle_in_front(cars, i, lane) == expected[0]
                beside = {-1: "front_left", 0: "front", 1: "front_right"}
                if lane - cars[i].lane in beside:
                    assert cars[i][beside[lane - cars[i].lane]] == expected[0]
                assert neighbours.vehicle_behind(cars, i, lane) == expected[1]


def test_a_crash_ends_the_episode_and_is_paid_for():
    envs = FastHighwayVectorEnv(64, config={"vehicles_density": 2})
    envs.reset(seed=0)
    crashed = np.zeros(64, np.bool_)
    for _ in range(30):
        _, rewards, terminated, _, infos = envs.step(np.full(64, 3))
        assert (rewards >= 0).all()
        assert (rewards <= 1).all()
        if terminated.any():
            assert infos["final_info"]["crashed"][terminated].all()
            assert (infos["final_info"]["rewards"]["collision_reward"][terminated] == 1).all()
        crashed |= terminated
    assert crashed.mean() > 0.9
