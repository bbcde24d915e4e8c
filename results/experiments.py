"""What the experiments of this folder share: an agent is trained, and judged at regular steps on roads of its own.

Each experiment is one command, run in the project's folder with its environment:

    python results/study.py       what the driver sees, and the algorithm's numbers   -> study.csv
    python results/ablations.py   PPO without one of its details at a time            -> ablations.csv
    python results/peers.py       Stable-Baselines3 and CleanRL's algorithm beside us -> peers.csv

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
from ppo_lib.networks import Actor, Critic
from ppo_lib.ppo import PPO

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
        networks: (observation space, action space) to (actor, critic).
        training_wrapper: applied to the vector environment, in training alone.
        num_envs: environments side by side.
    """

    ppo: dict = field(default_factory=dict)
    config: dict = field(default_factory=highway_config)
    networks: callable = lambda seen, acts: (Actor(seen, acts), Critic(seen))
    training_wrapper: callable = lambda envs: envs
    num_envs: int = 32

    def run(self, seed, total_steps, judgements=10):
        """Train; [(env_steps, seconds of training, Evaluation.summary())] at regular steps."""
        envs = self.training_wrapper(self._envs(self.num_envs))
        torch.manual_seed(seed)
        actor, critic = self.networks(envs.single_observation_space, envs.single_action_space)
        ppo = PPO(envs, PPOConfig(**{"seed": seed} | self.ppo), actor, critic)
        judge = Judge(self._envs(JUDGED_EPISODES), total_steps, judgements)
        ppo.learn(total_steps, lambda ppo, _: judge(ppo.env_steps, agent_policy(ppo.actor)), progress=False)
        return judge.rows

    def _envs(self, num_envs):
        return make_vector_env(ENV_ID, num_envs, "fast", self.config)


class Judge:
    """Measures a driver every `total_steps / judgements` steps, and keeps the time that takes out of the seconds."""

    def __init__(self, envs, total_steps, judgements):
        self.envs, self.every = envs, total_steps / judgements
        self.rows = []
        self.start()

    def start(self):
        """Set the clock to 0."""
        self.started = perf_counter()

    def __call__(self, env_steps, policy):
        """Measure `policy` after `env_steps`, if it is time to."""
        if env_steps < (len(self.rows) + 1) * self.every * 0.99:  # rollouts rarely end at the very step
            return
        now = perf_counter()
        summary = evaluate_policy(policy, self.envs, JUDGED_EPISODES, JUDGED_SEED).summary()
        self.rows.append((env_steps, now - self.started, summary))
        self.started += perf_counter() - now


class TimeLimitAsCrash(VectorWrapper):
    """Says of every episode that it terminated, also where only time was up: the mistake that costs a future."""

    def step(self, actions):
        """Step, truncation merged into termination."""
        obs, rewards, terminated, truncated, infos = self.env.step(actions)
        return obs, rewards, terminated | truncated, truncated & False, infos


def run_all(file, variants: dict[str, Variant], seeds, total_steps, only=None):
    """Every variant with every seed, the seeds outermost; rows to `file` as they come."""
    path = FOLDER / file
    done = {(row["variant"], row["seed"]) for row in read_rows(path)} if path.exists() else set()
    tasks = [(seed, name) for seed in seeds for name in variants if only is None or name in only]
    tasks = [(seed, name) for seed, name in tasks if (name, str(seed)) not in done]
    for seed, name in tqdm(tasks, unit="run", dynamic_ncols=True):
        append_rows(path, name, seed, variants[name].run(seed, total_steps))


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
