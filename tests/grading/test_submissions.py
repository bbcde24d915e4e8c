"""Whose a notebook is, and what code it holds."""

import json
import os
from pathlib import Path

import hand_ins
import pytest

from ppo_lib.errors import UsageError
from ppo_lib.grading import submissions
from ppo_lib.grading.submissions import NotANotebook, read_cells, read_submissions, student_of

CHAPTERS = {"04_advantage_estimation", "05_clipped_objective"}


@pytest.mark.parametrize(
    ("path", "student"),
    {
        "ada.ipynb": "ada",
        "ada_04_advantage_estimation.ipynb": "ada",
        "04_advantage_estimation - Ada Lovelace.ipynb": "Ada Lovelace",
        "04_advantage_estimation.ipynb": "04_advantage_estimation",
        "ada/04_advantage_estimation.ipynb": "ada",
        "ada/work/late/05_clipped_objective.ipynb": "ada",
        "04_advantage_estimation/ada.ipynb": "ada",
        "Ada Lovelace_4711_assignsubmission_file_/04_advantage_estimation.ipynb": "Ada Lovelace",
    }.items(),
)
def test_the_path_names_the_student(path, student):
    assert student_of(Path(path), CHAPTERS) == student


def test_all_notebooks_below_the_folder_are_read_but_no_copies(tmp_path):
    for name in ("b.ipynb", "a/1.ipynb", "a/2.ipynb", "a/.ipynb_checkpoints/1-checkpoint.ipynb", "__MACOSX/b.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(hand_ins.notebook("x = 1"))
    (tmp_path / "notes.txt").write_text("no notebook")
    found = read_submissions(tmp_path, CHAPTERS)
    assert [(s.student, Path(s.notebook).as_posix()) for s in found] == [
        ("a", "a/1.ipynb"),
        ("a", "a/2.ipynb"),
        ("b", "b.ipynb"),
    ]
    assert all([cell.source for cell in s.cells] == ["x = 1"] for s in found)


def test_a_folder_without_notebooks_is_refused_in_a_line(tmp_path):
    with pytest.raises(UsageError, match="holds no notebook"):
        read_submissions(tmp_path, CHAPTERS)
    with pytest.raises(UsageError, match="is no folder"):
        read_submissions(tmp_path / "nowhere", CHAPTERS)


def test_a_source_may_be_a_text_or_lines_and_odd_cells_are_empty(tmp_path):
    path = tmp_path / "n.ipynb"
    sources = ["a\r\nb", ["a\n", "b"], None, 7, ["a\n", 7]]
    cells = [{"cell_type": "code", "source": source} for source in sources]
    cells += [{"cell_type": "code"}, {"cell_type": "raw", "source": "no"}, "no cell", None]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}), encoding="utf-16")
    assert [cell.source for cell in read_cells(path)] == ["a\nb", "a\nb", "", "", "a\n", ""]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b'{"cells": [', "not JSON"),
        (b'{"worksheets": []}', "old format"),
        (b'{"cells": {}}', "not a notebook"),
        (b"null", "not a notebook"),
        (b"\xff\xfe\xfd", "not"),
        (b'{"a":' * 200_000, "not JSON"),
    ],
)
def test_what_is_no_notebook_says_why(tmp_path, content, words):
    path = tmp_path / "n.ipynb"
    path.write_bytes(content)
    with pytest.raises(NotANotebook, match=words):
        read_cells(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows lets only administrators make links")
def test_links_are_not_followed(tmp_path):
    (tmp_path / "n.ipynb").write_text(hand_ins.notebook("x = 1"))
    link = tmp_path / "link.ipynb"
    link.symlink_to(tmp_path / "n.ipynb")
    with pytest.raises(NotANotebook, match="a link"):
        read_cells(link)


def test_a_giant_is_not_read_to_its_end(tmp_path, monkeypatch):
    path = tmp_path / "n.ipynb"
    path.write_text(hand_ins.notebook("x = 1\n" * 1_000))
    monkeypatch.setattr(submissions, "MOST_CODE", 1_000)
    with pytest.raises(NotANotebook, match="more code"):
        read_cells(path)
    monkeypatch.setattr(submissions, "LARGEST_FILE", 1_000)
    with pytest.raises(NotANotebook, match="larger"):
        read_cells(path)
