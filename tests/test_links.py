"""Links to Colab and Binder are made from the one address in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

import pytest

from ppo_lib.errors import UsageError

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "docs"))
import links  # noqa: E402

ADDRESS = "https://github.com/ada/my.course"
NOTEBOOK = "notebooks/01_environment.ipynb"


def pyproject(folder, urls):
    path = folder / "pyproject.toml"
    path.write_text(f'[project]\nname = "some"\n{urls}\n', encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["", "/", ".git"])
def test_the_address_is_read_whatever_it_ends_with(tmp_path, ending):
    urls = f'[project.urls]\nRepository = "{ADDRESS}{ending}"'
    assert links.repository(pyproject(tmp_path, urls)) == ADDRESS


@pytest.mark.parametrize("urls", ["", '[project.urls]\nHomepage = "https://github.com/ada/other"'])
def test_without_an_address_it_says_where_to_set_it(tmp_path, urls):
    with pytest.raises(UsageError, match=r"does not say where .*; add \[project.urls\] with a line Repository = "):
        links.repository(pyproject(tmp_path, urls))


@pytest.mark.parametrize(
    "address",
    [
        "https://gitlab.com/ada/course",
        "https://github.com/ada",
        "https://github.com/ada/course/tree/main",
        "ada/course",
    ],
)
def test_an_address_that_colab_cannot_open_is_refused(tmp_path, address):
    with pytest.raises(UsageError, match=r"must look like https://github\.com/OWNER/REPO, got"):
        links.repository(pyproject(tmp_path, f'[project.urls]\nRepository = "{address}"'))


def test_the_links_lead_to_the_notebook_in_the_repository():
    opened = "https://colab.research.google.com/github/ada/my.course/blob/main/notebooks/01_environment.ipynb"
    assert links.colab(ADDRESS, NOTEBOOK) == opened
    built = "https://mybinder.org/v2/gh/ada/my.course/main?urlpath=lab/tree/notebooks/01_environment.ipynb"
    assert links.binder(ADDRESS, NOTEBOOK) == built


def test_the_command_prints_links_for_every_notebook_and_the_cell_for_colab(monkeypatch, capsys):
    monkeypatch.setattr(links, "repository", lambda path: ADDRESS)
    links.main()
    printed = capsys.readouterr().out
    for path in ROOT.glob("notebooks/[0-9]*.ipynb"):
        for link in (links.colab, links.binder):
            assert f"  {link(ADDRESS, f'notebooks/{path.name}')}\n" in printed
    assert f"!git clone --quiet --depth 1 {ADDRESS} course\n%cd course/notebooks\n!pip install" in printed


def test_the_command_ends_with_one_line_where_no_address_is_set(tmp_path):
    (tmp_path / "docs").mkdir()
    script = tmp_path / "docs" / "links.py"
    script.write_text(Path(links.__file__).read_text(encoding="utf-8"), encoding="utf-8")
    pyproject(tmp_path, "")
    done = subprocess.run([sys.executable, str(script)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("links: pyproject.toml does not say where this course is published")
    assert done.stderr.count("\n") == 1


def test_the_address_is_set_nowhere_else():
    """No page and no notebook names a place of its own for this course."""
    for pattern in ("*.md", "docs/*.md", "notebooks/**/*.ipynb"):
        for path in ROOT.glob(pattern):
            text = path.read_text(encoding="utf-8")
            assert "OWNER/REPO" not in text, path.name
            assert "colab.research.google.com/github" not in text, path.name
