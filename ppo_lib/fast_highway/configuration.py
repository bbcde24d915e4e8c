"""highway-env's configuration dictionary: its defaults, and what of it is reproduced exactly.

The dictionary is highway-env's own and is merged as highway-env merges it (``AbstractEnv.configure``: a shallow
``update``, so that "observation" and "action" replace the default as a whole). A key, or a value, that would not give
the very same episodes is refused by name.
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ppo_lib.fast_highway import numpy_math, state

_COMMON = {
    "observation": {"type": "Kinematics"},
    "action": {"type": "DiscreteMetaAction"},
    "simulation_frequency": 15,
    "policy_frequency": 1,
    "other_vehicles_type": "highway_env.vehicle.behavior.IDMVehicle",
    "screen_width": 600,
    "screen_height": 150,
    "centering_position": [0.3, 0.5],
    "scaling": 5.5,
    "show_trajectories": False,
    "render_agent": True,
    "offscreen_rendering": True,
    "manual_control": False,
    "real_time_rendering": False,
    "neighbour_vehicles_connected_lanes": False,
    "lanes_count": 4,
    "vehicles_count": 50,
    "controlled_vehicles": 1,
    "initial_lane_id": None,
    "duration": 40,
    "ego_spacing": 2,
    "vehicles_density": 1,
    "collision_reward": -1,
    "right_lane_reward": 0.1,
    "high_speed_reward": 0.4,
    "lane_change_reward": 0,
    "reward_speed_range": [20, 30],
    "normalize_reward": True,
    "offroad_terminal": False,
}
DEFAULTS = {
    "highway-v0": _COMMON,
    "highway-fast-v0": {
        **_COMMON,
        "simulation_frequency": 5,
        "lanes_count": 3,
        "vehicles_count": 20,
        "duration": 30,
        "ego_spacing": 1.5,
    },
}
# Without any effect on an episode that nobody watches, hence accepted whatever they say: screen_width, screen_height,
# render_agent, offscreen_rendering, real_time_rendering, lane_change_reward, neighbour_vehicles_connected_lanes.
MOST_LANES = 100


class Refusal:
    """Raises the one error for whatever is not reproduced, naming the key, the environment and who can."""

    def __init__(self, env_id: str) -> None:
        self.env_id = env_id

    def unless(self, condition: bool, key: str, value: Any, allowed: str) -> None:
        """Raise a ValueError unless `condition` holds; `allowed` says what would be accepted."""
        if not condition:
            raise ValueError(
                f"the fast backend cannot reproduce {key}={value!r} of {self.env_id} exactly (it needs {allowed}); "
                f'use backend="sync" or backend="async", which run highway-env itself'
            )


def merge(env_id: str, config: dict[str, Any] | None) -> dict[str, Any]:
    """The full configuration that highway-env would end up with, after checking that all of it is reproduced.

    Raises:
        ValueError: unknown environment, key or value.
    """
    refuse = Refusal(env_id)
    if env_id not in DEFAULTS:
        raise ValueError(
            f"the fast backend simulates {' and '.join(sorted(DEFAULTS))}, not {env_id!r}; "
            f'use backend="sync" or backend="async"'
        )
    for key, value in (config or {}).items():
        known = key in DEFAULTS[env_id] or key == "on_road_reward"
        refuse.unless(known, key, value, "a key of highway-env's configuration")
    merged = {**DEFAULTS[env_id], **(config or {})}
    if merged["offscreen_rendering"] is None:
        merged["offscreen_rendering"] = True
    _check_numbers(refuse, merged)
    _check_switches(refuse, merged)
    return merged


def is_number(value: Any) -> bool:
    """A finite number, and no truth value."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and math.isfinite(value)


