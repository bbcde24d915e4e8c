"""Throttle and steering equal highway-env's `ContinuousAction`, to the last bit, wherever they lead."""

import copy
import math
import pickle

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from highway_oracle import GRAY, assert_same, assert_same_drive, original

from ppo_lib.envs import make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.fast_highway import FastHighwayVectorEnv, select_state
from ppo_lib.planner import Planner

ALL = (
    "presence",
    "x",
    "y",
    "vx",
    "vy",
    "heading",
    "cos_h",
    "sin_h",
    "cos_d",
    "sin_d",
    "long_off",
    "lat_off",
    "ang_off",
)


def by_hand(policy_frequency=5, *, action=None, **config):
    return {"action": {"type": "ContinuousAction", **(action or {})}, "policy_frequency": policy_frequency, **config}


def weaving(rng, t, num_envs):
    """Anything at the throttle, a little at the wheel; now and then what is to be clipped."""
    actions = rng.uniform(-1.0, 1.0, (num_envs, 2)) * [1.3, rng.choice([0.05, 0.2, 1.3])]
    return actions.astype(np.float32)


def ram(rng, t, num_envs):
    return rng.uniform([0.5, -1], [1, 1], (num_envs, 2)).astype(np.float32)


def hold(throttle, steering):
    def choose(rng, t, num_envs):
        return np.tile(np.float32([throttle, steering]), (num_envs, 1))

    return choose


def one_axis(size=1.0):
    def choose(rng, t, num_envs):
        return rng.uniform(-size, size, (num_envs, 1)).astype(np.float32)

    return choose


# ------------------------------------------------------------ the same drives


@pytest.mark.parametrize(
    ("name", "choose", "config"),
    [
        ("random", weaving, {}),
        ("straight", hold(0, 0), {"vehicles_count": 5}),
        ("full lock", hold(1, 1), {}),
        ("full brake into reverse", hold(-1, 0.02), {"duration": 15}),
        ("reverse behind the start of the road", hold(-1, 0), {"duration": 25, "vehicles_count": 3}),
        ("circles", hold(0, -0.4), {"duration": 12, "vehicles_count": 8}),
        ("off to the left", hold(0.2, -0.03), {"vehicles_density": 2}),
        ("off to the right", hold(0.2, 0.03), {"vehicles_density": 2}),
        ("faster than the limit", hold(1, 0.001), {"vehicles_count": 0}),
        ("no lane but one", weaving, {"lanes_count": 1, "vehicles_count": 10}),
        ("six lanes", weaving, {"lanes_count": 6, "vehicles_count": 30, "vehicles_density": 2}),
    ],
)
def test_drives_equal_the_original(name, choose, config):
    """Rounds, retreats and excursions: the others react to whoever is across, off the road or coming back."""
    table = {"type": "Kinematics", "features": list(ALL), "vehicles_count": 6, "see_behind": True}
    assert_same_drive(config=by_hand(observation=table, **config), steps=40, num_envs=1, choose=choose)


@pytest.mark.parametrize("frequencies", [(5, 1), (5, 2), (6, 3), (15, 15), (15, 4), (5, 8)])
def test_frequencies(frequencies):
    """At one decision a second a speed limit that is once met holds until the next decision."""
    config = {"simulation_frequency": frequencies[0], "duration": 8}
    for choose in (weaving, hold(1, 0.01)):
        assert_same_drive(config=by_hand(frequencies[1], **config), steps=16, num_envs=1, choose=choose)


@pytest.mark.parametrize(
    "action",
    [
        {"acceleration_range": [-8, 3]},
        {"acceleration_range": (-2, 2.5), "steering_range": [-0.3, 0.1]},
        {"steering_range": [-math.pi / 2, math.pi / 2], "clip": False},
        {"speed_range": [0, 30]},
        {"speed_range": (-5.5, 60)},
        {"speed_range": [30, 20], "acceleration_range": None, "steering_range": None},
    ],
)
def test_ranges(action):
    assert_same_drive(config=by_hand(2, action=action, simulation_frequency=10), steps=25, num_envs=1, choose=weaving)


