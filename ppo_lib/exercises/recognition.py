"""Which mistake a wrong function has made: a mistake is what it does to the numbers, however it is written."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, signature
from itertools import combinations
from typing import Any

import numpy as np

from ppo_lib.exercises.attempt import Attempt, attempt_our_own
from ppo_lib.exercises.cases import Case, agree

MOST = 0.75  # of the inputs on which a function goes wrong, for a mistake to be mentioned that explains only these
RELATIVE_TOLERANCE = 1e-3  # between two functions with the same mistake


@dataclass(frozen=True)
class Mistake:
    """One mistake, as what it does to the numbers. Exactly one of the last four is given.

    Attributes:
        sentence: for the student: names the mistake, and says where to look.
        given: from the arguments, by name, to those that the formula seems to see instead: {name: value}.
        result: from the right result, and the arguments by name, to what the mistake makes of it.
        options: what the solution's keyword-only parameters are instead: {name: value}.
        instead: another function in place of the solution, called with the same arguments by position.
    """

    sentence: str
    given: Callable | None = None
    result: Callable | None = None
    options: Mapping[str, Any] | None = None
    instead: Callable | None = None

    def __post_init__(self):
        if (self.given, self.result, self.options, self.instead).count(None) != 3:
            raise TypeError("a mistake is exactly one of given, result, options and instead")

    def goes_with(self, other: "Mistake") -> bool:
        """Whether both can be made at once."""
        inner = [mistake for mistake in (self, other) if mistake.options or mistake.instead]
        return len(inner) < 2 or (all(m.options for m in inner) and not set(self.options) & set(other.options))


def arguments_of(solution: Callable) -> list[str]:
    """The names of the parameters that hold the inputs: all but the keyword-only ones."""
    by_keyword = (Parameter.KEYWORD_ONLY, Parameter.VAR_KEYWORD)
    return [name for name, p in signature(solution).parameters.items() if p.kind not in by_keyword]


def mistaken(solution: Callable, mistakes: Sequence[Mistake]) -> Callable:
    """The solution with these mistakes in it."""
    names = arguments_of(solution)
    core = next((mistake.instead for mistake in mistakes if mistake.instead), solution)
    options = {name: value for mistake in mistakes for name, value in (mistake.options or {}).items()}

    def function(*values):
        inputs = dict(zip(names, values, strict=True))
        seen = dict(inputs)
        for mistake in mistakes:
            if mistake.given:
                seen |= mistake.given(**seen)
        result = core(*seen.values(), **options)
        for mistake in mistakes:
            if mistake.result:
                result = mistake.result(result, **inputs)
        return result

    return function


class Recognition:
    """Finds the mistakes that explain what a function did.

    Args:
        solution, mistakes, parts: of the exercise.
        in_pairs: whether two mistakes at once are looked for.
        cases: the inputs.
        attempts: what the function did with each of them.
    """

    def __init__(
        self,
        solution: Callable,
        mistakes: Mapping[str, Mistake],
        parts: int,
        cases: Sequence[Case],
        attempts: Sequence[Attempt],
        in_pairs: bool = True,
    ):
        self.in_pairs = in_pairs
        self.solution, self.mistakes, self.parts = solution, mistakes, parts
        # What went wrong comes first, the smallest inputs before others: it rules most mistakes out at once.
        wrong = [pair for pair in zip(cases, attempts, strict=True) if not pair[0].accepts(pair[1])]
        self.wrong = sorted(wrong, key=lambda pair: sum(part.size for part in pair[0].wanted))
        self.right = [pair for pair in zip(cases, attempts, strict=True) if pair[0].accepts(pair[1])]

    def explanations(self) -> list[tuple[str, ...]]:
        """The mistakes, single or else in pairs, that do in every case what the function did."""
        if all(_is_nothing(found) for _, found in self.wrong):
            return []  # by raising alone nothing is recognised
        for candidates in ([(name,) for name in self.mistakes], self._pairs() if self.in_pairs else ()):
            fitting = [names for names in candidates if self._fits(names, [*self.wrong, *self.right])]
            if fitting:
                return fitting
        return []

    def explains(self, names: tuple[str, ...], case: Case, found: Attempt) -> bool:
        """Whether these mistakes do in one more case what the function did."""
        return self._fits(names, [(case, found)])

    def part_of_it(self) -> tuple[str, int] | None:
        """The mistake that explains most of what went wrong, though not all, and how many of the inputs."""
        best = None
        for name in self.mistakes:
            count = len(self.wrong)
            for pair in self.wrong:
                count -= not self._fits((name,), [pair])
                if count < max(3, MOST * len(self.wrong)):
                    break
            else:
                best = max(best or (name, 0), (name, count), key=lambda found: found[1])
        return best

    def differ(self, first: tuple[str, ...], second: tuple[str, ...], case: Case) -> bool:
        """Whether two explanations would do different things with an input."""
        return not _same(self._behaviour(first, case), self._behaviour(second, case), case)

    def _pairs(self) -> Iterator[tuple[str, str]]:
        for pair in combinations(self.mistakes, 2):
            first, second = (self.mistakes[name] for name in pair)
            if first.goes_with(second):
                yield pair
                if (first.given and second.given) or (first.result and second.result):
                    yield pair[::-1]  # the order may matter

    def _fits(self, names, pairs) -> bool:
        """Whether these mistakes do what was found, wherever what they do is defined, and that is mostly."""
        same, wrong = 0, 0
        for case, found in pairs:
            behaviour = self._behaviour(names, case)
            is_wrong = not case.accepts(found)
            wrong += is_wrong
            if is_wrong and case.accepts(behaviour):
                return False  # the two mistakes cancel out here, and the function is wrong
            if _same(behaviour, found, case):
                same += is_wrong
            elif not _is_undefined(behaviour):
                return False
        return 3 * same >= wrong

    def _behaviour(self, names, case) -> Attempt:
        return attempt_our_own(
            mistaken(self.solution, [self.mistakes[name] for name in names]), case.inputs, self.parts
        )


def _same(one: Attempt, other: Attempt, case: Case) -> bool:
    if _is_nothing(one) or _is_nothing(other):
        return _is_nothing(one) and _is_nothing(other)
    return all(map(partial(_near, case), range(len(one.answer)), one.answer, other.answer))


def _is_nothing(found: Attempt) -> bool:
    """Whether no number came out, by an error or as an empty array: in other spellings it is the other."""
    return found.answer is None or not any(part.size for part in found.answer)


def _is_undefined(found: Attempt) -> bool:
    """Whether a mistake leads to 0 / 0 or an error: there a student may have thought of something else."""
    return _is_nothing(found) or not all(np.isfinite(part).all() for part in found.answer)


def _near(case, part, one, other) -> bool:
    finite = np.abs(one[np.isfinite(one)])
    tolerance = RELATIVE_TOLERANCE * np.abs(one) + 1e-5 * finite.max(initial=0.0) + case.tolerance[part].max(initial=0)
    return agree(other, one, tolerance)
