"""What a hand-in is locked into: how to start Python where it can read little, write nothing and reach nobody."""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

COURSE = Path(__file__).resolve().parents[2]  # the project's folder, or site-packages
# All of ours that a hand-in may see.
FILES = [COURSE / "ppo_lib" / file for file in ("exercises/attempt.py", "grading/wire.py", "grading/worker.py")]
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache", "/nix/store")  # libraries of the system
SCRATCH = 64 * 2**20  # bytes of the private /tmp
COUNTS_BY_SANDBOX = (
    5,
    14,
)  # since this Linux, the limit on processes counts those of a sandbox, not all of the user's
RIGHTS = "hand-ins run with your rights: they can read and change your files, and use the network"


@dataclass(frozen=True)
class Confinement:
    """How confined processes are started.

    Attributes:
        command: the words before the worker's settings.
        files: the folder of worker.py, as the process sees it.
        packages: the folders of numpy and torch, as the process sees them.
        limits_processes: whether the number of its processes can be limited.
        warning: what is not protected and what to do about it, in a line; empty where all is.
    """

    command: tuple[str, ...]
    files: str
    packages: tuple[str, ...]
    limits_processes: bool = False
    warning: str = ""


@contextmanager
def confine(hidden: Iterable[Path]) -> Iterator[Confinement]:
    """The best confinement that this machine has, for as long as the block lasts.

    Args:
        hidden: folders that no hand-in may read, beside the course and the homes.
    """
    with TemporaryDirectory(prefix="grading-") as folder:
        for file in FILES:
            shutil.copy(file, folder)
        hidden = [COURSE, COURSE / "ppo_lib", Path.home(), *hidden]
        bwrap = shutil.which("bwrap")
        if sys.platform != "linux":
            yield _limits_only(folder, "the sandbox, bubblewrap, needs Linux")
        elif bwrap is None:
            yield _limits_only(folder, "bubblewrap is not installed; apt install bubblewrap, or the like, mends that")
        else:
            confinement = _bubblewrap(bwrap, Path(folder), [path.resolve() for path in hidden])
            reason = _why_not(confinement)
            yield confinement if reason is None else _limits_only(folder, reason)


def python() -> str:
    """The interpreter itself, not a virtual environment's link to it."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def environment() -> dict[str, str]:
    """All that is left of the environment's variables."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows does not start without
    return kept | {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


def _package_folders() -> list[Path]:
    """Where numpy, torch and the other libraries lie."""
    folders = [Path(entry).resolve() for entry in sys.path]
    folders = [folder for folder in folders if folder.name in {"site-packages", "dist-packages"}]
    return list(dict.fromkeys([*folders, *(Path(library.__file__).resolve().parents[1] for library in (np, torch))]))


def _bubblewrap(bwrap, folder, hidden) -> Confinement:
    """A root folder of its own in which only the system's libraries and Python can be read."""
    base = Path(sys.base_prefix).resolve()
    packages = {path: Path(f"/packages/{number}") for number, path in enumerate(_package_folders())}
    shown = {Path(path): Path(path) for path in SYSTEM}
    shown |= {path: path for path in (base / "lib", base / "lib64", base / "bin", Path(python()).parent)}
    shown |= packages | {folder: Path("/grader")}
    knows = subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False).stdout
    words = ["--unshare-all", "--unshare-user", "--uid", "65534", "--gid", "65534"]
    words += ["--disable-userns"] if "--disable-userns" in knows else []  # since bubblewrap 0.8
    words += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "grader"]
    for source, target in shown.items():
        words += ["--ro-bind-try", str(source), str(target)]
    for place in _places_of(hidden, shown):
        words += ["--tmpfs", place, "--remount-ro", place]
    words += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
    words += ["--size", str(SCRATCH)] if "--size" in knows else []  # since 0.7
    words += ["--tmpfs", "/tmp", "--chdir", "/tmp", "--remount-ro", "/"]
    return Confinement(
        (bwrap, *words, "--", python(), "-I", "-S", "/grader/worker.py"),
        "/grader",
        tuple(map(str, packages.values())),
        limits_processes=tuple(map(int, re.findall(r"\d+", platform.release())[:2])) >= COUNTS_BY_SANDBOX,
    )


def _places_of(hidden, shown) -> list[str]:
    """Where hidden folders would be seen; only the outermost, since what lies within goes with it."""
    places = {
        target / path.relative_to(source)
        for source, target in shown.items()
        for path in hidden
        if path != source and path.is_relative_to(source) and path.is_dir()
    }
    return sorted(str(place) for place in places if not places & set(place.parents))


def _why_not(confinement) -> str | None:
    """Why bubblewrap cannot be used, in words; None where it can."""
    words = [*confinement.command[:-1], "-c", ""]
    try:
        tried = subprocess.run(words, capture_output=True, text=True, env=environment(), timeout=60, check=False)
    except subprocess.TimeoutExpired:
        return "bubblewrap does not start within a minute"
    last_line = (tried.stderr.strip().splitlines() or ["no reason given"])[-1]
    return None if tried.returncode == 0 else f"bubblewrap does not work here ({last_line})"


def _limits_only(folder, reason) -> Confinement:
    return Confinement(
        (python(), "-I", "-S", str(Path(folder) / "worker.py")),
        folder,
        tuple(map(str, _package_folders())),
        warning=f"Not confined: {reason}. Only time, memory and file sizes are limited; {RIGHTS}.",
    )
