"""One class per kind of action: its space, its part of the configuration, and what it tells the compiled code.

Each has a `space`, `rules` (its part of `state.RULES`), the `target_speeds` (m/s) that the ego vehicle can aim for,
`check(actions)`, `commands(actions)`, which gives the meta-actions (N,) and the controls (N, 2) of `batch.step_batch`,
of which one is empty, and `arbitrary(generators)`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from ppo_lib.fast_highway import arguments, state
from ppo_lib.fast_highway.checks import Refusal
from ppo_lib.fast_highway.configuration import FASTEST_TARGET, MOST_TARGETS

META_ACTIONS = {  # (longitudinal, lateral) -> what each action of the space means
    (True, True): (state.LANE_LEFT, state.IDLE, state.LANE_RIGHT, state.FASTER, state.SLOWER),
    (True, False): (state.SLOWER, state.IDLE, state.FASTER),
    (False, True): (state.LANE_LEFT, state.IDLE, state.LANE_RIGHT),
}
NO_META_ACTIONS, NO_CONTROLS = np.zeros(0, np.int64), np.zeros((0, 2))
STRONGEST = 1000.0  # bound of an acceleration [m/s²] or a speed [m/s]
WIDEST_ANGLE = 1000.0  # bound of a steering angle [rad]


def _axes(refuse: Refusal, options: Mapping[str, Any]) -> tuple[bool, bool]:
    """Whether the actions are longitudinal, and whether they are lateral."""
    longitudinal, lateral = (refuse.flag(key, options.get(key, True)) for key in ("longitudinal", "lateral"))
    refuse.unless(longitudinal or lateral, "action", options, "longitudinal or lateral actions")
    return longitudinal, lateral


class MetaActions:
    """Another lane or another speed to aim for: ``DiscreteMetaAction`` (envs/common/action.py)."""

    KEYS = ("longitudinal", "lateral", "target_speeds")

    def __init__(self, refuse: Refusal, options: Mapping[str, Any]) -> None:
        self.meanings = np.array(META_ACTIONS[_axes(refuse, options)])
        self.space = spaces.Discrete(len(self.meanings))
        self.rules = {"continuous": False, "slowest": -state.MAX_SPEED, "fastest": state.MAX_SPEED}
        given = options.get("target_speeds")
        if given is None:
            self.target_speeds = np.linspace(20, 30, 3)
            return
        speeds = refuse.numbers("target_speeds", given, range(2, MOST_TARGETS + 1), -FASTEST_TARGET, FASTEST_TARGET)
        refuse.unless(speeds[0] != speeds[-1], "target_speeds", given, "the first and the last speed to differ")
        self.target_speeds = np.array(speeds)

    def check(self, actions: Sequence[int] | np.ndarray, num_envs: int) -> np.ndarray:
        """The actions (N,) as an array, if they are numbers of actions."""
        return arguments.check_meta_actions(actions, num_envs, len(self.meanings))

    def commands(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the actions (N,) mean, and no controls."""
        return self.meanings[actions], NO_CONTROLS

    def arbitrary(self, generators: np.ndarray) -> np.ndarray:
        """(N,) int64 stand-ins for the unseeded random actions that highway-env puts into the info of a reset."""
        return (generators[:, state.STATE_LOW] % np.uint64(len(self.meanings))).astype(np.int64)


class ContinuousActions:
    """A hand at throttle and wheel: ``ContinuousAction`` (envs/common/action.py).

    The mapping from [-1, 1] to m/s² and rad is highway-env's own ``utils.lmap``, in the type of the actions: those of
    type float32 are rounded to float32 after every operation.
    """

    KEYS = (
        "longitudinal", "lateral", "acceleration_range", "steering_range", "speed_range", "clip", "dynamical",
    )  # fmt: skip

    def __init__(self, refuse: Refusal, options: Mapping[str, Any]) -> None:
        dynamical = refuse.flag("dynamical", options.get("dynamical", False))
        refuse.unless(not dynamical, "dynamical", options.get("dynamical"), "False, the kinematic model")
        longitudinal, lateral = _axes(refuse, options)
        throttle = _range(refuse, options, "acceleration_range", STRONGEST) or (-5, 5.0)
        steering = _range(refuse, options, "steering_range", WIDEST_ANGLE) or (-math.pi / 4, math.pi / 4)
        self.axes = [(state.THROTTLE, throttle)] * longitudinal + [(state.STEERING, steering)] * lateral
        self.clip = refuse.flag("clip", options.get("clip", True))
        slowest, fastest = _range(refuse, options, "speed_range", STRONGEST) or (-state.MAX_SPEED, state.MAX_SPEED)
        self.rules = {"continuous": True, "slowest": slowest, "fastest": fastest}
        self.target_speeds = np.zeros(0)
        self.space = spaces.Box(-1.0, 1.0, shape=(len(self.axes),), dtype=np.float32)

    def check(self, actions: Sequence | np.ndarray, num_envs: int) -> np.ndarray:
        """The actions (N, axes) as an array, if they are numbers."""
        return arguments.check_controls(actions, num_envs, len(self.axes), self.clip)

    def commands(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """No meta-actions, and throttle and steering (N, 2) float64; 0 on an axis that is not controlled."""
        actions = np.clip(actions, -1, 1) if self.clip else actions
        controls = np.zeros((len(actions), 2))
        for k, (axis, (low, high)) in enumerate(self.axes):
            controls[:, axis] = low + (actions[:, k] - -1) * (high - low) / (1 - -1)
        return NO_META_ACTIONS, controls

    def arbitrary(self, generators: np.ndarray) -> np.ndarray:
        """(N, axes) float32 stand-ins for the unseeded random actions that highway-env puts into a reset's info."""
        words = (generators[:, state.STATE_LOW, None] >> np.array([0, 16], np.uint64)) % np.uint64(2**16)
        return (words[:, : len(self.axes)] / 2**15 - 1).astype(np.float32)


def _range(refuse: Refusal, options: Mapping[str, Any], key: str, most: float) -> tuple[float, float] | None:
    """The pair of numbers under `key` as it was given, None where there is none.

    Numbers of numpy's are refused: with them highway-env would round elsewhere.
    """
    given = options.get(key)
    if given is None:
        return None
    refuse.numbers(key, given, 2, -most, most)
    plain = isinstance(given, (list, tuple)) and all(type(number) in (int, float) for number in given)
    refuse.unless(plain, key, given, "a list or tuple of two of Python's own numbers")
    return tuple(given)


KINDS = {"DiscreteMetaAction": MetaActions, "ContinuousAction": ContinuousActions}


def build_actions(env_id: str, config: dict[str, Any]) -> MetaActions | ContinuousActions:
    """The kind of actions that ``config["action"]`` asks for.

    Raises:
        ValueError: a kind of action, a key or a value that is not reproduced exactly.
    """
    refuse = Refusal(env_id)
    options = refuse.mapping("action", config["action"])
    kind = options.get("type")
    known = isinstance(kind, str) and kind in KINDS
    refuse.unless(known, "action", options, f"one of the types {', '.join(KINDS)}")
    for key, value in options.items():
        refuse.unless(key == "type" or key in KINDS[kind].KEYS, f"action.{key}", value, f"keys of {kind}")
    return KINDS[kind](refuse, options)
