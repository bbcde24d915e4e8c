"""What holds for every exercise: what is right is accepted in any style, what is wrong never, mistakes are named."""

import importlib
import inspect
from functools import partial

import numpy as np
import pytest
from mutants import mutated

from ppo_lib import exercises
from ppo_lib.exercises import attempt as attempts
from ppo_lib.exercises.attempt import attempt, read_numbers
from ppo_lib.exercises.checking import Check, Exercise
from ppo_lib.exercises.verdicts import ERROR, KNOWN_MISTAKE, NOT_ATTEMPTED, RIGHT, WRONG

EXERCISES = {name: check for name, check in exercises.CHECKS.items() if isinstance(check, Exercise)}
CHAPTERS = sorted({exercise.solution.__module__.split(".")[2] for exercise in EXERCISES.values()})
ANSWERS = {chapter: importlib.import_module(f"answers_{chapter}") for chapter in CHAPTERS}
ORACLES, RIGHT_ANSWERS, MISTAKEN = (
    {name: given for answers in ANSWERS.values() for name, given in getattr(answers, table).items()}
    for table in ("ORACLES", "RIGHT", "MISTAKEN")
)
BORROWED = [
    (name, answer)
    for answers in ANSWERS.values()
    for name, given in getattr(answers, "BORROWED", {}).items()
    for answer in given
]
RIGHT_ONES = [(name, answer) for name, answers in RIGHT_ANSWERS.items() for answer in answers]
MISTAKES = [(name, mistake) for name, exercise in EXERCISES.items() for mistake in exercise.mistakes]
FRESH = 12345  # a seed of inputs that no check has been tuned on
every_exercise = pytest.mark.parametrize("name", EXERCISES)


def equal_to(name, function, seed):
    """Whether a function gives the right answer to fresh inputs."""
    exercise = EXERCISES[name]
    driven = exercise.driven(function)
    return all(case.accepts(attempt(driven, case.inputs, exercise.parts)) for case in exercise.cases(seed))


def test_every_check_is_offered_by_its_name():
    offered = {
        name.removeprefix("check_"): check for name, check in vars(exercises).items() if name.startswith("check_")
    }
    assert offered == exercises.CHECKS
    assert all(isinstance(check, Check) and check.name == name for name, check in offered.items())
    assert set(exercises.__all__) == {f"check_{name}" for name in offered} | {"CHECKS", "hint"}


@every_exercise
def test_its_solution_is_what_others_compute(name):
    exercise = EXERCISES[name]
    for seed in (0, FRESH, FRESH + 1):
        for case in exercise.cases(seed):
            found = ORACLES[name](*case.inputs.values())
            parts = found if exercise.parts > 1 else (found,)
            assert all(case.accepts_part(i, read_numbers(part)) for i, part in enumerate(parts)), case.inputs


@every_exercise
def test_it_is_tried_on_ten_right_answers_and_all_differ(name):
    sources = {inspect.getsource(answer) for answer in RIGHT_ANSWERS[name]}
    assert len(sources) == len(RIGHT_ANSWERS[name]) >= 10


@pytest.mark.parametrize(("name", "answer"), RIGHT_ONES, ids=lambda value: getattr(value, "__name__", value))
def test_a_right_answer_is_accepted_whatever_its_style(name, answer):
    for seed in range(3):
        verdict = EXERCISES[name].judge(answer, seed)
        assert verdict.kind == RIGHT, verdict
    assert verdict.message == f"Right. Checked: {EXERCISES[name].checked}."


@pytest.mark.parametrize(("name", "answer"), BORROWED, ids=lambda value: getattr(value, "__name__", value))
def test_what_the_exercise_is_to_write_may_not_be_called(name, answer):
    assert equal_to(name, answer, FRESH)
    verdict = EXERCISES[name].judge(answer)
    (function,) = EXERCISES[name].by_hand
    assert (verdict.kind, verdict.mistakes) == (KNOWN_MISTAKE, ("borrowed",))
    assert f"numbers are right, but they come from `{function}`. Write it yourself" in verdict.message


