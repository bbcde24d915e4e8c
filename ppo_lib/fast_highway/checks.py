"""Refusing what is not reproduced exactly: one error, one line, naming the key, before anything is allocated."""

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 100
_short.maxdict = _short.maxlist = _short.maxtuple = 10


def describe(value: Any) -> str:
    """A value in one line of readable length."""
    try:
        return " ".join(_short.repr(value).split())
    except Exception:  # a stranger's __repr__, or an integer of too many digits
        return f"<{type(value).__name__}>"


def is_integer(value: Any) -> bool:
    """A whole number, and no truth value."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_number(value: Any, low: float, high: float) -> bool:
    """A number from `low` to `high`, hence finite, and no truth value."""
    return (is_integer(value) or isinstance(value, (float, np.floating))) and bool(low <= value <= high)


def is_flag(value: Any) -> bool:
    """A truth value, or 0 or 1 in its place."""
    return isinstance(value, (bool, np.bool_)) or (is_integer(value) and value in (0, 1))


class Refusal:
    """Raises the one error for whatever is not reproduced, naming the key, the environment and who can."""

    def __init__(self, env_id: str) -> None:
        self.env_id = env_id

    def unless(self, condition: bool, key: str, value: Any, allowed: str) -> None:
        """Raise a ValueError unless `condition` holds; `allowed` says what would be accepted."""
        if not condition:
            raise ValueError(
                f"the fast backend cannot reproduce {key}={describe(value)} of {self.env_id} exactly "
                f'(it needs {allowed}); use backend="sync" or backend="async", which run highway-env itself'
            )

    def number(self, key: str, value: Any, low: float, high: float) -> float:
        """The value as a float, if it is a number from `low` to `high`."""
        self.unless(is_number(value, low, high), key, value, f"a number from {low:g} to {high:g}")
        return float(value)

    def integer(self, key: str, value: Any, low: int, high: int) -> int:
        """The value as an int, if it is an integer from `low` to `high`."""
        self.unless(is_integer(value) and low <= value <= high, key, value, f"an integer from {low} to {high}")
        return int(value)

    def flag(self, key: str, value: Any) -> bool:
        """The value as a bool, if it is True, False, 1 or 0."""
        self.unless(is_flag(value), key, value, "True or False")
        return bool(value)

    def numbers(self, key: str, value: Any, count: int | range, low: float, high: float) -> list[float]:
        """The value as a list of floats, if it is a list, tuple or array of so many numbers from `low` to `high`."""
        counts = range(count, count + 1) if isinstance(count, int) else count
        flat = isinstance(value, (list, tuple)) or (isinstance(value, np.ndarray) and value.ndim == 1)
        valid = flat and len(value) in counts and all(is_number(number, low, high) for number in value)
        wanted = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        self.unless(valid, key, value, f"{wanted} numbers from {low:g} to {high:g}")
        return [float(number) for number in value]

    def mapping(self, key: str, value: Any) -> Mapping[str, Any]:
        """The value, if it is a dictionary with names for keys."""
        valid = isinstance(value, Mapping) and all(isinstance(name, str) for name in value)
        self.unless(valid, key, value, "a dictionary with names for keys")
        return value

    def names(self, key: str, value: Any, most: int) -> list[str]:
        """The value as a list, if it is a list or tuple of up to `most` strings."""
        valid = isinstance(value, (list, tuple)) and len(value) <= most and all(isinstance(v, str) for v in value)
        self.unless(valid, key, value, f"a list of up to {most} names")
        return list(value)
