"""Command lines from dataclasses: a flag for every field, its help the comment beside the field."""

import argparse
import dataclasses
import difflib
import inspect
import re
import types
import typing
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, BooleanOptionalAction

from ppo_lib.errors import UsageError

NUMBERS = {int: "whole number", float: "number"}


def parse(commands: dict[str, type], args: list[str], prog: str) -> tuple[object, dict]:
    """The command that the arguments ask for.

    Args:
        commands: name to dataclass. A field without a default is a positional argument; a field that is a dataclass
            itself adds its own flags. Fields are bool, int, float, str, Path, a Literal of texts, a tuple of these,
            or one of them or None.
        args: the words of the command line.
        prog: what they follow, for the help.

    Returns (an instance of the command's dataclass, {field: value} of what was said explicitly).

    Raises UsageError for a mistake, and SystemExit(0) where help was asked for.
    """
    parser = _Parser(prog=prog, exit_on_error=False)
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, kind in commands.items():
        about = inspect.getdoc(kind)
        how = {"argument_default": SUPPRESS, "allow_abbrev": False, "exit_on_error": False}
        _add_fields(subparsers.add_parser(name, help=about, description=about, **how), kind)
    if args and not args[0].startswith("-"):
        _check_word("command", args[0], commands, f"the commands are {', '.join(commands)}")
    try:
        given, unknown = parser.parse_known_args(args)
    except argparse.ArgumentError as error:
        raise UsageError(f"{error.argument_name} {error.message}") from None
    asked = vars(given)
    command = commands[asked.pop("command")]
    if unknown:
        word = unknown[0].partition("=")[0]
        flags = [_flag(name) for name in _all_fields(command)]
        _check_word("flag" if word.startswith("-") else "argument", word, flags, "--help says what is allowed")
    asked = {name: tuple(value) if isinstance(value, list) else value for name, value in asked.items()}
    return _build(command, asked), asked


class _Parser(ArgumentParser):
    def error(self, message):
        """Instead of printing the usage and exiting."""
        raise UsageError(f"{message}; {self.prog} --help says what is allowed")


def _check_word(what, word, allowed, hint):
    if word not in allowed:
        close = difflib.get_close_matches(word, allowed, n=1)
        raise UsageError(f"unknown {what} {word}; " + (f"did you mean {close[0]}?" if close else hint))


def _flag(name):
    return f"--{name.replace('_', '-')}"


def _all_fields(kind) -> set[str]:
    """The names of the flags of a dataclass, those of the dataclasses in it included."""
    parts = (_all_fields(f.type) if dataclasses.is_dataclass(f.type) else {f.name} for f in dataclasses.fields(kind))
    return set().union(*parts)


def _add_fields(parser, kind):
    comments = dict(re.findall(r"^    (\w+): .*?  # (.*)$", inspect.getsource(kind), re.MULTILINE))
    hints = typing.get_type_hints(kind)
    for f in dataclasses.fields(kind):
        about = comments.get(f.name, "").replace("%", "%%")
        if dataclasses.is_dataclass(f.type):
            title = inspect.getdoc(f.type).partition(".")[0]
            _add_fields(parser.add_argument_group(title), f.type)
        elif f.default is dataclasses.MISSING:
            parser.add_argument(f.name, type=hints[f.name], help=about)
        else:
            default = " ".join(map(str, f.default)) if isinstance(f.default, tuple) else f.default
            usual = "" if default is None or default is False else f" (default: {default})"
            parser.add_argument(_flag(f.name), help=about + usual, **_options(hints[f.name]))


def _options(hint) -> dict:
    """How argparse reads a field of the type `hint`."""
    parts, origin = typing.get_args(hint), typing.get_origin(hint)
    if hint is bool:
        return {"action": BooleanOptionalAction}
    if origin is typing.Literal:
        return {"type": lambda text: _one_of(parts, text), "metavar": f"{{{','.join(parts)}}}"}
    if origin is tuple:
        return _options(parts[0]) | {"nargs": "+" if parts[-1] is Ellipsis else len(parts)}
    optional = types.NoneType in parts  # X | None
    kind = next(part for part in parts if part is not types.NoneType) if optional else hint

    def read(text):
        return None if optional and text.lower() == "none" else _convert(kind, text)

    return {"type": read, "metavar": "TEXT" if kind is str else kind.__name__.upper()}


def _one_of(allowed, text):
    if text not in allowed:
        raise ArgumentTypeError(f"takes one of {', '.join(allowed)}, got {text!r}")
    return text


def _convert(kind, text):
    try:
        return kind(text)
    except ValueError:
        raise ArgumentTypeError(f"takes a {NUMBERS[kind]}, got {text!r}") from None


def _build(kind, asked):
    """An instance of the dataclass with the values that were given, and the defaults of the others."""
    values = {}
    for f in dataclasses.fields(kind):
        if dataclasses.is_dataclass(f.type):
            values[f.name] = _build(f.type, asked)
        elif f.name in asked:
            values[f.name] = asked[f.name]
    return kind(**values)
