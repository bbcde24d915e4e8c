"""Experience: T steps of N environments, driven by the current policy."""

from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
import torch


@dataclass
class Rollout:
    """T steps of N environments, time first.

    Attributes:
        obs: (T, N, *obs_shape) what was seen, in the environment's dtype.
        actions: (T, N, *action_shape) what was done.
        log_probs: (T, N) log π(a|s) when it was done.
        rewards: (T, N) what came of it.
        terminated, truncated: (T, N) booleans: the episode ended here, by itself or by its time limit.
        values: (T, N) V(s_t) when it was collected.
        next_values: (T, N) V(s_{t+1}) of the state really reached, which at an episode's end is its final
            observation and not the first of the next episode.
        next_obs: (N, *obs_shape) where the next rollout goes on.
        episodes: {"return", "length", "crashed", "speed"}: an array each, one entry per episode that ended here.
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
def collect_rollout(envs, actor, critic, obs, num_steps) -> Rollout:
    """Drive `num_steps` steps in every environment, sampling actions from the actor.

    Args:
        envs: a vector environment in SAME_STEP autoreset; where it adds infos["episode"] they are gathered.
        actor: observations to a torch Distribution; critic: observations to values. Both on one device, where the
            rollout will be, too.
        obs: (N, *obs_shape) numpy array: what the environments show now.
        num_steps: T.
    """
    device = next(actor.parameters()).device
    steps = []  # a tuple per step, stacked at the end
    final_obs = {}  # (t, n): the last observation of an episode that ended there
    episodes = []
    started, simulating = perf_counter(), 0.0
    for t in range(num_steps):
        seen = torch.tensor(obs, device=device)  # a copy: the environments may reuse their array
        policy = actor(seen)
        actions = policy.sample()
        asked = perf_counter()
        obs, rewards, terminated, truncated, infos = envs.step(actions.cpu().numpy())
        simulating += perf_counter() - asked
        outcome = (_to(x, device) for x in (rewards.astype(np.float32), terminated, truncated))
        steps.append((seen, actions, policy.log_prob(actions), *outcome, critic(seen)))
        final_obs |= {(t, n): infos["final_obs"][n] for n in np.flatnonzero(terminated | truncated)}
        if "episode" in infos:
            ended = infos["_episode"]
            episodes.append({name: stat[ended] for name, stat in infos["episode"].items()})

    columns = [torch.stack(column) for column in zip(*steps, strict=True)]
    rollout = Rollout(*columns, next_values=torch.empty_like(columns[-1]), next_obs=obs)
    rollout.next_values[:-1] = rollout.values[1:]
    rollout.next_values[-1] = critic(_to(obs, device))
    if final_obs:
        t, n = map(list, zip(*final_obs, strict=True))
        rollout.next_values[t, n] = critic(_to(np.stack(list(final_obs.values())), device))
    if episodes:
        rollout.episodes = {name: np.concatenate([e[name] for e in episodes]) for name in episodes[0]}
    rollout.seconds = {"simulate": simulating, "infer": perf_counter() - started - simulating}
    return rollout


def _to(array, device):
    return torch.as_tensor(array, device=device)
