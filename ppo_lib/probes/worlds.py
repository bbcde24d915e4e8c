"""The worlds themselves."""

from typing import ClassVar

import numpy as np
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

NUM_ENVS = 16


class ProbeEnv(VectorEnv):
    """N copies of a tiny world, in SAME_STEP autoreset. An observation is one number.

    Subclasses say how an episode begins, and what a step does.

    Args:
        num_envs: N.
    """

    num_actions = 1
    metadata: ClassVar = {"autoreset_mode": AutoresetMode.SAME_STEP}

    def __init__(self, num_envs=NUM_ENVS):
        self.num_envs = num_envs
        self.single_observation_space = Box(-1, 1, (1,), np.float32)
        self.single_action_space = Discrete(self.num_actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.rng = np.random.default_rng()
        self.seen = self.steps = None  # (N,) what is observed, and how many steps the episode took so far

    def begin(self) -> np.ndarray:
        """(N,) the first observations of N episodes."""
        return np.zeros(self.num_envs)

    def outcome(self, actions) -> tuple[np.ndarray, ...]:
        """(next observations, rewards, terminated, truncated), each (N,), of a step from self.seen."""
        raise NotImplementedError

    def reset(self, *, seed=None, options=None):
        """Begin N episodes; `seed` is a number or a list of numbers."""
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.seen, self.steps = self.begin(), np.zeros(self.num_envs, int)
        return self._obs(), {}

    def step(self, actions):
        """Gymnasium's step: where an episode ends, the next one's first observation, the last in final_obs."""
        self.seen, rewards, terminated, truncated = self.outcome(np.asarray(actions))
        self.steps += 1
        done = terminated | truncated
        infos = {}
        if done.any():
            last = np.full(self.num_envs, None, dtype=object)
            for n in np.flatnonzero(done):
                last[n] = self._obs()[n]
            infos = {"final_obs": last, "_final_obs": done}
            self.seen = np.where(done, self.begin(), self.seen)
            self.steps[done] = 0
        return self._obs(), rewards, terminated, truncated, infos

    def _obs(self):
        return self.seen[:, None].astype(np.float32)

    def _flags(self, value):
        return np.full(self.num_envs, value)


class Constant(ProbeEnv):
    """One step, always the same: a reward of 1."""

    def outcome(self, actions):
        """See ProbeEnv."""
        return self.begin(), np.ones(self.num_envs), self._flags(True), self._flags(False)


class Observation(ProbeEnv):
    """One step: an observation of -1 or +1, and that is the reward."""

    def begin(self):
        """See ProbeEnv."""
        return self.rng.choice([-1.0, 1.0], self.num_envs)

    def outcome(self, actions):
        """See ProbeEnv."""
        return self.begin(), self.seen, self._flags(True), self._flags(False)


class Time(ProbeEnv):
    """Two steps: observations -1, then +1; only the second step is rewarded, by 1, and it terminates the episode.

    The last observation is -1 once more, so that whoever looks beyond the end sees something of worth there.
    """

    def begin(self):
        """See ProbeEnv."""
        return -np.ones(self.num_envs)

    def outcome(self, actions):
        """See ProbeEnv."""
        second = self.steps == 1
        return -self.seen, second * 1.0, second, self._flags(False)


class TimeLimit(ProbeEnv):
    """Observation -1, then +1 for as long as the episode lasts, a reward of 1 each; after three steps time is up.

    Only the limit ends it: the last observation is +1, and as much worth as the one before.
    """

    def begin(self):
        """See ProbeEnv."""
        return -np.ones(self.num_envs)

    def outcome(self, actions):
        """See ProbeEnv."""
        return np.ones(self.num_envs), (self.seen > 0) * 1.0, self._flags(False), self.steps == 2


class Action(ProbeEnv):
    """One step: four actions, of which the last earns 1 and the others nothing."""

    num_actions = 4

    def outcome(self, actions):
        """See ProbeEnv."""
        return self.begin(), (actions == 3) * 1.0, self._flags(True), self._flags(False)


class Both(ProbeEnv):
    """One step: an observation of -1 or +1, and two actions; action 0 earns 1 at -1, action 1 earns 1 at +1."""

    num_actions = 2

    def begin(self):
        """See ProbeEnv."""
        return self.rng.choice([-1.0, 1.0], self.num_envs)

    def outcome(self, actions):
        """See ProbeEnv."""
        return self.begin(), (actions == (self.seen > 0)) * 1.0, self._flags(True), self._flags(False)
