"""`FastHighwayVectorEnv`: highway-env behind gymnasium's interface for vector environments."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from gymnasium.error import ClosedEnvironmentError, ResetNeeded
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from ppo_lib.fast_highway import arguments, batch, configuration, saved_state
from ppo_lib.fast_highway.actions import build_actions
from ppo_lib.fast_highway.availability import unavailable
from ppo_lib.fast_highway.checks import is_integer
from ppo_lib.fast_highway.infos import final_infos, step_infos
from ppo_lib.fast_highway.observers import build_observer
from ppo_lib.fast_highway.random_numbers import seed_generator
from ppo_lib.fast_highway.state import Outcome, new_outcome, new_state
from ppo_lib.fast_highway.threads import WorkerThreads, available_cores


class FastHighwayVectorEnv(VectorEnv):
    """`num_envs` independent roads of ``highway-fast-v0`` or ``highway-v0``, equal to highway-env's to the last bit.

    After ``reset(seed=s)``, the same actions give the same observations, rewards, terminations, infos and new
    episodes as ``gymnasium.vector.SyncVectorEnv`` over the original. (Only the ``action`` in a reset's info is
    arbitrary: the original fills in an unseeded random one.)
    Actions are highway-env's ``DiscreteMetaAction`` or ``ContinuousAction``.

    Args:
        num_envs: how many roads, N.
        env_id: "highway-fast-v0" or "highway-v0".
        config: highway-env's own configuration dictionary, merged over the defaults as highway-env does it.
        autoreset_mode: SAME_STEP (the last observation of an episode is in ``infos["final_obs"]``) or NEXT_STEP.
        copy: whether step and reset return a new array each time. Without, they return one and the same array, which
            the next step overwrites.
        num_threads: how many cores to use for large batches; all available ones where it is None.

    Raises:
        ValueError: a key or value of `config` that is not reproduced exactly, by name.
    """

    def __init__(
        self,
        num_envs: int,
        env_id: str = "highway-fast-v0",
        config: dict[str, Any] | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        *,
        copy: bool = True,
        num_threads: int | None = None,
        render_mode: None = None,
    ) -> None:
        if (reason := unavailable()) is not None:
            raise ValueError(reason)
        self.num_envs, self.env_id, self.copy = arguments.check_num_envs(num_envs), env_id, copy
        if render_mode is not None:
            raise ValueError(
                f"the fast backend draws no videos (render_mode={render_mode!r} of {env_id}); "
                f'replay the seed and actions with backend="sync"'
            )
        config = deepcopy(config)
        self._arguments = (num_envs, env_id, config, autoreset_mode, copy, num_threads)
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        if self.autoreset_mode == AutoresetMode.DISABLED:
            raise ValueError("autoreset_mode must be SAME_STEP or NEXT_STEP, not DISABLED")
        self.metadata = {"render_modes": [], "autoreset_mode": self.autoreset_mode}
        self._threads = WorkerThreads(arguments.check_num_threads(num_threads) or available_cores())

        self.config = configuration.merge(env_id, config)
        self._build()

    def _build(self) -> None:
        """Everything that follows from the configuration: the rules, the spaces, and a state to be filled by reset."""
        env_id, vehicles = self.env_id, self.config["vehicles_count"] + 1
        arguments.check_batch_size(self.num_envs, vehicles)
        self._rules = configuration.build_rules(env_id, self.config)
        self._actions = build_actions(env_id, self.config)
        for name, value in self._actions.rules.items():
            self._rules[name] = value
        self._observer = build_observer(env_id, self.config, self.num_envs)
        self.single_observation_space = self._observer.space
        self.single_action_space = self._actions.space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)

        self._state = new_state(self.num_envs, vehicles)
        self._seeded = np.zeros(self.num_envs, np.bool_)  # has a generator been set up?
        self._pending = np.zeros(self.num_envs, np.bool_)  # will the next step reset it? (NEXT_STEP)
        self._ready = False
        self._buffer: np.ndarray | None = None

    # ------------------------------------------------------------ reset

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
        out: np.ndarray | None = None,
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """New roads everywhere, or where ``options["reset_mask"]`` (N,) says so.

        Args:
            seed: None goes on with the present random generators; an integer s seeds environment i with s + i; a list
                has one integer or None for each environment.
            options: may hold "reset_mask"; nothing else has a meaning here.
            out: an array to write the observations into, as in `step`.

        Returns:
            observations (N, ...) and infos.
        """
        self._check_open()
        chosen = arguments.check_reset_mask(options, self.num_envs)
        seeds = arguments.check_seeds(seed, self.num_envs)
        if is_integer(seed):
            super().reset(seed=int(seed))  # the generator of the batch as a whole, of which nothing here makes use
        if not self._ready and not chosen.all():
            raise ResetNeeded("reset all environments once before resetting some with a reset_mask")
        for i, single_seed in enumerate(seeds):
            if chosen[i] and (single_seed is not None or not self._seeded[i]):
                self._state.generator[i] = seed_generator(single_seed)
        self._seeded |= chosen
        observations, outcome = self._output(out), new_outcome(self.num_envs)
        self._spawn(outcome, chosen)
        self._observe(np.where(chosen, batch.RESTART, batch.REPEAT), observations)
        self._pending &= ~chosen
        self._ready = True
        arbitrary = self._actions.arbitrary(self._state.generator)
        arbitrary[~chosen] = 0
        return observations, step_infos(outcome, arbitrary, chosen)

    def _spawn(self, outcome: Outcome, chosen: np.ndarray) -> None:
        """New roads for the environments that are `chosen` (N,)."""
        roads = (self._rules, self._actions.target_speeds, self._state)
        self._threads.run(batch.reset_batch, chosen, *roads, outcome, chosen)

    def _observe(self, tasks: np.ndarray, observations: np.ndarray) -> None:
        """Fill `observations` (N, ...) according to the `tasks` (N,), see `batch`."""
        self._observer.observe(self._threads, self._rules, self._state, tasks, observations)

    # ------------------------------------------------------------ step

    def step(
        self, actions: np.ndarray | Sequence, *, out: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """One policy step of every environment.

        Args:
            actions: (N,) integers, or (N, axes) numbers for `ContinuousAction`, whose type float32 or float64 decides
                how highway-env rounds them.
            out: a C-contiguous array of the observations' shape and type to write them into (a row of a rollout, say);
                it is returned in their place.

        Returns:
            observations (N, ...), rewards (N,) float64, terminated (N,), truncated (N,), infos.
        """
        self._check_ready()
        given = self._actions.check(actions, self.num_envs)
        observations, outcome = self._output(out), new_outcome(self.num_envs)
        restarted = self._pending  # NEXT_STEP: those whose episode ended in the step before
        roads = (self._rules, self._actions.target_speeds, self._state)
        commands = self._actions.commands(given)
        self._threads.run(batch.step_batch, ~restarted, *roads, outcome, restarted, *commands)
        if restarted.any():
            self._spawn(outcome, restarted)
        self._observe(np.where(restarted, batch.RESTART, batch.UPDATE), observations)

        rewards, terminated, truncated = outcome.reward, outcome.terminated, outcome.truncated
        ended, ending = terminated | truncated, {}
        if self.autoreset_mode == AutoresetMode.NEXT_STEP:
            self._pending = ended
        elif ended.any():
            restarted = ended
            ending, outcome = self._restart(ended, outcome, observations, given)
        infos = step_infos(outcome, self._info_actions(given, restarted), np.ones(self.num_envs, np.bool_))
        return observations, rewards, terminated, truncated, infos | ending

    def _restart(
        self, ended: np.ndarray, outcome: Outcome, observations: np.ndarray, actions: np.ndarray
    ) -> tuple[dict[str, Any], Outcome]:
        """SAME_STEP: begin new episodes where they have `ended` (N,), in place in `observations`.

        Returns:
            The infos about the ends, and the outcome for the infos of the step, which are those of the new beginnings.
        """
        final_obs = np.full(self.num_envs, None, dtype=object)
        for i in np.flatnonzero(ended):
            final_obs[i] = observations[i].copy()
        begun = Outcome(*(part.copy() for part in outcome))
        self._spawn(begun, ended)
        self._observe(np.where(ended, batch.RESTART, batch.SKIP), observations)
        for part in (outcome.speed, outcome.crashed, *outcome.terms):
            part[~ended] = 0  # the infos about the ends hold for these environments only
        return final_infos(final_obs, outcome, actions, ended), begun

    def _info_actions(self, actions: np.ndarray, restarted: np.ndarray) -> np.ndarray:
        """(N, ...) the "action" of the infos: what was asked for, or anything where an episode has just begun."""
        if not restarted.any():
            return actions.copy()
        # gymnasium takes the type of the first environment
        mixed = actions.astype(self.single_action_space.dtype if restarted[0] else actions.dtype)
        mixed[restarted] = self._actions.arbitrary(self._state.generator)[restarted]
        return mixed

    def _output(self, out: np.ndarray | None) -> np.ndarray:
        """Where the observations of this call go: the caller's array, a new one, or the one and only."""
        space = self.observation_space
        if out is not None:
            return arguments.check_out(out, space.shape, space.dtype)
        if self.copy:
            return np.empty(space.shape, space.dtype)
        if self._buffer is None:
            self._buffer = np.zeros(space.shape, space.dtype)
        return self._buffer

    # ------------------------------------------------------------ state

    def observe(self, *, out: np.ndarray | None = None) -> np.ndarray:
        """The present observations (N, ...) once more, for instance after `set_state`. Nothing moves."""
        self._check_ready()
        observations = self._output(out)
        self._observe(np.full(self.num_envs, batch.REPEAT), observations)
        return observations

    def get_state(self) -> dict[str, np.ndarray]:
        """Copies of everything that the future depends on, by name, as plain arrays of N rows.

        Going on after `set_state` with it, here or in another process, gives bit by bit the same as going on now.
        """
        self._check_ready()
        flags = {"seeded": self._seeded.copy(), "pending": self._pending.copy()}
        return self._own_state() | flags

    def set_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Put back what `get_state` returned; for another number of environments, see `select_state`.

        Raises:
            ValueError: an entry is missing, unknown, of another shape or type, or impossible on this road.
        """
        self._check_open()
        expected = {"seeded": self._seeded, "pending": self._pending}
        saved_state.check_arrays(state, self._own_state() | expected)
        saved_state.check_values(state, self.config["lanes_count"], self.autoreset_mode)
        saved_state.from_arrays(self._state, state)
        self._observer.set_state(state)
        self._seeded[:], self._pending[:] = state["seeded"], state["pending"]
        self._ready = True

    def _own_state(self) -> dict[str, np.ndarray]:
        """The roads and what was seen of them."""
        return saved_state.to_arrays(self._state, self._actions.rules["continuous"]) | self._observer.get_state()

    def __getstate__(self) -> dict[str, Any]:
        return {"arguments": self._arguments, "state": self.get_state() if self._ready else None}

    def __setstate__(self, saved: dict[str, Any]) -> None:
        *arguments, copy, num_threads = saved["arguments"]
        self.__init__(*arguments, copy=copy, num_threads=num_threads)
        if saved["state"] is not None:
            self.set_state(saved["state"])

    # ------------------------------------------------------------ life

    def _check_open(self) -> None:
        if self.closed:
            raise ClosedEnvironmentError(f"this {type(self).__name__} has been closed")

    def _check_ready(self) -> None:
        self._check_open()
        if not self._ready:
            raise ResetNeeded("call reset() (or set_state) first")

    def close_extras(self, **kwargs: Any) -> None:
        """End the worker threads; called by `close`."""
        self._threads.shutdown()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.env_id}, num_envs={self.num_envs})"
