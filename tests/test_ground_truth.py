"""True action values: by hand, against the original highway-env, and what is said of the errors of estimates."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Categorical

from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.ground_truth import Futures, sample_futures, states_along

ENV_ID, IDLE = "highway-fast-v0", 1
CONFIG = highway_config("kinematics", duration=5)
GAMMA = 0.9


class Always(nn.Module):
    """An actor that idles but for one action in a million, and a critic that expects 7 everywhere."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.tensor([0.0, 30.0, 0.0, 0.0, 0.0]))

    def forward(self, obs):
        return Categorical(logits=self.logits.expand(len(obs), 5))


class Seven(nn.Module):
    def forward(self, obs):
        return torch.full((len(obs),), 7.0)


def one_step_futures(rewards, probs, values=0.0):
    """Futures (S, A, F) that end after their first step, so that the rewards are the returns."""
    rewards = torch.as_tensor(rewards, dtype=torch.float64)[None]
    ended = torch.ones_like(rewards, dtype=torch.bool)
    values = torch.full_like(rewards, values)
    return Futures(rewards, values, torch.full_like(rewards, 99.0), ended, ~ended, np.asarray(probs), GAMMA)


def test_values_and_advantages_are_means_under_the_policy():
    futures = one_step_futures([[[1.0, 3.0], [5.0, 7.0]]], [[0.75, 0.25]])
    np.testing.assert_allclose(futures.action_values, [[2, 6]])
    np.testing.assert_allclose(futures.state_values, [3])
    np.testing.assert_allclose(futures.advantages, [[-1, 3]])
    np.testing.assert_allclose(futures.estimates(0.5), futures.returns)


def test_the_margin_knows_that_an_action_is_a_part_of_the_average():
    futures = one_step_futures([[[1.0, 3.0], [5.0, 7.0]]], [[0.75, 0.25]])
    variance_of_a_mean = 2 / 2
    both = np.sqrt(2 * 0.25**2 * variance_of_a_mean), np.sqrt(2 * 0.75**2 * variance_of_a_mean)
    np.testing.assert_allclose(futures.margins, [1.96 * np.array(both)])


def test_margins_cover_the_truth_nineteen_times_of_twenty():
    random = np.random.default_rng(0)
    mean, probs = np.array([1.0, 0.0, -2.0]), np.array([0.2, 0.5, 0.3])
    futures = one_step_futures(mean[:, None] + random.normal(size=(2000, 3, 100)), np.tile(probs, (2000, 1)))
    covered = np.abs(futures.advantages - (mean - probs @ mean)) < futures.margins
    assert 0.94 < covered.mean() < 0.96


def test_the_parts_of_the_error_are_free_of_the_noise_of_few_futures():
    """Estimates r - 2 in every state, of returns whose noise is as large as what is looked for."""
    random = np.random.default_rng(0)
    mean = np.array([1.0, 0.0])
    futures = one_step_futures(
        mean[:, None] + random.normal(size=(20_000, 2, 3)), np.full((20_000, 2), 0.5), values=2.0
    )
    shared, between, variance = (part.mean() for part in futures.errors(0.95).values())
    assert shared == pytest.approx((0.5 - 2) ** 2, abs=0.05)  # the state is worth 0.5, the critic says 2
    assert between == pytest.approx(0, abs=1e-9)
    assert variance == pytest.approx(1, abs=0.05)


def test_what_is_wrong_between_actions_is_told_from_what_is_shared():
    """Two steps, and a critic that overrates by 3 where the first action leads."""
    shape = (2, 4000, 2, 5)  # (H, S, A, F)
    luck = torch.from_numpy(np.random.default_rng(0).normal(size=shape[1:]))
    rewards = torch.stack([torch.zeros(shape[1:], dtype=torch.float64), luck])
    ends = torch.tensor([False, True])[:, None, None, None].expand(shape)
    overrated = torch.tensor([3.0, 0.0], dtype=torch.float64).expand(shape[2:][::-1]).T.expand(shape[1:])
    values = torch.stack([torch.zeros_like(luck), overrated])
    next_values = torch.stack([overrated, torch.zeros_like(luck)])
    probs = np.tile([0.25, 0.75], (4000, 1))
    futures = Futures(rewards, values, next_values, ends, torch.zeros_like(ends), probs, GAMMA)
    for gae_lambda in (0.0, 0.5, 1.0):
        parts = {name: part.mean() for name, part in futures.errors(gae_lambda).items()}
        offsets = (1 - gae_lambda) * GAMMA * np.array([3.0, 0.0])
        mean = probs[0] @ offsets
        assert parts["shared bias²"] == pytest.approx(mean**2, abs=0.02)
        assert parts["bias² between actions"] == pytest.approx(probs[0] @ (offsets - mean) ** 2, abs=0.02)
        assert parts["variance"] == pytest.approx((gae_lambda * GAMMA) ** 2, rel=0.05)


