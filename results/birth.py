"""From birth to skill: what one driver's networks say at a dozen moments of its training. Ten minutes on one core.

The driver sees images and is trained by the default settings. At each moment it is asked about the same situations,
and what it says is compared with what it said when it was born. One training goes into birth/birth.npz, picture by
picture, and all of them into birth.csv, in numbers.
"""

import csv
from dataclasses import dataclass

import numpy as np
import torch
import tyro
from experiments import ENV_ID, FOLDER, JUDGED_EPISODES, JUDGED_SEED

from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.evaluation import agent_policy, evaluate_policy
from ppo_lib.ppo import PPO

TOTAL_STEPS = 200_000
# Environment steps: close together where much happens. Each is a whole number of rollouts of 64 steps on 32 roads.
MOMENTS = (0, 2_048, 4_096, 8_192, 14_336, 24_576, 40_960, 61_440, 90_112, 122_880, 159_744, 198_656)
SHOWN_SEED, SHOWN_STEP = 3, 4  # the situation of chapter 2: its traffic, and how many decisions IDLE led to it
ASKED_SEED, ASKED_ROADS = 700_000, 256  # the situations that changes are averaged over: one on each road
COLUMNS = (
    *("seed", "env_steps", "gamma", "policy_change", "value_change", "filter_change", "entropy", "value"),
    *("return", "crash_rate", "mean_speed"),
)


def shown_situation() -> torch.Tensor:
    """(1, 2, 96, 24) uint8: the situation that chapter 2 shows."""
    env = make_env(ENV_ID, highway_config())
    env.reset(seed=SHOWN_SEED)
    for _ in range(SHOWN_STEP):
        obs = env.step(1)[0]  # IDLE
    return torch.as_tensor(obs)[None]


def asked_situations() -> torch.Tensor:
    """(256, 2, 96, 24) uint8: a situation on each of 256 roads, after four decisions drawn by lot."""
    envs = make_vector_env(ENV_ID, ASKED_ROADS, "fast", highway_config())
    envs.reset(seed=ASKED_SEED)
    rng = np.random.default_rng(ASKED_SEED)
    for _ in range(4):
        obs = envs.step(rng.integers(5, size=ASKED_ROADS))[0]
    return torch.tensor(obs)


@torch.no_grad()
def look_at(ppo, shown, asked) -> dict[str, np.ndarray]:
    """What the networks are and say now: the first layer's filters and maps, the policy and V in the situations."""
    convolution = ppo.actor.encoder.conv[0]
    contrast = ppo.actor.encoder.scale(shown).transpose(2, 3)  # (1, 2, 24, 96)
    return {
        "env_steps": np.int64(ppo.env_steps),
        "gamma": np.float32(ppo.gamma),
        "filters": convolution.weight.numpy().copy(),  # (16, 2, 8, 8)
        "maps": convolution(contrast)[0].relu().numpy(),  # (16, 5, 23), across the road and along it
        "probs": ppo.actor(shown).probs[0].numpy(),  # (5,)
        "value": ppo.critic(shown)[0].numpy(),
        "asked_probs": ppo.actor(asked).probs.numpy(),  # (256, 5)
        "asked_values": ppo.critic(asked).numpy(),  # (256,)
    }


def train(seed) -> tuple[list[dict], list[dict]]:
    """(what the networks said, how they drove) at each of the MOMENTS of one training."""
    shown, asked = shown_situation(), asked_situations()
    envs, judges = (make_vector_env(ENV_ID, n, "fast", highway_config()) for n in (32, JUDGED_EPISODES))
    ppo = PPO(envs, PPOConfig(seed=seed))
    looks, drives = [], []

    def look(ppo, _):
        if ppo.env_steps in MOMENTS:
            looks.append(look_at(ppo, shown, asked))
            policy = agent_policy(ppo.actor)
            drives.append(evaluate_policy(policy, judges, JUDGED_EPISODES, JUDGED_SEED).summary())

    look(ppo, None)
    ppo.learn(TOTAL_STEPS, look, progress=False)
    return looks, drives


def changes(look, birth) -> dict[str, float]:
    """How far policy, V and filters are from those at birth.

    The policy's change is the probability that had to move from one action to another, a number from 0 to 1; V's is
    the root mean square, both over the asked situations. The filters' is the length of their change, as a share of
    their own length at birth.
    """
    moved = np.abs(look["asked_probs"] - birth["asked_probs"]).sum(1) / 2
    entropies = -(look["asked_probs"] * np.log(look["asked_probs"] + 1e-30)).sum(1)
    return {
        "policy_change": moved.mean(),
        "value_change": np.sqrt(np.square(look["asked_values"] - birth["asked_values"]).mean()),
        "filter_change": np.linalg.norm(look["filters"] - birth["filters"]) / np.linalg.norm(birth["filters"]),
        "entropy": entropies.mean(),
        "value": look["asked_values"].mean(),
    }


def rows(seed, looks, drives):
    """A row of birth.csv for each moment of one training."""
    for look, drive in zip(looks, drives, strict=True):
        numbers = {"gamma": look["gamma"], **changes(look, looks[0]), "return": drive["return_mean"]}
        numbers |= {name: drive[name] for name in ("crash_rate", "mean_speed")}
        yield [seed, int(look["env_steps"]), *(f"{numbers[name]:.4f}" for name in COLUMNS[2:])]


def store(looks, path):
    """One training as arrays, the moments first; single precision where it is seen, half where it is only drawn."""
    names = ("env_steps", "gamma", "probs", "value", "filters", "maps")
    arrays = {name: np.stack([look[name] for look in looks]) for name in names}
    halves = {name: arrays[name].astype(np.float16) for name in ("filters", "maps")}
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, obs=shown_situation()[0].numpy(), **arrays | halves)


@dataclass
class Birth:
    """Train with each seed, and write both files anew; the first seed's training is the one that is stored."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)

    def run(self):
        """Train, and write."""
        table = []
        for seed in self.seeds:
            looks, drives = train(seed)
            table += rows(seed, looks, drives)
            if seed == self.seeds[0]:
                store(looks, FOLDER / "birth" / "birth.npz")
        with (FOLDER / "birth.csv").open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS, *table])


if __name__ == "__main__":
    tyro.cli(Birth).run()
