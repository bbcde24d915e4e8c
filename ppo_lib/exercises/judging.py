"""The way from what a function did with many inputs to one verdict: the most telling thing that can be said of it."""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from ppo_lib.exercises.attempt import Attempt
from ppo_lib.exercises.counterexample import show_example, smallest
from ppo_lib.exercises.draw import Draw
from ppo_lib.exercises.recognition import Recognition
from ppo_lib.exercises.relations import relation, uses
from ppo_lib.exercises.verdicts import ERROR, KNOWN_MISTAKE, NOT_ATTEMPTED, RIGHT, WRONG, Verdict

TELLING = 4  # inputs in which an argument matters, until one believes that it is not used
TO_TELL_APART = 100  # further inputs among which one is looked for that tells two mistakes apart
IN_PLACE = (
    "{also} your function changes {names} itself, by an operation such as += or one whose name ends in _. Whoever "
    "uses it afterwards finds other numbers: work on a copy, or make a new one."
)
NO_GRADIENT = (
    "The number is right, but no gradient flows from it back into {names}: is there a detach, an item, a no_grad or "
    "numpy on the way?"
)
WRONG_GRADIENT = (
    "The number is right, but its gradient in {names} is not, so a step along it would go elsewhere: is a part of the "
    "formula cut off, by detach or by no_grad?"
)

LEAKING_GRADIENT = (
    "The number is right, but a gradient flows from it into {names}, where none should: a step along it would change "
    "what is only a weight here. Is a detach missing?"
)
NO_NUMBER_GRADIENT = (
    "The number is right, but its gradient in {names} is not a number for some inputs: is there an overflow, a root "
    "of 0 or a 0 / 0 on the way, even where torch.where leaves it out afterwards?"
)
BORROWED = "The numbers are right, but they come from {names}. Write it yourself: that is the exercise."
FICKLE = (
    "Asked twice the same, your function gives two different answers: does it draw random numbers, or keep something "
    "from one call to the next?"
)


def judge_attempts(exercise, try_on: Callable[..., Attempt], seed: int) -> Verdict:
    """The verdict on a function that is known only by what it does; see Exercise.judge_attempts."""
    return _Judgement(exercise, try_on, seed).verdict()


