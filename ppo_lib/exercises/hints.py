"""Hints in levels: each call gives the next one."""

from collections.abc import Mapping
from difflib import get_close_matches

from ppo_lib.exercises.checking import Check
from ppo_lib.exercises.verdicts import HINT, Verdict, show


class Hints:
    """Gives the hints of every exercise one after another, and begins again after the last.

    Args:
        checks: {name: check}, each with its `hints`.
    """

    def __init__(self, checks: Mapping[str, Check]):
        self.checks = checks
        self.given = dict.fromkeys(checks, 0)

    def __call__(self, name: str | Check) -> None:
        """Show the next hint for an exercise, by its name as in check_NAME."""
        show(Verdict(HINT, self.next(name)))

    def next(self, name: str | Check) -> str:
        """The next hint, with its number; for a name that does not exist, the names that do."""
        name = getattr(name, "name", name)
        name = str(name).removeprefix("check_")
        if name not in self.checks:
            close = get_close_matches(name, self.checks, n=1)
            meant = f" Did you mean {close[0]!r}?" if close else ""
            return f"There is no exercise {name!r}.{meant} There are: {', '.join(sorted(self.checks))}."
        hints = self.checks[name].hints
        number = self.given[name] % len(hints)
        self.given[name] += 1
        last = "" if number + 1 < len(hints) else " (the last one)"
        return f"Hint {number + 1} of {len(hints)}{last}: {hints[number]}"
