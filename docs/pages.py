"""The course as pages to read: a book with an index, made by Sphinx with MyST-NB from the notebooks.

Run it in the project's folder: make pages renders what the notebooks have stored, make notebooks runs them first.
Reading them needs no network.
"""

import functools
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Annotated

import jinja2
import nbformat
import tyro
from links import COLAB_CELL, repository

from ppo_lib.errors import UsageError

ROOT = Path(__file__).parent.parent
THEME = ROOT / "docs" / "theme"
LINK_OR_CODE = re.compile(
    r"^```.*?^```|`[^`\n]*`|(?<!!)\[(?P<text>[^\]]*)\]\((?P<target>(?![a-z]+:)[^)\s#]*)(?P<place>#[^)\s]*)?\)",
    re.DOTALL | re.MULTILINE,
)
NO_SLUG = re.compile(r"[^#\w-]")


@functools.cache
def published() -> str | None:
    """The repository's address, or None as long as pyproject.toml gives none; UsageError where it is malformed."""
    pyproject = ROOT / "pyproject.toml"
    urls = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"].get("urls", {})
    return repository(pyproject) if "Repository" in urls else None


def execute(notebook: Path, out: Path) -> None:
    """Run a notebook in its own folder, and write it, with what it showed, into the folder `out`.

    Raises UsageError where a cell fails.
    """
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook", "--log-level", "ERROR"]
    command += ["--config", str(ROOT / "nbconvert_config.py"), "--output-dir", str(out), str(notebook)]
    with tempfile.TemporaryDirectory() as folder:
        if sys.platform != "win32":  # the kernel behind a socket file instead of a TCP port, about which it would warn
            command += ["--ConnectionFileMixin.transport=ipc", f"--ConnectionFileMixin.ip={folder}/kernel"]
        if subprocess.run(command).returncode:
            raise UsageError(f"{notebook.name} stopped at the error above; no pages were made")


def gather(notebooks: list[Path], source: Path, executed: Path | None = None) -> None:
    """Write what the pages are made of into the folder `source`, in the places that it has in the project.

    The notebooks are taken from the folder `executed`, if one is given.
    """
    shutil.rmtree(source, ignore_errors=True)
    names, guides, reports = (
        [path.relative_to(ROOT).as_posix() for path in paths]
        for paths in (notebooks, sorted(ROOT.glob("docs/*.md")), sorted(ROOT.glob("results/**/README.md")))
    )
    pages = {*names, *guides, *reports}
    for name in pages:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".ipynb"):
            notebook = nbformat.read((executed or ROOT) / name, as_version=4)
            nbformat.write(as_page(notebook, name, pages), source / name)
        else:
            text = (ROOT / name).read_text(encoding="utf-8")
            (source / name).write_text(with_links_to(pages, text, name), encoding="utf-8")
    for pattern in ("docs/*.gif", "docs/*.png", "results/**/*.png"):
        for picture in ROOT.glob(pattern):
            place = source / picture.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(picture, place)
    (source / "index.md").write_text(index(names, guides + reports), encoding="utf-8")


def index(notebooks: list[str], texts: list[str]) -> str:
    """The first page, in markdown: what the course is, and its parts in the order of "next" and "previous"."""
    solutions = [name for name in notebooks if "/solutions/" in name]
    notation = [name for name in notebooks if name.endswith("00_notation.ipynb")]
    chapters = [name for name in notebooks if name not in {*solutions, *notation}]
    parts = {"Chapters": chapters, "To look things up": notation + texts, "Solutions": solutions}
    colab_cell = COLAB_CELL.format(repository=published()) if published() else None
    template = jinja2.Template((THEME / "index.md.jinja").read_text(encoding="utf-8"), trim_blocks=True)
    return template.render(parts=parts, colab_cell=colab_cell)


def as_page(notebook: nbformat.NotebookNode, name: str, pages: set[str]) -> nbformat.NotebookNode:
    """What JupyterLab folds is folded by MyST-NB, too, and pictures get their descriptions; links lead to pages."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = with_links_to(pages, cell.source, name)
            continue
        tags = ["hide-input"]  # all code can be folded; conf.py opens it where the notebook shows it
        if cell.metadata.get("jupyter", {}).get("outputs_hidden"):
            tags.append("hide-output")
        cell.metadata["tags"] = tags
        if "alt" in cell.metadata:
            cell.metadata["mystnb"] = {"image": {"alt": cell.metadata["alt"]}}
    return notebook


def with_links_to(pages: set[str], markdown: str, name: str) -> str:
    """Links of the file `name` to what is no page lead to the repository; where it has no address, the text stays."""
    address = published()

    def link(match):
        if match["text"] is None:  # code
            return match[0]
        text, target, place = match["text"], match["target"], match["place"] or ""
        path = os.path.normpath(f"{os.path.dirname(name)}/{target}").replace(os.sep, "/") if target else name
        if path in pages:  # JupyterLab calls a section #Why?-Look; Sphinx, like GitHub, #why-look
            return f"[{text}]({target}{NO_SLUG.sub('', place.lower())})"
        return f"[{text}]({address}/blob/main/{path}{place})" if address else text

    return LINK_OR_CODE.sub(link, markdown)


def render(source: Path, doctrees: Path, out: Path) -> None:
    """Call Sphinx. Raises UsageError where it fails."""
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fresh-env", "--conf-dir", str(THEME)]
    if subprocess.run([*command, "--doctree-dir", str(doctrees), str(source), str(out)]).returncode:
        raise UsageError("Sphinx could not make the pages, for the reason above")


def chosen(notebooks: tuple[Path, ...]) -> list[Path]:
    """The notebooks of these names, or all of them. Raises UsageError for what is no notebook of the course."""
    everything = sorted(ROOT.glob("notebooks/[0-9]*.ipynb")) + sorted(ROOT.glob("notebooks/solutions/[0-9]*.ipynb"))
    unknown = [str(path) for path in notebooks if path.resolve() not in everything]
    if unknown:
        raise UsageError(f"{unknown[0]} is no notebook of the course; allowed is, for example, {everything[0]}")
    return [path.resolve() for path in notebooks] or everything


def main(
    notebooks: Annotated[tuple[Path, ...], tyro.conf.Positional] = (),
    execute_first: Annotated[bool, tyro.conf.arg(name="execute")] = False,
    out: Path = Path("build/pages"),
) -> None:
    """Make the pages.

    Args:
        notebooks: which to render; without any, all of them.
        execute_first: run them before, instead of showing what they have stored.
        out: the folder of the pages. What they are made of is left in a folder beside it.
    """
    work = out.resolve().with_name(f"{out.name}_work")
    executed = work / "executed" if execute_first else None
    try:
        paths = chosen(notebooks)
        for path in paths if executed else ():
            print(f"running {path.relative_to(ROOT)}", flush=True)
            execute(path, executed / path.relative_to(ROOT).parent)
        gather(paths, work / "source", executed)
        render(work / "source", work / "doctrees", out)
    except UsageError as error:
        sys.exit(f"pages: {error}")
    print(f"The finished pages are in {out}; open {out / 'index.html'} in a browser.")


if __name__ == "__main__":
    tyro.cli(main)
