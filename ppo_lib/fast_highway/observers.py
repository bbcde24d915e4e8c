"""One class per kind of observation: its space, its part of the configuration, its part of the state.

Each has a `space`, `observe(threads, rules, state, tasks, out)`, which fills the rows of `out` according to their
tasks (see `batch`), and the arrays that belong to a saved state (`get_state`, `set_state`).
"""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from ppo_lib.fast_highway import batch, observations, rendering, sprites
from ppo_lib.fast_highway.checks import Refusal, is_integer
from ppo_lib.fast_highway.configuration import MOST_VEHICLES, SCALING
from ppo_lib.fast_highway.state import State
from ppo_lib.fast_highway.threads import WorkerThreads

# What is accepted at most, see `configuration`.
MOST_VALUES = 2**32  # of all observations of a step together
LONGEST_SIDE, LONGEST_STACK = 4096, 100  # of a picture [px], of pictures
HEAVIEST, FARTHEST_CENTRE = 1e6, 1e3
WIDEST_RANGE, NARROWEST_RANGE = 1e6, 1e-6
WIDEST_GRID, SMALLEST_CELL, MOST_LAYERS = 1e4, 0.01, 100  # [m], [m]


def _check_size(refuse: Refusal, num_envs: int, shape: tuple[int, ...]) -> None:
    """Refuse observations (N, *shape) that would not fit into any memory."""
    fits = num_envs * math.prod(shape) <= MOST_VALUES
    refuse.unless(fits, "num_envs", num_envs, f"at most {MOST_VALUES} values in all, with observations of {shape}")


class GrayscaleObserver:
    """Stacks of grey pictures: ``GrayscaleObservation``."""

    KEYS = ("observation_shape", "stack_size", "weights", "scaling", "centering_position")

    def __init__(self, refuse: Refusal, config: dict[str, Any], num_envs: int) -> None:
        options = config["observation"]
        for key in ("observation_shape", "stack_size", "weights"):
            refuse.unless(key in options, "observation", dict(options), f"the key {key!r} in it")
        shape = refuse.numbers("observation_shape", options["observation_shape"], 2, 1, LONGEST_SIDE)
        whole = all(map(is_integer, options["observation_shape"]))
        refuse.unless(whole, "observation_shape", options["observation_shape"], "two positive integers")
        shape = tuple(map(int, shape))
        stack = refuse.integer("stack_size", options["stack_size"], 1, LONGEST_STACK)
        weights = refuse.numbers("weights", options["weights"], 3, -HEAVIEST, HEAVIEST)
        _check_size(refuse, num_envs, (stack, *shape))
        self.space = spaces.Box(shape=(stack, *shape), low=0, high=255, dtype=np.uint8)
        self.camera, self.sprites = _build_camera(refuse, config, shape, weights)
        self.frames = np.zeros((num_envs, stack, *shape), np.uint8)  # a ring per environment
        self.newest = np.zeros(num_envs, np.int64)

    def observe(self, threads: WorkerThreads, rules, state: State, tasks: np.ndarray, out: np.ndarray) -> None:
        """Draw, and copy the stacks into `out` (N, stack, W, H)."""
        looks = (self.camera, *self.sprites)
        pictures = (self.frames, self.newest)
        threads.run(batch.render_batch, tasks != batch.SKIP, rules, *looks, state, *pictures, tasks, out)

    def get_state(self) -> dict[str, np.ndarray]:
        """The last pictures, oldest first."""
        stack = self.frames.shape[1]
        order = (self.newest[:, None] + 1 + np.arange(stack)) % stack  # (N, stack)
        return {"frames": self.frames[np.arange(len(order))[:, None], order]}

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `get_state` returned."""
        self.frames[:] = state["frames"]
        self.newest[:] = self.frames.shape[1] - 1


def _build_camera(
    refuse: Refusal, config: dict[str, Any], shape: tuple[int, int], weights: list[float]
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """(1,) record array of what the kernels need to know (`rendering.CAMERA`), and what `draw_sprites` drew."""
    own, usual = (
        config["observation"],
        {"scaling": config["scaling"], "centering_position": config["centering_position"]},
    )
    chosen = {key: value if own.get(key) is None else own[key] for key, value in usual.items()}
    scaling = refuse.number("scaling", chosen["scaling"], *SCALING)
    centre = refuse.numbers("centering_position", chosen["centering_position"], 2, -FARTHEST_CENTRE, FARTHEST_CENTRE)
    rows = np.zeros(1, rendering.CAMERA)
    camera = rows[0]
    camera["width"], camera["height"] = shape
    camera["scaling"] = scaling
    camera["left"], camera["top"] = (centre[axis] * shape[axis] / scaling for axis in range(2))
    camera["road_grey"], camera["line_grey"] = sprites.road_and_line_grey(weights)
    continuous = config["action"]["type"] == "ContinuousAction"
    camera["axle_x"], camera["tyre_y"] = sprites.front_axle(scaling), sprites.tyre_rows(scaling)
    greys, masks, *tyre = sprites.draw_sprites(scaling, weights, continuous)
    for axis, (first, end) in enumerate((("first_x", "end_x"), ("first_y", "end_y"))):
        covered = np.arange(masks.shape[1]) if len(tyre[0]) else np.flatnonzero(masks.any(axis=(0, 2 - axis)))
        camera[first], camera[end] = (covered[0], covered[-1] + 1) if len(covered) else (0, 0)
    return rows, (greys, masks, *tyre)


class _CachedObserver:
    """For observations that are small: the last one is kept, so that it can be had again."""

    def __init__(self, num_envs: int) -> None:
        self.last = np.zeros((num_envs, *self.space.shape), self.space.dtype)

    def observe(self, threads: WorkerThreads, rules, state: State, tasks: np.ndarray, out: np.ndarray) -> None:
        """Compute what is new, remember it, and fill `out` (N, ...)."""
        self.compute(threads, rules, state, np.where(tasks == batch.REPEAT, batch.SKIP, tasks))
        wanted = tasks != batch.SKIP
        if wanted.all():
            out[...] = self.last
        else:
            out[wanted] = self.last[wanted]

    def get_state(self) -> dict[str, np.ndarray]:
        """The last observation."""
        return {"observation": self.last.copy()}

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `get_state` returned."""
        self.last[:] = state["observation"]


