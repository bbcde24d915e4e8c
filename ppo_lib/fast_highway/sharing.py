"""Sharing a batch of environments between a few threads.

The kernels release the GIL, so plain Python threads are enough, and numba's own parallel loops are not used: an OpenMP
barrier spins while it waits (on a busy machine two threads can then be twenty times slower than one), does not survive
a fork, and must not be entered from two threads at once.

All threads run the same kernel, which takes one environment after another off a common counter until none is left. So
if another program occupies a core, the caller simply does more of the work itself, and a helper that has not even
begun by the end is not waited for.
"""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from ppo_lib.fast_highway.compilation import kernel

WORTH_A_THREAD = 16  # environments; for fewer it is not worth waking another thread


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


class Crew:
    """The calling thread and up to ``num_threads - 1`` helpers, which are started when first needed."""

    def __init__(self, num_threads: int) -> None:
        self.num_threads = num_threads
        self._helpers: ThreadPoolExecutor | None = None
        self._process = os.getpid()

    def share(self, entry_point: Callable[..., None], total: int, *args: Any) -> None:
        """Call ``entry_point(*args, counter, total)`` in as many threads as `total` environments are worth."""
        counter = np.zeros(1, np.int64)
        helpers: list[Future] = []
        for _ in range(min(self.num_threads, total // WORTH_A_THREAD) - 1):
            helpers.append(self._executor().submit(entry_point, *args, counter, total))
        try:
            entry_point(*args, counter, total)
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
