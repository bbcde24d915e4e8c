"""The training loop: rollout and update by turns, with schedules, progress bar, log, checkpoints and a way to stop."""

import sys
from contextlib import ExitStack
from time import perf_counter

import numpy as np
from gymnasium.spaces import Box
from tqdm.auto import tqdm

from ppo_lib.errors import UsageError
from ppo_lib.interrupt import stop_on_request
from ppo_lib.run_folder import RunFolder

FINISHED, INTERRUPTED = "finished", "stopped by Ctrl-C"


class Training:
    """One call of PPO.learn: takes a learner from where it stands to `total_steps`.

    Whatever ends it, the files are closed, `ppo.stop_reason` and the folder's status.json say why, and the learner is
    saved, unless it broke off in the midst of a rollout or an update: then the last checkpoint stays the newest.

    Args:
        ppo: the learner.
        total_steps: the maximum number of environment steps in all.
        callback, out, overwrite, progress, tensorboard: as for PPO.learn.
    """

    def __init__(self, ppo, total_steps, callback, out, overwrite, progress, tensorboard):
        self.ppo, self.total_steps, self.callback = ppo, total_steps, callback
        self.batch_size = ppo.config.batch_size(ppo.collector.num_envs)
        if ppo.env_steps + self.batch_size > total_steps:
            raise UsageError(
                f"total_steps {total_steps} leaves no room for a rollout of {self.batch_size} steps after the "
                f"{ppo.env_steps} taken so far; ask for at least {ppo.env_steps + self.batch_size}"
            )
        self.progress = progress
        self.folder = None
        if out is not None:
            goes_on = ppo.run_folder is not None and ppo.run_folder.resolve() == type(ppo.run_folder)(out).resolve()
            self.folder = RunFolder(out, ppo.env_steps, tensorboard, goes_on=goes_on, overwrite=overwrite)
            ppo.run_folder = self.folder.path
        ppo.total_steps = total_steps
        self.saved_at = None
        self.whole = True  # do networks, environments and counters belong to one moment?

    def run(self) -> None:
        """Train."""
        reason = None
        with ExitStack() as stack:
            if self.folder:
                stack.callback(self.folder.close)
            stop_requested = stack.enter_context(stop_on_request())
            bar = stack.enter_context(self._progress_bar())
            try:
                self._save()  # so that a run killed before its first checkpoint can be resumed
                while reason is None:
                    reason = self._turn(bar, stop_requested)
            finally:
                self._conclude(reason or _describe(sys.exception()))
        if stop_requested():
            print(self._where_it_stands(), file=sys.stderr)

    def _progress_bar(self):
        done, hidden = self.ppo.env_steps, not self.progress
        return tqdm(total=self.total_steps, initial=done, unit="step", disable=hidden, dynamic_ncols=True)

    def _turn(self, bar, stop_requested) -> str | None:
        """One rollout and one update; why to stop after it, or None."""
        ppo = self.ppo
        ppo.anneal(ppo.env_steps / self.total_steps)
        self.whole = False
        diagnostics = iterate(ppo)
        self.whole = True
        bar.update(self.batch_size)
        bar.set_postfix_str(_summary(diagnostics))
        if self.folder:
            self.folder.log(diagnostics)
        # Before the checkpoint, which then holds what the callback did to the environments.
        stopped_by_callback = self.callback is not None and self.callback(ppo, diagnostics) is False
        if self.folder and ppo.env_steps - self.saved_at >= ppo.config.save_interval:
            self._save()
        if ppo.env_steps + self.batch_size > self.total_steps:
            return FINISHED
        if stopped_by_callback:
            return "stopped by the callback"
        return INTERRUPTED if stop_requested() else None

    def _save(self):
        if self.folder and self.saved_at != self.ppo.env_steps:
            self.saved_at = self.ppo.env_steps  # also where it fails: the same would fail again
            self.folder.save(self.ppo)

    def _conclude(self, reason):
        self.ppo.stop_reason = reason
        if self.whole:
            self._save()
        if self.folder:
            self.folder.say(reason, self.ppo.env_steps)

    def _where_it_stands(self):
        reason = self.ppo.stop_reason
        stands = f"{reason[0].upper()}{reason[1:]} at step {self.ppo.env_steps:,} of {self.total_steps:,}"
        if not self.folder:
            return f"{stands}; nothing is saved, because learn was given no folder."
        return f"{stands}; saved in {self.folder.path}, from where PPO.load goes on."


def iterate(ppo) -> dict[str, float]:
    """One rollout and one update; everything there is to know about them."""
    started = perf_counter()
    rollout = ppo.rollout()
    collected = perf_counter()
    measures = ppo.update(rollout)
    seconds = rollout.seconds | {"learn": perf_counter() - collected}
    episodes = rollout.episodes
    steers = isinstance(ppo.collector.single_action_space, Box)  # meta-actions keep to the lanes
    return {
        "env_steps": ppo.env_steps,
        "episodes": len(episodes.get("return", ())),
        "return": _mean(episodes.get("return")),
        "length": _mean(episodes.get("length")),
        "crash_rate": _mean(episodes.get("crashed")),
        "mean_speed": _mean(episodes.get("speed")),
        **({"off_road": _mean(episodes.get("off_road"))} if steers else {}),
        **measures,
        "learning_rate": ppo.optimizer.param_groups[0]["lr"],
        "gamma": ppo.gamma,
        "entropy_coef": ppo.entropy_coef,
        "steps_per_second": rollout.rewards.numel() / (perf_counter() - started),
        **{f"seconds_{name}": spent for name, spent in seconds.items()},
    }


def _describe(error) -> str:
    return f"broken off by {type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")


def _mean(values):
    """The mean of some episodes' statistic; NaN where no episode ended."""
    return float(np.mean(values)) if values is not None else float("nan")


def _summary(diagnostics) -> str:
    """The few numbers that a progress bar has room for; only those that there are."""
    shown = {"return": "return {:.1f}", "crash_rate": "crashes {:.0%}", "mean_speed": "speed {:.1f} m/s"}
    shown |= {"off_road": "off road {:.0%}"}
    known = {name: diagnostics[name] for name in shown if not np.isnan(diagnostics.get(name, np.nan))}
    return ", ".join(shown[name].format(value) for name, value in known.items())
