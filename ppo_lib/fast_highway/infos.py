"""The `infos` of a vector environment, laid out exactly as gymnasium's SyncVectorEnv would gather highway-env's.

Every key comes with a mask of the same name and a leading underscore: which environments it holds for. Where it does
not hold, the entry is zero.
"""

from typing import Any

import numpy as np

from ppo_lib.fast_highway.state import REWARD_TERMS, Outcome


def step_infos(outcome: Outcome, actions: np.ndarray, mask: np.ndarray) -> dict[str, Any]:
    """``AbstractEnv._info`` (envs/common/abstract.py) of the environments in `mask` (N,)."""
    rewards: dict[str, np.ndarray] = {}
    for name, values in zip(REWARD_TERMS, outcome.terms, strict=True):
        rewards[name], rewards[f"_{name}"] = values, mask.copy()
    infos = {"speed": outcome.speed, "crashed": outcome.crashed, "action": actions, "rewards": rewards}
    return infos | {f"_{name}": mask.copy() for name in infos}


def final_infos(
    final_obs: np.ndarray, final_outcome: Outcome, actions: np.ndarray, ended: np.ndarray
) -> dict[str, Any]:
    """The last observations and infos of the episodes that have `ended` (N,), before the automatic reset."""
    last_actions = actions.copy()
    last_actions[~ended] = 0
    return {
        "final_obs": final_obs,
        "_final_obs": ended.copy(),
        "final_info": step_infos(final_outcome, last_actions, ended),
        "_final_info": ended.copy(),
    }
