import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from tyro.conf import Positional

from ppo_lib.__main__ import main
from ppo_lib.arguments import parse
from ppo_lib.commands import COMMANDS
from ppo_lib.errors import UsageError


@dataclass
class Oven:
    """What bakes. Nothing else."""

    degrees: float = 200.0  # 100 % of what it can do
    fan: bool = True  # whether air moves


@dataclass
class Bake:
    """Bake a cake."""

    recipe: Positional[Path]  # where it is written
    eggs: int = 3  # how many
    sugar: float | None = None  # in grams; none: by taste
    size: tuple[int, int] = (20, 30)  # in centimetres
    layers: tuple[Literal["cream", "jam"], ...] = ("jam",)  # from below
    oven: Oven = field(default_factory=Oven)


def bake(words):
    return parse({"bake": Bake}, ["bake", *words.split()], "kitchen")


def main_flags(words):
    return parse(COMMANDS, ["train", *words.split()], "it")[1].keys()


def test_defaults_hold_where_nothing_is_said():
    command, asked = bake("cake.txt")
    assert command == Bake(Path("cake.txt"))
    assert asked == {}


def test_every_kind_of_field_is_read():
    words = "--eggs 4 --sugar 12.5 --size 10 20 cake.txt --layers cream jam cream --degrees 180 --no-fan"
    command, asked = bake(words)
    assert command == Bake(Path("cake.txt"), 4, 12.5, (10, 20), ("cream", "jam", "cream"), Oven(180.0, False))
    assert asked.keys() == {"eggs", "sugar", "size", "layers", "degrees", "fan"}
    assert bake("cake.txt --sugar None")[0] == Bake(Path("cake.txt"))
    assert bake("cake.txt --eggs=-1")[0].eggs == -1


def test_what_is_said_is_known_even_where_it_is_the_default():
    assert bake("cake.txt --eggs 3 --sugar=None")[1] == {"eggs": 3, "sugar": None}
    assert main_flags("--total_steps 100000 --no-anneal-learning-rate") == {"total_steps", "anneal_learning_rate"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("cake.txt --eggs some", "--eggs takes a whole number, got 'some'"),
        ("cake.txt --eggs 1.5", "--eggs takes a whole number, got '1.5'"),
        ("cake.txt --sugar sweet", "--sugar takes a number, got 'sweet'"),
        ("cake.txt --size 10", "--size needs a value"),
        ("cake.txt --layers cream ham", "--layers takes one of cream, jam, got 'ham'"),
        ("cake.txt --degree 200", "unknown flag --degree; did you mean --degrees?"),
        ("cake.txt --degree=200", "unknown flag --degree; did you mean --degrees?"),
        ("cake.txt --zzz", "unknown flag --zzz; kitchen COMMAND --help says what is allowed"),
        ("cake.txt pie.txt", "unknown argument pie.txt; kitchen"),
        ("--eggs 2", "is missing; kitchen COMMAND --help"),
    ],
)
def test_a_mistake_is_named(words, message):
    with pytest.raises(UsageError) as error:
        bake(words)
    assert message in str(error.value)


def test_a_mistaken_command_is_named():
    for words, message in (
        (["bakk"], "unknown command bakk; did you mean bake?"),
        ([], "a command is missing; the commands are bake"),
    ):
        with pytest.raises(UsageError, match=re.escape(message)):
            parse({"bake": Bake}, words, "kitchen")


def test_the_help_is_made_of_the_comments(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    with pytest.raises(SystemExit) as exit:
        bake("--help")
    assert exit.value.code == 0
    page = capsys.readouterr().out
    assert "Bake a cake." in page
    assert "where it is written" in page
    assert "What bakes. Nothing else." in page
    assert "100 % of what it can do (default: 200.0)" in page
    assert "by taste" in page
    assert "{cream,jam}" in page


@pytest.mark.parametrize("command", COMMANDS)
def test_every_flag_is_explained(command, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    lines = capsys.readouterr().out.splitlines()
    flags = [i for i, line in enumerate(lines) if line.startswith("  -")]
    assert len(flags) > 3
    for i in flags:  # beside it, or below it where it is long
        assert re.search(r"\S  +\S", lines[i]) or re.match(r" {10}", lines[i + 1]), lines[i]
