import os
import subprocess
import sys

import gymnasium
import numpy as np
import pytest

from ppo_lib.envs import EnvSpec, highway_config, make_env, make_vector_env, reward_components
from ppo_lib.errors import UsageError


def test_highway_config_is_highway_envs_own():
    config = highway_config(observation_shape=(64, 48), stack_size=2, scaling=2.0, policy_frequency=5, lanes_count=4)
    env = gymnasium.make("highway-fast-v0", config=config)
    assert env.observation_space.shape == (2, 64, 48)
    assert env.observation_space.dtype == np.uint8
    assert env.unwrapped.config["lanes_count"] == 4
    assert env.unwrapped.config["policy_frequency"] == 5
    assert env.unwrapped.observation_type.viewer.sim_surface.scaling == 2.0


def test_kinematics():
    env = make_env("highway-fast-v0", highway_config("kinematics"))
    assert env.observation_space.shape == (10, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"observation": "radar"}, "unknown observation 'radar'; choose one of grayscale, kinematics"),
        ({"observation_shape": (0, 4)}, "observation_shape must be"),
        ({"observation_shape": (10, 4, 3)}, "observation_shape must be"),
        ({"stack_size": 0}, "stack_size must be"),
        ({"scaling": 0}, "scaling must be above 0"),
    ],
)
def test_impossible_observations_are_refused(arguments, message):
    with pytest.raises(UsageError, match=message):
        highway_config(**arguments)


@pytest.mark.parametrize(
    ("env_id", "config", "message"),
    [
        ("highway-fst-v0", None, "unknown environment 'highway-fst-v0'; did you mean highway-fast-v0"),
        ("CartPole-v1", {"lanes_count": 3}, "CartPole-v1 takes no config"),
        ("highway-v0", {"lane_count": 3}, "unknown key 'lane_count'.*did you mean 'lanes_count'"),
        ("highway-v0", {"observation": {"type": "Kinematics", "vehicle_count": 3}}, "did you mean 'vehicles_count'"),
        (
            "highway-fast-v0",
            {"policy_frequency": 10},
            "policy_frequency must be .* at most simulation_frequency .5 Hz",
        ),
        ("highway-fast-v0", {"policy_frequency": 0}, "policy_frequency must be above 0"),
    ],
)
def test_what_cannot_be_made_is_refused_in_one_line(env_id, config, message):
    with pytest.raises(UsageError, match=message) as refusal:
        make_vector_env(env_id, 1, "sync", config)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("num_envs", "backend", "message"),
    [
        (0, "sync", "num_envs must be"),
        (1.5, "sync", "num_envs must be"),
        (True, "sync", "num_envs must be"),
        (1, "warp", "unknown backend 'warp'; choose one of auto, fast, sync, async"),
        (1, "fast", "'fast' knows highway-fast-v0 and highway-v0; for 'CartPole-v1' choose sync or async"),
    ],
)
def test_impossible_vectors_are_refused(num_envs, backend, message):
    with pytest.raises(UsageError, match=message):
        make_vector_env("CartPole-v1", num_envs, backend)


@pytest.mark.parametrize("env_id", ["highway-fast-v0", "highway-v0", "merge-v0"])
def test_a_rendered_frame_and_an_observation_are_not_black(env_id):
    env = make_env(env_id, highway_config(), render_mode="rgb_array")
    obs, _ = env.reset(seed=0)
    assert env.render().mean() > 50
    assert obs[-1].mean() > 50
    assert not obs[:-1].any()  # the stack is filled one image a step, from the newest end
    obs, *_ = env.step(1)
    assert obs[-2:].mean() > 50


def test_the_dummy_video_driver_is_refused():
    code = (
        "from ppo_lib.envs import make_env\ntry: make_env('highway-fast-v0')\nexcept ValueError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"SDL_VIDEODRIVER": "dummy"}, capture_output=True, text=True
    )
    assert "SDL_VIDEODRIVER=dummy makes every image of highway-env black" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("backend", ["fast", "sync", "async"])
def test_a_vector_gives_the_episodes_of_single_environments(backend):
    config = highway_config(policy_frequency=2)
    envs = make_vector_env("highway-fast-v0", 2, backend, config)
    singles = [make_env("highway-fast-v0", config) for _ in range(2)]
    seen, _ = envs.reset(seed=5)
    alone = [env.reset(seed=5 + i)[0] for i, env in enumerate(singles)]
    for action in (3, 3, 3, 0, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3):
        np.testing.assert_array_equal(seen, np.stack(alone))
        seen, rewards, terminated, truncated, infos = envs.step(np.array([action, 4]))
        for i, env in enumerate(singles):
            obs, reward, *ends, info = env.step((action, 4)[i])
            assert (rewards[i], terminated[i], truncated[i]) == (reward, *ends)
            if any(ends):
                np.testing.assert_array_equal(infos["final_obs"][i], obs)
                assert infos["final_info"]["speed"][i] == info["speed"]
                obs, _ = env.reset()
            alone[i] = obs
    envs.close()


@pytest.mark.parametrize(
    ("env_id", "backend"),
    [("highway-fast-v0", "fast"), ("highway-v0", "fast"), ("merge-v0", "async"), ("CartPole-v1", "sync")],
)
def test_auto_is_the_fastest_backend_that_can(env_id, backend):
    assert EnvSpec(env_id).backend == backend


def test_what_the_fast_simulator_does_not_reproduce_is_refused_by_name():
    with pytest.raises(UsageError, match=r"controlled_vehicles.*highway-fast-v0.*sync"):
        make_vector_env("highway-fast-v0", 2, "fast", {"controlled_vehicles": 2})
    with pytest.raises(UsageError, match="a wrapper needs single environments"):
        make_vector_env("highway-fast-v0", 2, "fast", wrapper=lambda env: env)


def test_observations_that_are_no_box_are_flattened():
    assert make_env("FrozenLake-v1").observation_space.shape == (16,)
    assert make_env("Blackjack-v1").observation_space.shape == (32 + 11 + 2,)


def test_reward_components_add_up_to_the_reward():
    env = make_env("highway-fast-v0", highway_config("kinematics"))
    crashed = False
    for seed in range(4):
        env.reset(seed=seed)
        done = False
        while not done:
            _, reward, done, truncated, info = env.step(env.action_space.sample())
            parts = reward_components(info["rewards"], env.unwrapped.config)
            assert sum(parts.values()) == pytest.approx(reward, abs=1e-12)
            assert (parts["collision"] < 0) == info["crashed"]
            crashed |= info["crashed"]
            done |= truncated
    assert crashed


def test_workers_leave_ctrl_c_to_the_learner():
    envs = make_vector_env("CartPole-v1", 2, "async")
    envs.reset(seed=0)
    for process in envs.unwrapped.processes:
        os.kill(process.pid, 2)
    envs.step(np.zeros(2, int))
    envs.close()
