"""From a notebook to what is graded: for each exercise the function that was handed in, and the slice that defines it.

The slice holds the top-level statements that bind the names which the function needs, and so on down, in the order of
the notebook. The cells that train for minutes are not in it. Nothing is executed here.
"""

import ast
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ppo_lib.grading.statements import FUNCTIONS, Statement, read_statements, run_at_once
from ppo_lib.grading.submissions import Cell

CHECKS = "ppo_lib.exercises"
# What the first cells of the course's notebooks import, so that a slip of the pen in one costs nothing else.
PRELUDE = Cell(
    "the course's imports",
    "import copy, math\nimport numpy as np\nimport torch\nimport torch.nn.functional as F\n"
    "from torch import nn\nfrom torch.distributions import Categorical, kl_divergence",
)


@dataclass(frozen=True)
class Program:
    """The code of one exercise, for the confined process.

    Attributes:
        cells: (label, text, indices of the statements to run) of each cell.
        argument: the expression that gives what is checked, such as the function's name.
        stand_ins: names of our checks, which do nothing there.
        missing: what it may need of ppo_lib, in words; it runs without.
    """

    cells: tuple[tuple[str, str, tuple[int, ...]], ...]
    argument: str
    stand_ins: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Target:
    """What is checked: an expression, the names in it, and how many statements come before it."""

    argument: str
    names: frozenset[str]
    end: int


def find_programs(cells: Sequence[Cell], stubs: Mapping[str, Collection[str]]) -> dict[str, Program]:
    """The program of every exercise that the notebook mentions.

    Args:
        cells: the notebook's code cells.
        stubs: {exercise: the names that its function may have, where nothing in the notebook calls the check}.
    """
    cells = (PRELUDE, *cells)
    sources, statements = read_statements(cells)
    paths = _our_names(statements, stubs)
    targets = _called(statements, paths, stubs)
    for exercise, names in stubs.items():
        if exercise not in targets and (target := _defined(statements, names)) is not None:
            targets[exercise] = target
    stand_ins = {name for name, path in paths.items() if path == CHECKS or path.startswith(f"{CHECKS}.check_")}
    return {
        exercise: _program(target, cells, sources, statements, stand_ins)
        for exercise, target in sorted(targets.items())
    }


def _our_names(statements, stubs) -> dict[str, str]:
    """{name: dotted path} of all that comes from ppo_lib. The checks are known even where their import is broken."""
    paths = {"exercises": CHECKS} | {f"check_{name}": f"{CHECKS}.check_{name}" for name in stubs}
    for statement in statements:
        paths |= statement.origins
        node = statement.node
        if isinstance(node, ast.Assign) and (path := _path(node.value, paths)) is not None:
            paths |= {target.id: path for target in node.targets if isinstance(target, ast.Name)}
    return paths


def _path(node, paths) -> str | None:
    """The dotted path of an expression such as exercises.check_gae, if it leads into ppo_lib."""
    attributes = []
    while isinstance(node, ast.Attribute):
        attributes.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in paths:
        return None
    return ".".join([paths[node.id], *reversed(attributes)])


def _called(statements, paths, stubs) -> dict[str, _Target]:
    """The argument of the last call of each check."""
    checks = {f"{CHECKS}.check_{name}": name for name in stubs}
    targets = {}
    for number, statement in enumerate(statements):
        calls = [node for node in run_at_once(statement.node) if isinstance(node, ast.Call)]
        for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
            exercise = checks.get(_path(call.func, paths))
            arguments = [*call.args, *(keyword.value for keyword in call.keywords)]
            if exercise is not None and arguments:
                names = frozenset(node.id for node in ast.walk(arguments[0]) if isinstance(node, ast.Name))
                targets[exercise] = _Target(ast.unparse(arguments[0]), names, number + 1)
    return targets


def _defined(statements, names) -> _Target | None:
    """The last function, or lambda, of one of the names."""
    for statement in reversed(statements):
        is_function = isinstance(statement.node, FUNCTIONS) or isinstance(
            getattr(statement.node, "value", None), ast.Lambda
        )
        for name in statement.replaces & set(names) if is_function else ():
            return _Target(name, frozenset({name}), len(statements))
    return None


def _program(target, cells, sources, statements, stand_ins) -> Program:
    chosen, missing = _slice(target, statements, stand_ins)
    indices = {}
    for number in sorted(chosen):
        indices.setdefault(statements[number].cell, []).append(statements[number].index)
    parts = tuple((cells[cell].label, sources[cell], tuple(found)) for cell, found in indices.items())
    return Program(parts, target.argument, tuple(sorted(stand_ins)), tuple(sorted(missing)))


def _slice(target: _Target, statements: list[Statement], stand_ins) -> tuple[set[int], set[str]]:
    """The numbers of the statements that define what `target` names, and what of ppo_lib they would need.

    A demand (name, before) asks for the value that a name has before that statement. What the functions in a statement
    need is looked up only when they are called: by whoever demanded them, or by the check at the end.
    """
    binders = defaultdict(list)  # name to the numbers of the statements that bind it
    for number, statement in enumerate(statements):
        for name in statement.binds:
            binders[name].append(number)
    chosen, missing = set(), set()
    todo = [(name, target.end) for name in target.names]
    seen = set(todo)
    while todo:
        name, before = todo.pop()
        if name in stand_ins:
            continue
        # Those below only where the notebook was never run in the order of its cells.
        numbers = binders[name][: bisect_left(binders[name], before)] or binders[name]
        for number in reversed(numbers):
            statement = statements[number]
            if name in statement.replaces and name in statement.origins:
                missing.add(_in_words(name, statement.origins[name]))
                break
            chosen.add(number)
            demands = {(needed, number) for needed in statement.now}
            demands |= {(needed, end) for needed in statement.later for end in (before, target.end)}
            todo += demands - seen
            seen |= demands
            if name in statement.replaces:
                break
    return chosen, missing


def _in_words(name, path):
    module, _, attribute = path.rpartition(".")
    return f"{attribute} from {module}" if module else path