def test_every_exercise_that_forbids_a_function_is_tried_with_it():
    assert {name for name, _ in BORROWED} == {name for name, exercise in EXERCISES.items() if exercise.by_hand}
    assert {name for exercise in EXERCISES.values() for name in exercise.by_hand} <= set(attempts.BORROWED.values())


@every_exercise
def test_no_mutant_of_a_right_answer_is_accepted(name):
    """Those that behave otherwise on three times as many fresh inputs count as wrong; at least thirty are tried."""
    mutants = list(mutated(RIGHT_ANSWERS[name], at_most=60))
    wrong = [mutant for mutant in mutants if not all(equal_to(name, mutant, FRESH + k) for k in range(3))]
    accepted = [mutant.change for mutant in wrong if EXERCISES[name].judge(mutant).kind == RIGHT]
    assert not accepted
    assert len(wrong) >= 30


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_mistake_is_named_in_any_spelling(name, mistake):
    exercise = EXERCISES[name]
    spellings = [exercise.mistaken(mistake), *map(exercise.driven, MISTAKEN[name][mistake])]
    assert len(spellings) >= 3
    for answer in spellings:
        verdict = exercise.judge_attempts(partial(attempt, answer), 0)
        assert (verdict.kind, verdict.mistakes) == (KNOWN_MISTAKE, (mistake,)), verdict
        assert verdict.message.startswith(f"Not yet. {exercise.mistakes[mistake].sentence}")


@every_exercise
def test_its_mistakes_have_sentences_of_their_own(name):
    sentences = [mistake.sentence for mistake in EXERCISES[name].mistakes.values()]
    assert len(set(sentences)) == len(sentences) >= 8
    assert set(MISTAKEN[name]) == set(EXERCISES[name].mistakes)


@every_exercise
def test_its_inputs_are_none_by_accident_square(name):
    """No axis can be taken for another one: somewhere among the inputs their lengths differ."""
    shapes = {}
    for case in EXERCISES[name].cases(0):
        for argument, value in case.inputs.items():
            if np.ndim(value):
                shapes.setdefault(argument, []).append(tuple(np.shape(value)))
    for argument, seen in shapes.items():
        assert len(set(seen)) > 3, argument
        assert any(len(set(shape)) == len(shape) for shape in seen), argument


@every_exercise
def test_it_has_hints_from_a_nudge_to_nearly_all(name):
    hints = EXERCISES[name].hints
    assert len(set(hints)) == len(hints) == 3


class Unfriendly:
    """An answer that fails at whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    def __float__(self):
        raise RuntimeError

    __len__ = __iter__ = __array__ = __float__


class OwnError(BaseException):
    def __str__(self):
        raise RuntimeError


def raise_it(error):
    raise error


ODD_ANSWERS = {
    "a word": lambda *_: "Right. Checked: everything.",
    "a dict": lambda *_: {"answer": 1},
    "a function": lambda *_: print,
    "rows of different shapes": lambda *_: [[1.0], [1.0, 2.0]],
    "empty": lambda *_: [],
    "complex": lambda *_: 1j,
    "not a number": lambda *_: float("nan"),
    "infinite": lambda *_: np.full((3, 2), np.inf),
    "an unfriendly object": lambda *_: Unfriendly(),
    "a list of such": lambda *_: [Unfriendly()],
    "its arguments": lambda *arguments: arguments,
    "a class": Unfriendly,
    "too deep": lambda *_: ODD_ANSWERS["too deep"](),
    "it ends the program": lambda *_: raise_it(SystemExit(0)),
    "an error of its own": lambda *_: raise_it(OwnError()),
    "no arguments": lambda: 0.0,
}


@every_exercise
@pytest.mark.parametrize("odd", ODD_ANSWERS)
def test_a_check_itself_never_raises(name, odd):
    verdict = EXERCISES[name].judge(ODD_ANSWERS[odd])
    assert verdict.kind in {WRONG, ERROR, KNOWN_MISTAKE}
    assert verdict.message
    assert verdict._repr_html_()


@every_exercise
def test_its_stub_is_not_attempted(name):
    def stub(*arguments):
        """What it should do."""
        ...

    assert EXERCISES[name].judge(stub).kind == NOT_ATTEMPTED
    assert EXERCISES[name].judge(None).kind == NOT_ATTEMPTED
