"""Does chapter 6's training from images beat the lazy driver with any seed? Eight minutes on one core.

Its settings with seeds that the chapter does not use, each driver judged on 500 roads, and the lazy driver, too.
"""

import csv
from dataclasses import dataclass

import numpy as np
import tyro
from experiments import ENV_ID, FOLDER

from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.evaluation import agent_policy, constant_policy, evaluate_policy, meta_actions
from ppo_lib.ppo import PPO
from ppo_lib.training import INTERRUPTED

FILE = "first_driver.csv"
NUM_ENVS, TOTAL_STEPS = 128, 204_800
SETTINGS = {"gamma": 0.95, "final_gamma": None, "final_entropy_coef": 0.001}
SEEDS = (11, 12, 13, 14, 15, 16)
LAZY = "always SLOWER"
DRIVES, JUDGED_SEED = 500, 3_000_000  # roads that nothing else is judged by
COLUMNS = ("driver", "return", "crashes", "drives", "mean_speed")


def trained(seed):
    """The driver of a training with `seed`."""
    envs = make_vector_env(ENV_ID, NUM_ENVS, "fast", highway_config())
    ppo = PPO(envs, PPOConfig(seed=seed, **SETTINGS), device="cpu").learn(TOTAL_STEPS, progress=False)
    envs.close()
    if ppo.stop_reason == INTERRUPTED:
        raise KeyboardInterrupt  # half a run is no result
    return agent_policy(ppo.actor)


def judged(name, driver):
    """The row of a driver."""
    envs = make_vector_env(ENV_ID, 50, "fast", highway_config())
    e = evaluate_policy(driver, envs, DRIVES, JUDGED_SEED)
    envs.close()
    return name, f"{e.returns.mean():.2f}", int(e.crashed.sum()), DRIVES, f"{np.mean(e.speeds):.2f}"


@dataclass
class FirstDriver:
    """Train with every seed, and write first_driver.csv anew."""

    seeds: tuple[int, ...] = SEEDS

    def run(self):
        """Train, judge, write."""
        lazy = constant_policy(meta_actions(ENV_ID, highway_config()).index("SLOWER"))
        table = [judged(LAZY, lazy), *(judged(f"seed {seed}", trained(seed)) for seed in self.seeds)]
        with (FOLDER / FILE).open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *table])
        for row in [COLUMNS, *table]:
            print("".join(f"{cell!s:>15}" for cell in row))


if __name__ == "__main__":
    tyro.cli(FirstDriver).run()
