"""How many small mistakes in a module would its own tests notice? python tests/mutation.py advantages losses

It makes one mistake after another in a copy of the package (another operator, another comparison, another constant,
min for max, a sign or a `not` lost, a statement left out) and runs the module's tests on each. A mistake that no test
notices survives and is printed: either a test is missing, or the mistake makes no difference, and then it belongs into
EQUIVALENT with the reason. The package itself is never touched.
"""

import argparse
import ast
import copy
import multiprocessing
import os
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from time import perf_counter

ROOT = Path(__file__).parent.parent
# Where a module's tests are not (or not only) tests/test_<module>.py.
TESTS = {"benchmark_gpu": ("test_benchmark.py",)}
# (module, the line as it is without indentation, the change): why nobody could notice it.
EQUIVALENT = {}
# Processes that have the slow imports behind them when they start.
PROCESSES = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
PROCESSES.set_forkserver_preload(["torch", "gymnasium", "scipy.stats", "matplotlib.pyplot", "hypothesis", "pytest"])
ENOUGH = 0.95  # the share of mistakes that shall be noticed
PATIENCE = 10  # times as long as the tests take without a mistake: one that makes them endless is noticed, too

OPERATORS = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
NAMES = {
    "min": "max",
    "max": "min",
    "minimum": "maximum",
    "maximum": "minimum",
    "mean": "sum",
    "sum": "mean",
    "any": "all",
    "all": "any",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "zeros": "ones",
    "ones": "zeros",
    "exp": "log",
    "log": "exp",
    "terminated": "truncated",
    "truncated": "terminated",
}


@dataclass
class Mutant:
    """One mistake: the source with it, and how to name it."""

    source: str
    line: int
    original: str  # the first line of the statement or expression that is changed
    change: str


def mutants_of(source: str) -> list[Mutant]:
    """Every mutant of a module, in the order of its lines."""
    tree = ast.parse(source)
    lines = source.splitlines()
    spared = {id(node) for node in _spared(tree)}
    mutants = []
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in spared:
            continue
        for number, (change, _, line) in enumerate(_changes(node)):
            mutated = copy.deepcopy(tree)
            twin = next(n for i, n in enumerate(ast.walk(mutated)) if i == index)
            _, apply, _ = _changes(twin)[number]
            apply()
            text = ast.unparse(ast.fix_missing_locations(mutated))
            if text != ast.unparse(tree):
                mutants.append(Mutant(text, line, lines[line - 1].strip(), change))
    return sorted(mutants, key=lambda mutant: mutant.line)


def _changes(node):
    """[(what it is, a function that does it to this node, the line)]"""
    changes = []

    def offer(name, value, words, place=node):
        changes.append((words, lambda: setattr(node, name, value), getattr(place, "lineno", 0)))

    match node:
        case ast.BinOp() | ast.AugAssign():
            for other in OPERATORS.get(type(node.op), ()):
                offer("op", other(), f"{_said(node.op)} -> {_said(other())}")
        case ast.Compare():
            for place, operator in enumerate(node.ops):
                for other in COMPARISONS.get(type(operator), ()):
                    ops = [*node.ops[:place], other(), *node.ops[place + 1 :]]
                    offer("ops", ops, f"{_said(operator)} -> {_said(other())}")
        case ast.BoolOp():
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            offer("op", other, f"{_said(node.op)} -> {_said(other)}")
        case ast.Constant(value=bool(value)):
            offer("value", not value, f"{value} -> {not value}")
        case ast.Constant(value=int(value) | float(value)):
            for other in {value + 1, 0 * value} - {value}:
                offer("value", other, f"{value} -> {other}")
        case ast.Name(id=name) if name in NAMES and isinstance(node.ctx, ast.Load):
            offer("id", NAMES[name], f"{name} -> {NAMES[name]}")
        case ast.Attribute(attr=name) if name in NAMES and isinstance(node.ctx, ast.Load):
            offer("attr", NAMES[name], f".{name} -> .{NAMES[name]}")
        case ast.If() | ast.While() | ast.IfExp():
            offer("test", ast.Constant(False), "its condition -> False")
            if not isinstance(node, ast.While):
                offer("test", ast.Constant(True), "its condition -> True")
    for name, value in ast.iter_fields(node):  # what is lost altogether
        if isinstance(value, ast.UnaryOp):
            offer(name, value.operand, f"{_said(value.op)} lost", value)
        elif isinstance(value, list):
            for place, part in enumerate(value):
                without = [*value[:place], *value[place + 1 :]]
                if isinstance(part, ast.UnaryOp):
                    offer(name, [*value[:place], part.operand, *value[place + 1 :]], f"{_said(part.op)} lost", part)
                elif name == "body" and _may_be_lost(part):
                    offer(name, without or [ast.Pass()], f"{_first(part)} left out", part)
    return changes


