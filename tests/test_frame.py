"""The set-up files agree with each other, so that every way of installing gives the same course."""

import importlib.metadata
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
