"""What is not reproduced exactly is refused in one line, by name, before anything is allocated."""

import math
import tracemalloc

import numpy as np
import pytest
from highway_oracle import GRAY, assert_same_drive

from ppo_lib.fast_highway import FastHighwayVectorEnv, configuration

NAN, INF = math.nan, math.inf


def kinematics(**options):
    return {"observation": {"type": "Kinematics", **options}}


def grid(**options):
    return {"observation": {"type": "OccupancyGrid", **options}}


def gray(**options):
    return {"observation": {**GRAY, **options}}


def action(**options):
    return {"action": {"type": "DiscreteMetaAction", **options}}


NOT_REPRODUCED = [
    ({"lane_count": 3}, "lane_count=3"),
    ({7: 3}, "config="),
    ({"controlled_vehicles": 2}, "controlled_vehicles=2"),
    ({"controlled_vehicles": np.ones(2)}, "controlled_vehicles="),
    ({"other_vehicles_type": "highway_env.vehicle.behavior.LinearVehicle"}, "other_vehicles_type="),
    ({"show_trajectories": True}, "show_trajectories=True"),
    ({"manual_control": True}, "manual_control=True"),
    ({"collision_reward": 0.5}, "collision_reward=0.5"),
    ({"reward_speed_range": [20, 20]}, "reward_speed_range="),
    ({"initial_lane_id": 3}, "initial_lane_id=3"),
    ({"action": {"type": "DiscreteAction"}}, "DiscreteAction"),
    (action(lateral=False, longitudinal=False), "longitudinal or lateral"),
    (action(target_speeds=[20]), r"target_speeds=\[20\]"),
    (action(target_speeds=[20, 30, 20]), "target_speeds="),
    (action(speeds=[20, 30]), "action.speeds="),
    ({"observation": {"type": "LidarObservation"}}, "LidarObservation"),
    (kinematics(vehicles_count=1), "vehicles_count=1"),
    (kinematics(features=["x", "colour"]), "colour"),
    (kinematics(features=["x", "x"]), "features="),
    (kinematics(stack_size=4), "observation.stack_size=4"),
    (grid(absolute=True), "absolute=True"),
    (grid(grid_step=[0, 5]), "grid_step="),
    (grid(grid_size=[[0, 1], [0, 1]]), "grid_size="),
    ({"observation": {"type": "GrayscaleObservation"}}, "observation_shape"),
    (gray(stack_size=0), "stack_size=0"),
    (gray(weights=[1.0]), r"weights=\[1.0\]"),
    (gray(observation_shape=(64.0, 64.5)), "observation_shape="),
]
NUMBERS = {  # key: what is too large, or too small
    "simulation_frequency": (0, 0.5, 1e9),
    "policy_frequency": (0, -1, 1e9),
    "duration": (-1, 1e12, INF),
    "vehicles_density": (0, -1, 1e9),
    "ego_spacing": (-1, 1e9),
    "lanes_count": (0, 2.5, 10**9),
    "vehicles_count": (-1, 2.5, 10**9),
    "collision_reward": (1e9, -INF),
    "right_lane_reward": (1e9,),
    "high_speed_reward": (1e9,),
    "on_road_reward": (1e9,),
    "offroad_terminal": (2, 0.5),
    "normalize_reward": (2, 0.5),
}
NO_NUMBERS = (None, "fast", NAN, [1], {}, np.ones(2), 10**400, 1j)
OF_A_WRONG_KIND = [
    *[({key: value}, key) for key, values in NUMBERS.items() for value in (*values, *NO_NUMBERS)],
    *[({"initial_lane_id": value}, "initial_lane_id") for value in (True, 1.0, "left", [0], 10**400)],
    *[({"reward_speed_range": value}, "reward_speed_range") for value in (20, None, "20", [20], [20, NAN], [0, 1e9])],
    *[({key: value}, key) for key in ("action", "observation") for value in ([], {}, None, 5, "Kinematics", {1: 2})],
    *[({key: {"type": value}}, key) for key in ("action", "observation") for value in ([], {}, None, np.ones(2))],
    *[(action(target_speeds=value), "target_speeds") for value in (5, "fast", [[20], [30]], [20, None], [0, 1e9])],
    *[(action(**{key: 2}), key) for key in ("lateral", "longitudinal")],
    *[
        (gray(observation_shape=value), "observation_shape")
        for value in (5, None, (10**6, 10**6), [64], "ab", (64, 0))
    ],
    *[(gray(stack_size=value), "stack_size") for value in (10**9, 1.5, None, [4], True)],
    *[
        (gray(weights=value), "weights")
        for value in (5, None, "abc", [1, 2, NAN], [1, 2, INF], {1: 2}, np.ones((3, 3)))
    ],
    *[(gray(scaling=value), "scaling") for value in (1e9, 1e-9, -1, NAN, "large", [1.75])],
    *[(gray(centering_position=value), "centering_position") for value in (5, [0.5], [0.5, NAN], [1e9, 0], "ab")],
    (gray(observation_shape=(4096, 4096), stack_size=100), "num_envs"),
    *[(kinematics(vehicles_count=value), "vehicles_count") for value in (10**9, 2.5, None, [3])],
    *[(kinematics(features=value), "features") for value in (5, "x", [["x"]], [{}], {"x": 1})],
    *[
        (kinematics(features_range=value), "features_range")
        for value in (5, [1], {"x": 5}, {"x": [0, NAN]}, {1: [0, 1]})
    ],
    (kinematics(features_range={"x": [1, 1 + 1e-12]}), "features_range"),
    *[(kinematics(order=value), "order") for value in (5, None, ["sorted"])],
    *[(kinematics(**{key: [0]}), key) for key in ("absolute", "clip", "normalize", "see_behind")],
    *[(grid(features=value), "features") for value in (5, "x", [["x"]], ["x"] * 1000)],
    *[
        (grid(grid_size=value), "grid_size")
        for value in (5, [[0, 1]], [1, 2], [[-1e9, 1e9], [0, 9]], [[0, NAN], [0, 9]])
    ],
    *[(grid(grid_step=value), "grid_step") for value in (5, [1], [1e-9, 1], [NAN, 1], [1, -1], ["a", "b"])],
    (grid(grid_step=[0.01, 0.01], grid_size=[[-9999, 9999]] * 2), "num_envs"),
    *[(grid(**{key: "yes"}), key) for key in ("absolute", "clip", "as_image", "align_to_vehicle_axes")],
    *[(config, "config") for config in ([], "fast", 5)],
]


