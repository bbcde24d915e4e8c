"""Who has started whom, on Linux."""

from contextlib import suppress
from pathlib import Path


def descendants(pid) -> list[int]:
    """The processes that a process has started, and that those have started, and so on."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for parent in found:
        found += [child for child, its_parent in parents.items() if its_parent == parent]
    return found[1:]
