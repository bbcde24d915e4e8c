"""Environments: which ones (EnvSpec), one of them, and many at once."""

import difflib
import multiprocessing
import os
import signal
import sys
from dataclasses import asdict, dataclass, field, replace
from functools import cache

import gymnasium
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

from ppo_lib.errors import UsageError, shown
from ppo_lib.highway import full_config, highway_config, is_whole, reward_components, vehicle_classes, with_tuples
from ppo_lib.plain_data import as_plain, is_plain, refuse_code
from ppo_lib.wrappers import EpisodeStatistics, ReplayableEpisode

__all__ = ["EnvSpec", "highway_config", "make_env", "make_vector_env", "reward_components"]

BACKENDS = ("auto", "fast", "sync", "async")
FAST_ENVS = ("highway-fast-v0", "highway-v0")  # what the fast simulator reproduces
MOST_ENVS = 100_000
# What the constructors of environments, which may be anybody's, raise for arguments or an installation that they
# cannot work with.
REFUSALS = (
    ArithmeticError,
    AttributeError,
    ImportError,
    LookupError,
    NotImplementedError,
    OSError,
    TypeError,
    ValueError,
    AssertionError,
    gymnasium.error.Error,
)


@dataclass(frozen=True)
class EnvSpec:
    """Which environments: all that is needed to make them (again), in plain data that JSON can hold.

    Attributes:
        env_id: any id that Gymnasium knows.
        num_envs: N.
        backend: "fast", "sync" or "async"; "auto" becomes the one that it means here, see make_vector_env.
        config: highway-env's configuration dictionary, laid over the environment's own; None for other environments.
        kwargs: further arguments of gymnasium.make.
        by_hand: names of what plain data cannot hold, a wrapper for instance. `make` has to be given these.
        wrapped_in: names of the vector wrappers that somebody put around; `make` cannot put them there.

    Raises UsageError for an unknown environment, an unknown or impossible configuration, a value that JSON cannot
    hold, and for SDL_VIDEODRIVER=dummy, which would make every image of highway-env black.
    """

    env_id: str
    num_envs: int = 1
    backend: str = "auto"
    config: dict | None = None
    kwargs: dict = field(default_factory=dict)
    by_hand: tuple[str, ...] = ()
    wrapped_in: tuple[str, ...] = ()

    def __post_init__(self):
        spec = _find_spec(self.env_id)
        if not is_whole(self.num_envs) or not 1 <= self.num_envs <= MOST_ENVS:
            raise UsageError(
                f"num_envs must be a whole number of environments, at least 1, got {shown(self.num_envs)}"
                + (f"; the most are {MOST_ENVS:,}" if is_whole(self.num_envs) and self.num_envs > 1 else "")
            )
        if self.backend not in BACKENDS:
            raise UsageError(f"unknown backend {shown(self.backend)}; choose one of {', '.join(BACKENDS)}")
        if reserved := {"env_id", "config", "wrapper"} & self.kwargs.keys():
            raise UsageError(f"{', '.join(sorted(reserved))} cannot be among the further arguments of an environment")
        if is_highway(self.env_id):
            config = as_plain(self.config or {}, "config")
            full_config(spec, config)
        elif self.config is not None:
            raise UsageError(f"{self.env_id} takes no config; that dictionary is highway-env's")
        else:
            config = None
        plain = {"config": config, "kwargs": as_plain(self.kwargs, "the arguments"), "num_envs": int(self.num_envs)}
        for name, value in plain.items():
            object.__setattr__(self, name, value)
        for name in ("by_hand", "wrapped_in"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        why_not = _why_not_fast(self) if self.backend in ("auto", "fast") else None
        if self.backend == "auto":
            backend = _slow_backend(self.env_id) if why_not else "fast"
            if why_not and self.env_id in FAST_ENVS:
                _say_once(f"backend {backend} instead of fast: {why_not}")
            object.__setattr__(self, "backend", backend)
        elif why_not:
            raise UsageError(why_not)

    def make(self, **by_hand) -> EpisodeStatistics:
        """The environments, stepped together. `by_hand` gives what the specification only names.

        Raises UsageError where that is missing, or an environment cannot be made from its arguments.
        """
        missing = [name for name in self.by_hand if name not in by_hand] + list(self.wrapped_in)
        if missing:
            raise UsageError(
                f"these environments were made with {', '.join(missing)}, which no file can hold; make them yourself "
                "with make_vector_env and pass them as envs"
            )
        if self.backend == "fast":
            return EpisodeStatistics(_make_fast(self, self.num_envs), self)
        arguments = self.kwargs | by_hand
        make_env(self.env_id, self.config, **arguments).close()  # what is wrong shows here, not in a worker process
        env_fns = [_EnvFn(self.env_id, self.config, arguments, os.getpid())] * self.num_envs
        if self.backend == "sync":
            return EpisodeStatistics(SyncVectorEnv(env_fns, autoreset_mode=AutoresetMode.SAME_STEP), self)
        return EpisodeStatistics(_start_processes(env_fns), self)

    def with_(self, **changes) -> "EnvSpec":
        """The same with other values of some attributes."""
        return replace(self, **changes)

    def to_json(self) -> dict:
        """Plain dictionaries, lists, texts and numbers."""
        return asdict(self) | {"by_hand": list(self.by_hand), "wrapped_in": list(self.wrapped_in)}

    @classmethod
    def from_json(cls, document) -> "EnvSpec":
        """The inverse of to_json, for a document that need not be trusted: nothing that it names is imported.

        Raises UsageError as the constructor does, and for a text in it that names code other than highway-env's own
        classes of vehicles.
        """
        names = set(cls.__dataclass_fields__)
        if not isinstance(document, dict) or set(document) != names:
            raise UsageError(f"a specification of environments must have the keys {', '.join(sorted(names))}")
        kinds = {"env_id": str, "backend": str, "kwargs": dict, "config": (dict, type(None))}
        kinds |= {"by_hand": list, "wrapped_in": list}
        for name, kind in kinds.items():
            if not isinstance(document[name], kind):
                raise UsageError(f"{name} of the environments cannot be {shown(document[name])}")
        names = document["by_hand"] + document["wrapped_in"]
        if document["backend"] == "auto" or not all(isinstance(name, str) for name in names):
            raise UsageError("a specification of environments names one backend, and the rest by texts")
        refuse_code([document["config"], document["kwargs"]], vehicle_classes())
        return cls(**document)


def make_env(env_id, config=None, *, render_mode=None, wrapper=None, **kwargs) -> gymnasium.Env:
    """One environment, its current episode replayable.

    Args:
        env_id: any id that Gymnasium knows.
        config: highway-env's configuration dictionary, laid over the environment's own; highway-env only.
        render_mode: as for gymnasium.make.
        wrapper: a function from environment to environment, applied before the episode is made replayable.
        kwargs: passed to gymnasium.make.

    Raises UsageError as EnvSpec does, and where the environment refuses its arguments or lacks a library.
    """
    spec = _find_spec(env_id)
    if is_highway(env_id):
        config = as_plain(config or {}, "config")
        full_config(spec, config)
        kwargs["config"] = with_tuples(config)
    elif config is not None:
        raise UsageError(f"{env_id} takes no config; that dictionary is highway-env's")
    try:
        env = gymnasium.make(spec, render_mode=render_mode, **kwargs)
        if not isinstance(env.observation_space, gymnasium.spaces.Box):
            env = gymnasium.wrappers.FlattenObservation(env)
    except REFUSALS as error:
        raise UsageError(f"{env_id} cannot be made: {_one_line(error)}") from error
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
            each a process of its own. "auto" is fast where that can do what is asked for (where it cannot although it
            knows the environment, a line says why), else async for highway-env and sync for others.

    Raises UsageError as EnvSpec and make_env do, and for what the fast simulator does not reproduce.
    """
    by_hand = {name: value for name, value in kwargs.items() if not is_plain(value)}
    if wrapper is not None:
        by_hand["wrapper"] = wrapper
    plain = {name: value for name, value in kwargs.items() if name not in by_hand}
    return EnvSpec(env_id, num_envs, backend, config, plain, tuple(by_hand)).make(**by_hand)


def is_highway(env_id) -> bool:
    """Whether `env_id` is one of highway-env's."""
    return "highway_env" in str(_find_spec(env_id).entry_point)


def _slow_backend(env_id):
    return "async" if is_highway(env_id) else "sync"


def _why_not_fast(spec) -> str | None:
    """Why the fast simulator cannot be these environments, in a line; None where it can."""
    if spec.env_id not in FAST_ENVS:
        return f"backend 'fast' knows {' and '.join(FAST_ENVS)}; for {spec.env_id!r} choose sync or async"
    if spec.by_hand:
        return "a wrapper needs single environments; choose backend sync or async"
    try:
        _make_fast(spec, 1).close()
    except UsageError as error:
        return str(error)
    return None


def _make_fast(spec, num_envs):
    from ppo_lib import fast_highway  # only here, because numba takes a second to import

    if (reason := fast_highway.unavailable()) is not None:
        raise UsageError(reason)
    try:
        return fast_highway.FastHighwayVectorEnv(num_envs, spec.env_id, with_tuples(spec.config), **spec.kwargs)
    except (TypeError, ValueError) as error:  # TypeError: an argument that it does not have
        raise UsageError(_one_line(error)) from None


@dataclass
class _EnvFn:
    """Makes one environment, in this process or in a worker's."""

    env_id: str
    config: dict | None
    arguments: dict
    parent: int

    def __call__(self):
        if os.getpid() != self.parent:  # Ctrl-C is for the learner, which stops its workers when it has saved
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        return make_env(self.env_id, self.config, **self.arguments)


def _start_processes(env_fns) -> AsyncVectorEnv:
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)  # this is a worker that runs the program anew; the one that started it says what to do
    try:
        return AsyncVectorEnv(env_fns, autoreset_mode=AutoresetMode.SAME_STEP)
    except (EOFError, ConnectionError) as error:
        raise UsageError(
            "the environments' processes ended at once. On this system each of them first runs your program anew, so "
            'what starts a training must stand below  if __name__ == "__main__":  (or choose backend sync)'
        ) from error


def _find_spec(env_id):
    try:
        return gymnasium.spec(env_id)
    except (gymnasium.error.Error, TypeError):
        close = difflib.get_close_matches(str(env_id), gymnasium.registry, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "any id in gymnasium.registry is allowed"
        raise UsageError(f"unknown environment {shown(env_id)}; {hint}") from None


@cache
def _say_once(line):
    print(line, file=sys.stderr)


def _one_line(error) -> str:
    return " ".join(str(error).split()) or type(error).__name__
