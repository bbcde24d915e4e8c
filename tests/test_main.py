import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from known_env import counters

from ppo_lib.__main__ import main
from ppo_lib.checkpoint import checkpoints_in, load_network, newest_checkpoint
from ppo_lib.config import PPOConfig
from ppo_lib.ppo import PPO

QUICK = ["--env-id", "CartPole-v1", "--backend", "sync", "--num-envs", "2"]
QUICK += ["--num-steps", "16", "--num-minibatches", "2", "--eval-episodes", "2"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a short run on CartPole."""
    folder = tmp_path_factory.mktemp("runs") / "cartpole"
    assert (
        main(["train", *QUICK, "--total-steps", "320", "--save-interval", "100", "--seed", "3", "--out", str(folder)])
        == 0
    )
    return folder


@pytest.fixture(scope="module")
def highway_run(tmp_path_factory):
    """The folder of a short run on grayscale images."""
    folder = tmp_path_factory.mktemp("runs") / "highway"
    small = ["--backend", "sync", "--num-envs", "2", "--num-steps", "8", "--num-minibatches", "2"]
    traffic = ["--env-config", '{"duration": 5, "vehicles_count": 10}']
    steps = ["--total-steps", "16", "--eval-episodes", "0"]
    assert main(["train", *small, *steps, *traffic, "--out", str(folder)]) == 0
    return folder


def refused(capsys, *arguments):
    """The one line that `arguments` are refused with."""
    assert main(list(arguments)) == 2
    line = capsys.readouterr().err.strip()
    assert line.startswith("error: ")
    assert "\n" not in line
    return line


def test_train_saves_periodically_logs_and_prints_the_evaluation(run, tmp_path, capsys):
    assert [int(path.name[5:]) for path in checkpoints_in(run)] == [0, 128, 256, 320]
    assert len((run / "progress.csv").read_text().splitlines()) == 1 + 10
    assert main(["train", *QUICK, "--total-steps", "32", "--out", str(tmp_path / "again")]) == 0
    printed = capsys.readouterr().out
    assert "return" in printed
    assert "this agent" in printed
    assert "crashes" in printed
    assert "speed m/s" in printed


def test_resume_goes_on(run, capsys):
    again = ["train", "--resume", "--out", str(run), "--eval-episodes", "0"]
    assert main(again) == 0
    assert f"The run in {run} has done 320 of its 320 steps" in capsys.readouterr().out
    assert main([*again, "--total-steps", "400"]) == 0
    assert "Another rollout of 32 steps would exceed the 400 asked for." in capsys.readouterr().out
    assert "total_steps 300 leaves no room" in refused(capsys, *again, "--total-steps", "300")
    assert len((run / "progress.csv").read_text().splitlines()) == 1 + 12
    assert checkpoints_in(run)[-1].name.endswith("384")


def test_a_resumed_run_keeps_its_settings(run, capsys):
    line = refused(capsys, "train", "--resume", "--out", str(run), "--gamma", "0.5", "--total-steps", "1000")
    assert "--gamma 0.5 contradicts the run" in line
    assert "which has 0.8" in line
    assert "--seed 0 contradicts" in refused(capsys, "train", "--resume", "--out", str(run), "--seed", "0")
    assert "which has 3" in refused(capsys, "train", "--resume", "--out", str(run), "--seed", "0")
    line = refused(capsys, "train", "--resume", "--out", str(run), "--env-id", "highway-v0", "--total-steps", "1000")
    assert "--env-id highway-v0 contradicts" in line
    assert "CartPole-v1" in line


def test_a_resumed_run_keeps_its_road(highway_run, capsys):
    line = refused(capsys, "train", "--resume", "--out", str(highway_run), "--policy-frequency", "2")
    assert "the road asked for differs" in line


def test_a_run_in_environments_of_ones_own_is_left_to_python(tmp_path, capsys):
    PPO(counters(3), PPOConfig(num_steps=8, num_minibatches=2)).learn(8, out=tmp_path, progress=False)
    for command in (["evaluate", str(tmp_path)], ["train", "--resume", "--out", str(tmp_path)]):
        assert "use it from Python" in refused(capsys, *command)


def test_a_new_run_can_start_from_the_networks_of_another(run, highway_run, tmp_path, capsys):
    new = ["train", *QUICK, "--out", str(tmp_path), "--learning-rate", "1e-12", "--total-steps", "32"]
    assert main([*new, "--start-from", str(run)]) == 0
    old, started = (load_network(newest_checkpoint(folder) / "actor.safetensors") for folder in (run, tmp_path))
    for mine, theirs in zip(started.parameters(), old.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)
    capsys.readouterr()
    other = ["train", *QUICK, "--out", str(tmp_path / "other"), "--start-from", str(highway_run)]
    assert "was trained in highway-fast-v0, on observations (2, 96, 24) uint8" in refused(capsys, *other)


def test_a_run_is_not_overwritten(run, capsys):
    assert "holds a run already" in refused(capsys, "train", *QUICK, "--out", str(run))


def test_evaluate_as_json(run, highway_run, capsys):
    assert main(["evaluate", str(run), "--episodes", "3", "--backend", "sync", "--seed", "7", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["episodes"] == 3
    assert report["crash_rate"] is None
    assert report["mean_speed"] is None
    assert report["return_ci95"][0] <= report["return_mean"] <= report["return_ci95"][1]
    assert report["mean_length"] == report["return_mean"]
    arguments = ["evaluate", str(highway_run), "--episodes", "2", "--backend", "sync", "--baselines", "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert 0 <= report["crash_rate"] <= 1
    assert report["mean_speed"] > 15
    assert report["mean_length"] <= 5  # the evaluation drives in the environments of the training
    assert report["baselines"]["always SLOWER"]["mean_length"] == 5


def test_evaluate_one_checkpoint_and_the_same_twice(run, capsys):
    arguments = ["evaluate", str(checkpoints_in(run)[0]), "--episodes", "3", "--stochastic", "--json"]
    reports = []
    for num_envs in ("3", "3"):
        assert main([*arguments, "--num-envs", num_envs, "--backend", "sync"]) == 0
        reports.append(capsys.readouterr().out)
    assert reports[0] == reports[1]


def test_record(highway_run, tmp_path, capsys):
    out = tmp_path / "drive.gif"
    assert main(["record", str(highway_run), "--out", str(out)]) == 0
    assert out.stat().st_size > 1000
    assert str(out) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("fly", "fly"),
        ("train --num-envs many", "--num-envs takes a whole number, got 'many'"),
        ("train --num-steps many", "--num-steps takes a whole number, got 'many'"),
        ("train --gamma high", "--gamma takes a number, got 'high'"),
        ("train --target-kl high", "--target-kl takes a number, got 'high'"),
        ("train --gama 0.9", "did you mean --gamma?"),
        ("train --observation radar", "grayscale"),
        ("train --gamma 1.5", "error: gamma must be a number in [0, 1], got 1.5"),
        ("train --num-envs 0", "num_envs must be a whole number of environments, at least 1, got 0"),
        ("train --num-minibatches 7", "num_minibatches 7 does not divide the batch of 512"),
        ("train --env-id highway-fats-v0", "did you mean highway-fast-v0"),
        ("train --env-id Pendulum-v1", "only Discrete(n) actions"),
        ("train --backend fast --env-id merge-v0", "'fast' knows highway-fast-v0 and highway-v0"),
        ("train --backend warp", "unknown backend 'warp'; choose one of auto, fast, sync, async"),
        ("train --observation-shape 19 20", "(2, 19, 20)"),
        ("train --observation-shape 0 20", "observation_shape must be"),
        ("train --policy-frequency 10", "policy_frequency must be above 0 Hz and at most"),
        ("train --env-config {", "--env-config is no JSON"),
        ("train --env-config []", "--env-config must be a JSON object"),
        ('train --env-config {"lane_count":2}', "did you mean 'lanes_count'"),
        ("train --total-steps 5", "total_steps 5 leaves no room for a rollout of 512"),
        ("train --device abacus", "device 'abacus' cannot be used"),
        ("train --resume", "has no checkpoint in it"),
        ("evaluate .", "has no checkpoint in it"),
        ("evaluate nowhere", "nowhere does not exist"),
        ("record nowhere", "nowhere does not exist"),
    ],
)
def test_a_mistake_gets_one_clear_line(arguments, message, capsys, tmp_path):
    command, *rest = arguments.split(" ")
    out = ["--out", str(tmp_path)] if command == "train" else []
    backend = ["--backend", "sync"] if command == "train" and "--backend" not in rest else []
    assert message in refused(capsys, command, *rest, *out, *backend)
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "progress.csv"])


def test_an_output_folder_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert "cannot write to the folder" in refused(capsys, "train", *QUICK, "--out", str(tmp_path / "file" / "run"))


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path):
    """In a process of its own, workers included, as in a terminal: the signal reaches the whole process group."""
    out = tmp_path / "run"
    command = [sys.executable, "-m", "ppo_lib", "train", "--backend", "async", "--num-envs", "2"]
    command += ["--num-steps", "8", "--num-minibatches", "2", "--out", str(out)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    deadline = time.monotonic() + 120
    while not (out / "progress.csv").exists() or (out / "progress.csv").read_text().count("\n") < 3:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    printed, complained = process.communicate(timeout=60)
    assert process.returncode == 130, complained
    assert "Traceback" not in complained
    assert f"To go on: python -m ppo_lib train --resume --out {out}" in printed
    assert len(checkpoints_in(out)) == 2  # of the start, and of the stop


def test_kill_ends_a_training(tmp_path):
    """SDL would swallow SIGTERM, and leave a training that no `kill` and no job scheduler can stop."""
    out = tmp_path / "run"
    command = [sys.executable, "-m", "ppo_lib", "train", "--num-envs", "2", "--backend", "async", "--out", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not (out / "progress.csv").exists():
        assert process.poll() is None
        time.sleep(0.1)
    process.terminate()
    assert process.wait(timeout=30) == -signal.SIGTERM


def test_help_is_no_mistake(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["train", "--help"])
    assert exit.value.code == 0
    shown = capsys.readouterr().out
    for flag in ("--gamma", "--env-id", "--backend", "--num-envs", "--total-steps", "--seed", "--out", "--resume"):
        assert flag in shown
