"""Runs a function that somebody else wrote, and makes plain data of what it did.

The one place that meets foreign code: whatever a student's function raises, returns, prints or spoils ends here. It
imports nothing of ours, so that a process that is trusted with nothing else can be given this file alone.
"""

import dis
import inspect
import sys
import sysconfig
import traceback
import warnings
from collections.abc import Callable, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass, field, replace
from io import StringIO
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
import torch

PRINTED_AT_MOST = 2_000  # characters of what a function prints
HERE = Path(__file__).parent
COURSE = HERE.parent if HERE.name == "exercises" else HERE  # elsewhere this file stands alone
# Where the code of libraries lies; a frame of a traceback that lies elsewhere is the student's own.
LIBRARIES = tuple({*map(sysconfig.get_path, ("stdlib", "platstdlib", "purelib", "platlib")), str(COURSE)})
# What some exercises ask for by hand, by the qualified names of the library functions in which it lies.
BORROWED = {"Categorical.__init__": "Categorical", "compute_gae": "compute_gae"}
DOES_NOTHING = {"RESUME", "NOP", "POP_TOP", "LOAD_CONST", "RETURN_VALUE", "RETURN_CONST", "LOAD_COMMON_CONSTANT"}


class NotNumbers(TypeError):
    """An answer that cannot be read as numbers."""


class Complaint(Exception):
    """What an exercise that drives a student's function finds wrong on the way: a mistake's name, and a sentence."""

    def __init__(self, mistake: str, sentence: str):
        super().__init__(mistake, sentence)


@dataclass(frozen=True)
class Attempt:
    """What a function did with one input, as plain data.

    Attributes:
        answer: what it returned, as one float64 array for each part of the answer; None where it returned no numbers.
        words: what it returned, where that is a list of words.
        kind: what it returned, in words, as in "a tensor of shape (3,)".
        gradients: {argument: gradient of the weighted sum of the answer}, in float64, where a gradient was asked for
            and the answer carries one.
        changed: the arguments that it changed in place.
        error, line: what it raised, and the student's own line where it happened; empty where it raised nothing.
        complaint: the name and the sentence of a Complaint that ended it; empty where there was none.
        borrowed: the names of what it called of BORROWED, in the order of the alphabet.
        printed: what it printed.
        stub: whether nothing has been written into it yet.
    """

    answer: tuple[np.ndarray, ...] | None = None
    words: tuple[str, ...] | None = None
    kind: str = "nothing (None)"
    gradients: dict[str, np.ndarray] = field(default_factory=dict)
    changed: tuple[str, ...] = ()
    error: str = ""
    line: str = ""
    complaint: tuple[str, ...] = ()
    borrowed: tuple[str, ...] = ()
    printed: str = ""
    stub: bool = False


def attempt(function: Callable, inputs: Mapping[str, Any], parts: int = 1, differentiate: tuple[str, ...] = ()):
    """Call `function` with copies of `inputs`, by position, and say what it did.

    Args:
        function: any callable.
        inputs: {argument: value}: tensors, arrays, numbers.
        parts: of how many values the answer consists; 1 also for a row of numbers of one shape.
        differentiate: the tensors of `inputs` in which the answer is differentiated.

    Returns:
        Attempt. KeyboardInterrupt is the only thing that gets out of it.
    """
    arguments = {name: _copy(value) for name, value in inputs.items()}
    for name in differentiate:
        arguments[name].requires_grad_()
    printed = StringIO()
    with _silently(printed), _noting_what_is_borrowed() as borrowed:
        result = _call(function, arguments, parts, differentiate)
    changed = tuple(name for name, value in inputs.items() if not _same(value, arguments[name]))
    return replace(
        result, changed=changed, borrowed=tuple(sorted(borrowed)), printed=printed.getvalue()[:PRINTED_AT_MOST]
    )


def attempt_our_own(
    function: Callable, inputs: Mapping[str, Any], parts: int = 1, differentiate: tuple[str, ...] = ()
) -> Attempt:
    """The same for a function of ours, which changes and prints nothing: several times as fast, and in threads."""
    arguments = dict(inputs)
    for name in differentiate:
        arguments[name] = inputs[name].detach().clone().requires_grad_()
    with _without_warnings():
        return _call(function, arguments, parts, differentiate)


def read_numbers(value) -> np.ndarray:
    """A float64 array of anything that holds numbers: a tensor, an array, a number, or a list or tuple of these.

    Raises:
        NotNumbers: it holds something else, or rows of different shapes.
    """
    if isinstance(value, torch.Tensor):
        if value.is_complex():
            raise NotNumbers("complex numbers")
        return value.detach().cpu().to(torch.float64).resolve_neg().numpy()
    if isinstance(value, list | tuple | range):
        rows = [read_numbers(row) for row in value]
        if len({row.shape for row in rows}) > 1:
            raise NotNumbers("rows of different shapes")
        return np.stack(rows) if rows else np.empty(0)
    if isinstance(value, Number | np.generic | np.ndarray) or hasattr(value, "__array__"):
        array = np.asarray(value)
        if array.dtype.kind in "biufO":  # an array of objects may hold fractions, or tensors
            return array.astype(np.float64) if array.dtype.kind != "O" or not array.ndim else read_numbers(list(array))
    raise NotNumbers("no numbers")


