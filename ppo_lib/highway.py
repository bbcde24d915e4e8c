"""highway-env's configuration dictionary: made for the course, checked before highway-env stumbles over it."""

import difflib
import inspect
import math
import os
import sys
from collections.abc import Mapping
from numbers import Integral, Real

import gymnasium

from ppo_lib.errors import UsageError, shown

# Before pygame is first imported, which importing highway-env does: without a screen SDL complains on stderr, and its
# "dummy" driver draws every frame black, while "offscreen" is silent and right. And SDL would swallow the signal that
# ends a process, so that neither `kill` nor the end of the learner could stop a worker.
if sys.platform == "linux":
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")

import highway_env  # noqa: F401  (registers its environments with Gymnasium)
from highway_env.envs.common import observation as highway_observations

OBSERVATIONS = ("grayscale", "kinematics")
ACTIONS = {"meta": 1, "continuous": 5}  # the usual decisions per second with each, in Hz
REWARD_PARTS = ("right_lane", "high_speed", "collision")
LUMINANCE = [0.2989, 0.5870, 0.1140]  # weights of red, green and blue in a grey value (ITU-R BT.601)
# The largest values that make sense. Beyond them a configuration would only eat memory or time, and one may come from
# a stranger's checkpoint.
LARGEST = {
    "lanes_count": 100,
    "vehicles_count": 1000,
    "controlled_vehicles": 100,
    "simulation_frequency": 1000,  # Hz
    "duration": 1e9,  # s
    "screen_width": 10_000,  # pixels
    "screen_height": 10_000,
    "scaling": 100,  # pixels per metre
    "stack_size": 1000,
}
WHOLE = ("lanes_count", "vehicles_count", "controlled_vehicles", "screen_width", "screen_height", "stack_size")
LARGEST_OBSERVATION = 10_000_000  # numbers


def highway_config(
    observation="grayscale",
    *,
    observation_shape=(96, 24),
    stack_size=2,
    scaling=1.25,
    actions="meta",
    policy_frequency=None,
    **overrides,
) -> dict:
    """highway-env's own configuration dictionary for the course's observations and actions.

    The default image of 96 x 24 pixels at 1.25 pixels per metre shows 77 m of road, 54 m of it ahead, and two lanes on
    either side: as small as leaves a lane 5 pixels wide and a car 6 pixels long, because every pixel costs the network
    time. Two images show how fast everything moves.

    Args:
        observation: "grayscale" images or "kinematics", a table of the ego vehicle and the 9 nearest others before and
            behind it: presence, and x, y, vx, vy in metres and metres per second, those of the others relative to it.
        observation_shape: (width, height) of the image in pixels; images only, as are the next two.
        stack_size: number of consecutive images that one observation holds, so that motion can be seen.
        scaling: pixels per metre.
        actions: "meta", one of five words at each decision (faster, slower, left, right, idle), or "continuous",
            throttle and steering in [-1, 1]: -5 to 5 m/s² and -45 to 45 degrees. For other ranges, or one axis alone,
            override the key `action`.
        policy_frequency: decisions per second, in Hz; by default 1, and 5 with continuous actions, because a steering
            angle held for a second leads off the road.
        overrides: any other key of highway-env's configuration, as it is.

    Raises UsageError for a value that highway-env could not draw or simulate.
    """
    if observation not in OBSERVATIONS:
        raise UsageError(f"unknown observation {shown(observation)}; choose one of {', '.join(OBSERVATIONS)}")
    if actions not in ACTIONS:
        raise UsageError(f"unknown actions {shown(actions)}; choose one of {', '.join(ACTIONS)}")
    if policy_frequency is None:
        policy_frequency = ACTIONS[actions]
    is_pair = isinstance(observation_shape, (tuple, list)) and len(observation_shape) == 2
    if not is_pair or not all(is_whole(side) and side > 0 for side in observation_shape):
        raise UsageError(f"observation_shape must be (width, height) in whole pixels, got {shown(observation_shape)}")
    if not is_whole(stack_size) or stack_size < 1:
        raise UsageError(f"stack_size must be a whole number of images, at least 1, got {shown(stack_size)}")
    if not is_finite(scaling) or scaling <= 0:
        raise UsageError(f"scaling must be above 0 pixels per metre, got {shown(scaling)}")
    if observation == "grayscale":
        seen = {
            "type": "GrayscaleObservation",
            "observation_shape": tuple(observation_shape),
            "stack_size": stack_size,
            "weights": LUMINANCE,
            "scaling": scaling,
        }
    else:
        seen = {"type": "Kinematics", "vehicles_count": 10, "normalize": False, "see_behind": True}
    hands = {"action": {"type": "ContinuousAction"}} if actions == "continuous" else {}
    return {"observation": seen, **hands, "policy_frequency": policy_frequency, **overrides}


