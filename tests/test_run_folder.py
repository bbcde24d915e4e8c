import json
import subprocess
import sys

import numpy as np
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ppo_lib.errors import UsageError
from ppo_lib.run_folder import RunFolder, read_log


def test_rows_come_back_as_columns(tmp_path):
    folder = RunFolder(tmp_path)
    folder.log({"env_steps": 10, "return": 1.5})
    folder.log({"env_steps": 20, "return": float("nan")})
    folder.close()
    log = read_log(tmp_path)
    np.testing.assert_array_equal(log["env_steps"], [10, 20])
    np.testing.assert_array_equal(log["return"], [1.5, np.nan])


def test_a_resumed_run_drops_what_was_logged_after_its_checkpoint(tmp_path):
    folder = RunFolder(tmp_path)
    for steps in (10, 20, 30):
        folder.log({"env_steps": steps, "return": steps / 3})
    folder.close()
    before = (tmp_path / "progress.csv").read_text().splitlines()
    folder = RunFolder(tmp_path, env_steps=20, goes_on=True)
    folder.log({"env_steps": 30, "return": 7.0})
    folder.close()
    after = (tmp_path / "progress.csv").read_text().splitlines()
    assert after == [*before[:3], "30,7.0"]


def test_a_line_cut_short_by_a_kill_is_left_out(tmp_path):
    (tmp_path / "progress.csv").write_text("env_steps,return\n10,1.5\n20,2")
    assert read_log(tmp_path)["env_steps"].tolist() == [10]


def test_no_log_yet(tmp_path):
    assert read_log(tmp_path) == {}


def test_a_log_without_a_checkpoint_is_a_run_too_and_is_not_lost(tmp_path):
    log = "env_steps,return\n10,1.5\n"
    (tmp_path / "progress.csv").write_text(log)
    with pytest.raises(UsageError, match=r"holds a run already\. Choose another folder"):
        RunFolder(tmp_path)
    assert (tmp_path / "progress.csv").read_text() == log
    RunFolder(tmp_path, overwrite=True).close()
    assert (tmp_path / "progress.csv").read_text() == ""


def test_an_empty_folder_of_a_step_is_no_run(tmp_path):
    (tmp_path / "step_0000000100").mkdir()
    RunFolder(tmp_path).close()


def test_one_training_at_a_time_and_a_killed_one_leaves_no_lock(tmp_path):
    code = "import sys, time\nfrom ppo_lib.run_folder import RunFolder\n"
    code += "folder = RunFolder(sys.argv[1])\nprint('locked', flush=True)\ntime.sleep(60)\n"
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "locked\n"
    with pytest.raises(UsageError, match="another training is running in"):
        RunFolder(tmp_path)
    other.kill()
    other.communicate()
    RunFolder(tmp_path).close()
    RunFolder(tmp_path).close()


def test_it_says_how_the_run_stands(tmp_path):
    folder = RunFolder(tmp_path, env_steps=0)
    assert json.loads((tmp_path / "status.json").read_text()) == {"status": "running", "env_steps": 0}
    folder.say("finished", 20)
    folder.close()
    assert json.loads((tmp_path / "status.json").read_text()) == {"status": "finished", "env_steps": 20}


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="cannot write to the folder"):
        RunFolder(tmp_path / "file")


def test_tensorboard_gets_every_number(tmp_path):
    folder = RunFolder(tmp_path, tensorboard=True)
    folder.log({"env_steps": 10, "return": 1.5})
    folder.close()
    board = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    (event,) = board.Scalars("return")
    assert (event.step, event.value) == (10, 1.5)
