"""The set-up files agree with each other, so that every way of installing gives the same course."""

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
MAKEFILE, README = (ROOT / "Makefile").read_text(), (ROOT / "README.md").read_text()
TROUBLES = (ROOT / "docs" / "troubles.md").read_text()
GUIDES = [README, *(path.read_text() for path in (ROOT / "docs").glob("*.md"))]


def blocks_of_commands(markdown):
    """A list of lines for each block."""
    blocks = re.findall(r"^```\n(.*?)^```", markdown, re.DOTALL | re.MULTILINE)
    return [block.strip().splitlines() for block in blocks]


(WITH_MAKE,) = blocks_of_commands(README.split("## Quick start")[1].split("\n## ")[0])
WITH_CONDA, ON_WINDOWS, WINDOWS_TESTS = blocks_of_commands(TROUBLES)
WORKFLOW_TEXT = (ROOT / ".github" / "workflows" / "tests.yml").read_text()
WORKFLOW = yaml.safe_load(WORKFLOW_TEXT)
FOR_WINDOWS = {"PYTHONUTF8": "1"}  # elsewhere it changes nothing
PINS = {
    canonicalize_name(line.split("==")[0]): line.strip().split("==")[1]
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
}
EXTRAS = PROJECT["optional-dependencies"]
REQUIREMENTS = [Requirement(text) for text in sum(EXTRAS.values(), PROJECT["dependencies"])]
REQUIREMENTS = [requirement for requirement in REQUIREMENTS if requirement.name != PROJECT["name"]]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda r: r.name)
def test_every_dependency_is_pinned_within_its_range_and_installed_so(requirement):
    pin = PINS[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pin)
    installed = importlib.metadata.version(requirement.name)
    assert installed.split("+")[0] == pin  # a local build may add its name behind a plus


def test_torch_is_pinned_exactly():
    assert PINS["torch"] == "2.13.0"  # a range would bring gigabytes of CUDA packages


def test_conda_installs_the_same():
    python, pip, from_pip = ENVIRONMENT["dependencies"]
    version = python.removeprefix("python=")
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)
    assert f"Python {version}" in (ROOT / "constraints.txt").read_text()
    assert pip == "pip"
    assert from_pip == {"pip": ["-c constraints.txt", "-e .[dev]"]}
    assert ENVIRONMENT["name"] == PROJECT["name"]


def test_dev_brings_every_other_extra():
    (bundle,) = [r for r in map(Requirement, EXTRAS["dev"]) if r.name == PROJECT["name"]]
    assert bundle.extras == set(EXTRAS) - {"dev"}


def test_every_dependency_says_what_it_is_for():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    for requirement in REQUIREMENTS:
        (line,) = [
            text for text in lines if text.strip().startswith((f'"{requirement.name}>', f'"{requirement.name}='))
        ]
        assert "#" in line, f"{requirement.name} has no comment"


def make_recipe(target):
    """The command lines of a target."""
    lines = MAKEFILE.split(f"\n{target}: $(READY)\n")[1].split("\n\n")[0].splitlines()
    assert all(line.startswith("\t") for line in lines)
    return [line.strip().removeprefix("@") for line in lines]


def runs(job):
    return [step["run"] for step in WORKFLOW["jobs"][job]["steps"] if "run" in step]


def test_every_way_sets_the_same_variables():
    exported = dict(re.findall(r"^export (\w+) \??= (\S+)$", MAKEFILE, re.MULTILINE))
    assert exported == {"OMP_WAIT_POLICY": "PASSIVE", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    assert ENVIRONMENT["variables"] == exported | FOR_WINDOWS
    on_windows = dict(re.findall(r'^\$env:(\w+) = "(\S+)"$', "\n".join(ON_WINDOWS), re.MULTILINE))
    assert on_windows == exported | FOR_WINDOWS
    assert WORKFLOW["jobs"]["windows"]["env"] == on_windows


def test_every_way_compiles_the_simulator_before_the_first_notebook():
    set_up = MAKEFILE.split("\n$(READY):")[1]
    assert "\t$(WARM_UP)" in set_up
    assert "warm_up()" in (ROOT / "ppo_lib" / "check.py").read_text()  # which the ways without make run
    for lines, python in ((WITH_CONDA, "python"), (ON_WINDOWS, r".venv\Scripts\python")):
        assert lines.index(f"{python} -m ppo_lib.check") == len(lines) - 2
        assert lines[-1].endswith("jupyter lab notebooks")
    assert make_recipe("check") == ["$(BIN)/python -m ppo_lib.check"]


def test_every_way_installs_the_same():
    installs = r"install .*(-c constraints.txt -e '?\.\[dev\])"
    (by_make,) = re.findall(installs, MAKEFILE)
    (on_windows,) = re.findall(installs, "\n".join(ON_WINDOWS))
    assert by_make.replace("'", "") == on_windows == " ".join(ENVIRONMENT["dependencies"][-1]["pip"])


def test_the_tests_on_windows_are_those_of_make():
    by_make = [line.replace("$(BIN)/", ".venv\\Scripts\\") for line in make_recipe("test")]
    assert WINDOWS_TESTS[-3:] == by_make


def test_the_notebooks_on_windows_are_those_of_make():
    (by_make,) = make_recipe("notebooks")  # of all notebooks, as is the default of docs/pages.py
    assert WINDOWS_TESTS[:-3] == [by_make.replace("$(BIN)/", ".venv\\Scripts\\").removesuffix(" $(NOTEBOOKS)")]


def test_ci_runs_what_the_readme_says():
    assert runs("make") == [line.split("#")[0].strip() for line in WITH_MAKE]
    interactive = ON_WINDOWS[-1]
    set_up = [line for line in ON_WINDOWS if not line.startswith("$env:") and line != interactive]
    assert runs("windows") == set_up + WINDOWS_TESTS


def test_ci_runs_on_every_system_with_the_oldest_and_the_newest_python():
    make, windows = WORKFLOW["jobs"]["make"], WORKFLOW["jobs"]["windows"]
    assert make["strategy"]["matrix"]["os"] == ["ubuntu-latest", "macos-latest"]
    assert windows["runs-on"] == "windows-latest"
    pythons = make["strategy"]["matrix"]["python"]
    assert windows["strategy"]["matrix"]["python"] == pythons
    assert f">={pythons[0]}" == PROJECT["requires-python"]
    for name in ("torch", "numba"):  # other versions have other wheels: look again for the newest Python
        assert f"{name} {PINS[name]}" in WORKFLOW_TEXT


def test_every_make_command_of_the_guides_exists():
    targets = set(re.findall(r"^(\w+): \$\(READY\)", MAKEFILE, re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make (\w+)", "\n".join(GUIDES), re.MULTILINE))
    assert {"check", "lab", "notebooks", "test"} <= named <= targets
    assert targets | {"clean"} == set(MAKEFILE.split(".PHONY: ")[1].splitlines()[0].split())