def test_either_axis_alone():
    assert_same_drive(config=by_hand(2, action={"lateral": False}), steps=30, choose=one_axis())
    assert_same_drive(config=by_hand(5, action={"longitudinal": False}), steps=40, choose=one_axis(0.1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_the_type_of_the_actions_decides_how_they_are_rounded(dtype):
    def choose(rng, t, num_envs):
        return (rng.uniform(-2.0, 2.0, (num_envs, 2)) * [1, 0.9 if dtype == np.int64 else 0.1]).astype(dtype)

    assert_same_drive(config=by_hand(2, duration=5), steps=25, choose=choose)
    drives = []
    for kind in (np.float32, np.float64):
        envs = FastHighwayVectorEnv(1, config=by_hand())
        envs.reset(seed=0)
        envs.step(np.array([[0.3, 0.1]], kind))
        drives.append(envs.get_state()["heading"][0, 0])
    assert drives[0] != drives[1]


def test_highway_with_all_collisions_equals_the_original():
    config = by_hand(5, vehicles_count=15, lanes_count=2, vehicles_density=2, duration=6)
    assert assert_same_drive("highway-v0", config, steps=35, num_envs=1, choose=weaving) > 0


def test_crashes_at_unusual_angles():
    config = by_hand(1, vehicles_density=4, simulation_frequency=5, lanes_count=4, ego_spacing=0.5)
    assert assert_same_drive(config=config, steps=30, num_envs=2, choose=ram) > 1


def test_rewards_and_endings_off_the_road():
    config = by_hand(5, on_road_reward=0.3, right_lane_reward=0.6, offroad_terminal=True, vehicles_count=4)
    assert assert_same_drive(config=config, steps=60, choose=weaving) > 3
    envs = FastHighwayVectorEnv(2, config=by_hand(vehicles_count=0))
    envs.reset(seed=0)
    rewards = [envs.step(hold(0, side)(None, 0, 2))[1] for side in [-0.1] * 25]
    assert rewards[0].min() > 0.5
    assert (rewards[-1] == 0).all()


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
def test_infos_and_resets(mode):
    config = by_hand(1, duration=3, vehicles_density=2)
    assert assert_same_drive(config=config, steps=15, num_envs=4, mode=mode, choose=weaving, reset_again_at=(4,)) > 8


# ------------------------------------------------------------ what is seen


@pytest.mark.parametrize(
    ("options", "config", "choose"),
    [
        ({}, {}, weaving),
        ({"scaling": 5.5, "observation_shape": (150, 100)}, {}, weaving),
        ({"scaling": 5.5, "observation_shape": (150, 100)}, {"vehicles_count": 6}, hold(0, -0.5)),
        ({"scaling": 9.3, "stack_size": 1}, {"vehicles_density": 2}, weaving),
        ({"scaling": 12.0, "stack_size": 1}, {"vehicles_count": 0}, hold(-0.7, 0.6)),
        ({"scaling": 0.8}, {}, hold(0, 0.3)),
        ({"scaling": 5.5}, {"policy_frequency": 1, "vehicles_density": 4, "ego_spacing": 0.5}, ram),
        ({"scaling": 3.4, "stack_size": 1}, {"simulation_frequency": 15, "policy_frequency": 1}, weaving),
    ],
)
def test_pictures_equal_the_original(options, config, choose):
    """Pixel for pixel: the yellow car turned all the way round and, from 3.34 pixels a metre on, its steered tyres."""
    assert_same_drive(
        config=by_hand(observation={**GRAY, **options}) | config, steps=40, num_envs=1, seed=4, choose=choose
    )


@pytest.mark.parametrize(
    "options", [{}, {"align_to_vehicle_axes": True, "features": ["presence", "heading", "on_road"]}]
)
def test_occupancy_grid_equals_the_original(options):
    config = by_hand(observation={"type": "OccupancyGrid", **options}, vehicles_density=2)
    assert_same_drive(config=config, steps=25, num_envs=1, choose=weaving)


# ------------------------------------------------------------ saved states


@pytest.mark.parametrize("observation", [{"type": "Kinematics"}, {**GRAY, "scaling": 5.5}])
def test_going_on_from_a_saved_state_is_going_on(observation):
    config, rng = by_hand(observation=observation), np.random.default_rng(3)
    envs = FastHighwayVectorEnv(3, config=config)
    envs.reset(seed=0)
    for t in range(8):
        envs.step(weaving(rng, t, 3))
    state = envs.get_state()
    assert (state["steering"] != 0).any()
    others = [FastHighwayVectorEnv(3, config=config), copy.deepcopy(envs), pickle.loads(pickle.dumps(envs))]
    others[0].set_state(state)
    one = FastHighwayVectorEnv(2, config=config)
    one.set_state(select_state(state, [1, 1]))
    for t in range(10):
        actions = weaving(rng, t, 3)
        expected = envs.step(actions)
        for other in others:
            for found, part in zip(other.step(actions), expected, strict=True):
                assert_same(found, part)
        assert np.array_equal(one.step(actions[[1, 1]])[0], expected[0][[1, 1]])


def test_states_of_the_other_kind_of_action_are_refused():
    envs, other = FastHighwayVectorEnv(2, config=by_hand()), FastHighwayVectorEnv(2)
    envs.reset(seed=0)
    other.reset(seed=0)
    with pytest.raises(ValueError, match="unknown \\['steering'\\]"):
        other.set_state(envs.get_state())
    with pytest.raises(ValueError, match="missing \\['steering'\\]"):
        envs.set_state(other.get_state())
    state = envs.get_state()
    state["steering"][1] = np.nan
    with pytest.raises(ValueError, match="state\\['steering'\\] must hold"):
        envs.set_state(state)


def test_observations_are_written_into_a_given_array():
    envs = FastHighwayVectorEnv(2, config=by_hand())
    out = np.zeros(envs.observation_space.shape, np.float32)
    assert envs.reset(seed=0, out=out)[0] is out
    before = out.copy()
    assert envs.step(np.zeros((2, 2), np.float32), out=out)[0] is out
    assert not np.array_equal(out, before)


# ------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.zeros(2, np.float32), r"shape \(2, 2\), 2 numbers"),
        (np.zeros((2, 1), np.float32), r"shape \(2, 1\)"),
        (np.zeros((2, 2), np.float16), "type float16"),
        (np.float32([[0, 0], [0, np.nan]]), r"\[0.0, nan\] of environment 1"),
        ([["a", "b"]] * 2, "type <U1"),
        (None, "type object"),
    ],
)
def test_impossible_actions_are_refused_in_a_line(actions, message):
    envs = FastHighwayVectorEnv(2, config=by_hand())
    envs.reset(seed=0)
    with pytest.raises(ValueError, match=message) as error:
        envs.step(actions)
    assert "\n" not in str(error.value)


