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

from ppo_lib.fast_highway import FastHighwayVectorEnv, configuration, register, select_state

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


# ---------------------------------------------------------------- saved states


@pytest.mark.parametrize("mode", [AutoresetMode.SAME_STEP, AutoresetMode.NEXT_STEP])
@pytest.mark.parametrize("config", KINDS)
def test_going_on_from_a_saved_state_is_going_on(config, mode, tmp_path):
    config = {**config, "duration": 3}
    envs = FastHighwayVectorEnv(3, config=config, autoreset_mode=mode)
    envs.reset(seed=3)
    ended = drive(envs, 3)[-1][3]
    assert ended.any()  # NEXT_STEP: some are about to be reset
    np.savez(tmp_path / "state.npz", **envs.get_state())
    present = envs.observe()
    expected = drive(envs, 20)

    other = FastHighwayVectorEnv(3, config=config, autoreset_mode=mode)
    with np.load(tmp_path / "state.npz", allow_pickle=False) as state:
        other.set_state(dict(state))
    assert_same(other.observe(), present)
    assert_equal_drives(drive(other, 20), expected)
    assert_same(other.get_state(), envs.get_state())


def test_states_are_copies():
    envs = FastHighwayVectorEnv(2, config={"observation": GRAY})
    envs.reset(seed=0)
    state = envs.get_state()
    before = copy.deepcopy(state)
    drive(envs, 3)
    assert_same(state, before)
    envs.set_state(state)
    for array in state.values():
        array[...] = 0
    assert_same(envs.get_state(), before)


@pytest.mark.parametrize("config", KINDS)
def test_one_environment_many_times(config):
    """For planning: 25 copies of environment 2 do what environment 2 does."""
    envs = FastHighwayVectorEnv(4, config=config)
    envs.reset(seed=5)
    drive(envs, 4)
    planner = FastHighwayVectorEnv(25, config=config)
    planner.set_state(select_state(envs.get_state(), [2] * 25))
    for action in (0, 3, 1, 4, 2, 1):
        found, expected = planner.step(np.full(25, action)), envs.step(np.full(4, action))
        for k in range(4):
            assert np.array_equal(found[k], np.repeat(expected[k][2:3], 25, axis=0))


def test_a_state_that_does_not_fit_is_refused():
    envs, more = FastHighwayVectorEnv(2), FastHighwayVectorEnv(3)
    envs.reset(seed=0)
    state = envs.get_state()
    with pytest.raises(ValueError, match="select_state"):
        more.set_state(state)
    with pytest.raises(ValueError, match=r"state\['x'\]"):
        envs.set_state({**state, "x": state["x"].astype(np.float32)})
    with pytest.raises(ValueError, match=r"missing \['time'\], unknown \['clock'\]"):
        envs.set_state({"clock" if name == "time" else name: array for name, array in state.items()})
    with pytest.raises(ValueError, match="flat list"):
        select_state(state, 1)


@pytest.mark.parametrize("config", KINDS)
def test_pickled_and_deep_copied_environments_go_on(config):
    envs = FastHighwayVectorEnv(3, config=config)
    envs.reset(seed=0)
    drive(envs, 5)
    copies = [copy.deepcopy(envs), pickle.loads(pickle.dumps(envs))]
    expected = drive(envs, 5)
    for other in copies:
        assert_equal_drives(drive(other, 5), expected)


def test_a_road_fits_into_four_kilobytes():
    for env_id, config in (("highway-fast-v0", {}), ("highway-v0", {})):
        envs = FastHighwayVectorEnv(8, env_id, config)
        envs.reset(seed=0)
        assert sum(array.nbytes for array in envs.get_state().values()) <= 4096 * 8
