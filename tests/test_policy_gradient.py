"""Whole drives and their gradients, against what can be worked out by hand or computed otherwise."""

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box
from torch import nn
from torch.distributions import Categorical
from torch.func import functional_call, grad

from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import constant_policy, evaluate_policy
from ppo_lib.networks import Actor
from ppo_lib.policy_gradient import (
    ClockCritic,
    Drives,
    collect_drives,
    fit_critic,
    log_probs_of,
    policy_gradients,
    sum_to_the_end,
    total_variance,
    total_variance_ci95,
)

ROAD = highway_config("kinematics", policy_frequency=1)
SLOWER = 4


class Always(nn.Module):
    """A policy that does one thing."""

    def __init__(self, action):
        super().__init__()
        self.logits = torch.full((5,), -1e9).index_fill(0, torch.tensor([action]), 0.0)

    def forward(self, obs):
        return Categorical(logits=self.logits.expand(len(obs), -1))


class Linear(nn.Module):
    """A small policy whose gradients are quickly had."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, obs):
        return Categorical(logits=self.layer(obs))


def some_drives(num_drives=12, steps=5, seed=0):
    """Drives of lengths from 1 to `steps`, with rewards that are 0 after their ends."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, steps + 1, (num_drives,), generator=generator)
    driving = torch.arange(steps)[:, None] < lengths
    return Drives(
        torch.randn(steps, num_drives, 3, generator=generator),
        torch.randint(4, (steps, num_drives), generator=generator),
        torch.randn(steps, num_drives, generator=generator) * driving,
        driving,
    )


@pytest.fixture(scope="module")
def envs():
    return make_vector_env("highway-fast-v0", 16, config=ROAD)


@pytest.fixture(scope="module")
def actor(envs):
    torch.manual_seed(0)
    return Actor(envs.single_observation_space, envs.single_action_space, encoder="vehicles")


def test_drives_of_one_action_earn_what_an_evaluation_on_the_same_roads_finds(envs, monkeypatch):
    monkeypatch.setattr("ppo_lib.policy_gradient.seed_of", lambda seed, purpose, n: 500 + n)
    drives = collect_drives(Always(SLOWER), envs, 30, seed=0)
    found = evaluate_policy(constant_policy(SLOWER), envs, episodes=16, seed=500)
    np.testing.assert_allclose(drives.returns, found.returns, rtol=1e-5)
    np.testing.assert_array_equal(drives.driving.sum(0), found.lengths)
    assert (drives.actions == SLOWER).all()


def test_nothing_is_earned_after_the_end_of_a_drive(envs, actor):
    drives = collect_drives(actor, envs, 30, seed=1)
    assert not drives.rewards[~drives.driving].any()
    assert (drives.driving[:-1] | ~drives.driving[1:]).all()  # once over, over
    assert (drives.driving.sum(0) < 30).any()  # somebody crashed, so there was something to leave out


def test_the_same_seed_gives_the_same_drives_and_another_one_others(envs, actor):
    first, again, other = (collect_drives(actor, envs, 8, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(first.obs, again.obs)
    assert torch.equal(first.actions, again.actions)
    assert not torch.equal(first.obs[0], other.obs[0])


def test_a_drive_of_no_steps_is_refused(envs, actor):
    with pytest.raises(UsageError, match="num_steps must be at least 1, got 0"):
        collect_drives(actor, envs, 0, seed=0)


def test_a_part_holds_its_columns():
    drives = some_drives()
    part = drives.part(2, 5)
    assert torch.equal(part.obs, drives.obs[:, 2:5])
    assert torch.equal(part.returns, drives.returns[2:5])


def test_sums_to_the_end_by_hand():
    rows = torch.tensor([[1.0, 0.0], [2.0, -1.0], [4.0, 3.0]])
    assert sum_to_the_end(rows).tolist() == [[7.0, 2.0], [6.0, 2.0], [4.0, 3.0]]


def test_log_probs_are_those_of_the_actions_and_0_after_the_end():
    drives, policy = some_drives(), Linear()
    log_probs = log_probs_of(policy, drives)
    for t, n in np.ndindex(5, 12):
        alone = policy(drives.obs[t, n][None]).log_prob(drives.actions[t, n]).item()
        assert log_probs[t, n].item() == pytest.approx(alone if drives.driving[t, n] else 0.0, abs=1e-6)


def test_a_gradient_is_the_mean_over_its_drives_of_weighted_score_functions():
    drives, policy = some_drives(num_drives=7), Linear()  # of the seven, six make two batches of three
    weights = torch.randn(5, 7, generator=torch.Generator().manual_seed(1))
    found = policy_gradients(policy, drives, weights, 3)

    def log_prob(parameters, obs, action):
        return functional_call(policy, parameters, (obs[None],)).log_prob(action)[0]

    wanted = torch.zeros(2, 16)
    for t, n in np.ndindex(5, 6):
        if drives.driving[t, n]:
            score = grad(log_prob)(dict(policy.named_parameters()), drives.obs[t, n], drives.actions[t, n])
            wanted[n // 3] += torch.cat([part.flatten() for part in score.values()]) * weights[t, n] / 3
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_the_total_variance_is_the_trace_of_the_covariance():
    vectors = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 2.0, 3.0])
    assert total_variance(vectors) == pytest.approx(np.trace(np.cov(vectors.numpy().T)), rel=1e-5)


def test_the_interval_of_the_total_variance_is_what_resampling_by_hand_gives():
    vectors = torch.randn(60, 4, generator=torch.Generator().manual_seed(0)) + 100.0
    rng = np.random.default_rng(1)
    by_hand = [total_variance(vectors[rng.integers(0, 60, 60)].double()) for _ in range(4000)]
    np.testing.assert_allclose(total_variance_ci95(vectors), np.percentile(by_hand, (2.5, 97.5)), rtol=0.03)


def test_the_interval_of_the_total_variance_holds_the_truth_about_as_often_as_it_says():
    generator = torch.Generator().manual_seed(0)
    held = 0
    for _ in range(100):
        low, high = total_variance_ci95(torch.randn(100, 20, generator=generator), resamples=300)
        held += low < 20 < high
    assert 85 <= held <= 100


def test_the_critic_of_the_clock_learns_what_is_left_and_is_0_after_the_end(envs):
    torch.manual_seed(0)
    drives = collect_drives(Always(SLOWER), envs, 30, seed=2)
    critic = ClockCritic(envs.single_observation_space, 30)
    losses = fit_critic(critic, drives, num_epochs=30)
    assert losses[-1] < losses[0] / 10
    values, to_go = critic.values(drives), sum_to_the_end(drives.rewards)
    assert not values[~drives.driving].any()
    assert (values - to_go)[drives.driving].square().mean() < 0.2 * to_go[drives.driving].var()


def test_the_critic_sees_the_clock():
    torch.manual_seed(0)
    critic = ClockCritic(Box(-np.inf, np.inf, (10, 5), np.float32), 30)
    early, late = critic(torch.zeros(2, 10, 5), torch.tensor([0, 29]))
    assert early > late + 10  # a reward of 1 for each step that is left is where it begins
