"""The table for spreadsheets is complete and harmless, and the counts are of students."""

import csv

import pytest

from ppo_lib.errors import UsageError
from ppo_lib.grading.grading import NOT_ATTEMPTED, NOT_RUN, NOT_YET, RIGHT, UNREADABLE, Row
from ppo_lib.grading.report import count_mistakes, count_verdicts, format_table, harmless, write_csv
from ppo_lib.plotting import plot_class

ROWS = [
    Row("ada", "ada/1.ipynb", "gae", NOT_YET, ("without gamma", "sign"), "Not yet."),
    Row("ada", "ada/2.ipynb", "gae", RIGHT, (), "Right."),
    Row("ada", "ada/2.ipynb", "kl", NOT_ATTEMPTED),
    Row("bob", "bob.ipynb", "gae", NOT_YET, ("sign",), "Not yet."),
    Row("bob", "bob.ipynb", "kl", NOT_RUN, (), "It took longer."),
    Row("bob", "bob2.ipynb", "gae", NOT_YET, ("sign",), "Not yet."),
    Row("eve", "eve.ipynb", "", UNREADABLE, (), "The notebook could not be read: an empty file."),
]


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n-1", "\0=1"])
def test_nothing_in_the_table_is_a_formula(formula):
    assert harmless(formula) == "'" + formula.strip("\t\r\n \0")


def test_text_is_one_line_of_bounded_length():
    assert harmless("a\n  b\x1b[31m\u2028c") == "a b [31m c"
    assert len(harmless("x" * 10_000)) == 1_000
    assert harmless("Δ = r + γ") == "Δ = r + γ"


def test_the_file_is_read_as_it_was_written_whatever_a_student_is_called(tmp_path):
    rows = [Row('=HYPERLINK("x")', "a,b\n.ipynb", "gae", RIGHT, ("a", "b"), "\ud800 é")]
    write_csv(tmp_path / "grades.csv", rows)
    with open(tmp_path / "grades.csv", encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    assert line["student"] == '\'=HYPERLINK("x")'
    assert line["notebook"] == "a,b .ipynb"
    assert line["mistakes"] == "a; b"
    assert line["message"].endswith(" é") or line["message"] == "é"


def test_the_old_table_stays_where_the_new_one_cannot_be_written(tmp_path, monkeypatch):
    path = tmp_path / "grades.csv"
    write_csv(path, ROWS)
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(UsageError, match="No space left"):
        write_csv(path, ROWS[:1])
    assert path.read_bytes() == before


def test_the_best_of_several_notebooks_counts():
    assert count_verdicts(ROWS, ["gae", "kl", "normalize"]) == {
        "gae": {RIGHT: 1, NOT_YET: 1, NOT_RUN: 0, NOT_ATTEMPTED: 0},
        "kl": {RIGHT: 0, NOT_YET: 0, NOT_RUN: 1, NOT_ATTEMPTED: 1},
    }


def test_a_mistake_counts_once_for_each_student_the_most_frequent_first():
    assert list(count_mistakes(ROWS).items()) == [(("gae", "sign"), 2), (("gae", "without gamma"), 1)]


def test_the_table_shows_who_has_solved_what():
    lines = format_table(ROWS, ["gae", "kl", "normalize"]).splitlines()
    assert [line.split() for line in lines if line.startswith(("ada", "bob", "eve ", "solved"))] == [
        ["ada", "✓", "·", "1"],
        ["bob", "✗", "!", "0"],
        ["eve", "0"],
        ["solved", "1", "0", "1"],
    ]
    assert lines[-1] == "eve.ipynb: The notebook could not be read: an empty file."


def test_the_plot_shows_every_count():
    counts = count_verdicts(ROWS, ["gae", "kl"])
    left, right = plot_class(counts, count_mistakes(ROWS))
    widths = [[bar.get_width() for bar in container] for container in left.containers]
    assert widths == [[1, 0], [1, 0], [0, 1], [0, 1]]
    assert [text.get_text() for text in left.get_legend().get_texts()] == [RIGHT, NOT_YET, NOT_RUN, NOT_ATTEMPTED]
    assert [bar.get_width() for bar in right.containers[0]] == [2, 1]
    assert [label.get_text() for label in right.get_yticklabels()] == ["gae: sign", "gae: without gamma"]


def test_the_plot_of_an_empty_class_can_be_drawn():
    left, _ = plot_class({}, {})
    left.figure.canvas.draw()
