"""The smallest input on which a function goes wrong, shown so that a student can work it out by hand."""

from collections.abc import Callable

import numpy as np
import torch

from ppo_lib.exercises.attempt import Attempt
from ppo_lib.exercises.cases import Case
from ppo_lib.exercises.draw import Draw

TRIES = 16  # plain inputs of each size
SHOWN_AT_MOST = 24  # numbers of an array; of a larger answer only the row that differs is shown
PRINTED_LINES = 10


def smallest(exercise, try_on: Callable[..., Attempt], case: Case, is_wrong: Callable[[Case, Attempt], bool]):
    """The smallest input found that goes wrong, and what the function does with it; `case` if no other does.

    Small inputs of plain numbers are tried first, from single numbers up.

    Args:
        try_on: from an input to what the function does with it.
    """
    rng = np.random.default_rng(0)
    for largest in (1, 2, 3, 4):
        drawn = [exercise.draw(Draw(rng, number, largest, plain=True)) for number in range(TRIES)]
        for inputs in sorted(drawn, key=_size):
            candidate, found = exercise.case(inputs), try_on(inputs)
            if is_wrong(candidate, found):
                return candidate, found
    return case, try_on(case.inputs)


def show_example(exercise, case: Case, found: Attempt) -> str:
    """The input, what was expected and what was found, up to the first place where they differ, in aligned lines."""
    rows = [(name, _show_input(value)) for name, value in case.inputs.items()]
    if found.answer is not None:
        rows += _difference(exercise, case, found)
    width = max(len(label) for label, _ in rows)
    lines = [line for label, text in rows for line in _labelled(label.ljust(width), text)]
    if found.printed:
        lines += ["It printed:", *found.printed.splitlines()[:PRINTED_LINES]]
    return "\n".join(lines)


def _difference(exercise, case, found) -> list[tuple[str, str]]:
    """[(label, text)] of the answers at the first place where they differ, and of how the right one is worked out."""
    part = next((i for i, given in enumerate(found.answer) if not case.accepts_part(i, given)), 0)
    wanted, given, tolerance = case.wanted[part], found.answer[part], case.tolerance[part]
    if exercise.told:
        return [("expected", exercise.told(wanted)), ("yours", exercise.told(given))]
    expected, yours = (f"{whose}{exercise.part_name(part)}" for whose in ("expected", "yours"))
    if wanted.shape != given.shape:
        return [(expected, f"numbers of shape {wanted.shape}"), (yours, f"numbers of shape {given.shape}")]
    index = _first_difference(wanted, given, tolerance, exercise.backwards)
    shown, place = _slice_to_show(wanted, index)
    digits = _digits_to_differ(wanted[index], given[index])
    rows = [
        (expected + place, _show_floats(wanted[shown], digits)),
        (yours + place, _show_floats(given[shown], digits)),
    ]
    if exercise.worked:
        rows.append(("worked out", exercise.worked(index, **case.inputs)))
    return rows


def _slice_to_show(wanted, index):
    """As much of an answer around one place as can be read: all of it, its row, or the number alone."""
    for depth in range(len(index) + 1):
        if wanted[index[:depth]].size <= SHOWN_AT_MOST:
            return index[:depth], str(list(index[:depth])) if depth else ""
    return index, str(list(index))


def _size(inputs) -> int:
    return sum(np.asarray(value).size for value in inputs.values())


def _first_difference(wanted, given, tolerance, backwards) -> tuple[int, ...]:
    with np.errstate(invalid="ignore"):
        differs = ~(np.abs(given - wanted) <= tolerance) & ~(given == wanted)
    places = np.argwhere(differs)
    if backwards:
        places = places[places[:, 0] == places[:, 0].max()]
    return tuple(int(i) for i in places[0])


def _digits_to_differ(wanted, given) -> int:
    """How many digits two numbers need until they look as different as they are."""
    return next((d for d in range(4, 17) if f"{wanted:.{d}g}" != f"{given:.{d}g}"), 17)


def _labelled(label, text) -> list[str]:
    first, *others = text.split("\n")
    return [f"{label} = {first}", *(" " * (len(label) + 3) + line for line in others)]


def _show_input(value) -> str:
    if isinstance(value, torch.Tensor):
        value = value.detach().numpy()
    if isinstance(value, np.ndarray):
        if value.size > SHOWN_AT_MOST:
            return f"an array of shape {value.shape}"
        if value.dtype.kind == "f":
            return _show_floats(value, 4)
        return np.array2string(value, separator=", ", max_line_width=90)
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _show_floats(value, digits) -> str:
    if not np.ndim(value):
        return f"{float(value):.{digits}g}"
    form = {"float_kind": lambda number: f"{number + 0.0:.{digits}g}"}  # 0 for -0
    text = np.array2string(np.asarray(value), separator=", ", formatter=form, max_line_width=90)
    return text.replace("\n\n", "\n")