def name_of(value):
    return configuration.describe(value)[:60]


@pytest.mark.parametrize(("config", "name"), NOT_REPRODUCED, ids=name_of)
def test_what_is_not_reproduced_is_refused_by_name(config, name):
    with pytest.raises(ValueError, match=name) as error:
        FastHighwayVectorEnv(2, "highway-fast-v0", config)
    assert "highway-fast-v0" in str(error.value)
    assert 'backend="sync"' in str(error.value)


@pytest.mark.parametrize(("config", "name"), OF_A_WRONG_KIND, ids=name_of)
def test_values_of_a_wrong_kind_or_size_are_refused_by_name(config, name):
    tracemalloc.start()
    with pytest.raises(ValueError, match=f"cannot reproduce .*{name}") as error:
        FastHighwayVectorEnv(3, "highway-v0", config)
    assert tracemalloc.get_traced_memory()[1] < 2**22  # nothing large was allocated on the way
    tracemalloc.stop()
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 1000


@pytest.mark.parametrize(
    "config",
    [
        {"simulation_frequency": 1000, "policy_frequency": 1000, "duration": 1e6, "vehicles_count": 0},
        {"vehicles_count": 1000, "lanes_count": 100, "vehicles_density": 1000, "ego_spacing": 0},
        {"vehicles_count": 1000, "lanes_count": 1, "vehicles_density": 1e-3, "ego_spacing": 1000},
        {**action(target_speeds=[-1000, 1000] * 500), "simulation_frequency": 1, "collision_reward": -1e6},
        gray(observation_shape=(1, 1), stack_size=100, scaling=0.01, centering_position=[-1000, 1000]),
        gray(observation_shape=(4096, 1), stack_size=1, scaling=0.01),
        gray(observation_shape=(64, 64), scaling=200.0, weights=[-1e6, 1e6, 0]),
        kinematics(vehicles_count=1000, features_range={"x": [0, 1e-6], "y": [-1e6, 1e6]}),
        grid(grid_step=[0.01, 1e4], grid_size=[[-5, 5], [-1e4, 1e4]], features_range={"x": [0, 1e-6], "y": [0, 1e6]}),
    ],
    ids=name_of,
)
def test_the_largest_and_smallest_that_is_accepted_runs(config):
    envs = FastHighwayVectorEnv(1, config=config)
    envs.reset(seed=0)
    for t in range(8):
        rewards = envs.step([t % 5])[1]
    assert np.isfinite(rewards).all()
    envs.set_state(envs.get_state())


