"""Checkpoints: written so that a kill at any moment leaves a good one, read without trusting them.

A checkpoint is a folder of four files:

    actor.safetensors, critic.safetensors    weights, with the network's recipe in their header
    training.safetensors                     arrays of the training state: optimiser, generators, environments
    checkpoint.json                          the rest of it, to be read by people too

Nothing is ever unpickled, so a checkpoint from a stranger can at worst be wrong.
"""

import json
import os
import re
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
from torch import nn

from ppo_lib.errors import UsageError
from ppo_lib.networks import network_from_recipe

STATE_FILE = "checkpoint.json"
FORMAT = 1  # of what is in it; raised whenever an older reader would misunderstand
FILES = ("actor.safetensors", "critic.safetensors", "training.safetensors", STATE_FILE)
COMMITTED = "committed"  # while this file exists, NAME.new is the checkpoint's NAME


def save_checkpoint(directory, actor: nn.Module, critic: nn.Module, state: dict) -> None:
    """Write a checkpoint into `directory`, replacing the one that is there.

    Args:
        directory: created where it is missing; other files in it are left alone.
        actor, critic: networks; one that has a `recipe` can be loaded without anything else.
        state: nested dictionaries and lists of plain values, numpy arrays and tensors.

    Raises UsageError where `directory` cannot be written.
    """
    tensors = {}
    plain = {"format": FORMAT} | _split(state, tensors)
    contents = (
        _network_bytes(actor),
        _network_bytes(critic),
        safetensors.torch.save(tensors),
        json.dumps(plain, indent=1).encode(),
    )
    directory = Path(directory)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _replace_together(directory, dict(zip(FILES, contents, strict=True)))
    except OSError as error:
        raise UsageError(f"cannot write to {directory} ({error.strerror}); choose another folder") from None


def load_checkpoint(directory) -> tuple[dict, Path]:
    """The training state in a checkpoint, and the checkpoint's folder.

    Args:
        directory: a checkpoint, or a run's folder, then its newest checkpoint is meant.

    Raises UsageError for one that is missing or damaged.
    """
    directory = newest_checkpoint(directory)
    try:
        plain = json.loads(_current(directory, STATE_FILE).read_bytes())
        written_in = plain.pop("format")
        tensors = safetensors.torch.load(_current(directory, FILES[2]).read_bytes())
        state = _join(plain, tensors)
    except (OSError, ValueError, KeyError, safetensors.SafetensorError) as error:
        raise UsageError(f"the checkpoint {directory} is damaged ({_one_line(error)}); use another one") from None
    if written_in != FORMAT:
        raise UsageError(f"{directory} is in format {written_in}, this version of ppo_lib reads {FORMAT}; train anew")
    return state, directory


def newest_checkpoint(directory) -> Path:
    """`directory` itself where it is a checkpoint, else the newest of the checkpoints in it.

    Raises UsageError where there is none.
    """
    directory = Path(directory)
    if _current(directory, STATE_FILE).exists():
        return directory
    inside = [path for path in checkpoints_in(directory) if _current(path, STATE_FILE).exists()]
    if not inside:
        what = "has no checkpoint in it" if directory.is_dir() else "does not exist"
        raise UsageError(f"{directory} {what}; give a run's folder (train --out) or one of its checkpoints")
    return inside[-1]


def checkpoints_in(run) -> list[Path]:
    """The step folders of a run, oldest first, complete or not."""
    return sorted(path for path in Path(run).glob("step_*") if re.fullmatch(r"step_\d+", path.name))


def checkpoint_path(run, env_steps: int) -> Path:
    """Where the checkpoint after so many environment steps lies in a run's folder."""
    return Path(run) / f"step_{env_steps:010d}"


def load_network(file) -> nn.Module:
    """The Actor or Critic stored in `file`, without its trainer. Raises UsageError as load_weights does."""
    recipe = _read(file)[1].get("recipe")
    if recipe is None:
        raise UsageError(f"{file} does not say what network it belongs to; build the network and use load_weights")
    network = network_from_recipe(json.loads(recipe))
    load_weights(network, file)
    return network


def load_weights(network: nn.Module, file) -> None:
    """Load the weights in `file` into `network`.

    Raises UsageError where the file is missing, damaged, or from another architecture.
    """
    weights, _ = _read(file)
    mine = network.state_dict()
    for name in sorted(mine.keys() | weights.keys()):
        ours, theirs = (tuple(w[name].shape) if name in w else None for w in (mine, weights))
        if ours != theirs:
            raise UsageError(
                f"{file} is from another architecture: its {name} has shape {theirs}, this network's has {ours}"
            )
    network.load_state_dict(weights)


def _read(file):
    """(weights, metadata) of a safetensors file."""
    file = Path(file)
    file = _current(file.parent, file.name)
    try:
        with safetensors.safe_open(file, framework="pt") as opened:
            return {name: opened.get_tensor(name) for name in opened.keys()}, opened.metadata() or {}  # noqa: SIM118
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist; give the .safetensors file of a checkpoint") from None
    except (OSError, safetensors.SafetensorError) as error:
        raise UsageError(f"{file} is damaged ({_one_line(error)}); use another checkpoint") from None


def _network_bytes(network):
    metadata = {"recipe": json.dumps(network.recipe)} if hasattr(network, "recipe") else None
    weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    return safetensors.torch.save(weights, metadata)


def _replace_together(directory, contents):
    """Replace several files as one: after a kill at any moment all of them are the old ones, or all the new ones.

    The new files are written beside the old; an empty file then commits them; only then do they take the old ones'
    names. A reader that finds the commit takes the new names where they still exist (`_current`), and the next writer
    finishes the renaming first.
    """
    committed = directory / COMMITTED
    if committed.exists():
        _take_names(directory, contents)
    for name, data in contents.items():
        _write_through(directory / f"{name}.new", data)
    _write_through(committed, b"")
    _take_names(directory, contents)


def _take_names(directory, names):
    for name in names:
        new = directory / f"{name}.new"
        if new.exists():
            os.replace(new, directory / name)
    (directory / COMMITTED).unlink()


def _current(directory, name) -> Path:
    """The file that holds the last committed contents of `name`."""
    new = directory / f"{name}.new"
    return new if (directory / COMMITTED).exists() and new.exists() else directory / name


def _write_through(path, data):
    """Write, and have it on the disk before going on."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _split(tree, tensors):
    """`tree` fit for JSON: arrays and tensors are moved to `tensors`, leaving {their kind: their key there} behind."""
    if isinstance(tree, dict):
        return {str(key): _split(value, tensors) for key, value in tree.items()}
    if isinstance(tree, (list, tuple)):
        return [_split(value, tensors) for value in tree]
    if isinstance(tree, (np.ndarray, torch.Tensor)):
        key = str(len(tensors))
        tensors[key] = torch.as_tensor(tree).detach().cpu().contiguous()
        return {"array" if isinstance(tree, np.ndarray) else "tensor": key}
    return tree


def _join(tree, tensors):
    """The inverse of _split; tuples come back as lists, keys as strings."""
    if isinstance(tree, dict):
        if tree.keys() == {"array"}:
            return tensors[tree["array"]].numpy()
        if tree.keys() == {"tensor"}:
            return tensors[tree["tensor"]]
        return {key: _join(value, tensors) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_join(value, tensors) for value in tree]
    return tree


def _one_line(error):
    return " ".join(str(error).split()) or type(error).__name__
