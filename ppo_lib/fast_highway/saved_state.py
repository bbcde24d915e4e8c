"""Saving, restoring and multiplying states: a dictionary of plain numpy arrays, one row per environment."""

from collections.abc import Mapping, Sequence

import numpy as np
from gymnasium.vector import AutoresetMode

from ppo_lib.fast_highway.checks import describe
from ppo_lib.fast_highway.state import HAS_SPARE, INCREMENT_LOW, SAVED_CAR, SPARE, State

FARTHEST = 1e10  # m, m/s, s or rad; nothing that was simulated comes near, and pixels of it still fit into an int64
LARGEST_DELTA = 10.0  # of the Intelligent Driver Model's exponents; highway-env draws 3.5 to 4.5


def to_arrays(state: State, continuous: bool) -> dict[str, np.ndarray]:
    """Copies of everything in `state`, by name: (N, K) arrays of the vehicles, ego first, and a few of (N, ...).

    Only under continuous control the driver's "steering" is part of it.
    """
    cars = {name: state.cars[name].copy() for name in SAVED_CAR.names}
    by_hand = {"steering": state.steering.copy()} if continuous else {}
    return cars | {"generator": state.generator.copy(), "time": state.time.copy()} | by_hand


def from_arrays(state: State, arrays: Mapping[str, np.ndarray]) -> None:
    """Overwrite `state` with what `to_arrays` returned."""
    for name in SAVED_CAR.names:
        state.cars[name] = arrays[name]
    state.generator[:] = arrays["generator"]
    state.time[:] = arrays["time"]
    state.steering[:] = arrays.get("steering", 0.0)


def check_arrays(arrays: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    """Raise a ValueError, naming the entry, unless `arrays` has the names, shapes and types of `expected`."""
    if not isinstance(arrays, Mapping):
        raise ValueError(f"a state is a dictionary of arrays, not {describe(arrays)}")
    missing, unknown = (sorted(map(str, names)) for names in (expected.keys() - arrays, arrays.keys() - expected))
    if missing or unknown:
        raise ValueError(f"not a state of this environment: missing {missing}, unknown {unknown}")
    for name, example in expected.items():
        array = arrays[name]
        if not isinstance(array, np.ndarray):
            raise ValueError(f"state[{name!r}] must be a numpy array, not {describe(array)}")
        if array.shape != example.shape or array.dtype != example.dtype:
            raise ValueError(
                f"state[{name!r}] has shape {array.shape} and type {array.dtype}, but this environment needs "
                f"{example.shape} and {example.dtype}; select_state(state, indices) makes one of another num_envs, "
                f"and the configuration must be the one that the state was saved with"
            )


def check_values(arrays: Mapping[str, np.ndarray], lanes_count: int, autoreset_mode: AutoresetMode) -> None:
    """Raise a ValueError, naming the entry, for what compiled code would choke on: it trusts these values blindly."""

    def require(name: str, valid: np.ndarray, meaning: str) -> None:
        if not np.asarray(valid).all():
            raise ValueError(f"state[{name!r}] must hold {meaning}")

    for name in ("x", "y", "heading", "speed", "target_speed", "timer", "time", *arrays.keys() & {"steering"}):
        require(name, np.abs(arrays[name]) <= FARTHEST, f"finite numbers of at most {FARTHEST:g} in size")
    require("delta", (arrays["delta"] >= 0) & (arrays["delta"] <= LARGEST_DELTA), f"numbers from 0 to {LARGEST_DELTA}")
    for name, other in (("push_x", "push_y"), ("push_y", "push_x")):
        pushed = ~np.isnan(arrays[other])
        require(name, np.isnan(arrays[name]) != pushed, f"NaN exactly where {other} does")
        require(name, ~pushed | (np.abs(arrays[name]) <= FARTHEST), f"NaN or numbers of at most {FARTHEST:g} in size")
    for name in ("lane", "target_lane"):
        on_road = (arrays[name] >= 0) & (arrays[name] < lanes_count)
        require(name, on_road, f"lanes that exist on a road of {lanes_count}")
    require("crashed", (arrays["crashed"] == 0) | (arrays["crashed"] == 1), "0 or 1")
    generator = arrays["generator"]
    require(
        "generator", generator[:, INCREMENT_LOW] % np.uint64(2) == 1, "states of numpy's PCG64: increments are odd"
    )
    spare = (generator[:, HAS_SPARE] <= 1) & (generator[:, SPARE] < 2**32)
    require("generator", spare, "states of numpy's PCG64: 0 or 1 spare draws, of 32 bits")
    require("seeded", arrays["seeded"], "True: every environment has been reset")
    if autoreset_mode == AutoresetMode.SAME_STEP:
        require("pending", ~arrays["pending"], "False, because SAME_STEP leaves no reset for the next step")


def select_state(state: Mapping[str, np.ndarray], indices: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
    """The state of the environments `indices`, which may repeat, for a FastHighwayVectorEnv of ``len(indices)``.

    For example, 25 copies of environment 3, to try 25 plans from where it is::

        planner.set_state(select_state(envs.get_state(), [3] * 25))

    (All 25 share a random generator's state too: they spawn the same traffic after a reset.)
    """
    rows = np.asarray(indices, dtype=np.int64)
    if rows.ndim != 1:
        raise ValueError(f"indices must be a flat list of environment numbers, not of shape {rows.shape}")
    return {name: np.asarray(array)[rows] for name, array in state.items()}