def _may_be_lost(statement) -> bool:
    """Whether leaving the statement out is a mistake one might make: a call, or a value put into something."""
    is_call = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    is_put = isinstance(statement, ast.Assign) and not isinstance(statement.targets[0], ast.Name)
    return is_call or is_put or isinstance(statement, ast.AugAssign | ast.Raise | ast.Break | ast.Continue)


def _said(operator) -> str:
    return type(operator).__name__


def _first(node) -> str:
    return ast.unparse(node).splitlines()[0]


def _spared(tree):
    """Docstrings, and the guards of zip, which matter only where something else is wrong."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield from ast.walk(node)
        elif isinstance(node, ast.keyword) and node.arg == "strict":
            yield node.value


def survivors_of(module: str, jobs: int) -> tuple[list[Mutant], int]:
    """(the mutants that no test notices, how many there were) of ppo_lib.<module>."""
    source = (ROOT / "ppo_lib" / f"{module}.py").read_text(encoding="utf-8")
    mutants = mutants_of(source)
    tests = TESTS.get(module, (f"test_{module}.py",))
    with tempfile.TemporaryDirectory() as folder:
        copies = Queue()
        for job in range(jobs):
            place = Path(folder) / str(job)
            shutil.copytree(ROOT / "ppo_lib", place / "ppo_lib")
            shutil.copytree(ROOT / "tests", place / "tests")
            shutil.copy(ROOT / "pyproject.toml", place)
            copies.put(place)

        def survives(text, seconds):
            place = copies.get()
            try:
                (place / "ppo_lib" / f"{module}.py").write_text(text, encoding="utf-8")
                return _tests_pass(place, [str(place / "tests" / name) for name in tests], seconds)
            finally:
                copies.put(place)

        started = perf_counter()
        if not survives(source, seconds=None):
            sys.exit(f"the tests of {module} fail as it is: {' '.join(tests)}")
        seconds = 30 + PATIENCE * (perf_counter() - started)
        with ThreadPoolExecutor(jobs) as pool:
            alive = list(pool.map(lambda mutant: survives(mutant.source, seconds), mutants))
    return [mutant for mutant, lives in zip(mutants, alive, strict=True) if lives], len(mutants)


def _tests_pass(place, files, seconds) -> bool:
    """Whether these test files pass in so many seconds on the package in the folder `place`; in their own process."""
    process = PROCESSES.Process(target=_run_tests, args=(place, files))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode == 0


def _run_tests(place, files):
    os.chdir(place)
    sys.dont_write_bytecode = True  # or a mutant could be taken for the one before it
    sys.path.insert(0, str(place))
    os.environ["PYTHONPATH"] = str(place)  # for what the tests start themselves
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the tests need none, and some are slow to import
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    import pytest

    sys.exit(pytest.main(["-x", "-q", "-p", "pytest_timeout", "-p", "no:cacheprovider", "-m", "not slow", *files]))


def main() -> int:
    """Print the survivors and the totals; 1 where fewer than 95 % of a module's mutants were noticed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="+", help="modules of ppo_lib, like losses")
    parser.add_argument("--jobs", type=int, default=2, help="runs of the tests side by side")
    arguments = parser.parse_args()
    enough = True
    for module in arguments.modules:
        survivors, total = survivors_of(module, arguments.jobs)
        unexplained = []
        for mutant in survivors:
            reason = EQUIVALENT.get((module, mutant.original, mutant.change))
            if reason is None:
                unexplained.append(mutant)
            print(f"ppo_lib/{module}.py:{mutant.line}: {mutant.original}")
            print(f"    {mutant.change}{' (makes no difference: ' + reason + ')' if reason else ''}")
        explained = len(survivors) - len(unexplained)
        meant = total - explained
        noticed = meant - len(unexplained)
        share = noticed / max(meant, 1)
        print(f"{module}: {noticed} of {meant} noticed ({share:.0%}), {explained} make no difference")
        enough &= share >= ENOUGH
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
