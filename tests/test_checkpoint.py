import json
import os
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

from ppo_lib import checkpoint
from ppo_lib.errors import UsageError
from ppo_lib.networks import Actor, Critic

FEATURES = Box(-1, 1, (4,), np.float32)


def constant_network(value):
    network = nn.Linear(2, 2)
    nn.init.constant_(network.weight, value)
    return network


def save(directory, value):
    """A checkpoint whose every part says `value`."""
    state = {"value": value, "array": np.full(3, value)}
    checkpoint.save_checkpoint(directory, constant_network(value), constant_network(value), state)


def saved_values(directory):
    """What each part of the checkpoint says."""
    state, directory = checkpoint.load_checkpoint(directory)
    actor, critic = nn.Linear(2, 2), nn.Linear(2, 2)
    checkpoint.load_weights(actor, directory / "actor.safetensors")
    checkpoint.load_weights(critic, directory / "critic.safetensors")
    return {state["value"], *state["array"].tolist(), *actor.weight.flatten().tolist(), critic.weight[0, 0].item()}


def test_any_state_comes_back(tmp_path):
    state = {
        "nested": [{"a": 1, "b": None}, [True, "γ", 2.5]],
        "arrays": {"bytes": np.arange(6, dtype=np.uint8).reshape(2, 3), "words": np.array([2**64 - 1], np.uint64)},
        "tensor": torch.randn(2, 3),
        "big": 2**127 + 1,
    }
    checkpoint.save_checkpoint(tmp_path, nn.Linear(1, 1), nn.Linear(1, 1), state)
    loaded, _ = checkpoint.load_checkpoint(tmp_path)
    assert loaded["nested"] == state["nested"]
    assert loaded["big"] == state["big"]
    for name, array in state["arrays"].items():
        np.testing.assert_array_equal(loaded["arrays"][name], array)
    torch.testing.assert_close(loaded["tensor"], state["tensor"])


def test_networks_load_without_a_trainer(tmp_path):
    actor, critic = Actor(FEATURES, Discrete(3), hidden_sizes=(8,)), Critic(FEATURES)
    checkpoint.save_checkpoint(tmp_path, actor, critic, {})
    obs = torch.randn(5, 4)
    torch.testing.assert_close(checkpoint.load_network(tmp_path / "actor.safetensors")(obs).probs, actor(obs).probs)
    torch.testing.assert_close(checkpoint.load_network(tmp_path / "critic.safetensors")(obs), critic(obs))


class KilledError(BaseException):
    """What happens instead of an operation on files."""


@pytest.mark.parametrize("kill_at", range(10))
def test_a_kill_at_any_operation_leaves_the_old_checkpoint_or_the_new(tmp_path, monkeypatch, kill_at):
    save(tmp_path, 1)
    operations = 0

    def dying(real, torn=None):
        def operation(*args):
            nonlocal operations
            operations += 1
            if operations > kill_at:
                if torn:
                    torn(*args)
                raise KilledError
            return real(*args)

        return operation

    with monkeypatch.context() as patch:
        half = lambda path, data: Path(path).write_bytes(data[: len(data) // 2])  # noqa: E731
        patch.setattr(checkpoint, "_write_through", dying(checkpoint._write_through, torn=half))
        patch.setattr(os, "replace", dying(os.replace))
        patch.setattr(Path, "unlink", dying(Path.unlink))
        try:
            save(tmp_path, 2)
            assert kill_at >= 10
        except KilledError:
            pass
    expected = 1 if kill_at < 4 else 2  # four files are written, then one commits them all
    if kill_at == 4:  # the empty commit file is there even when its writing is cut short
        expected = 2
    assert saved_values(tmp_path) == {expected}
    save(tmp_path, 3)
    assert saved_values(tmp_path) == {3}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(checkpoint.FILES)


def test_kill_9_while_saving_loses_nothing(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[2])\n"
        "from test_checkpoint import save\n"
        "for value in range(1, 10**6):\n"
        "    save(sys.argv[1], value)\n"
        "    print(value, flush=True)\n"
    )
    arguments = [sys.executable, "-c", code, str(tmp_path), str(Path(__file__).parent)]
    for delay in (0.0, 0.003, 0.02):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        finished = int(("1\n" + process.communicate()[0]).split("\n")[-2])
        (value,) = saved_values(tmp_path)
        assert value >= finished


def test_other_files_in_the_folder_are_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    save(tmp_path, 1)
    save(tmp_path, 2)
    assert (tmp_path / "notes.txt").read_text() == "mine"


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
    checkpoint.save_checkpoint(tmp_path, Actor(FEATURES, Discrete(2)), Critic(FEATURES), {"array": np.arange(99)})
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
    with pytest.raises(UsageError, match="format 99, this version of ppo_lib reads 1"):
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


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match=r"cannot write to .*file"):
        save(tmp_path / "file", 1)


def test_nothing_in_it_is_a_pickle(tmp_path):
    checkpoint.save_checkpoint(tmp_path, Actor(FEATURES, Discrete(2)), Critic(FEATURES), {"array": np.arange(3)})
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        header = data if path.suffix == ".json" else data[8 : 8 + int.from_bytes(data[:8], "little")]
        json.loads(header)  # plain JSON, then raw numbers
