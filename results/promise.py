"""Promise against truth: what PPO's surrogate promises of a changed driver, and what that driver really gains.

Each seed is an independent unit: it trains its own driver, collects its own batches, and is judged on its own roads.
From each batch the driver makes up to 40 passes of gradient steps, without a clip and with several ε. After some of
them three gains are written down, all in points of return of a 30-second drive: what the surrogate promises on the
batch itself; what it promises on fresh drives of the old driver, which the steps have not seen; and what 500 drives
of the new driver really gain over 500 of the old one on the same roads. Half an hour on one core.
"""

import csv
from dataclasses import dataclass

import numpy as np
import tyro
from experiments import ENV_ID, FOLDER, read_rows

from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.evaluation import bootstrap_ci95
from ppo_lib.policy_gradient import ClockCritic, collect_drives, fit_critic
from ppo_lib.ppo import PPO
from ppo_lib.trust_region import Batch, mean_kl, passes_over, sampled_returns

NO_CLIP = float("inf")
PASSES = (1, 4, 16, 40)
NUM_STEPS = 30  # of a drive
FRESH_DRIVES = 1000  # of the old driver, for the promise on fresh drives and for its critic
JUDGED_DRIVES = 500  # of every new driver, on the same roads as of the old one


@dataclass(frozen=True)
class Setting:
    """Environment steps of practice, drives in the batch, the ε that are tried, and how many seeds."""

    practice: int
    num_drives: int
    clip_epsilons: tuple[float, ...]
    seeds: int


SETTINGS = {
    "beginner": Setting(20_480, 64, (NO_CLIP, 0.05, 0.1, 0.2, 0.4, 0.8), 12),
    "practised": Setting(102_400, 64, (NO_CLIP, 0.2), 6),
    "practised, 8 times the batch": Setting(102_400, 512, (NO_CLIP, 0.2), 6),
}
COLUMNS = (
    *("setting", "seed", "old_return", "clip_eps", "passes", "kl", "clip_fraction", "largest_ratio"),
    *("promised", "promised_fresh", "gained"),
)


class Unit:
    """One driver with what is needed to judge what becomes of it."""

    def __init__(self, practice, seed):
        road = highway_config("kinematics", policy_frequency=1)
        settings = PPOConfig(seed=seed, gamma=0.9, final_gamma=None)
        self.actor = PPO(make_vector_env(ENV_ID, 32, config=road), settings).learn(practice, progress=False).actor
        self.seed, self.road = seed, road
        self.envs = make_vector_env(ENV_ID, JUDGED_DRIVES, config=road)
        many = make_vector_env(ENV_ID, FRESH_DRIVES, config=road)
        self.critic = ClockCritic(many.single_observation_space, NUM_STEPS)
        fit_critic(self.critic, self._drives(many, 1), num_epochs=4)
        self.fresh = Batch.of(self._drives(many, 2), self.actor, self.critic, gae_lambda=1.0)
        self.old_returns = self._returns(self.actor)

    def rows(self, num_drives, clip_epsilons):
        """COLUMNS from clip_eps on, after each of PASSES with each ε over one batch of `num_drives` drives."""
        envs = make_vector_env(ENV_ID, num_drives, config=self.road)
        batch = Batch.of(self._drives(envs, 3), self.actor, self.critic, gae_lambda=0.95)
        for clip_eps in clip_epsilons:
            for passes, actor in enumerate(passes_over(batch, self.actor, clip_eps, max(PASSES)), 1):
                if passes in PASSES:
                    yield clip_eps, passes, *self._judge(actor, batch, clip_eps)

    def _judge(self, actor, batch, clip_eps):
        ratios = batch.ratios(actor)
        outside = ((ratios - 1).abs() > (0.2 if clip_eps == NO_CLIP else clip_eps)).float().mean().item()
        gains = batch.promised_gain(actor), self.fresh.promised_gain(actor)
        gained = (self._returns(actor) - self.old_returns).mean()
        return mean_kl(self.actor, actor, self.fresh.obs), outside, ratios.max().item(), *gains, gained

    def _drives(self, envs, purpose):
        return collect_drives(self.actor, envs, NUM_STEPS, seed=10 * self.seed + purpose)

    def _returns(self, actor):
        return sampled_returns(actor, self.envs, JUDGED_DRIVES, seed=2_000_000 + JUDGED_DRIVES * self.seed)


def format_promise(rows) -> str:
    """A line per setting and ε after 4 and after 40 passes: means over the seeds, and 95 % intervals of the gains."""
    header = f"{'setting':<28} {'ε':>4} {'passes':>6} {'KL':>6} {'promised':>8} {'on fresh drives':>20} {'gained':>20}"
    lines = [header]
    keys = dict.fromkeys((r["setting"], r["clip_eps"], r["passes"]) for r in rows if r["passes"] in ("4", "40"))
    for key in keys:
        own = [r for r in rows if (r["setting"], r["clip_eps"], r["passes"]) == key]
        kl, promised, fresh, gained = (
            np.array([float(r[column]) for r in own]) for column in ("kl", "promised", "promised_fresh", "gained")
        )
        intervals = ("{:.2f} [{:.2f}, {:.2f}]".format(x.mean(), *bootstrap_ci95(x)) for x in (fresh, gained))
        setting, clip_eps, passes = key
        name = "none" if clip_eps == "inf" else clip_eps
        line = f"{setting:<28} {name:>4} {passes:>6} {kl.mean():>6.3f} {promised.mean():>8.1f}"
        lines.append(" ".join([line, *(f"{text:>20}" for text in intervals)]))
    return "\n".join(lines)


@dataclass
class Promise:
    """Run what is not yet in the file, and report."""

    file: str = "promise.csv"  # in this folder
    part: tuple[int, int] = (0, 1)  # (k, n): only every n-th seed, from the k-th on

    def run(self):
        """Train, measure, write, print."""
        path = FOLDER / self.file
        done = {(row["setting"], row["seed"]) for row in read_rows(path)} if path.exists() else set()
        first, step = self.part
        for practice in dict.fromkeys(setting.practice for setting in SETTINGS.values()):
            names = [name for name, setting in SETTINGS.items() if setting.practice == practice]
            for seed in range(first, max(SETTINGS[name].seeds for name in names), step):
                wanted = [n for n in names if seed < SETTINGS[n].seeds and (n, str(seed)) not in done]
                if wanted:
                    append(path, Unit(practice, seed), wanted)
        print(format_promise(read_rows(path)))


def append(path, unit, names):
    """Measure one driver in these settings, and add its rows to the file."""
    for name in names:
        setting = SETTINGS[name]
        first = name, unit.seed, f"{unit.old_returns.mean():.3f}"
        lines = [
            (*first, clip_eps, passes, *(f"{number:.4f}" for number in numbers))
            for clip_eps, passes, *numbers in unit.rows(setting.num_drives, setting.clip_epsilons)
        ]
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerows([COLUMNS, *lines] if new else lines)


if __name__ == "__main__":
    tyro.cli(Promise).run()
