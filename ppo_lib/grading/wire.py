"""Messages between the grader and the confined process: JSON, and the bytes of arrays after it. Neither can execute.

A message is made of None, booleans, numbers, strings, lists, {string: value}, numpy arrays and tensors. The confined
process is given this file alone, so it imports nothing of ours.
"""

import json
import math
import struct
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
import torch

LARGEST_HEADER = 2**22  # bytes
LARGEST_BODY = 2**27  # bytes
LENGTHS = struct.Struct("<IQ")  # of the header and of the body
DTYPES = {"bool", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"}
ARRAY, TENSOR = "array", "tensor"


class WireError(ValueError):
    """What arrived is no message."""


def send(stream: BinaryIO, message: dict) -> None:
    """Write one message.

    Raises:
        WireError: it holds something that messages cannot, or is too large.
    """
    blocks = []
    header = json.dumps(_pack(message, blocks)).encode()
    if len(header) > LARGEST_HEADER or sum(map(len, blocks)) > LARGEST_BODY:
        raise WireError("a message too large to send")
    stream.write(LENGTHS.pack(len(header), sum(map(len, blocks))))
    stream.write(header)
    for block in blocks:
        stream.write(block)
    stream.flush()


def receive(stream: BinaryIO) -> dict:
    """Read one message.

    Raises:
        EOFError: the stream has ended.
        WireError: what arrived is no message.
    """
    header_length, body_length = LENGTHS.unpack(_read(stream, LENGTHS.size))
    if header_length > LARGEST_HEADER or body_length > LARGEST_BODY:
        raise WireError("a message too large to be one")
    header, body = _read(stream, header_length), _read(stream, body_length)
    try:
        message = _unpack(json.loads(header), BytesIO(body))
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise WireError(f"no message: {type(error).__name__}") from None
    if not isinstance(message, dict):
        raise WireError("no message: no dictionary")
    return message


def _read(stream, length) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError("the stream has ended")
    return data


def _pack(value: Any, blocks: list[bytes]) -> Any:
    """The value as JSON can hold it. Dictionaries become {"dict": ...}, so that none can pass for an array."""
    if isinstance(value, torch.Tensor):
        return {TENSOR: _pack(value.detach().cpu().numpy(), blocks)[ARRAY]}
    if isinstance(value, np.ndarray):
        if value.dtype.name not in DTYPES:
            raise WireError(f"arrays of {value.dtype} cannot be sent")
        blocks.append(value.tobytes())
        return {ARRAY: [value.dtype.name, list(value.shape)]}
    if isinstance(value, dict):
        return {"dict": {str(name): _pack(part, blocks) for name, part in value.items()}}
    if isinstance(value, list | tuple):
        return [_pack(part, blocks) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise WireError(f"a {type(value).__name__} cannot be sent")


def _unpack(value: Any, body: BytesIO) -> Any:
    """Back from JSON; lists stay lists. Raises ValueError, TypeError or KeyError for what `_pack` never makes."""
    if isinstance(value, list):
        return [_unpack(part, body) for part in value]
    if not isinstance(value, dict):
        return value
    (kind, content), *others = value.items()
    if others or not isinstance(content, {"dict": dict, ARRAY: list, TENSOR: list}.get(kind, ())):
        raise ValueError("an unknown kind of value")
    if kind == "dict":
        return {name: _unpack(part, body) for name, part in content.items()}
    array = _unpack_array(*content, body)
    return torch.from_numpy(array) if kind == TENSOR else array


def _unpack_array(dtype, shape, body) -> np.ndarray:
    """The next array of the body. Each byte is used once, so that a small message cannot become a large one."""
    if dtype not in DTYPES or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("no array")
    data = body.read(math.prod(shape) * np.dtype(dtype).itemsize)
    return np.frombuffer(bytearray(data), dtype).reshape(shape)
