"""Promise and truth, against what can be worked out by hand or computed otherwise."""

from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import nn
from torch.distributions import Categorical
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.networks import Actor
from ppo_lib.policy_gradient import Drives, collect_drives, policy_gradients, sum_to_the_end
from ppo_lib.trust_region import Batch, drive_advantages, mean_kl, passes_over, sampled_returns

ROAD = highway_config("kinematics", policy_frequency=1)


class Linear(nn.Module):
    """A small policy of four actions."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, obs):
        return Categorical(logits=self.layer(obs))


class Critic:
    """Values made up from the observations, 0 after the end of a drive."""

    def values(self, drives):
        return drives.obs.sum(-1) * drives.driving


@pytest.fixture
def actor():
    torch.manual_seed(1)
    return Linear()


def some_drives(num_drives=12, steps=5, seed=0):
    """Drives of lengths from 1 to `steps`, with rewards that are 0 after their ends."""
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, steps + 1, (num_drives,), generator=generator)
    driving = torch.arange(steps)[:, None] < lengths
    return Drives(
        torch.randn(steps, num_drives, 3, generator=generator),
        torch.randint(4, (steps, num_drives), generator=generator),
        torch.rand(steps, num_drives, generator=generator) * driving,
        driving,
    )


def moved_by(actor, direction, length):
    """A copy of the actor, its parameters changed by length · direction."""
    copy = deepcopy(actor)
    vector_to_parameters(parameters_to_vector(actor.parameters()) + length * direction, copy.parameters())
    return copy


def test_with_lambda_1_an_advantage_is_the_reward_to_go_less_the_value():
    drives = some_drives()
    values = Critic().values(drives)
    expected = (sum_to_the_end(drives.rewards) - values) * drives.driving
    torch.testing.assert_close(drive_advantages(drives, values, 1.0), expected)


def test_with_lambda_0_it_is_the_td_error_and_nothing_follows_the_last_step():
    drives = some_drives()
    values = Critic().values(drives)
    found = drive_advantages(drives, values, 0.0)
    for n in range(drives.driving.shape[1]):
        length = int(drives.driving[:, n].sum())
        v = [*values[:length, n].tolist(), 0.0]
        expected = [drives.rewards[t, n].item() + v[t + 1] - v[t] for t in range(length)]
        np.testing.assert_allclose(found[:length, n], expected, atol=1e-6)
        assert not found[length:, n].any()


def test_a_batch_holds_what_was_driven_and_nothing_else(actor):
    drives = some_drives()
    batch = Batch.of(drives, actor, Critic(), 0.9)
    assert batch.num_drives == 12
    assert torch.equal(batch.actions, drives.actions[drives.driving])
    assert torch.equal(batch.obs, drives.obs[drives.driving])
    torch.testing.assert_close(batch.ratios(actor), torch.ones(int(drives.driving.sum())))
    assert not batch.log_probs.requires_grad


def test_the_promise_is_the_sum_over_each_drive_averaged_over_drives(actor):
    drives = some_drives()
    batch = Batch.of(drives, actor, Critic(), 0.9)
    other = moved_by(actor, torch.ones(16), 0.1)
    other.layer.bias.data += torch.tensor([1.0, 0, -1.0, 0])
    advantages = drive_advantages(drives, Critic().values(drives), 0.9)
    total = 0.0
    for t, n in drives.driving.nonzero().tolist():
        obs, action = drives.obs[t, n], drives.actions[t, n]
        ratio = other(obs).probs[action] / actor(obs).probs[action]
        total += (ratio.item() - 1) * advantages[t, n].item()
    assert batch.promised_gain(other) == pytest.approx(total / 12, rel=1e-4)
    assert batch.promised_gain(actor) == pytest.approx(0, abs=1e-5)


def test_near_the_old_policy_the_promise_grows_by_the_policy_gradient(actor):
    drives = some_drives()
    advantages = drive_advantages(drives, Critic().values(drives), 1.0)
    (gradient,) = policy_gradients(actor, drives, advantages, drives_per_batch=12)
    actor = actor.double()  # differences as small as these drown in float32
    drives = Drives(drives.obs.double(), drives.actions, drives.rewards.double(), drives.driving)
    batch = Batch.of(drives, actor, Critic(), 1.0)
    direction = torch.randn(16, generator=torch.Generator().manual_seed(3)).double()
    slope = batch.promised_gain(moved_by(actor, direction, 1e-5)) / 1e-5
    assert slope == pytest.approx((gradient.double() @ direction).item(), rel=1e-3)


def test_passes_leave_the_old_actor_as_it_is_and_are_the_same_again(actor):
    batch = Batch.of(some_drives(), actor, Critic(), 0.9)
    before = parameters_to_vector(actor.parameters()).clone()
    once, again = (
        [parameters_to_vector(moved.parameters()).clone() for moved in passes_over(batch, actor, 0.2, 3, seed=5)]
        for _ in range(2)
    )
    assert torch.equal(parameters_to_vector(actor.parameters()), before)
    assert len(once) == 3
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))
    assert not torch.equal(once[0], once[1])
    other = next(passes_over(batch, actor, 0.2, 1, seed=6))
    assert not torch.equal(parameters_to_vector(other.parameters()), once[0])


def test_the_clip_keeps_the_policy_nearer_and_its_promise_smaller(actor):
    batch = Batch.of(some_drives(num_drives=60), actor, Critic(), 0.9)
    free, clipped = (
        list(passes_over(batch, actor, clip_eps, 40, learning_rate=0.01))[-1] for clip_eps in (float("inf"), 0.2)
    )
    assert mean_kl(actor, clipped, batch.obs) < mean_kl(actor, free, batch.obs) / 2
    assert 0 < batch.promised_gain(clipped) < batch.promised_gain(free)


def test_a_pass_uses_every_decision_once_in_so_many_minibatches(actor):
    batch = Batch.of(some_drives(num_drives=30), actor, Critic(), 0.9)
    seen = []

    class Watched(Linear):
        def forward(self, obs):
            seen.append(obs)
            return super().forward(obs)

    watched = Watched()
    list(passes_over(batch, watched, 0.2, 1, num_minibatches=7))
    assert len(seen) == 7
    together = torch.cat(seen)
    assert sorted(map(tuple, together.tolist())) == sorted(map(tuple, batch.obs.tolist()))
    assert not torch.equal(together, batch.obs)


def test_the_divergence_is_that_of_all_probabilities(actor):
    obs = torch.randn(7, 3)
    other = moved_by(actor, torch.arange(16.0), 0.1)
    old, new = actor(obs).probs, other(obs).probs
    assert mean_kl(actor, other, obs) == pytest.approx((old * (old / new).log()).sum(1).mean().item(), rel=1e-4)
    assert mean_kl(actor, actor, obs) == pytest.approx(0, abs=1e-6)


def test_the_same_driver_earns_the_same_on_the_same_roads_and_another_one_does_not():
    envs = make_vector_env("highway-fast-v0", 8, config=ROAD)
    torch.manual_seed(0)
    actor = Actor(envs.single_observation_space, envs.single_action_space, encoder="vehicles")
    other = Actor(envs.single_observation_space, envs.single_action_space, encoder="vehicles")
    returns = sampled_returns(actor, envs, 12, seed=4)
    assert returns.shape == (12,)
    np.testing.assert_array_equal(returns, sampled_returns(actor, envs, 12, seed=4))
    for parameter in other.parameters():
        parameter.data += 1.0
    assert (returns != sampled_returns(other, envs, 12, seed=4)).any()
    drives = collect_drives(actor, envs, 30, seed=0)
    assert 0 < drives.returns.mean() <= 30
