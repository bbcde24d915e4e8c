"""The folder of one training run: its log and its checkpoints."""

import csv
import os
import shutil
from pathlib import Path

import numpy as np

from ppo_lib.checkpoint import checkpoint_path, checkpoints_in
from ppo_lib.errors import UsageError

LOG_FILE = "progress.csv"


class RunFolder:
    """Writes progress.csv (and TensorBoard's files where asked for), and keeps the newest checkpoints.

    Args:
        path: the folder, created where it is missing.
        env_steps: where the run stands; what an earlier, interrupted run logged beyond that is dropped.
        tensorboard: also write TensorBoard event files beside the log.

    Raises UsageError where the folder cannot be written, or TensorBoard is asked for and not installed.
    """

    def __init__(self, path, env_steps=0, tensorboard=False):
        self.path = Path(path)
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._drop_rows_after(env_steps)
            self._file = open(self.path / LOG_FILE, "a", newline="")  # noqa: SIM115  (closed by close)
        except OSError as error:
            raise UsageError(f"cannot write to the folder {path}: {error.strerror}; choose another one") from None
        self._board = _open_tensorboard(self.path, env_steps) if tensorboard else None

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
        """Save a checkpoint of the learner and delete the oldest ones beyond config.checkpoints_kept."""
        path = checkpoint_path(self.path, ppo.env_steps)
        ppo.save(path)
        for old in checkpoints_in(self.path)[: -ppo.config.checkpoints_kept]:
            shutil.rmtree(old)
        return path

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        if self._board:
            self._board.close()

    def _drop_rows_after(self, env_steps):
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
    return SummaryWriter(path / "tensorboard", purge_step=env_steps)