def test_numbers_of_numpy_are_numbers():
    config = {
        "lanes_count": np.int64(3),
        "simulation_frequency": np.int8(5),
        "policy_frequency": np.float32(0.5),
        "collision_reward": np.float32(-1.5),
        "high_speed_reward": np.int8(100),
        "right_lane_reward": np.int8(100),
        "reward_speed_range": np.array([20, 30]),
        "offroad_terminal": np.bool_(True),
        **gray(stack_size=np.int64(2), scaling=np.float32(1.75), weights=np.array([0.25, 0.5, 0.125], np.float32)),
        **action(target_speeds=np.array([20, 25, 30])),
    }
    plain = {
        "lanes_count": 3,
        "simulation_frequency": 5,
        "policy_frequency": 0.5,
        "collision_reward": -1.5,
        "high_speed_reward": 100,
        "right_lane_reward": 100,
        "reward_speed_range": [20, 30],
        "offroad_terminal": True,
        **gray(stack_size=2, scaling=1.75, weights=[0.25, 0.5, 0.125]),
        **action(target_speeds=[20, 25, 30]),
    }
    one, other = FastHighwayVectorEnv(2, config=config), FastHighwayVectorEnv(2, config=plain)
    assert np.array_equal(one.reset(seed=0)[0], other.reset(seed=0)[0])
    for t in range(6):
        for found, expected in zip(one.step([t % 5, 3])[:4], other.step([t % 5, 3])[:4], strict=True):
            assert np.array_equal(found, expected)


def test_keys_without_effect_are_accepted():
    config = {
        "screen_width": 10,
        "screen_height": 10,
        "render_agent": False,
        "offscreen_rendering": None,
        "real_time_rendering": True,
        "lane_change_reward": 5,
        "neighbour_vehicles_connected_lanes": True,
    }
    assert_same_drive(config=config, steps=5)


def test_other_environments_are_refused():
    for env_id in ("merge-v0", None, ["highway-v0"]):
        with pytest.raises(ValueError, match="the fast backend simulates"):
            FastHighwayVectorEnv(2, env_id)
    with pytest.raises(ValueError, match="rgb_array"):
        FastHighwayVectorEnv(2, render_mode="rgb_array")
    with pytest.raises(ValueError, match="DISABLED"):
        FastHighwayVectorEnv(1, autoreset_mode="Disabled")
    for num_envs in (0, 1.5, True, None, 10**9):
        with pytest.raises(ValueError, match="num_envs"):
            FastHighwayVectorEnv(num_envs)
    with pytest.raises(ValueError, match="vehicles each"):
        FastHighwayVectorEnv(2**20, config={"vehicles_count": 1000})
    for num_threads in (0, -1, 2.5, "all"):
        with pytest.raises(ValueError, match="num_threads"):
            FastHighwayVectorEnv(1, num_threads=num_threads)
