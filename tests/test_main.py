import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from known_env import counters

from ppo_lib import commands
from ppo_lib.__main__ import main
from ppo_lib.checkpoint import checkpoints_in, load_network, newest_checkpoint
from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.evaluation import Evaluation
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
    capsys.readouterr()
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
    line = refused(capsys, "train", "--resume", "--out", str(run), "--no-anneal-learning-rate")
    assert "which has True" in line
    assert "which has 3" in refused(capsys, "train", "--resume", "--out", str(run), "--seed", "0")
    line = refused(capsys, "train", "--resume", "--out", str(run), "--env-id", "highway-v0", "--total-steps", "1000")
    assert "--env-id highway-v0 contradicts" in line
    assert "CartPole-v1" in line


def test_a_resumed_run_keeps_its_road(highway_run, capsys):
    line = refused(capsys, "train", "--resume", "--out", str(highway_run), "--policy-frequency", "2")
    assert "the road asked for differs" in line


def test_a_resumed_run_keeps_its_actions(highway_run, capsys):
    again = ["train", "--resume", "--out", str(highway_run), "--eval-episodes", "0"]
    assert "the road asked for differs" in refused(capsys, *again, "--actions", "continuous")
    assert main([*again, "--actions", "meta"]) == 0


def test_continuous_actions_are_a_word_on_the_command_line(capsys):
    assert commands.Highway(actions="continuous").config() == highway_config(actions="continuous")
    assert commands.Highway().config() == highway_config(policy_frequency=1)
    assert "--actions takes one of meta, continuous, got 'wheel'" in refused(capsys, "train", "--actions", "wheel")


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


def test_a_run_is_overwritten_only_where_that_is_asked_for(tmp_path, capsys):
    new = ["train", *QUICK, "--total-steps", "64", "--out", str(tmp_path), "--eval-episodes", "0"]
    assert main([*new, "--total-steps", "96"]) == 0
    capsys.readouterr()
    line = refused(capsys, *new)
    assert "holds a run already; go on with it by --resume, delete it by --overwrite, or choose another --out" in line
    assert main([*new, "--overwrite"]) == 0
    assert [path.name for path in checkpoints_in(tmp_path)] == ["step_0000000000", "step_0000000064"]
    for flag in (["--overwrite"], ["--start-from", str(tmp_path)]):
        assert "begins a new run" in refused(capsys, "train", "--resume", "--out", str(tmp_path), *flag)


def test_what_a_kill_left_of_a_checkpoint_is_no_run(tmp_path, capsys):
    (tmp_path / "step_0000000016").mkdir()
    assert "has no checkpoint in it" in refused(capsys, "train", "--resume", "--out", str(tmp_path))
    assert main(["train", *QUICK, "--total-steps", "32", "--out", str(tmp_path)]) == 0


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
    arguments = ["evaluate", str(checkpoints_in(run)[0]), "--episodes", "5", "--baselines", "--json"]
    reports = {}
    for flags in (["--stochastic"], []):
        for num_envs in ("1", "3", "5"):
            assert main([*arguments, *flags, "--num-envs", num_envs, "--backend", "sync"]) == 0
            reports[*flags, num_envs] = json.loads(capsys.readouterr().out)
        assert reports[*flags, "1"] == reports[*flags, "3"] == reports[*flags, "5"]
    assert reports["--stochastic", "1"] != reports["1",]


def test_evaluate_and_record_make_the_environments_with_their_arguments(tmp_path, capsys):
    envs = make_vector_env("FrozenLake-v1", 2, is_slippery=False, max_episode_steps=5)
    PPO(envs, PPOConfig(num_steps=8, num_minibatches=2)).learn(16, out=tmp_path, progress=False)
    assert main(["evaluate", str(tmp_path), "--episodes", "30", "--baselines", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["mean_length"] <= 5
    assert report["baselines"]["random"]["mean_length"] <= 5
    assert main(["record", str(tmp_path), "--out", str(tmp_path / "lake.gif")]) == 0
    assert re.search(r"lake.gif: [1-5] steps", capsys.readouterr().out)


def test_a_planner_without_a_road_is_refused_before_anything_drives(run, capsys, monkeypatch):
    monkeypatch.setattr(commands, "evaluate_policy", lambda *arguments, **kwargs: pytest.fail("it drove"))
    assert "the planner drives on highway-fast-v0" in refused(capsys, "evaluate", str(run), "--planner")


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_ctrl_c_in_an_evaluation_leaves_what_had_finished(run, capsys, monkeypatch, flags):
    def one_and_a_half(*arguments, **kwargs):
        lengths = np.full(4, 7)
        yield "random", Evaluation(lengths * 1.0, lengths, np.full(4, np.nan), np.full(4, np.nan))
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "baselines", one_and_a_half)
    assert main(["evaluate", str(run), "--episodes", "2", "--baselines", *flags]) == 130
    printed = capsys.readouterr()
    assert "this agent, random had finished all episodes; one that had not is left out" in printed.err
    if flags:
        assert json.loads(printed.out)["baselines"]["random"]["return_mean"] == 7
    else:
        assert [line.split()[0] for line in printed.out.splitlines()] == ["driver", "this", "random"]


def test_ctrl_c_before_any_driver_has_finished(run, capsys, monkeypatch):
    def stopped(*arguments, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "evaluate_policy", stopped)
    assert main(["evaluate", str(run), "--json"]) == 130
    printed = capsys.readouterr()
    assert "No driver had finished" in printed.err
    assert printed.out == ""


@pytest.mark.parametrize("moment", [0.8, 1.2, 2.0])
def test_ctrl_c_while_libraries_are_imported(moment):
    command = [sys.executable, "-m", "ppo_lib", "benchmark"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    time.sleep(moment)
    process.send_signal(signal.SIGINT)
    _, complained = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)  # to a shell the same
    assert complained == ""


def test_record(highway_run, tmp_path, capsys):
    out = tmp_path / "drive.gif"
    assert main(["record", str(highway_run), "--out", str(out)]) == 0
    assert out.stat().st_size > 1000
    assert str(out) in capsys.readouterr().out


def test_a_recorded_drive_is_the_evaluated_one(run, tmp_path, capsys):
    first = str(checkpoints_in(run)[0])
    for flags in ([], ["--stochastic"]):
        assert main(["evaluate", first, "--episodes", "1", "--seed", "12", "--json", *flags]) == 0
        length = json.loads(capsys.readouterr().out)["mean_length"]
        assert main(["record", first, "--seed", "12", "--out", str(tmp_path / "drive.gif"), *flags]) == 0
        assert f": {length:.0f} steps," in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("fly", "the commands are train, evaluate, record, benchmark"),
        ("tain", "did you mean train?"),
        ("train --gamma", "--gamma needs a value"),
        ("train --final-gamma high", "--final-gamma takes a number, got 'high'"),
        ("train now", "unknown argument now"),
        ("train --env-id CartPole-v1 --env-config {}", "--env-config is for the environments of highway-env"),
        ("train --env-id CartPole-v1 --stack-size 2", "--stack-size is for the environments of highway-env"),
        ("evaluate", "is missing; python -m ppo_lib COMMAND --help says what is allowed"),
        ("evaluate pyproject.toml", "pyproject.toml is a file; give the folder that it lies in"),
        ("evaluate . --episodes 0", "--episodes must be at least 1, got 0"),
        ("evaluate . --seed -1", "seed must be a whole number from 0 up, got -1"),
        ("benchmark --parts warp", "--parts takes one of training, simulator, learner, gpu, got 'warp'"),
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
