"""A training that is killed and resumed, again and again, ends with the weights of one that never stopped."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from ppo_lib.checkpoint import checkpoints_in
from ppo_lib.ppo import PPO
from ppo_lib.run_folder import read_log

SCRIPT = """
import sys
from gymnasium.wrappers import TransformReward
from ppo_lib.checkpoint import checkpoints_in
from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.ppo import PPO

kind, run = sys.argv[1:]


def make():
    if kind == "fast":
        return make_vector_env("highway-fast-v0", 4, "fast", highway_config("kinematics"))
    return make_vector_env("CartPole-v1", 4, "sync", wrapper=lambda env: TransformReward(env, lambda r: r / 10))


if __name__ == "__main__":
    config = PPOConfig(num_steps=16, num_minibatches=2, num_epochs=2, save_interval=128)
    ppo = PPO.load(run, make()) if checkpoints_in(run) else PPO(make(), config)
    if ppo.env_steps < 64 * 150:
        ppo.learn(64 * 150, out=run, progress=False)
"""


@pytest.mark.parametrize("kind", ["fast", "wrapped"])
def test_kill_9_at_any_moment_costs_nothing_but_time(kind, tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    runs = {name: tmp_path / name for name in ("whole", "killed")}

    def start(run):
        return subprocess.Popen([sys.executable, str(tmp_path / "script.py"), kind, str(run)])

    assert start(runs["whole"]).wait(timeout=300) == 0
    kills = 0
    for wait in (0.0, 0.05, 0.11, 0.23, 0.31):
        process = start(runs["killed"])
        before = _newest(runs["killed"])
        while process.poll() is None and _newest(runs["killed"]) == before:  # until it trains
            time.sleep(0.001)
        time.sleep(wait)
        kills += process.poll() is None
        process.kill()
        process.wait()
    assert start(runs["killed"]).wait(timeout=300) == 0
    assert kills >= 2
    weights = [PPO.load(run, _any_envs(run)).actor.state_dict() for run in runs.values()]
    for name, weight in weights[0].items():
        assert torch.equal(weight, weights[1][name]), name
    logs = [read_log(run) for run in runs.values()]
    assert logs[0]["env_steps"].tolist() == logs[1]["env_steps"].tolist()
    assert logs[0]["policy_loss"].tolist() == logs[1]["policy_loss"].tolist()


def _newest(run) -> Path | None:
    return max(checkpoints_in(run), default=None)


def _any_envs(run):
    """Environments to look at the networks in; those of the training need not be made again for that."""
    from ppo_lib.checkpoint import load_checkpoint

    spec = load_checkpoint(run).env_spec
    return spec.with_(by_hand=()).make()
