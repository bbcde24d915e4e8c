import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from torch import nn

from ppo_lib import checkpoint, checkpoint_files
from ppo_lib.config import PPOConfig
from ppo_lib.errors import UsageError
from ppo_lib.networks import Actor, Critic

FEATURES = Box(-1, 1, (4,), np.float32)


def constant_network(value):
    network = nn.Linear(2, 2)
    nn.init.constant_(network.weight, value)
    return network


def some_state(value=1, **collector):
    """A state that could be a learner's."""
    learner = {"learning_rate": 0.5, "gamma": 0.9, "entropy_coef": 0.0, "generators": {"torch": np.zeros(3, np.uint8)}}
    counts = {"env_spec": None, "seed": value, "resets": 1, "rollouts": 2, "steps": 3}
    return {"learner": learner, "collector": counts | {"obs": np.full(3, value), "sums": np.zeros((3, 1))} | collector}


def save(directory, value=1, actor=None, critic=None, **collector):
    """A checkpoint whose every part says `value`."""
    actor, critic = actor or constant_network(value), critic or constant_network(value)
    document = {"config": PPOConfig(), "env_steps": value, "total_steps": None}
    checkpoint.save_checkpoint(directory, actor, critic, document, some_state(value, **collector))


def saved_values(directory):
    """What each part of the checkpoint says."""
    saved = checkpoint.load_checkpoint(directory)
    actor, critic = saved.load_networks(nn.Linear(2, 2), nn.Linear(2, 2))
    arrays = saved.state["collector"]["obs"].tolist()
    return {saved.env_steps, *arrays, *actor.weight.flatten().tolist(), critic.weight[0, 0].item()}


def test_a_state_comes_back_bit_by_bit(tmp_path):
    arrays = {
        "flags": np.array([True, False]),
        "bits": np.array([2**64 - 1], np.uint64),
        "small": np.array(-3, np.int8),
        "reals": np.random.default_rng(0).normal(size=(2, 3)).T,
        "none": np.zeros((0, 4)),
    }
    save(tmp_path / "it", 7, envs=arrays)
    saved = checkpoint.load_checkpoint(tmp_path / "it")
    assert (saved.env_steps, saved.total_steps, saved.env_spec, saved.config) == (7, None, None, PPOConfig())
    for name, array in arrays.items():
        np.testing.assert_array_equal(saved.state["collector"]["envs"][name], array, strict=True)
    assert saved.state["learner"]["gamma"] == 0.9


def test_networks_load_without_a_trainer(tmp_path):
    actor, critic = Actor(FEATURES, Discrete(3), hidden_sizes=(8,)), Critic(FEATURES)
    save(tmp_path, actor=actor, critic=critic)
    obs = torch.randn(5, 4)
    torch.testing.assert_close(checkpoint.load_network(tmp_path / "actor.safetensors")(obs).probs, actor(obs).probs)
    torch.testing.assert_close(checkpoint.load_network(tmp_path / "critic.safetensors")(obs), critic(obs))


class KilledError(BaseException):
    """What happens instead of an operation on files."""


