import json

import pytest
import torch

from ppo_lib import benchmark, benchmark_gpu
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


TINY = PPOConfig(num_steps=4, num_minibatches=2, num_epochs=2)


def test_without_a_gpu_its_part_is_skipped_with_a_line(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert benchmark.run(("gpu",)) == {}
    assert capsys.readouterr().err == "gpu: no CUDA device here; skipped\n"
    assert "gpu" in benchmark.PARTS
    assert "gpu" not in benchmark.USUAL_PARTS


def test_a_gpu_is_measured_and_printed(monkeypatch, capsys):
    measured = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(benchmark, "PPOConfig", lambda: TINY)
    monkeypatch.setattr(
        benchmark_gpu, "measure", lambda config, rounds: measured.append((config, rounds)) or {"On a GPU": GPU_ROWS}
    )
    printed = benchmark.format_report(benchmark.run(("gpu",), rounds=2))
    assert measured == [(TINY, 2)]
    assert [line.split() for line in printed.splitlines()[1:]] == [
        ["largest", "allowed", "verdict"],
        ["images", "3.0e-07", "0.05", "agree"],
        ["features", "0.00", "1,234.50", "DIFFER"],
    ]


GPU_ROWS = [
    {"": "images", "largest": 3e-7, "allowed": 0.05, "verdict": "agree"},
    {"": "features", "largest": 0.0, "allowed": 1234.5, "verdict": "DIFFER"},
]


def test_every_measurement_of_a_gpu_runs_with_the_cpu_in_its_place():
    report = benchmark_gpu.measure(TINY, device="cpu", num_envs=2, rounds=1)
    training, update, agreement, resuming = report.values()
    assert [row[""] for row in training] == [
        f"{kind}, {who}" for kind in ("images", "features") for who in ("ours", "Stable-Baselines3")
    ]
    assert all(row["device, steps/s"] > 0 for row in training)
    assert all(row["ratio"] == 1 for row in update[::3])
    assert [row[""].split(": ")[1] for row in update[:3]] == [
        "bare forward and backward passes",
        "PPO.update",
        "Stable-Baselines3's train",
    ]
    assert all(row["largest"] == 0 and row["verdict"] == "agree" for row in agreement)  # one CPU agrees with itself
    assert all(row["largest"] == 0 and row["verdict"] == "exact" for row in resuming)
    assert benchmark.format_report(report)


def test_devices_that_differ_are_told_so(monkeypatch):
    real, updates = benchmark_gpu.PPO.update, []

    def biased(ppo, rollout):
        real(ppo, rollout)
        updates.append(ppo)
        if len(updates) % 2 == 0:  # the device's turn
            with torch.no_grad():
                ppo.actor.head.weight += 0.5

    monkeypatch.setattr(benchmark_gpu.PPO, "update", biased)
    rows = benchmark_gpu.agreement_rows(TINY, "cpu", 2)
    assert all(row["verdict"] == "DIFFER" and row["largest"] == pytest.approx(0.5) for row in rows)
    rows = benchmark_gpu.resuming_rows(TINY, "cpu", 2)
    assert {row["verdict"] for row in rows if "saved" in row[""]} == {"near"}


def test_the_networks_of_the_rival_are_ours():
    for kind in benchmark_gpu.KINDS:
        rival = benchmark_gpu._sb3(kind, TINY, "cpu", 2)
        ours = benchmark_gpu._learner(kind, TINY, "cpu", 2)
        theirs = sorted(p.shape for p in rival.policy.parameters())
        assert theirs == sorted(p.shape for p in [*ours.actor.parameters(), *ours.critic.parameters()])
