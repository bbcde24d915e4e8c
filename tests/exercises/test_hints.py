import pytest

from ppo_lib import exercises
from ppo_lib.exercises.hints import Hints


@pytest.fixture
def hint():
    return Hints(exercises.CHECKS)


def test_each_call_gives_the_next_hint_and_then_begins_again(hint):
    hints = exercises.check_gae.hints
    given = [hint.next("gae") for _ in range(4)]
    assert given[0] == f"Hint 1 of 3: {hints[0]}"
    assert given[2] == f"Hint 3 of 3 (the last one): {hints[2]}"
    assert given[3] == given[0]


def test_exercises_have_hints_of_their_own(hint):
    hint.next("gae")
    assert hint.next("kl").startswith("Hint 1 of 3")


@pytest.mark.parametrize("name", ["gae", "check_gae", exercises.check_gae])
def test_an_exercise_goes_by_its_name_or_its_check(hint, name):
    assert exercises.check_gae.hints[0] in hint.next(name)


def test_a_name_that_does_not_exist_hears_which_do(hint):
    said = hint.next("gea")
    assert said.startswith("There is no exercise 'gea'. Did you mean 'gae'? There are: ")
    assert all(name in said for name in exercises.CHECKS)


def test_it_is_shown(hint, capsys):
    assert hint("gae") is None
    assert capsys.readouterr().out.startswith("→ Hint 1 of 3: ")
