"""One grading of all the hand-ins, and what its rows must say of each."""

import csv
import os
import time
from pathlib import Path

import hand_ins
import pytest
import torch
from processes import descendants

import ppo_lib
from ppo_lib.exercises import CHECKS
from ppo_lib.grading.confinement import confine
from ppo_lib.grading.grading import NOT_ATTEMPTED, NOT_RUN, NOT_YET, RIGHT, UNREADABLE, Grader
from ppo_lib.grading.report import count_mistakes, count_verdicts, format_table, write_csv
from ppo_lib.grading.sandbox import Limits

SOLUTIONS = Path(ppo_lib.__file__).parents[1] / "notebooks" / "solutions"
EXERCISES = {name: CHECKS[name] for name in ("td_errors", "gae", "normalize")}
with confine([]) as found:
    needs_bubblewrap = pytest.mark.skipif(bool(found.warning), reason=found.warning)
pytestmark = needs_bubblewrap  # without it these notebooks would run with our rights


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """(rows, seconds, the folder that nobody may touch, what was left running) of one grading of everything."""
    folder, canary = tmp_path_factory.mktemp("handed_in"), tmp_path_factory.mktemp("canary")
    (canary / "keep.txt").write_text("here")
    solution = Path(ppo_lib.__file__).parent / "exercises" / "advantage_estimation.py"
    hand_ins.write_all(folder, canary, solution)
    started, running = time.monotonic(), set(descendants(os.getpid()))
    limits = Limits(call_seconds=3, memory=2**30)
    rows = Grader(EXERCISES, limits, jobs=2, seed=5).grade(folder, progress=False)
    return rows, time.monotonic() - started, canary, set(descendants(os.getpid())) - running


@pytest.fixture
def rows(graded):
    return graded[0]


def verdicts(rows, student):
    return {row.exercise: row.verdict for row in rows if row.student == student}


def the_row(rows, student, exercise):
    return next(row for row in rows if (row.student, row.exercise) == (student, exercise))


@pytest.mark.parametrize("student", hand_ins.RIGHT)
def test_a_solved_notebook_is_right_in_every_style(rows, student):
    messages = [row.message for row in rows if row.student == student]
    assert verdicts(rows, student) == dict.fromkeys(EXERCISES, RIGHT), messages


@pytest.mark.parametrize("student", hand_ins.WRONG)
def test_a_wrong_function_is_not_yet_right_and_costs_only_itself(rows, student):
    word = NOT_RUN if student == "hostile object" else NOT_YET
    expected = {"td_errors": word, "gae": RIGHT, "normalize": RIGHT}
    assert verdicts(rows, student) == expected, the_row(rows, student, "td_errors").message


def test_a_known_mistake_is_named(rows):
    assert the_row(rows, "without gamma", "td_errors").mistakes == ("without gamma",)
    assert count_mistakes(rows)["td_errors", "without gamma"] == 3  # spoilt later, and patches the checks, too


def test_an_exception_is_shown_with_the_students_own_line(rows):
    message = the_row(rows, "raises", "td_errors").message
    assert "NameError" in message
    assert "gama * next_values" in message


def test_what_is_unfinished_is_not_attempted(rows):
    assert verdicts(rows, "untouched") == dict.fromkeys(EXERCISES, NOT_ATTEMPTED)
    expected = {"td_errors": RIGHT, "gae": NOT_ATTEMPTED, "normalize": NOT_ATTEMPTED}
    assert verdicts(rows, "partly") == expected


@pytest.mark.parametrize("student", hand_ins.HOSTILE)
def test_a_hostile_function_is_not_right_and_costs_only_itself(rows, student):
    found = verdicts(rows, student)
    assert found["gae"] in {NOT_RUN, NOT_YET}, found
    assert found["td_errors"] == found["normalize"] == RIGHT, found


@pytest.mark.parametrize(
    ("student", "words"),
    {
        "endless at import": "longer than 3 seconds",
        "endless": "longer than 3 seconds",
        "sleeps": "longer than 3 seconds",
        "deletes": "FileNotFoundError",
        "writes": "FileNotFoundError",
        "forks": "not allowed",
        "forks by ctypes": "ended its process",
        "allocates": "allocate",
        "floods": "ValueError: xxx",
        "closes the pipes": "ended its process",
        "garbage everywhere": "no proper answer",
        "exits": "ended its process",
        "kills all": "not allowed",
        "recursion": "could not be run",
        "huge answer": "too large",
        "imports the solution": "gae from ppo_lib.exercises.advantage_estimation",
        "reads the solution": "FileNotFoundError",
        "looks for the answer": "found: 0",
        "forges a reply": "no proper answer",
    }.items(),
)
def test_a_hostile_function_gets_a_clear_word(rows, student, words):
    assert words in the_row(rows, student, "gae").message


