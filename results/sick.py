"""Six sick runs of PPO and a healthy one, for chapter 6: each has one thing wrong. Six minutes on one core.

The driver sees the table of vehicles. Every update of a run is a row of sick.csv, of the same runs with another seed a
row of sick_again.csv. The files know the sick runs by a letter only; which letter is what stands in RUNS below.
"""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import tyro
from experiments import ENV_ID, FOLDER
from gymnasium.vector import VectorWrapper

from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.ppo import PPO
from ppo_lib.training import INTERRUPTED

NUM_ENVS = 32
TOTAL_STEPS = 151_552  # 74 rollouts of 64 steps on 32 roads
FILES = {0: "sick.csv", 1: "sick_again.csv"}  # {seed: where its runs go}
HEALTHY = {"gamma": 0.9, "final_gamma": None}  # a constant horizon, so that value losses can be compared
COLUMNS = (
    *("run", "env_steps", "return", "crash_rate", "mean_speed", "explained_variance", "entropy", "approximate_kl"),
    *("clip_fraction", "policy_loss", "value_loss", "learning_rate"),
)


class EntropyPunished(PPO):
    """The entropy bonus has the wrong sign: to be undecided costs."""

    def anneal(self, progress):
        """As PPO's, the sign turned."""
        super().anneal(progress)
        self.entropy_coef = -self.entropy_coef


class CriticForgotten(PPO):
    """The optimiser never moves the critic."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.critic.requires_grad_(False)


class CrashesForgotten(VectorWrapper):
    """Says of every end that only time was up: the drive goes on after a crash, as far as the learner knows."""

    def step(self, actions):
        """Step, termination turned into truncation."""
        obs, rewards, terminated, truncated, infos = self.env.step(actions)
        return obs, rewards, terminated & False, terminated | truncated, infos


class RoadsMixedUp(VectorWrapper):
    """Every step shows each driver the road of another one, drawn anew."""

    def __init__(self, envs):
        super().__init__(envs)
        self.rng = np.random.default_rng(0)

    def reset(self, *, seed=None, options=None):
        """Reset, the observations dealt out anew."""
        obs, infos = self.env.reset(seed=seed, options=options)
        return self.rng.permutation(obs), infos

    def step(self, actions):
        """Step, the observations dealt out anew."""
        obs, *outcome = self.env.step(actions)
        return self.rng.permutation(obs), *outcome


@dataclass
class Run:
    """What is wrong with a run.

    Attributes:
        illness: in a few words.
        ppo: the fields of PPOConfig that differ from HEALTHY.
        learner, wrapper: what stands in for PPO, and around the vector environment.
    """

    illness: str
    ppo: dict = field(default_factory=dict)
    learner: type[PPO] = PPO
    wrapper: callable = lambda envs: envs

    def train(self, seed, updates=None) -> list[dict[str, float]]:
        """The diagnostics of every update, or of the first so many."""
        envs = self.wrapper(make_vector_env(ENV_ID, NUM_ENVS, "fast", highway_config("kinematics")))
        log = []

        def keep(_, diagnostics):
            log.append(diagnostics)
            return len(log) != updates

        learner = self.learner(envs, PPOConfig(**HEALTHY | {"seed": seed} | self.ppo))
        learner.learn(TOTAL_STEPS, keep, progress=False)
        envs.close()
        if learner.stop_reason == INTERRUPTED:
            raise KeyboardInterrupt  # half a run is no result
        return log


RUNS = {
    "healthy": Run("none"),
    "A": Run("clip too wide", {"clip_eps": 10.0, "num_epochs": 10}),
    "B": Run("observation broken", wrapper=RoadsMixedUp),
    "C": Run("entropy collapsed", {"entropy_coef": 0.5}, learner=EntropyPunished),
    "D": Run("ends confused", wrapper=CrashesForgotten),
    "E": Run("learning rate too large", {"learning_rate": 0.02}),
    "F": Run("dead critic", learner=CriticForgotten),
}


def rows(name, log):
    """The rows of a run in the file."""
    for update in log:
        yield [name, update["env_steps"], *(f"{update[column]:.4g}" for column in COLUMNS[2:])]


def read_runs(path) -> dict[str, dict[str, np.ndarray]]:
    """{run: {column: (U,) numbers, one per update}} of a file, the healthy run first."""
    runs = {}
    with Path(path).open(newline="") as file:
        for row in csv.DictReader(file):
            columns = runs.setdefault(row.pop("run"), {column: [] for column in row})
            for column, number in row.items():
                columns[column].append(float(number))
    return {name: {column: np.array(numbers) for column, numbers in run.items()} for name, run in runs.items()}


def middle(run) -> dict[str, float]:
    """What a run's columns say in its middle third, in the mean; NaN where no episode ended left out."""
    third = len(run["env_steps"]) // 3
    return {column: np.nanmean(numbers[third:-third]) for column, numbers in run.items()}


def format_sick(runs) -> str:
    """A line for each run: what its columns say in the middle third."""
    lines = [f"{'':<9}{'return':>7}{'crashes':>9}{'m/s':>6}{'expl. var.':>12}{'entropy':>9}{'KL':>8}{'clipped':>9}"]
    lines[0] += f"{'value loss':>12}"
    for name, run in runs.items():
        m = middle(run)
        lines.append(
            f"{name:<9}{m['return']:>7.1f}{m['crash_rate']:>9.0%}{m['mean_speed']:>6.1f}"
            f"{m['explained_variance']:>12.2f}{m['entropy']:>9.2f}{m['approximate_kl']:>8.3f}"
            f"{m['clip_fraction']:>9.1%}{m['value_loss']:>12.2f}"
        )
    return "\n".join(lines)


@dataclass
class Sick:
    """Train every run with each seed, write its file anew, and print what the middle of the runs says."""

    seeds: tuple[Literal[0, 1], ...] = (0, 1)

    def run(self):
        """Train, and write."""
        for seed in self.seeds:
            path = FOLDER / FILES[seed]
            table = [row for name, run in RUNS.items() for row in rows(name, run.train(seed))]
            with path.open("w", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([COLUMNS, *table])
            print(f"{path.name}\n{format_sick(read_runs(path))}\n")


if __name__ == "__main__":
    tyro.cli(Sick).run()
