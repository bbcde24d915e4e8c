"""Saved states go on bit by bit, and no array, whatever is in it, makes the compiled code go astray."""

import copy
import multiprocessing
import pickle

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from highway_oracle import GRAY, assert_same
from test_vector_env import KINDS, assert_equal_drives, drive

from ppo_lib.fast_highway import FastHighwayVectorEnv, select_state
from ppo_lib.fast_highway.state import HAS_SPARE, INCREMENT_LOW, SPARE

NAN, INF = np.nan, np.inf


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
    with pytest.raises(ValueError, match="must be a numpy array"):
        envs.set_state({**state, "x": state["x"].tolist()})
    with pytest.raises(ValueError, match="a dictionary of arrays"):
        envs.set_state(list(state))
    with pytest.raises(ValueError, match=r"unknown \['7'\]"):
        envs.set_state({**state, 7: state["x"]})
    with pytest.raises(ValueError, match="flat list"):
        select_state(state, 1)


IMPOSSIBLE = [
    *[(name, NAN) for name in ("x", "y", "heading", "speed", "target_speed", "timer", "time", "delta")],
    *[
        (name, INF)
        for name in ("x", "y", "heading", "speed", "target_speed", "timer", "time", "delta", "push_x", "push_y")
    ],
    *[(name, -1e11) for name in ("x", "y", "heading", "speed", "target_speed", "timer", "time", "delta", "push_x")],
    *[(name, value) for name in ("lane", "target_lane") for value in (-1, 3, 127)],
    *[("crashed", value) for value in (-1, 2)],
    ("delta", 11.0),
    ("seeded", False),
    ("pending", True),
]


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_impossible_values_are_refused_by_name(name, value):
    envs = FastHighwayVectorEnv(3)
    envs.reset(seed=0)
    state = envs.get_state()
    if name.startswith("push"):
        state["push_x"][...] = state["push_y"][...] = 0.0
    bad = {**state, name: state[name].copy()}
    bad[name][1, ...] = value
    before = envs.get_state()
    with pytest.raises(ValueError, match=rf"state\['{name}'\] must hold"):
        envs.set_state(bad)
    assert_same(envs.get_state(), before)


def test_half_a_push_is_refused():
    """A push is NaN where there is none: then both coordinates are."""
    envs = FastHighwayVectorEnv(3)
    envs.reset(seed=0)
    state = envs.get_state()
    assert np.isnan(state["push_x"]).all()
    for name, other in (("push_x", "push_y"), ("push_y", "push_x")):
        with pytest.raises(ValueError, match=f"NaN exactly where {other} does|NaN exactly where {name} does"):
            envs.set_state({**state, name: np.zeros_like(state[name])})
    envs.set_state({**state, "push_x": np.ones_like(state["x"]), "push_y": np.zeros_like(state["x"])})
    envs.step([1, 1, 1])
    assert np.isfinite(envs.get_state()["x"]).all()


@pytest.mark.parametrize(("column", "value"), [(INCREMENT_LOW, 0), (INCREMENT_LOW, 6), (HAS_SPARE, 2), (SPARE, 2**32)])
def test_generators_that_would_draw_for_ever_are_refused(column, value):
    envs = FastHighwayVectorEnv(3)
    envs.reset(seed=0)
    state = envs.get_state()
    state["generator"][2, column] = value
    with pytest.raises(ValueError, match=r"state\['generator'\]"):
        envs.set_state(state)


def corrupt(rng, array):
    """Overwrite some of an array with values that are chosen to hurt."""
    extremes = {
        "f": [0.0, -0.0, NAN, INF, -INF, 1e300, 5e-324, 1e10, -1e10, 9.9e9, 1e5, -40.0, 9999.99, 10005.0, -5.0, np.pi],
        "i": [-128, -1, 0, 1, 2, 3, 127],
        "u": [0, 1, 2, 2**8 - 1] if array.dtype == np.uint8 else [0, 1, 2, 2**32 - 1, 2**32, 2**63, 2**64 - 1],
        "b": [False, True],
    }[array.dtype.kind]
    chosen = rng.random(array.shape) < rng.choice([0.05, 0.5, 1.0])
    with np.errstate(over="ignore"):
        values = np.array(extremes[:1] if rng.random() < 0.2 else extremes).astype(array.dtype)
    array[chosen] = rng.choice(values, size=chosen.sum())
    if array.dtype.kind == "f" and rng.random() < 0.5:  # nothing that would be refused
        array[...] = np.clip(np.nan_to_num(array), -1e10, 1e10)


def step_from_corrupted_states(seed, attempts):
    rng = np.random.default_rng(seed)
    grid = {"type": "OccupancyGrid", "align_to_vehicle_axes": True, "features_range": {"x": [0, 1e-6]}}
    configs = [*KINDS, {"observation": grid, "lanes_count": 5}, {"simulation_frequency": 1, "policy_frequency": 0.5}]
    batches = [FastHighwayVectorEnv(2, f"highway{kind}-v0", config) for config in configs for kind in ("", "-fast")]
    states = []
    for envs in batches:
        envs.reset(seed=seed)
        envs.step([3, 1])
        states.append(envs.get_state())
    accepted = 0
    for _ in range(attempts):
        k = rng.integers(len(batches))
        envs, bad = batches[k], copy.deepcopy(states[k])
        for name in rng.choice(sorted(bad), size=rng.integers(1, 4), replace=False):
            corrupt(rng, bad[name])
        try:
            envs.set_state(bad)
        except ValueError as error:
            assert str(error).startswith("state[")  # noqa: PT017
            continue
        accepted += 1
        for _ in range(3):
            envs.step(rng.integers(5, size=2))
        assert np.isfinite(envs.get_state()["x"]).all()
    assert accepted > attempts / 20


@pytest.mark.parametrize("attempts", [300, pytest.param(3000, marks=pytest.mark.slow)])
def test_no_state_makes_the_compiled_code_go_astray(attempts):
    """In a process of its own, so that a crash or an endless loop would be seen."""
    process = multiprocessing.get_context("spawn").Process(
        target=step_from_corrupted_states, args=(attempts, attempts)
    )
    process.start()
    process.join(300)
    process.kill()
    process.join()
    assert process.exitcode == 0


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
