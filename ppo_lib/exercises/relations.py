"""Mistakes that any exercise may meet: the right numbers turned, scaled or shifted, or an argument not looked at."""

from collections.abc import Callable, Sequence
from itertools import repeat

import numpy as np
import torch

from ppo_lib.exercises.attempt import Attempt, attempt_our_own
from ppo_lib.exercises.cases import Case, agree

RELATIVE_TOLERANCE = 1e-4  # up to which two numbers count as related
LEAST_FACTOR = 0.01  # by which a factor has to differ from 1
# From the right answer to what the mistake makes of it, and the sentence that goes with it.
RELATIONS: dict[str, tuple[str, Callable]] = {
    "sign": ("The sign: each of your numbers is the right one times -1.", np.negative),
    "absolute value": ("Your numbers are the right ones without their signs.", np.abs),
    "none below zero": ("Where the answer should be negative, yours is 0.", lambda wanted: np.maximum(wanted, 0)),
    "rounded": ("Your numbers are rounded to whole ones.", np.rint),
    "rounded down": ("Your numbers are rounded down: is there a // or an int?", np.floor),
    "squared": ("Your numbers are the squares of the right ones.", np.square),
    "root": ("Your numbers are the square roots of the right ones.", lambda wanted: np.sqrt(np.abs(wanted))),
    "logarithm": ("Your numbers are the logarithms of the right ones.", lambda wanted: np.log(np.abs(wanted))),
    "exponential": ("Your numbers are exp of the right ones.", np.exp),
    "turned": ("The numbers are right, but their axes are swapped.", np.transpose),
    "reversed": (
        "The numbers are right, but in reversed order: the last comes first.",
        lambda wanted: wanted[::-1] if wanted.ndim else wanted,
    ),
}


def relation(cases: Sequence[Case], attempts: Sequence[Attempt]) -> tuple[str, str] | None:
    """The name and the sentence of what turns the right answer into the one given, the same in every case."""
    if any(found.answer is None for found in attempts):
        return None
    pairs = [
        (wanted, given, tolerance.max(initial=0.0))
        for case, found in zip(cases, attempts, strict=True)
        for wanted, given, tolerance in zip(case.wanted, found.answer, case.tolerance, strict=True)
    ]
    with np.errstate(all="ignore"):
        for name, (sentence, made) in RELATIONS.items():
            differs = any(not _near(made(wanted), wanted, tolerance) for wanted, _, tolerance in pairs)
            if differs and all(_near(given, made(wanted), tolerance) for wanted, given, tolerance in pairs):
                return name, sentence
        if any(given.shape != wanted.shape for wanted, given, _ in pairs):
            return _shape(pairs)
        return _factor(pairs) or _offset(pairs)


def uses(name: str, case: Case, given: Attempt, try_on: Callable, solution: Callable, parts: int) -> bool | None:
    """Whether the answer `given` in a case depends on the argument `name`; None where it need not, or nobody knows."""
    changed = {**case.inputs, name: _another(case.inputs[name])}
    wanted = attempt_our_own(solution, changed, parts)
    if wanted.answer is None or given.answer is None or case.accepts(wanted):
        return None
    after = try_on(changed)
    return None if after.answer is None else not all(map(agree, after.answer, given.answer, repeat(0.0)))


def _another(value):
    """A value of the same sort, but not the same."""
    if isinstance(value, torch.Tensor):
        return torch.as_tensor(_another(value.detach().numpy()))
    if isinstance(value, np.ndarray) and value.dtype.kind != "f":
        whole = value.astype(int)
        mirrored = whole.max() + whole.min() - whole  # so that indices stay within their range
        return ~value if value.dtype == bool else mirrored.astype(value.dtype)
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else value * 0.75 + 0.125


def _near(given, wanted, tolerance) -> bool:
    finite = bool(np.isfinite(wanted).all())
    return finite and agree(given, wanted, tolerance + RELATIVE_TOLERANCE * np.abs(wanted))


def _shape(pairs):
    same = (
        given.size == wanted.size and _near(given.reshape(wanted.shape), wanted, tolerance)
        for wanted, given, tolerance in pairs
    )
    sentence = "The numbers are right, but they stand in another shape than the one that is asked for."
    return ("shape", sentence) if all(same) else None


def _factor(pairs):
    ratios = [(given / wanted)[np.abs(wanted) > 100 * tolerance] for wanted, given, tolerance in pairs]
    factor = float(np.median(np.concatenate([*ratios, np.empty(0)]))) if any(map(np.size, ratios)) else 0.0
    related = factor != 0 and abs(factor - 1) > LEAST_FACTOR
    if not related or not all(_near(given, factor * wanted, tolerance) for wanted, given, tolerance in pairs):
        return None
    return "factor", f"Your answer is always {factor:.4g} times the right one: is there a factor too many, or too few?"


def _offset(pairs):
    offset = float(np.median(np.concatenate([(given - wanted).ravel() for wanted, given, _ in pairs])))
    if not all(agree(given - offset, wanted, tolerance) for wanted, given, tolerance in pairs):
        return None
    return "offset", f"Your answer is always the right one {'plus' if offset > 0 else 'minus'} {abs(offset):.4g}."
