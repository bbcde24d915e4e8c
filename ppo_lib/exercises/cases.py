"""One input of a check with its right answer, and how far off a right function may be that computes in float32."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ppo_lib.exercises.attempt import Attempt, attempt_our_own

RELATIVE_TOLERANCE = 1e-4  # of each number: what a z of 1.96 for 1.95996 may change
NOISE_FACTOR = 32.0  # times what float32 itself does to the answer
GRADIENT_TOLERANCE = 1e-3  # of the largest: a gradient may be a difference of nearly equal numbers
SMALLEST = 1e-9  # below this, no two numbers differ


@dataclass(frozen=True)
class Case:
    """One input of a check, with the right answer.

    Attributes:
        inputs: {argument: value}.
        wanted: the right answer, one float64 array for each part, computed in float64.
        tolerance: how far an answer may be from it, number by number.
        gradients, gradient_tolerance: the same for the gradients, by argument; empty where none matter.
    """

    inputs: Mapping[str, Any]
    wanted: tuple[np.ndarray, ...]
    tolerance: tuple[np.ndarray, ...]
    gradients: Mapping[str, np.ndarray]
    gradient_tolerance: Mapping[str, np.ndarray]

    def accepts(self, found: Attempt) -> bool:
        """Whether the numbers that were found are the right ones."""
        return found.answer is not None and all(map(self.accepts_part, range(len(self.wanted)), found.answer))

    def accepts_part(self, part: int, numbers: np.ndarray) -> bool:
        """Whether one part of an answer is right."""
        return agree(numbers, self.wanted[part], self.tolerance[part])

    def accepts_gradients(self, found: Attempt) -> bool:
        """Whether the gradients that were found are the right ones."""
        return all(
            name in found.gradients and agree(found.gradients[name], self.gradients[name], tolerance)
            for name, tolerance in self.gradient_tolerance.items()
        )


def make_case(solution: Callable, inputs: Mapping[str, Any], parts: int, differentiate: tuple[str, ...]) -> Case:
    """The right answer to `inputs`, and its tolerance.

    What float32 does to the answer is measured: by rounding the inputs otherwise, and by computing in float32.

    Raises:
        ArithmeticError: the solution gives no number for these inputs.
    """

    def answer(inputs):
        found = attempt_our_own(solution, inputs, parts, differentiate)
        if found.answer is None or any(np.isnan(part).any() for part in found.answer):
            raise ArithmeticError(f"the solution fails on {inputs}: {found}")
        return found

    right = answer(_in_precision(inputs, torch.float64))
    others = [answer(_nudged(inputs, k)) for k in range(3)]
    others.append(answer(_in_precision(inputs, torch.float32)))
    wanted, *noise = ([*found.answer, *found.gradients.values()] for found in (right, *others))
    tolerance = [_tolerance(value, [other[i] for other in noise]) for i, value in enumerate(wanted)]
    if _is_exact(inputs, right.answer):
        tolerance = [np.full(value.shape, SMALLEST) for value in wanted]
    gradients = {
        name: allowed + GRADIENT_TOLERANCE * np.abs(right.gradients[name]).max(initial=0.0)
        for name, allowed in zip(right.gradients, tolerance[parts:], strict=True)
    }
    return Case(inputs, right.answer, tuple(tolerance[:parts]), right.gradients, gradients)


def agree(found: np.ndarray, wanted: np.ndarray, tolerance: np.ndarray | float) -> bool:
    """Whether two arrays have one shape and equal numbers, up to `tolerance`; infinities and NaNs are equal, too."""
    if found.shape != wanted.shape:
        return False
    with np.errstate(invalid="ignore"):
        near = np.abs(found - wanted) <= tolerance
    return bool(np.all(near | (found == wanted) | (np.isnan(found) & np.isnan(wanted))))


def _is_exact(inputs, answer) -> bool:
    """Whether whole numbers make whole numbers: then none may be missing."""
    whole = all(np.asarray(value).dtype.kind in "biu" for value in inputs.values())
    return whole and all(np.array_equal(part, np.rint(part)) for part in answer)


def _tolerance(wanted, others) -> np.ndarray:
    noise = np.max([np.abs(other - wanted) for other in others], axis=0)
    largest = np.abs(wanted).max(initial=0.0)
    return RELATIVE_TOLERANCE * np.abs(wanted) + 1e-6 * largest + NOISE_FACTOR * noise + SMALLEST


def _in_precision(inputs, dtype) -> dict:
    """The inputs with all tensors and arrays of decimals in `dtype`."""
    converted = dict(inputs)
    for name, value in inputs.items():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            converted[name] = value.to(dtype)
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
            converted[name] = value.astype(str(dtype).removeprefix("torch."))
    return converted


def _nudged(inputs, k) -> dict:
    """The inputs in float64, each number rounded otherwise; equal numbers stay equal, so no tie is broken."""
    nudged = _in_precision(inputs, torch.float64)
    for name, value in [*nudged.items()]:
        if isinstance(value, float):
            nudged[name] = value * (1 + 2**-24 * float(np.sin(1e6 * value + k)))
        elif isinstance(value, torch.Tensor) and value.is_floating_point():
            nudged[name] = value * (1 + 2**-24 * torch.sin(1e6 * value + k))
        elif isinstance(value, np.ndarray) and value.dtype.kind == "f":
            nudged[name] = value * (1 + 2**-24 * np.sin(1e6 * value + k))
    return nudged
