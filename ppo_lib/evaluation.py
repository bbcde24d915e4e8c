"""Is it any good? Return, crash rate, speed and length over fresh episodes, with intervals and baselines."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from gymnasium import Wrapper
from gymnasium.spaces import Discrete
from highway_env.envs.common.action import DiscreteMetaAction
from highway_env.vehicle.behavior import IDMVehicle
from highway_env.vehicle.controller import MDPVehicle
from tqdm.auto import tqdm

from ppo_lib.envs import EnvSpec, is_highway, make_env
from ppo_lib.errors import UsageError
from ppo_lib.intervals import bootstrap_ci95, wilson_ci95
from ppo_lib.sampling import episode_noise, sample, to_environment
from ppo_lib.tables import Table

# (N, *obs_shape) observations to (N, *action_shape) actions. A policy that draws its actions has an attribute
# `stochastic` that is true, and takes uniform numbers (N, *action_shape) as a second argument: see `act`.
Policy = Callable[..., np.ndarray]

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
            "crash_rate_ci95": wilson_ci95(self.crashed) if drives else None,
            "mean_speed": float(self.speeds.mean()) if drives else None,
            "mean_speed_ci95": bootstrap_ci95(self.speeds) if drives else None,
            "mean_length": float(self.lengths.mean()),
        }


def evaluate_policy(policy: Policy, envs, episodes: int, seed: int, progress: bool = False) -> Evaluation:
    """Drive `episodes` episodes, the one numbered e from seed + e, whichever environment it runs in.

    Every episode that is begun counts. Taking the first to finish instead would favour short ones: the crashes. The
    actions that a stochastic policy draws in an episode depend on its seed, too, and on no other episode beside it.

    Args:
        policy: observations (N, ...) to actions (N,).
        envs: a vector environment of make_vector_env.
        episodes: E, at least 1.
        seed: of the first episode, from 0 up; use others than those trained on.
        progress: show a progress bar.

    Raises UsageError for no episodes, or an impossible seed.
    """
    if episodes < 1:
        raise UsageError(f"episodes must be at least 1, got {episodes}")
    check_seed(seed)
    num_envs = envs.num_envs
    names = ("return", "length", "crashed", "speed")
    results = np.full((len(names), episodes), np.nan)
    running = np.arange(num_envs)  # the episode that each environment drives
    noise = [episode_noise(seed + int(e)) for e in running]
    started = num_envs
    obs, _ = envs.reset(seed=[seed + int(e) for e in running])
    gpus = range(torch.cuda.device_count())
    with (  # a function that samples by itself shall do it reproducibly, and without touching the learner's randomness
        torch.random.fork_rng(gpus),
        tqdm(total=episodes, unit="episode", disable=not progress, dynamic_ncols=True) as bar,
    ):
        torch.manual_seed(seed)
        while (running < episodes).any():
            actions = act(policy, obs, noise, envs.single_action_space.shape)
            obs, _, terminated, truncated, infos = envs.step(to_environment(actions, envs.single_action_space))
            done = (terminated | truncated) & (running < episodes)
            if not done.any():
                continue
            results[:, running[done]] = [infos["episode"][name][done] for name in names]
            running[done] = np.arange(started, started + done.sum())
            started += done.sum()
            seeds = [seed + int(e) if d else None for e, d in zip(running, done, strict=True)]
            noise = [old if s is None else episode_noise(s) for old, s in zip(noise, seeds, strict=True)]
            obs, _ = envs.reset(seed=seeds, options={"reset_mask": done})
            bar.update(int(done.sum()))
    returns, lengths, crashed, speeds = results
    return Evaluation(returns, lengths.astype(int), crashed, speeds)


def act(policy: Policy, obs, noise, action_shape=()) -> np.ndarray:
    """The policy's actions in N episodes, (N, *action_shape).

    Args:
        policy: any function of observations; one with a true attribute `stochastic` is given uniform numbers, too.
        obs: (N, *obs_shape).
        noise: N generators, each of which draws for its episode only (sampling.episode_noise).
    """
    if not getattr(policy, "stochastic", False):
        return policy(obs)
    return policy(obs, np.array([generator.random(action_shape) for generator in noise]))


def check_seed(seed) -> None:
    """Raise UsageError for what cannot seed an episode."""
    if not isinstance(seed, (int, np.integer)) or seed < 0:
        raise UsageError(f"seed must be a whole number from 0 up, got {seed!r}")


def agent_policy(actor, deterministic: bool = True) -> Policy:
    """The actor as a driver: its most probable action (the mean of a Gaussian), or one drawn from its distribution.

    Without uniform numbers it draws by torch's own generator.
    """
    device = next(actor.parameters()).device

    @torch.no_grad()
    def policy(obs, uniforms=None):
        distribution = actor(torch.as_tensor(obs, device=device))
        if deterministic:
            actions = distribution.mode
        else:
            actions = distribution.sample() if uniforms is None else sample(distribution, uniforms)
        return actions.cpu().numpy()

    policy.stochastic = not deterministic
    return policy


def random_policy(num_actions: int, seed: int = 0) -> Policy:
    """Every action equally often; `seed` counts only where it is given no uniform numbers."""
    generator = np.random.default_rng(seed)

    def policy(obs, uniforms=None):
        return (num_actions * (generator.random(len(obs)) if uniforms is None else uniforms)).astype(int)

    policy.stochastic = True
    return policy


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

    Its target speed is 30 m/s, where the road allows it; actions are ignored. It answers what an attentive human-like
    driver would earn.
    """

    def reset(self, **kwargs):
        """Reset, and replace the ego vehicle by an IDMVehicle in the same place."""
        obs, info = self.env.reset(**kwargs)
        env = self.unwrapped
        ego = _GearedIDMVehicle.create_from(env.vehicle)
        ego.target_speed = IDM_TARGET_SPEED
        ego.target_speeds = env.vehicle.target_speeds
        env.road.vehicles[env.road.vehicles.index(env.vehicle)] = ego
        env.vehicle = ego
        return obs, info

    def step(self, action):
        """Step; without an action highway-env leaves the ego vehicle to itself."""
        obs, reward, terminated, truncated, info = self.env.step(None)
        # The None must not stay: vector environments cannot gather it from drives of which only some have ended.
        return obs, reward, terminated, truncated, info | {"action": action}


