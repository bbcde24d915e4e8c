"""Messages arrive as they were sent, and whatever else arrives is refused without harm."""

import io
import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ppo_lib.grading import wire

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8"))
messages = st.dictionaries(st.text(st.characters(codec="utf-8")), st.recursive(plain, st.lists, max_leaves=9))


def there_and_back(message):
    stream = io.BytesIO()
    wire.send(stream, message)
    stream.seek(0)
    return wire.receive(stream)


@given(messages)
def test_plain_values_arrive_as_they_were_sent(message):
    assert there_and_back(message) == message


def test_arrays_and_tensors_arrive_with_type_and_shape():
    arrays = {
        "images": np.arange(24, dtype=np.uint8).reshape(2, 3, 4)[:, ::-1],
        "none": np.zeros((0, 3)),
        "number": np.array(2.5),
        "flags": torch.tensor([[True], [False]]),
        "weights": torch.arange(3.0, requires_grad=True),
        "indices": torch.arange(3),
        "nan": np.array([np.nan, np.inf], np.float32),
    }
    found = there_and_back({"inputs": arrays, "more": [np.ones(2), np.float64(1.5)]})
    for name, sent in arrays.items():
        arrived = found["inputs"][name]
        assert type(arrived) is type(sent)
        assert arrived.dtype == sent.dtype
        np.testing.assert_array_equal(np.asarray(arrived), sent.detach().numpy() if torch.is_tensor(sent) else sent)
    assert found["more"][1] == 1.5
    found["inputs"]["images"][:] = 0  # may be written to


def test_a_dictionary_cannot_pass_for_an_array():
    assert there_and_back({"x": {"array": ["float64", [1]]}}) == {"x": {"array": ["float64", [1]]}}


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([object()]), b"bytes", 1j, np.array(["a"])])
def test_what_messages_cannot_hold_is_refused(value):
    with pytest.raises(wire.WireError, match="cannot be sent"):
        wire.send(io.BytesIO(), {"x": value})


def test_what_is_too_large_is_neither_sent_nor_received(monkeypatch):
    monkeypatch.setattr(wire, "LARGEST_BODY", 100)
    with pytest.raises(wire.WireError, match="too large"):
        wire.send(io.BytesIO(), {"x": np.ones(100)})
    for lengths in ((2**31, 0), (0, 2**63)):
        with pytest.raises(wire.WireError, match="too large"):
            wire.receive(io.BytesIO(wire.LENGTHS.pack(*lengths)))


def frame(header, body=b""):
    return io.BytesIO(wire.LENGTHS.pack(len(header), len(body)) + header + body)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[1]",
        b"{}",
        b'{"dict": 3}',
        b'{"dict": {}, "array": []}',
        b'{"object": ["os.system", "ls"]}',
        b'{"dict": {"x": {"array": ["O", [1]]}}}',
        b'{"dict": {"x": {"array": ["float64", [-1]]}}}',
        b'{"dict": {"x": {"array": ["float64", [true]]}}}',
        b'{"dict": {"x": {"array": ["float64", ["2"]]}}}',
        b'{"dict": {"x": {"array": ["float64", [0, 99999999999999999999999]]}}}',
        b'{"dict": {"x": {"array": ["float64", [99999999999]]}}}',
        b'{"dict": {"x": {"array": ["float64", [1], 0]}}}',
        b'{"dict": {"x": {"array": [["float64"], [1]]}}}',
        b'{"dict": {"x": ' + b"9" * 10_000 + b"}}",
        b'{"dict": {"x": ' + b"[" * 100_000,
        b"null",
    ],
    ids=range(18),
)
def test_what_is_no_message_is_refused(content):
    with pytest.raises(wire.WireError):
        wire.receive(frame(content))


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_garbage_is_refused(header, body):
    with pytest.raises((wire.WireError, EOFError)):
        wire.receive(frame(header, body))
    with pytest.raises((wire.WireError, EOFError)):
        wire.receive(io.BytesIO(header))


def test_a_small_message_cannot_become_a_large_one():
    arrays = [{"array": ["float64", [1000]]}] * 50
    header = json.dumps({"dict": {"x": arrays}}).encode()
    with pytest.raises(wire.WireError):
        wire.receive(frame(header, bytes(8000)))