def reward_components(rewards, config) -> dict[str, float]:
    """What each part of highway-env's reward paid in one step: the parts add up to the reward.

    highway-env weighs and adds its `info["rewards"]`, then maps the sum from [collision_reward, high_speed_reward +
    right_lane_reward] to [0, 1]. So merely not crashing pays, too, and with the default weights it pays most.

    Args:
        rewards: info["rewards"] of the step: the unweighted parts.
        config: the environment's full configuration (`env.unwrapped.config`), with normalize_reward on.

    Returns "surviving", "right lane", "high speed" and "collision", in the units of the reward; all 0 off the road.

    Mirrors HighwayEnv._reward in highway_env/envs/highway_env.py.
    """
    low, high = config["collision_reward"], config["high_speed_reward"] + config["right_lane_reward"]
    weighed = {name: config[f"{name}_reward"] * rewards[f"{name}_reward"] for name in REWARD_PARTS}
    parts = {"surviving": -low} | {name.replace("_", " "): value for name, value in weighed.items()}
    return {name: float(value / (high - low) * rewards["on_road_reward"]) for name, value in parts.items()}


def full_config(spec, config) -> dict:
    """The configuration that highway-env ends up with: its defaults with `config` laid over them (not merged deeper).

    Args:
        spec: Gymnasium's specification of the environment.
        config: plain data, see envs.EnvSpec.

    Raises UsageError for what highway-env would silently ignore or stumble over.
    """
    if os.environ.get("SDL_VIDEODRIVER") == "dummy":
        raise UsageError(
            "SDL_VIDEODRIVER=dummy makes every image of highway-env black; unset it or use SDL_VIDEODRIVER=offscreen"
        )
    defaults = gymnasium.envs.registration.load_env_creator(spec.entry_point).default_config()
    what = f"{spec.id}'s configuration"
    _check_keys(what, config, defaults)
    for key, value in config.items():
        _check_value(what, key, value, defaults[key])
    merged = defaults | config
    if not 0 < merged["policy_frequency"] <= merged["simulation_frequency"]:
        raise UsageError(
            f"policy_frequency must be above 0 Hz and at most simulation_frequency "
            f"({merged['simulation_frequency']} Hz), got {shown(merged['policy_frequency'])}"
        )
    _check_observation(merged["observation"], defaults["observation"])
    return merged


def with_tuples(config: dict) -> dict:
    """`config` with the one list that highway-env needs as a tuple, which JSON cannot say."""
    shape = config.get("observation", {}).get("observation_shape")
    if shape is None:
        return config
    return config | {"observation": config["observation"] | {"observation_shape": tuple(shape)}}


def vehicle_classes() -> set[str]:
    """The names of highway-env's own classes of vehicles, as `other_vehicles_type` takes them."""
    from highway_env.vehicle import behavior, controller, dynamics, kinematics  # noqa: F401  (they define them)

    found, unseen = set(), [kinematics.Vehicle]
    while unseen:
        cls = unseen.pop()
        unseen += cls.__subclasses__()
        if cls.__module__.startswith("highway_env."):
            found.add(f"{cls.__module__}.{cls.__qualname__}")
    return found


def is_whole(value) -> bool:
    """A whole number, and no truth value."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_finite(value) -> bool:
    """A finite number, and no truth value."""
    return isinstance(value, Real) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _check_observation(observation, default):
    if "type" not in observation:
        raise UsageError(
            "the key 'type' is missing in highway-env's observation configuration; "
            "give for example {'type': 'Kinematics'}, or leave the observation out"
        )
    for key, value in observation.items():
        _check_size("the observation's configuration", key, value)
    shape = observation.get("observation_shape", (1, 1))
    if not isinstance(shape, (list, tuple)) or len(shape) != 2 or not all(is_whole(n) and n > 0 for n in shape):
        raise UsageError(f"observation_shape must be (width, height) in whole pixels, got {shown(shape)}")
    if math.prod(shape) * observation.get("stack_size", 1) > LARGEST_OBSERVATION:
        raise UsageError(
            f"an observation of {shape} pixels is too large; the most are {LARGEST_OBSERVATION:,} numbers"
        )
    for name in ("GrayscaleObservation", "Kinematics"):
        if observation["type"] == name:
            cls = getattr(highway_observations, {"Kinematics": "KinematicObservation"}.get(name, name))
            parameters = inspect.signature(cls).parameters
            _check_keys(f"{name}'s configuration", observation, set(parameters) - {"env", "kwargs"} | default.keys())


def _check_keys(what, given, allowed):
    for key in given:
        if key not in allowed:
            close = difflib.get_close_matches(key, allowed, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"it knows {', '.join(sorted(allowed))}"
            raise UsageError(f"unknown key {shown(key)} in {what}; {hint}")


def _check_value(what, key, value, default):
    """Refuse a value of another type than the default's."""
    kinds = (  # the default's type: what is allowed
        (bool, lambda v: isinstance(v, bool) or v in (0, 1), "true or false"),
        (Real, is_finite, "a finite number"),
        (str, lambda v: isinstance(v, str) or v is None, "a text"),
        (Mapping, lambda v: isinstance(v, Mapping), "a dictionary"),
        ((list, tuple), lambda v: isinstance(v, list), "a list"),
    )
    for kind, is_allowed, allowed in kinds:
        if isinstance(default, kind):
            if not is_allowed(value):
                raise UsageError(f"{key} in {what} must be {allowed}, got {shown(value)}")
            break
    _check_size(what, key, value)


def _check_size(what, key, value):
    if key in WHOLE and (not is_whole(value) or value < 0):
        raise UsageError(f"{key} in {what} must be a whole number from 0 up, got {shown(value)}")
    if key in LARGEST and value is not None and not (is_finite(value) and value <= LARGEST[key]):
        raise UsageError(f"{key} in {what} must be a number up to {LARGEST[key]:g}, got {shown(value)}")
