"""Continuous hands without learning: what each does to the car, by hand and against highway-env itself."""

import numpy as np
import pytest
from gymnasium.spaces import Box
from highway_env.vehicle.behavior import IDMVehicle

from ppo_lib.drivers import IDMAtTheWheel, StopAtOnce, Wheel, find_wheel, uniform_policy, wheel_of
from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.evaluation import constant_policy, evaluate_baselines, evaluate_policy

ENV_ID = "highway-fast-v0"


def config(frequency=5, env=None, **action):
    """Throttle and steering on a nearly empty road."""
    action = {"type": "ContinuousAction", **action}
    return highway_config(
        "kinematics", policy_frequency=frequency, action=action, **{"vehicles_count": 1, **(env or {})}
    )


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"lateral": False, "acceleration_range": [-8, 3]},
        {"longitudinal": False, "steering_range": [-0.2, 0.5]},
        {"acceleration_range": [-1, 4], "steering_range": [-0.3, 0.1]},
    ],
)
def test_an_action_means_what_was_wanted(action):
    """Asked of highway-env's own mapping; what lies beyond a range becomes its end."""
    with make_env(ENV_ID, config(**action)) as env:
        action_type, wheel = env.unwrapped.action_type, wheel_of(env)
        for wanted in ((-0.7, 0.05), (2.9, -0.15), (-50, 3)):
            assert env.action_space.contains(wheel.actions(*wanted))
            meant = action_type.get_action(wheel.actions(*wanted))
            low, high = action_type.acceleration_range
            acceleration = np.clip(wanted[0], low, high) if action_type.longitudinal else 0
            steering = np.clip(wanted[1], *action_type.steering_range) if action_type.lateral else 0
            assert meant["acceleration"] == pytest.approx(acceleration, abs=1e-5)
            assert meant["steering"] == pytest.approx(steering, abs=1e-6)
        assert wheel.actions(np.zeros(7)).shape == (7, *env.action_space.shape)


def test_a_range_without_width_leaves_no_choice():
    assert Wheel((2.0, 2.0), None, 0.2).actions(9.0).tolist() == [0.0]


def test_who_has_no_wheel():
    assert find_wheel(ENV_ID) is None
    assert find_wheel(ENV_ID, {"action": {"type": "DiscreteAction"}}) is None
    assert find_wheel("Pendulum-v1") is None


@pytest.mark.parametrize("env", [{}, {"simulation_frequency": 15}, {"simulation_frequency": 5.5, "duration": 28}])
def test_to_stop_at_once_is_to_brake_fully_until_the_car_stands_and_to_stay(env):
    """25 m/s less 5 m/s² for 5 s is nothing; three frames of 1/15 s, or one of 1/5.5 s, are a decision, too."""
    road = config(env={"vehicles_count": 0, **env})
    wheel = find_wheel(ENV_ID, road)
    envs = make_vector_env(ENV_ID, 2, "sync", road)
    driver = StopAtOnce(envs, wheel)
    driver.reset(seed=0)
    reversing = np.full((2, 2), -1, np.float32)  # what it is told does not count
    speeds = np.array([driver.step(reversing)[4]["speed"] for _ in range(60)])
    expected = np.maximum(25 - 5 * wheel.seconds * np.arange(1, 61), 0)
    np.testing.assert_allclose(speeds, np.tile(expected[:, None], 2), atol=1e-5)
    assert envs.unwrapped.get_attr("vehicle")[0].heading == 0


def test_it_stops_again_in_the_next_episode():
    """An episode's first decision is taken at its own speed, also after a reset of some environments only."""
    road = config(env={"vehicles_count": 0, "duration": 6})
    driver = StopAtOnce(make_vector_env(ENV_ID, 2, "sync", road), find_wheel(ENV_ID, road))
    driver.reset(seed=0)
    for _ in range(29):
        *_, infos = driver.step(None)
    assert infos["speed"] == pytest.approx([0, 0], abs=1e-5)
    *_, truncated, infos = driver.step(None)
    while not truncated.all():  # highway-env adds up its seconds with rounding errors
        *_, truncated, infos = driver.step(None)
    assert infos["speed"].tolist() == [25, 25]
    assert driver.step(None)[4]["speed"] == pytest.approx([24, 24], abs=1e-5)
    driver.step(None)
    driver.reset(seed=[5, None], options={"reset_mask": np.array([True, False])})
    assert driver.step(None)[4]["speed"] == pytest.approx([24, 22], abs=1e-5)


