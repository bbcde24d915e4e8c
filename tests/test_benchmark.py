import json

import pytest

from ppo_lib import benchmark
from ppo_lib.__main__ import main
from ppo_lib.config import PPOConfig


@pytest.mark.slow
def test_the_training_is_measured_against_its_rivals(monkeypatch):
    monkeypatch.setattr(benchmark, "PPOConfig", lambda: PPOConfig(num_steps=4, num_minibatches=2, num_epochs=1))
    report = benchmark.run(("training",), rounds=1, updates=2)
    against, shares = report.values()
    assert [row[""] for row in against] == ["ours", "random actions, no learning", "Stable-Baselines3's PPO"]
    assert against[0]["ours : this"] == 1
    for row in shares:
        assert row["simulate"] + row["infer"] + row["learn"] == pytest.approx(1)
        assert row["steps/s"] > 0


def test_the_learner_is_measured_and_printed(monkeypatch, capsys):
    small = PPOConfig(num_steps=4, num_minibatches=2, num_epochs=1)
    monkeypatch.setattr(benchmark, "PPOConfig", lambda: small)
    assert main(["benchmark", "--parts", "learner"]) == 0
    printed = capsys.readouterr().out
    assert "PPO.update" in printed
    assert "channels-last" in printed
    assert main(["benchmark", "--parts", "learner", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["One update of the learner"][0]["ratio"] == 1
