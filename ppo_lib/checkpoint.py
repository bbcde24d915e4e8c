"""Checkpoints: written so that a kill at any moment leaves a good one, read without trusting them.

A checkpoint is a folder of four files:

    actor.safetensors, critic.safetensors    weights, with the network's recipe in their header
    training.safetensors                     arrays of the training state: optimiser, generators, environments
    checkpoint.json                          the rest of it, to be read by people too

It is written beside its place, and takes its name when it is complete and on the disk. Nothing is ever unpickled, and
nothing that it names is imported, so a checkpoint from a stranger can at worst be wrong.
"""

import errno
import json
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import safetensors
import safetensors.numpy
import safetensors.torch
import torch
from torch import nn

from ppo_lib.checkpoint_files import OLD, join, split, write_folder
from ppo_lib.checkpoint_schema import FORMAT, read_document
from ppo_lib.config import PPOConfig
from ppo_lib.envs import EnvSpec
from ppo_lib.errors import UsageError
from ppo_lib.networks import action_space, network_from_recipe
from ppo_lib.normalization import normalizers

STATE_FILE = "checkpoint.json"
ARRAYS_FILE = "training.safetensors"
ADDED_SETTINGS = {"normalize_observations", "normalize_rewards"}  # older checkpoints lack them: their default holds
FILES = ("actor.safetensors", "critic.safetensors", ARRAYS_FILE, STATE_FILE)


@dataclass
class Checkpoint:
    """What a checkpoint says, validated.

    Attributes:
        directory: its folder.
        config: the settings of the training.
        env_spec: the environments that it was trained in; None where they were made by hand.
        env_steps: steps taken so far, over all environments.
        total_steps: the planned maximum; None before there was one.
        state: {"learner", "collector"}, for PPO.load_state_dict.
    """

    directory: Path
    config: PPOConfig
    env_spec: EnvSpec | None
    env_steps: int
    total_steps: int | None
    state: dict

    def load_networks(self, actor=None, critic=None) -> tuple[nn.Module, nn.Module]:
        """(actor, critic) with the saved weights.

        Args:
            actor, critic: networks of the right architecture, where they are not those of ppo_lib.networks.

        Raises UsageError as load_network does.
        """
        return tuple(
            _load_into(network, self.directory / f"{name}.safetensors", name)
            for name, network in (("actor", actor), ("critic", critic))
        )

    def make_envs(self, **by_hand):
        """The environments of the training made again, as many as there were. Raises UsageError as EnvSpec does."""
        if self.env_spec is None:
            raise UsageError(f"{self.directory} does not say which environments it was trained in; pass envs")
        rows = len(self.state["collector"]["obs"])
        if rows != self.env_spec.num_envs:
            raise UsageError(
                f"the checkpoint {self.directory} is damaged (it is of {self.env_spec.num_envs} environments, and has "
                f"observations of {rows}); use another one"
            )
        return self.env_spec.make(**by_hand)

    def check_spaces(self, actor, envs) -> None:
        """Raise UsageError for environments that show or allow something else than what the actor was trained for."""
        recipe = getattr(actor, "recipe", None)
        if recipe is None:
            return
        seen, acts = envs.single_observation_space, envs.single_action_space
        encoder = recipe["encoder"]
        theirs = (tuple(encoder["obs_shape"]), encoder["obs_dtype"], action_space(recipe["actions"]))
        if theirs != (seen.shape, seen.dtype.name, acts):
            raise UsageError(
                f"{self.directory} was trained in {self.env_spec.env_id if self.env_spec else 'another environment'}, "
                f"on observations {theirs[0]} {theirs[1]} with the actions {theirs[2]}; these environments have "
                f"{seen.shape} {seen.dtype.name} and {acts}"
            )


def save_checkpoint(directory, actor: nn.Module, critic: nn.Module, document: dict, state: dict) -> None:
    """Write a checkpoint as the folder `directory`, replacing the checkpoint that is there.

    Args:
        directory: a new folder, an empty one, or a checkpoint; its parents are created where they are missing.
        actor, critic: networks; one that has a `recipe` can be loaded without anything else.
        document: {"config", "env_steps", "total_steps"}.
        state: {"learner", "collector"}: nested dictionaries of plain values, numpy arrays and tensors.

    Raises UsageError where `directory` holds something else or cannot be written, and for weights that are not
    finite; then the checkpoint that was there stays.
    """
    directory = Path(directory)
    arrays = {}
    plain = {"format": FORMAT, **document, "config": asdict(document["config"]), "state": split(state, arrays)}
    try:
        written = json.dumps(plain, indent=1, allow_nan=False).encode()
    except ValueError:
        raise UsageError("a number of the training is not finite any more, and nothing is saved") from None
    networks = (_network_bytes(actor, "actor"), _network_bytes(critic, "critic"))
    contents = (*networks, safetensors.numpy.save(arrays), written)
    try:
        if directory.is_file():
            raise FileExistsError(errno.EEXIST, "it is a file")
        if directory.is_dir() and not {path.name for path in directory.iterdir()} <= set(FILES):
            raise UsageError(f"{directory} holds other things than a checkpoint; give a folder of its own")
        write_folder(directory, dict(zip(FILES, contents, strict=True)))
    except OSError as error:
        raise UsageError(f"cannot write to {directory} ({error.strerror}); choose another folder") from None