def _feature_ranges(refuse: Refusal, given: Any, default: dict[str, list[float]]) -> np.ndarray:
    """(features, 2) range of every feature, NaN where it is not normalised."""
    limits = {} if given is None else refuse.mapping("features_range", given)
    ranges = np.full((len(observations.FEATURES), 2), np.nan)
    for name, value in (limits or default).items():
        low, high = refuse.numbers(f"features_range.{name}", value, 2, -WIDEST_RANGE, WIDEST_RANGE)
        refuse.unless(abs(high - low) >= NARROWEST_RANGE, f"features_range.{name}", value, "two different numbers")
        if name in observations.FEATURES:  # others have no effect
            ranges[observations.FEATURES.index(name)] = low, high
    return ranges


class KinematicsObserver(_CachedObserver):
    """A table of the nearest vehicles: ``KinematicObservation``."""

    KEYS = (
        "features", "vehicles_count", "features_range", "absolute", "order", "normalize", "clip", "see_behind",
        "observe_intentions", "include_obstacles",
    )  # fmt: skip

    def __init__(self, refuse: Refusal, config: dict[str, Any], num_envs: int) -> None:
        options = config["observation"]
        given = options.get("features")
        names = refuse.names("features", [] if given is None else given, len(observations.FEATURES))
        names = names or ["presence", "x", "y", "vx", "vy"]
        known = all(name in observations.FEATURES for name in names) and len(set(names)) == len(names)
        refuse.unless(known, "features", names, f"different ones of {', '.join(observations.FEATURES)}")
        vehicles = refuse.integer("observation.vehicles_count", options.get("vehicles_count", 5), 2, MOST_VEHICLES)
        order = options.get("order", "sorted")
        refuse.unless(isinstance(order, str), "order", order, "sorted, shuffled or unsorted")
        _check_size(refuse, num_envs, (vehicles, len(names)))
        self.features = np.array([observations.FEATURES.index(name) for name in names])
        self.space = spaces.Box(shape=(vehicles, len(names)), low=-np.inf, high=np.inf, dtype=np.float32)
        width = 4.0 * config["lanes_count"]
        default = {"x": [-200.0, 200.0], "y": [-width, width], "vx": [-80.0, 80.0], "vy": [-80.0, 80.0]}
        self.ranges = _feature_ranges(refuse, options.get("features_range"), default)
        if not refuse.flag("normalize", options.get("normalize", True)):
            self.ranges[:] = np.nan
        self.table = np.zeros(1, observations.TABLE)
        table = self.table[0]
        table["vehicles"] = vehicles
        table["sorted"], table["shuffled"] = order == "sorted", order == "shuffled"
        for key, unless_given in (("absolute", False), ("clip", True), ("see_behind", False)):
            table[key] = refuse.flag(key, options.get(key, unless_given))
        super().__init__(num_envs)

    def compute(self, threads: WorkerThreads, rules, state: State, tasks: np.ndarray) -> None:
        """Fill the rows of `last` whose task is not SKIP."""
        description = (self.table, self.features, self.ranges)
        threads.run(batch.observe_table_batch, tasks != batch.SKIP, rules, *description, state, tasks, self.last)


