"""What the experiments of this folder share: an agent is trained, and judged at regular steps on roads of its own.

Each experiment is one command, run in the project's folder with its environment:

    python results/study.py tables    what the driver sees, also: images, numbers      -> study_tables.csv
    python results/ablations.py       PPO without one of its details at a time         -> ablations.csv
    python results/competence.py      how soon training beats the lazy driver          -> competence.csv
    python results/promise.py         what one batch promises, and what it gains       -> promise.csv
    python results/peers.py           Stable-Baselines3 and CleanRL's algorithm        -> peers_*.csv

A finished run is never repeated: rows are appended to the file as runs end, and what is there already is left out.
"""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import torch
from gymnasium.vector import VectorWrapper
from tqdm.auto import tqdm

from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.evaluation import agent_policy, evaluate_policy
from ppo_lib.ppo import PPO
from ppo_lib.training import INTERRUPTED

FOLDER = Path(__file__).parent
ENV_ID = "highway-fast-v0"
JUDGED_SEED = 500_000  # of the roads that settings are judged by; the reported evaluations start at 1,000,000
JUDGED_EPISODES = 100
COLUMNS = ("variant", "seed", "env_steps", "seconds", "return", "crash_rate", "mean_speed")


@dataclass
class Variant:
    """One way to train: what differs from the course's defaults.

    Attributes:
        ppo: fields of PPOConfig.
        config: highway-env's configuration.
        networks: (observation space, action space) to (actor, critic), or to nothing: the default ones.
        training_wrapper: applied to the vector environment, in training alone.
        num_envs, backend: as for make_vector_env.
    """

    ppo: dict = field(default_factory=dict)
    config: dict = field(default_factory=highway_config)
    networks: callable = lambda seen, acts: ()
    training_wrapper: callable = lambda envs: envs
    num_envs: int = 32
    backend: str = "fast"

    def run(self, seed, total_steps, judgements=10, seconds=None):
        """Train; Judge.rows at regular steps, or at regular times on the way to `seconds`, where they are given."""
        envs = self.training_wrapper(make_vector_env(ENV_ID, self.num_envs, self.backend, self.config))
        torch.manual_seed(seed)
        networks = self.networks(envs.single_observation_space, envs.single_action_space)
        ppo = PPO(envs, PPOConfig(**{"seed": seed} | self.ppo), *networks)
        judge = Judge(self.config, seconds or total_steps, judgements, by_time=bool(seconds))

        def callback(ppo, _):
            judge(ppo.env_steps, agent_policy(ppo.actor))
            return not seconds or judge.seconds < seconds

        ppo.learn(total_steps, callback, progress=False)
        envs.close()
        if ppo.stop_reason == INTERRUPTED:
            raise KeyboardInterrupt  # half a run is no result
        judge.finish(ppo.env_steps, agent_policy(ppo.actor))
        return judge.rows


class Judge:
    """Measures a driver at `judgements` regular points on the way to `total`, and keeps the time that takes apart.

    Args:
        total: environment steps, or seconds of training where the points are set `by_time`.
    """

    def __init__(self, config, total, judgements, by_time=False):
        self.envs = make_vector_env(ENV_ID, JUDGED_EPISODES, "fast", config)
        self.every = total / judgements
        self.by_time = by_time
        self.rows = []  # (env_steps, seconds of training, Evaluation.summary())
        self.started = perf_counter()

    @property
    def seconds(self) -> float:
        """Seconds of training so far."""
        return perf_counter() - self.started

    def __call__(self, env_steps, policy):
        """Measure `policy` if the next point is reached."""
        reached = self.seconds if self.by_time else env_steps
        if reached >= (len(self.rows) + 1) * self.every:
            self._measure(env_steps, policy)

    def finish(self, env_steps, policy):
        """Measure what the training ended with, if that was not done already."""
        if not self.rows or self.rows[-1][0] != env_steps:
            self._measure(env_steps, policy)

    def _measure(self, env_steps, policy):
        seconds = self.seconds
        summary = evaluate_policy(policy, self.envs, JUDGED_EPISODES, JUDGED_SEED).summary()
        self.rows.append((env_steps, seconds, summary))
        self.started = perf_counter() - seconds


class TimeLimitAsCrash(VectorWrapper):
    """Says of every episode that it terminated, also where only time was up: the mistake that costs a future."""

    def step(self, actions):
        """Step, truncation merged into termination."""
        obs, rewards, terminated, truncated, infos = self.env.step(actions)
        return obs, rewards, terminated | truncated, truncated & False, infos


def run_all(file, variants: dict[str, Variant], seeds, total_steps, only=None, judgements=5):
    """Every variant with every seed, the seeds outermost; rows to `file` as they come."""
    path = FOLDER / file
    done = finished_runs(path)
    tasks = [(seed, name) for seed in seeds for name in variants if only is None or name in only]
    tasks = [(seed, name) for seed, name in tasks if (name, seed) not in done]
    for seed, name in tqdm(tasks, unit="run", dynamic_ncols=True):
        append_rows(path, name, seed, variants[name].run(seed, total_steps, judgements))


def append_rows(path, variant, seed, rows):
    """Write one finished run."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(COLUMNS)
        for env_steps, seconds, s in rows:
            numbers = (f"{s['return_mean']:.3f}", f"{s['crash_rate']:.3f}", f"{s['mean_speed']:.3f}")
            writer.writerow((variant, seed, env_steps, f"{seconds:.1f}", *numbers))


def read_rows(path) -> list[dict[str, str]]:
    """The rows of a file written by append_rows."""
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def finished_runs(path) -> set[tuple[str, int]]:
    """(variant, seed) of the runs in a file, which need not exist."""
    return {(row["variant"], int(row["seed"])) for row in read_rows(path)} if Path(path).exists() else set()


def last_rows(rows, variant) -> list[dict[str, str]]:
    """A variant's last row of every seed."""
    return list({row["seed"]: row for row in rows if row["variant"] == variant}.values())
