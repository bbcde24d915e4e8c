"""What comes from a person or a file is checked by pydantic, and refused in one line of ours."""

from functools import cache

import numpy as np
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from ppo_lib.errors import UsageError, shown


def checked(name: str, kind, value):
    """`value` in the type `kind`, an annotation that pydantic understands.

    Raises UsageError naming `name`, what it must be and what it is.
    """
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError:
        raise UsageError(f"{name} must be {described(kind)}, got {shown(value)}") from None


def as_plain_number(value):
    """A numpy scalar as the number of Python's that it stands for, and 8.0 as 8."""
    value = value.item() if isinstance(value, np.generic) else value
    return int(value) if isinstance(value, float) and value.is_integer() else value


def described(kind) -> str:
    """What values an annotation allows, in words: "a whole number in [1, inf)"."""
    alternatives = [part for part in getattr(kind, "__args__", ()) if part is not type(None)]
    if len(alternatives) == 1 and not hasattr(kind, "__metadata__"):  # X | None
        return described(alternatives[0])
    base, bounds = kind.__origin__, {}
    for info in kind.__metadata__:
        for limit in info.metadata if isinstance(info, FieldInfo) else ():
            bounds |= {key: getattr(limit, key) for key in ("ge", "gt", "le", "lt") if hasattr(limit, key)}
    if base is bool:
        return "True or False"
    low = f"[{bounds['ge']}" if "ge" in bounds else f"({bounds.get('gt', '-inf')}"
    high = f"{bounds['le']}]" if "le" in bounds else f"{bounds.get('lt', 'inf')})"
    return f"a {'whole ' if base is int else ''}number in {low}, {high}"


@cache
def _adapter(kind) -> TypeAdapter:
    return TypeAdapter(kind)


def check_array(name: str, array, shape: tuple, dtype) -> None:
    """Raise UsageError unless `array` has that shape and type."""
    if not isinstance(array, np.ndarray) or array.shape != tuple(shape) or array.dtype != dtype:
        got = f"{array.shape} {array.dtype}" if isinstance(array, np.ndarray) else type(array).__name__
        raise UsageError(f"{name} must be an array of shape {tuple(shape)} and type {np.dtype(dtype)}, got {got}")
