"""Is it any good? Return, crash rate, speed and length over fresh episodes, with intervals and baselines."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from gymnasium import Wrapper
from highway_env.envs.common.action import DiscreteMetaAction
from highway_env.vehicle.behavior import IDMVehicle
from scipy import stats
from tqdm.auto import tqdm

from ppo_lib.envs import default_backend, is_highway, make_env, make_vector_env
from ppo_lib.errors import UsageError

Policy = Callable[[np.ndarray], np.ndarray]  # (N, *obs_shape) observations to (N,) actions

CONSTANT_DRIVERS = ("FASTER", "IDLE", "SLOWER")
IDM_DRIVER = "IDM + MOBIL"
IDM_TARGET_SPEED = 30.0  # m/s, the speed limit of the highway


@dataclass(frozen=True)
class Evaluation:
    """The episodes of one driver, an entry each.

    Attributes:
        returns: (E,) undiscounted sums of rewards.
        lengths: (E,) in steps.
        crashed: (E,) 0 or 1; NaN where the environment knows no crashes.
        speeds: (E,) mean speed of the drive in m/s; NaN where the environment knows none.
    """

    returns: np.ndarray
    lengths: np.ndarray
    crashed: np.ndarray
    speeds: np.ndarray

    def summary(self) -> dict:
        """Means and 95 % confidence intervals, fit for JSON; None stands for what the environment does not know.

        The intervals of means are bootstrapped. That of the crash rate is Wilson's: resampling an evaluation without
        a crash would claim that a crash is impossible.
        """
        drives = not np.isnan(self.crashed).any()
        return {
            "episodes": len(self.returns),
            "return_mean": float(self.returns.mean()),
            "return_ci95": bootstrap_ci95(self.returns),
            "crash_rate": float(self.crashed.mean()) if drives else None,
            "crash_rate_ci95": _wilson_ci95(self.crashed) if drives else None,
            "mean_speed": float(self.speeds.mean()) if drives else None,
            "mean_speed_ci95": bootstrap_ci95(self.speeds) if drives else None,
            "mean_length": float(self.lengths.mean()),
        }


def evaluate_policy(policy: Policy, envs, episodes: int, seed: int, progress: bool = False) -> Evaluation:
    """Drive `episodes` episodes, the one numbered e from seed + e, whichever environment it runs in.

    Every episode that is begun counts. Taking the first to finish instead would favour short ones: the crashes.

    Args:
        policy: observations (N, ...) to actions (N,).
        envs: a vector environment of make_vector_env.
        episodes: E, at least 1.
        seed: of the first episode; use others than those trained on.
        progress: show a progress bar.
    """
    if episodes < 1:
        raise UsageError(f"episodes must be at least 1, got {episodes}")
    num_envs = envs.num_envs
    names = ("return", "length", "crashed", "speed")
    results = np.full((len(names), episodes), np.nan)
    running = np.arange(num_envs)  # the episode that each environment drives
    started = num_envs
    obs, _ = envs.reset(seed=[seed + int(e) for e in running])
    gpus = range(torch.cuda.device_count())
    with (  # a policy that samples shall do it reproducibly, and without touching the learner's randomness
        torch.random.fork_rng(gpus),
        tqdm(total=episodes, unit="episode", disable=not progress, dynamic_ncols=True) as bar,
    ):
        torch.manual_seed(seed)
        while (running < episodes).any():
            obs, _, terminated, truncated, infos = envs.step(policy(obs))
            done = (terminated | truncated) & (running < episodes)
            if not done.any():
                continue
            results[:, running[done]] = [infos["episode"][name][done] for name in names]
            running[done] = np.arange(started, started + done.sum())
            started += done.sum()
            seeds = [seed + int(e) if d else None for e, d in zip(running, done, strict=True)]
            obs, _ = envs.reset(seed=seeds, options={"reset_mask": done})
            bar.update(int(done.sum()))
    returns, lengths, crashed, speeds = results
    return Evaluation(returns, lengths.astype(int), crashed, speeds)


def agent_policy(actor, deterministic: bool = True) -> Policy:
    """The actor as a driver: its most probable action, or one drawn from its probabilities."""
    device = next(actor.parameters()).device

    @torch.no_grad()
    def policy(obs):
        distribution = actor(torch.as_tensor(obs, device=device))
        return (distribution.mode if deterministic else distribution.sample()).cpu().numpy()

    return policy


def random_policy(num_actions: int, seed: int = 0) -> Policy:
    """Every action equally often."""
    generator = np.random.default_rng(seed)
    return lambda obs: generator.integers(num_actions, size=len(obs))


def constant_policy(action: int) -> Policy:
    """Always the same action."""
    return lambda obs: np.full(len(obs), action)


def replay_policy(actions) -> Policy:
    """The given actions one after another, whatever is seen.

    With the seed of an episode it drives the same episode again, in the original as in the fast simulator.

    Args:
        actions: (T, N), or (T,) for a single environment.
    """
    remaining = iter(np.asarray(actions))
    return lambda obs: np.broadcast_to(next(remaining), len(obs))


class IDMEgo(Wrapper):
    """highway-env with its own traffic model at the wheel: the ego vehicle becomes an IDM + MOBIL driver.

    Its target speed is 30 m/s; actions are ignored. It answers what an attentive human-like driver would earn.
    """

    def reset(self, **kwargs):
        """Reset, and replace the ego vehicle by an IDMVehicle in the same place."""
        obs, info = self.env.reset(**kwargs)
        env = self.unwrapped
        ego = IDMVehicle.create_from(env.vehicle)
        ego.target_speed = IDM_TARGET_SPEED
        env.road.vehicles[env.road.vehicles.index(env.vehicle)] = ego
        env.vehicle = ego
        return obs, info

    def step(self, action):
        """Step; without an action highway-env leaves the ego vehicle to itself."""
        return self.unwrapped.step(None)


def evaluate_baselines(
    env_id, config=None, *, episodes, seed, num_envs=8, backend="auto", progress=False
) -> dict[str, Evaluation]:
    """What drivers earn who have learned nothing: the lines that an agent has to beat.

    Random actions; on highway-env also always FASTER, IDLE or SLOWER, and IDM + MOBIL as ego. Arguments as for
    make_vector_env and evaluate_policy.
    """
    num_envs = min(num_envs, episodes)
    backend = default_backend(env_id) if backend == "auto" else backend

    def evaluate(make_policy, wrapper=None):
        one_by_one = "async" if backend == "fast" else backend  # the fast simulator takes no wrapper
        envs = make_vector_env(env_id, num_envs, one_by_one if wrapper else backend, config, wrapper=wrapper)
        try:
            return evaluate_policy(make_policy(envs), envs, episodes, seed, progress)
        finally:
            envs.close()

    results = {"random": evaluate(lambda envs: random_policy(envs.single_action_space.n, seed))}
    actions = meta_actions(env_id, config)
    for name in CONSTANT_DRIVERS:
        if name in actions:
            results[f"always {name}"] = evaluate(lambda envs, name=name: constant_policy(actions.index(name)))
    if actions:
        results[IDM_DRIVER] = evaluate(lambda envs: constant_policy(0), IDMEgo)
    return results


def meta_actions(env_id, config=None) -> list[str]:
    """The names of highway-env's discrete actions, by index; [] for other environments."""
    if not is_highway(env_id):
        return []
    env = make_env(env_id, config)
    action_type = env.unwrapped.action_type
    env.close()
    if not isinstance(action_type, DiscreteMetaAction):
        return []
    return [action_type.actions[index] for index in range(len(action_type.actions))]


