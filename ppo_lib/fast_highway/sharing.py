"""Sharing a batch of environments between a few threads.

The kernels release the GIL, so plain Python threads are enough, and numba's own parallel loops are not used: an OpenMP
barrier spins while it waits (on a busy machine two threads can then be twenty times slower than one), does not survive
a fork, and must not be entered from two threads at once.

All threads run the same kernel, which takes one environment after another off a common counter until none is left. So
if another program occupies a core, the caller simply does more of the work itself, and a helper that has not even
begun by the end is not waited for. One that the system suspends in the midst of an environment has to be waited for;
where that makes helpers a loss, they are left out until it pays again.
"""

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ppo_lib.fast_highway.compilation import kernel

WORTH_A_THREAD = 16  # environments; for fewer it is not worth waking another thread
TRY_THE_OTHER = 32  # calls, after which it is tried again whether helpers pay


@intrinsic
def _count_up(typingctx, address):
    """Add 1 to an int64 in memory in one indivisible step, and return what it was before."""

    def codegen(context, builder, signature, args):
        integer = ir.IntType(64)
        return builder.atomic_rmw("add", builder.inttoptr(args[0], integer.as_pointer()), integer(1), "seq_cst")

    return types.int64(types.int64), codegen


@kernel
def next_environment(counter):
    """The number of an environment that no thread has taken yet; from `total` on there is none left."""
    return _count_up(counter.ctypes.data)


def available_cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


@dataclass
class _Experience:
    """Do helpers pay? Seconds per environment with them and without, averaged over the last calls."""

    calls: int = 0
    together: float = 0.0
    alone: float = 0.0

    def choose(self) -> bool:
        """With helpers? What has been faster; now and then the other, because the machine may have become free."""
        self.calls += 1
        return (self.together <= self.alone) != (self.calls % TRY_THE_OTHER == 0)

    def note(self, together: bool, seconds: float) -> None:
        """Learn from a call; the first one of all may have had to compile."""
        if self.calls > 1:
            name = "together" if together else "alone"
            setattr(self, name, 0.8 * (getattr(self, name) or seconds) + 0.2 * seconds)


class Crew:
    """The calling thread and up to ``num_threads - 1`` helpers, which are started when first needed."""

    def __init__(self, num_threads: int) -> None:
        self.num_threads = num_threads
        self._helpers: ThreadPoolExecutor | None = None
        self._process = os.getpid()
        self._experience: dict[Callable[..., None], _Experience] = {}

    def share(self, entry_point: Callable[..., None], mask: np.ndarray, *args: Any) -> None:
        """Call ``entry_point(*args, counter, N)`` in as many threads as the environments in `mask` (N,) are worth."""
        total = len(mask)
        work = total if total < 2 * WORTH_A_THREAD else np.count_nonzero(mask)
        threads = min(self.num_threads, work // WORTH_A_THREAD)
        if threads < 2:
            entry_point(*args, np.zeros(1, np.int64), total)
            return
        experience = self._experience.setdefault(entry_point, _Experience())
        together = experience.choose()
        begun = time.perf_counter()
        self._share(entry_point, threads if together else 1, *args, np.zeros(1, np.int64), total)
        experience.note(together, (time.perf_counter() - begun) / work)

    def _share(self, entry_point: Callable[..., None], threads: int, *args: Any) -> None:
        helpers: list[Future] = [self._executor().submit(entry_point, *args) for _ in range(threads - 1)]
        try:
            entry_point(*args)
        finally:
            for helper in helpers:
                if not helper.cancel():
                    helper.result()

    def _executor(self) -> ThreadPoolExecutor:
        """The helpers of this very process: threads do not survive a fork."""
        if self._helpers is None or self._process != os.getpid():
            self._helpers = ThreadPoolExecutor(self.num_threads - 1, thread_name_prefix="fast_highway")
            self._process = os.getpid()
        return self._helpers

    def dismiss(self) -> None:
        """End the helpers."""
        if self._helpers is not None and self._process == os.getpid():
            self._helpers.shutdown(wait=False)
        self._helpers = None
