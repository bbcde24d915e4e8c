"""What `make pages` and `make notebooks` make of a small course: folds, links, equations, pictures, buttons."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parent.parent
ADDRESS = "https://github.com/somebody/course"
MARKDOWN = """# 1 · First

The ratio $r_t * \\gamma * 2$ is small, `make $(SHELL) $x` is code, a beer is \\$5, and $$ a = b $$ is displayed.

$$ \\hat A_t = \\frac{1}{2}
   \\delta_t $$

[next](02_second.ipynb#a-part), [solution](solutions/01_first.ipynb), [all `numbers`](../results/numbers.csv),
[outside](https://example.org/some.ipynb) and `[code](02_second.ipynb)`, [below](#Why?-Look)

## Why? Look
"""
FIGURE = {"application/vnd.jupyter.widget-view+json": {"model_id": "0"}, "image/png": "iVBORw0KGgo="}


def code(source, *outputs, **metadata):
    return new_code_cell(source, outputs=list(outputs), execution_count=1, metadata=metadata)


def write_course(folder):
    """A course of two chapters and a solution, with our own way to make pages of it."""
    for name in ("docs/theme", "docs/pages.py", "docs/links.py", "docs/driver.gif", "nbconvert_config.py"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, folder / name)
    (folder / "pyproject.toml").write_text('[project]\nname = "course"\n')
    (folder / "notebooks" / "solutions").mkdir(parents=True)
    (folder / "docs" / "guide.md").write_text("# A guide\n\nTo [chapter 2](../notebooks/02_second.ipynb).\n")
    first = new_notebook(
        cells=[
            new_markdown_cell(MARKDOWN),
            code("shown = 1", new_output("stream", text="first\n"), tags=["nbval-ignore-output"]),
            code("hidden = 2", jupyter={"source_hidden": True}),
            code("answer = 3", new_output("stream", text="the answer\n"), jupyter={"outputs_hidden": True}),
            code("figure", new_output("display_data", FIGURE), alt="A curve that rises."),
        ]
    )
    second = new_notebook(cells=[new_markdown_cell("# 2 · Second\n\n## A part\n\nEnd."), code("print(6 * 7)")])
    solution = new_notebook(cells=[new_markdown_cell("# Solutions 1\n\nBack to [1](../01_first.ipynb).")])
    for name, notebook in (("01_first", first), ("02_second", second), ("solutions/01_first", solution)):
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
        nbformat.write(notebook, folder / "notebooks" / f"{name}.ipynb")


def make_pages(folder, *arguments):
    return subprocess.run(
        [sys.executable, "docs/pages.py", *arguments], cwd=folder, capture_output=True, text=True, encoding="utf-8"
    )


def article(folder, name):
    """What the page says, without the theme's frame around it."""
    text = (folder / "build" / "pages" / f"{name}.html").read_text(encoding="utf-8")
    return text.split('<article class="bd-article">')[1].split("</article>")[0]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The folder of the small course, its pages made."""
    folder = tmp_path_factory.mktemp("course")
    write_course(folder)
    done = make_pages(folder)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no warning
    assert done.stdout.endswith(f"open {Path('build/pages/index.html')} in a browser.\n")
    return folder


@pytest.fixture(scope="module")
def page(course):
    return article(course, "notebooks/01_first")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The folder of the same course, whose repository has an address, made of notebooks that are run first."""
    folder = tmp_path_factory.mktemp("published")
    write_course(folder)
    with (folder / "pyproject.toml").open("a") as file:
        file.write(f'[project.urls]\nRepository = "{ADDRESS}"\n')
    done = make_pages(folder, "--execute", "notebooks/02_second.ipynb")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"running {Path('notebooks/02_second.ipynb')}\n")
    return folder


def test_equations_reach_mathjax_whole(page):
    (inline,) = re.findall(r'<span class="math[^>]*>\\\((.*?)\\\)</span>', page)
    assert inline == r"r_t * \gamma * 2"
    displayed = [
        " ".join(text.split()) for text in re.findall(r'<div class="math[^>]*>\s*\\\[(.*?)\\\]', page, re.DOTALL)
    ]
    assert displayed == ["a = b", r"\hat A_t = \frac{1}{2} \delta_t"]


def test_dollars_that_are_no_equation_stay(page):
    text = re.sub(r"<[^>]+>", "", page)
    assert "make $(SHELL) $x" in text
    assert "a beer is $5" in text


def test_links_lead_from_page_to_page(course, page):
    assert 'href="02_second.html#a-part"' in page
    assert 'href="solutions/01_first.html"' in page
    assert 'href="#why-look"' in page
    assert 'id="why-look"' in page
    assert 'href="https://example.org/some.ipynb"' in page
    assert 'href="../01_first.html"' in article(course, "notebooks/solutions/01_first")
    assert 'href="../notebooks/02_second.html"' in article(course, "docs/guide")
    assert "[code](02_second.ipynb)" in re.sub(r"<[^>]+>", "", page)


def test_what_is_no_page_is_linked_only_where_the_repository_has_an_address(page, published):
    assert "numbers" in page
    assert "numbers.csv" not in page
    guide = article(published, "docs/guide")  # chapter 1 and its solution were not asked for
    assert 'href="../notebooks/02_second.html"' in guide
    make_pages(published, "notebooks/01_first.ipynb")
    assert f'href="{ADDRESS}/blob/main/results/numbers.csv"' in article(published, "notebooks/01_first")
    assert f'href="{ADDRESS}/blob/main/notebooks/02_second.ipynb#a-part"' in article(published, "notebooks/01_first")


def test_code_folds_and_is_open_where_the_notebook_shows_it(page):
    folds = re.findall(r"<details( open)? class=\"[^\"]*above-input", page)
    assert folds == [" open", "", " open", " open"]


def test_what_answers_a_prediction_is_folded(page):
    (fold,) = re.findall(r"<details( open)? class=\"[^\"]*below-input.*?</details>", page, re.DOTALL)
    assert fold == ""
    folded = re.search(r"<details class=\"[^\"]*below-input.*?</details>", page, re.DOTALL)[0]
    assert "the answer" in folded
    assert "Show the output" in folded
    assert "nbval" not in page


def test_a_figure_is_its_still_picture_with_a_description(course, page):
    (picture,) = re.findall(r"<img[^>]*>", page)
    assert 'alt="A curve that rises."' in picture
    (file,) = re.findall(r'src="([^"]+)"', picture)
    assert (course / "build" / "pages" / "notebooks" / file).exists()
    assert "widget" not in page


def test_pages_stand_in_their_order(course):
    text = (course / "build" / "pages" / "notebooks" / "02_second.html").read_text(encoding="utf-8")
    (previous,) = re.findall(r'<a class="left-prev"\s+href="([^"]+)"', text)
    (following,) = re.findall(r'<a class="right-next"\s+href="([^"]+)"', text)
    assert (previous, following) == ("01_first.html", "../docs/guide.html")
    links = re.findall(r'href="((?:notebooks|docs)/[^"#]+\.html)"', article(course, "index"))
    assert links == [
        "notebooks/01_first.html",
        "notebooks/02_second.html",
        "docs/guide.html",
        "notebooks/solutions/01_first.html",
    ]


def test_notebooks_are_run_first_where_that_is_asked_for(course, published):
    assert "42" not in article(course, "notebooks/02_second")
    assert re.search(r">42\s", article(published, "notebooks/02_second"))
    assert not nbformat.read(published / "notebooks" / "02_second.ipynb", as_version=4).cells[1].outputs  # untouched


def test_colab_and_binder_have_buttons_only_where_the_repository_has_an_address(course, published):
    def everything(folder):
        names = ("index", "notebooks/02_second")
        return "".join((folder / "build" / "pages" / f"{name}.html").read_text(encoding="utf-8") for name in names)

    without, buttons = everything(course).lower(), everything(published)
    assert "colab" not in without
    assert "binder" not in without
    assert "https://colab.research.google.com/github/somebody/course/blob/main/notebooks/02_second.ipynb" in buttons
    assert "https://mybinder.org/v2/gh/somebody/course/main?urlpath=lab/tree/notebooks/02_second.ipynb" in buttons
    assert f"!git clone --quiet --depth 1 {ADDRESS} course" in re.sub(r"<[^>]+>", "", article(published, "index"))


def test_a_mistake_is_told_in_one_line(course, tmp_path):
    done = make_pages(course, "notebooks/09_none.ipynb")
    assert done.returncode == 1
    assert done.stderr.startswith(f"pages: {Path('notebooks/09_none.ipynb')} is no notebook of the course")
    assert done.stderr.count("\n") == 1


def test_a_cell_that_fails_makes_no_pages(tmp_path):
    write_course(tmp_path)
    broken = nbformat.read(tmp_path / "notebooks" / "02_second.ipynb", as_version=4)
    broken.cells[1].source = "1 / 0"
    nbformat.write(broken, tmp_path / "notebooks" / "02_second.ipynb")
    done = make_pages(tmp_path, "--execute", "notebooks/02_second.ipynb")
    assert done.returncode == 1
    assert "ZeroDivisionError" in done.stderr
    assert done.stderr.endswith("pages: 02_second.ipynb stopped at the error above; no pages were made\n")
    assert not (tmp_path / "build" / "pages").exists()
