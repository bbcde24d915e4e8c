import math
import statistics

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ppo_lib.advantages import compute_gae, discounted_returns, explained_variance


def slow_gae(rewards, values, next_values, terminated, truncated, gamma, gae_lambda):
    """Equation 16 of Schulman et al. 2016, literally: Â_t = Σ_l (γλ)^l δ_{t+l}, up to the end of the episode."""
    advantages = torch.zeros_like(rewards)
    num_steps, num_envs = rewards.shape
    for n in range(num_envs):
        for t in range(num_steps):
            for step in range(t, num_steps):
                bootstrap = 0.0 if terminated[step, n] else next_values[step, n]
                delta = rewards[step, n] + gamma * bootstrap - values[step, n]
                advantages[t, n] += (gamma * gae_lambda) ** (step - t) * delta
                if terminated[step, n] or truncated[step, n]:
                    break
    return advantages


def random_rollout(seed, num_steps=7, num_envs=3):
    generator = torch.Generator().manual_seed(seed)
    rewards, values, next_values = torch.randn(3, num_steps, num_envs, generator=generator, dtype=torch.float64)
    ends = torch.rand(2, num_steps, num_envs, generator=generator) < 0.2
    within = ~ends.any(0)[:-1]  # inside an episode the state reached is the next state seen
    next_values[:-1][within] = values[1:][within]
    return rewards, values, next_values, *ends


@settings(deadline=None)
@given(seed=st.integers(0, 10**6), gamma=st.floats(0, 1), gae_lambda=st.floats(0, 1))
def test_it_is_the_papers_sum(seed, gamma, gae_lambda):
    rollout = random_rollout(seed)
    torch.testing.assert_close(compute_gae(*rollout, gamma, gae_lambda), slow_gae(*rollout, gamma, gae_lambda))


@pytest.mark.parametrize(("num_steps", "num_envs"), [(1, 1), (1, 4), (5, 1), (6, 2)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shapes_and_precision_stay(num_steps, num_envs, dtype):
    rollout = random_rollout(5, num_steps, num_envs)
    rollout = [column.to(dtype) if column.dtype.is_floating_point else column for column in rollout]
    before = [column.clone() for column in rollout]
    for result, slow in [
        (compute_gae(*rollout, 0.9, 0.8), slow_gae(*rollout, 0.9, 0.8)),
        (discounted_returns(*rollout, 0.9), slow_gae(*rollout, 0.9, 1.0) + rollout[1]),
    ]:
        assert result.shape == (num_steps, num_envs)
        assert result.dtype == dtype
        torch.testing.assert_close(result, slow)
    assert all(torch.equal(column, kept) for column, kept in zip(rollout, before, strict=True))


def test_an_end_that_is_both_is_a_termination():
    one, yes = torch.ones(1, 1), torch.tensor([[True]])
    assert compute_gae(one, 0 * one, 10 * one, yes, yes, 0.9, 0.95) == 1


def test_environments_do_not_mix():
    rollout = random_rollout(6, num_envs=3)
    together = compute_gae(*rollout, 0.9, 0.95)
    for n in range(3):
        alone = compute_gae(*(column[:, n : n + 1] for column in rollout), 0.9, 0.95)
        torch.testing.assert_close(together[:, n : n + 1], alone)


def test_by_hand():
    # γ = 0.5, λ = 0.5; the second step terminates, the last one is truncated.
    rewards = torch.tensor([[1.0], [2.0], [3.0], [4.0]])
    values = torch.tensor([[1.0], [1.0], [1.0], [1.0]])
    next_values = torch.tensor([[1.0], [9.0], [1.0], [8.0]])
    terminated = torch.tensor([[False], [True], [False], [False]])
    truncated = torch.tensor([[False], [False], [False], [True]])
    # δ = [1 + .5 - 1, 2 - 1, 3 + .5 - 1, 4 + 4 - 1] = [.5, 1, 2.5, 7]; γλ = .25
    expected = torch.tensor([[0.5 + 0.25 * 1.0], [1.0], [2.5 + 0.25 * 7.0], [7.0]])
    torch.testing.assert_close(compute_gae(rewards, values, next_values, terminated, truncated, 0.5, 0.5), expected)


def test_lambda_0_is_the_td_error():
    rewards, values, next_values, terminated, truncated = random_rollout(1)
    advantages = compute_gae(rewards, values, next_values, terminated, truncated, 0.9, 0.0)
    torch.testing.assert_close(advantages, rewards + 0.9 * next_values * ~terminated - values)


def test_lambda_1_is_the_sampled_return_minus_the_value():
    rewards, values, next_values, terminated, truncated = random_rollout(2)
    returns = torch.zeros_like(rewards)
    following = next_values[-1]
    for t in reversed(range(len(rewards))):
        following = torch.where(truncated[t], next_values[t], following)
        following = torch.where(terminated[t], 0.0, following)
        returns[t] = following = rewards[t] + 0.9 * following
    advantages = compute_gae(rewards, values, next_values, terminated, truncated, 0.9, 1.0)
    torch.testing.assert_close(advantages, returns - values)
    torch.testing.assert_close(discounted_returns(rewards, values, next_values, terminated, truncated, 0.9), returns)


def test_nothing_leaks_from_the_next_episode_into_the_last():
    rewards, values, next_values, terminated, truncated = random_rollout(3)
    truncated[3] = True
    before = compute_gae(rewards, values, next_values, terminated, truncated, 0.9, 0.95)
    rewards[4:] += 100
    after = compute_gae(rewards, values, next_values, terminated, truncated, 0.9, 0.95)
    torch.testing.assert_close(after[:4], before[:4])
    assert (after[4] != before[4]).all()


def test_a_termination_is_worth_nothing_more_and_a_truncation_its_bootstrap():
    one = torch.ones(1, 1)
    yes, no = torch.tensor([[True]]), torch.tensor([[False]])
    assert compute_gae(one, 0 * one, 10 * one, yes, no, 0.9, 0.95) == 1
    assert compute_gae(one, 0 * one, 10 * one, no, yes, 0.9, 0.95) == 1 + 0.9 * 10


def test_explained_variance():
    returns = torch.tensor([1.0, 2.0, 3.0])
    assert explained_variance(returns, returns) == 1
    assert explained_variance(torch.full((3,), 5.0), returns) == 0
    assert explained_variance(-returns, returns) == pytest.approx(1 - 4)
    assert math.isnan(explained_variance(returns, torch.ones(3)))
    assert isinstance(explained_variance(returns, returns), float)


def test_explained_variance_is_of_all_steps_together_and_does_not_mind_a_constant_error():
    values, returns = torch.randn(2, 6, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    errors, targets = (returns - values).flatten().tolist(), returns.flatten().tolist()
    expected = 1 - statistics.pvariance(errors) / statistics.pvariance(targets)
    assert explained_variance(values, returns) == pytest.approx(expected)
    assert explained_variance(values + 7, returns) == pytest.approx(expected)