def test_from_behind_a_speed_in_reverse_it_stops_too():
    driver = StopAtOnce(make_vector_env(ENV_ID, 1, "sync", config()), find_wheel(ENV_ID, config()))
    driver.reset(seed=0)
    driver.unwrapped.envs[0].unwrapped.vehicle.speed = -3.0
    driver._speeds[:] = -3.0
    assert [driver.step(None)[4]["speed"][0] for _ in range(4)] == pytest.approx([-2, -1, 0, 0], abs=1e-5)


def passive(env):
    """The others keep their lanes: then they see of the ego its place and speed only, whatever its class."""
    for vehicle in env.unwrapped.road.vehicles[1:]:
        vehicle.enable_lane_change = False


def test_at_the_wheel_is_the_drive_of_the_traffic_model_itself():
    """With ranges as wide as its own and a decision a frame: the path of an IDMVehicle in the ego's place."""
    wide = {"acceleration_range": [-6, 6], "steering_range": [-np.pi / 3, np.pi / 3]}
    road = config(env={"vehicles_count": 20}, **wide)
    lanes = set()
    for seed in range(3):
        ours, original = make_env(ENV_ID, road, wrapper=IDMAtTheWheel), make_env(ENV_ID, road)
        for env in (ours, original):
            env.reset(seed=seed)
            passive(env)
        inside = original.unwrapped
        ego = inside.vehicle
        driver = IDMVehicle(ego.road, ego.position, ego.heading, ego.speed, target_speed=30)
        inside.road.vehicles[0] = inside.controlled_vehicles[0] = driver
        for _ in range(75):
            ours.step(ours.action_space.sample())
            inside.step(None)
            mine = ours.unwrapped.vehicle
            np.testing.assert_allclose(mine.position, driver.position, atol=2e-3)
            assert mine.speed == pytest.approx(driver.speed, abs=2e-3)
            assert not isinstance(mine, IDMVehicle)
            lanes.add((seed, driver.lane_index[2]))
    assert len(lanes) > 3  # it has changed lanes


def test_the_action_at_the_wheel_is_an_agents():
    with make_env(ENV_ID, config(acceleration_range=[-1, 1]), wrapper=IDMAtTheWheel) as env:
        env.reset(seed=0)
        *_, info = env.step(np.zeros(2, np.float32))
        assert env.action_space.contains(info["action"])
        assert info["action"][0] == 1  # from 25 to 30 m/s it would take more than 1 m/s²
        assert info["speed"] == pytest.approx(25.2)


RACETRACK = {"observation": {"type": "Kinematics"}, "duration": 6, "other_vehicles": 0}
BOTH = {"type": "ContinuousAction", "longitudinal": True, "lateral": True}
ALL = ["random", "coast straight on", "full throttle", "stop at once", "IDM + MOBIL"]


@pytest.mark.parametrize(
    ("env_id", "road", "names"),
    [
        (ENV_ID, config(env={"duration": 2}), ALL),
        (ENV_ID, config(env={"duration": 2}, lateral=False), ALL),
        (ENV_ID, config(env={"duration": 2}, acceleration_range=[1, 5]), [n for n in ALL if n != "stop at once"]),
        ("racetrack-v0", RACETRACK, ["random", "coast straight on", "IDM + MOBIL"]),
        ("racetrack-v0", RACETRACK | {"action": BOTH}, ALL),
    ],
)
def test_who_drives_where(env_id, road, names):
    results = evaluate_baselines(env_id, road, episodes=2, seed=0, num_envs=2, backend="sync")
    assert list(results) == names
    assert all(np.isfinite(result.off_road).all() for result in results.values())
    if env_id == "racetrack-v0":  # curves: only who steers stays
        assert (results["IDM + MOBIL"].lengths >= 30).all()
        assert (results["IDM + MOBIL"].off_road == 0).all()
        assert (results["coast straight on"].off_road > 0).all() == (results["coast straight on"].lengths < 30).all()
    if "full throttle" in results:
        speeds = {name: results[name].speeds.mean() for name in names}
        assert speeds["full throttle"] > speeds["coast straight on"] > speeds.get("stop at once", 0)


