"""Sharing a batch of environments between a few threads.

The kernels release the GIL, so plain Python threads are enough, and numba's own parallel loops are not used: an OpenMP
barrier spins while it waits (on a busy machine two threads can then be twenty times slower than one), does not survive
a fork, and must not be entered from two threads at once.

The work is cut into pieces, and whoever is free takes the next one, the calling thread included. So if another program
occupies a core, the caller simply does more of the pieces itself; helpers that have not even begun are not waited for.
"""

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

PIECES_PER_THREAD = 4
SMALLEST_PIECE = 16  # environments; fewer are not worth waking a thread for


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

    def share(self, work: Callable[[int, int], None], total: int) -> None:
        """Call ``work(start, stop)`` for pieces that together make up ``range(total)``; raises what `work` raises."""
        threads = min(self.num_threads, total // SMALLEST_PIECE)
        if threads <= 1:
            work(0, total)
            return
        size = max(SMALLEST_PIECE // 2, -(-total // (threads * PIECES_PER_THREAD)))
        pieces = deque((start, min(start + size, total)) for start in range(0, total, size))

        def take_pieces() -> None:
            while True:
                try:
                    start, stop = pieces.popleft()  # a deque is safe to share
                except IndexError:
                    return
                work(start, stop)

        helpers: list[Future] = [self._executor().submit(take_pieces) for _ in range(threads - 1)]
        try:
            take_pieces()
        finally:
            pieces.clear()
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