def describe(value) -> str:
    """What sort of thing `value` is, in the student's words."""
    if value is None:
        return "nothing (None)"
    if value is ...:
        return "an ellipsis (...)"
    if isinstance(value, torch.Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, Number | np.bool_):
        return "a complex number" if isinstance(value, complex) else "a number"
    if isinstance(value, tuple | list):
        return f"a {type(value).__name__} of {len(value)}"
    if callable(value):
        return f"a {type(value).__name__}, which is still to be called"
    return f"a {type(value).__name__}"


def does_nothing(function: Callable) -> bool:
    """Whether the function, below its decorators, is a stub: a docstring, `...`, `pass` or nothing at all."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return code is not None and {step.opname for step in dis.get_instructions(code)} <= DOES_NOTHING


def _call(function, arguments, parts, differentiate) -> Attempt:
    try:
        value = function(*arguments.values())
        result = _read_result(function, value, parts)
        if differentiate and result.answer is not None:
            result = replace(result, gradients=_gradients(value, arguments, differentiate))
    except KeyboardInterrupt:  # the student's own, at a function that takes too long
        raise
    except BaseException as error:  # whatever a student's function raises is theirs, and shown
        result = _read_error(function, error)
    return result


def _copy(value):
    """As deepcopy does it, but without its detours, which take longer than the function."""
    if isinstance(value, torch.Tensor):
        return value.detach().clone()
    return value.copy() if isinstance(value, np.ndarray) else deepcopy(value)


def _read_result(function, value, parts) -> Attempt:
    if value is None or value is ...:
        return Attempt(kind=describe(value), stub=does_nothing(function))
    if isinstance(value, np.ndarray) and value.dtype.kind == "U" and value.ndim == 1:
        value = value.tolist()
    if isinstance(value, list | tuple) and value and all(isinstance(word, str) for word in value):
        return Attempt(words=tuple(map(str, value)), kind=describe(value))
    values = (value,) if parts == 1 else tuple(value) if isinstance(value, tuple | list) else ()
    try:
        answer = tuple(read_numbers(part) for part in values)
    except NotNumbers as reason:
        return Attempt(kind=f"{describe(value)} with {reason}" if isinstance(value, list | tuple) else describe(value))
    return Attempt(answer if len(answer) == parts else None, kind=describe(value))


def _read_error(function, error) -> Attempt:
    if isinstance(error, Complaint):
        return Attempt(kind="not as asked", complaint=error.args)
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename)]
    # torch raises NotImplementedError, too; a stub raises it itself.
    stub = isinstance(error, NotImplementedError) and bool(frames) and frames[-1].line.startswith("raise")
    line = f"line {frames[-1].lineno}" + (f": `{frames[-1].line}`" if frames[-1].line else "") if frames else ""
    try:
        words = str(error)
    except Exception:  # an exception of the student's own class
        words = ""
    return Attempt(error=f"{type(error).__name__}: {words}"[:500].rstrip(": "), line=line, stub=stub)


def _is_own(filename) -> bool:
    return not filename.startswith(("<frozen", "<__array_function__", *LIBRARIES))


def _gradients(value, arguments, names) -> dict[str, np.ndarray]:
    """Of the answer's weighted sum, so that every number of the answer counts and none can hide behind another."""
    whole = torch.cat([part.flatten() for part in _flat(value)])
    if not whole.requires_grad:
        return {}
    weighted = (whole.double() * torch.linspace(1, 2, len(whole), dtype=torch.float64)).sum()
    leaves = [arguments[name] for name in names]
    found = torch.autograd.grad(weighted, leaves, allow_unused=True)
    zeros = (torch.zeros_like(leaf) for leaf in leaves)
    return {
        name: read_numbers(zero if gradient is None else gradient)
        for name, gradient, zero in zip(names, found, zeros, strict=True)
    }


def _flat(value):
    if isinstance(value, list | tuple):
        for part in value:
            yield from _flat(part)
    else:
        yield torch.as_tensor(value)


def _same(before, after) -> bool:
    """Whether a value is still what it was, bit for bit."""
    if isinstance(before, torch.Tensor):
        before, after = before.detach().numpy(), after.detach().numpy()
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and np.array_equal(before, after, equal_nan=before.dtype.kind == "f")
    return before is after or bool(before == after)


@contextmanager
def _noting_what_is_borrowed():
    """The set of what is called of BORROWED, under whatever name the student has imported it."""
    borrowed, before = set(), sys.getprofile()

    def note(frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_qualname in BORROWED and not _is_own(code.co_filename):
            borrowed.add(BORROWED[code.co_qualname])

    sys.setprofile(note)
    try:
        yield borrowed
    finally:
        sys.setprofile(before)


@contextmanager
def _silently(printed):
    """What is printed is kept, and what numpy and others warn of is not said: the verdict says enough."""
    with redirect_stdout(printed), redirect_stderr(StringIO()), _without_warnings():
        limit = sys.getrecursionlimit()
        try:
            yield
        finally:
            sys.setrecursionlimit(limit)


@contextmanager
def _without_warnings():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