def return_in_the_original(seed, actions, gamma):
    """The discounted return of the last len(actions) - 2 of these actions, in highway-env itself."""
    env, earned = make_env(ENV_ID, CONFIG | {"duration": 1000}), 0.0
    env.reset(seed=seed)
    for t, action in enumerate(actions):
        _, reward, terminated, _, _ = env.step(action)
        earned += reward * gamma ** (t - 2) if t >= 2 else 0.0
        if terminated:
            break
    return earned


def test_futures_are_those_of_the_original_and_know_no_time_limit():
    envs = make_vector_env(ENV_ID, 1, config=CONFIG)
    states = states_along(envs, 57, [IDLE, IDLE, 2])
    last = {name: rows[2:] for name, rows in states.items()}
    futures = sample_futures(envs, last, Always(), Seven(), GAMMA, futures=2, horizon=12)
    assert futures.returns.shape == (1, 5, 2)
    assert not futures.truncated.any()
    for action in range(5):
        expected = return_in_the_original(57, [IDLE, IDLE, action, *[IDLE] * 11], GAMMA)
        crashed = futures.terminated[:, 0, action, 0].any()
        rest = 0 if crashed else GAMMA**12 * 7
        assert futures.returns[0, action] == pytest.approx(expected + rest, rel=1e-5)
    assert {bool(futures.terminated[:, 0, action, 0].any()) for action in range(5)} == {True, False}
    np.testing.assert_allclose(futures.probs, [[0, 1, 0, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(futures.values[0], 7)


def test_states_are_those_before_each_action_and_the_environments_stay_usable():
    envs = make_vector_env(ENV_ID, 1, config=CONFIG)
    states = states_along(envs, 57, [IDLE, IDLE])
    assert states["time"].tolist() == [0, 1]
    assert len(states["x"]) == 2
    envs.step(np.array([IDLE]))


def test_the_same_seed_gives_the_same_futures_and_another_seed_others():
    envs = make_vector_env(ENV_ID, 1, config=CONFIG)
    states = states_along(envs, 57, [IDLE])
    actor = Always()
    actor.logits.data.zero_()

    def returns(seed):
        return sample_futures(envs, states, actor, Seven(), GAMMA, futures=3, horizon=4, seed=seed).returns

    np.testing.assert_array_equal(returns(0), returns(0))
    assert (returns(0) != returns(1)).any()


def test_roads_that_cannot_be_copied_are_refused():
    envs = make_vector_env(ENV_ID, 1, "sync", CONFIG)
    with pytest.raises(UsageError, match="backend 'fast'"):
        states_along(envs, 0, [IDLE])
    with pytest.raises(UsageError, match="backend 'fast'"):
        sample_futures(envs, {}, Always(), Seven(), GAMMA)
    envs.close()


class Opinionated(Always):
    """An actor whose probabilities depend on what it sees."""

    def forward(self, obs):
        return Categorical(logits=obs.flatten(1)[:, :5] * 0.02)


def test_every_state_has_its_own_row_and_the_defaults_are_what_the_docstring_says():
    envs = make_vector_env(ENV_ID, 1, config=CONFIG)
    states, actor = states_along(envs, 57, [IDLE, 3]), Opinionated()
    both = sample_futures(envs, states, actor, Seven(), GAMMA)
    assert both.rewards.shape == (50, 2, 5, 100)
    expected = [actor(torch.as_tensor(obs)).probs[0] for obs in seen_before(envs, 57, [IDLE, 3])]
    np.testing.assert_allclose(both.probs, torch.stack(expected), rtol=1e-5)
    again = sample_futures(envs, states, actor, Seven(), GAMMA, futures=100, horizon=50, seed=0)
    np.testing.assert_array_equal(both.returns, again.returns)


def seen_before(envs, seed, actions):
    """The observations (1, ...) before each of the actions."""
    obs, _ = envs.reset(seed=seed)
    for action in actions:
        yield obs.copy()
        obs, *_ = envs.step(np.array([action]))
