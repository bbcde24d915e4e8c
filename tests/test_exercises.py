"""What holds for every exercise: its solution passes, and each of its mistakes is recognised as itself."""

import importlib
import pkgutil

import pytest

from ppo_lib import exercises
from ppo_lib.exercises.checking import KNOWN_MISTAKE, NOT_ATTEMPTED, RIGHT, Exercise

CHECKS = {name: check for name, check in vars(exercises).items() if name.startswith("check_")}
MISTAKES = [(name, mistake) for name, check in CHECKS.items() for mistake in check.mistakes]
every_check = pytest.mark.parametrize("name", CHECKS)


def test_every_exercise_is_offered():
    modules = pkgutil.iter_modules(exercises.__path__, exercises.__name__ + ".")
    members = [member for module in modules for member in vars(importlib.import_module(module.name)).items()]
    assert {name for name, member in members if isinstance(member, Exercise)} == set(CHECKS)


@every_check
def test_its_solution_passes(name):
    assert CHECKS[name].judge(CHECKS[name].solution).kind == RIGHT


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_mistake_is_recognised_as_itself(name, mistake):
    sentence, function = CHECKS[name].mistakes[mistake]
    assert CHECKS[name].judge(function) == (KNOWN_MISTAKE, f"Not yet. {sentence}")


@every_check
def test_it_knows_at_least_four_mistakes_by_different_sentences(name):
    sentences = {sentence for sentence, _ in CHECKS[name].mistakes.values()}
    assert len(sentences) == len(CHECKS[name].mistakes) >= 4


@every_check
def test_a_stub_is_not_attempted(name):
    assert CHECKS[name].judge(lambda *_: ...).kind == NOT_ATTEMPTED