def test_full_throttle_by_hand():
    """25 m/s and 5 m/s² for 2 s: 26, 27, ... 35, until the car's own limit of 40."""
    results = evaluate_baselines(ENV_ID, config(env={"duration": 1.9}), episodes=1, seed=0, backend="sync")
    assert results["full throttle"].speeds[0] == pytest.approx(np.mean(np.arange(26, 36)), abs=1e-4)
    assert results["coast straight on"].speeds[0] == 25


def test_elsewhere_random_and_zero():
    results = evaluate_baselines("Pendulum-v1", episodes=2, seed=0, backend="sync")
    assert list(results) == ["random", "zero action"]
    env = make_env("Pendulum-v1")
    env.reset(seed=0)
    assert results["zero action"].returns[0] == pytest.approx(sum(env.step([0.0])[1] for _ in range(200)))
    assert list(evaluate_baselines("MountainCarContinuous-v0", episodes=1, seed=0, max_episode_steps=5)) == [
        "random",
        "zero action",
    ]


def test_random_hands_take_every_action_equally_often():
    space = Box(np.array([-2, 1], np.float32), np.array([2, 5], np.float32))
    actions = uniform_policy(space)(np.zeros((20_000, 3)))
    assert actions.dtype == np.float32
    for column, low in zip(actions.T, (-2, 1), strict=True):
        shares = np.histogram(column, bins=4, range=(low, low + 4))[0] / 20_000
        np.testing.assert_allclose(shares, 0.25, atol=0.02)
    uniforms = np.array([[0.0, 0.5], [0.25, 1 - 1e-12]])
    np.testing.assert_allclose(uniform_policy(space)(np.zeros(2), uniforms), [[-2, 3], [-1, 5]])


def off_road(seed, action, road):
    """The slow, plain way: (share of steps off the road, steps, mean signed speed), asked of the car itself."""
    env = make_env(ENV_ID, road)
    env.reset(seed=seed)
    off, speeds, done = [], [], False
    while not done:
        *_, terminated, truncated, _ = env.step(action)
        off.append(not env.unwrapped.vehicle.on_road)
        speeds.append(env.unwrapped.vehicle.speed)
        done = terminated or truncated
    return np.mean(off), len(off), np.mean(speeds)


@pytest.mark.parametrize("backend", ["sync", "auto"])
@pytest.mark.parametrize("offroad_terminal", [False, True])
def test_the_time_off_the_road_is_counted_at_every_step_the_last_included(backend, offroad_terminal):
    road = config(env={"duration": 8, "offroad_terminal": offroad_terminal, "vehicles_count": 10})
    action = np.array([-1, 0.02], np.float32)  # brakes into reverse, and drifts off the road
    envs = make_vector_env(ENV_ID, 3, backend, road)
    result = evaluate_policy(constant_policy(action), envs, episodes=5, seed=3)
    envs.close()
    plain = np.array([off_road(seed, action, road) for seed in range(3, 8)])
    np.testing.assert_allclose(np.array([result.off_road, result.lengths, result.speeds]).T, plain)
    assert result.off_road.max() > 0
    if offroad_terminal:  # only the last step of a drive can be off the road
        assert set(result.off_road) <= {0, *(1 / result.lengths)}
    else:
        assert result.speeds == pytest.approx(4.5)  # the mean of 24, 23, ... -15: a reverse counts below zero


@pytest.mark.parametrize("backend", ["sync", "fast"])
def test_meta_actions_keep_to_the_road(backend):
    envs = make_vector_env(ENV_ID, 2, backend, highway_config("kinematics", duration=5))
    envs.reset(seed=0)
    ended = []
    for _ in range(5):
        *_, infos = envs.step(np.array([0, 3]))
        ended += list(infos["episode"]["off_road"][infos["_episode"]]) if "episode" in infos else []
    assert len(ended) >= 2
    assert set(ended) == {0}
    assert np.isnan(evaluate_policy(constant_policy(4), envs, 1, 0).off_road).all()
