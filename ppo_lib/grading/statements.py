"""The top-level statements of a notebook: the names that each binds, changes and needs. Parsed, never executed."""

import ast
import re
import symtable
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from tokenize import TokenError

from ppo_lib.errors import UsageError
from ppo_lib.grading.submissions import Cell

LARGEST_CELL = 200_000  # characters; a longer one is data, or an attack on the parser
MOST_STATEMENTS = 3_000  # of a notebook; a cell beyond them is passed over
LARGEST_MAGIC_CELL, MOST_MAGICS = 20_000, 30  # IPython reads a cell anew for every magic in it
MAGIC_LINE = re.compile(r"^\s*(?:[%!?].*|.*\?|.*=\s*[%!].*)$", re.MULTILINE)
# Cell magics whose cell is ordinary code below the first line.
RUNS_THE_CELL = ("%%time", "%%capture", "%%prun")
RUN_AT_ONCE = {"listcomp", "setcomp", "dictcomp", "genexpr"}  # scopes of symtable that are no functions
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
# What reading foreign text may raise, by Python's parser and by IPython's.
BAD_CODE = (SyntaxError, ValueError, MemoryError, LookupError, RuntimeError, TokenError)


@dataclass(frozen=True)
class Statement:
    """A top-level statement, and what a slice must know of it.

    Attributes:
        cell: the index of its cell; index: its own within the cell.
        node: its syntax tree.
        binds: the names that it gives a value, or changes in place.
        replaces: those of them whose earlier value no longer matters after it.
        now: the names that it reads while it runs.
        later: the names that the functions in it read when they are called.
        origins: {name: dotted path} of what it imports from ppo_lib.
    """

    cell: int
    index: int
    node: ast.stmt
    binds: frozenset[str]
    replaces: frozenset[str]
    now: frozenset[str]
    later: frozenset[str]
    origins: dict[str, str]


def read_statements(cells: Iterable[Cell]) -> tuple[list[str], list[Statement]]:
    """The text of each cell as Python, and the statements of all cells in order.

    A cell that does not parse has the text "" and no statements: it costs only itself.
    """
    sources, statements = [], []
    magics = _ipython()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a student's "\d" is not the lecturer's concern
        parsed = [_parse(cell.source, magics) for cell in cells]
        everything = (part for _, nodes in parsed for node in nodes for part in run_at_once(node))
        modules = {name for part in everything for name, _ in _imported(part)}
        for number, (source, nodes) in enumerate(parsed):
            sources.append(source)
            if len(statements) + len(nodes) > MOST_STATEMENTS:
                continue
            read = (_read(number, index, node, modules) for index, node in enumerate(nodes))
            statements += [statement for statement in read if statement is not None]
    return sources, statements


def run_at_once(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes below `node` that run when it does: those outside the functions in it."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, FUNCTIONS):
            todo += [*node.decorator_list, *node.args.defaults]
        elif not isinstance(node, ast.Lambda):
            todo += ast.iter_child_nodes(node)


def _parse(source, magics) -> tuple[str, list[ast.stmt]]:
    if len(source) > LARGEST_CELL:
        return "", []
    for read in (str, partial(_without_magics, magics)):
        try:
            text = read(source)
            return text, ast.parse(text).body
        except BAD_CODE:
            continue
    return "", []


def _ipython() -> Callable[[str], str]:
    """What makes Python of a cell with magics."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        raise UsageError(
            "grading reads notebooks with IPython; install it: pip install 'highway-ppo[notebooks]'"
        ) from None
    return TransformerManager().transform_cell


def _without_magics(magics, source) -> str:
    """Raises SyntaxError for a cell that IPython would take minutes for."""
    if len(source) > LARGEST_MAGIC_CELL or len(MAGIC_LINE.findall(source)) > MOST_MAGICS:
        raise SyntaxError("too many magics")
    first, newline, rest = source.lstrip("\n").partition("\n")
    return magics(newline + rest if first.startswith(RUNS_THE_CELL) else source)


def _read(cell, index, node, modules) -> Statement | None:
    """None where the statement is too deeply nested to be looked at."""
    try:
        table = symtable.symtable(ast.unparse(node), "cell", "exec")
        used = list(_names_read(table))
        bound = {name for name, _ in _names_bound(table)}
        parts = list(run_at_once(node))
    except BAD_CODE:
        return None
    changed = {name for part in parts for name in _stored_into(part)}
    changed |= {name for part in parts for name in _called_upon(part)} - modules  # np.testing(...) leaves np as it is
    return Statement(
        cell,
        index,
        node,
        frozenset(bound | changed),
        frozenset(_replaced(node)),
        frozenset(name for name, later in used if not later),
        frozenset(name for name, later in used if later),
        {name: path for part in parts for name, path in _imported(part) if f"{path}.".startswith("ppo_lib.")},
    )


def _scopes(table, later=False):
    """(scope, whether it runs only when a function is called) of all scopes in a statement."""
    yield table, later
    for child in table.get_children():
        function = child.get_type() == "function" and child.get_name() not in RUN_AT_ONCE
        yield from _scopes(child, later or function)


def _names_read(table):
    """(name, whether later) of the notebook's names that are read."""
    for scope, later in _scopes(table):
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (scope is table or symbol.is_global()):
                yield symbol.get_name(), later


def _names_bound(table):
    """(name, whether later) of the notebook's names that are given a value, by `global` in a function, too."""
    for scope, later in _scopes(table):
        for symbol in scope.get_symbols():
            if (symbol.is_assigned() or symbol.is_imported()) and (scope is table or symbol.is_global()):
                yield symbol.get_name(), later


def _stored_into(node) -> Iterator[str]:
    """The x of x[...] = ... and x.a = ..."""
    if isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        yield from _root(node)


def _called_upon(node) -> Iterator[str]:
    """The x of x.append(...) and of @x.register, which may change it."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield from _root(node.value.func)
    if isinstance(node, FUNCTIONS | ast.ClassDef):
        for decorator in node.decorator_list:
            yield from _root(decorator.func if isinstance(decorator, ast.Call) else decorator)


def _root(node) -> Iterator[str]:
    """The x of x.a[0].b; nothing for a bare name."""
    below = node
    while isinstance(below, ast.Subscript | ast.Attribute):
        below = below.value
    if below is not node and isinstance(below, ast.Name):
        yield below.id


def _replaced(node) -> Iterator[str]:
    if isinstance(node, FUNCTIONS | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (name for name, _ in _imported(node))
    elif isinstance(node, ast.Assign) or (isinstance(node, ast.AnnAssign) and node.value is not None):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            yield from (part.id for part in parts if isinstance(part, ast.Name))


def _imported(node) -> Iterator[tuple[str, str]]:
    """(the name that it binds, the dotted path of what) for each part of an import."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield (
                alias.asname or alias.name.partition(".")[0],
                alias.name if alias.asname else alias.name.partition(".")[0],
            )
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)
