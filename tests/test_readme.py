"""README is short, its numbers are those of the notebooks and of results/, and links, those of docs/ too, lead on."""

import ast
import csv
import json
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GUIDES = sorted(ROOT.glob("docs/*.md"))
CHAPTERS = sorted(path for path in ROOT.glob("notebooks/[0-9]*.ipynb") if not path.name.startswith("00"))
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
FEATURES = ROOT / "results" / "features"


def minutes(path):
    """What a chapter says that it takes: to read, to run, and to solve its exercises."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    (read, run) = re.search(r"about (\d+) minutes to read, (\d+) to run", cells[0]).groups()
    exercises = re.findall(r"[●○]{3} · (\d+) minutes", "\n".join(cells))
    return int(read), int(run), sum(map(int, exercises))


def anchors(path):
    """What may stand after the # of a link to the file: its headings, as GitHub and Jupyter name them."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = nbformat.reads(text, as_version=4).cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    headings = re.findall(r"^#+ (.+)$", CODE.sub("", text), re.MULTILINE)
    github = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return github | {heading.replace(" ", "-") for heading in headings}


def test_it_has_fewer_than_1200_words():
    assert len(CODE.sub("", README).split()) < 1200


def test_every_guide_is_linked_from_it_and_has_one_title():
    for guide in GUIDES:
        assert f"](docs/{guide.name})" in README
        assert len(re.findall(r"^# ", CODE.sub("", guide.read_text(encoding="utf-8")), re.MULTILINE)) == 1


@pytest.mark.parametrize("page", [ROOT / "README.md", *GUIDES], ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    targets = re.findall(r"\]\(\s*([^)\s]+)", text) + re.findall(r"""\b(?:src|href)=["']([^"']+)""", text)
    inside = [target for target in targets if not target.startswith("https://")]
    assert inside or not targets
    for target in inside:
        name, _, place = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        assert file.is_relative_to(ROOT), target
        assert not place or place in anchors(file), target


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_takes_as_long_as_the_table_says(path):
    (row,) = [line for line in README.splitlines() if f"](notebooks/{path.name})" in line]
    assert row.rstrip(" |").split("| ")[-1] == "{}, {}, {}".format(*minutes(path)), "mend the last field of its row"


def test_the_hours_are_the_sum_of_the_chapters():
    read, run, solve = (sum(column) for column in zip(*map(minutes, CHAPTERS), strict=True))
    hours = round((read + run + solve) / 60)
    said = re.search(r"about (\d+) hours\*\*: (\d+) minutes of reading, (\d+) of running\s+and (\d+) for", README)
    assert [int(number) for number in said.groups()] == [hours, read, run, solve]


def test_the_film_is_of_the_driver_whose_command_stands_beside_it():
    card = (FEATURES / "README.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^python -m ppo_lib train .*--out runs/features$", README, re.MULTILINE)
    assert command in card.splitlines()
    with (FEATURES / "progress.csv").open() as file:
        steps = [(int(row["env_steps"]), float(row["steps_per_second"])) for row in csv.DictReader(file)]
    starts = [0, *(end for end, _ in steps)]
    seconds = sum((end - start) / speed for start, (end, speed) in zip(starts, steps, strict=False))
    assert f"for {seconds / 60:.0f} minutes on one" in README


def test_the_row_of_the_films_driver_is_what_its_evaluation_says():
    said = json.loads((FEATURES / "evaluation.json").read_text())
    low, high = said["return_ci95"]
    least, most = said["crash_rate_ci95"]
    crashes = f"{100 * said['crash_rate']:.1f} % [{100 * least:.1f}, {100 * most:.1f}]"
    row = f"| {said['return_mean']:.2f} [{low:.2f}, {high:.2f}] | {crashes} | {said['mean_speed']:.1f} m/s |"
    assert row in README
    assert said["crash_rate"] * said["episodes"] == 10  # "on ten of the 500 this driver crashes"


def test_the_headroom_is_the_same_everywhere():
    pages = {name: (ROOT / name).read_text(encoding="utf-8") for name in ("docs/peers.md", "results/README.md")}
    for name in ("images", "features"):
        card = (ROOT / "results" / name / "README.md").read_text(encoding="utf-8")
        assert re.search(r"28\.56", card), name
        assert re.search(r"20\.78 and crashes in\s+2\.6 % \[1\.5, 4\.4\]", card), name
    for name, text in {"README.md": README, **pages}.items():
        assert "28.56" in text, name
        assert "[28.2, 28.9]" in text, name
        assert "20.78" in text, name
        assert "[1.5, 4.4]" in text, name


def test_the_module_map_is_the_packages_own():
    doc = ast.get_docstring(ast.parse((ROOT / "ppo_lib" / "__init__.py").read_text(encoding="utf-8")))
    lines = [line.removeprefix("    ") for line in doc.splitlines() if line.startswith("    ")]
    (shown,) = re.findall(
        r"^```\n(errors .*?)^```", (ROOT / "docs" / "package.md").read_text(), re.DOTALL | re.MULTILINE
    )
    assert shown.splitlines() == lines
