"""How `make notebooks` renders a page: equations that need no network, links that lead to the other pages."""

import re

from latex2mathml.converter import convert

EQUATION = re.compile(r"(?<!\\)\$\$(?P<display>.+?)\$\$|(?<!\\)\$(?P<inline>[^$\n]+?)\$", re.DOTALL)
CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
WIDGET = "application/vnd.jupyter.widget-view+json"  # on a page without a kernel, an empty place
NOTEBOOK_LINK = re.compile(r"(\]\((?!https?:)[^)\s]+)\.ipynb\b")


def as_page(notebook, resources):
    """Equations as MathML, which browsers draw by themselves; links to pages; of an interactive figure its picture."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if "image/png" in output.get("data", {}):
                output.data.pop(WIDGET, None)
        if cell.cell_type == "markdown":
            parts = CODE.split(cell.source)  # text, code, text, code, ..., text
            parts[::2] = [EQUATION.sub(_as_mathml, text) for text in parts[::2]]
            cell.source = NOTEBOOK_LINK.sub(r"\1.html", "".join(parts))
    return notebook, resources


def _as_mathml(match):
    display = match["display"]
    return convert(display or match["inline"], display="block" if display else "inline")


c = get_config()  # noqa: F821  (nbconvert's)
c.HTMLExporter.preprocessors = [as_page]
c.ExecutePreprocessor.store_widget_state = False
