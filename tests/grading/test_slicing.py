"""Which statements of a notebook are taken for a function, and which are not."""

import ast
import time

import pytest

from ppo_lib.grading.slicing import find_programs
from ppo_lib.grading.submissions import Cell

STUBS = {"gae": {"gae", "my_gae"}, "kl": {"kl", "my_kl"}}


def program(*sources, exercise="gae"):
    return find_programs([Cell(f"cell {i}", source) for i, source in enumerate(sources)], STUBS).get(exercise)


def taken(*sources, exercise="gae"):
    """The first lines of the statements taken, imports of the course's own first cell left out."""
    found = program(*sources, exercise=exercise)
    bodies = [(label, ast.parse(source).body, indices) for label, source, indices in found.cells]
    return [ast.unparse(body[i]).split("\n")[0] for label, body, indices in bodies for i in indices if "cell" in label]


def test_only_what_the_function_needs_is_taken_and_in_the_notebooks_order():
    cells = ["a = 1\nunused = train()", "def helper(): return a * b", "b = 2", "def my_gae(x): return helper() + x"]
    assert taken(*cells, "exercises.check_gae(my_gae)") == [
        "a = 1",
        "def helper():",
        "b = 2",
        "def my_gae(x):",
    ]


@pytest.mark.parametrize(
    "change",
    [
        "x[0] = 1",
        "x += 1",
        "x.a.b = 1",
        "x.append(1)",
        "del x[0]",
        "for i in range(3):\n    x.append(i)",
        "with open(p) as f:\n    x = f",
        "if x:\n    x = 2",
        "try:\n    x = 2\nexcept ValueError as e:\n    pass",
        "def g():\n    global x\n    x = 3",
        "@x.register\ndef g(): ...",
        "(x := 5)",
        "[x, *y] = (1, 2)",
    ],
)
def test_what_changes_a_needed_value_is_taken(change):
    found = taken("x = [1]", change, "def my_gae(): return x", "exercises.check_gae(my_gae)")
    assert change.split("\n")[0] in found


def test_a_later_definition_replaces_an_earlier_one():
    assert taken("def my_gae(): 1", "def my_gae(): 2", "exercises.check_gae(my_gae)") == ["def my_gae():"]
    assert program("def my_gae(): 1", "def my_gae(): 2", "exercises.check_gae(my_gae)").cells[0][0] == "cell 1"


def test_what_comes_after_the_check_does_not_count():
    found = program("def my_gae(): 1", "exercises.check_gae(my_gae)", "def my_gae(): 2")
    assert [label for label, _, _ in found.cells] == ["cell 0"]


def test_an_overwritten_value_is_taken_where_something_else_was_made_of_it():
    found = taken("a = 1", "b = a + 1", "a = 5", "exercises.check_gae(lambda: a + b)")
    assert found == ["a = 1", "b = a + 1", "a = 5"]


def test_the_last_call_counts_in_whatever_way_it_is_written():
    cells = [
        "from ppo_lib.exercises import check_gae as c\nimport ppo_lib.exercises as ex\nimport ppo_lib",
        "c(first)",
        "ex.check_gae(second)",
        "ppo_lib.exercises.check_gae(third)",
        "again = ex.check_gae\nif True:\n    again(partial(fourth, 1))",
    ]
    for count, argument in enumerate(["first", "second", "third", "partial(fourth, 1)"], 2):
        assert program(*cells[:count]).argument == argument


def test_parameters_and_local_names_need_nothing():
    assert taken("y = 1\nx = 2", "def my_gae(x):\n    y = x\n    return [z for z in y]") == ["def my_gae(x):"]


def test_a_comprehension_needs_its_names_when_it_runs():
    assert taken("n = 3", "t = [n for _ in 'ab']", "n = 4", "exercises.check_gae(lambda: t)") == [
        "n = 3",
        "t = [n for _ in 'ab']",
    ]


def test_what_is_needed_of_the_course_is_named():
    cells = ["from ppo_lib.losses import value_loss as v\nimport ppo_lib.ppo", "def my_gae(): return v(ppo_lib.ppo)"]
    found = program(*cells, "exercises.check_gae(my_gae)")
    assert found.missing == ("ppo_lib", "value_loss from ppo_lib.losses")
    replaced = program("from ppo_lib.losses import v", "def v(): 1", "exercises.check_gae(v)")
    assert replaced.missing == ()


def test_a_solution_is_not_taken_for_a_check():
    found = program("from ppo_lib.exercises.advantage_estimation import gae", "exercises.check_gae(gae)")
    assert found.missing == ("gae from ppo_lib.exercises.advantage_estimation",)
    assert "gae" not in found.stand_ins


def test_without_a_call_a_function_of_the_stubs_name_counts_but_no_other_value():
    assert program("my_gae = lambda x: x").argument == "my_gae"
    assert program("entropy = 1\ngae = 3") is None
    assert program("print('nothing')") is None


def test_a_cell_that_does_not_parse_costs_only_itself():
    assert taken("def broken(", "x = 1", "def my_gae(): return x") == ["x = 1", "def my_gae():"]


def test_magics_are_no_obstacle():
    assert taken("%%time\nx = 1", "!ls\n%matplotlib inline\ny = 2", "def my_gae(): return x, y") == [
        "x = 1",
        "y = 2",
        "def my_gae():",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "(" * 5_000 + ")" * 5_000,
        "-" * 100_000 + "1",
        "not " * 40_000 + "1",
        "1" + "+1" * 90_000,
        "x" + ".a" * 90_000,
        "x" + "[0]" * 60_000,
        "f" + "()" * 90_000,
        "lambda: " * 20_000 + "1",
        "1" + " if 1 else 1" * 15_000,
        "\n".join(" " * i + "if 1:" for i in range(400)) + "\n" + " " * 400 + "x",
        "x = " * 40_000 + "1",
        "f'{" * 1_000 + "1" + "}'" * 1_000,
        "2**" * 50_000 + "2",
        "x = 1\0",
        "\ud800 = 1",
        "é" * 150_000,
        "y = '" + "a" * 300_000 + "'",
        "x = !ls\n" * 2_000,
        "%x\n" * 2_000,
        "x = %y\n" * 29 + "z = 1\n" * 3_000,
        "; In [1]:0x>>>$x    \x0c%time ->0x/?\"    ->??%%\"\ud800=    %''''f'",
    ],
    ids=lambda source: source[:8].encode("unicode_escape").decode(),
)
def test_absurd_code_is_passed_over_in_seconds(source):
    started = time.monotonic()
    assert taken(source, "def my_gae(): return 1") == ["def my_gae():"]
    assert time.monotonic() - started < 20


def test_a_cell_of_too_many_statements_is_passed_over_in_seconds():
    started = time.monotonic()
    assert taken("x = x\n" * 30_000, "x[0] = x\n" * 1_000, "def my_gae(): return x")[-2:] == [
        "x[0] = x",
        "def my_gae():",
    ]
    assert time.monotonic() - started < 20


def test_a_thousand_cells_are_read_in_seconds():
    cells = [f"x{i} = x{i - 1} + [j for j in range({i})]\ndef f{i}(): return f{i - 1}()" for i in range(1, 1001)]
    started = time.monotonic()
    found = taken("x0 = []\ndef f0(): return 0", *cells, "exercises.check_gae(lambda: (x1000, f1000()))")
    assert len(found) == 2002
    assert time.monotonic() - started < 20
