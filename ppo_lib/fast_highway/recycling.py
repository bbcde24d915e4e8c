"""New arrays without the cost of new memory.

A batch of images is megabytes: fresh memory for it costs as much time as drawing. An array that was returned earlier,
and that nobody holds any more, neither itself nor a view nor a tensor of it, can be returned again. Python knows: it
counts references.
"""

import sys

import numpy as np

KEPT = 4  # arrays; whoever keeps more (a list of all observations, say) gets new ones


def _count(arrays: list[np.ndarray], index: int) -> int:
    return sys.getrefcount(arrays[index])


UNUSED = _count([np.empty(1)], 0)  # what is counted when only the list itself holds the array


class ArrayPool:
    """Hands out arrays of one shape and type; the contents are arbitrary."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self.shape, self.dtype = shape, dtype
        self._arrays: list[np.ndarray] = []

    def take(self) -> np.ndarray:
        """An array that nobody else holds."""
        for index in range(len(self._arrays)):
            if _count(self._arrays, index) == UNUSED:
                self._arrays.append(self._arrays.pop(index))  # the one that was used last is the last to be tried
                return self._arrays[-1]
        array = np.empty(self.shape, self.dtype)
        self._arrays = [*self._arrays[1 - KEPT :], array]
        return array
