"""Trainings that a cell of a notebook can stop, and go on with when it is run again."""

from collections.abc import Mapping
from pathlib import Path

from ppo_lib.checkpoint import load_checkpoint
from ppo_lib.errors import UsageError
from ppo_lib.ppo import PPO
from ppo_lib.training import INTERRUPTED


class Stopped(Exception):
    """A training was stopped and is saved. It ends the cell, and with it "Run All"; a notebook shows one line."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in the place of a traceback."""
        return [f"■ {self}"]


def train(out, config, envs, total_steps, callback=None, until=None) -> PPO:
    """PPO.learn in the folder `out`, to be called again after a stop.

    What a stop or a kill has left of the same training in `out` is gone on with, exactly, and so is its log. Where
    there is none, or it was finished, the training begins anew: the folder's log and checkpoints are deleted.

    Args:
        out, envs, total_steps, callback: as for PPO.learn.
        config: of the learner.
        until: end this call after so many environment steps; the schedules end at total_steps all the same.

    Returns the learner. Raises Stopped where somebody stops it, which says where it is saved.
    """
    return train_all({out: config}, envs, total_steps, callback, until)[0]


def train_all(configs: Mapping, envs, total_steps, callback=None, until=None) -> list[PPO]:
    """One training after another, {folder: settings}, as `train` does. A stop ends all of them.

    Run again it leaves out what is finished, goes on with the one that was stopped, and begins the others. Where all
    are finished, all begin anew.
    """
    until = until or total_steps
    ends = {out: min(until, _last_step(config, envs, total_steps)) for out, config in configs.items()}
    stand = {out: _stands_at(out, config, envs, total_steps) for out, config in configs.items()}
    if all(stand[out] >= ends[out] for out in configs):
        stand = dict.fromkeys(configs, 0)

    def watch(ppo, diagnostics):
        told = None if callback is None else callback(ppo, diagnostics)
        return told is not False and ppo.env_steps < until

    learners = []
    for out, config in configs.items():
        ppo = PPO.load(out, envs) if stand[out] else PPO(envs, config)
        if stand[out]:
            print(f"Going on from step {stand[out]:,}, saved in {Path(out).as_posix()}.")
        if ppo.env_steps < ends[out]:
            ppo.learn(total_steps, watch, out, overwrite=not stand[out], progress=False)
        if ppo.stop_reason == INTERRUPTED:
            where = f"step {ppo.env_steps:,} of {total_steps:,} in {Path(out).as_posix()}"
            raise Stopped(f"Saved at {where}; run this cell again to go on.")
        learners.append(ppo)
    return learners


def _last_step(config, envs, total_steps):
    """The step at which a training is finished: no further rollout fits."""
    batch_size = config.batch_size(envs.num_envs)
    return total_steps // batch_size * batch_size


def _stands_at(out, config, envs, total_steps) -> int:
    """The step at which a training with these settings stands in `out`; 0 where there is none that can go on."""
    try:
        saved = load_checkpoint(out)
    except UsageError:  # none, or one of another version: nothing to go on with
        return 0
    same = saved.config == config and saved.env_spec == envs.env_spec and saved.total_steps == total_steps
    return saved.env_steps if same else 0
