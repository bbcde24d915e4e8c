"""Ours beside Stable-Baselines3's PPO and CleanRL's algorithm: the same observation, roads and machine, in one run.

Two questions. The return per environment step: everybody drives the fast simulator, whose episodes are
highway-env's. The return per minute: each drives what its user would have, ours the fast simulator, the others
highway-env itself. The observation is the table of vehicles, and the contestants have our networks, so that only
algorithm and simulator differ; the last one has its own, and the table in the scales such networks need. CleanRL's
algorithm is ours with truncation merged into termination. 35 minutes on two cores.
"""

from dataclasses import dataclass
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import tyro
from competence import lazy_return
from experiments import (
    COLUMNS,
    ENV_ID,
    FOLDER,
    Judge,
    TimeLimitAsCrash,
    Variant,
    append_rows,
    finished_runs,
    last_rows,
    read_rows,
)
from stable_baselines3 import PPO as Rival
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import SubprocVecEnv
from tqdm.auto import tqdm

from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.evaluation import bootstrap_ci95
from ppo_lib.plotting import contestant_colors, plot_contest
from ppo_lib.rival import FastVecEnv, OurEncoder

TOTAL_STEPS = 102_400  # fifty of our rollouts
SECONDS = 60
JUDGEMENTS = 10
ENDLESS = 1_000_000  # steps that nobody reaches on highway-env in that time
CONFIG = highway_config("kinematics")
SCALED_CONFIG = CONFIG | {"observation": CONFIG["observation"] | {"normalize": True}}
NUM_WORKERS = 8  # processes that drive highway-env itself


OURS = PPOConfig()
OUR_SETTINGS = {
    "n_steps": OURS.num_steps,
    "n_epochs": OURS.num_epochs,
    "learning_rate": lambda remaining: OURS.learning_rate_at(1 - remaining),
    "gamma": OURS.gamma,
    "gae_lambda": OURS.gae_lambda,
    "clip_range": OURS.clip_eps,
    "ent_coef": OURS.entropy_coef,
    "vf_coef": OURS.value_coef,
    "max_grad_norm": OURS.max_grad_norm,
}
# highway-env's scripts/sb3_highway_ppo.py
SCRIPT_SETTINGS = {"n_steps": 128, "batch_size": 64, "n_epochs": 10, "learning_rate": 5e-4, "gamma": 0.8}
SCRIPT_ENVS = 6
OUR_NETWORKS = {"features_extractor_class": OurEncoder, "features_extractor_kwargs": {"name": "vehicles"}}
OUR_NETWORKS |= {"share_features_extractor": False, "net_arch": []}
SCRIPT_NETWORKS = {"net_arch": {"pi": [256, 256], "vf": [256, 256]}}


def fast_envs(num_envs, seed, config=CONFIG):
    """The fast simulator behind Stable-Baselines3's interface."""
    return FastVecEnv(make_vector_env(ENV_ID, num_envs, "fast", config), seed)


def rival(envs, seed, settings, networks=OUR_NETWORKS):
    """Stable-Baselines3's PPO."""
    settings = {"batch_size": OURS.minibatch_size(envs.num_envs)} | settings
    return Rival("MlpPolicy", envs, policy_kwargs=networks, seed=seed, device="cpu", **settings)


def judged(model, total_steps, seconds=None, gamma_at=None, config=CONFIG):
    """Train Stable-Baselines3's `model`, judged as ours is.

    Args:
        gamma_at: progress from 0 to 1 to γ, which Stable-Baselines3 keeps constant by itself.
    """
    judge = Judge(config, seconds or total_steps, JUDGEMENTS, by_time=bool(seconds))

    def policy(obs):
        return model.predict(obs, deterministic=True)[0]

    class Callback(BaseCallback):
        def _on_step(self):
            return not seconds or judge.seconds < seconds

        def _on_rollout_start(self):
            judge(self.num_timesteps, policy)
            if gamma_at:
                self.model.gamma = self.model.rollout_buffer.gamma = gamma_at(self.num_timesteps / total_steps)

    model.learn(total_steps, Callback())
    judge.finish(model.num_timesteps, policy)
    model.get_env().close()
    return judge.rows


def per_step(seed):
    """{contestant: a function that trains it}, on the fast simulator."""
    return {
        "ours": lambda: Variant(config=CONFIG).run(seed, TOTAL_STEPS, JUDGEMENTS),
        "CleanRL's algorithm": lambda: Variant(config=CONFIG, training_wrapper=TimeLimitAsCrash).run(
            seed, TOTAL_STEPS, JUDGEMENTS
        ),
        "Stable-Baselines3, our settings": lambda: judged(
            rival(fast_envs(32, seed), seed, OUR_SETTINGS), TOTAL_STEPS, gamma_at=OURS.gamma_at
        ),
        "Stable-Baselines3, script's settings": lambda: judged(
            rival(fast_envs(SCRIPT_ENVS, seed), seed, SCRIPT_SETTINGS), TOTAL_STEPS
        ),
        "Stable-Baselines3, script's networks, too": lambda: judged(
            rival(fast_envs(SCRIPT_ENVS, seed, SCALED_CONFIG), seed, SCRIPT_SETTINGS, SCRIPT_NETWORKS),
            TOTAL_STEPS,
            config=SCALED_CONFIG,
        ),
    }


