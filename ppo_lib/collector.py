"""Gathers rollouts: the one owner of the environments, of what they show, and of their seeds."""

import numpy as np

from ppo_lib.errors import UsageError
from ppo_lib.randomness import ACTIONS, ENVIRONMENTS, seed_of, stream
from ppo_lib.rollout import Rollout, collect_rollout
from ppo_lib.validation import check_array
from ppo_lib.wrappers import SUMS, SUMS_AT_FIRST, EpisodeStatistics


class Collector:
    """Drives N environments with the networks it is given, each rollout going on where the last one ended.

    Every environment has a seed of its own, and the randomness of the actions is drawn for a whole rollout at once: it
    depends on `seed` and on how many rollouts there were, on nothing else in the program.

    Whoever steps the environments from outside, an evaluation for example, ends their episodes: the next rollout then
    begins with new ones.

    Args:
        envs: a vector environment in SAME_STEP autoreset, as make_vector_env gives.
        seed: of the environments and the actions.
    """

    def __init__(self, envs, seed: int = 0):
        self.envs = envs if isinstance(envs, EpisodeStatistics) else EpisodeStatistics(envs)
        self.seed = seed
        self.num_envs = envs.num_envs
        self.single_observation_space = envs.single_observation_space
        self.single_action_space = envs.single_action_space
        self.env_spec = self.envs.env_spec
        self._obs = None  # (N, *obs_shape) what the environments show now
        self._moves = None  # of the environments when they showed it
        self._resets = self._rollouts = self._steps = 0

    @property
    def resets(self) -> int:
        """How often new episodes had to begin in all environments at once."""
        return self._resets

    def observe(self) -> np.ndarray:
        """(N, *obs_shape) what the environments show now; new episodes where there are none, or others moved them."""
        if self._obs is None or self.envs.moves != self._moves:
            seeds = [seed_of(self.seed, ENVIRONMENTS, self._resets, n) for n in range(self.num_envs)]
            self._obs, _ = self.envs.reset(seed=seeds)
            self._moves = self.envs.moves
            self._resets += 1
        return self._obs

    def collect(self, actor, critic, num_steps: int) -> Rollout:
        """Drive `num_steps` steps in every environment. Arguments, result and errors as for collect_rollout."""
        obs = self.observe()
        shape = (num_steps, self.num_envs, *self.single_action_space.shape)
        uniforms = np.random.default_rng(stream(self.seed, ACTIONS, self._rollouts)).random(shape)
        rollout = collect_rollout(self.envs, actor, critic, obs, num_steps, uniforms, self._steps)
        self._obs, self._moves = rollout.next_obs, self.envs.moves
        self._rollouts += 1
        self._steps += num_steps
        return rollout

    def state_dict(self) -> dict:
        """All that the next rollout depends on but the networks, in plain values and arrays."""
        obs = self.observe()
        counts = {"resets": self._resets, "rollouts": self._rollouts, "steps": self._steps}
        spec = self.env_spec.to_json() if self.env_spec else None
        return {"env_spec": spec, "seed": self.seed, **counts, "obs": obs, **self.envs.get_state()}

    def load_state_dict(self, state: dict) -> None:
        """Go on from a state_dict: in the same environments in the midst of their episodes, in others with new ones.

        Raises UsageError for a state that does not fit.
        """
        self.seed, self._resets = state["seed"], state["resets"]
        self._rollouts, self._steps = state["rollouts"], state["steps"]
        self._obs = None
        spec = self.env_spec.to_json() if self.env_spec else None
        if state["env_spec"] != spec:
            return
        space = self.single_observation_space
        check_array("obs", state["obs"], (self.num_envs, *space.shape), space.dtype)
        rows = SUMS_AT_FIRST if np.shape(state["sums"])[:1] == (SUMS_AT_FIRST,) else SUMS
        check_array("sums", state["sums"], (rows, self.num_envs), np.float64)
        self._check_episodes(state.get("episodes"))
        try:
            followed = self.envs.set_state(state)
        except (ValueError, TypeError, KeyError) as error:
            raise UsageError(f"the environments cannot go on from this state ({error})") from None
        if followed:
            self._obs, self._moves = np.array(state["obs"]), self.envs.moves

    def _check_episodes(self, episodes):
        """Refuse episodes that are not those of these environments: the environments take any action blindly."""
        if episodes is None:
            return
        if len(episodes) != self.num_envs:
            raise UsageError(f"there must be {self.num_envs} episodes, got {len(episodes)}")
        space = self.single_action_space
        for action in (action for episode in episodes for action in episode["actions"]):
            try:
                known = space.contains(np.asarray(action).astype(space.dtype, casting="same_kind")[()])
            except (TypeError, ValueError, OverflowError):
                known = False
            if not known:
                raise UsageError(f"{str(action)[:50]} is no action of {space}")

    def close(self) -> None:
        """Close the environments."""
        self.envs.close()
