"""The check of an installation: all is well here, and whatever is broken gives one line that says what to do."""

import importlib
import importlib.metadata
import math
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import ppo_lib.envs
import ppo_lib.evaluation
import ppo_lib.recording
from ppo_lib import check
from ppo_lib.check import INSTALL_AGAIN, main
from ppo_lib.ppo import PPO


def wrong_with(name, capsys):
    """The one line of a run of this check alone, which must fail and be the last."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check, "CHECKS", {name: check.CHECKS[name], "later": (lambda folder: 1 / 0, "never reached")})
        assert main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    start = f"Something is wrong with {name}: "
    assert lines[0].startswith(start)
    return lines[0].removeprefix(start)


def test_all_is_well_here(capsys):
    assert main() == 0
    *lines, last = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines] == [["ok", name] for name in check.CHECKS]
    assert last.startswith("All is well: ")
    assert "steps a second on" in last


def test_nothing_is_left_behind(monkeypatch, tmp_path):
    monkeypatch.setattr(check.tempfile, "tempdir", str(tmp_path))
    seen = []
    monkeypatch.setattr(check, "CHECKS", {"some": (lambda folder: seen.append(folder) or 1 / 0, "go home")})
    assert main() == 1
    assert seen[0].parent == tmp_path
    assert not list(tmp_path.iterdir())


def test_what_nobody_foresaw_is_one_line_too(monkeypatch, capsys):
    def broken(folder):
        raise RuntimeError("boom\nand a long story")

    monkeypatch.setitem(check.CHECKS, "film", (broken, "do this"))
    assert wrong_with("film", capsys) == "RuntimeError: boom; do this."


def test_no_folder_for_temporary_files(monkeypatch, capsys):
    def refuse():
        raise FileNotFoundError("No usable temporary directory")

    monkeypatch.setattr(check.tempfile, "mkdtemp", refuse)
    assert main() == 1
    assert "TMPDIR" in capsys.readouterr().out


def test_an_old_python(monkeypatch, capsys):
    monkeypatch.setattr(check, "OLDEST_PYTHON", (3, 99))
    line = wrong_with("python", capsys)
    assert line.startswith(f"this is Python {sys.version_info[0]}.")
    assert line.endswith("install Python 3.99 or newer, and make PYTHON=python3.99.")


def test_a_package_that_is_too_old(monkeypatch, capsys):
    real = importlib.metadata.version
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.1" if name == "numba" else real(name))
    assert wrong_with("packages", capsys) == f"numba is 0.1, needed is >=0.61; {INSTALL_AGAIN}."


@pytest.mark.parametrize("name", ["tqdm", "ipywidgets"])
def test_a_package_that_is_missing(monkeypatch, capsys, name):
    real = importlib.metadata.version

    def version(asked):
        if asked == name:
            raise importlib.metadata.PackageNotFoundError(asked)
        return real(asked)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert wrong_with("packages", capsys) == f"{name} is missing; {INSTALL_AGAIN}."


def test_packages_that_only_developers_need_may_be_missing(monkeypatch, tmp_path):
    real, asked = importlib.metadata.version, []
    monkeypatch.setattr(importlib.metadata, "version", lambda name: asked.append(name) or real(name))
    check.check_packages(tmp_path)
    assert {"torch", "highway-env", "jupyterlab"} <= set(asked)
    assert {"pytest", "stable-baselines3"}.isdisjoint(asked)


def test_a_course_that_is_not_installed(monkeypatch, capsys):
    monkeypatch.setattr(check, "PROJECT", "no-such-course")
    line = wrong_with("packages", capsys)
    assert line.startswith("no-such-course is not installed here")
    assert line.endswith(f"; {INSTALL_AGAIN}.")


def test_a_library_that_cannot_be_loaded(monkeypatch, capsys):
    real = importlib.import_module

    def broken(name):
        if name == "imageio_ffmpeg":
            raise OSError("DLL load failed")
        return real(name)

    monkeypatch.setattr(importlib, "import_module", broken)
    expected = f"imageio_ffmpeg cannot be imported (OSError: DLL load failed); {INSTALL_AGAIN}."
    assert wrong_with("packages", capsys) == expected


def test_a_folder_that_cannot_be_written(tmp_path):
    with pytest.raises(check.Problem, match=r"cannot write in .*nowhere .*; work in a folder of your own"):
        check.check_disk(tmp_path / "nowhere")


def test_a_full_disk(monkeypatch, capsys):
    monkeypatch.setattr(check, "FREE_GIGABYTES", 10**9)
    line = wrong_with("disk", capsys)
    assert line.startswith("only ")
    assert line.endswith("; make room for at least 1000000000 GB.")


@pytest.mark.parametrize("kind", ["grayscale", "kinematics"])
def test_a_simulator_that_shows_something_else(monkeypatch, capsys, kind):
    real = ppo_lib.envs.make_vector_env

    def other_pay(env_id, num_envs, backend, config):
        twisted = backend == "fast" and (config["observation"]["type"] == "Kinematics") == (kind == "kinematics")
        return real(env_id, num_envs, backend, config | ({"collision_reward": -1.5} if twisted else {}))

    monkeypatch.setattr(ppo_lib.envs, "make_vector_env", other_pay)
    line = wrong_with("simulator", capsys)
    assert line.startswith(f"the fast simulator and highway-env differ ({kind}); ")
    assert line.endswith("train with --backend async.")


def test_a_training_that_ends_early(monkeypatch, capsys):
    monkeypatch.setattr(PPO, "learn", lambda ppo, *_, **__: ppo)
    assert wrong_with("training", capsys) == "the training ended after 0 of 2048 steps; run this check again."


def test_a_training_that_gives_no_numbers(monkeypatch, tmp_path):
    def learn(ppo, steps, **_):
        ppo.env_steps = steps
        torch.nn.init.constant_(ppo.critic.head.bias, math.nan)

    monkeypatch.setattr(PPO, "learn", learn)
    with pytest.raises(check.Problem, match="weights that are no numbers"):
        check.check_training(tmp_path)


def test_a_checkpoint_that_is_not_there(capsys):
    assert "run" in wrong_with("driving", capsys)  # in the words of PPO.load


def test_a_driver_that_does_not_drive_the_same_again(monkeypatch, capsys):
    drives = iter([[3, 4], [3, 5]])
    monkeypatch.setattr(PPO, "load", lambda folder, envs: SimpleNamespace(actor=torch.nn.Linear(1, 1)))
    monkeypatch.setattr(
        ppo_lib.evaluation, "evaluate_policy", lambda *_, **__: SimpleNamespace(lengths=np.array(next(drives)))
    )
    line = wrong_with("driving", capsys)
    assert line == f"the same driver drove [3, 4] and then [3, 5] steps; {INSTALL_AGAIN}."


def test_a_black_film(monkeypatch, capsys):
    monkeypatch.setattr(ppo_lib.recording, "film", lambda *_: ([np.zeros((40, 60, 3))], 1.0, {}))
    assert wrong_with("film", capsys) == "every picture of the road is one plain colour; unset SDL_VIDEODRIVER."


def test_the_driver_that_paints_all_black_is_refused_in_the_words_of_the_environments(monkeypatch, capsys):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    assert "unset it or use SDL_VIDEODRIVER=offscreen" in wrong_with("film", capsys)


def test_an_empty_film(monkeypatch, capsys):
    monkeypatch.setattr(ppo_lib.recording, "record_drive", lambda *_, out: out.touch())
    assert wrong_with("film", capsys) == f"the film is empty; {INSTALL_AGAIN}."


def test_jupyter_that_does_not_start(monkeypatch, capsys):
    failed = SimpleNamespace(
        returncode=1, stdout="", stderr="Traceback ...\nModuleNotFoundError: No module named 'x'\n"
    )
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    expected = f"jupyter lab does not start (ModuleNotFoundError: No module named 'x'); {INSTALL_AGAIN}."
    assert wrong_with("notebooks", capsys) == expected


def test_a_kernel_of_another_python(monkeypatch, capsys):
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=0, stdout="4.0"))
    monkeypatch.setattr(check.sys, "prefix", "/elsewhere")
    line = wrong_with("notebooks", capsys)
    assert "instead of /elsewhere; take that kernel away: `jupyter kernelspec remove python3`." in line
