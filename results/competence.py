"""How soon training beats the lazy driver, always SLOWER, from images: the search behind the default settings.

A driver has beaten it when its return on 100 roads is higher than the lazy driver's on the same, with at most 5 %
crashes, at two judgements in a row. Seconds are those of training alone. About a quarter of an hour on one core.
"""

import csv
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import torch
import tyro
from experiments import ENV_ID, FOLDER, JUDGED_EPISODES, JUDGED_SEED, Judge
from tqdm.auto import tqdm

from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.evaluation import agent_policy, constant_policy, evaluate_policy, meta_actions
from ppo_lib.ppo import PPO

TOTAL_STEPS = 160_000
JUDGEMENTS = 40
FILE = FOLDER / "competence.csv"
COLUMNS = ("settings", "seed", "env_steps", "seconds")
# name: (environments, fields of PPOConfig)
SETTINGS = {
    "32 x 64, 8 minibatches, 4 epochs": (32, {}),
    "32 x 64, 16 minibatches, 4 epochs": (32, {"num_minibatches": 16}),
    "32 x 64, 16 minibatches, 2 epochs": (32, {"num_minibatches": 16, "num_epochs": 2}),
    "32 x 32, 8 minibatches, 4 epochs": (32, {"num_steps": 32, "num_minibatches": 8}),
    "64 x 32, 16 minibatches, 3 epochs": (64, {"num_steps": 32, "num_minibatches": 16, "num_epochs": 3}),
    "32 x 64, 8 minibatches, rate 0.002": (32, {"learning_rate": 2e-3}),
    "32 x 64, 8 minibatches, rate 0.0005": (32, {"learning_rate": 5e-4}),
    "32 x 64, 8 minibatches, γ = 0.9": (32, {"gamma": 0.9, "final_gamma": None}),
    "32 x 64, 8 minibatches, γ = 0.95": (32, {"gamma": 0.95, "final_gamma": None}),
}


def lazy_return(envs) -> float:
    """What the lazy driver earns on the roads judged by."""
    slower = meta_actions(ENV_ID, highway_config()).index("SLOWER")
    return evaluate_policy(constant_policy(slower), envs, JUDGED_EPISODES, JUDGED_SEED).summary()["return_mean"]


def steps_and_seconds(num_envs, fields, seed):
    """(environment steps, seconds) until the lazy driver is beaten; (None, None) where it is not."""
    config = highway_config()
    judge = Judge(config, TOTAL_STEPS, JUDGEMENTS)
    bar = lazy_return(judge.envs)

    def beaten(row):
        return row[2]["return_mean"] > bar and row[2]["crash_rate"] <= 0.05

    def callback(ppo, diagnostics):
        judge(ppo.env_steps, agent_policy(ppo.actor))
        return not (len(judge.rows) > 1 and beaten(judge.rows[-1]) and beaten(judge.rows[-2]))

    ppo = PPO(make_vector_env(ENV_ID, num_envs, "fast", config), PPOConfig(seed=seed, **fields))
    judge.started = perf_counter()
    ppo.learn(TOTAL_STEPS, callback, progress=False)
    return judge.rows[-1][:2] if not callback(ppo, {}) else (None, None)


def report():
    """Print the median steps and seconds of all settings in the file."""
    with FILE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    print(f"{'median to beat the lazy driver':<40} {'steps':>9} {'seconds':>9} {'seeds':>6}")
    for name in dict.fromkeys(row["settings"] for row in rows):
        own = [row for row in rows if row["settings"] == name]
        steps, seconds = (median(float(row[c] or "inf") for row in own) for c in ("env_steps", "seconds"))
        print(f"{name:<40} {steps:>9,.0f} {seconds:>9.1f} {len(own):>6}")


@dataclass
class Competence:
    """Run what is not yet in competence.csv, and report."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    threads: int | None = None  # of torch; by default as many as there are cores

    def run(self):
        """Train, write, print."""
        if self.threads:
            torch.set_num_threads(self.threads)
        done = set()
        if FILE.exists():
            with FILE.open(newline="") as file:
                done = {(row["settings"], int(row["seed"])) for row in csv.DictReader(file)}
        with FILE.open("a", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if not file.tell():
                writer.writerow(COLUMNS)
            tasks = [(name, seed) for seed in self.seeds for name in SETTINGS if (name, seed) not in done]
            for name, seed in tqdm(tasks, unit="run", dynamic_ncols=True):
                steps, seconds = steps_and_seconds(*SETTINGS[name], seed)
                writer.writerow((name, seed, steps, seconds and f"{seconds:.1f}"))
                file.flush()
        report()


if __name__ == "__main__":
    tyro.cli(Competence).run()
