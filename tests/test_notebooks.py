"""What holds for every notebook, without running it, and that running them in CI would notice a change."""

import itertools
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
NOTATION = "00_notation.ipynb"  # symbols and terms, without code
CHAPTERS = sorted(path.name for path in FOLDER.glob("[0-9]*.ipynb") if path.name != NOTATION)
SOLUTIONS = sorted(f"solutions/{path.name}" for path in FOLDER.glob("solutions/*.ipynb"))
HANDED_OUT = (ROOT / "HANDOUT.md").exists()  # docs/handout.py writes it; the solutions stay with the lecturer
NOTEBOOKS = {name: nbformat.read(FOLDER / name, as_version=4) for name in [NOTATION, *CHAPTERS, *SOLUTIONS]}
BUILD = "06_training_loop.ipynb"  # builds a whole learner: each step has a stub, a check and a folded complete version
every_notebook = pytest.mark.parametrize("name", NOTEBOOKS)
every_chapter = pytest.mark.parametrize("name", CHAPTERS)
WORDS_A_MINUTE, SECONDS_A_LINE = 200, 4  # how fast a beginner reads prose and code


def code_cells(name):
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == "code"]


def markdown_cells(name):
    return [cell for cell in NOTEBOOKS[name].cells if cell.cell_type == "markdown"]


def outputs(name):
    return [output for cell in code_cells(name) for output in cell.outputs]


def prose(name):
    return "\n".join(cell.source for cell in markdown_cells(name))


def links(text):
    """The targets of the links in some markdown, without what follows a #."""
    return re.findall(r"\]\(([^)#]+)", text)


def checks(name):
    """The names of the exercises that a notebook checks."""
    return set(re.findall(r"exercises\.(check_\w+)\(", "\n".join(cell.source for cell in code_cells(name))))


def shows_a_picture(output):
    data = output.get("data", {})
    return {"image/png", "image/gif", "image/svg+xml"} & set(data) or "<video" in data.get("text/html", "")


def test_there_are_notebooks():
    assert {"01_environment.ipynb", "06_training_loop.ipynb", "07_evaluation.ipynb"} <= set(CHAPTERS)


@every_notebook
def test_it_was_run_from_top_to_bottom(name):
    assert [cell.execution_count for cell in code_cells(name)] == list(range(1, len(code_cells(name)) + 1))


@every_notebook
def test_it_holds_no_error_no_warning_and_no_path_of_a_machine(name):
    assert not [output for output in outputs(name) if output.output_type == "error" or output.get("name") == "stderr"]
    assert not re.findall(r"/(?:home|root|tmp|work|Users|usr|opt)/\w+", str(list(outputs(name))) + prose(name))


@every_notebook
def test_an_interactive_figure_is_stored_as_its_picture(name):
    """Its view would show "Loading widget..." wherever its kernel is gone: the next kernel knows nothing of it."""
    assert not [output for output in outputs(name) if any("widget" in kind for kind in output.get("data", {}))]
    assert "widgets" not in NOTEBOOKS[name].metadata


@every_notebook
def test_it_is_small_and_its_cells_are_short(name):
    assert (FOLDER / name).stat().st_size < 1_500_000
    lengths = [len(cell.source.splitlines()) for cell in code_cells(name)[1:]]  # the first cell is for the imports
    assert max(lengths, default=0) <= 25


@every_notebook
def test_no_line_of_its_code_is_cut_off_on_a_page(name):
    assert not [line for cell in code_cells(name) for line in cell.source.splitlines() if len(line) > 88]


@every_notebook
def test_no_mark_for_the_tests_stands_in_its_code(name):
    assert not [cell for cell in code_cells(name) if "NBVAL" in cell.source]


@every_notebook
def test_its_links_lead_somewhere(name):
    for target in links(prose(name)):
        assert target.startswith("https://") or (FOLDER / name).parent.joinpath(target).exists(), target


def minutes_to_read(name):
    """Measured: all prose and code up to the exercises, without the imports and what is folded away."""
    cells = NOTEBOOKS[name].cells
    end = next((i for i, cell in enumerate(cells) if re.search("^## Exercise", cell.source, re.MULTILINE)), len(cells))
    words = lines = 0
    for cell in [cells[0], *cells[2:end]]:
        if cell.cell_type == "markdown":
            words += len(re.sub(r"<details>.*?</details>|[^\w\s]", " ", cell.source, flags=re.DOTALL).split())
        elif not cell.metadata.get("jupyter", {}).get("source_hidden"):
            lines += len(list(filter(str.strip, cell.source.splitlines())))
    return words / WORDS_A_MINUTE + lines * SECONDS_A_LINE / 60


@every_chapter
def test_it_is_read_in_the_minutes_that_it_promises(name):
    (promised,) = re.findall(r"about (\d+) minutes to read", markdown_cells(name)[0].source)
    assert abs(int(promised) - minutes_to_read(name)) <= 3, f"{minutes_to_read(name):.0f} minutes"


@every_chapter
def test_its_code_comes_in_small_portions(name):
    assert 12 <= len(code_cells(name)) <= (32 if name == BUILD else 25)
    kinds = "".join(cell.cell_type[0] for cell in NOTEBOOKS[name].cells)
    assert "ccc" not in kinds


@every_notebook
def test_code_that_is_folded_away_is_announced(name):
    for before, cell in itertools.pairwise(NOTEBOOKS[name].cells):
        if cell.metadata.get("jupyter", {}).get("source_hidden"):
            assert before.cell_type == "markdown", cell.source
            assert "olded away" in before.source, cell.source


