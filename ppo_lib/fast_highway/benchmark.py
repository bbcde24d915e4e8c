"""How fast: against highway-env itself in one run on one core, on two cores, and from a cold and a warm start.

Other programs on the machine slow both sides down, so the two are measured in turns, in CPU seconds of this process,
and the best of the turns counts on each side.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ppo_lib.fast_highway.sprites import EXAMPLE
from ppo_lib.fast_highway.threads import available_cores
from ppo_lib.fast_highway.vector_env import FastHighwayVectorEnv

IMAGES = {"observation": EXAMPLE}
BY_HAND = {"action": {"type": "ContinuousAction"}, "policy_frequency": 5}
CASES = (  # name, environment, configuration, number of environments
    ("images, 64 environments", "highway-fast-v0", IMAGES, 64),
    ("images, 512 environments", "highway-fast-v0", IMAGES, 512),
    ("features, 64 environments", "highway-fast-v0", {}, 64),
    ("features, 512 environments", "highway-fast-v0", {}, 512),
    ("highway-v0, features, 64 environments", "highway-v0", {}, 64),
    ("by hand, features, 64 environments", "highway-fast-v0", BY_HAND, 64),
    ("by hand, features, 512 environments", "highway-fast-v0", BY_HAND, 512),
)
TURNS = 3


def measure(seconds: float = 4.0) -> list[dict[str, Any]]:
    """Policy steps a second on one core, random actions, policy frequency 1; by hand, throttle and steering at 5.

    Args:
        seconds: CPU time for each side of each comparison.

    Returns:
        One row for each case: "name", "fast" and "original" (steps a second), "ratio".
    """
    rows = []
    originals: dict[str, tuple[Callable[[], int], ...]] = {}
    for name, env_id, config, num_envs in CASES:
        fast = _fast_steps(num_envs, env_id, config, num_threads=1)
        key = f"{env_id} {sorted(config)}"
        if key not in originals:
            originals[key] = (_single_steps(env_id, config), _sync_steps(env_id, config))
        sides = [fast, *originals[key]]
        best = [0.0] * len(sides)
        for _ in range(TURNS):
            for side, step in enumerate(sides):
                best[side] = max(best[side], _rate(step, seconds / TURNS, time.process_time))
        rows.append({"name": name, "fast": best[0], "original": max(best[1:]), "ratio": best[0] / max(best[1:])})
    return rows


def measure_threads(seconds: float = 4.0, num_envs: int = 512) -> list[dict[str, Any]]:
    """Policy steps a second of wall-clock time with one thread and with more: "name", "one", "more", "ratio"."""
    cores = min(available_cores(), 2)
    rows = []
    for name, config in (("images", IMAGES), ("features", {})):
        sides = [_fast_steps(num_envs, "highway-fast-v0", config, num_threads) for num_threads in (1, cores)]
        best = [0.0, 0.0]
        for _ in range(TURNS):
            for side, step in enumerate(sides):
                best[side] = max(best[side], _rate(step, seconds / TURNS, time.perf_counter))
        title = f"{name}, {num_envs} environments, {cores} cores"
        rows.append({"name": title, "one": best[0], "more": best[1], "ratio": best[1] / best[0]})
    return rows


def measure_start() -> dict[str, float]:
    """Seconds until a fresh process has made its first step, beyond importing gymnasium: "cold" and "warm".

    Cold means with an empty cache, so that everything has to be compiled.
    """
    code = (
        "import time, gymnasium; start = time.perf_counter()\n"
        "from ppo_lib.fast_highway import FastHighwayVectorEnv\n"
        "from ppo_lib.fast_highway.benchmark import IMAGES\n"
        "envs = FastHighwayVectorEnv(8, config=IMAGES); envs.reset(seed=0); envs.step([1] * 8)\n"
        "print(time.perf_counter() - start)"
    )
    folder = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONPATH": str(folder)}

        def start() -> float:
            command = [sys.executable, "-c", code]
            output = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
            return float(output.stdout)

        cold = start()
        return {"cold": cold, "warm": min(start() for _ in range(3))}


def _rate(step: Callable[[], int], seconds: float, clock: Callable[[], float]) -> float:
    """How many steps a second `step`, which returns how many it made, makes."""
    step()
    begun, steps = clock(), 0
    while clock() - begun < seconds:
        steps += step()
    return steps / (clock() - begun)


def _random_actions(num_envs: int, config: dict[str, Any]) -> Iterator[np.ndarray]:
    rng = np.random.default_rng(0)
    if "action" in config:  # hardly steering, so that it stays among the others for a while
        actions = rng.uniform([-1.0, -0.02], [1.0, 0.02], size=(997, num_envs, 2)).astype(np.float32)
    else:
        actions = rng.integers(5, size=(997, num_envs))
    while True:
        yield from actions


def _fast_steps(num_envs: int, env_id: str, config: dict[str, Any], num_threads: int) -> Callable[[], int]:
    envs = FastHighwayVectorEnv(num_envs, env_id, config, num_threads=num_threads)
    envs.reset(seed=0)
    actions = _random_actions(num_envs, config)
    for _ in range(20):  # away from the start, where every road is in step with every other
        envs.step(next(actions))

    def step() -> int:
        for _ in range(4):
            envs.step(next(actions))
        return 4 * num_envs

    return step


def _single_steps(env_id: str, config: dict[str, Any]) -> Callable[[], int]:
    """highway-env's own environment, one of them."""
    env = _make_original(env_id, config)
    env.reset(seed=0)
    actions = _random_actions(1, config)

    def step() -> int:
        _, _, terminated, truncated, _ = env.step(next(actions)[0])
        if terminated or truncated:
            env.reset()
        return 1

    return step


def _sync_steps(env_id: str, config: dict[str, Any], num_envs: int = 4) -> Callable[[], int]:
    """Several of them, as gymnasium steps them one after another."""
    from gymnasium.vector import AutoresetMode, SyncVectorEnv

    envs = SyncVectorEnv([lambda: _make_original(env_id, config)] * num_envs, autoreset_mode=AutoresetMode.SAME_STEP)
    envs.reset(seed=0)
    actions = _random_actions(num_envs, config)

    def step() -> int:
        envs.step(next(actions))
        return num_envs

    return step


def _make_original(env_id: str, config: dict[str, Any]):
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    import gymnasium
    import highway_env  # noqa: F401  (registers the environments)

    return gymnasium.make(env_id, config=config)


def print_table(seconds: float = 4.0) -> None:
    """Measure everything and print it."""
    print(f"{'policy steps a second, one core':40}{'fast':>10}{'original':>10}{'ratio':>8}")
    for row in measure(seconds):
        print(f"{row['name']:40}{row['fast']:10.0f}{row['original']:10.1f}{row['ratio']:8.0f}", flush=True)
    print(f"{'policy steps a second, threads':40}{'one':>10}{'more':>10}{'ratio':>8}")
    for row in measure_threads(seconds):
        print(f"{row['name']:40}{row['one']:10.0f}{row['more']:10.0f}{row['ratio']:8.2f}", flush=True)
    start = measure_start()
    print(f"start: {start['warm']:.2f} s warm, {start['cold']:.1f} s cold (everything compiled)")


if __name__ == "__main__":
    print_table()