@pytest.mark.parametrize(
    ("student", "words"),
    {
        "empty": "an empty file",
        "binary": "not",
        "latin-1": "UTF-8",
        "broken": "not JSON",
        "nested": "not JSON",
        "folder": "a folder",
        "a list": "not a notebook",
    }.items(),
)
def test_what_cannot_be_read_is_a_row(rows, student, words):
    (row,) = [row for row in rows if row.student == student]
    assert (row.exercise, row.verdict) == ("", UNREADABLE)
    assert words in row.message


def test_the_search_for_the_answer_would_find_one():
    names = {"torch": torch}
    exec(hand_ins.GAE.replace("my_gae", "solve") + hand_ins.LOOK_FOR_THE_ANSWER, names)
    ends = torch.zeros(3, 2, dtype=torch.bool)
    inputs = torch.arange(6.0).reshape(3, 2), ends, ends, 0.9, 0.5
    expected = names["solve"](*inputs)
    with pytest.raises(ValueError, match=r"found: [1-9]"):
        names["search"](*inputs)
    assert expected.shape == (3, 2)


def test_nothing_outside_is_touched_and_nothing_stays_behind(graded):
    _, _, canary, still_running = graded
    assert (canary / "keep.txt").read_text() == "here"
    assert not still_running


def test_forty_notebooks_take_less_than_four_minutes(graded):
    assert len({row.notebook for row in graded[0]}) >= 40
    assert graded[1] < 240  # seconds; a minute on two quiet cores


def test_the_same_seed_gives_the_same_rows(rows, tmp_path):
    for student in ("plain", "raises"):
        text = hand_ins.RIGHT.get(student) or hand_ins.WRONG[student]
        (tmp_path / f"{student}.ipynb").write_text(text)
    again = Grader(EXERCISES, seed=5).grade(tmp_path, progress=False)
    assert again == [row for row in rows if row.student in {"plain", "raises"}]


@pytest.mark.skipif(not SOLUTIONS.is_dir(), reason="the course was handed out without solutions")
def test_the_courses_own_notebooks(tmp_path):
    chapters = [path.name for path in SOLUTIONS.glob("*.ipynb")]
    for student, notebooks in {"solved": SOLUTIONS, "untouched": SOLUTIONS.parent}.items():
        (tmp_path / student).mkdir()
        for chapter in chapters:
            (tmp_path / student / chapter).write_bytes((notebooks / chapter).read_bytes())
    rows = Grader(CHECKS, jobs=2).grade(tmp_path, progress=False)
    found = {(row.student, row.verdict): set() for row in rows}
    for row in rows:  # a set: gae stands in the notebooks of two chapters
        found[row.student, row.verdict].add(row.exercise)
    assert {who: sorted(names) for who, names in found.items()} == {
        ("solved", RIGHT): sorted(name for name, check in CHECKS.items() if check.graded),
        ("solved", NOT_RUN): sorted(name for name, check in CHECKS.items() if not check.graded),
        ("untouched", NOT_ATTEMPTED): sorted(CHECKS),
    }


def test_the_table_the_counts_and_the_file_agree(rows, tmp_path):
    table = format_table(rows, list(EXERCISES)).splitlines()
    plain = next(line for line in table if line.startswith("plain "))
    assert plain.split()[1:] == ["✓", "✓", "✓", "3"]
    counts = count_verdicts(rows, list(EXERCISES))
    assert counts["td_errors"][RIGHT] == len(hand_ins.RIGHT) + len(hand_ins.HOSTILE) + 1
    assert counts["gae"][NOT_ATTEMPTED] == 2
    write_csv(tmp_path / "grades.csv", rows)
    with open(tmp_path / "grades.csv", encoding="utf-8-sig", newline="") as file:
        read = list(csv.DictReader(file))
    assert len(read) == len(rows)
    assert sum(line["exercise"] == "gae" and line["verdict"] == RIGHT for line in read) == counts["gae"][RIGHT]
