"""Gymnasium's interface: spaces, infos, registration, saved states, arrays that are safe to keep."""

import copy
import pickle

import gymnasium
import highway_env
import numpy as np
import pytest
from gymnasium.utils import env_checker
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from highway_oracle import GRAY, assert_same, assert_same_drive

from ppo_lib.fast_highway import FastHighwayVectorEnv, configuration, register

KINDS = [{}, {"observation": GRAY}, {"observation": {"type": "OccupancyGrid"}}]


def drive(envs, steps, seed=0):
    """Random actions; everything that came back, in copies."""
    rng = np.random.default_rng(seed)
    return [copy.deepcopy(envs.step(rng.integers(5, size=envs.num_envs))) for _ in range(steps)]


def assert_equal_drives(one, other):
    for a, b in zip(one, other, strict=True):
        for part, expected in zip(a, b, strict=True):
            assert_same(part, expected)


@pytest.mark.parametrize("env_id", ["highway-fast-v0", "highway-v0"])
def test_defaults_are_highway_envs(env_id):
    original = gymnasium.make(env_id).unwrapped.config
    assert configuration.merge(env_id, None) == original


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
def test_infos_have_the_structure_of_sync_vector_env(mode):
    config = {"duration": 3, "vehicles_density": 2}
    assert assert_same_drive(config=config, steps=15, num_envs=4, mode=mode) > 8


def test_final_observation_is_the_last_one_of_its_episode():
    envs = FastHighwayVectorEnv(3, config={"observation": GRAY, "duration": 2, "vehicles_count": 0})
    envs.reset(seed=0)
    before = envs.step([1, 1, 1])[0]
    obs, _, _, truncated, infos = envs.step([1, 1, 1])
    assert truncated.all()
    for i in range(3):
        assert np.array_equal(infos["final_obs"][i][:3], before[i, 1:])
        assert (obs[i, :3] == 0).all()


def test_make_vec_finds_it():
    register()
    envs = gymnasium.make_vec(
        "highway-fast-v0", num_envs=3, vectorization_mode="vector_entry_point", config={"duration": 9}
    )
    assert isinstance(envs, FastHighwayVectorEnv)
    assert envs.config["duration"] == 9
    assert envs.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    assert gymnasium.make_vec("highway-v0", num_envs=2).unwrapped.env_id == "highway-v0"
    assert isinstance(gymnasium.make_vec("highway-v0", num_envs=2, vectorization_mode="sync"), SyncVectorEnv)
    assert isinstance(gymnasium.make("highway-fast-v0").unwrapped, highway_env.envs.highway_env.HighwayEnvFast)


def test_a_configuration_may_be_changed_afterwards():
    config = {"observation": {"type": "Kinematics", "vehicles_count": 3}, "duration": 9}
    envs = FastHighwayVectorEnv(2, config=config)
    envs.reset(seed=0)
    config["duration"] = config["observation"]["vehicles_count"] = 7
    assert pickle.loads(pickle.dumps(envs)).config == envs.config
    assert (envs.config["duration"], envs.config["observation"]["vehicles_count"]) == (9, 3)


@pytest.mark.filterwarnings("error")
def test_gymnasiums_checks_that_apply_to_vector_environments():
    single = FastHighwayVectorEnv(1, config={"observation": GRAY})  # it asks for the truth of `terminated`
    env_checker.check_returned_data_not_reused(single)
    envs = FastHighwayVectorEnv(4, config={"observation": GRAY})
    env_checker.check_reset_seed_determinism(envs)
    env_checker.check_reset_options(envs)
    env_checker.check_reset_return_type(envs)
    env_checker.check_reset_return_info_deprecation(envs)
    env_checker.check_seed_deprecation(envs)
    obs, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
    assert obs in envs.observation_space
    assert obs[0] in envs.single_observation_space
    assert rewards.shape == terminated.shape == truncated.shape == (4,)
    assert (rewards.dtype, terminated.dtype, truncated.dtype) == (np.float64, np.bool_, np.bool_)


# ---------------------------------------------------------------- arrays


@pytest.mark.parametrize("config", KINDS)
def test_whoever_keeps_an_observation_keeps_it(config):
    envs = FastHighwayVectorEnv(4, config=config)
    kept = [envs.reset(seed=0)[0]]
    copies = [kept[0].copy()]
    for t in range(12):
        kept.append(envs.step([t % 5, 1, 3, 4])[0])
        copies.append(kept[-1].copy())
    for array, expected in zip(kept, copies, strict=True):
        assert np.array_equal(array, expected)


@pytest.mark.parametrize("config", KINDS)
def test_observations_into_the_callers_array(config):
    one, other = FastHighwayVectorEnv(3, config=config), FastHighwayVectorEnv(3, config=config, copy=False)
    space = one.observation_space
    rollout = np.zeros((6, *space.shape), space.dtype)
    assert one.reset(seed=1, out=rollout[0])[0].ctypes.data == rollout[0].ctypes.data
    assert np.array_equal(other.reset(seed=1)[0], rollout[0])
    for t in range(1, 6):
        obs = one.step([t % 5, 3, 4], out=rollout[t])[0]
        assert obs.ctypes.data == rollout[t].ctypes.data
        assert np.array_equal(other.step([t % 5, 3, 4])[0], rollout[t])
    with pytest.raises(ValueError, match="C-contiguous array of shape"):
        one.step([1, 1, 1], out=np.zeros((3, 2), space.dtype))
    with pytest.raises(ValueError, match="C-contiguous array of shape"):
        one.step([1, 1, 1], out=np.zeros(space.shape, np.float64))
