"""highway-env's configuration dictionary: its defaults, and what of it is reproduced exactly.

The dictionary is highway-env's own and is merged as highway-env merges it (``AbstractEnv.configure``: a shallow
``update``, so that "observation" and "action" replace the default as a whole). A key, or a value, that would not give
the very same episodes is refused by name, and so are values of a wrong type or an absurd size. A number of numpy's
counts as the Python number of the same value.
"""

from typing import Any

import numpy as np

from ppo_lib.fast_highway import numpy_math, state
from ppo_lib.fast_highway.checks import Refusal, describe, is_integer

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

# What is accepted at most. Far beyond any sensible road, yet small enough that nothing overflows: neither the memory
# nor the numbers, which stay finite as long as a frame lasts no longer than a second.
MOST_LANES, MOST_VEHICLES = 100, 1000
SIMULATION_FREQUENCY = (1.0, 1000.0)  # [Hz]
POLICY_FREQUENCY = (1e-3, 1000.0)  # [Hz]
LONGEST_DURATION = 1e6  # [s]
DENSITY, SPACING = (1e-3, 1e3), (0.0, 1e3)
FASTEST_TARGET, MOST_TARGETS = 1000.0, 1000  # [m/s], in either direction
HIGHEST_REWARD = 1e6  # of a term, in either direction
SCALING = (0.01, 200.0)  # [px/m]


def merge(env_id: str, config: dict[str, Any] | None) -> dict[str, Any]:
    """The full configuration that highway-env would end up with, after checking that all of it is reproduced.

    Raises:
        ValueError: unknown environment, key or value.
    """
    if not isinstance(env_id, str) or env_id not in DEFAULTS:
        raise ValueError(
            f"the fast backend simulates {' and '.join(sorted(DEFAULTS))}, not {describe(env_id)}; "
            f'use backend="sync" or backend="async"'
        )
    refuse = Refusal(env_id)
    given = {} if config is None else refuse.mapping("config", config)
    for key, value in given.items():
        known = key in DEFAULTS[env_id] or key == "on_road_reward"
        refuse.unless(known, key, value, "a key of highway-env's configuration")
    merged = {**DEFAULTS[env_id], **given}
    merged = {key: value.item() if isinstance(value, np.generic) else value for key, value in merged.items()}
    if merged["offscreen_rendering"] is None:
        merged["offscreen_rendering"] = True
    _check_road(refuse, merged)
    _check_rewards(refuse, merged)
    _check_switches(refuse, merged)
    return merged


def _check_road(refuse: Refusal, config: dict[str, Any]) -> None:
    refuse.number("simulation_frequency", config["simulation_frequency"], *SIMULATION_FREQUENCY)
    refuse.number("policy_frequency", config["policy_frequency"], *POLICY_FREQUENCY)
    refuse.number("duration", config["duration"], 0.0, LONGEST_DURATION)
    refuse.number("vehicles_density", config["vehicles_density"], *DENSITY)
    refuse.number("ego_spacing", config["ego_spacing"], *SPACING)
    refuse.integer("vehicles_count", config["vehicles_count"], 0, MOST_VEHICLES)
    lanes = refuse.integer("lanes_count", config["lanes_count"], 1, MOST_LANES)
    lane = config["initial_lane_id"]
    in_range = lane is None or (is_integer(lane) and -lanes <= lane < lanes)
    refuse.unless(in_range, "initial_lane_id", lane, f"None or one of the {lanes} lanes")


def _check_rewards(refuse: Refusal, config: dict[str, Any]) -> None:
    for name in state.REWARD_TERMS:
        refuse.number(name, config.get(name, 0), -HIGHEST_REWARD, HIGHEST_REWARD)
    slow, fast = refuse.numbers("reward_speed_range", config["reward_speed_range"], 2, -FASTEST_TARGET, FASTEST_TARGET)
    refuse.unless(slow != fast, "reward_speed_range", config["reward_speed_range"], "two different speeds")
    if refuse.flag("normalize_reward", config["normalize_reward"]):
        best = config["high_speed_reward"] + config["right_lane_reward"]
        apart = best != config["collision_reward"]
        refuse.unless(apart, "collision_reward", config["collision_reward"], "another value than the best reward")
    refuse.flag("offroad_terminal", config["offroad_terminal"])


def _check_switches(refuse: Refusal, config: dict[str, Any]) -> None:
    fixed = {
        "controlled_vehicles": 1,
        "other_vehicles_type": "highway_env.vehicle.behavior.IDMVehicle",
        "show_trajectories": False,
        "manual_control": False,
    }
    for key, only in fixed.items():
        plain = isinstance(config[key], (bool, int, float, str, np.generic))
        refuse.unless(plain and bool(config[key] == only), key, config[key], repr(only))


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
    rule["loops"] = numpy_math.loop_addresses()
    return rules
