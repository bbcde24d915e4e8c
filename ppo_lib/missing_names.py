"""A name that a notebook's cell does not find: which cell makes it, and what to click."""

import ast
import os
from pathlib import Path

import nbformat
from IPython import get_ipython

ASK_JUPYTER = "Choose Run > Run All Above Selected Cell, and then run this cell again."


def explain_missing_names() -> None:
    """From now on a NameError in this notebook says which cell has to be run first; elsewhere than in one, nothing."""
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((NameError,), _explain)


def advice(name: str, cells: list[str]) -> str:
    """What to do about a name that is not defined.

    Args:
        name: the missing name.
        cells: the sources of the notebook's code cells, in their order; none where they are not known.
    """
    for number, source in enumerate(cells, 1):
        if name in _names_made_in(source):
            first_line = source.strip().splitlines()[0]
            return f"`{name}` is made in code cell {number}, which begins with `{first_line}`. {ASK_JUPYTER}"
    if cells:
        return f"No cell of this notebook makes `{name}`. Is it misspelled?"
    return f"`{name}` is made in a cell further up, or misspelled. {ASK_JUPYTER}"


def _explain(shell, kind, error, traceback, tb_offset=None):
    """IPython's handler of an exception."""
    if error.name and not hasattr(error, "__notes__"):  # not raised by hand, and not shown before
        error.add_note(advice(error.name, _code_cells(shell)))
    shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


def _code_cells(shell) -> list[str]:
    """The code cells of the notebook that is open here, as they were saved; none where nobody says which it is."""
    path = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    if not Path(path).is_file():
        return []
    try:
        notebook = nbformat.read(path, as_version=4)
    except (OSError, ValueError):  # unreadable, or no notebook: the NameError is what matters
        return []
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def _names_made_in(source: str) -> set[str]:
    """What a cell assigns, imports or defines at its top, loops and conditions included; not what functions do."""
    try:
        waiting = list(ast.parse(source).body)
    except SyntaxError:
        return set()
    names = set()
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif not isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            waiting.extend(ast.iter_child_nodes(node))
    return names
