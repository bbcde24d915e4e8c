"""The house's one rule: imports run downward, and a heavy library is imported in one place."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "ppo_lib"
# Top to bottom; a module imports only from the floors below its own.
FLOORS = [
    {"__main__", "check"},
    {"commands"},
    {"grading"},
    {"widgets", "exercises"},
    {"benchmark", "recording", "planner", "behaviour"},
    {"benchmark_gpu"},
    {"contest", "resumable"},
    {"ppo", "rival"},
    {"training", "trust_region"},
    {"collector", "policy_gradient", "evaluation", "run_folder", "occlusion", "ground_truth", "probes"},
    {"checkpoint", "drivers"},
    {"envs", "rollout", "networks", "checkpoint_schema", "checkpoint_files", "learner_state"},
    {"heads"},
    {"highway", "fast_highway", "wrappers", "config", "encoders", "sampling", "threads"},
    {"advantages", "losses", "gradients", "plotting", "interrupt", "randomness", "device", "arguments", "intervals"}
    | {"normalization"},
    {"validation", "plain_data", "tables"},
    {"errors", "missing_names"},
    {"__init__"},
]
ONLY_IN = {
    "matplotlib": {"plotting", "widgets"},
    "ipywidgets": {"widgets"},
    "tyro": {"arguments", "commands"},
    "imageio": {"recording"},
    "numba": {"fast_highway"},
    "scipy": {"intervals"},
    "safetensors": {"checkpoint"},
    "filelock": {"run_folder"},
    "stable_baselines3": {"benchmark", "rival"},
}


def imported_names(path):
    """Every dotted name that the module imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} uses a relative import"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = {path.stem: set(imported_names(path)) for path in PACKAGE.glob("*.py")}
for package in PACKAGE.glob("*/__init__.py"):  # a package inside counts as one module
    MODULES[package.parent.name] = set().union(*map(imported_names, package.parent.glob("*.py")))


def test_every_module_has_a_floor():
    assert set().union(*FLOORS) == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_downward(module):
    floor = next(i for i, names in enumerate(FLOORS) if module in names)
    below = set().union(*FLOORS[floor + 1 :])
    ours = {name.split(".")[1] for name in MODULES[module] if name.startswith("ppo_lib.")} - {module}
    assert ours <= below


def test_the_fast_simulator_could_be_a_package_of_its_own():
    ours = {name for name in MODULES["fast_highway"] if name.startswith("ppo_lib")}
    assert all(name.startswith("ppo_lib.fast_highway") for name in ours)


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_is_imported_in_one_place(library):
    users = {module for module, names in MODULES.items() if any(n.split(".")[0] == library for n in names)}
    assert users == ONLY_IN[library]


def test_only_the_learner_reads_the_configuration():
    users = {module for module, names in MODULES.items() if "ppo_lib.config" in names}
    assert users <= {"ppo", "commands", "benchmark", "benchmark_gpu", "checkpoint", "check", "probes"}


def test_the_module_map_is_complete():
    doc = ast.get_docstring(ast.parse((PACKAGE / "__init__.py").read_text()))
    lines = [line for line in doc.splitlines() if re.match("    [a-z_]", line)]
    listed = {name for line in lines for name in re.match(r" +(\w+(, \w+)*)", line)[1].split(", ")}
    assert listed == set(MODULES) - {"__init__"}
