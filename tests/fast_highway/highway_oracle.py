"""The independent oracle of these tests: highway-env itself, stepped side by side with the simulator."""

import gymnasium
import highway_env
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from ppo_lib.fast_highway import FastHighwayVectorEnv

highway_env._register_highway_envs()

GRAY = {
    "type": "GrayscaleObservation",
    "observation_shape": (128, 64),
    "stack_size": 4,
    "weights": [0.2989, 0.5870, 0.1140],
    "scaling": 1.75,
}
POSE = ("x", "y", "heading", "speed")


def original(env_id, config, num_envs, mode=AutoresetMode.SAME_STEP):
    return SyncVectorEnv([lambda: gymnasium.make(env_id, config=config)] * num_envs, autoreset_mode=mode)


def vehicles_of(env):
    """What highway-env knows of all vehicles of one environment, under the names of `get_state`."""
    vehicles = env.unwrapped.road.vehicles
    columns = {
        "x": [v.position[0] for v in vehicles],
        "y": [v.position[1] for v in vehicles],
        "heading": [v.heading for v in vehicles],
        "speed": [v.speed for v in vehicles],
        "target_speed": [getattr(v, "target_speed", 0.0) for v in vehicles],
        "timer": [getattr(v, "timer", 0.0) for v in vehicles],
        "delta": [getattr(v, "DELTA", 0.0) for v in vehicles],
        "lane": [v.lane_index[2] for v in vehicles],
        "target_lane": [
            getattr(v, "target_lane_index", v.lane_index)[2] for v in vehicles
        ],  # a plain vehicle has none
        "crashed": [v.crashed for v in vehicles],
    }
    return {name: np.array(values, np.float64) for name, values in columns.items()}


def assert_same_vehicles(slow, fast):
    """Exactly equal, but for the pose of those that have crashed: 1e-9, for processors that turn a box differently."""
    state = fast.get_state()
    state["timer"][:, 0] = 0.0  # the ego vehicle has none
    for i, env in enumerate(slow.envs):
        expected = vehicles_of(env)
        crashed = expected["crashed"] == 1
        for name, values in expected.items():
            found = state[name][i].astype(np.float64)
            if name in POSE:
                np.testing.assert_allclose(found[crashed], values[crashed], rtol=0, atol=1e-9, err_msg=name)
                found, values = found[~crashed], values[~crashed]
            np.testing.assert_array_equal(found, values, err_msg=f"{name} in environment {i}")


def assert_same(found, expected, path="", arbitrary=None):
    """Equal in structure, type and value. Where `arbitrary` (N,) holds, an action in an info may be any."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), path
        for key, value in expected.items():
            assert_same(found[key], value, f"{path}/{key}", arbitrary)
        return
    assert isinstance(found, np.ndarray), path
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype), path
    if expected.dtype == object:
        for i, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert (one is None) == (other is None), path
            if other is not None:
                assert_same(one, other, f"{path}[{i}]")
    elif path == "infos/action" and arbitrary is not None:
        np.testing.assert_array_equal(found[~arbitrary], expected[~arbitrary], err_msg=path)
    else:
        np.testing.assert_array_equal(found, expected, err_msg=path)


def pick_actions(rng, num_envs, num_actions):
    """Environments differ in style: anything at all, mostly idle, or pushing on."""
    actions = rng.integers(num_actions, size=num_envs)
    calm = rng.integers(num_actions, size=num_envs)
    actions[1::3] = np.where(calm < 2, 1, calm)[1::3]
    actions[2::3] = np.where(calm < num_actions - 2, actions, min(3, num_actions - 1))[2::3]
    return actions


def assert_same_drive(
    env_id="highway-fast-v0",
    config=None,
    *,
    num_envs=3,
    steps=40,
    seed=0,
    mode=AutoresetMode.SAME_STEP,
    reset_again_at=(),
    always=None,
    choose=None,
):
    """Drive both, and compare everything after every step. Returns how many episodes have ended on the way.

    always: the one action to take, instead of random ones.
    choose: (rng, t, num_envs) to the actions of step t, instead of random meta-actions.
    """
    slow = original(env_id, config, num_envs, mode)
    fast = FastHighwayVectorEnv(num_envs, env_id, config, mode)
    assert fast.single_observation_space == slow.single_observation_space
    assert fast.single_action_space == slow.single_action_space
    everywhere = np.ones(num_envs, np.bool_)
    found, expected = fast.reset(seed=seed), slow.reset(seed=seed)
    rng, ended, restarted = np.random.default_rng(seed), 0, np.zeros(num_envs, np.bool_)
    for t in range(steps):
        assert_same_vehicles(slow, fast)
        if t in reset_again_at:  # no seed: the generators go on
            found, expected = fast.reset(), slow.reset()
            restarted[:] = False
            assert_same_vehicles(slow, fast)
        if len(found) == 2:
            assert_same(found[0], expected[0], "obs")
            assert_same(found[1], expected[1], "infos", everywhere)
        if choose is not None:
            actions = choose(rng, t, num_envs)
        else:
            actions = pick_actions(rng, num_envs, slow.single_action_space.n)
        if always is not None:
            actions[:] = always
        found, expected = fast.step(actions), slow.step(actions)
        done = expected[2] | expected[3]
        arbitrary = done if mode == AutoresetMode.SAME_STEP else restarted
        for name, one, other in zip(("obs", "reward", "terminated", "truncated"), found, expected, strict=False):
            assert_same(one, other, f"{name} at step {t}")
        assert_same(found[4], expected[4], "infos", arbitrary)
        ended, restarted = ended + done.sum(), done
    slow.close()
    fast.close()
    return ended
