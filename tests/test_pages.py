"""The pages that `make notebooks` makes can be read without a network."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

ROOT = Path(__file__).parent.parent
MARKDOWN = """
The ratio $r_t * \\gamma * 2$ is small, `make $(SHELL) $x` is code, and a beer is \\$5 or \\$6.

$$ \\hat A_t = \\frac{1}{2}
   \\delta_t $$

[inside](solutions/01_environment.ipynb#top) and [outside](https://example.org/some.ipynb)
"""

FIGURE = {
    "application/vnd.jupyter.widget-view+json": {"model_id": "0"},
    "image/png": "iVBORw0KGgo=",
}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The HTML of a notebook with the markdown and the interactive figure above, and the answer to a prediction."""
    folder = tmp_path_factory.mktemp("pages")
    figure = new_code_cell("figure", outputs=[new_output("display_data", FIGURE)])
    answer = new_code_cell("1 + 1", metadata={"jupyter": {"outputs_hidden": True}})
    answer.outputs = [new_output("stream", text="2")]
    nbformat.write(new_notebook(cells=[new_markdown_cell(MARKDOWN), figure, answer]), folder / "some.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--config", str(ROOT / "nbconvert_config.py")]
    subprocess.run([*command, "some.ipynb"], cwd=folder, check=True, capture_output=True)
    return (folder / "some.html").read_text().split("</head>")[1]


def test_equations_are_mathml(page):
    assert page.count('display="inline"') == page.count('display="block"') == 1
    assert "<mfrac>" in page
    assert "></math>" not in page.replace("</mrow></math>", "")  # whole, with what it holds inside
    assert "\\gamma" not in page
    assert "\\hat" not in page
    assert "<em>" not in page  # markdown has left the stars of the equation alone


def test_dollars_that_are_no_equation_stay(page):
    assert "make $(SHELL) $x" in page
    assert "$5 or" in page


def test_links_lead_from_page_to_page(page):
    assert 'href="solutions/01_environment.html#top"' in page
    assert 'href="https://example.org/some.ipynb"' in page


def test_an_interactive_figure_is_its_still_picture(page):
    assert "data:image/png;base64,iVBORw0KGgo=" in page
    assert "widget-view" not in page


def test_what_answers_a_prediction_is_blurred_until_one_points_at_it(page):
    assert ".celltag_prediction .jp-Cell-outputWrapper:hover { filter: none; }" in page
    assert len(re.findall(r'class="[^"]*celltag_prediction', page)) == 1
