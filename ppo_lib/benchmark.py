"""Our speed as ratios against rivals, measured in turn in one run: machines differ and are noisy, ratios less so."""

import sys
from contextlib import ExitStack
from statistics import median
from time import perf_counter

import numpy as np
import torch
from gymnasium import spaces

from ppo_lib import benchmark_gpu
from ppo_lib.config import PPOConfig
from ppo_lib.contest import alternate, import_rival
from ppo_lib.encoders import NATURE_CNN, ImageEncoder, contrast
from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.ppo import PPO

ENV_ID = "highway-fast-v0"
NUM_ENVS = 8
BACKEND = "async"  # the rivals know nothing else
FAST_NUM_ENVS = 32
USUAL_PARTS = ("training", "simulator", "learner")
PARTS = (*USUAL_PARTS, "gpu")


def run(parts=USUAL_PARTS, rounds: int = 3, updates: int = 3) -> dict[str, list[dict]]:
    """Measure; minutes.

    Args:
        parts: which of PARTS: training against rivals on the original highway-env; the fast simulator against the
            original, on one core and on two, from a cold and a warm start; the learner against its bare networks; all
            of it on a GPU against the same machine's CPU, where there is one.
        rounds: how often each contestant of the training and of the GPU runs; they take turns, and the median counts.
        updates: rollouts of default size in each turn.

    Returns {title of a table: its rows}, the rows dictionaries of the same keys.

    Raises UsageError where Stable-Baselines3 is missing for the training.
    """
    report = {}
    if "training" in parts:
        report |= _training_tables(PPOConfig(), rounds, updates)
    if "simulator" in parts:
        report |= _simulator_tables()
    if "learner" in parts:
        report |= _learner_tables(PPOConfig())
    if "gpu" in parts:
        if torch.cuda.is_available():
            report |= benchmark_gpu.measure(PPOConfig(), rounds=rounds)
        else:
            print("gpu: no CUDA device here; skipped", file=sys.stderr)
    return report


def format_report(report: dict) -> str:
    """The report as tables in plain text."""
    lines = []
    for title, rows in report.items():
        columns = list(rows[0])
        lines += ["", title, f"{'':<50}" + "".join(f"{column:>16}" for column in columns[1:])]
        lines += [f"{r[columns[0]]:<50}" + "".join(f"{_cell(r[column]):>16}" for column in columns[1:]) for r in rows]
    return "\n".join(lines[1:])


def _cell(value) -> str:
    """A word as it is, a number with two decimals, and one that these would hide with its power of ten."""
    if isinstance(value, str):
        return value
    return f"{value:.1e}" if 0 < abs(value) < 0.01 else f"{value:,.2f}"


def _training_tables(config, rounds, updates):
    """Ours, the bare environments and Stable-Baselines3, in turns; and where our time goes, there and when fast."""
    steps = updates * config.batch_size(NUM_ENVS)
    with ExitStack() as afterwards:  # closes the environments, which are processes of their own
        rivals = {
            "ours": _OurTraining(config, steps, BACKEND, NUM_ENVS, afterwards),
            "random actions, no learning": _drive_randomly(steps, afterwards),
            "Stable-Baselines3's PPO": _train_sb3(config, steps, afterwards),
        }
        seconds = {name: [] for name in rivals}
        for _ in range(rounds):
            for name, contest in rivals.items():
                seconds[name].append(contest())
        fast = _OurTraining(config, 5 * config.batch_size(FAST_NUM_ENVS), "fast", FAST_NUM_ENVS, afterwards)
        fast_rate = fast.steps / fast()
    rates = {name: steps / median(spent) for name, spent in seconds.items()}
    rows = [{"": name, "steps/s": rate, "ours : this": rates["ours"] / rate} for name, rate in rates.items()]
    shares = [
        {"": f"{NUM_ENVS} environments, {BACKEND}", "steps/s": rates["ours"], **rivals["ours"].shares()},
        {"": f"{FAST_NUM_ENVS} environments, fast (the default)", "steps/s": fast_rate, **fast.shares()},
    ]
    return {
        f"Training on {ENV_ID}, grayscale images, {NUM_ENVS} environments, backend {BACKEND}": rows,
        "Where the time of our training goes, in shares": shares,
    }


def _simulator_tables():
    """The fast simulator against highway-env, threads against one, and the time to the first step."""
    from ppo_lib.fast_highway import benchmark as simulator  # only here, because numba takes a second to import

    against = [
        {"": r["name"], "fast, steps/s": r["fast"], "highway-env": r["original"], "ratio": r["ratio"]}
        for r in simulator.measure()
    ]
    threads = [
        {"": r["name"], "one, steps/s": r["one"], "more, steps/s": r["more"], "ratio": r["ratio"]}
        for r in simulator.measure_threads()
    ]
    start = [{"": f"{kind} start", "seconds": seconds} for kind, seconds in simulator.measure_start().items()]
    return {
        "The fast simulator against highway-env, one core each": against,
        "The fast simulator with more than one thread": threads,
        "The fast simulator's import and first step": start,
    }