def _grid_cells(refuse: Refusal, options: Mapping[str, Any]) -> tuple[list[float], list[float], tuple[int, ...]]:
    """(x, y) where the grid begins (m), the size of a cell (m), and how many cells there are along each axis."""
    size, step = options.get("grid_size"), options.get("grid_step")
    size = [[-27.5, 27.5], [-27.5, 27.5]] if size is None else size
    listed = isinstance(size, (list, tuple)) or (isinstance(size, np.ndarray) and size.ndim == 2)
    refuse.unless(listed and len(size) == 2, "grid_size", size, "[[min_x, max_x], [min_y, max_y]]")
    limits = [refuse.numbers("grid_size", pair, 2, -WIDEST_GRID, WIDEST_GRID) for pair in size]
    steps = refuse.numbers("grid_step", [5, 5] if step is None else step, 2, SMALLEST_CELL, WIDEST_GRID)
    cells = tuple(math.floor((high - low) / cell) for (low, high), cell in zip(limits, steps, strict=True))
    refuse.unless(min(cells) > 0, "grid_size", size, "space for a cell")
    return [low for low, _ in limits], steps, cells


class GridObserver(_CachedObserver):
    """A grid of cells around the ego vehicle: ``OccupancyGridObservation``."""

    KEYS = (
        "features", "features_range", "grid_size", "grid_step", "absolute", "align_to_vehicle_axes", "clip",
        "as_image",
    )  # fmt: skip

    def __init__(self, refuse: Refusal, config: dict[str, Any], num_envs: int) -> None:
        options = config["observation"]
        refuse.unless(not refuse.flag("absolute", options.get("absolute", False)), "absolute", True, "False")
        names = options.get("features")
        names = refuse.names("features", ["presence", "vx", "vy", "on_road"] if names is None else names, MOST_LAYERS)
        codes = {name: code for code, name in enumerate((*observations.FEATURES, "on_road"))}
        self.features = np.array([codes.get(name, observations.EMPTY_LAYER) for name in names], np.int64)
        lows, steps, cells = _grid_cells(refuse, options)
        _check_size(refuse, num_envs, (len(names), *cells))
        self.as_image = refuse.flag("as_image", options.get("as_image", False))
        low, high, dtype = (0, 255, np.uint8) if self.as_image else (-np.inf, np.inf, np.float32)
        self.space = spaces.Box(shape=(len(names), *cells), low=low, high=high, dtype=dtype)
        self.ranges = _feature_ranges(
            refuse, options.get("features_range"), {"vx": [-80.0, 80.0], "vy": [-80.0, 80.0]}
        )
        self.grid = np.zeros(1, observations.GRID)
        grid = self.grid[0]
        grid["min_x"], grid["min_y"] = lows
        grid["step_x"], grid["step_y"] = steps
        grid["align"] = refuse.flag("align_to_vehicle_axes", options.get("align_to_vehicle_axes", False))
        grid["clip"] = refuse.flag("clip", options.get("clip", True))
        super().__init__(num_envs)
        self.exact = np.full(self.last.shape, np.nan)  # (N, features, cells_x, cells_y) float64

    def compute(self, threads: WorkerThreads, rules, state: State, tasks: np.ndarray) -> None:
        """Fill the rows of `last` whose task is not SKIP."""
        description = (self.grid, self.features, self.ranges)
        threads.run(batch.observe_grid_batch, tasks != batch.SKIP, rules, *description, state, tasks, self.exact)
        new = tasks != batch.SKIP
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
    options = refuse.mapping("observation", config["observation"])
    kind = options.get("type")
    known = isinstance(kind, str) and kind in OBSERVERS
    refuse.unless(known, "observation", options, f"one of the types {', '.join(OBSERVERS)}")
    for key, value in options.items():
        allowed = OBSERVERS[kind].KEYS
        refuse.unless(key == "type" or key in allowed, f"observation.{key}", value, f"keys of {kind}")
    return OBSERVERS[kind](refuse, config, num_envs)
