import numpy as np
import pytest
import torch
from scipy import stats
from torch.distributions import Beta, Categorical, Independent, Normal

from ppo_lib.sampling import episode_noise, sample

BELOW_1 = np.nextafter(1, 0)


def uniforms(*shape, seed=0):
    return np.random.default_rng(seed).random(shape)


def test_a_categorical_by_hand():
    policy = Categorical(probs=torch.tensor([[0.25, 0.5, 0.25]]).expand(6, 3))
    drawn = sample(policy, np.array([0, 0.249, 0.25, 0.749, 0.75, BELOW_1]))
    assert drawn.tolist() == [0, 0, 1, 1, 2, 2]
    assert drawn.dtype == policy.sample().dtype


def test_a_categorical_draws_as_often_as_it_says():
    logits = torch.tensor([0.0, 2.0, -1.0, 0.5, 1.0])
    n = 100_000
    drawn = sample(Categorical(logits=logits.expand(n, 5)), uniforms(n))
    expected = n * logits.double().softmax(-1).numpy()
    assert stats.chisquare(np.bincount(drawn, minlength=5), expected).pvalue > 0.001


def test_what_is_impossible_is_never_drawn():
    """Not even by the outermost numbers, at the ends or in the middle."""
    probs = torch.tensor([0.0, 0.3, 0.0, 0.7, 0.0])
    extremes = np.array([0.0, np.nextafter(0, 1), 0.3, np.nextafter(0.3, 0), BELOW_1])
    for u in (extremes, uniforms(5000)):
        drawn = sample(Categorical(probs=probs.expand(len(u), 5)), u)
        assert set(drawn.tolist()) <= {1, 3}


@pytest.mark.parametrize("actions", [2, 3, 7, 1000, 100_000])
def test_there_is_an_action_for_every_number_below_1(actions):
    """The rounded probabilities of many actions do not add up to 1."""
    logits = torch.randn(50, actions, generator=torch.Generator().manual_seed(0))
    drawn = sample(Categorical(logits=logits), np.full(50, BELOW_1))
    assert int(drawn.max()) < actions
    one_left = Categorical(logits=torch.full((1, actions), -torch.inf).index_fill(1, torch.tensor([0]), 0.0))
    assert sample(one_left, np.array([BELOW_1])).tolist() == [0]


def test_an_improbable_action_is_drawn_too():
    """In single precision its share of [0, 1) would be rounded away."""
    probs = torch.tensor([0.5, 2e-9, 0.5])
    assert sample(Categorical(probs=probs[None]), np.array([0.5 + 5e-10])).tolist() == [1]


def test_a_batch_of_several_dimensions_is_drawn_entry_by_entry():
    policy = Categorical(logits=torch.randn(4, 3, 6, generator=torch.Generator().manual_seed(0)))
    u = uniforms(4, 3)
    drawn = sample(Independent(policy, 1), u)
    assert drawn.shape == (4, 3)
    for i in range(4):
        for j in range(3):
            assert drawn[i, j] == sample(Categorical(logits=policy.logits[i, j][None]), u[i, j][None])[0]


def test_a_normal_is_drawn_by_its_quantiles():
    means, spreads = torch.tensor([[0.0, 5.0]]), torch.tensor([[1.0, 0.1]])
    u = uniforms(20_000, 2)
    policy = Independent(Normal(means.expand(20_000, 2), spreads.expand(20_000, 2)), 1)
    drawn = sample(policy, u)
    assert drawn.dtype == torch.float32
    np.testing.assert_allclose(drawn, stats.norm.ppf(u, means, spreads), rtol=1e-3, atol=1e-3)
    assert stats.kstest(drawn[:, 1], stats.norm(5, 0.1).cdf).pvalue > 0.001
    ends = sample(Normal(torch.zeros(2), torch.ones(2)), np.array([0, BELOW_1]))
    assert torch.isfinite(ends).all()
    assert ends[0] < -4
    assert ends[1] > 4


def test_without_an_inverse_it_is_reproducible_all_the_same():
    policy = Independent(Beta(torch.full((5000, 1), 2.0), torch.full((5000, 1), 3.0)), 1)
    torch.manual_seed(0)
    state = torch.get_rng_state()
    first, same, other = (sample(policy, uniforms(5000, 1, seed=seed)) for seed in (0, 0, 1))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)
    assert stats.kstest(first[:, 0], stats.beta(2, 3).cdf).pvalue > 0.001


def test_the_noise_of_episodes_is_of_their_own():
    a, same, b = episode_noise(3), episode_noise(3), episode_noise(4)
    np.testing.assert_array_equal(first := a.random(1000), same.random(1000))
    assert abs(np.corrcoef(first, b.random(1000))[0, 1]) < 0.15
    assert not np.isin(first, np.random.default_rng(3).random(2000)).any()  # what Gymnasium makes of the seed
