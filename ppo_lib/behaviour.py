"""What a driver does: which actions it asks for, and what its crashes look like, counted over whole drives."""

from collections import Counter
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from ppo_lib.evaluation import Policy, check_seed, meta_actions
from ppo_lib.fast_highway import FastHighwayVectorEnv

# Where the other car was when the second began in which the two collided.
AHEAD, BEHIND, ANOTHER_LANE = CRASHES = ("ahead in the same lane", "behind in the same lane", "in another lane")


@dataclass(frozen=True)
class Behaviour:
    """What a driver did in E drives.

    Attributes:
        actions: {name: the share of the decisions in which it was asked for}.
        crashes: {one of CRASHES: how many drives ended with a car that was there before the last decision}.
        changing: in how many of these crashes the last decision was to change lanes.
        speed: mean over the decisions, in m/s.
        episodes: E.
    """

    actions: dict[str, float]
    crashes: dict[str, int]
    changing: int
    speed: float
    episodes: int

    @property
    def lane_changes(self) -> float:
        """The share of the decisions that ask for another lane."""
        return sum(share for name, share in self.actions.items() if name.startswith("LANE"))


def observe(policy: Policy, env_id, config=None, *, episodes, seed) -> Behaviour:
    """Drive the episodes that evaluate_policy would drive with this seed, all at once, and count.

    Args:
        policy: observations (E, ...) to actions (E,), without chance.
        env_id, config: of a road that the fast simulator knows.
    """
    check_seed(seed)
    names = meta_actions(env_id, config)
    asked, crashes, changing, speeds = np.zeros(len(names), int), Counter(), 0, []
    # With a reset in the *next* step the state still shows the crash.
    with closing(FastHighwayVectorEnv(episodes, env_id, config, "NextStep")) as envs:
        driving = np.ones(episodes, bool)
        obs, _ = envs.reset(seed=seed)
        while driving.any():
            before, actions = envs.get_state(), policy(obs)
            obs, _, terminated, truncated, infos = envs.step(actions)
            asked += np.bincount(actions[driving], minlength=len(names))
            speeds.extend(infos["speed"][driving])
            crashed = np.flatnonzero(driving & infos["crashed"].astype(bool))
            if len(crashed):
                after = envs.get_state()
                crashes.update(_where(before, _hit(after, road), road) for road in crashed)
                changing += sum(names[actions[road]].startswith("LANE") for road in crashed)
            driving &= ~(terminated | truncated)
    shares = dict(zip(names, (asked / asked.sum()).tolist(), strict=True))
    kinds = {kind: crashes[kind] for kind in CRASHES}
    return Behaviour(shares, kinds, changing, float(np.mean(speeds)), episodes)


def _hit(after, road) -> int:
    """The number of the car that ours collided with: the nearest of those that have crashed."""
    others = np.flatnonzero(after["crashed"][road, 1:]) + 1
    x, y = (after[name][road, others] - after[name][road, 0] for name in ("x", "y"))
    return int(others[np.hypot(x, y).argmin()])


def _where(before, car, road) -> str:
    """One of CRASHES."""
    if before["lane"][road, car] != before["lane"][road, 0]:
        return ANOTHER_LANE
    return AHEAD if before["x"][road, car] > before["x"][road, 0] else BEHIND
