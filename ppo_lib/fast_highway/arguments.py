"""Checks of what is given to `FastHighwayVectorEnv`: each returns a clean value or raises a ValueError in one line."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ppo_lib.fast_highway.checks import describe, is_integer

MOST_ENVS, MOST_VEHICLES_IN_ALL = 2**20, 2**28
LARGEST_CONTROL = 1e6  # of an action that is not clipped


def check_num_envs(num_envs: Any) -> int:
    """A number of environments that fits into some memory."""
    if not is_integer(num_envs) or not 1 <= num_envs <= MOST_ENVS:
        raise ValueError(f"num_envs must be a positive integer up to {MOST_ENVS}, not {describe(num_envs)}")
    return int(num_envs)


def check_batch_size(num_envs: int, num_vehicles: int) -> None:
    """Environments and vehicles that fit into some memory together."""
    if num_envs * num_vehicles > MOST_VEHICLES_IN_ALL:
        raise ValueError(
            f"num_envs={num_envs} with {num_vehicles} vehicles each are more than {MOST_VEHICLES_IN_ALL} in all"
        )


def check_num_threads(num_threads: Any) -> int | None:
    """A number of threads, or None."""
    if num_threads is not None and (not is_integer(num_threads) or num_threads < 1):
        raise ValueError(f"num_threads must be None or a positive integer, not {describe(num_threads)}")
    return num_threads


def check_seeds(seed: Any, num_envs: int) -> list[int | None]:
    """One seed (or None) for each environment: of an integer s, s + i for environment i."""
    if seed is None or is_integer(seed):
        seeds = [None if seed is None else int(seed) + i for i in range(num_envs)]
    elif isinstance(seed, (list, tuple, np.ndarray)) and np.ndim(seed) == 1:
        seeds = list(seed)
    else:
        raise ValueError(f"seed must be None, an integer or a list of them, not {describe(seed)}")
    if len(seeds) != num_envs:
        raise ValueError(f"got {len(seeds)} seeds for num_envs={num_envs}")
    for i, single_seed in enumerate(seeds):
        if single_seed is not None and (not is_integer(single_seed) or single_seed < 0):
            raise ValueError(
                f"the seed of environment {i} must be None or an integer from 0 up, not {describe(single_seed)}"
            )
    return [None if single_seed is None else int(single_seed) for single_seed in seeds]


def check_reset_mask(options: dict[str, Any] | None, num_envs: int) -> np.ndarray:
    """(N,) bool which environments are to be reset: ``options["reset_mask"]``, or all."""
    options = options or {}
    if "config" in options:
        raise ValueError("the configuration of the fast backend is fixed: make a new environment for another one")
    if "reset_mask" not in options:
        return np.ones(num_envs, np.bool_)
    mask = options["reset_mask"]
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (num_envs,):
        raise ValueError(f"options['reset_mask'] must be a boolean array of shape ({num_envs},), not {describe(mask)}")
    if not mask.any():
        raise ValueError("options['reset_mask'] must choose at least one environment")
    return mask.copy()


def check_meta_actions(actions: Sequence[int] | np.ndarray, num_envs: int, num_actions: int) -> np.ndarray:
    """(N,) integers from 0 to below `num_actions`, of the type they were given in."""
    given = np.asarray(actions)
    if given.shape != (num_envs,) or given.dtype.kind not in "iu":
        raise ValueError(
            f"actions must be {num_envs} integers, one per environment, "
            f"got an array of shape {given.shape} and type {given.dtype}"
        )
    outside = (given < 0) | (given >= num_actions)
    if outside.any():
        i = int(np.argmax(outside))
        raise ValueError(
            f"action {given[i]} of environment {i} is not one of the {num_actions} actions 0 to {num_actions - 1}"
        )
    return given


def check_controls(actions: Sequence | np.ndarray, num_envs: int, size: int, clipped: bool) -> np.ndarray:
    """(N, size) numbers, of the type they were given in, which decides how highway-env rounds them.

    Any that are `clipped` may be infinite; others must be of at most `LARGEST_CONTROL` in size.
    """
    given = np.asarray(actions)
    if given.shape != (num_envs, size) or given.dtype not in (np.float32, np.float64, np.int64):
        raise ValueError(
            f"actions must be an array of shape ({num_envs}, {size}), {size} number{'s' * (size > 1)} for each "
            f"environment, of type float32 or float64; got one of shape {given.shape} and type {given.dtype}"
        )
    wrong = np.isnan(given) if clipped else ~(np.abs(given) <= LARGEST_CONTROL)
    if wrong.any():
        i = int(np.argmax(wrong.any(axis=1)))
        allowed = "numbers from -1 to 1" if clipped else f"numbers of at most {LARGEST_CONTROL:g} in size"
        raise ValueError(f"the action {describe(given[i].tolist())} of environment {i} must consist of {allowed}")
    return given


def check_out(out: Any, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array that observations can be written into."""
    usable = isinstance(out, np.ndarray) and out.shape == shape and out.dtype == dtype
    if not usable or not out.flags.c_contiguous or not out.flags.writeable:
        raise ValueError(f"out must be a writable C-contiguous array of shape {shape} and type {dtype}")
    return out
