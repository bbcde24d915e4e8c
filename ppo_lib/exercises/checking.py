"""An exercise: a solution, a generator of inputs and a list of mistakes; all that a check says follows from these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial, wraps
from inspect import signature
from typing import Any
from zlib import crc32

import numpy as np
import torch

from ppo_lib.exercises.attempt import Attempt, attempt
from ppo_lib.exercises.cases import Case, make_case
from ppo_lib.exercises.draw import Draw
from ppo_lib.exercises.judging import judge_attempts
from ppo_lib.exercises.recognition import Mistake, arguments_of, mistaken
from ppo_lib.exercises.verdicts import NOT_ATTEMPTED, RIGHT, WRONG, Verdict, show

CASES = 64  # inputs that a function is tried on


class Check:
    """What can be called with a student's answer, and shows what is right or wrong with it.

    Attributes:
        graded: whether `python -m ppo_lib grade` can judge it, in a process that has plain data and no more.
    """

    graded = True

    def __call__(self, answer: Any) -> None:
        """Show the verdict on the student's `answer`; what it raises is shown, not raised."""
        verdict = self.judge(answer)
        if verdict.kind != RIGHT:
            verdict = replace(verdict, hint=f'`exercises.hint("{self.name}")` gives a hint.')
        show(verdict)

    def judge(self, answer: Any, seed: int = 0) -> Verdict:
        """The verdict on the student's `answer`, by inputs drawn from `seed`."""
        return self.judge_attempts(partial(attempt, answer), seed)


@dataclass(frozen=True, eq=False)
class Exercise(Check):
    """An exercise whose answer is a function.

    Args:
        name: as in exercises.check_NAME and exercises.hint("NAME").
        chapter: the notebook that it stands in, as "04_advantage_estimation".
        checked: what the check looks at, to end the sentence "Right. Checked: ...".
        solution: the right function, which works in any precision. Its parameters are those of the student's function;
            keyword-only ones besides are the places where mistakes change it.
        inputs: from a Draw to one input {argument: value}, of numpy arrays and numbers. Each must be one for which the
            right answer is beyond doubt, in float32, too.
        mistakes: {name: Mistake}. Two at once are recognised as well, see `pairs`, where they can be made at once.
        hints: from the first nudge to nearly all.
        examples: inputs that are tried besides, before the others.
        tensors: whether arrays reach the function as tensors.
        parts: of how many values of different shapes the answer consists.
        differentiate: the arguments in which the answer is differentiated.
        needs_gradient: whether an answer without a gradient is wrong. Otherwise only a wrong gradient is.
        worked: from the index of one number of the answer, and the arguments by name, to the line that works it out.
        backwards: whether the last row of the answer is computed first, so that a difference is shown there.
        stands_for: the keyword-only parameter of the solution that the student's function takes the place of. For one
            that is given environments or networks: the solution then makes these of plain data, drives the function
            in them, and returns as plain data what came of it, or raises a Complaint.
        part_names: of the parts, where an example has to say which one it shows.
        told: from a part of the answer to the words that an example shows in place of its numbers.
        tries: how many inputs are drawn.
        pairs: whether two mistakes at once are looked for; there are so many that each must take but a moment.
        by_hand: the names in attempt.BORROWED of what the student's function may not call, because it is the exercise.
    """

    name: str
    chapter: str
    checked: str
    solution: Callable
    inputs: Callable[[Draw], Mapping[str, Any]]
    mistakes: Mapping[str, Mistake]
    hints: tuple[str, ...]
    examples: tuple[Mapping[str, Any], ...] = ()
    tensors: bool = True
    parts: int = 1
    differentiate: tuple[str, ...] = ()
    needs_gradient: bool = False
    worked: Callable | None = None
    backwards: bool = False
    stands_for: str = ""
    part_names: tuple[str, ...] = ()
    told: Callable[[np.ndarray], str] | None = None
    tries: int = CASES
    pairs: bool = True
    by_hand: tuple[str, ...] = ()

    @property
    def arguments(self) -> list[str]:
        """The names of the inputs, in order."""
        return arguments_of(self.solution)

    @property
    def ours(self) -> Callable:
        """The right function of the student's kind."""
        return signature(self.solution).parameters[self.stands_for].default if self.stands_for else self.solution

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters of the student's function, in order."""
        return arguments_of(self.ours)

    @property
    def graded(self) -> bool:
        """Whether the function is one of plain data."""
        return not self.stands_for

    @property
    def stub_names(self) -> set[str]:
        """What the student's function may be called in the notebook."""
        return {self.name, f"my_{self.name}", self.ours.__name__}

    def driven(self, function: Callable) -> Callable:
        """A student's function as one of the inputs."""
        if not self.stands_for:
            return function

        @wraps(function)
        def drive(*inputs):
            return self.solution(*inputs, **{self.stands_for: function})

        return drive

    def part_name(self, part: int) -> str:
        """What stands after "expected" and "yours" in an example."""
        return f" {self.part_names[part]}" if self.part_names else ""

    def judge(self, answer: Any, seed: int = 0) -> Verdict:
        """The verdict on the student's function, by inputs drawn from `seed`."""
        if answer is None or answer is ...:
            return Verdict(NOT_ATTEMPTED, "Not attempted yet: write the function, and pass its name.")
        if not callable(answer):
            return Verdict(WRONG, "Not yet. Pass the function itself, without calling it: its name, no parentheses.")
        return super().judge(self.driven(answer), seed)

    def judge_attempts(self, try_on: Callable[..., Attempt], seed: int) -> Verdict:
        """The verdict on a function of the inputs that is known only by what it does.

        Args:
            try_on: what `attempt` is, without its first argument: it may call the function in another process.
            seed: of the inputs.
        """
        return judge_attempts(self, try_on, seed)

    def draw(self, draw: Draw) -> dict[str, Any]:
        """One input, as the function gets it."""
        return self._as_given(self.inputs(draw))

    @lru_cache(maxsize=64)  # noqa: B019  an exercise lives as long as the program
    def cases(self, seed: int) -> tuple[Case, ...]:
        """The inputs that a function is tried on, with their answers."""
        rng = np.random.default_rng([seed, crc32(self.name.encode())])
        drawn = [self.draw(Draw(rng, number)) for number in range(self.tries)]
        return tuple(map(self.case, [*map(self._as_given, self.examples), *drawn]))

    def case(self, inputs: Mapping[str, Any]) -> Case:
        """An input with its right answer."""
        return make_case(self.solution, inputs, self.parts, self.differentiate)

    def mistaken(self, *names: str) -> Callable:
        """The solution with these mistakes in it."""
        return mistaken(self.solution, [self.mistakes[name] for name in names])

    def _as_given(self, inputs) -> dict[str, Any]:
        if self.tensors:
            inputs = {n: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for n, v in inputs.items()}
        return {name: inputs[name] for name in self.arguments}
