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
    folder = RunFolder(tmp_path, env_steps=20)
    folder.log({"env_steps": 30, "return": 7.0})
    folder.close()
    after = (tmp_path / "progress.csv").read_text().splitlines()
    assert after == [*before[:3], "30,7.0"]


def test_a_line_cut_short_by_a_kill_is_left_out(tmp_path):
    (tmp_path / "progress.csv").write_text("env_steps,return\n10,1.5\n20,2")
    assert read_log(tmp_path)["env_steps"].tolist() == [10]


def test_no_log_yet(tmp_path):
    assert read_log(tmp_path) == {}


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