def test_who_only_reads_the_build_gets_a_complete_version_of_each_step():
    cells = code_cells(BUILD)
    folded = "\n".join(cell.source for cell in cells if cell.metadata.get("jupyter", {}).get("source_hidden"))
    assert set(re.findall(r"^def (ready_\w+)", folded, re.MULTILINE)) == {
        "ready_rollout",
        "ready_gae",
        "ready_loss",
        "ready_update",
        "ready_rate",
        "ready_loop",
    }
    assert "\nMINE = False" in cells[0].source


@every_chapter
def test_every_picture_is_followed_by_prose(name):
    cells = NOTEBOOKS[name].cells
    for cell, following in itertools.pairwise(cells):
        if cell.cell_type == "code" and any(map(shows_a_picture, cell.outputs)):
            assert following.cell_type == "markdown", cell.source


@every_chapter
def test_every_picture_has_a_sentence_for_those_who_do_not_see_it(name):
    for cell in code_cells(name):
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            assert cell.metadata.get("alt", "").endswith("."), cell.source


@every_chapter
def test_it_links_the_glossary_and_asks_questions_whose_answers_are_folded(name):
    assert NOTATION in links(markdown_cells(name)[0].source)
    assert prose(name).count("<details>") >= 2
    predictions = [c for c in code_cells(name) if c.metadata.get("jupyter", {}).get("outputs_hidden")]
    assert 1 <= len(predictions) <= 3


@every_chapter
def test_its_first_and_its_last_words_link_to_its_neighbours(name):
    i = CHAPTERS.index(name)
    neighbours = set(CHAPTERS[max(i - 1, 0) : i] + CHAPTERS[i + 1 : i + 2])
    for cell in (markdown_cells(name)[0], markdown_cells(name)[-1]):
        assert neighbours <= set(links(cell.source))


@every_chapter
def test_the_readme_lists_it_with_a_picture(name):
    readme, picture = (ROOT / "README.md").read_text(), f"docs/{Path(name).stem}.png"
    assert f"(notebooks/{name})" in readme
    assert f'src="{picture}"' in readme
    assert (ROOT / picture).stat().st_size < 50_000


@every_chapter
def test_it_ran_within_the_minutes_that_it_promises(name):
    (promised,) = re.findall(r"about \d+ minutes to read, (\d+) to run", markdown_cells(name)[0].source)
    (seconds,) = re.fullmatch(r"This notebook ran in (\d+) s\.\n", code_cells(name)[-1].outputs[0].text).groups()
    assert int(seconds) <= 60 * int(promised)


@every_chapter
def test_what_is_not_compared_is_followed_by_a_verdict_or_is_a_picture(name):
    """Where nbval may not compare, the notebook says why by a marker, and it does not do so everywhere."""
    ignored = [cell for cell in code_cells(name) if "nbval-ignore-output" in cell.metadata.get("tags", ())]
    assert len(ignored) < len(code_cells(name)) / 2
    if any(".learn(" in cell.source for cell in ignored):
        assert any("assert" in cell.source for cell in code_cells(name))


@every_chapter
def test_it_sets_exercises_and_says_where_their_solutions_are(name):
    assert 1 <= len(checks(name)) <= (8 if name == BUILD else 4)
    assert (f"solutions/{name}" in links(prose(name))) == (not HANDED_OUT)
    assert ("Ask your lecturer for the solutions." in prose(name)) == HANDED_OUT


def test_every_chapter_has_its_solutions_unless_the_lecturer_keeps_them():
    solved = [Path(name).name for name in SOLUTIONS]
    assert solved == CHAPTERS or HANDED_OUT
    assert set(solved) <= set(CHAPTERS)


@pytest.mark.parametrize("name", SOLUTIONS)
def test_solutions_solve_the_exercises_of_their_chapter_and_link_to_it(name):
    chapter = Path(name).name
    assert checks(name) == checks(chapter)
    assert f"../{chapter}" in links(prose(name))


@pytest.mark.parametrize(
    ("source", "stored", "verdict"),
    [
        ("print('loss 0.123456')", "loss 0.123457\n", "1 passed"),  # another machine's rounding
        ("print('loss 0.123456')", "loss 0.124456\n", "1 failed"),
        ("print('steps 100')", "steps 101\n", "1 failed"),
        ("print('a 0.5')", "b 0.5\n", "1 failed"),
        ("print('0.5 0.5')", "0.5\n", "1 failed"),
        ("raise SystemError", "", "1 failed"),
    ],
)
def test_nbval_compares_text_exactly_and_decimals_nearly(tmp_path, source, stored, verdict):
    assert verdict in nbval(tmp_path, new_code_cell(source, execution_count=1, outputs=[stream(stored)]))


def test_nbval_refuses_a_cell_that_was_never_run(tmp_path):
    assert "was never run" in nbval(tmp_path, new_code_cell("print(1)", outputs=[stream("2\n")]))


def test_nbval_hides_what_a_semicolon_hides(tmp_path):
    assert "1 passed" in nbval(tmp_path, new_code_cell("1 + 1;", execution_count=1))


def stream(text):
    return new_output("stream", text=text)


def nbval(folder, *cells):
    """What pytest --nbval prints for a notebook of these cells, under the project's conftest.py."""
    (folder / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    nbformat.write(new_notebook(cells=cells), folder / "some.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "--nbval-current-env",
        "-p",
        "no:cacheprovider",
        "some.ipynb",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr
