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
    inner_products,
    log_probs_of,
    policy_gradients,
    road_share,
    road_share_ci95,
    sum_to_the_end,
    total_variance,
    total_variance_ci95,
    variance_ratio_ci95,
    variances_within_roads,
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


def test_copies_begin_in_the_same_state_and_draw_their_own_actions(envs, actor):
    drives = collect_drives(actor, envs, 30, seed=3, copies=4)
    first = drives.obs[0].unflatten(0, (4, 4))  # four roads, four copies of each
    assert (first == first[:, :1]).all()
    assert not torch.equal(first[0, 0], first[1, 0])
    of_one_road = drives.actions[:, :4]
    assert (of_one_road != of_one_road[:, :1]).any(0).tolist() == [False, True, True, True]
    alone = collect_drives(actor, envs, 30, seed=3)
    assert torch.equal(first[:, 0], alone.obs[0, :4])


@pytest.mark.parametrize("copies", [0, 5, 32])
def test_copies_that_leave_a_rest_are_refused(envs, actor, copies):
    with pytest.raises(UsageError, match=f"copies must divide the 16 environments evenly, got {copies}"):
        collect_drives(actor, envs, 1, seed=0, copies=copies)


def test_copies_of_a_road_on_which_the_same_is_done_drive_the_same_way(envs):
    """The traffic has no chance of its own: what differs between copies is owed to the driver's draws."""
    drives = collect_drives(Always(SLOWER), envs, 30, seed=4, copies=8)
    for rows in (drives.rewards, drives.driving):
        assert (rows.unflatten(1, (2, 8)) == rows.unflatten(1, (2, 8))[:, :, :1]).all()


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


def test_inner_products_are_those_of_the_deviations_from_the_mean():
    vectors = torch.tensor([[1.0, 5.0], [3.0, 5.0], [2.0, 8.0]])  # their mean is (2, 6)
    np.testing.assert_allclose(inner_products(vectors), [[2, 0, -2], [0, 2, -2], [-2, -2, 4]])
    assert inner_products(vectors).trace() / 2 == pytest.approx(total_variance(vectors))


def noisy_pair(generator, count=60):
    """Two estimators with 4 and 1 times the variance per number, which share most of their luck."""
    luck = torch.randn(count, 4, generator=generator)
    own = 0.1 * torch.randn(2, count, 4, generator=generator)
    return 2 * luck + own[0] + 50.0, luck + own[1] - 7.0


def test_the_interval_of_a_ratio_is_what_resampling_the_same_batches_by_hand_gives():
    first, second = noisy_pair(torch.Generator().manual_seed(0))
    rng = np.random.default_rng(1)
    by_hand = []
    for _ in range(4000):
        picked = rng.integers(0, 60, 60)
        by_hand.append(total_variance(first[picked].double()) / total_variance(second[picked].double()))
    found = variance_ratio_ci95(inner_products(first), inner_products(second))
    wanted = np.percentile(by_hand, (2.5, 97.5))
    np.testing.assert_allclose(found, wanted, atol=0.05 * np.ptp(wanted))


def test_an_interval_of_a_ratio_is_narrow_where_luck_is_shared_and_holds_the_truth():
    generator = torch.Generator().manual_seed(0)
    held = 0
    for _ in range(100):
        first, second = noisy_pair(generator)
        low, high = variance_ratio_ci95(inner_products(first), inner_products(second), resamples=300)
        held += low < (4 + 0.01) / (1 + 0.01) < high
    assert 85 <= held <= 100
    alone = total_variance_ci95(first)
    assert high - low < (alone[1] - alone[0]) / total_variance(second) / 3


def test_an_estimator_compared_with_itself_has_the_ratio_1():
    products = inner_products(torch.randn(20, 3, generator=torch.Generator().manual_seed(0)))
    assert variance_ratio_ci95(products, products) == (1.0, 1.0)


def on_roads(generator, roads, batches):
    """(roads · batches, 5) estimates: of variance 15 on each road, and 5 between the roads."""
    places = torch.randn(roads, 1, 5, generator=generator)
    return (places + 3**0.5 * torch.randn(roads, batches, 5, generator=generator)).flatten(0, 1)


def test_variances_within_roads_are_those_of_each_road_alone():
    estimates = on_roads(torch.Generator().manual_seed(0), 6, 4)
    alone = [total_variance(estimates[4 * r : 4 * r + 4]) for r in range(6)]
    np.testing.assert_allclose(variances_within_roads(estimates, 4), alone, rtol=1e-5)


def test_the_share_of_the_roads_is_right_on_average_and_its_interval_holds_it_about_as_often_as_it_says():
    generator = torch.Generator().manual_seed(0)
    truth, shares, held = (5 / 4) / (15 + 5 / 4), [], 0  # batches of 4 drives: on roads of their own, a fourth of 5
    for _ in range(100):
        estimates = on_roads(generator, 100, 2)
        shares.append(road_share(estimates, 2, 4))
        low, high = road_share_ci95(estimates, 2, 4, resamples=300)
        held += low < truth < high
    assert np.mean(shares) == pytest.approx(truth, rel=0.05)
    assert 85 <= held <= 100


def test_the_interval_of_the_roads_share_is_what_drawing_roads_by_hand_gives():
    estimates = on_roads(torch.Generator().manual_seed(0), 40, 3)
    rng = np.random.default_rng(1)
    by_hand = []
    for _ in range(3000):
        drawn = estimates.unflatten(0, (40, 3))[rng.integers(0, 40, 40)].flatten(0, 1)
        by_hand.append(road_share(drawn, 3, 4))
    wanted = np.percentile(by_hand, (2.5, 97.5))
    np.testing.assert_allclose(road_share_ci95(estimates, 3, 4), wanted, atol=0.05 * np.ptp(wanted))


def test_the_share_is_that_of_batches_whose_drives_have_roads_of_their_own():
    generator = torch.Generator().manual_seed(0)
    drives = on_roads(generator, 2000, 12).double()  # each drive's gradient: within 15, between 5
    batches = drives.unflatten(0, (2000, 4, 3)).mean(2).flatten(0, 1)  # of three copies each
    own_roads = total_variance(drives[::12][:1998].unflatten(0, (666, 3)).mean(1))
    assert own_roads == pytest.approx((15 + 5) / 3, rel=0.1)
    assert road_share(batches, 4, 3) == pytest.approx(5 / (15 + 5), rel=0.1)


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
