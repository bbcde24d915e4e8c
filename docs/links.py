"""Links that open the chapters in the cloud, on Colab and on Binder, made from the repository's address.

The address is set in one place: pyproject.toml, [project.urls], Repository. Run it in the project's folder:
python docs/links.py
"""

import re
import sys
import tomllib
from pathlib import Path

from ppo_lib.errors import UsageError, shown

ROOT = Path(__file__).parent.parent
BRANCH = "main"
# Colab opens a notebook alone, without the package beside it, so this cell has to be put before all others.
COLAB_CELL = """\
!git clone --quiet --depth 1 {repository} course
%cd course/notebooks
!pip install --quiet ..[notebooks]"""


def repository(pyproject: Path) -> str:
    """The address https://github.com/OWNER/REPO that `pyproject` gives.

    Raises UsageError where it gives none, or one that is not of this form, which is all that Colab opens by a link.
    """
    urls = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"].get("urls", {})
    if "Repository" not in urls:
        raise UsageError(
            f"{pyproject.name} does not say where this course is published; add [project.urls] with a line "
            'Repository = "https://github.com/OWNER/REPO"'
        )
    address = urls["Repository"].removesuffix("/").removesuffix(".git")
    if not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", address):
        raise UsageError(
            f"Repository in {pyproject.name} must look like https://github.com/OWNER/REPO, got {shown(address)}"
        )
    return address


def colab(address: str, notebook: str) -> str:
    """The link that opens `notebook`, a path inside the repository, on Colab."""
    return f"https://colab.research.google.com/github/{_name(address)}/blob/{BRANCH}/{notebook}"


def binder(address: str, notebook: str) -> str:
    """The link that opens `notebook` on Binder, which first builds what environment.yml says."""
    return f"https://mybinder.org/v2/gh/{_name(address)}/{BRANCH}?urlpath=lab/tree/{notebook}"


def _name(address):
    return address.removeprefix("https://github.com/")


def main() -> None:
    """Print both links of every chapter, and the cell that Colab needs."""
    try:
        address = repository(ROOT / "pyproject.toml")
    except UsageError as error:
        sys.exit(f"links: {error}")
    for path in sorted(ROOT.glob("notebooks/[0-9]*.ipynb")):
        notebook = path.relative_to(ROOT).as_posix()
        print(f"{path.stem}\n  {colab(address, notebook)}\n  {binder(address, notebook)}")
    print(f"\nOn Colab, put this cell before all others:\n\n{COLAB_CELL.format(repository=address)}")


if __name__ == "__main__":
    main()