class _OurTraining:
    """Our training; like the other contestants, a call takes `steps` steps and returns the seconds."""

    def __init__(self, config, steps, backend, num_envs, afterwards):
        self.steps = steps
        envs = make_vector_env(ENV_ID, num_envs, backend, highway_config())
        afterwards.callback(envs.close)
        self.ppo = PPO(envs, config)
        self.ppo.rollout()  # warm up
        self.rows = []

    def __call__(self):
        started = perf_counter()
        end = self.ppo.env_steps + self.steps
        self.ppo.learn(end, lambda ppo, diagnostics: self.rows.append(diagnostics), progress=False)
        return perf_counter() - started

    def shares(self) -> dict[str, float]:
        """The share of the time in each part of the training."""
        spent = {name: sum(row[f"seconds_{name}"] for row in self.rows) for name in ("simulate", "infer", "learn")}
        return {name: seconds / sum(spent.values()) for name, seconds in spent.items()}


def _drive_randomly(steps, afterwards):
    """The same environments with random actions and nobody learning."""
    envs = make_vector_env(ENV_ID, NUM_ENVS, BACKEND, highway_config())
    afterwards.callback(envs.close)
    envs.reset(seed=0)
    envs.action_space.seed(0)

    def contest():
        started = perf_counter()
        for _ in range(steps // NUM_ENVS):
            envs.step(envs.action_space.sample())
        return perf_counter() - started

    return contest


def _train_sb3(config, steps, afterwards):
    """Stable-Baselines3's PPO on the same observation with our network and settings, in its own worker processes."""
    rivals = import_rival()
    from stable_baselines3.common.vec_env import SubprocVecEnv

    envs = SubprocVecEnv([lambda: make_env(ENV_ID, highway_config())] * NUM_ENVS, start_method="fork")
    afterwards.callback(envs.close)
    rival = rivals.make_rival(envs, config, "CnnPolicy", features_extractor_class=rivals.PlainCNN)

    def contest():
        started = perf_counter()
        rival.learn(steps, reset_num_timesteps=False)
        return perf_counter() - started

    return contest


def _learner_tables(config):
    """PPO.update against the bare forward and backward passes over the same minibatches; the choice of the network."""
    ppo = PPO(make_vector_env(ENV_ID, FAST_NUM_ENVS, "fast", highway_config()), config)
    rollout = ppo.rollout()
    contests = {
        "bare forward and backward passes": benchmark_gpu.bare_passes(ppo, rollout),
        "PPO.update": lambda: ppo.update(rollout),
    }
    rates = alternate(contests, config.num_epochs * rollout.rewards.numel())
    bare_rate = rates["bare forward and backward passes"]
    rows = [{"": name, "samples/s": rate, "ratio": rate / bare_rate} for name, rate in rates.items()]
    return {
        "One update of the learner": rows,
        "Forward and backward pass of one network, 256 images": _network_rows(),
    }


def _channels_first(encoder):
    """The same encoder without the channels-last layout."""
    encoder.conv.to(memory_format=torch.contiguous_format)
    encoder.scale = lambda images: contrast(images).contiguous()
    return encoder


def _network_rows(batch=256):
    """What the choice of the image, of the network and of the memory layout is worth."""
    small, taller, usual = (  # the larger network takes no less than 36 pixels
        spaces.Box(0, 255, shape, np.uint8) for shape in ((2, 96, 24), (2, 96, 36), (4, 128, 64))
    )
    encoders = {
        "default: 2x96x24, two layers, channels-last": (ImageEncoder(small), small.shape),
        "the same, channels first": (_channels_first(ImageEncoder(small)), small.shape),
        "2x96x36, three layers of 2015": (ImageEncoder(taller, NATURE_CNN, (512,)), taller.shape),
        "4x128x64, two layers, channels-last": (ImageEncoder(usual), usual.shape),
        "4x128x64, three layers of 2015": (ImageEncoder(usual, NATURE_CNN, (512,)), usual.shape),
    }

    def passes(encoder, shape):
        images = torch.randint(0, 256, (batch, *shape), dtype=torch.uint8)
        return lambda: encoder(images).mean().backward()

    rates = alternate({name: passes(*what) for name, what in encoders.items()}, batch)
    default = next(iter(rates.values()))
    return [{"": name, "samples/s": rate, "default : this": default / rate} for name, rate in rates.items()]