def is_integer(value: Any) -> bool:
    """A whole number, and no truth value."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def _check_numbers(refuse: Refusal, config: dict[str, Any]) -> None:
    for key in ("simulation_frequency", "policy_frequency", "vehicles_density"):
        refuse.unless(is_number(config[key]) and config[key] > 0, key, config[key], "a positive number")
    weights = (f"{name}" for name in state.REWARD_TERMS if name in config)
    for key in ("duration", "ego_spacing", "scaling", *weights):
        refuse.unless(is_number(config[key]), key, config[key], "a finite number")
    lanes, lane = config["lanes_count"], config["initial_lane_id"]
    in_range = is_integer(lanes) and 1 <= lanes <= MOST_LANES
    refuse.unless(in_range, "lanes_count", lanes, f"an integer from 1 to {MOST_LANES}")
    count = config["vehicles_count"]
    refuse.unless(is_integer(count) and count >= 0, "vehicles_count", count, "an integer from 0 up")
    in_range = lane is None or (is_integer(lane) and -lanes <= lane < lanes)
    refuse.unless(in_range, "initial_lane_id", lane, f"None or one of the {lanes} lanes")
    speeds = config["reward_speed_range"]
    pair = len(speeds) == 2 and all(map(is_number, speeds)) and speeds[0] != speeds[1]
    refuse.unless(pair, "reward_speed_range", speeds, "two different speeds")
    if config["normalize_reward"]:
        best = config["high_speed_reward"] + config["right_lane_reward"]
        apart = best != config["collision_reward"]
        refuse.unless(apart, "collision_reward", config["collision_reward"], "another value than the best reward")


def _check_switches(refuse: Refusal, config: dict[str, Any]) -> None:
    fixed = {
        "controlled_vehicles": 1,
        "other_vehicles_type": "highway_env.vehicle.behavior.IDMVehicle",
        "show_trajectories": False,
        "manual_control": False,
    }
    for key, only in fixed.items():
        refuse.unless(config[key] == only, key, config[key], repr(only))


def build_rules(env_id: str, config: dict[str, Any]) -> np.ndarray:
    """(1,) record array of the numbers that the kernels need, always of the same types (`state.RULES`)."""
    rules = np.zeros(1, state.RULES)
    rule = rules[0]
    lanes, lane = config["lanes_count"], config["initial_lane_id"]
    rule["lanes_count"] = lanes
    rule["frames"] = int(config["simulation_frequency"] // config["policy_frequency"])
    rule["dt"] = 1 / config["simulation_frequency"]
    rule["time_step"] = 1 / config["policy_frequency"]
    rule["duration"] = config["duration"]
    rule["all_collide"] = env_id == "highway-v0"
    rule["initial_lane"] = state.ANY_LANE if lane is None else lane % lanes
    rule["ego_spacing"] = config["ego_spacing"]
    rule["other_spacing"] = 1 / config["vehicles_density"]
    rule["crowding"] = np.exp(-5 / 40 * lanes)
    rule["weights"] = [config.get(name, 0) for name in state.REWARD_TERMS]
    rule["slow"], rule["fast"] = config["reward_speed_range"]
    rule["normalize"] = bool(config["normalize_reward"])
    rule["worst"] = config["collision_reward"]
    rule["best"] = config["high_speed_reward"] + config["right_lane_reward"]
    rule["offroad_terminal"] = bool(config["offroad_terminal"])
    rule["dot_rounding"], rule["matrix_rounding"] = numpy_math.detect_rounding()
    rule["loops"] = [numpy_math.loop_address(name) for name in (*numpy_math.UNARY, *numpy_math.BINARY)]
    return rules


META_ACTIONS = {  # (longitudinal, lateral) -> what each action of the space means
    (True, True): (state.LANE_LEFT, state.IDLE, state.LANE_RIGHT, state.FASTER, state.SLOWER),
    (True, False): (state.SLOWER, state.IDLE, state.FASTER),
    (False, True): (state.LANE_LEFT, state.IDLE, state.LANE_RIGHT),
}


def build_actions(env_id: str, config: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """What each action means (actions,) int64, and the speeds (m/s) that the ego vehicle can aim for.

    Raises:
        ValueError: a kind of action, a key or a value that is not reproduced exactly.
    """
    refuse = Refusal(env_id)
    options = config["action"]
    kind = options.get("type") if isinstance(options, Mapping) else None
    refuse.unless(kind == "DiscreteMetaAction", "action", options, "the type DiscreteMetaAction")
    for key, value in options.items():
        known = key in ("type", "longitudinal", "lateral", "target_speeds")
        refuse.unless(known, f"action.{key}", value, "keys of DiscreteMetaAction")
    meaning = META_ACTIONS.get((bool(options.get("longitudinal", True)), bool(options.get("lateral", True))))
    refuse.unless(meaning is not None, "action", options, "longitudinal or lateral actions")
    given = options.get("target_speeds")
    speeds = np.linspace(20, 30, 3) if given is None else np.array(given, np.float64)
    usable = speeds.ndim == 1 and len(speeds) > 1 and np.isfinite(speeds).all() and speeds[0] != speeds[-1]
    refuse.unless(bool(usable), "target_speeds", given, "at least two speeds, the first and last different")
    return np.array(meaning), speeds
