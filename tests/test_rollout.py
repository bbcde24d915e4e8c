import time

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode, SyncVectorEnv, VectorWrapper
from known_env import counters
from torch import nn
from torch.distributions import Categorical

from ppo_lib.collector import Collector
from ppo_lib.errors import UsageError
from ppo_lib.rollout import collect_rollout


class Uniform(nn.Module):
    """A policy that flips a coin."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(2))

    def forward(self, obs):
        return Categorical(logits=self.logits.expand(len(obs), 2))


def ten_times(obs):
    """A critic whose value says what it saw."""
    return 10.0 * obs[:, 0]


def collect(envs, num_steps, obs=None):
    obs = envs.reset(seed=0)[0] if obs is None else obs
    return collect_rollout(envs, Uniform(), ten_times, obs, num_steps)


def test_the_value_reached_is_that_of_the_final_observation_never_of_the_next_episode():
    rollout = collect(counters(2, 3), num_steps=5)
    torch.testing.assert_close(rollout.obs[:, 0, 0], torch.tensor([0.0, 1, 0, 1, 0]))
    torch.testing.assert_close(rollout.obs[:, 1, 0], torch.tensor([0.0, 1, 2, 0, 1]))
    torch.testing.assert_close(rollout.values, 10 * rollout.obs[..., 0])
    torch.testing.assert_close(rollout.next_values[:, 0], torch.tensor([10.0, 20, 10, 20, 10]))
    torch.testing.assert_close(rollout.next_values[:, 1], torch.tensor([10.0, 20, 30, 10, 20]))


def test_no_transition_is_invented_between_two_episodes():
    rollout = collect(counters(2, 3), num_steps=12)
    assert (rollout.rewards == 1).all()  # NEXT_STEP autoreset would put a 0 after every end
    assert rollout.terminated[:, 0].tolist() == [False, True] * 6
    assert rollout.terminated[:, 1].tolist() == [False, False, True] * 4
    assert not rollout.truncated.any()


def test_termination_and_truncation_are_told_apart():
    rollout = collect(counters(2, truncate=True), num_steps=4)
    assert rollout.truncated[:, 0].tolist() == [False, True, False, True]
    assert not rollout.terminated.any()


def test_it_goes_on_where_the_last_one_ended():
    envs = counters(5)
    first = collect(envs, num_steps=3)
    second = collect(envs, num_steps=3, obs=first.next_obs)
    assert torch.cat([first.obs, second.obs])[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 0]


def test_episodes_are_reported_once_with_their_whole_length():
    envs = counters(2, 5)
    first = collect(envs, num_steps=4)
    second = collect(envs, num_steps=4, obs=first.next_obs)
    assert sorted(first.episodes["length"]) == [2, 2]
    assert sorted(second.episodes["length"]) == [2, 2, 5]
    assert sorted(second.episodes["return"]) == [2, 2, 5]
    assert np.isnan(second.episodes["crashed"]).all()


def test_log_probs_belong_to_the_actions():
    rollout = collect(counters(3), num_steps=50)
    torch.testing.assert_close(rollout.log_probs, torch.full((50, 1), 0.5).log())
    assert set(rollout.actions.flatten().tolist()) == {0, 1}


def test_the_given_uniforms_draw_the_actions():
    uniforms = np.array([[0.2, 0.7], [0.49999, 0.5]])
    rollout = collect_rollout(counters(3, 3), Uniform(), ten_times, np.zeros((2, 1), np.float32), 2, uniforms)
    assert rollout.actions.tolist() == [[0, 1], [0, 1]]


def test_an_actor_that_returns_logits_and_a_critic_that_returns_columns_are_refused():
    envs = counters(2)
    obs, _ = envs.reset(seed=0)
    logits = nn.Linear(1, 2)
    with pytest.raises(UsageError, match="must return a torch Distribution, got Tensor"):
        collect_rollout(envs, logits, ten_times, obs, 1)
    with pytest.raises(UsageError, match=r"of shape \(1,\), got \(1, 1\)"):
        collect_rollout(envs, Uniform(), lambda obs: obs, obs, 1)


def test_the_final_observation_of_a_truncated_episode_is_valued():
    rollout = collect(counters(2, truncate=True), num_steps=5)
    torch.testing.assert_close(rollout.next_values[:, 0], torch.tensor([10.0, 20, 10, 20, 10]))


class Pictures(gymnasium.Env):
    """Every observation is another random image, (C, W, H) bytes; it ends after three steps."""

    observation_space = gymnasium.spaces.Box(0, 255, (2, 5, 3), np.uint8)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self.observation_space.sample(), {}

    def step(self, action):
        self.steps += 1
        return self.observation_space.sample(), 0.0, self.steps == 3, False, {}


class Photographer(VectorWrapper):
    """Keeps what was shown."""

    def __init__(self, envs):
        super().__init__(envs)
        self.shown = []

    def reset(self, **kwargs):
        obs, infos = super().reset(**kwargs)
        self.shown.append(obs.copy())
        return obs, infos

    def step(self, actions):
        obs, *rest = super().step(actions)
        self.shown.append(obs.copy())
        return obs, *rest


def mean_byte(obs):
    return obs.float().mean((1, 2, 3))


def test_images_are_what_was_shown_and_lie_in_memory_as_they_are_convolved():
    envs = Photographer(SyncVectorEnv([Pictures] * 4, autoreset_mode=AutoresetMode.SAME_STEP))
    rollout = collect_rollout(envs, Uniform(), mean_byte, envs.reset(seed=0)[0], 7)
    shown = torch.as_tensor(np.stack(envs.shown))
    assert torch.equal(rollout.obs, shown[:7])
    assert rollout.obs.permute(0, 1, 4, 3, 2).is_contiguous()  # (T, N, H, W, C)
    torch.testing.assert_close(rollout.values, mean_byte(shown[:7].flatten(0, 1)).unflatten(0, (7, 4)))
    torch.testing.assert_close(rollout.next_values[-1], mean_byte(shown[7]))


def test_the_critic_sees_no_more_than_256_observations_at_once():
    sizes = []

    def critic(obs):
        sizes.append(len(obs))
        return ten_times(obs)

    envs = counters(*[9] * 60)
    collect_rollout(envs, Uniform(), critic, envs.reset(seed=0)[0], 10)
    assert sizes[:3] == [256, 256, 88]


class Broken(Uniform):
    """Gives a probability that is not finite for one of the environments, the third time that it is asked."""

    asked = 0

    def forward(self, obs):
        self.asked += 1
        logits = self.logits.expand(len(obs), 2).clone()
        logits[1] += np.nan if self.asked == 3 else 0.0
        return Categorical(logits=logits, validate_args=False)


def test_probabilities_that_are_not_finite_are_refused_with_the_step():
    envs, uniforms = counters(9, 9), np.full((5, 2), 0.5)
    with pytest.raises(UsageError, match="probabilities are not finite at step 13"):
        collect_rollout(envs, Broken(), ten_times, envs.reset(seed=0)[0], 5, uniforms, steps_before=10)


def test_a_first_observation_that_is_not_finite_is_refused():
    obs = np.array([[0.0], [np.inf]], np.float32)
    with pytest.raises(UsageError, match="environment 1 gave inf in its observation at step 0"):
        collect_rollout(counters(9, 9), Uniform(), ten_times, obs, 1)


def test_simulation_and_inference_are_all_of_the_time():
    envs = SlowEnvs(counters(30))
    obs, _ = envs.reset(seed=0)
    started = time.perf_counter()
    seconds = collect_rollout(envs, Uniform(), ten_times, obs, 5).seconds
    elapsed = time.perf_counter() - started
    assert 0 < seconds["infer"] < elapsed - 5 * 0.01
    assert seconds["simulate"] + seconds["infer"] <= elapsed


class SlowTensor(torch.Tensor):
    """Takes its time to arrive on the CPU, as a tensor on a busy GPU does."""

    def cpu(self):
        time.sleep(0.02)
        return self.as_subclass(torch.Tensor).cpu()


class SlowPolicy(Uniform):
    def forward(self, obs):
        policy = super().forward(obs)
        policy.sample = lambda: torch.zeros(len(obs), dtype=torch.int64).as_subclass(SlowTensor)
        return policy


class SlowEnvs(VectorWrapper):
    def step(self, actions):
        time.sleep(0.01)
        return super().step(actions)


def test_waiting_for_a_gpu_is_inference_and_not_simulation():
    envs = SlowEnvs(counters(30))
    seconds = collect_rollout(envs, SlowPolicy(), ten_times, envs.reset(seed=0)[0], 5).seconds
    assert seconds["infer"] >= 5 * 0.02
    assert seconds["simulate"] >= 5 * 0.01


class Spoilt(VectorWrapper):
    """Gives NaN in one place of what a step returns."""

    def __init__(self, envs, place, at_step):
        super().__init__(envs)
        self.place, self.at_step, self.steps = place, at_step, 0

    def step(self, actions):
        outcome = list(super().step(actions))
        self.steps += 1
        if self.steps == self.at_step:
            outcome[self.place] = np.array(outcome[self.place], float)
            outcome[self.place][1] = np.nan
        return tuple(outcome)


@pytest.mark.parametrize(("place", "name"), [(0, "observation"), (1, "reward")])
def test_what_is_not_finite_is_refused_with_environment_step_and_name(place, name):
    envs = Spoilt(counters(5, 5, 5), place, at_step=4)
    collector = Collector(envs)
    collector.collect(Uniform(), ten_times, 2)
    with pytest.raises(UsageError, match=f"environment 1 gave nan in its {name} at step 4"):
        collector.collect(Uniform(), ten_times, 3)


class Recycling(VectorWrapper):
    """Returns the same four arrays from every step."""

    def step(self, actions):
        *arrays, infos = super().step(actions)
        if not hasattr(self, "arrays"):
            self.arrays = [np.array(array) for array in arrays]
        for mine, array in zip(self.arrays, arrays, strict=True):
            mine[...] = array
        return *self.arrays, infos


def test_environments_that_reuse_their_arrays_spoil_nothing():
    plain, recycled = (collect(envs, num_steps=7) for envs in (counters(2, 3), Recycling(counters(2, 3))))
    for name in ("obs", "rewards", "terminated", "truncated", "values", "next_values"):
        torch.testing.assert_close(getattr(recycled, name), getattr(plain, name))
    assert recycled.terminated[:, 0].tolist() == [False, True] * 3 + [False]


def test_it_keeps_a_copy_of_what_was_seen():
    envs = counters(9)
    envs.env.copy = False  # the environments now write every observation into the same array
    rollout = collect(envs, num_steps=4)
    assert rollout.obs[:, 0, 0].tolist() == [0, 1, 2, 3]
