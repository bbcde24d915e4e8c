"""The files of a checkpoint: a folder that appears complete or not at all, and arrays apart from plain values."""

import os
import shutil

import numpy as np
import torch

from ppo_lib.errors import UsageError

PARTIAL, OLD = ".partial", ".old"  # what a folder is called while it is written, and while it is replaced
# The arrays of each part's state.
ARRAYS = {"learner": {"adam", "generators", "rewards"}, "collector": {"obs", "sums", "envs"}}
# Before the first update; where rewards are not normalised; where environments are set back by their episodes.
OPTIONAL = {"adam", "rewards", "envs"}


def write_folder(directory, contents):
    """Write files as the new folder `directory`; one that is there steps aside only when they are on the disk."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    partial, old = (directory.with_name(directory.name + suffix) for suffix in (PARTIAL, OLD))
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        for name, data in contents.items():
            _write_through(partial / name, data)
        if directory.exists():
            shutil.rmtree(old, ignore_errors=True)
            os.rename(directory, old)
        os.rename(partial, directory)
        _sync(directory.parent)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _write_through(path, data):
    """Write, and have it on the disk before going on."""
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder):
    """Have the names in a folder on the disk, where the system can say that of a folder."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def split(tree, arrays, path=()):
    """`tree` without its arrays and tensors, which go to `arrays` under their path in it, joined by "/"."""
    plain = {}
    for key, value in tree.items():
        if isinstance(value, torch.Tensor):
            value = value.detach().cpu().numpy()
        if isinstance(value, np.ndarray):
            arrays["/".join((*path, key))] = np.array(value, order="C")
        elif isinstance(value, dict):
            inside = split(value, arrays, (*path, key))
            if inside or not value:
                plain[key] = inside
        else:
            plain[key] = value
    return plain


def join(plain, arrays):
    """The inverse of _split."""
    tree = {part: dict(content) for part, content in plain.items()}
    for path, array in arrays.items():
        part, *folders, name = path.split("/")
        if part not in tree or [*folders, name][0] not in ARRAYS[part]:
            raise UsageError(f"the file of arrays has an array that belongs nowhere, {path[:100]!r}")
        place = tree[part]
        for folder in folders:
            place = place.setdefault(folder, {})
            if not isinstance(place, dict):
                raise UsageError(f"the file of arrays has an array inside an array, {path[:100]!r}")
        place[name] = array
    for part in tree:
        for name in ARRAYS[part] - OPTIONAL - tree[part].keys():
            raise UsageError(f"the file of arrays lacks {part}/{name}")
    return tree
