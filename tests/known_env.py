"""An environment whose every number can be worked out by hand."""

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from ppo_lib.wrappers import EpisodeStatistics

TERMINATING, TRUNCATING = "Terminating-v0", "Truncating-v0"


class Counter(gymnasium.Env):
    """Counts its steps: the observation is the number of steps taken, every reward is 1, it ends after `length`."""

    observation_space = gymnasium.spaces.Box(0, np.inf, (1,), np.float32)
    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, length=3, truncate=False):
        self.length = length
        self.truncate = truncate
        self.steps = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self._obs(), {}

    def step(self, action):
        self.steps += 1
        over = self.steps == self.length
        return self._obs(), 1.0, over and not self.truncate, over and self.truncate, {}

    def _obs(self):
        return np.array([self.steps], np.float32)


def counters(*lengths, truncate=False) -> EpisodeStatistics:
    """One Counter per length, in SAME_STEP autoreset."""
    env_fns = [lambda length=length: Counter(length, truncate) for length in lengths]
    return EpisodeStatistics(SyncVectorEnv(env_fns, autoreset_mode=AutoresetMode.SAME_STEP))
