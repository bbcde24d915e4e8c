"""The words of a command line, read by tyro, whose mistakes become one line each."""

import dataclasses
import difflib

import tyro
from tyro import _errors as mistakes  # the module of tyro's hook for mistakes; its events say what a box would show
from tyro.conf import FlagCreatePairsOff, OmitArgPrefixes

from ppo_lib.errors import UsageError

NUMBERS = {int: "whole number", float: "number"}


def parse(commands: dict[str, type], args: list[str], prog: str) -> tuple[object, dict]:
    """The command that the arguments ask for.

    Args:
        commands: name to dataclass, whose fields are its flags, those of the dataclasses in it included.
        args: the words of the command line.
        prog: what they follow, for the help.

    Returns (an instance of the command's dataclass, {field: value} of the flags that were given).

    Raises UsageError for a mistake, and SystemExit(0) where help was asked for.
    """

    def refuse(event):
        raise UsageError(_say(event, commands, args, prog))

    with mistakes.on_parse_error(refuse):
        command = tyro.extras.subcommand_cli_from_dict(
            commands, args=args, prog=prog, config=(OmitArgPrefixes, FlagCreatePairsOff)
        )
    flags = {word.partition("=")[0].replace("_", "-") for word in args if word.startswith("--")}  # tyro reads both
    given = {name: flags & {flag(name), flag(f"no_{name}")} for name in _all_fields(command)}
    return command, {name: value for name, value in _all_fields(command).items() if given[name]}


def flag(name: str) -> str:
    """How a field is called on the command line."""
    return f"--{name.replace('_', '-')}"


def _all_fields(command) -> dict:
    """{name: value} of a dataclass's fields, those of the dataclasses in it included."""
    values = {}
    for f in dataclasses.fields(command):
        value = getattr(command, f.name)
        values |= _all_fields(value) if dataclasses.is_dataclass(value) else {f.name: value}
    return values


def _say(event, commands, args, prog) -> str:
    """What went wrong and what is allowed, in a line."""
    help_says = f"{prog} COMMAND --help says what is allowed"
    if isinstance(event, mistakes.MissingSubcommand):
        word = event.found_token
        wrong = f"unknown command {word}" if word else "a command is missing"
        return f"{wrong}; {_meant(word, commands) or 'the commands are ' + ', '.join(commands)}"
    if isinstance(event, mistakes.UnrecognizedArgs) and args[0] not in commands and not args[0].startswith("-"):
        return f"unknown command {args[0]}; {_meant(args[0], commands) or 'the commands are ' + ', '.join(commands)}"
    if isinstance(event, mistakes.UnrecognizedArgs):
        word = event.tokens[0].partition("=")[0]
        known = [flag(name) for name in _flags_of(commands.get(args[0]))] if args else []
        return f"unknown {'flag' if word.startswith('-') else 'argument'} {word}; {_meant(word, known) or help_says}"
    if isinstance(event, mistakes.InvalidChoice):
        return f"{_name(event.argument)} takes one of {', '.join(event.choices)}, got {event.value!r}"
    if isinstance(event, mistakes.BadValue):
        return f"{_name(event.argument)} needs a value; {help_says}"
    if isinstance(event, mistakes.MissingArgs):
        return f"{', '.join(_name(missing.arg) for missing in event.missing_arguments)} is missing; {help_says}"
    if isinstance(event, mistakes.InstantiationFailure):
        return _say_of_a_value(event, args)
    return f"these arguments do not fit; {help_says}"


def _say_of_a_value(event, args):
    if event.argument is None:
        return " ".join(event.message.split())
    name, metavar = _name(event.argument), str(event.argument.lowered.metavar).lower()
    kind = next((kind for kind in NUMBERS if kind.__name__ in metavar), None)
    if kind is None:
        return f"{name}: {' '.join(event.message.split())}"
    words = " ".join(args).replace("=", " ").split()
    given = next(word for word in words[words.index(name) + 1 :] if not _is(kind, word))
    return f"{name} takes a {NUMBERS[kind]}, got {given!r}"


def _is(kind, word) -> bool:
    try:
        kind(word)
    except ValueError:
        return False
    return True


def _name(argument):
    return argument.field.intern_name.upper() if argument.is_positional() else argument.lowered.name_or_flags[0]


def _meant(word, known):
    close = difflib.get_close_matches(word, known, n=1) if word else ()
    return f"did you mean {close[0]}?" if close else None


def _flags_of(kind) -> set[str]:
    if kind is None:
        return set()
    parts = (_flags_of(f.type) if dataclasses.is_dataclass(f.type) else {f.name} for f in dataclasses.fields(kind))
    return set().union(*parts)
