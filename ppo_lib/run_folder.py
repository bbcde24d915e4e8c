"""The folder of one training run: its lock, its log and its checkpoints."""

import csv
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from ppo_lib.checkpoint import checkpoint_path, checkpoints_in
from ppo_lib.errors import UsageError

LOG_FILE, STATUS_FILE, LOCK_FILE, BOARD_FOLDER = "progress.csv", "status.json", ".lock", "tensorboard"


class RunFolder:
    """Writes progress.csv (and TensorBoard's files where asked for), and keeps the newest checkpoints.

    The folder belongs to one training at a time: the system holds a lock on it for as long as the process lives.

    Args:
        path: the folder, created where it is missing.
        env_steps: where the run stands; what is there of it beyond that, checkpoints or rows of the log, is dropped.
        tensorboard: also write TensorBoard event files beside the log.
        goes_on: whether the training goes on with the run in the folder.
        overwrite: delete the run in the folder.

    Raises UsageError where the folder holds a run, belongs to another training at this moment, or cannot be written,
    and where TensorBoard is asked for and not installed.
    """

    def __init__(self, path, env_steps=0, tensorboard=False, *, goes_on=False, overwrite=False):
        self.path = Path(path)
        self._file = self._board = None
        self._lock = FileLock(self.path / LOCK_FILE)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(blocking=False)
            if not goes_on:
                self._make_room(overwrite)
            self._drop_what_comes_after(env_steps)
            self._file = open(self.path / LOG_FILE, "a", newline="")  # noqa: SIM115  (closed by close)
            self._board = _open_tensorboard(self.path, env_steps) if tensorboard else None
            self.say("running", env_steps)
        except Timeout:
            raise UsageError(f"another training is running in {path}; wait for it, or choose another folder") from None
        except OSError as error:
            self.close()
            raise UsageError(f"cannot write to the folder {path}: {error.strerror}; choose another one") from None
        except UsageError:
            self.close()
            raise

    def log(self, row: dict) -> None:
        """Append one row of numbers; every row has the same names, `env_steps` among them."""
        writer = csv.DictWriter(self._file, list(row))
        if self._file.tell() == 0:
            writer.writeheader()
        writer.writerow(row)
        self._file.flush()
        if self._board:
            for name, value in row.items():
                self._board.add_scalar(name, value, row["env_steps"])

    def save(self, ppo) -> Path:
        """Save a checkpoint of the learner, if there is none of this step, and delete the oldest ones beyond
        config.checkpoints_kept."""
        path = checkpoint_path(self.path, ppo.env_steps)
        if path not in checkpoints_in(self.path):
            ppo.save(path)
        for old in checkpoints_in(self.path)[: -ppo.config.checkpoints_kept]:
            try:
                shutil.rmtree(old)
            except OSError as error:  # a folder too many is no reason to end a training
                print(f"could not delete the old checkpoint {old} ({error.strerror})", file=sys.stderr)
        return path

    def say(self, status: str, env_steps: int) -> None:
        """Write down how the run stands: status.json."""
        (self.path / STATUS_FILE).write_text(json.dumps({"status": status, "env_steps": env_steps}) + "\n")

    def close(self) -> None:
        """Close the files and give the folder back."""
        if self._file:
            self._file.close()
        if self._board:
            self._board.close()
        self._lock.release()

    def _make_room(self, overwrite):
        checkpoints = checkpoints_in(self.path)
        if not checkpoints and not _rows(self.path):
            return
        if not overwrite:
            reached = f"; it stands at step {int(checkpoints[-1].name[5:]):,}" if checkpoints else ""
            raise UsageError(
                f"{self.path} holds a run already{reached}. Choose another folder, go on with the run (PPO.load, "
                "train --resume), or let it be deleted (overwrite=True, train --overwrite)"
            )
        for path in (*checkpoints, self.path / BOARD_FOLDER):
            shutil.rmtree(path, ignore_errors=True)
        (self.path / LOG_FILE).unlink(missing_ok=True)

    def _drop_what_comes_after(self, env_steps):
        newer = [path for path in checkpoints_in(self.path) if int(path.name[5:]) > env_steps]
        if newer:
            names = ", ".join(path.name for path in newer)
            print(f"going on from step {env_steps:,}: what came after it is dropped ({names})", file=sys.stderr)
        for path in newer:
            shutil.rmtree(path)
        kept = [row for row in _rows(self.path) if float(row["env_steps"]) <= env_steps]
        shorter = self.path / f"{LOG_FILE}.new"
        with open(shorter, "w", newline="") as file:
            if kept:
                writer = csv.DictWriter(file, list(kept[0]))
                writer.writeheader()
                writer.writerows(kept)
        os.replace(shorter, self.path / LOG_FILE)


def read_log(path) -> dict[str, np.ndarray]:
    """The columns of a run's progress.csv, an array each; {} where there is none yet."""
    rows = _rows(Path(path))
    return {name: np.array([float(row[name]) for row in rows]) for name in (rows[0] if rows else ())}


def _rows(path) -> list[dict[str, str]]:
    """The rows of the log as they stand there; a last line that a kill cut short is left out."""
    file = path / LOG_FILE
    if not file.exists():
        return []
    lines = file.read_text().splitlines(keepends=True)
    return list(csv.DictReader(line for line in lines if line.endswith("\n")))


def _open_tensorboard(path, env_steps):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UsageError("TensorBoard is not installed; pip install tensorboard, or leave it out") from None
    return SummaryWriter(path / BOARD_FOLDER, purge_step=env_steps)
