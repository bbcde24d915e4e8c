"""The course for students: what git tracks, without the worked solutions and without what only lecturers need.

Run it in the project's folder: make handout, or python docs/handout.py. Nothing in the hand-out points to what is not
in it, its own tests pass, and the same files make the same zip, byte for byte.
"""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import tyro

from ppo_lib.errors import UsageError, shown

ROOT = Path(__file__).parent.parent
FOLDER = "course"  # what the zip unpacks to
LECTURERS_ONLY = (
    "notebooks/solutions/",
    ".ci/",
    "docs/handout.py",
    "docs/teaching.md",
    "tests/exercises/answers_",  # right answers in ten styles, and the tests that try them
    "tests/exercises/mistaken_",
    "tests/exercises/mutants.py",
    "tests/exercises/edited.py",
    "tests/exercises/test_build.py",
    "tests/exercises/test_every_exercise.py",
    "tests/grading/",
)
ASK = "Ask your lecturer for the solutions."
MARKER = "HANDOUT.md"  # by this file the tests know a hand-out
ABOUT = f"""# A hand-out

This is the course as your lecturer hands it out, made by `make handout`: whole, but for the worked solutions. {ASK}
Begin with the [README](README.md).
"""

# Of some files parts are replaced; every pattern must be found exactly once.
CHANGES = {
    "README.md": (
        (r", git and make\. In the cloned folder:", " and make. In this folder:"),
        (r"Every exercise has a worked solution in \S+ Where it asks", f"{ASK} Where an exercise asks"),
        (r"^- \[Teaching from it\]\(docs/teaching\.md\).*\n", ""),
        (r" Taught, it is seven sessions\.", ""),
    ),
    "Makefile": (
        (r"(?<=^# make lab)(.*) \| handout\b", r"\1"),
        (r"(?<=^\.PHONY:)(.*) handout\b", r"\1"),
        (r"(?:^#.*\n)*^handout:.*\n(?:\t.*\n)*\n", ""),
    ),
}
LINK = r"\[[^\]\n]*\]\([^)\n]*\)"
LINK_TO_SOLUTIONS = r"\[[^\]\n]*\]\((?!https?:)(?:[^)\s]*/)?solutions(?=[/#)])[^)\n]*\)"
PART = rf"(?:{LINK}|[^\n.!?|])*"  # of a sentence, or of a table's field; a dot inside a link ends neither
SENTENCE = re.compile(rf"(?P<start>[^\S\n]*(?:[-*]\s+)?){PART}{LINK_TO_SOLUTIONS}{PART}[.!?]?")


def tracked_files(root: Path) -> list[str]:
    """The files below `root` that git tracks and that are there, with slashes in their names.

    Raises UsageError where `root` is no git checkout, or git is missing.
    """
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True, encoding="utf-8")
    except FileNotFoundError:
        raise UsageError("the hand-out is made of what git tracks, and git is not installed; install it") from None
    except subprocess.CalledProcessError as error:
        raise UsageError(
            f"the hand-out is made of what git tracks, and git cannot say what: {error.stderr.strip().splitlines()[0]}"
        ) from None
    return [name for name in done.stdout.split("\0") if name and (root / name).is_file()]


def handed_out(root: Path, names: list[str]) -> dict[str, bytes]:
    """What the hand-out holds: for each file's name its content, made of the files `names` below `root`.

    Raises UsageError where a file no longer holds what would be taken out of it, and where one still speaks of the
    folder of the solutions afterwards.
    """
    files = {MARKER: ABOUT.encode()}
    for name in names:
        if not name.startswith(LECTURERS_ONLY):
            files[name] = _for_students(root / name, name)
    return files


def write_zip(files: dict[str, bytes], out: Path) -> None:
    """Write the files into a zip that depends on nothing but their names and contents.

    Raises UsageError where `out` cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(out, "w") as archive:
            for name in sorted(files):
                entry = zipfile.ZipInfo(f"{FOLDER}/{name}", date_time=(2000, 1, 1, 0, 0, 0))  # whenever it was made
                entry.create_system = 3  # Unix, wherever it was made, so that the line below has a meaning
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}; choose another file by --out") from None


def _for_students(path, name):
    if name not in CHANGES and path.suffix not in WITHOUT_LINKS:
        return path.read_bytes()
    text = path.read_text(encoding="utf-8")
    for pattern, replacement in CHANGES.get(name, ()):
        text, found = re.subn(pattern, replacement, text, flags=re.MULTILINE)
        if found != 1:
            raise UsageError(
                f"{name} holds {found} places, not one, that match {pattern!r}; mend CHANGES in docs/handout.py"
            )
    if path.suffix in WITHOUT_LINKS:
        text = WITHOUT_LINKS[path.suffix](text)
        left = re.search(r".{0,40}\bsolutions[/\\].{0,40}", text)
        if left:
            raise UsageError(f"{name} still speaks of the solutions: {shown(left[0])}; only sentences with links go")
    return text.encode()


def _markdown_without_links(markdown):
    """Every sentence with a link to the solutions replaced by ASK."""
    return SENTENCE.sub(lambda match: match["start"] + ASK, markdown)


def _notebook_without_links(text):
    notebook = nbformat.reads(text, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _markdown_without_links(cell.source)
    return nbformat.writes(notebook) + "\n"  # as Jupyter stores it


WITHOUT_LINKS = {".md": _markdown_without_links, ".ipynb": _notebook_without_links}


def main(out: Path = Path("build/course.zip")) -> None:
    """Make the course for students, without the worked solutions.

    Args:
        out: the zip to write.
    """
    try:
        files = handed_out(ROOT, tracked_files(ROOT))
        write_zip(files, out)
    except UsageError as error:
        sys.exit(f"handout: {error}")
    print(f"{len(files)} files for your students are in {out}; it unpacks to a folder {FOLDER}.")


if __name__ == "__main__":
    tyro.cli(main)
