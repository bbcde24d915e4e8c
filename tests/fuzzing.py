"""Broken checkpoints of a fixed seed: bytes flipped, files cut, JSON with keys lost, values replaced and nested."""

import json
import random
import shutil
from pathlib import Path

VALUES = [
    None, True, -1, 0, 1, 2**31, 2**63, 10**18, 10**400, 1.5, -0.0, 1e308, "", "x", "a" * 10_000, "os.system",
    "folder.payload.Car", [], {}, [[]], [1, 2, 3], {"type": "Kinematics"}, [[[[[[[[[[]]]]]]]]]], {"": {}},
]  # fmt: skip


def broken_copies(original: Path, folder: Path, count: int, seed: int = 0):
    """(what was done, path) of `count` broken copies of the checkpoint `original`, one at a time in `folder`."""
    chance = random.Random(seed)
    ways = [_flip, _cut, _lose, _replace, _replace, _nest, _enlarge, _header]
    for _ in range(count):
        copy = folder / original.name
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(original, copy)
        way = chance.choice(ways)
        yield f"{way.__name__}: {way(copy, chance)}", copy


def _some_file(copy, chance):
    return chance.choice(sorted(path for path in copy.iterdir() if path.is_file()))


def _flip(copy, chance):
    file = _some_file(copy, chance)
    data = bytearray(file.read_bytes())
    headers = chance.random() < 0.5  # where most of the meaning is
    for _ in range(chance.choice((1, 1, 3, 30))):
        at = chance.randrange(min(len(data), 3000) if headers else len(data))
        data[at] ^= 1 << chance.randrange(8)
    file.write_bytes(data)
    return file.name


def _cut(copy, chance):
    file = _some_file(copy, chance)
    data = file.read_bytes()
    file.write_bytes(data[: chance.randrange(len(data))])
    return file.name


def _edit(copy, chance, edit):
    file = copy / "checkpoint.json"
    document = json.loads(file.read_bytes())
    places = []

    def walk(node):
        for key in range(len(node)) if isinstance(node, list) else list(node):
            places.append((node, key))
            if isinstance(node[key], (dict, list)) and node[key]:
                walk(node[key])

    walk(document)
    node, key = chance.choice(places)
    said = f"{key!r} {edit(node, key)}"
    file.write_text(json.dumps(document))
    return said[:200]


def _lose(copy, chance):
    return _edit(copy, chance, lambda node, key: f"lost {node.pop(key)!r}")


def _replace(copy, chance):
    def edit(node, key):
        was, node[key] = node[key], chance.choice(VALUES)
        return f"was {was!r}, is {node[key]!r}"

    return _edit(copy, chance, edit)


def _nest(copy, chance):
    def edit(node, key):
        for _ in range(chance.choice((1, 1, 100, 300, 900))):
            node[key] = {"deeper": node[key]} if chance.random() < 0.5 else [node[key]]
        return "nested"

    if chance.random() < 0.1:
        (copy / "checkpoint.json").write_text("[" * 100_000 + "]" * 100_000)
        return "a hundred thousand brackets"
    return _edit(copy, chance, edit)


def _enlarge(copy, chance):
    def edit(node, key):
        if isinstance(node[key], (int, float)) and not isinstance(node[key], bool):
            node[key] = node[key] * 10 ** chance.choice((1, 3, 9, 30))
        return f"is {node[key]!r}"

    return _edit(copy, chance, edit)


def _header(copy, chance):
    """Edit the JSON header of a file of arrays, keeping its length right."""
    file = copy / chance.choice(("actor.safetensors", "critic.safetensors", "training.safetensors"))
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    name = chance.choice(list(header))
    if name == "__metadata__":
        recipe = json.loads(header[name]["recipe"])
        key = chance.choice(list(recipe))
        recipe[key] = chance.choice(VALUES)
        header[name]["recipe"] = json.dumps(recipe)
        said = f"recipe {key} is {recipe[key]!r}"
    else:
        key = chance.choice(("dtype", "shape", "data_offsets"))
        header[name][key] = chance.choice(("F64", "BF16", "BOOL", "U64", [], [2**62, 2**62], [0], [-1], [3, 5, 7], {}))
        said = f"{name} {key} is {header[name][key]!r}"
    packed = json.dumps(header).encode()
    packed += b" " * (-len(packed) % 8)
    file.write_bytes(len(packed).to_bytes(8, "little") + packed + data[8 + length :])
    return f"{file.name} {said}"[:200]