def test_infinite_actions_are_clipped_or_refused():
    envs = FastHighwayVectorEnv(1, config=by_hand())
    envs.reset(seed=0)
    envs.step(np.float32([[np.inf, -np.inf]]))
    assert envs.get_state()["steering"][0] == np.float32(-math.pi / 4)
    envs = FastHighwayVectorEnv(1, config=by_hand(action={"clip": False}))
    envs.reset(seed=0)
    with pytest.raises(ValueError, match="at most 1e\\+06 in size"):
        envs.step(np.float32([[np.inf, 0]]))


@pytest.mark.parametrize(
    ("action", "name"),
    [
        ({"dynamical": True}, "dynamical=True"),
        ({"longitudinal": False, "lateral": False}, "longitudinal or lateral"),
        ({"acceleration_range": 5}, "acceleration_range=5"),
        ({"acceleration_range": [1]}, "acceleration_range="),
        ({"steering_range": [0, math.nan]}, "steering_range="),
        ({"steering_range": [np.float64(-0.1), 0.1]}, "steering_range="),
        ({"speed_range": [0, 1e9]}, "speed_range="),
        ({"clip": "yes"}, "clip='yes'"),
        ({"target_speeds": [20, 30]}, "action.target_speeds="),
    ],
)
def test_what_is_not_reproduced_is_refused_by_name(action, name):
    with pytest.raises(ValueError, match=name) as error:
        FastHighwayVectorEnv(2, config=by_hand(action=action))
    assert 'backend="sync"' in str(error.value)


def test_the_space_is_the_originals():
    for axes in ({}, {"lateral": False}, {"longitudinal": False}):
        config = by_hand(action=axes)
        slow, fast = original("highway-fast-v0", config, 2), FastHighwayVectorEnv(2, config=config)
        assert fast.single_action_space == slow.single_action_space
        assert fast.action_space == slow.action_space


def test_the_course_makes_it_fast():
    envs = make_vector_env("highway-fast-v0", 4, config=by_hand(action={"acceleration_range": (-3, 2)}))
    assert envs.env_spec.backend == "fast"
    envs.reset(seed=0)
    state = envs.get_state()
    expected = [envs.step(np.full((4, 2), 0.1, np.float32))[0] for _ in range(3)]
    assert envs.set_state(state)
    for obs in expected:
        assert np.array_equal(envs.step(np.full((4, 2), 0.1, np.float32))[0], obs)
    with pytest.raises(UsageError, match="meta-actions"):
        Planner(envs)
