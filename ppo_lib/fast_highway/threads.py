"""Running a compiled loop over environments in a few threads.

The compiled loops release the GIL, so plain Python threads are enough, and numba's own parallel loops are not used: an
OpenMP barrier spins while it waits (on a busy machine two threads can then be twenty times slower than one), does not
survive a fork, and must not be entered from two threads at once.

All threads run the same loop, which takes one environment after another off a common counter until none is left. So
if another program occupies a core, the calling thread simply does more of the work itself, and a worker that has not
even begun by the end is not waited for.
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

ENVS_PER_THREAD = 16  # for fewer environments it is not worth waking another thread


@intrinsic
def _count_up(typingctx, address):
    """Add 1 to an int64 in memory in one indivisible step, and return what it was before."""

    def codegen(context, builder, signature, args):
        integer = ir.IntType(64)
        return builder.atomic_rmw("add", builder.inttoptr(args[0], integer.as_pointer()), integer(1), "seq_cst")

    return types.int64(types.int64), codegen


@kernel
def next_index(counter):
    """The number of an environment that no thread has taken yet; from the total on there is none left."""
    return _count_up(counter.ctypes.data)


def available_cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


class WorkerThreads:
    """The calling thread and up to ``num_threads - 1`` workers, which are started when first needed."""

    def __init__(self, num_threads: int) -> None:
        self.num_threads = num_threads
        self._executor: ThreadPoolExecutor | None = None
        self._process = os.getpid()

    def run(self, batch_loop: Callable[..., None], mask: np.ndarray, *args: Any) -> None:
        """Call ``batch_loop(*args, counter, N)`` in as many threads as the environments in `mask` (N,) are worth."""
        total = len(mask)
        threads = min(self.num_threads, np.count_nonzero(mask) // ENVS_PER_THREAD)
        args = (*args, np.zeros(1, np.int64), total)
        workers: list[Future] = [self._workers().submit(batch_loop, *args) for _ in range(threads - 1)]
        try:
            batch_loop(*args)
        finally:
            for worker in workers:
                if not worker.cancel():
                    worker.result()

    def _workers(self) -> ThreadPoolExecutor:
        """The workers of this very process: threads do not survive a fork."""
        if self._executor is None or self._process != os.getpid():
            self._executor = ThreadPoolExecutor(self.num_threads - 1, thread_name_prefix="fast_highway")
            self._process = os.getpid()
        return self._executor

    def shutdown(self) -> None:
        """End the workers."""
        if self._executor is not None and self._process == os.getpid():
            self._executor.shutdown(wait=False)
        self._executor = None
