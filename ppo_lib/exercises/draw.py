"""Random inputs for the checks: every size, pattern of ends, magnitude and type comes up, whatever the seed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

PATTERNS_OF_ENDS = (
    "none",
    "both kinds at once",
    "in the first row",
    "in the last row",
    "several on one road",
    "crashes only",
    "time limits only",
    "at every step",
)

LONGER = 9  # every so many inputs, sizes may be twice as large
SQUARE = 16  # every so many inputs, all sizes are equal


class Draw:
    """One input in the making.

    What is chosen by `cycle` comes in turns, counted over the inputs and not left to chance, so that a few dozen
    inputs hold every choice, and in time every pair of choices.

    Args:
        rng: where the values come from.
        number: of this input among those of the check, from 0.
        largest: the largest size of an axis.
        plain: numbers of one decimal near 1, in float32: what a student can work out by hand.
    """

    def __init__(self, rng: np.random.Generator, number: int, largest: int = 6, plain: bool = False):
        self.rng = rng
        self.number = number
        self.largest = largest if plain or number % LONGER else 2 * largest
        self.plain = plain
        self._combinations = 1  # of all that was cycled through so far
        self.dtype = np.float32 if plain else self.cycle(np.float32, np.float64, np.float32)
        self.scale = 1.0 if plain else self.cycle(1.0, 1e3, 1.0, 1e-3, 1.0)

    def cycle(self, *options) -> Any:
        """The options in turns; the turns of several cycles are shifted so that all combinations come up."""
        choice = options[(self.number + self.number // self._combinations) % len(options)]
        self._combinations *= len(options)
        return choice

    def choice(self, options: Sequence) -> Any:
        """Any of the options."""
        return options[self.rng.integers(len(options))]

    def integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def sizes(self, count: int, low: int = 1) -> list[int]:
        """Sizes of `count` axes from `low` to `largest`, all different, so that no axis passes for another one.

        Only every so often all are equal, for functions that look at the shape to find out which axis is which.
        """
        if self.number % SQUARE == SQUARE - 1 and not self.plain:
            return [max(low, 3)] * count
        several = np.arange(low, max(self.largest, low + count - 1) + 1)
        sizes = self.rng.permutation(several)[:count]
        axis = self.cycle(*range(count), None)  # which axis is as short as it may be
        if axis is not None and low not in sizes:
            sizes[axis] = low
        return sizes.tolist()

    def floats(self, *shape: int, low: float = -3.0, high: float = 3.0, scaled: bool = True) -> np.ndarray:
        """Numbers between `low` and `high`, times this input's scale unless they have to stay in their range."""
        values = self.rng.uniform(low, high, shape)
        if self.plain:
            values = np.clip(values.round(1), low, high)
        return (values * (self.scale if scaled else 1.0)).astype(self.dtype)

    def number_in(self, low: float, high: float, bounds: bool = False) -> float:
        """One number between `low` and `high`; with `bounds` it is one of the two now and then."""
        if bounds and (bound := self.cycle(None, low, None, None, high, None, None)) is not None:
            return bound
        return round(float(self.rng.uniform(low, high)), 1 if self.plain and high - low > 0.2 else 4)

    def ends(self, steps: int, num_envs: int) -> tuple[np.ndarray, np.ndarray]:
        """(T, N) `terminated` and `truncated`, in each of PATTERNS_OF_ENDS in turn."""
        pattern = self.cycle(*PATTERNS_OF_ENDS)
        shape = (steps, num_envs)
        often = 0.6 if pattern == "several on one road" else 0.3
        terminated, truncated = self.rng.random((2, *shape)) < often
        if pattern == "none":
            terminated[:], truncated[:] = False, False
        elif pattern == "both kinds at once":
            truncated |= terminated
        elif pattern in ("in the first row", "in the last row"):
            row = 0 if pattern == "in the first row" else -1
            terminated[row] |= ~truncated[row]
        elif pattern == "crashes only":
            truncated[:] = False
        elif pattern == "time limits only":
            terminated[:] = False
        elif pattern == "at every step":
            truncated |= ~terminated
        return terminated, truncated
