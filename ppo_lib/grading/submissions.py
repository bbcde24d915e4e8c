"""Notebooks as students hand them in, read as data: whose each one is, and the code in its cells.

A hand-in may be anything at all. What cannot be read gets a `problem` in words. Nothing is ever executed here.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from ppo_lib.errors import UsageError

LARGEST_FILE = 100 * 2**20  # bytes; films and figures in a notebook take tens of millions
MOST_CODE = 2 * 2**20  # characters in all cells together
NOT_HANDED_IN = {".ipynb_checkpoints", "__MACOSX"}  # what Jupyter and zip programs add
MOODLE = re.compile(r"_\d+_assignsubmission_file_?.*$")  # "Ada Lovelace_1234_assignsubmission_file"


@dataclass(frozen=True)
class Cell:
    """A code cell: what a message calls it, and its text."""

    label: str
    source: str


@dataclass(frozen=True)
class Submission:
    """One notebook that was handed in.

    Attributes:
        student: whose it is.
        notebook: its path within the folder.
        cells: its code cells, from top to bottom; none where it could not be read.
        problem: why it could not be read, in words; empty where it could.
    """

    student: str
    notebook: str
    cells: tuple[Cell, ...] = ()
    problem: str = ""


class NotANotebook(ValueError):
    """Why a file cannot be read as a notebook, in words."""


def read_submissions(folder: Path, chapters: Collection[str]) -> list[Submission]:
    """Every notebook below `folder`, by path.

    Args:
        folder: what was handed in: a notebook for each student, or a folder of notebooks for each.
        chapters: the names of the course's notebooks, which are no part of a student's name.

    Raises:
        UsageError: there is no such folder, or no notebook in it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder; give the one that holds the notebooks handed in")
    paths = [path for path in sorted(folder.rglob("*.ipynb")) if not _is_a_copy(path.relative_to(folder))]
    if not paths:
        raise UsageError(f"{folder} holds no notebook (*.ipynb)")
    return [_read(path, path.relative_to(folder), chapters) for path in paths]


def student_of(path: Path, chapters: Collection[str]) -> str:
    """Whose notebook it is, by its path within the folder.

    The first folder on the way names the student, unless it is a chapter's. Otherwise the file name does, without the
    chapter's name in it: ada.ipynb, ada_04_advantage_estimation.ipynb and 04_advantage_estimation-ada.ipynb are Ada's.
    """
    if len(path.parts) > 1 and path.parts[0] not in chapters:
        return MOODLE.sub("", path.parts[0])
    name = path.stem
    for chapter in chapters:
        name = name.replace(chapter, "")
    return name.strip(" _-.") or path.stem


def _is_a_copy(path) -> bool:
    return bool(NOT_HANDED_IN & set(path.parts)) or path.name.startswith("._")


def _read(path, within, chapters) -> Submission:
    student = student_of(within, chapters)
    try:
        return Submission(student, str(within), read_cells(path))
    except NotANotebook as reason:
        return Submission(student, str(within), problem=str(reason))


def read_cells(path: Path) -> tuple[Cell, ...]:
    """The code cells of a notebook, from top to bottom.

    Read without nbformat, whose validation refuses a notebook for a flaw that matters to nobody here.

    Raises:
        NotANotebook: it cannot be read as one.
    """
    content = _parse(_read_bytes(path))
    if not isinstance(content, dict) or not isinstance(content.get("cells"), list):
        old = isinstance(content, dict) and "worksheets" in content
        raise NotANotebook(
            "a notebook of an old format; open it in Jupyter and save it again" if old else "not a notebook"
        )
    code = [cell for cell in content["cells"] if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    sources = [_source(cell.get("source")) for cell in code]
    if sum(map(len, sources)) > MOST_CODE:
        raise NotANotebook(f"more code than the {MOST_CODE:,} characters that a notebook may hold")
    return tuple(Cell(f"code cell {number}", source) for number, source in enumerate(sources, 1))


def _read_bytes(path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise NotANotebook("a link" if path.is_symlink() else "a folder" if path.is_dir() else "not a file")
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise NotANotebook(f"cannot be opened ({error.strerror})") from None
    if len(content) > LARGEST_FILE:
        raise NotANotebook(f"larger than the {LARGEST_FILE // 2**20} MB that a notebook may have")
    if not content.strip():
        raise NotANotebook("an empty file")
    return content


def _parse(content):
    try:
        return json.loads(content)
    except UnicodeDecodeError:
        raise NotANotebook("not a notebook: its text is not in UTF-8") from None
    except (ValueError, RecursionError, MemoryError):
        raise NotANotebook("broken: not JSON, as a notebook is") from None


def _source(source) -> str:
    lines = source if isinstance(source, list) else [source]
    return "".join(line for line in lines if isinstance(line, str)).replace("\r\n", "\n")
