"""Ours beside Stable-Baselines3's PPO and CleanRL's algorithm: the same observation, roads and machine, in one run.

Two questions. The return per environment step: everybody drives the fast simulator, whose episodes are
highway-env's. The return per minute: each drives what its user would have, ours the fast simulator, the others
highway-env itself. The observation is the table of vehicles, and everybody has our networks, so that only algorithm
and simulator differ. CleanRL's algorithm is ours with truncation merged into termination. 40 minutes on two cores.
"""

from dataclasses import dataclass
from typing import Literal

import matplotlib.pyplot as plt
import numpy as np
import tyro
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
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.common.vec_env import SubprocVecEnv, VecEnv
from tqdm.auto import tqdm

from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.evaluation import bootstrap_ci95
from ppo_lib.networks import HIDDEN_SIZES, VehicleEncoder
from ppo_lib.plotting import plot_contest

TOTAL_STEPS = 100_000
SECONDS = 60
JUDGEMENTS = 10
ENDLESS = 1_000_000  # steps that nobody reaches in that time
CONFIG = highway_config("kinematics")
NUM_WORKERS = 8  # processes that drive highway-env itself


class OurEncoder(BaseFeaturesExtractor):
    """Our encoder as one of Stable-Baselines3's feature extractors."""

    def __init__(self, observation_space):
        hidden_sizes = HIDDEN_SIZES[VehicleEncoder]
        super().__init__(observation_space, hidden_sizes[-1])
        self.encoder = VehicleEncoder(observation_space.shape, hidden_sizes)

    def forward(self, obs):
        """(B, V, 5) to (B, features)."""
        return self.encoder(obs)


class FastVecEnv(VecEnv):
    """The fast simulator behind Stable-Baselines3's interface."""

    def __init__(self, num_envs, seed):
        self.envs = make_vector_env(ENV_ID, num_envs, "fast", CONFIG)
        self.first_seed = seed
        super().__init__(num_envs, self.envs.single_observation_space, self.envs.single_action_space)

    def reset(self):
        """Start all episodes."""
        return self.envs.reset(seed=self.first_seed)[0].copy()

    def step_async(self, actions):
        """Remember what to do."""
        self.actions = actions

    def step_wait(self):
        """Do it."""
        obs, rewards, terminated, truncated, infos = self.envs.step(self.actions)
        done = terminated | truncated
        told = [{} for _ in done]
        for n in np.flatnonzero(done):
            last = infos["final_obs"][n]
            told[n] = {"terminal_observation": last, "TimeLimit.truncated": bool(truncated[n] & ~terminated[n])}
        return obs.copy(), rewards.astype(np.float32), done, told

    def close(self):
        """Nothing to close: it runs in this process."""

    def get_attr(self, attr_name, indices=None):
        """What Stable-Baselines3 asks of single environments; there are none."""
        return [None] * self.num_envs

    def set_attr(self, attr_name, value, indices=None):
        """Not needed."""

    def env_method(self, method_name, *args, indices=None, **kwargs):
        """Not needed."""

    def env_is_wrapped(self, wrapper_class, indices=None):
        """No wrapper of Stable-Baselines3's is around."""
        return [False] * self.num_envs


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
OUR_NETWORKS = {"features_extractor_class": OurEncoder, "share_features_extractor": False, "net_arch": []}


def rival(envs, seed, settings):
    """Stable-Baselines3's PPO with our networks."""
    settings = {"batch_size": OURS.minibatch_size(envs.num_envs)} | settings
    return Rival("MlpPolicy", envs, policy_kwargs=OUR_NETWORKS, seed=seed, device="cpu", **settings)


def judged(model, total_steps, seconds=None, gamma_at=None):
    """Train Stable-Baselines3's `model`, judged as ours is.

    Args:
        gamma_at: progress from 0 to 1 to γ, which Stable-Baselines3 keeps constant by itself.
    """
    judge = Judge(CONFIG, seconds or total_steps, JUDGEMENTS)

    class Callback(BaseCallback):
        def _on_step(self):
            return len(judge.rows) < JUDGEMENTS

        def _on_rollout_start(self):
            def policy(obs):
                return self.model.predict(obs, deterministic=True)[0]

            judge(self.num_timesteps, policy, judge.seconds if seconds else None)
            if gamma_at:
                self.model.gamma = self.model.rollout_buffer.gamma = gamma_at(self.num_timesteps / total_steps)

    callback = Callback()
    model.learn(total_steps, callback)
    callback.on_rollout_start()  # the last update is judged, too
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
            rival(FastVecEnv(32, seed), seed, OUR_SETTINGS), TOTAL_STEPS, gamma_at=OURS.gamma_at
        ),
        "Stable-Baselines3, highway-env's script": lambda: judged(
            rival(FastVecEnv(SCRIPT_ENVS, seed), seed, SCRIPT_SETTINGS), TOTAL_STEPS
        ),
    }


def per_minute(seed):
    """{contestant: a function that trains it}, each on what its user would have."""

    def original(num_envs):
        return SubprocVecEnv([lambda: make_env(ENV_ID, CONFIG)] * num_envs, start_method="fork")

    return {
        "ours": lambda: Variant(config=CONFIG).run(seed, ENDLESS, JUDGEMENTS, SECONDS),
        "CleanRL's algorithm": lambda: Variant(
            config=CONFIG, training_wrapper=TimeLimitAsCrash, num_envs=NUM_WORKERS, backend="async"
        ).run(seed, ENDLESS, JUDGEMENTS, SECONDS),
        "Stable-Baselines3, highway-env's script": lambda: judged(
            rival(original(SCRIPT_ENVS), seed, SCRIPT_SETTINGS), ENDLESS, SECONDS
        ),
    }


@dataclass
class Peers:
    """Run what is not yet in peers_step.csv or peers_minute.csv, and draw peers.png."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    per: tuple[Literal["step", "minute"], ...] = ("step", "minute")

    def run(self):
        """Train everybody with every seed, the seeds outermost, so that all meet the same state of the machine."""
        for name, contestants in (("step", per_step), ("minute", per_minute)):
            if name in self.per:
                self._compete(FOLDER / f"peers_{name}.csv", contestants)
        step, minute = (read_rows(FOLDER / f"peers_{name}.csv") for name in ("step", "minute"))
        print(format_peers(step, minute))
        draw_peers(step, minute, FOLDER / "peers.png")

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
            low, high = bootstrap_ci95([float(row["return"]) for row in last])
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
    plot_contest(curves(step_rows, "env_steps"), ax=left)
    plot_contest(curves(minute_rows, "seconds"), xlabel="seconds of training, each on its own simulator", ax=right)
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
