"""Experience: T steps of N environments, driven by the current policy."""

from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import torch
from torch.distributions import Distribution

from ppo_lib.errors import UsageError
from ppo_lib.sampling import sample, to_environment


@dataclass
class Rollout:
    """T steps of N environments, time first.

    Attributes:
        obs: (T, N, *obs_shape) what was seen, in the environment's dtype.
        actions: (T, N, *action_shape) what was drawn. Where that lies outside a Box, the environment was given the
            nearest action inside, but log_probs are those of what was drawn.
        log_probs: (T, N) log π(a|s) when it was done.
        rewards: (T, N) what came of it.
        terminated, truncated: (T, N) booleans: the episode ended here, by itself or by its time limit.
        values: (T, N) V(s_t) when it was collected.
        next_values: (T, N) V(s_{t+1}) of the state really reached, which at an episode's end is its final
            observation and not the first of the next episode.
        next_obs: (N, *obs_shape) numpy array: where the next rollout goes on.
        episodes: {"return", "length", "crashed", "speed", "off_road"}: an array each, one entry per episode that ended
            here.
        seconds: {"simulate", "infer"}: where the time went.
    """

    obs: torch.Tensor
    actions: torch.Tensor
    log_probs: torch.Tensor
    rewards: torch.Tensor
    terminated: torch.Tensor
    truncated: torch.Tensor
    values: torch.Tensor
    next_values: torch.Tensor
    next_obs: np.ndarray
    episodes: dict[str, np.ndarray] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


@torch.no_grad()
def collect_rollout(envs, actor, critic, obs, num_steps, uniforms=None, steps_before=0) -> Rollout:
    """Drive `num_steps` steps in every environment, drawing actions from the actor.

    Args:
        envs: a vector environment in SAME_STEP autoreset; where it adds infos["episode"] they are gathered.
        actor: observations to a torch Distribution; critic: observations to values (N,). Both on one device, where the
            rollout will be, too.
        obs: (N, *obs_shape) numpy array: what the environments show now.
        num_steps: T.
        uniforms: (T, N, *action_shape) the randomness of the actions, independent numbers from [0, 1); by default
            torch's generator draws the actions.
        steps_before: how many steps there were before, for what an error says.

    Raises UsageError where the actor gives no Distribution or the critic another shape, and for an observation, a
    reward or a probability that is not finite.
    """
    device = next(actor.parameters()).device
    stored_obs = _storage(obs, num_steps, device)
    steps = []  # a tuple per step, stacked at the end
    final_obs = {}  # (t, n): the last observation of an episode that ended there
    episodes = []
    started, simulating = perf_counter(), 0.0
    check_finite("observation", obs, f"step {steps_before}")
    for t in range(num_steps):
        seen = stored_obs[t].copy_(torch.as_tensor(obs))  # a copy: the environments may reuse their array
        policy = _checked_policy(actor(seen), len(seen))
        actions = policy.sample() if uniforms is None else sample(policy, uniforms[t])
        log_probs = policy.log_prob(actions)
        if not torch.isfinite(log_probs).all():
            raise UsageError(f"the actor's probabilities are not finite at step {steps_before + t + 1}")
        given = to_environment(actions, envs.single_action_space)  # waits for a GPU: not the simulator's time
        asked = perf_counter()
        obs, rewards, terminated, truncated, infos = envs.step(given)
        simulating += perf_counter() - asked
        check_finite("observation", obs, f"step {steps_before + t + 1}")
        check_finite("reward", rewards, f"step {steps_before + t + 1}")
        outcome = (torch.tensor(x, device=device) for x in (rewards.astype(np.float32), terminated, truncated))
        steps.append((actions, log_probs, *outcome))
        final_obs |= {(t, n): np.array(infos["final_obs"][n]) for n in np.flatnonzero(terminated | truncated)}
        if "episode" in infos:
            episodes.append({name: stat[infos["_episode"]] for name, stat in infos["episode"].items()})
    columns = [torch.stack(column) for column in zip(*steps, strict=True)]
    rollout = Rollout(stored_obs, *columns, *_values(critic, stored_obs, obs, final_obs), next_obs=obs)
    if episodes:
        rollout.episodes = {name: np.concatenate([e[name] for e in episodes]) for name in episodes[0]}
    rollout.seconds = {"simulate": simulating, "infer": perf_counter() - started - simulating}
    return rollout


def _storage(obs, num_steps, device):
    """Room for (T, N, *obs_shape); images lie in memory as ImageEncoder convolves them, as (T, N, H, W, C)."""
    shape, dtype = (num_steps, *obs.shape), torch.as_tensor(obs).dtype
    if len(shape) != 5:
        return torch.empty(shape, dtype=dtype, device=device)
    steps, envs, channels, width, height = shape
    return torch.empty((steps, envs, height, width, channels), dtype=dtype, device=device).permute(0, 1, 4, 3, 2)


def _values(critic, obs, last_obs, final_obs):
    """(values, next_values), both (T, N), of T steps that end with `last_obs` (N, ...), see Rollout."""
    values = _judge(critic, obs.flatten(0, 1)).unflatten(0, obs.shape[:2])
    next_values = torch.empty_like(values)
    next_values[:-1] = values[1:]
    next_values[-1] = _judge(critic, torch.as_tensor(last_obs, device=obs.device))
    if final_obs:
        t, n = map(list, zip(*final_obs, strict=True))
        next_values[t, n] = _judge(critic, torch.as_tensor(np.stack(list(final_obs.values())), device=obs.device))
    return values, next_values


def _judge(critic, obs, part=256):
    """(B,) values of observations (B, *obs_shape), a part at a time: all at once would not fit into a CPU's cache."""
    return torch.cat([_checked_values(critic(some), len(some)) for some in obs.split(part)])


def _checked_policy(policy, num_envs) -> Distribution:
    if not isinstance(policy, Distribution):
        raise UsageError(
            f"the actor must return a torch Distribution, got {type(policy).__name__}; "
            "return Categorical(logits=...) instead of the logits"
        )
    if policy.batch_shape != (num_envs,):
        raise UsageError(
            f"the actor's distribution must have one log-probability for each observation, ({num_envs},), got "
            f"{tuple(policy.batch_shape)}; sum over the numbers of an action by torch's Independent(distribution, 1)"
        )
    return policy


def _checked_values(values, num_envs) -> torch.Tensor:
    if values.shape != (num_envs,):
        raise UsageError(
            f"the critic must return one value for each observation, of shape ({num_envs},), got {tuple(values.shape)}"
        )
    return values


def check_finite(name, array, when):
    """Raise UsageError for NaN and infinity in an `array` (N, ...), which would spread to every weight."""
    if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
        n = int(np.argwhere(~np.isfinite(array))[0, 0])
        value = array[n][~np.isfinite(array[n])].flat[0] if array[n].ndim else array[n]
        raise UsageError(f"environment {n} gave {value} in its {name} at {when}; a {name} must be finite")
