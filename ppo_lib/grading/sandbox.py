"""One confined process: the grader's end of it. Everything that comes from there is data, and never trusted."""

import json
import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from tempfile import TemporaryFile
from typing import Any

import numpy as np

from ppo_lib.errors import UsageError
from ppo_lib.exercises.attempt import BORROWED, Attempt
from ppo_lib.grading import wire
from ppo_lib.grading.confinement import Confinement, environment
from ppo_lib.grading.slicing import Program

START_SECONDS = 120  # for importing torch on a busy machine; no student's fault
LONGEST_TEXT = 4_000  # characters


class SubmissionFault(Exception):
    """What a hand-in did that no function may: took too long, ended its process, answered with garbage."""


@dataclass(frozen=True)
class Limits:
    """What a hand-in may use.

    Attributes:
        call_seconds: for running a notebook's statements, and for each call of a function.
        notebook_seconds: for all that the statements and functions of one notebook do.
        memory: bytes beyond what the libraries take.
        file_size: bytes of each file in its private /tmp.
        processes: processes and threads, where they can be limited.
    """

    call_seconds: float = 10.0
    notebook_seconds: float = 120.0
    memory: int = 2 * 2**30
    file_size: int = 16 * 2**20
    processes: int = 64


class Sandbox:
    """The confined process of one notebook, gone without a trace at the end of the block.

    It is started by the first `load`, and again by the next one where a program has ended it.

    Args:
        confinement: how it is locked in.
        limits: what it may use.
    """

    def __init__(self, confinement: Confinement, limits: Limits):
        self._confinement, self._limits = confinement, limits
        self._process, self._late, self._stopped = None, False, False
        self._seconds_left = limits.notebook_seconds

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_):
        self._clear_away()

    def stop(self) -> None:
        """End the process for good; may be called from another thread, in the middle of what it does."""
        self._stopped = True
        self._kill()

    def load(self, program: Program) -> list[str]:
        """Run the statements of a program and find the function that is to be checked.

        Returns:
            The statements that raised, in words.

        Raises:
            SubmissionFault: the function could not be found, or not in time.
            UsageError: the process does not start.
        """
        self._check_not_stopped()
        if not self._alive():
            self._start()
        sent = {"cells": program.cells, "argument": program.argument, "stand_ins": program.stand_ins}
        failures = self._ask({"program": sent}).get("failures")
        if not isinstance(failures, list) or not all(isinstance(failure, str) for failure in failures):
            self._clear_away()
            raise SubmissionFault("it sent no proper answer")
        return [failure[:LONGEST_TEXT] for failure in failures]

    def attempt(self, inputs: Mapping[str, Any], parts: int = 1, differentiate: tuple[str, ...] = ()) -> Attempt:
        """Call the function: ppo_lib.exercises.attempt.attempt, in the confined process.

        Raises:
            SubmissionFault: what came back is no Attempt, or nothing came in time.
        """
        reply = self._ask({"inputs": dict(inputs), "parts": parts, "differentiate": differentiate})
        try:
            return read_attempt(reply, inputs, parts, differentiate)
        except SubmissionFault:
            self._clear_away()  # with whatever else is in the pipe
            raise

    def _check_not_stopped(self):
        if self._stopped:
            raise SubmissionFault("the grading was stopped")

    def _start(self):
        self._clear_away()
        self._late = False
        with TemporaryFile() as complaints:
            self._process = subprocess.Popen(
                [*self._confinement.command, json.dumps(self._settings())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=complaints,
                env=environment(),
                start_new_session=True,  # Ctrl-C is the grader's alone
            )
            try:
                self._exchange(None, START_SECONDS)
            except SubmissionFault as fault:
                complaints.seek(0)
                lines = complaints.read().decode(errors="replace").strip().splitlines() or [str(fault)]
                raise UsageError(f"the confined process does not start: {lines[-1]}") from None

    def _settings(self) -> dict:
        limits = {f.name: getattr(self._limits, f.name) for f in fields(Limits) if not f.name.endswith("_seconds")}
        limits["cpu_seconds"] = START_SECONDS + math.ceil(self._limits.notebook_seconds)
        if not self._confinement.limits_processes:
            limits["processes"] = 0
        return {"files": self._confinement.files, "packages": self._confinement.packages, "limits": limits}

    def _ask(self, message) -> dict:
        self._check_not_stopped()
        started = time.monotonic()
        try:
            reply = self._exchange(message, min(self._limits.call_seconds, self._seconds_left))
        finally:
            self._seconds_left = max(0.0, self._seconds_left - (time.monotonic() - started))
        if reply.keys() == {"error"}:
            raise SubmissionFault(str(reply["error"])[:LONGEST_TEXT])
        return reply

    def _exchange(self, message, seconds) -> dict:
        """Send a message, if there is one, and receive the reply, all within some seconds; else the process ends."""
        watch = threading.Timer(seconds, self._give_up)
        watch.start()
        try:
            if message is not None:
                wire.send(self._process.stdin, message)
            return wire.receive(self._process.stdout)
        except (EOFError, OSError, wire.WireError) as error:
            watch.cancel()
            self._clear_away()
            if self._late:
                raise SubmissionFault(self._too_long(seconds)) from None
            garbage = isinstance(error, wire.WireError)
            raise SubmissionFault("it sent no proper answer" if garbage else "it ended its process") from None
        finally:
            watch.cancel()

    def _too_long(self, seconds) -> str:
        if seconds < self._limits.call_seconds:
            return f"the notebook took longer than {self._limits.notebook_seconds:g} seconds in all"
        return f"it took longer than {seconds:g} seconds"

    def _give_up(self):
        self._late = True
        self._kill()

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _kill(self):
        """End the process, and on POSIX its whole group; nothing where there is none."""
        process = self._process  # another thread may clear it away in between
        if process is not None and process.poll() is None:
            with suppress(ProcessLookupError):
                if os.name == "posix":
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()

    def _clear_away(self):
        """The remains of a process. By its own thread alone: another one may still read from the pipe."""
        if self._process is None:
            return
        self._kill()
        self._process.wait()
        self._process.stdout.close()
        with suppress(OSError):  # what was still to be sent goes nowhere
            self._process.stdin.close()
        self._process = None


def read_attempt(reply: dict, inputs: Mapping[str, Any], parts: int, differentiate: tuple[str, ...]) -> Attempt:
    """The Attempt that a reply describes, if `attempt` can have made it of these arguments.

    Raises:
        SubmissionFault: it cannot; then the hand-in has written the reply itself.
    """
    attempt = {name: tuple(value) if isinstance(value, list) else value for name, value in reply.items()}
    fits = (
        attempt.keys() == {f.name for f in fields(Attempt)}
        and all(_is_text(attempt[name]) for name in ("kind", "error", "line", "printed"))
        and isinstance(attempt["stub"], bool)
        and (attempt["answer"] is None or _are_arrays(attempt["answer"], parts))
        and (attempt["words"] is None or (type(attempt["words"]) is tuple and all(map(_is_text, attempt["words"]))))
        and attempt["complaint"] == ()  # only a check of ours complains, and none runs there
        and type(attempt["changed"]) is tuple
        and all(_is_text(name) and name in inputs for name in attempt["changed"])
        and type(attempt["borrowed"]) is tuple
        and all(_is_text(name) and name in BORROWED.values() for name in attempt["borrowed"])
        and isinstance(attempt["gradients"], dict)
        and attempt["gradients"].keys() <= set(differentiate)
        and _are_arrays(tuple(attempt["gradients"].values()))
        and all(array.shape == tuple(inputs[name].shape) for name, array in attempt["gradients"].items())
    )
    if not fits:
        raise SubmissionFault("it sent no proper answer")
    return Attempt(**attempt)


def _is_text(value) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _are_arrays(values, count=None) -> bool:
    right_count = type(values) is tuple and count in (None, len(values))
    return right_count and all(isinstance(array, np.ndarray) and array.dtype == np.float64 for array in values)