@pytest.mark.parametrize("kill_at", range(10))
def test_a_kill_at_any_operation_leaves_the_old_checkpoint_or_the_new(tmp_path, monkeypatch, kill_at):
    """Eight operations on files: the four parts, the old folder's name and the new one's, and two that clean up."""
    folder = tmp_path / "it"
    save(folder, 1)
    operations = 0

    def dying(real, torn=None):
        def operation(*args, **kwargs):
            nonlocal operations
            operations += 1
            if operations > kill_at:
                if torn:
                    torn(*args)
                raise KilledError
            return real(*args, **kwargs)

        return operation

    with monkeypatch.context() as patch:
        half = lambda path, data: Path(path).write_bytes(data[: len(data) // 2])  # noqa: E731
        patch.setattr(checkpoint_files, "_write_through", dying(checkpoint_files._write_through, torn=half))
        patch.setattr(os, "rename", dying(os.rename))
        patch.setattr(shutil, "rmtree", dying(shutil.rmtree))
        try:
            save(folder, 2)
            assert kill_at >= 9
        except KilledError:
            pass
    renamed = 8  # rmtree, four files, rmtree, two names
    assert saved_values(folder) == {1 if kill_at < renamed else 2}
    save(folder, 3)
    assert saved_values(folder) == {3}
    assert sorted(path.name for path in folder.iterdir()) == sorted(checkpoint.FILES)
    assert list(tmp_path.iterdir()) == [folder]


def test_kill_9_while_saving_loses_nothing(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from test_checkpoint import save\n"
        "for value in range(1, 10**6):\n"
        "    save(sys.argv[1] + '/it', value)\n"
        "    print(value, flush=True)\n"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)]
    for delay in (0.0, 0.003, 0.02):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        finished = int(("1\n" + process.communicate()[0]).split("\n")[-2])
        (value,) = saved_values(tmp_path / "it")
        assert value >= finished


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds other things than a checkpoint; give a folder of its own"):
        save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    save(tmp_path / "it", 1)
    for value in (float("nan"), float("inf")):
        with pytest.raises(UsageError, match="weight of the critic is not finite"):
            save(tmp_path / "it", 2, critic=constant_network(value))
    assert saved_values(tmp_path / "it") == {1}


def test_a_runs_folder_means_its_newest_complete_checkpoint(tmp_path):
    for step in (100, 2_000, 30_000):
        save(checkpoint.checkpoint_path(tmp_path, step), step)
    (checkpoint.checkpoint_path(tmp_path, 400_000)).mkdir()  # killed before it had anything
    assert checkpoint.newest_checkpoint(tmp_path) == checkpoint.checkpoint_path(tmp_path, 30_000)
    one = checkpoint.checkpoint_path(tmp_path, 100)
    assert checkpoint.newest_checkpoint(one) == one


def test_a_missing_checkpoint(tmp_path):
    with pytest.raises(UsageError, match="does not exist; give a run's folder"):
        checkpoint.load_checkpoint(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="has no checkpoint in it"):
        checkpoint.load_checkpoint(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        checkpoint.load_network(tmp_path / "actor.safetensors")


@pytest.mark.parametrize("name", checkpoint.FILES)
@pytest.mark.parametrize("keep", [0, 0.5, 0.99])
def test_a_truncated_checkpoint(tmp_path, name, keep):
    save(tmp_path, actor=Actor(FEATURES, Discrete(2)), critic=Critic(FEATURES))
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(keep * len(whole))])
    is_network = name in ("actor.safetensors", "critic.safetensors")
    load, path = (checkpoint.load_network, tmp_path / name) if is_network else (checkpoint.load_checkpoint, tmp_path)
    with pytest.raises(UsageError, match="damaged") as refusal:
        load(path)
    assert "\n" not in str(refusal.value)


def test_another_format_is_refused(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "FORMAT", 99)
        save(tmp_path, 1)
    with pytest.raises(UsageError, match="format 99, this version of ppo_lib reads 2"):
        checkpoint.load_checkpoint(tmp_path)


def test_weights_of_another_architecture(tmp_path):
    save(tmp_path, 1)
    with pytest.raises(
        UsageError, match=r"another architecture: its bias has shape \(2,\), this network's has \(3,\)"
    ):
        checkpoint.load_weights(nn.Linear(2, 3), tmp_path / "actor.safetensors")
    with pytest.raises(UsageError, match=r"its bias has shape \(2,\), this network's has None"):
        checkpoint.load_weights(nn.Linear(2, 2, bias=False), tmp_path / "actor.safetensors")


def test_a_network_without_a_recipe_says_how_to_load_it(tmp_path):
    save(tmp_path, 1)
    with pytest.raises(UsageError, match="load_weights"):
        checkpoint.load_network(tmp_path / "actor.safetensors")
    with pytest.raises(UsageError, match="build the network and pass it as critic"):
        checkpoint.load_checkpoint(tmp_path).load_networks(actor=nn.Linear(2, 2))


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=r"cannot write to .*file"):
        save(tmp_path / "file", 1)


def test_nothing_in_it_is_a_pickle(tmp_path):
    save(tmp_path, actor=Actor(FEATURES, Discrete(2)), critic=Critic(FEATURES))
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        header = data if path.suffix == ".json" else data[8 : 8 + int.from_bytes(data[:8], "little")]
        json.loads(header)  # plain JSON, then raw numbers