class _Judgement:
    """One function on trial: what it did with every input, and what can be said of that, in order of weight."""

    def __init__(self, exercise, try_on, seed):
        self.exercise, self.try_on, self.seed = exercise, try_on, seed
        self.differentiate = exercise.differentiate if exercise.needs_gradient else ()
        self.cases = exercise.cases(seed)
        self.attempts = []
        self.changed = ()

    def verdict(self) -> Verdict:
        first = self._try(self.cases[0].inputs)
        if first.stub:
            return Verdict(NOT_ATTEMPTED, "Not attempted yet: write the function, and run the cell again.")
        self.attempts = [first, *(self._try(case.inputs) for case in self.cases[1:])]
        self._spare_mixed_precision()
        self.changed = tuple(dict.fromkeys(name for found in self.attempts for name in found.changed))
        if self._accepted():
            steps = (self._borrowed, self._in_place, self._gradient, self._fickle, self._right)
        else:
            steps = (
                self._nothing,
                self._known,
                self._complained,
                self._raised,
                self._fickle,
                self._no_numbers,
                self._related,
            )
            steps += (self._unused, self._partly, self._unknown)
        return next(verdict for step in steps if (verdict := step()) is not None)

    def _try(self, inputs) -> Attempt:
        return self.try_on(inputs, self.exercise.parts, self.differentiate)

    def _spare_mixed_precision(self):
        """Whoever raises on float64 alone mixes it with float32, which torch refuses and no exercise is about.

        Such inputs are tried again in float32.
        """
        raised = [index for index, found in enumerate(self.attempts) if found.error]
        if all(_is_double(self.cases[index].inputs) for index in raised):
            cases = list(self.cases)
            for index in raised:
                cases[index] = self.exercise.case(_in_single(cases[index].inputs))
                self.attempts[index] = self._try(cases[index].inputs)
            self.cases = tuple(cases)

    def _accepted(self) -> bool:
        return all(case.accepts(found) for case, found in zip(self.cases, self.attempts, strict=True))

    # What can be said of a function whose numbers are right.

    def _right(self):
        return Verdict(RIGHT, f"Right. Checked: {self.exercise.checked}.")

    def _borrowed(self):
        called = {name for found in self.attempts for name in found.borrowed}
        names = [name for name in self.exercise.by_hand if name in called]
        if names:
            return Verdict(KNOWN_MISTAKE, f"Not yet. {BORROWED.format(names=_listed(names))}", mistakes=("borrowed",))
        return None

    def _in_place(self):
        if self.changed:
            sentence = IN_PLACE.format(also="The answer is right, but", names=_listed(self.changed))
            return Verdict(KNOWN_MISTAKE, f"Not yet. {sentence}", mistakes=("in place",))
        return None

    def _gradient(self):
        names = self.exercise.differentiate
        if not names:
            return None
        try_on = partial(self.try_on, parts=self.exercise.parts, differentiate=names)
        found = [(case, try_on(case.inputs)) for case in self.cases]
        if self.exercise.needs_gradient and any(not attempt.gradients for _, attempt in found):
            sentence, name = NO_GRADIENT, "no gradient"
            names = [n for n in names if any(case.gradients[n].any() for case, _ in found)]  # where one should flow
        elif any(attempt.gradients and not case.accepts_gradients(attempt) for case, attempt in found):
            sentence, name = WRONG_GRADIENT, "wrong gradient"
            leaking = [n for n in names if any(_leaks(n, case, attempt) for case, attempt in found)]
            if leaking:
                sentence, name, names = LEAKING_GRADIENT, "gradient not stopped", leaking
            if any(np.isnan(gradient).any() for _, attempt in found for gradient in attempt.gradients.values()):
                sentence, name = NO_NUMBER_GRADIENT, "gradient not a number"
        else:
            return None
        return Verdict(KNOWN_MISTAKE, f"Not yet. {sentence.format(names=_listed(names))}", mistakes=(name,))

    # What can be said of one whose numbers are wrong, the most telling first.

    def _nothing(self):
        nothing = [case for case, found in zip(self.cases, self.attempts, strict=True) if "None" in found.kind]
        silent = [case for case in nothing if not self._try(case.inputs).error]
        if len(silent) == len(self.cases):
            return Verdict(WRONG, "Not yet. Your function returns nothing (None): is a `return` missing?")
        if silent:
            return self._shown(
                "Sometimes your function returns nothing (None): is there a way through it without a "
                "`return`? This is one:",
                lambda _, found: "None" in found.kind and not found.error,
            )
        return None

    def _known(self):
        recognition = self._recognition()
        fitting = list({frozenset(names): names for names in recognition.explanations()}.values())
        if len(fitting) > 1:
            fitting = self._told_apart(recognition, fitting)
        if not fitting:
            return None
        alternatives = [self._sentences(names) for names in fitting[:2]]
        text = "\nOr, which comes to the same on every input that was tried: ".join(alternatives)
        return Verdict(KNOWN_MISTAKE, f"Not yet. {text}{self._also_in_place()}", mistakes=fitting[0])

    def _told_apart(self, recognition, fitting):
        """The explanations that are left when the function is asked what tells them apart."""
        rng = np.random.default_rng([self.seed, 1])
        for number in range(TO_TELL_APART):
            case = self.exercise.case(self.exercise.draw(Draw(rng, number)))
            if any(recognition.differ(fitting[0], other, case) for other in fitting[1:]):
                found = self._try(case.inputs)
                fitting = [names for names in fitting if recognition.explains(names, case, found)]
                if len(fitting) < 2:
                    break
        return fitting

    def _complained(self):
        complaint = next((found.complaint for found in self.attempts if found.complaint), None)
        if complaint is None:
            return None
        mistake, sentence = complaint
        return Verdict(KNOWN_MISTAKE, f"Not yet. {sentence}", mistakes=(mistake,))

    def _raised(self):
        raised = [found for found in self.attempts if found.error]
        if not raised:
            return None
        message = f"Your function raised {raised[0].error}."
        if not raised[0].line and len(raised) == len(self.attempts):
            return Verdict(
                ERROR,
                f"{message}\nIt is called with {len(self.exercise.parameters)} arguments: "
                f"({', '.join(self.exercise.parameters)}).",
            )
        case, found = self._smallest(lambda _, found: bool(found.error))
        where = f", in {found.line}." if found.line else "."
        message = f"Your function raised {found.error}{where}\nIt was given this:"
        return Verdict(ERROR, message, show_example(self.exercise, case, found))

    def _fickle(self):
        """Asked again, and at once again: what is kept from the call before shows then."""
        for case, found in zip(self.cases, self.attempts, strict=True):
            if not all(_same(found, self._try(case.inputs)) for _ in range(2)):
                return Verdict(WRONG, f"Not yet. {FICKLE}")
        return None

    def _no_numbers(self):
        shapes = [part.shape for part in self.cases[0].wanted]
        for found in self.attempts:
            if found.answer is None:
                wanted = "one number" if shapes == [()] else f"{' and '.join(f'numbers of shape {s}' for s in shapes)}"
                return Verdict(WRONG, f"Not yet. The result should be {wanted}, but yours is {found.kind}.")
        return None

    def _related(self):
        found = relation(self.cases, self.attempts)
        if found:
            return Verdict(KNOWN_MISTAKE, f"Not yet. {found[1]}{self._also_in_place()}", mistakes=(found[0],))
        return None

    def _unused(self):
        always = [name for name in self.exercise.arguments if not self._uses(name)]
        if not always:
            return None
        message = (
            f"Your answer stays the same whatever {_listed(always)} {'are' if len(always) > 1 else 'is'}. Does a "
            "variable or a number of the notebook stand where the argument belongs? An example:"
        )
        return self._shown(message, lambda case, found: not case.accepts(found), KNOWN_MISTAKE, ("unused argument",))

    def _uses(self, name) -> bool:
        """Whether any answer depends on an argument; yes, where too few could."""
        exercise, telling = self.exercise, 0
        for case, found in zip(self.cases, self.attempts, strict=True):
            used = uses(name, case, found, self._try, exercise.solution, exercise.parts)
            telling += used is not None
            if used or telling == TELLING:
                return used
        return True

    def _partly(self):
        part = self._recognition().part_of_it()
        if part is None:
            return None
        name, count = part
        wrong = sum(not case.accepts(found) for case, found in zip(self.cases, self.attempts, strict=True))
        where = f"On {count} of the {wrong} inputs on which" if count < wrong else "Wherever"
        besides = "There is something else besides" if count < wrong else "Elsewhere it is right"
        message = (
            f"{where} it is wrong, your function does what this mistake does: {self._sentence(name)} {besides}. "
            "An example:"
        )
        return self._shown(message, lambda case, found: not case.accepts(found), WRONG, (name,))

    def _unknown(self):
        message = "This check has no name for what differs. The smallest input found on which it does, to try by hand:"
        return self._shown(message, lambda case, found: not case.accepts(found))

    def _shown(self, message, is_wrong, kind=WRONG, mistakes=()):
        case, found = self._smallest(is_wrong)
        example = show_example(self.exercise, case, found)
        return Verdict(kind, f"Not yet. {message}{self._also_in_place()}", example, mistakes)

    def _smallest(self, is_wrong):
        pairs = zip(self.cases, self.attempts, strict=True)
        first = next(case for case, found in pairs if is_wrong(case, found))
        return smallest(self.exercise, self._try, first, is_wrong)

    def _recognition(self):
        exercise = self.exercise
        return Recognition(
            exercise.solution, exercise.mistakes, exercise.parts, self.cases, self.attempts, exercise.pairs
        )

    def _sentence(self, name) -> str:
        return self.exercise.mistakes[name].sentence

    def _sentences(self, names) -> str:
        first, *second = map(self._sentence, names)
        return f"Two things at once.\n1. {first}\n2. {second[0]}" if second else first

    def _also_in_place(self) -> str:
        return " " + IN_PLACE.format(also="And", names=_listed(self.changed)) if self.changed else ""


def _listed(names) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _same(one: Attempt, other: Attempt) -> bool:
    if one.answer is None or other.answer is None:
        return one.answer is other.answer
    return all(np.array_equal(*parts, equal_nan=True) for parts in zip(one.answer, other.answer, strict=True))


def _leaks(name, case, found: Attempt) -> bool:
    """Whether a gradient flows into an argument where it should be 0."""
    return not case.gradients[name].any() and np.nan_to_num(found.gradients.get(name, np.zeros(1))).any()


def _is_double(inputs) -> bool:
    return any(isinstance(value, torch.Tensor) and value.dtype == torch.float64 for value in inputs.values())


def _in_single(inputs) -> dict:
    double = {name: value for name, value in inputs.items() if _is_double({name: value})}
    return dict(inputs) | {name: value.float() for name, value in double.items()}
