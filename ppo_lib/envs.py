"""Environments: highway-env's configuration, one environment, and many at once."""

import difflib
import inspect
import os
import signal
import sys
from numbers import Integral

import gymnasium
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

from ppo_lib.errors import UsageError
from ppo_lib.wrappers import EpisodeStatistics, ReplayableEpisode

# Before pygame is first imported, which importing highway-env does: without a screen SDL complains on stderr, and its
# "dummy" driver draws every frame black, while "offscreen" is silent and right. And SDL would swallow the signal that
# ends a process, so that neither `kill` nor the end of the learner could stop a worker.
if sys.platform == "linux":
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
os.environ.setdefault("SDL_NO_SIGNAL_HANDLERS", "1")

import highway_env  # noqa: F401  (registers its environments with Gymnasium)
from highway_env.envs.common import observation as highway_observations

BACKENDS = ("auto", "fast", "sync", "async")
FAST_ENVS = ("highway-fast-v0", "highway-v0")  # what the fast simulator reproduces
OBSERVATIONS = ("grayscale", "kinematics")
REWARD_PARTS = ("right_lane", "high_speed", "collision")
LUMINANCE = [0.2989, 0.5870, 0.1140]  # weights of red, green and blue in a grey value (ITU-R BT.601)


def highway_config(
    observation="grayscale",
    *,
    observation_shape=(96, 24),
    stack_size=2,
    scaling=1.25,
    policy_frequency=1,
    **overrides,
) -> dict:
    """highway-env's own configuration dictionary for the course's observations.

    The default image of 96 x 24 pixels at 1.25 pixels per metre shows 77 m of road, 54 m of it ahead, and two lanes on
    either side: as small as leaves a lane 5 pixels wide and a car 6 pixels long, because every pixel costs the network
    time. Two images show how fast everything moves.

    Args:
        observation: "grayscale" images or "kinematics", a table of the ego vehicle and the 9 nearest others before and
            behind it: presence, and x, y, vx, vy in metres and metres per second, those of the others relative to it.
        observation_shape: (width, height) of the image in pixels; images only, as are the next two.
        stack_size: number of consecutive images that one observation holds, so that motion can be seen.
        scaling: pixels per metre.
        policy_frequency: decisions per second, in Hz.
        overrides: any other key of highway-env's configuration, as it is.

    Raises UsageError for a value that highway-env could not draw or simulate.
    """
    if observation not in OBSERVATIONS:
        raise UsageError(f"unknown observation {observation!r}; choose one of {', '.join(OBSERVATIONS)}")
    if len(observation_shape) != 2 or not all(_is_whole(side) and side > 0 for side in observation_shape):
        raise UsageError(f"observation_shape must be (width, height) in whole pixels, got {observation_shape!r}")
    if not _is_whole(stack_size) or stack_size < 1:
        raise UsageError(f"stack_size must be a whole number of images, at least 1, got {stack_size!r}")
    if not scaling > 0:
        raise UsageError(f"scaling must be above 0 pixels per metre, got {scaling!r}")
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
    return {"observation": seen, "policy_frequency": policy_frequency, **overrides}


def make_env(env_id, config=None, *, render_mode=None, wrapper=None, **kwargs) -> gymnasium.Env:
    """One environment, its current episode replayable.

    Args:
        env_id: any id that Gymnasium knows.
        config: highway-env's configuration dictionary, laid over the environment's own; highway-env only.
        render_mode: as for gymnasium.make.
        wrapper: a function from environment to environment, applied before the episode is made replayable.
        kwargs: passed to gymnasium.make.

    Raises UsageError for an unknown environment, an unknown or impossible configuration, and for
    SDL_VIDEODRIVER=dummy, which would make every image black.
    """
    spec = _find_spec(env_id)
    if is_highway(env_id):
        _check_highway(spec, config or {})
        kwargs["config"] = _with_tuples(config)
    elif config is not None:
        raise UsageError(f"{env_id} takes no config; that dictionary is highway-env's")
    env = gymnasium.make(spec, render_mode=render_mode, **kwargs)
    if not isinstance(env.observation_space, gymnasium.spaces.Box):
        env = gymnasium.wrappers.FlattenObservation(env)
    return ReplayableEpisode(wrapper(env) if wrapper else env)


