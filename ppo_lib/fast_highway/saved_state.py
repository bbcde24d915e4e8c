"""Saving, restoring and multiplying states: a dictionary of plain numpy arrays, one row per environment."""

from collections.abc import Mapping, Sequence

import numpy as np

from ppo_lib.fast_highway.state import INCREMENT_LOW, SAVED_CAR, State


def to_arrays(state: State) -> dict[str, np.ndarray]:
    """Copies of everything in `state`, by name: (N, K) arrays of the vehicles, ego first, and a few of (N, ...)."""
    cars = {name: state.cars[name].copy() for name in SAVED_CAR.names}
    return cars | {"generator": state.generator.copy(), "time": state.time.copy()}


def from_arrays(state: State, arrays: Mapping[str, np.ndarray]) -> None:
    """Overwrite `state` with what `to_arrays` returned."""
    for name in SAVED_CAR.names:
        state.cars[name] = arrays[name]
    state.generator[:] = arrays["generator"]
    state.time[:] = arrays["time"]


def check_arrays(arrays: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    """Raise a ValueError, naming the entry, unless `arrays` has the names, shapes and types of `expected`."""
    missing, unknown = sorted(expected.keys() - arrays.keys()), sorted(arrays.keys() - expected.keys())
    if missing or unknown:
        raise ValueError(f"not a state of this environment: missing {missing}, unknown {unknown}")
    for name, example in expected.items():
        array = np.asarray(arrays[name])
        if array.shape != example.shape or array.dtype != example.dtype:
            raise ValueError(
                f"state[{name!r}] has shape {array.shape} and type {array.dtype}, but this environment needs "
                f"{example.shape} and {example.dtype}; select_state(state, indices) makes one of another num_envs, "
                f"and the configuration must be the one that the state was saved with"
            )


def check_values(arrays: Mapping[str, np.ndarray], lanes_count: int) -> None:
    """Raise a ValueError, naming the entry, for what compiled code would choke on: it trusts these values blindly."""
    for name in ("lane", "target_lane"):
        lanes = np.asarray(arrays[name])
        if ((lanes < 0) | (lanes >= lanes_count)).any():
            raise ValueError(f"state[{name!r}] names lanes that do not exist on a road of {lanes_count}")
    odd = (np.asarray(arrays["generator"])[:, INCREMENT_LOW] & np.uint64(1)).astype(np.bool_)
    if not odd[np.asarray(arrays["seeded"])].all():
        raise ValueError("state['generator'] is not a state of numpy's PCG64: its increment must be odd")


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