def bootstrap_ci95(values, statistic=np.mean) -> list[float] | None:
    """The 95 % confidence interval [low, high] of a mean, or of another `statistic`; None for a single value."""
    if len(values) < 2:  # it tells no spread
        return None
    interval = stats.bootstrap((values,), statistic, method="percentile", rng=0).confidence_interval
    return [float(interval.low), float(interval.high)]


def interquartile_mean(values, axis=-1):
    """The mean of the middle half: of a few seeds, one lucky or unlucky one then does not decide.

    Reference: Agarwal et al. 2021, section 4.3, arXiv:2108.13264.
    """
    return stats.trim_mean(values, 0.25, axis=axis)


def format_table(evaluations: dict[str, Evaluation]) -> str:
    """A table in plain text, a line per driver."""
    lines = [f"{'driver':<14} {'return':>8} {'95 % interval':>16} {'crashes':>8} {'speed m/s':>10} {'length':>7}"]
    for driver, evaluation in evaluations.items():
        s = evaluation.summary()
        interval = "[{:.1f}, {:.1f}]".format(*s["return_ci95"]) if s["return_ci95"] else "-"
        crashes = "-" if s["crash_rate"] is None else f"{s['crash_rate']:.0%}"
        speed = "-" if s["mean_speed"] is None else f"{s['mean_speed']:.1f}"
        lines.append(
            f"{driver:<14} {s['return_mean']:>8.2f} {interval:>16} {crashes:>8} {speed:>10} {s['mean_length']:>7.1f}"
        )
    return "\n".join(lines)


def _wilson_ci95(crashed) -> list[float]:
    interval = stats.binomtest(int(crashed.sum()), len(crashed)).proportion_ci(method="wilson")
    return [float(interval.low), float(interval.high)]