def make_vector_env(env_id, num_envs, backend="auto", config=None, *, wrapper=None, **kwargs) -> EpisodeStatistics:
    """`num_envs` environments stepped together, in SAME_STEP autoreset, with infos["episode"] at every episode's end.

    SAME_STEP: the step that ends an episode returns the first observation of the next one and keeps the last one in
    infos["final_obs"]. Nothing is lost, and no transition from one episode into the next is invented.

    Args:
        env_id, config, wrapper, kwargs: as for make_env.
        num_envs: N, at least 1.
        backend: "fast" is the simulator of ppo_lib.fast_highway, the same episodes to the last bit, for highway-v0 and
            highway-fast-v0; "sync" steps the original environments one after another in this process; "async" gives
            each a process of its own. "auto" is fast where it can be, else async for highway-env and sync for others.

    Raises UsageError as make_env does, and for what the fast simulator does not reproduce.
    """
    if backend == "auto":
        backend = default_backend(env_id)
    if backend not in BACKENDS:
        raise UsageError(f"unknown backend {backend!r}; choose one of {', '.join(BACKENDS)}")
    if not _is_whole(num_envs) or num_envs < 1:
        raise UsageError(f"num_envs must be a whole number of environments, at least 1, got {num_envs!r}")
    origin = {"env_id": env_id, "num_envs": int(num_envs), "backend": backend, "config": config, **kwargs}
    if backend == "fast":
        if wrapper is not None:
            raise UsageError("a wrapper needs single environments; choose backend sync or async")
        return EpisodeStatistics(_make_fast(env_id, num_envs, config, **kwargs), origin)
    make_env(env_id, config, wrapper=wrapper, **kwargs).close()  # what is wrong shows here, not in a worker process
    parent = os.getpid()

    def env_fn():
        if os.getpid() != parent:  # Ctrl-C is for the learner, which stops its workers when it has saved
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return make_env(env_id, config, wrapper=wrapper, **kwargs)

    vector_class = SyncVectorEnv if backend == "sync" else AsyncVectorEnv
    return EpisodeStatistics(vector_class([env_fn] * num_envs, autoreset_mode=AutoresetMode.SAME_STEP), origin)


def default_backend(env_id) -> str:
    """What "auto" means for an environment."""
    if env_id in FAST_ENVS:
        return "fast"
    return "async" if is_highway(env_id) else "sync"


def _make_fast(env_id, num_envs, config, **kwargs):
    if env_id not in FAST_ENVS:
        raise UsageError(f"backend 'fast' knows {' and '.join(FAST_ENVS)}; for {env_id!r} choose sync or async")
    _check_highway(_find_spec(env_id), config or {})
    from ppo_lib.fast_highway import FastHighwayVectorEnv  # only here, because numba takes a second to import

    try:
        return FastHighwayVectorEnv(num_envs, env_id, _with_tuples(config), **kwargs)
    except ValueError as error:
        raise UsageError(str(error)) from None


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


def is_highway(env_id) -> bool:
    """Whether `env_id` is one of highway-env's."""
    return "highway_env" in str(_find_spec(env_id).entry_point)


def _find_spec(env_id):
    try:
        return gymnasium.spec(env_id)
    except gymnasium.error.Error:
        close = difflib.get_close_matches(env_id, gymnasium.registry, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "any id in gymnasium.registry is allowed"
        raise UsageError(f"unknown environment {env_id!r}; {hint}") from None


def _check_highway(spec, config):
    """Refuse what highway-env would silently ignore or stumble over."""
    if os.environ.get("SDL_VIDEODRIVER") == "dummy":
        raise UsageError(
            "SDL_VIDEODRIVER=dummy makes every image of highway-env black; unset it or use SDL_VIDEODRIVER=offscreen"
        )
    defaults = gymnasium.envs.registration.load_env_creator(spec.entry_point).default_config()
    _check_keys(f"{spec.id}'s configuration", config, defaults)
    merged = defaults | config
    if not 0 < merged["policy_frequency"] <= merged["simulation_frequency"]:
        raise UsageError(
            f"policy_frequency must be above 0 Hz and at most simulation_frequency "
            f"({merged['simulation_frequency']} Hz), got {merged['policy_frequency']!r}"
        )
    observation = merged["observation"]
    for name in ("GrayscaleObservation", "Kinematics"):
        if observation["type"] == name:
            cls = getattr(highway_observations, {"Kinematics": "KinematicObservation"}.get(name, name))
            allowed = set(inspect.signature(cls).parameters) - {"env", "kwargs"} | {"type"}
            _check_keys(f"{name}'s configuration", observation, allowed)


def _check_keys(what, given, allowed):
    for key in given:
        if key not in allowed:
            close = difflib.get_close_matches(key, allowed, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"it knows {', '.join(sorted(allowed))}"
            raise UsageError(f"unknown key {key!r} in {what}; {hint}")


def _with_tuples(config):
    """`config` with the one list that highway-env needs as a tuple, which JSON cannot say."""
    shape = (config or {}).get("observation", {}).get("observation_shape")
    if shape is None:
        return config
    return config | {"observation": config["observation"] | {"observation_shape": tuple(shape)}}


def _is_whole(value) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
