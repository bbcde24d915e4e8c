"""Sphinx's settings for the pages; docs/pages.py gathers what they are made of, and calls Sphinx with this folder.

Nothing on a page comes from another host: MathJax is the copy that sphinx-mathjax-offline brings, the theme brings its
own fonts and icons, and no kernel is asked for.
"""

import sys
from pathlib import Path

from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput, visit_HideCellInput

sys.path.insert(0, str(Path(__file__).parents[1]))
from pages import published

project = html_title = "Highway PPO"
extensions = ["myst_nb", "sphinx-mathjax-offline"]
smartquotes = False  # a page says what the notebook says, to the letter

nb_execution_mode = "off"  # docs/pages.py --execute runs the notebooks before
nb_merge_streams = True
nb_mime_priority_overrides = [("*", "application/vnd.jupyter.widget-view+json", None)]  # its still picture instead
nb_ipywidgets_js = {}
nb_code_prompt_show, nb_code_prompt_hide = "Show the {type}", "Hide the {type}"
myst_enable_extensions = ["dollarmath"]
myst_dmath_double_inline = True  # $$ in the middle of a sentence, too
myst_heading_anchors = 4

html_theme = "sphinx_book_theme"
html_static_path = ["static"]
html_css_files = ["pages.css"]
html_copy_source = html_show_sourcelink = html_show_copyright = False
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "back_to_top_button": False,
    "navbar_persistent": [],  # or a second header, whose buttons the theme's scripts take for those that one sees
    "footer_content_items": [],
    "show_toc_level": 2,
}
if address := published():
    html_theme_options |= {
        "repository_url": address,
        "repository_branch": "main",
        "use_repository_button": True,
        "launch_buttons": {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
    }


def setup(app):
    """Equations as drawings, which need no font files; every cell's code in a frame that folds."""
    app.config.mathjax_path = "mathjax/tex-svg.js"  # a browser may refuse fonts to a page that lies on the disk
    app.add_node(HideCodeCellNode, override=True, html=(_begin_fold, depart_HideCellInput))


def _begin_fold(translator, node):
    """As MyST-NB does, but code is open at first, unless its cell says `source_hidden`."""
    start = len(translator.body)
    visit_HideCellInput(translator, node)
    hidden = node.parent["cell_metadata"].get("jupyter", {}).get("source_hidden", False)
    if "above-input" in node["classes"] and not hidden:
        translator.body[start] = translator.body[start].replace("<details", "<details open", 1)
