"""How many threads torch computes with: one is fastest for networks as small as ours."""

import os

import torch

SAID_BY = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")  # where users say how many they want
_seen = False


def limit_threads() -> None:
    """Let torch compute in one thread, unless the user has said otherwise; only the first call does anything.

    With several, each layer ends with a wait for the slowest of them. A layer of ours takes less than a millisecond,
    so where anything else wants one of the cores they mostly wait. Whoever has larger networks says so: by
    OMP_NUM_THREADS, or by torch.set_num_threads, best after this.

    The trap: before this, torch.set_num_threads(n) cannot be told from torch's own choice where n is that, too.
    """
    global _seen
    if _seen:
        return
    _seen = True
    untouched = torch.get_num_threads() in _own_choices()
    if untouched and not any(name in os.environ for name in SAID_BY):
        torch.set_num_threads(1)


def _own_choices() -> set[int]:
    """The numbers of threads that torch may choose by itself: every core's, or every other's where two share one."""
    cores = {os.cpu_count() or 1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1}
    return cores | {count // 2 for count in cores}