def load_checkpoint(directory) -> Checkpoint:
    """What a checkpoint says.

    Args:
        directory: a checkpoint, or a run's folder, then its newest checkpoint is meant.

    Raises UsageError for one that is missing, damaged, from another version, or that names code.
    """
    directory = newest_checkpoint(directory)
    try:
        document = read_document((directory / STATE_FILE).read_bytes())
        arrays = safetensors.numpy.load((directory / ARRAYS_FILE).read_bytes())
        spec = document["state"]["collector"]["env_spec"]
        return Checkpoint(
            directory,
            _config(document["config"]),
            None if spec is None else EnvSpec.from_json(spec),
            document["env_steps"],
            document["total_steps"],
            join(document["state"], arrays),
        )
    except UsageError as error:
        raise UsageError(f"{directory}: {error}") from None
    except (OSError, safetensors.SafetensorError, KeyError, TypeError, RecursionError) as error:
        # KeyError and TypeError: a kind of number that safetensors knows and numpy does not; RecursionError: nesting
        raise UsageError(f"the checkpoint {directory} is damaged ({_one_line(error)}); use another one") from None


def newest_checkpoint(directory) -> Path:
    """`directory` itself where it is a checkpoint, else the newest of the checkpoints in it.

    Raises UsageError where there is none.
    """
    directory = Path(directory)
    for itself in (directory, directory.with_name(directory.name + OLD) if directory.name else directory):
        if (itself / STATE_FILE).exists():
            return itself
    inside = checkpoints_in(directory)
    if not inside:
        what = "has no checkpoint in it" if directory.is_dir() else "does not exist"
        what = "is a file" if directory.is_file() else what
        raise UsageError(f"{directory} {what}; give a run's folder (train --out) or one of its checkpoints")
    return inside[-1]


def checkpoints_in(run) -> list[Path]:
    """The checkpoints of a run, oldest first."""
    folders = (path for path in Path(run).glob("step_*") if re.fullmatch(r"step_\d+", path.name))
    return sorted((path for path in folders if (path / STATE_FILE).exists()), key=lambda path: int(path.name[5:]))


def checkpoint_path(run, env_steps: int) -> Path:
    """Where the checkpoint after so many environment steps lies in a run's folder."""
    return Path(run) / f"step_{env_steps:010d}"


def load_network(file) -> nn.Module:
    """The Actor or Critic stored in `file`, without its trainer. Raises UsageError as load_weights does."""
    return _load_into(None, Path(file), Path(file).stem)


def load_weights(network: nn.Module, file) -> None:
    """Load the weights in `file` into `network`.

    Raises UsageError where the file is missing, damaged, or from another architecture.
    """
    _fill(network, _read(file)[0], file)


def _load_into(network, file: Path, argument: str) -> nn.Module:
    """The network in `file`, or its weights in `network`, which the caller's user calls `argument`."""
    weights, metadata = _read(file)
    if network is None:
        if "recipe" not in metadata:
            raise UsageError(
                f"{file} does not say what network it belongs to; build the network and pass it as {argument} to "
                "PPO.load (or fill it by load_weights)"
            )
        try:
            recipe = json.loads(metadata["recipe"])
            network = network_from_recipe(recipe, {name: tuple(weight.shape) for name, weight in weights.items()})
        except (ValueError, RecursionError) as error:  # UsageError is one, too
            raise UsageError(f"{file} is damaged ({_one_line(error)}); use another checkpoint") from None
    _fill(network, weights, file)
    return network


def _fill(network, weights, file):
    mine = network.state_dict()
    for name in sorted(mine.keys() | weights.keys()):
        ours, theirs = (tuple(w[name].shape) if name in w else None for w in (mine, weights))
        if ours != theirs:
            raise UsageError(
                f"{file} is from another architecture: its {name} has shape {theirs}, this network's has {ours}"
            )
        if mine[name].dtype != weights[name].dtype:
            raise UsageError(f"{file} is damaged: its {name} is of type {weights[name].dtype}, not {mine[name].dtype}")
    network.load_state_dict(weights)
    for normalizer in normalizers(network):
        try:
            normalizer.check()
        except UsageError as error:
            raise UsageError(f"{file} is damaged: {error}") from None


def _read(file):
    """(weights, metadata) of a safetensors file."""
    try:
        with safetensors.safe_open(file, framework="pt") as opened:
            return {name: opened.get_tensor(name) for name in opened.keys()}, opened.metadata() or {}  # noqa: SIM118
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist; give the .safetensors file of a checkpoint") from None
    except (OSError, ValueError, RuntimeError, safetensors.SafetensorError) as error:  # torch refuses a shape by these
        raise UsageError(f"{file} is damaged ({_one_line(error)}); use another checkpoint") from None


def _network_bytes(network, name):
    weights = {key: tensor.detach().cpu().contiguous().clone() for key, tensor in network.state_dict().items()}
    for key, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise UsageError(f"{key} of the {name} is not finite any more, and is not saved; the checkpoint before is")
    recipe = getattr(network, "recipe", None)
    return safetensors.torch.save(weights, {"recipe": json.dumps(recipe)} if recipe else None)


def _config(settings) -> PPOConfig:
    names = {f.name for f in fields(PPOConfig)}
    if not names - ADDED_SETTINGS <= set(settings) <= names:
        raise UsageError(f"the settings must be {', '.join(sorted(names))}")
    return PPOConfig(**settings)


def _one_line(error):
    return " ".join(str(error).split()) or type(error).__name__
