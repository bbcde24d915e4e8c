"""Plain data: what JSON can hold, and what of it a file is not trusted with."""

import math
import re
from collections.abc import Mapping

import numpy as np

from ppo_lib.errors import UsageError, shown

LOOKS_LIKE_CODE = re.compile(r"[^\W\d]\w*[.:][^\W\d]")  # as in package.module.Class and package.module:name


def as_plain(value, where):
    """`value` in plain Python: numpy's numbers and arrays as Python's, tuples as lists.

    Raises UsageError, naming it by `where`, for all else, and for numbers that are not finite.
    """
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {key: as_plain(part, f"{where}[{key!r}]") for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_plain(part, where) for part in value]
    if value is None or isinstance(value, (bool, int, str)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise UsageError(f"{where} must be plain finite numbers, texts, lists and dictionaries, got {shown(value)}")


def is_plain(value) -> bool:
    """Whether as_plain takes it."""
    try:
        as_plain(value, "it")
    except UsageError:
        return False
    return True


def refuse_code(value, allowed):
    """Raise UsageError for a text, at any depth, that names code and is not `allowed`."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            refuse_code(part, allowed)
    elif isinstance(value, str) and LOOKS_LIKE_CODE.search(value) and value not in allowed:
        raise UsageError(
            f"{shown(value)} names code that would be imported, and a file is not trusted with that; highway-env's "
            "own vehicles are allowed. If you trust it, make the environments yourself and pass them as envs"
        )