def per_minute(seed):
    """{contestant: a function that trains it}, each on what its user would have."""

    def original(config=CONFIG):
        return SubprocVecEnv([lambda: make_env(ENV_ID, config)] * SCRIPT_ENVS, start_method="fork")

    return {
        "ours": lambda: for_a_minute(Variant(config=CONFIG), seed),
        "CleanRL's algorithm": lambda: for_a_minute(
            Variant(config=CONFIG, training_wrapper=TimeLimitAsCrash, num_envs=NUM_WORKERS, backend="async"), seed
        ),
        "Stable-Baselines3, script's settings": lambda: judged(
            rival(original(), seed, SCRIPT_SETTINGS), ENDLESS, SECONDS
        ),
        "Stable-Baselines3, script's networks, too": lambda: judged(
            rival(original(SCALED_CONFIG), seed, SCRIPT_SETTINGS, SCRIPT_NETWORKS),
            ENDLESS,
            SECONDS,
            config=SCALED_CONFIG,
        ),
    }


def for_a_minute(variant, seed):
    """Train for SECONDS, the schedules ending with them: a short trial says how many steps that will be."""
    [(env_steps, seconds, _)] = variant.run(seed, ENDLESS, judgements=1, seconds=5)
    total_steps = 1.05 * SECONDS * env_steps / seconds  # rather cut off than done too early
    return variant.run(seed, int(total_steps), JUDGEMENTS, SECONDS)


@dataclass
class Peers:
    """Run what is not yet in peers_step.csv or peers_minute.csv, and draw peers.png."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    per: tuple[Literal["step", "minute"], ...] = ("step", "minute")

    def run(self):
        """Train everybody with every seed, the seeds outermost, so that all meet the same state of the machine."""
        contests = {"step": per_step, "minute": per_minute}
        files = {name: FOLDER / f"peers_{name}.csv" for name in contests}
        for name in self.per:
            self._compete(files[name], contests[name])
        found = [read_rows(file) for file in files.values() if file.exists()]
        print(format_peers(*found))
        if len(found) == len(files):
            draw_peers(*found, FOLDER / "peers.png")

    def _compete(self, path, contestants):
        done = finished_runs(path)
        tasks = [(name, seed, train) for seed in self.seeds for name, train in contestants(seed).items()]
        for name, seed, train in tqdm([task for task in tasks if task[:2] not in done], unit="run"):
            append_rows(path, name, seed, train())


def format_peers(*files) -> str:
    """Means over seeds at the end of the training, with 95 % intervals, one table per file."""
    lines = []
    for rows in files:
        lines.append(
            f"{'':<42} {'return':>7} {'95 % interval':>15} {'crashes':>8} {'m/s':>6} {'steps':>9} {'seconds':>8}"
        )
        for name in dict.fromkeys(row["variant"] for row in rows):
            last = last_rows(rows, name)
            mean = {c: np.mean([float(row[c]) for row in last]) for c in COLUMNS[2:]}
            low, high = bootstrap_ci95([float(row["return"]) for row in last]) or (np.nan, np.nan)  # of one seed
            lines.append(
                f"{name:<42} {mean['return']:>7.2f}   [{low:5.2f}, {high:5.2f}] {mean['crash_rate']:>8.0%} "
                f"{mean['mean_speed']:>6.1f} {mean['env_steps']:>9,.0f} {mean['seconds']:>8.0f}"
            )
        lines.append("")
    return "\n".join(lines)


def draw_peers(step_rows, minute_rows, path):
    """Both contests side by side."""
    figure = plt.figure(figsize=(11, 4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    per_step, per_minute = curves(step_rows, "env_steps"), curves(minute_rows, "seconds")
    look = {"reference": ("always SLOWER", lazy_return()), "colors": contestant_colors(per_step)}
    plot_contest(per_step, ax=left, **look)
    plot_contest(per_minute, xlabel="seconds of training, each on its own simulator", ax=right, **look)
    right.get_legend().remove()  # the colours are those of the left one
    right.set_ylabel("")
    figure.savefig(path, dpi=110)


def curves(rows, counted_in):
    """{contestant: (where it was measured, returns of each seed)}, cut to the shortest seed."""
    found = {}
    for name in dict.fromkeys(row["variant"] for row in rows):
        seeds = {row["seed"] for row in rows if row["variant"] == name}
        runs = [[row for row in rows if (row["variant"], row["seed"]) == (name, seed)] for seed in seeds]
        length = min(map(len, runs))
        x = np.mean([[float(row[counted_in]) for row in run[:length]] for run in runs], axis=0)
        found[name] = x, [[float(row["return"]) for row in run[:length]] for run in runs]
    return found


if __name__ == "__main__":
    tyro.cli(Peers).run()
