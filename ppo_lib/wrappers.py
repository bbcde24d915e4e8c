"""What the course adds around an environment: episodes that can be replayed, and the statistics of a drive."""

import numpy as np
from gymnasium import Wrapper
from gymnasium.utils import seeding
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, VectorWrapper
from gymnasium.vector.async_vector_env import AsyncState

from ppo_lib.errors import UsageError


class ReplayableEpisode(Wrapper):
    """Remembers the current episode as its generator's state and its actions, so that it can be driven again.

    An environment whose only randomness is `np_random` is a function of those two. Reading `episode` gives them, in
    plain numbers; assigning it resets the environment with that generator and takes those actions again. That is how
    a training run goes on in the middle of an episode without any environment knowing how to save itself.
    """

    def __init__(self, env):
        super().__init__(env)
        self._generator_state = None
        self._actions = []

    def reset(self, *, seed=None, options=None):
        """Reset, remembering the generator that the new episode starts from."""
        generator = self.np_random if seed is None else seeding.np_random(seed)[0]
        self._generator_state = generator.bit_generator.state
        self._actions = []
        obs, info = super().reset(seed=seed, options=options)
        return np.array(obs), info  # a copy: an environment may write its next observation into the same array

    def step(self, action):
        """Step, remembering the action."""
        self._actions.append(np.array(action))
        obs, *outcome = super().step(action)
        return np.array(obs), *outcome

    @property
    def episode(self) -> dict:
        """{"generator": state of the bit generator, "actions": list} of the episode so far."""
        return {"generator": self._generator_state, "actions": np.asarray(self._actions).tolist()}

    @episode.setter
    def episode(self, episode: dict) -> None:
        generator = np.random.Generator(np.random.PCG64())
        generator.bit_generator.state = episode["generator"]
        self.env.unwrapped.np_random = generator
        self.reset()
        for action in episode["actions"]:
            self.step(np.asarray(action, self.action_space.dtype)[()])  # what is written as text has lost its type


SUMS = 4  # rows of the running sums: return, length, speed, steps off the road
SUMS_AT_FIRST = 3  # older checkpoints know no steps off the road


class EpisodeStatistics(VectorWrapper):
    """Adds the statistics of every finished episode to the infos of its last step, under "episode".

    `infos["episode"]` is a dictionary of arrays (N,), valid where `infos["_episode"]`: `return`; `length` in steps;
    `crashed` and `speed`, the mean speed in m/s, negative in reverse; and `off_road`, the share of steps after which
    the car was not on the road (highway-env's on_road_reward, whatever its weight). What the environment does not
    report is NaN. Gymnasium's own RecordEpisodeStatistics knows none of the last three, and clears the counts of all
    environments when `reset_mask` names a few.

    `get_state` and `set_state` hold the running sums together with the state of what it wraps.

    Args:
        envs: a vector environment in SAME_STEP autoreset.
        env_spec: what made `envs`; checkpoints keep it to make them again. By default that of an EpisodeStatistics
            inside, with the names of the wrappers between the two.

    Attributes:
        moves: how often the environments were reset, stepped or set back, by whomever.
    """

    def __init__(self, envs, env_spec=None):
        super().__init__(envs)
        if envs.metadata.get("autoreset_mode") != AutoresetMode.SAME_STEP:
            raise UsageError(
                f"the vector environment must use SAME_STEP autoreset, got {envs.metadata.get('autoreset_mode')}; "
                "any other hides an episode's last observation or invents a transition between two episodes"
            )
        wrappers, inside = [], envs
        while isinstance(inside, VectorWrapper) and not isinstance(inside, EpisodeStatistics):
            wrappers.append(type(inside).__name__)
            inside = inside.env
        self._innermost = inside._innermost if isinstance(inside, EpisodeStatistics) else self
        if env_spec is None and isinstance(inside, EpisodeStatistics) and inside.env_spec is not None:
            env_spec = inside.env_spec.with_(wrapped_in=(*inside.env_spec.wrapped_in, *wrappers))
        self.env_spec = env_spec
        self._moves = 0
        self._sums = np.zeros((SUMS, self.num_envs))

    @property
    def moves(self) -> int:
        """See the class."""
        return self._innermost._moves

    def reset(self, *, seed=None, options=None):
        """Reset all environments, or those in options["reset_mask"], and their sums."""
        self._moves += 1
        mask = (options or {}).get("reset_mask", slice(None))
        self._sums[:, mask] = 0
        return self.env.reset(seed=seed, options=options)

    def step(self, actions):
        """Step, adding infos["episode"] where an episode ends."""
        self._moves += 1
        obs, rewards, terminated, truncated, infos = self.env.step(actions)
        done = terminated | truncated
        off_road = 1 - _info_of_step(infos, "on_road_reward", done, inside="rewards")
        self._sums += rewards, np.ones(self.num_envs), _info_of_step(infos, "speed", done), off_road
        if done.any():
            returns, lengths, speeds, off_road = self._sums * done
            infos["episode"] = {
                "return": returns,
                "length": lengths.astype(int),
                "crashed": _info_of_step(infos, "crashed", done),
                "speed": speeds / np.maximum(lengths, 1),
                "off_road": off_road / np.maximum(lengths, 1),
            }
            infos["_episode"] = done
            self._sums[:, done] = 0
        return obs, rewards, terminated, truncated, infos

    def get_state(self) -> dict:
        """Everything needed to go on exactly from here.

        Environments that neither have a get_state of their own nor come from make_vector_env cannot tell: then the
        state holds the sums alone, and set_state says that it did not suffice.
        """
        state = {"sums": self._sums.copy()}
        if hasattr(self.unwrapped, "get_state"):
            state["envs"] = self.unwrapped.get_state()
        elif self.env_spec is not None:
            state["episodes"] = list(self.unwrapped.get_attr("episode"))
        return state

    def set_state(self, state: dict) -> bool:
        """Go on from a state of get_state; False where the environments could not follow and must be reset."""
        self._innermost._moves += 1
        if "envs" in state:
            self.unwrapped.set_state(state["envs"])
        elif "episodes" in state:
            self.unwrapped.set_attr("episode", list(state["episodes"]))
        else:
            return False
        self._sums = np.full((SUMS, self.num_envs), np.nan)  # where an older state has no row, nobody has counted
        self._sums[: len(state["sums"])] = state["sums"]
        return True

    def close(self, **kwargs) -> None:
        """Close the environments. Worker processes are ended: one that hangs is not waited for."""
        envs = self.unwrapped
        if isinstance(envs, AsyncVectorEnv) and not envs.closed:
            envs._state = AsyncState.DEFAULT  # else it would first wait for answers that may never come
            kwargs = {"terminate": True}
        super().close(**kwargs)


def _info_of_step(infos, key, done, inside=None):
    """(N,) floats: infos[key] of the step just taken, or infos[inside][key]; NaN where there is none.

    In SAME_STEP autoreset infos[key] of a finished episode already speaks of the next one; final_info has the last.
    """
    values = np.full(len(done), np.nan)
    for source, where in ((infos, ~done), (infos.get("final_info", {}), done)):
        source = source if inside is None else source.get(inside)
        if isinstance(source, dict) and key in source:
            known = where & source[f"_{key}"]
            values[known] = source[key][known]
    return values
