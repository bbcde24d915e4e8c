"""The hand-out for students is whole: no dead link, no solutions, and its own tests pass.

These tests come with the hand-out. There they look at the folder they are in; in the lecturer's copy they make one.
"""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from ppo_lib.errors import UsageError

ROOT = Path(__file__).parent.parent
HANDED_OUT = (ROOT / "HANDOUT.md").exists()  # docs/handout.py writes it
FOLDERS = (".ci", ".github", "docs", "notebooks", "ppo_lib", "results", "tests")
NOTATION = "00_notation.ipynb"  # has no exercises
CHAPTERS = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9]*.ipynb") if path.name != NOTATION)
every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
lecturers = pytest.mark.skipif(HANDED_OUT, reason="the script that makes the hand-out stays with the lecturer")
if not HANDED_OUT:
    sys.path.insert(0, str(ROOT / "docs"))
    import handout


def files_of_the_course():
    """The names of its files, read from the folders: not everybody has git, and what else lies around is no matter."""
    inside = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    for path in (*ROOT.iterdir(), *inside):
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
            yield path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder of a hand-out."""
    if HANDED_OUT:
        return ROOT
    folder = tmp_path_factory.mktemp("handout")
    handout.write_zip(handout.handed_out(ROOT, list(files_of_the_course())), folder / "course.zip")
    zipfile.ZipFile(folder / "course.zip").extractall(folder)
    return folder / "course"


def markdown(path):
    """What a page or a notebook says in markdown, without blocks of code."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def links(text):
    """The targets of links and images in markdown and in its HTML, without what follows a #."""
    targets = re.findall(r"\]\(\s*([^)\s]+)", text) + re.findall(r"""\b(?:src|href)=["']([^"']+)""", text)
    return [target.split("#")[0] for target in targets]


def pages(folder):
    patterns = ("*.md", "docs/*.md", "results/**/*.md", "notebooks/[0-9]*.ipynb", "notebooks/solutions/[0-9]*.ipynb")
    return [page for pattern in patterns for page in folder.glob(pattern)]


def test_no_link_and_no_image_is_dead(course):
    followed = 0
    for page in pages(course):
        for target in links(markdown(page)):
            if target and not target.startswith("https://"):
                followed += 1
                file = (page.parent / target).resolve()
                assert file.exists() and file.is_relative_to(course.resolve()), f"{page.name}: {target}"  # noqa: PT018
    assert followed > 4 * len(CHAPTERS)  # a picture and a row of the table, and links between neighbours


def test_the_guides_name_no_program_that_is_missing(course):
    guides = [course / "README.md", *course.glob("docs/*.md"), *course.glob("results/**/*.md")]
    programs = {name for guide in guides for name in re.findall(r"\bpython ([\w/]+\.py)\b", guide.read_text())}
    assert {"docs/links.py", "docs/pictures.py", "results/peers.py"} <= programs
    for program in programs:
        assert (course / program).exists(), program


@every_chapter
def test_a_chapter_says_whom_to_ask_for_its_solutions(course, chapter):
    text = markdown(course / "notebooks" / chapter)
    assert text.count("Ask your lecturer for the solutions.") == 1
    assert not [target for target in links(text) if "solutions" in target]


def test_a_hand_out_is_known_by_its_marker_alone():
    assert (ROOT / "docs" / "handout.py").exists() != HANDED_OUT


@lecturers
def test_what_only_lecturers_need_stays_with_them(course):
    for name in ("notebooks/solutions", "docs/handout.py", "docs/teaching.md", ".ci"):
        assert (ROOT / name).exists()
        assert not (course / name).exists()
    for name, text in (("README.md", "Teaching"), ("README.md", "sessions"), ("Makefile", "handout")):
        assert text in (ROOT / name).read_text()
        assert text not in (course / name).read_text()


@lecturers
@every_chapter
def test_code_and_outputs_of_a_chapter_stay_as_they_are(course, chapter):
    ours, theirs = (nbformat.read(root / "notebooks" / chapter, as_version=4) for root in (ROOT, course))
    assert [cell.id for cell in ours.cells] == [cell.id for cell in theirs.cells]
    for mine, yours in zip(ours.cells, theirs.cells, strict=True):
        assert mine == yours or mine.cell_type == "markdown"


@lecturers
def test_its_tests_of_the_frame_and_the_notebooks_pass(course):
    """Those that read what is changed or left out; none may be missing, and none needs git."""
    names = ("frame", "notebooks", "readme", "links", "pages", "imports", "handout")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not nbval"]
    done = subprocess.run(
        [*command, *(f"tests/test_{name}.py" for name in names)], cwd=course, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]


@lecturers
def test_the_same_files_make_the_same_zip(tmp_path):
    files = {"b.txt": b"2" * 1000, "a/ä.txt": b"1"}
    handout.write_zip(files, tmp_path / "new" / "one.zip")
    handout.write_zip(dict(reversed(files.items())), tmp_path / "two.zip")
    one, two = (tmp_path / "new" / "one.zip"), tmp_path / "two.zip"
    assert one.read_bytes() == two.read_bytes()
    entries = zipfile.ZipFile(one).infolist()
    assert [entry.filename for entry in entries] == ["course/a/ä.txt", "course/b.txt"]
    assert {entry.date_time[0] for entry in entries} == {2000}
    assert zipfile.ZipFile(one).read("course/b.txt") == files["b.txt"]


@lecturers
@pytest.mark.parametrize(
    ("sentence", "left"),
    [
        ("Try it. Solutions: [here](solutions/x.ipynb).", "Try it. ASK"),
        ("[It](y.md).\nSee [a.b](solutions/x.ipynb#top), and [c](z.md) too! Go on.", "[It](y.md).\nASK Go on."),
        ("- Look [there](solutions)\n- stay", "- ASK\n- stay"),
        ("| 1. [x](x.md) | [y](solutions/y.ipynb) |", "| 1. [x](x.md) | ASK|"),
        ("- An [exact](https://e.org/solutions.html) one.", "- An [exact](https://e.org/solutions.html) one."),
        ("Read [all of them](../notebooks/solutions)", "ASK"),
    ],
)
def test_a_sentence_with_a_link_to_solutions_goes_and_no_other(tmp_path, sentence, left):
    (tmp_path / "page.md").write_text(sentence)
    made = handout.handed_out(tmp_path, ["page.md"])
    assert made["page.md"].decode() == left.replace("ASK", handout.ASK)


@lecturers
@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("page.md", "They are in notebooks/solutions/.", "page.md still speaks of the solutions"),
        ("Makefile", "test:\n", "Makefile holds 0 places, not one, that match"),
    ],
)
def test_what_it_cannot_take_out_is_an_error(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=message):
        handout.handed_out(tmp_path, [name])


@lecturers
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_it_is_made_of_what_git_tracks_and_is_there(tmp_path):
    for name in ("kept.md", "ä.md", "deleted.md", "untracked.md"):
        (tmp_path / name).write_text("new")
    for command in (["init", "--quiet"], ["add", "kept.md", "ä.md", "deleted.md"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    (tmp_path / "deleted.md").unlink()
    assert sorted(handout.tracked_files(tmp_path)) == ["kept.md", "ä.md"]


@lecturers
def test_without_a_checkout_or_git_it_says_so_in_a_line(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "none"))
    with pytest.raises(UsageError, match=r"\Athe hand-out is made of what git tracks, and git .*\Z"):
        handout.tracked_files(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is not installed"):
        handout.tracked_files(tmp_path)


@lecturers
def test_a_zip_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"cannot write .*; choose another file by --out"):
        handout.write_zip({}, tmp_path)
