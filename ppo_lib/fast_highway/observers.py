"""One class per kind of observation: its space, its part of the configuration, its part of the state.

Each has a `space`, `observe(crew, rules, state, todo, out)`, which fills the rows of `out` that have something `todo`
(see `kernels`), and the arrays that belong to a saved state (`memory`, `restore`).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from ppo_lib.fast_highway import kernels, observations, rendering, sprites
from ppo_lib.fast_highway.configuration import Refusal, is_integer, is_number
from ppo_lib.fast_highway.sharing import Crew
from ppo_lib.fast_highway.state import State


class GrayscaleObserver:
    """Stacks of grey pictures: ``GrayscaleObservation``."""

    KEYS = ("observation_shape", "stack_size", "weights", "scaling", "centering_position")

    def __init__(self, refuse: Refusal, config: dict[str, Any], num_envs: int) -> None:
        options = config["observation"]
        for key in ("observation_shape", "stack_size", "weights"):
            refuse.unless(key in options, "observation", dict(options), f"the key {key!r} in it")
        shape, stack, weights = (options[key] for key in ("observation_shape", "stack_size", "weights"))
        is_shape = len(shape) == 2 and all(is_integer(n) and n > 0 for n in shape)
        refuse.unless(is_shape, "observation_shape", shape, "two positive integers")
        refuse.unless(is_integer(stack) and stack > 0, "stack_size", stack, "a positive integer")
        refuse.unless(len(weights) == 3 and all(map(is_number, weights)), "weights", weights, "three numbers")
        scaling = options.get("scaling") or config["scaling"]
        centre = options.get("centering_position") or config["centering_position"]
        refuse.unless(is_number(scaling) and scaling > 0, "scaling", scaling, "a positive number")
        is_point = len(centre) == 2 and all(map(is_number, centre))
        refuse.unless(is_point, "centering_position", centre, "two numbers")

        self.space = spaces.Box(shape=(stack, *shape), low=0, high=255, dtype=np.uint8)
        self.camera = np.zeros(1, rendering.CAMERA)
        camera = self.camera[0]
        camera["width"], camera["height"] = shape
        camera["scaling"] = scaling
        camera["left"], camera["top"] = (centre[axis] * shape[axis] / scaling for axis in range(2))
        camera["road_grey"], camera["line_grey"] = sprites.road_and_line_grey(weights)
        self.greys, self.masks = sprites.draw_sprites(scaling, weights)
        for axis, (first, end) in enumerate((("first_x", "end_x"), ("first_y", "end_y"))):
            covered = np.flatnonzero(self.masks.any(axis=(0, 2 - axis)))
            camera[first], camera[end] = (covered[0], covered[-1] + 1) if len(covered) else (0, 0)
        self.frames = np.zeros((num_envs, stack, *shape), np.uint8)  # a ring per environment
        self.newest = np.zeros(num_envs, np.int64)

    def observe(self, crew: Crew, rules, state: State, todo: np.ndarray, out: np.ndarray) -> None:
        """Draw, and copy the stacks into `out` (N, stack, W, H)."""
        sprite = (self.greys, self.masks)
        crew.share(
            kernels.draw_roads,
            todo != kernels.SKIP,
            rules,
            self.camera,
            *sprite,
            state,
            self.frames,
            self.newest,
            todo,
            out,
        )

    def memory(self) -> dict[str, np.ndarray]:
        """The last pictures, oldest first."""
        stack = self.frames.shape[1]
        order = (self.newest[:, None] + 1 + np.arange(stack)) % stack  # (N, stack)
        return {"frames": self.frames[np.arange(len(order))[:, None], order]}

    def restore(self, memory: Mapping[str, np.ndarray]) -> None:
        """The inverse of `memory`."""
        self.frames[:] = memory["frames"]
        self.newest[:] = self.frames.shape[1] - 1


class _LastObservation:
    """For observations that are small: the last one is kept, so that it can be had again."""

    def __init__(self, num_envs: int) -> None:
        self.last = np.zeros((num_envs, *self.space.shape), self.space.dtype)

    def observe(self, crew: Crew, rules, state: State, todo: np.ndarray, out: np.ndarray) -> None:
        """Compute what is new, remember it, and fill `out` (N, ...)."""
        self.compute(crew, rules, state, np.where(todo == kernels.EMIT, kernels.SKIP, todo))
        wanted = todo != kernels.SKIP
        if wanted.all():
            out[...] = self.last
        else:
            out[wanted] = self.last[wanted]

    def memory(self) -> dict[str, np.ndarray]:
        """The last observation."""
        return {"observation": self.last.copy()}

    def restore(self, memory: Mapping[str, np.ndarray]) -> None:
        """The inverse of `memory`."""
        self.last[:] = memory["observation"]


def _feature_ranges(refuse: Refusal, given: Any, default: dict[str, list[float]]) -> np.ndarray:
    """(features, 2) range of every feature, NaN where it is not normalised."""
    ranges = np.full((len(observations.FEATURES), 2), np.nan)
    for name, limits in (given or default).items():
        valid = len(limits) == 2 and all(map(is_number, limits)) and limits[0] != limits[1]
        refuse.unless(valid, "features_range", given, "two different numbers for each feature")
        if name in observations.FEATURES:  # others have no effect
            ranges[observations.FEATURES.index(name)] = limits
    return ranges


class KinematicsObserver(_LastObservation):
    """A table of the nearest vehicles: ``KinematicObservation``."""

    KEYS = (
        "features", "vehicles_count", "features_range", "absolute", "order", "normalize", "clip", "see_behind",
        "observe_intentions", "include_obstacles",
    )  # fmt: skip

    def __init__(self, refuse: Refusal, config: dict[str, Any], num_envs: int) -> None:
        options = config["observation"]
        names = list(options.get("features") or ("presence", "x", "y", "vx", "vy"))
        known = all(name in observations.FEATURES for name in names) and len(set(names)) == len(names)
        refuse.unless(known, "features", names, f"different ones of {', '.join(observations.FEATURES)}")
        vehicles, order = options.get("vehicles_count", 5), options.get("order", "sorted")
        refuse.unless(is_integer(vehicles) and vehicles >= 2, "vehicles_count", vehicles, "an integer from 2 up")
        self.features = np.array([observations.FEATURES.index(name) for name in names])
        self.space = spaces.Box(shape=(vehicles, len(names)), low=-np.inf, high=np.inf, dtype=np.float32)
        width = 4.0 * config["lanes_count"]
        default = {"x": [-200.0, 200.0], "y": [-width, width], "vx": [-80.0, 80.0], "vy": [-80.0, 80.0]}
        given = options.get("features_range")
        self.ranges = _feature_ranges(refuse, given, default)
        if not options.get("normalize", True):
            self.ranges[:] = np.nan
        self.table = np.zeros(1, observations.TABLE)
        table = self.table[0]
        table["vehicles"] = vehicles
        table["sorted"], table["shuffled"] = order == "sorted", order == "shuffled"
        for key, usual in (("absolute", False), ("clip", True), ("see_behind", False)):
            table[key] = bool(options.get(key, usual))
        super().__init__(num_envs)

    def compute(self, crew: Crew, rules, state: State, todo: np.ndarray) -> None:
        """Fill the rows of `last` that have something `todo`."""
        description = (self.table, self.features, self.ranges)
        crew.share(kernels.observe_tables, todo != kernels.SKIP, rules, *description, state, todo, self.last)


class GridObserver(_LastObservation):
    """A grid of cells around the ego vehicle: ``OccupancyGridObservation``."""

    KEYS = (
        "features", "features_range", "grid_size", "grid_step", "absolute", "align_to_vehicle_axes", "clip",
        "as_image",
    )  # fmt: skip

    def __init__(self, refuse: Refusal, config: dict[str, Any], num_envs: int) -> None:
        options = config["observation"]
        refuse.unless(not options.get("absolute", False), "absolute", options.get("absolute"), "False")
        names = options.get("features")
        names = ["presence", "vx", "vy", "on_road"] if names is None else list(names)
        codes = {name: code for code, name in enumerate((*observations.FEATURES, "on_road"))}
        self.features = np.array([codes.get(name, observations.EMPTY_LAYER) for name in names], np.int64)
        size, step = options.get("grid_size"), options.get("grid_step")
        size = np.array([[-27.5, 27.5], [-27.5, 27.5]] if size is None else size)
        step = np.array([5, 5] if step is None else step)
        refuse.unless(size.shape == (2, 2), "grid_size", options.get("grid_size"), "[[min_x, max_x], [min_y, max_y]]")
        refuse.unless(step.shape == (2,) and (step > 0).all(), "grid_step", options.get("grid_step"), "two lengths")
        shape = np.floor((size[:, 1] - size[:, 0]) / step).astype(int)
        refuse.unless((shape > 0).all(), "grid_size", options.get("grid_size"), "room for a cell")
        self.as_image = bool(options.get("as_image", False))
        low, high, dtype = (0, 255, np.uint8) if self.as_image else (-np.inf, np.inf, np.float32)
        self.space = spaces.Box(shape=(len(names), *shape.tolist()), low=low, high=high, dtype=dtype)
        self.ranges = _feature_ranges(
            refuse, options.get("features_range"), {"vx": [-80.0, 80.0], "vy": [-80.0, 80.0]}
        )
        self.grid = np.zeros(1, observations.GRID)
        grid = self.grid[0]
        grid["min_x"], grid["min_y"] = size[:, 0]
        grid["step_x"], grid["step_y"] = step
        grid["align"] = bool(options.get("align_to_vehicle_axes", False))
        grid["clip"] = bool(options.get("clip", True))
        super().__init__(num_envs)
        self.exact = np.full(self.last.shape, np.nan)  # (N, features, cells_x, cells_y) float64

    def compute(self, crew: Crew, rules, state: State, todo: np.ndarray) -> None:
        """Fill the rows of `last` that have something `todo`."""
        description = (self.grid, self.features, self.ranges)
        crew.share(kernels.observe_grids, todo != kernels.SKIP, rules, *description, state, todo, self.exact)
        new = todo != kernels.SKIP
        values = self.exact[new]
        if self.as_image:
            values = (np.clip(values, -1, 1) + 1) / 2 * 255
        self.last[new] = np.nan_to_num(values).astype(self.space.dtype)


OBSERVERS = {
    "GrayscaleObservation": GrayscaleObserver,
    "Kinematics": KinematicsObserver,
    "OccupancyGrid": GridObserver,
}


def build_observer(env_id: str, config: dict[str, Any], num_envs: int):
    """The observer that ``config["observation"]`` asks for.

    Raises:
        ValueError: a kind of observation, a key or a value that is not reproduced exactly.
    """
    refuse = Refusal(env_id)
    options = config["observation"]
    kind = options.get("type") if isinstance(options, Mapping) else None
    refuse.unless(kind in OBSERVERS, "observation", options, f"one of the types {', '.join(OBSERVERS)}")
    for key, value in options.items():
        allowed = OBSERVERS[kind].KEYS
        refuse.unless(key == "type" or key in allowed, f"observation.{key}", value, f"keys of {kind}")
    return OBSERVERS[kind](refuse, config, num_envs)