class _GearedIDMVehicle(IDMVehicle):
    """IDM + MOBIL with the gears of a learning driver, which some rewards and observations of highway-env ask for."""

    index_to_speed = MDPVehicle.index_to_speed
    speed_to_index = MDPVehicle.speed_to_index

    @property
    def speed_index(self) -> int:
        """The gear nearest to its speed."""
        return self.speed_to_index(self.speed)


def evaluate_baselines(
    env_id, config=None, *, episodes, seed, num_envs=8, backend="auto", progress=False, **kwargs
) -> dict[str, Evaluation]:
    """What drivers earn who have learned nothing: the lines that an agent has to beat.

    Random actions, where there are finitely many; on highway-env's roads also always FASTER, IDLE or SLOWER, and IDM +
    MOBIL as ego. Arguments and errors as for make_vector_env and evaluate_policy.
    """
    spec = EnvSpec(env_id, num_envs, backend, config, kwargs)
    return dict(baselines(spec, episodes, seed, progress))


def baselines(spec: EnvSpec, episodes, seed, progress=False) -> Iterator[tuple[str, Evaluation]]:
    """(name, Evaluation) of one baseline driver after the other, see evaluate_baselines, each when it is finished."""
    spec = spec.with_(num_envs=min(spec.num_envs, max(episodes, 1)))
    actions = meta_actions(spec.env_id, spec.config, **spec.kwargs)
    with closing(spec.make()) as envs:
        space = envs.single_action_space
        if isinstance(space, Discrete) and space.start == 0:
            random = random_policy(space.n, seed)
            yield "random", evaluate_policy(random, envs, episodes, seed, progress)
        for name in CONSTANT_DRIVERS:
            if name in actions:
                driver = constant_policy(actions.index(name))
                yield f"always {name}", evaluate_policy(driver, envs, episodes, seed, progress)
    if actions:
        backend = "async" if spec.backend == "fast" else spec.backend  # the fast simulator takes no wrapper
        with closing(spec.with_(backend=backend, by_hand=("wrapper",)).make(wrapper=IDMEgo)) as envs:
            idle = constant_policy(actions.index("IDLE"))
            yield IDM_DRIVER, evaluate_policy(idle, envs, episodes, seed, progress)


def meta_actions(env_id, config=None, **kwargs) -> list[str]:
    """The names of highway-env's discrete actions, by index; [] for other environments. Arguments as for make_env."""
    if not is_highway(env_id):
        return []
    with closing(make_env(env_id, config, **kwargs)) as env:
        action_type = env.unwrapped.action_type
    if not isinstance(action_type, DiscreteMetaAction):
        return []
    return [action_type.actions[index] for index in range(len(action_type.actions))]


def results_table(evaluations: dict[str, Evaluation]) -> Table:
    """A line per driver, with the 95 % intervals of return and crash rate; "-" stands for what there is not."""
    headers = ("driver", "return", "95 % interval", "crashes", "95 % interval", "speed m/s", "length")
    rows = []
    for driver, evaluation in evaluations.items():
        s = evaluation.summary()
        rows.append(
            (
                driver,
                f"{s['return_mean']:.2f}",
                "[{:.1f}, {:.1f}]".format(*s["return_ci95"]) if s["return_ci95"] else "-",
                "-" if s["crash_rate"] is None else f"{s['crash_rate']:.0%}",
                "-" if s["crash_rate"] is None else "[{:.0%}, {:.0%}]".format(*s["crash_rate_ci95"]),
                "-" if s["mean_speed"] is None else f"{s['mean_speed']:.1f}",
                f"{s['mean_length']:.1f}",
            )
        )
    return Table(headers, rows)


def format_table(evaluations: dict[str, Evaluation]) -> str:
    """The same table in plain text."""
    return str(results_table(evaluations))
