"""How `make execute` stores a notebook (interactive figures as pictures), and how `make notebooks` renders a page.

On a page equations need no network, and links lead to the other pages.
"""

import re

from latex2mathml.converter import convert
from nbformat.v4 import new_markdown_cell

EQUATION = re.compile(r"(?<!\\)\$\$(?P<display>.+?)\$\$|(?<!\\)\$(?P<inline>[^$\n]+?)\$", re.DOTALL)
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
WIDGET = "application/vnd.jupyter.widget-view+json"  # without its kernel, an empty place or "Loading widget..."
BLURRED = (
    ".celltag_prediction .jp-Cell-outputWrapper { filter: blur(14px); transition: filter 0.3s; } "
    ".celltag_prediction .jp-Cell-outputWrapper:hover { filter: none; }"
)
NOTEBOOK_LINK = re.compile(r"(\]\((?!https?:)[^)\s]+)\.ipynb\b")


def with_still_pictures(notebook, resources):
    """Of an interactive figure its picture, and no state of widgets, which a new kernel could not use."""
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data.pop(WIDGET, None)
    return notebook, resources


def with_predictions(notebook, resources):
    """What answers a prediction, and is folded in JupyterLab, is blurred on a page until one points at it."""
    answers = [cell for cell in notebook.cells if cell.metadata.get("jupyter", {}).get("outputs_hidden")]
    for cell in answers:
        cell.metadata["tags"] = [*cell.metadata.get("tags", ()), "prediction"]  # becomes a class of the page
    if answers:
        notebook.cells.insert(0, new_markdown_cell(f"<style>{BLURRED}</style>"))
    return notebook, resources


def as_page(notebook, resources):
    """Equations as MathML, which browsers draw by themselves; links to pages."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts = CODE.split(cell.source)  # text, code, text, code, ..., text
            parts[::2] = [EQUATION.sub(_as_mathml, text) for text in parts[::2]]
            cell.source = NOTEBOOK_LINK.sub(r"\1.html", "".join(parts))
    return notebook, resources


def _as_mathml(match):
    display = match["display"]
    return convert(display or match["inline"], display="block" if display else "inline")


c = get_config()  # noqa: F821  (nbconvert's)
c.NotebookExporter.preprocessors = [with_still_pictures]
c.HTMLExporter.preprocessors = [with_still_pictures, with_predictions, as_page]
c.ExecutePreprocessor.store_widget_state = False
c.ExecutePreprocessor.record_timing = False  # or every execution would change every cell
