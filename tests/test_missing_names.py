"""A notebook's cell that is run out of order says which one to run first."""

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

from ppo_lib.missing_names import ASK_JUPYTER, advice, explain_missing_names

CELLS = [
    "import numpy as np\nfrom math import pi as half_turn",
    "road, (speed, *others) = 1, (2, 3)\nfor lane in range(3):\n    width: int = 4",
    "def drive(distance):\n    inside = [step for step in range(3)]\n    hidden = 1",
    "class Car:\n    pass\nif (chosen := 3):\n    late = 1\nwith open('x') as file:\n    pass",
    "road = 2",
    "%matplotlib inline\nmagic = 1",
]


@pytest.mark.parametrize(
    ("name", "number"),
    [
        *[("np", 1), ("half_turn", 1), ("road", 2), ("others", 2), ("lane", 2), ("width", 2), ("drive", 3)],
        *[("Car", 4), ("chosen", 4), ("late", 4), ("file", 4)],
    ],
)
def test_the_first_cell_that_makes_the_name_is_named(name, number):
    said = advice(name, CELLS)
    assert f"`{name}`" in said
    assert f"code cell {number}, which begins with `{CELLS[number - 1].splitlines()[0]}`" in said
    assert said.endswith(ASK_JUPYTER)


@pytest.mark.parametrize("name", ["pi", "inside", "step", "hidden", "distance", "magic", "raod"])
def test_a_name_that_no_cell_makes_is_perhaps_misspelled(name):
    assert advice(name, CELLS) == f"No cell of this notebook makes `{name}`. Is it misspelled?"


def test_without_the_notebooks_file_it_says_what_can_be_said():
    assert advice("road", []) == f"`road` is made in a cell further up, or misspelled. {ASK_JUPYTER}"


def test_outside_of_a_notebook_nothing_happens():
    explain_missing_names()
    assert not InteractiveShell.initialized()


def test_in_a_kernel_the_error_ends_with_the_advice(tmp_path, monkeypatch):
    """Like JupyterLab, which names the open notebook's file to its kernel in this variable."""
    first = "from ppo_lib.missing_names import explain_missing_names\nexplain_missing_names()"
    notebook = new_notebook(cells=[new_code_cell(first), new_code_cell("print(lanes)"), new_code_cell("lanes = 3")])
    path = tmp_path / "some.ipynb"
    nbformat.write(notebook, path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    with pytest.raises(CellExecutionError) as raised:
        NotebookClient(notebook, timeout=60).execute()
    assert raised.value.ename == "NameError"
    assert "code cell 3, which begins with `lanes = 3`" in raised.value.traceback
