"""How soon training beats the lazy driver, always SLOWER, from images: the search behind the default settings.

A driver has beaten it when its return on 100 roads is half a point higher than the lazy driver's on the same, at two
judgements in a row, one after every 2,048 steps; the first of the two counts. Seconds are those of training alone. Ten
minutes on two cores, which should have nothing else to do.
"""

from dataclasses import dataclass
from itertools import pairwise
from math import inf, nan
from statistics import median

import tyro
from experiments import (
    ENV_ID,
    FOLDER,
    JUDGED_EPISODES,
    JUDGED_SEED,
    Judge,
    append_rows,
    finished_runs,
    read_rows,
)
from tqdm.auto import tqdm

from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.evaluation import agent_policy, constant_policy, evaluate_policy, meta_actions
from ppo_lib.ppo import PPO
from ppo_lib.training import INTERRUPTED

TOTAL_STEPS = 100_000  # what the schedules end at: the default of `train`
GIVEN_UP_AT = 81_920
JUDGED_EVERY = 2_048
MARGIN = 0.5  # a driver that brakes but once too little is no better
# name: (environments, fields of PPOConfig)
SETTINGS = {
    "default": (32, {}),
    "8 minibatches": (32, {"num_minibatches": 8}),
    "32 minibatches": (32, {"num_minibatches": 32}),
    "2 epochs": (32, {"num_epochs": 2}),
    "2 epochs, 8 minibatches": (32, {"num_epochs": 2, "num_minibatches": 8}),
    "2 epochs, rate 0.002": (32, {"num_epochs": 2, "learning_rate": 2e-3}),
    "rate 0.002": (32, {"learning_rate": 2e-3}),
    "rate 0.002, 8 minibatches": (32, {"learning_rate": 2e-3, "num_minibatches": 8}),
    "rate 0.0005": (32, {"learning_rate": 5e-4}),
    "rate 0.0005, 8 minibatches": (32, {"learning_rate": 5e-4, "num_minibatches": 8}),
    "32 steps, 8 minibatches": (32, {"num_steps": 32, "num_minibatches": 8}),
    "32 steps, 4 minibatches": (32, {"num_steps": 32, "num_minibatches": 4}),
    "64 environments, 32 steps": (64, {"num_steps": 32}),
    "64 environments, 32 steps, 8 minibatches": (64, {"num_steps": 32, "num_minibatches": 8}),
    "constant γ = 0.8": (32, {"final_gamma": None}),
    "constant γ = 0.9": (32, {"gamma": 0.9, "final_gamma": None}),
    "constant γ = 0.95": (32, {"gamma": 0.95, "final_gamma": None}),
    "constant γ = 0.8, 8 minibatches": (32, {"final_gamma": None, "num_minibatches": 8}),
}


def lazy_return() -> float:
    """What the lazy driver earns on the roads judged by."""
    slower = meta_actions(ENV_ID, highway_config()).index("SLOWER")
    envs = make_vector_env(ENV_ID, JUDGED_EPISODES, "fast", highway_config())
    return evaluate_policy(constant_policy(slower), envs, JUDGED_EPISODES, JUDGED_SEED).summary()["return_mean"]


def train_until(num_envs, fields, seed, target):
    """Judge.rows of a training that ends when the return was `target` at two judgements in a row, or is given up."""
    judge = Judge(highway_config(), GIVEN_UP_AT, GIVEN_UP_AT // JUDGED_EVERY)
    envs = make_vector_env(ENV_ID, num_envs, "fast", highway_config())
    ppo = PPO(envs, PPOConfig(seed=seed, **fields))

    def done():
        reached = [summary["return_mean"] >= target for _, _, summary in judge.rows]
        beaten = len(reached) > 1 and all(reached[-2:])
        return beaten or ppo.env_steps >= GIVEN_UP_AT

    def callback(ppo, _):
        judge(ppo.env_steps, agent_policy(ppo.actor))
        return not done()

    ppo.learn(TOTAL_STEPS, callback, progress=False)
    if ppo.stop_reason == INTERRUPTED:
        raise KeyboardInterrupt  # as in Variant.run
    return judge.rows


def first_of_two(rows, target):
    """The first of two successive rows at `target`, or None."""
    return next((a for a, b in pairwise(rows) if min(float(a["return"]), float(b["return"])) >= target), None)


def format_competence(rows, target) -> str:
    """A line per setting, the soonest first: medians over its seeds, a seed that never did being later than all."""
    lines = {}
    for name in dict.fromkeys(row["variant"] for row in rows):
        own = [row for row in rows if row["variant"] == name]
        seeds = dict.fromkeys(row["seed"] for row in own)
        won = [first_of_two([row for row in own if row["seed"] == seed], target) for seed in seeds]
        steps = median(int(row["env_steps"]) if row else inf for row in won)
        seconds = median(float(row["seconds"]) if row else inf for row in won)
        crashes = median([float(row["crash_rate"]) for row in won if row] or [nan])
        did = f"{sum(row is not None for row in won)} of {len(seeds)}"
        line = f"{name:<40} {steps:>7,.0f} {seconds:>8.1f} {crashes:>13.0%} {did:>7}"
        lines[line] = steps, seconds
    header = f"{'to beat the lazy driver, median':<40} {'steps':>7} {'seconds':>8} {'crashes then':>13} {'seeds':>7}"
    return "\n".join([header, *sorted(lines, key=lines.get)])


@dataclass
class Competence:
    """Run what is not yet in the file, and report."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    only: tuple[str, ...] = tuple(SETTINGS)  # names of settings
    file: str = "competence.csv"  # in this folder

    def run(self):
        """Train, write, print."""
        target = lazy_return() + MARGIN
        path = FOLDER / self.file
        done = finished_runs(path)
        tasks = [(name, seed) for seed in self.seeds for name in self.only if (name, seed) not in done]
        for name, seed in tqdm(tasks, unit="run", dynamic_ncols=True):
            append_rows(path, name, seed, train_until(*SETTINGS[name], seed, target))
        print(format_competence(read_rows(path), target))


if __name__ == "__main__":
    tyro.cli(Competence).run()
