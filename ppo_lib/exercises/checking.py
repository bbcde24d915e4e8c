"""The machinery behind every `check_...`: run a student's function and say kindly what is right or wrong with it."""

import traceback
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from numbers import Number
from typing import Any, NamedTuple

import numpy as np
import torch

NOT_ATTEMPTED, RIGHT, KNOWN_MISTAKE, WRONG, ERROR = "not attempted", "right", "known mistake", "wrong", "error"
SHOWN_AT_MOST = 60  # numbers of an array; of a larger one only the shape is printed


class Verdict(NamedTuple):
    """What a check found: one of the kinds above, and the message for the student."""

    kind: str
    message: str


@dataclass(frozen=True)
class Exercise:
    """One exercise; calling it with the student's function prints what is right or wrong with that.

    Args:
        checked: what the check looks at, to end the sentence "Right. Checked: ...".
        cases: the inputs to try, each {argument: value}, passed by position in that order. Together they must tell
            every mistake from the solution and from the other mistakes.
        solution: the right function. It returns a tensor, an array, a number, a string, or a tuple of these.
        mistakes: {name: (sentence for the student, wrong function)}. The sentence names the mistake and says where to
            look. A student's function that agrees with a wrong one in every case has made its mistake.
    """

    checked: str
    cases: Sequence[Mapping[str, Any]]
    solution: Callable
    mistakes: Mapping[str, tuple[str, Callable]]

    def __call__(self, function: Callable) -> None:
        """Print the verdict on `function`; an exception inside it is shown, not raised."""
        print(self.judge(function).message)

    def judge(self, function: Callable) -> Verdict:
        """The verdict on `function`."""
        if not callable(function):
            return Verdict(WRONG, "Pass the function itself, without calling it: its name, without parentheses.")
        try:
            results = self._results(function)
        except NotImplementedError:
            return _not_attempted(function)
        except Exception as error:  # whatever a student's function raises is theirs, and shown
            return Verdict(ERROR, self._explain_error(function, error))
        if any(result is None or result is ... for result in results):
            return _not_attempted(function)
        expected = self._results(self.solution)
        if _all_agree(results, expected):
            return Verdict(RIGHT, f"Right. Checked: {self.checked}.")
        for sentence, mistaken in self.mistakes.values():
            if _all_agree(results, self._results(mistaken)):
                return Verdict(KNOWN_MISTAKE, f"Not yet. {sentence}")
        return Verdict(WRONG, self._explain_difference(results, expected))

    def _results(self, function) -> list:
        """What `function` returns in each case. It gets copies, so that it may change its arguments."""
        return [function(*deepcopy(tuple(case.values()))) for case in self.cases]

    def _explain_difference(self, results, expected) -> str:
        """The first case that came out differently: its kind where that is wrong, else the numbers."""
        pairs = zip(self.cases, results, expected, strict=True)
        case, result, wanted = next(triple for triple in pairs if not _agree(*triple[1:]))
        if _kind(result) != _kind(wanted):
            return f"Not yet. The result should be {_kind(wanted)}, but yours is {_kind(result)}."
        given = "\n".join(_labelled(name, value) for name, value in case.items())
        return (
            "Not yet, and not in a way that this check has a name for. Try this one by hand. Given\n"
            f"{given}\n{_labelled('expected', wanted)}\n{_labelled('yours', result)}"
        )

    def _explain_error(self, function, error) -> str:
        """The exception and the student's own line that led to it, however deep in a library it was raised."""
        message = f"Your function raised {type(error).__name__}: {error}"
        own_file = getattr(getattr(function, "__code__", None), "co_filename", None)
        own_frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == own_file]
        if not own_frames:
            return f"{message}\n  It is called with ({', '.join(self.cases[0])})."
        return f"{message}\n  in line {own_frames[-1].lineno}: {own_frames[-1].line}"


def _not_attempted(function) -> Verdict:
    name = getattr(function, "__name__", "your function")
    return Verdict(NOT_ATTEMPTED, f"Not attempted yet: {name} returns nothing. Replace its ... and run it again.")


def _all_agree(results, expected) -> bool:
    return all(_agree(result, wanted) for result, wanted in zip(results, expected, strict=True))


def _agree(result, wanted) -> bool:
    """Whether both are of one kind and equal, up to rounding."""
    if _kind(result) != _kind(wanted):
        return False
    if isinstance(wanted, tuple):
        return _all_agree(result, wanted)
    if isinstance(wanted, str):
        return result == wanted
    return np.allclose(_to_numpy(result), _to_numpy(wanted), rtol=1e-4, atol=1e-5, equal_nan=True)


def _kind(value) -> str:
    """What sort of thing `value` is, in the student's words; a number is a number, whoever's type it has."""
    if isinstance(value, tuple):
        return f"a tuple of {len(value)} ({', '.join(map(_kind, value))})"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}{' with a gradient' if value.requires_grad else ''}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, Number | np.bool_):
        return "a number"
    return f"a {type(value).__name__}"


def _labelled(label, value) -> str:
    """A line for a small value, several for a larger one."""
    start = f"  {label} = "
    return start + _show(value).replace("\n", "\n" + " " * len(start))


def _show(value) -> str:
    if isinstance(value, tuple):
        return "\n".join(map(_show, value))
    if not isinstance(value, torch.Tensor | np.ndarray | float | np.floating):
        return str(value)
    array = _to_numpy(value)
    if array.size > SHOWN_AT_MOST:
        return _kind(value)
    return np.array2string(array, precision=4, suppress_small=True, separator=", ", floatmode="maxprec")


def _to_numpy(value) -> np.ndarray:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)
