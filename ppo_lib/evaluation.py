"""Is it any good? Return, crash rate, speed and length over fresh episodes, with intervals and baselines."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import torch
from gymnasium.spaces import Box, Discrete
from tqdm.auto import tqdm

from ppo_lib.drivers import (
    IDM_DRIVER,
    IDMAtTheWheel,
    IDMEgo,
    StopAtOnce,
    Wheel,
    find_wheel,
    meta_actions,
    uniform_policy,
)
from ppo_lib.envs import EnvSpec
from ppo_lib.errors import UsageError
from ppo_lib.intervals import bootstrap_ci95, wilson_ci95
from ppo_lib.sampling import episode_noise, sample, to_environment
from ppo_lib.tables import Table

# (N, *obs_shape) observations to (N, *action_shape) actions. A policy that draws its actions has an attribute
# `stochastic` that is true, and takes uniform numbers (N, *action_shape) as a second argument: see `act`.
Policy = Callable[..., np.ndarray]

CONSTANT_DRIVERS = ("FASTER", "IDLE", "SLOWER")


@dataclass(frozen=True)
class Evaluation:
    """The episodes of one driver, an entry each.

    Attributes:
        returns: (E,) undiscounted sums of rewards.
        lengths: (E,) in steps.
        crashed: (E,) 0 or 1; NaN where the environment knows no crashes.
        speeds: (E,) mean speed of the drive in m/s, negative in reverse; NaN where the environment knows none.
        off_road: (E,) share of the drive's steps after which the car was not on the road, in [0, 1]; NaN where the
            environment knows no road, or the driver no steering wheel: meta-actions keep to the lanes.
    """

    returns: np.ndarray
    lengths: np.ndarray
    crashed: np.ndarray
    speeds: np.ndarray
    off_road: np.ndarray | None = None  # None: NaN in every drive

    def __post_init__(self):
        if self.off_road is None:
            object.__setattr__(self, "off_road", np.full(len(self.returns), np.nan))

    def summary(self) -> dict:
        """Means and 95 % confidence intervals, fit for JSON; None stands for what the environment does not know.

        The intervals of means are bootstrapped. That of the crash rate is Wilson's: resampling an evaluation without
        a crash would claim that a crash is impossible. Where nobody left the road, the time off it is not more than
        the rate of drives that leave it, so its interval ends where Wilson's does.
        """
        drives = not np.isnan(self.crashed).any()
        steers = not np.isnan(self.off_road).any()
        return {
            "episodes": len(self.returns),
            "return_mean": float(self.returns.mean()),
            "return_ci95": bootstrap_ci95(self.returns),
            "crash_rate": float(self.crashed.mean()) if drives else None,
            "crash_rate_ci95": wilson_ci95(self.crashed) if drives else None,
            "mean_speed": float(self.speeds.mean()) if drives else None,
            "mean_speed_ci95": bootstrap_ci95(self.speeds) if drives else None,
            "off_road": float(self.off_road.mean()) if steers else None,
            "off_road_ci95": self._off_road_ci95() if steers else None,
            "mean_length": float(self.lengths.mean()),
        }

    def _off_road_ci95(self):
        left = self.off_road > 0
        return bootstrap_ci95(self.off_road) if left.any() else [0.0, wilson_ci95(left)[1]]


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
    names = ("return", "length", "crashed", "speed", "off_road")
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
    returns, lengths, crashed, speeds, off_road = results
    steers = isinstance(envs.single_action_space, Box)
    return Evaluation(returns, lengths.astype(int), crashed, speeds, off_road if steers else None)


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


def constant_policy(action) -> Policy:
    """Always the same action, a number or an array."""
    return lambda obs: np.full((len(obs), *np.shape(action)), action)


def replay_policy(actions) -> Policy:
    """The given actions one after another, whatever is seen.

    With the seed of an episode it drives the same episode again, in the original as in the fast simulator.

    Args:
        actions: (T, N), or (T,) for a single environment.
    """
    remaining = iter(np.asarray(actions))
    return lambda obs: np.broadcast_to(next(remaining), len(obs))


def evaluate_baselines(
    env_id, config=None, *, episodes, seed, num_envs=8, backend="auto", progress=False, **kwargs
) -> dict[str, Evaluation]:
    """What drivers earn who have learned nothing: the lines that an agent has to beat.

    Random actions, where they are finitely many or bounded numbers. On highway-env's roads with meta-actions also
    always FASTER, IDLE or SLOWER, and IDM + MOBIL as ego; with continuous actions who stops at once, who coasts
    straight on, who gives full throttle without steering, and IDM + MOBIL at the wheel; what needs a throttle is left
    out where there is none. Elsewhere with continuous actions: the action that is zero.

    Arguments and errors as for make_vector_env and evaluate_policy.
    """
    spec = EnvSpec(env_id, num_envs, backend, config, kwargs)
    return dict(baselines(spec, episodes, seed, progress))


def baselines(spec: EnvSpec, episodes, seed, progress=False) -> Iterator[tuple[str, Evaluation]]:
    """(name, Evaluation) of one baseline driver after the other, see evaluate_baselines, each when it is finished."""
    spec = spec.with_(num_envs=min(spec.num_envs, max(episodes, 1)))
    actions = meta_actions(spec.env_id, spec.config, **spec.kwargs)
    wheel = find_wheel(spec.env_id, spec.config, **spec.kwargs)
    with closing(spec.make()) as envs:
        untaught = _untaught(envs.single_action_space, actions, wheel, seed)
        for name, driver in untaught.items():
            yield name, evaluate_policy(driver, envs, episodes, seed, progress)
        if wheel and wheel.can_stop:
            stops = StopAtOnce(envs, wheel)
            yield "stop at once", evaluate_policy(untaught["coast straight on"], stops, episodes, seed, progress)
    if actions or wheel:
        backend = "async" if spec.backend == "fast" else spec.backend  # the fast simulator takes no wrapper
        idm = IDMAtTheWheel if wheel else IDMEgo
        idle = untaught["coast straight on"] if wheel else constant_policy(actions.index("IDLE"))
        with closing(spec.with_(backend=backend, by_hand=("wrapper",)).make(wrapper=idm)) as envs:
            yield IDM_DRIVER, evaluate_policy(idle, envs, episodes, seed, progress)


def _untaught(space, actions: list[str], wheel: Wheel | None, seed) -> dict[str, Policy]:
    """{name: driver} of those who see nothing at all."""
    drivers = {}
    if isinstance(space, Discrete) and space.start == 0:
        drivers["random"] = random_policy(space.n, seed)
    is_continuous = isinstance(space, Box) and np.issubdtype(space.dtype, np.floating)
    if is_continuous and space.is_bounded():
        drivers["random"] = uniform_policy(space, seed)
    if wheel:
        drivers["coast straight on"] = constant_policy(wheel.actions(0.0))
        if wheel.accelerations:
            drivers["full throttle"] = constant_policy(wheel.actions(max(wheel.accelerations)))
    elif is_continuous:
        zero = np.zeros(space.shape, space.dtype)
        drivers["zero action"] = constant_policy(np.clip(zero, space.low, space.high))
    known = [name for name in CONSTANT_DRIVERS if name in actions]
    return drivers | {f"always {name}": constant_policy(actions.index(name)) for name in known}


def results_table(evaluations: dict[str, Evaluation]) -> Table:
    """A line per driver, with the 95 % intervals of return and crash rate; "-" stands for what there is not.

    Where a driver could leave the road, also the share of time off it, and the intervals of that and of the speed.
    """
    summaries = {driver: evaluation.summary() for driver, evaluation in evaluations.items()}
    steer = any(s["off_road"] is not None for s in summaries.values())
    columns = [  # header, key of the summary, form
        ("return", "return_mean", "{:.2f}"),
        ("95 % interval", "return_ci95", "[{:.1f}, {:.1f}]"),
        ("crashes", "crash_rate", "{:.0%}"),
        ("95 % interval", "crash_rate_ci95", "[{:.0%}, {:.0%}]"),
        ("speed m/s", "mean_speed", "{:.1f}"),
        *([("95 % interval", "mean_speed_ci95", "[{:.1f}, {:.1f}]")] if steer else []),
        *([("off road", "off_road", "{:.1%}")] if steer else []),
        *([("95 % interval", "off_road_ci95", "[{:.1%}, {:.1%}]")] if steer else []),
        ("length", "mean_length", "{:.1f}"),
    ]
    rows = [(driver, *(_cell(s[key], form) for _, key, form in columns)) for driver, s in summaries.items()]
    return Table(("driver", *(header for header, _, _ in columns)), rows)


def _cell(value, form):
    if value is None:
        return "-"
    return form.format(*value) if isinstance(value, list) else form.format(value)


def format_table(evaluations: dict[str, Evaluation]) -> str:
    """The same table in plain text."""
    return str(results_table(evaluations))
