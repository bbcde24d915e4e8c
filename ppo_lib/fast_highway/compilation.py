"""How kernels are compiled, kept on disk, and never used when they are out of date.

`kernel` marks a building block: compiled only as part of something bigger, never kept on disk. It must not allocate
arrays (`allocating_kernel` may), for then numba need not count references to them: those counts would cost a fifth of
the time, and more where two threads count references to the same array. `entry_point` marks the few functions that
Python calls: they release the GIL, and their machine code is kept on disk next to this file (or where NUMBA_CACHE_DIR
says), so that only the first start after an installation compiles.

numba's cache looks at the file in which the cached function stands, not at the files of the functions that it calls.
So an edit of ``dynamics.py`` would go unnoticed. Therefore the fingerprint of all sources of this package is part of
each entry point's name, hence of the name of its file on disk: edit anything, and everything is compiled anew.
"""

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path

import numba
from numba.core import event
from numba.core.options import DefaultOptions

allocating_kernel = numba.njit(error_model="numpy")
_uncounted = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}  # where some numba has it no more: slower
kernel = numba.njit(error_model="numpy", **_uncounted)

entry_points: list = []


def source_fingerprint(folder: Path = Path(__file__).parent) -> str:
    """Eight hexadecimal digits that change with any edit of a source file in `folder`."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:8]


FINGERPRINT = source_fingerprint()


def entry_point(function: Callable) -> Callable:
    """Compile on the first call, keep the machine code on disk, release the GIL while it runs."""
    function.__qualname__ = f"{function.__qualname__}_{FINGERPRINT}"
    dispatcher = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    entry_points.append(dispatcher)
    return dispatcher


def remove_outdated() -> None:
    """Delete machine code of other versions of the sources from the disk."""
    for dispatcher in entry_points:
        name = dispatcher.py_func.__name__
        for path in Path(dispatcher.stats.cache_path).glob(f"*.{name}_*.nb[ic]"):
            if FINGERPRINT not in path.name:
                path.unlink(missing_ok=True)


class _Announcement(event.Listener):
    """Says once on stderr what takes so long, when something really has to be compiled."""

    def __init__(self) -> None:
        self.said = False

    def on_start(self, event: event.Event) -> None:
        if not self.said and event.data["dispatcher"] in entry_points:
            self.said = True
            remove_outdated()
            print(
                "fast_highway: compiling the simulator, once for this machine (about 15 seconds) ...", file=sys.stderr
            )

    def on_end(self, event: event.Event) -> None:
        pass


event.register("numba:compile", _Announcement())
