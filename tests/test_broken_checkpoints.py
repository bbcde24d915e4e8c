"""Thousands of broken checkpoints: each loads, or is refused in one line, and costs neither memory nor time."""

import resource
import sys

import pytest
from fuzzing import broken_copies

from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.ppo import PPO

ENVS = {
    "an original": ("CartPole-v1", "sync", None),
    "tables": ("highway-fast-v0", "fast", highway_config("kinematics")),
    "images": ("highway-fast-v0", "fast", highway_config()),
}


@pytest.mark.parametrize("name", ENVS)
def test_a_broken_checkpoint_loads_or_is_refused_in_one_line(name, tmp_path, capsys):
    env_id, backend, config = ENVS[name]
    settings = PPOConfig(num_steps=12, num_minibatches=2, num_epochs=1)
    ppo = PPO(make_vector_env(env_id, 2, backend, config), settings).learn(48, progress=False)
    ppo.save(tmp_path / "good")
    loaded, refusals = 0, []
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for what, path in broken_copies(tmp_path / "good", tmp_path / "broken", 1000):
        try:
            PPO.load(path).envs.close()
            loaded += 1
        except UsageError as refusal:
            refusals.append((str(refusal), what))
    assert all("\n" not in said and len(said) < 1000 for said, _ in refusals), refusals
    assert loaded + len(refusals) == 1000
    assert min(loaded, len(refusals)) > 100  # the copies are broken in ways that matter and in ways that do not
    unit = 1 if sys.platform == "darwin" else 1024
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * unit < 300e6
    print(f"{name}: {loaded} loaded, {len(refusals)} refused")
