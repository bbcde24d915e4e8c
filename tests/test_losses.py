import math

import pytest
import torch
from torch.distributions import Categorical, kl_divergence

from ppo_lib.losses import approximate_kl, clip_fraction, clipped_surrogate_loss, value_loss

EPS = 0.2


def slow_surrogate(log_probs, old_log_probs, advantages, clip_eps):
    """Equation 7 of Schulman et al. 2017, sample by sample."""
    total = 0.0
    for new, old, advantage in zip(log_probs.tolist(), old_log_probs.tolist(), advantages.tolist(), strict=True):
        ratio = math.exp(new) / math.exp(old)
        if advantage > 0:
            total += min(ratio, 1 + clip_eps) * advantage
        else:
            total += max(ratio, 1 - clip_eps) * advantage
    return -total / len(log_probs)


def slow_value_loss(values, returns, old_values, clip_eps):
    """Half the mean of each sample's larger error: of its value, or of the value moved no further than allowed."""
    total = 0.0
    for value, target, old in zip(values.tolist(), returns.tolist(), old_values.tolist(), strict=True):
        nearest = min(max(value, old - clip_eps), old + clip_eps)
        total += max((value - target) ** 2, (nearest - target) ** 2)
    return total / len(values) / 2


def slow_clip_fraction(log_probs, old_log_probs, clip_eps):
    ratios = [
        math.exp(new) / math.exp(old) for new, old in zip(log_probs.tolist(), old_log_probs.tolist(), strict=True)
    ]
    return sum(ratio < 1 - clip_eps or ratio > 1 + clip_eps for ratio in ratios) / len(ratios)


def slow_kl(log_probs, old_log_probs):
    ratios = [
        math.exp(new) / math.exp(old) for new, old in zip(log_probs.tolist(), old_log_probs.tolist(), strict=True)
    ]
    return sum(ratio - 1 - math.log(ratio) for ratio in ratios) / len(ratios)


def random_samples(seed, count=40):
    """(log_probs, old_log_probs, advantages) of actions with probabilities from 0.1 to 0.9, none of them 1."""
    generator = torch.Generator().manual_seed(seed)
    probs = 0.1 + 0.8 * torch.rand(2, count, generator=generator, dtype=torch.float64)
    return *probs.log(), torch.randn(count, generator=generator, dtype=torch.float64)


SEEDS = pytest.mark.parametrize("seed", range(5))


@SEEDS
@pytest.mark.parametrize("clip_eps", [0.05, 0.2, 0.7])
def test_the_policys_losses_are_what_plain_python_says(seed, clip_eps):
    log_probs, old_log_probs, advantages = random_samples(seed)
    for ours, slow in [
        (
            clipped_surrogate_loss(log_probs, old_log_probs, advantages, clip_eps),
            slow_surrogate(log_probs, old_log_probs, advantages, clip_eps),
        ),
        (approximate_kl(log_probs, old_log_probs), slow_kl(log_probs, old_log_probs)),
        (clip_fraction(log_probs, old_log_probs, clip_eps), slow_clip_fraction(log_probs, old_log_probs, clip_eps)),
    ]:
        assert ours.shape == ()
        assert ours.item() == pytest.approx(slow, rel=1e-6)


@SEEDS
@pytest.mark.parametrize("clip_eps", [0.05, 0.5, 3.0])
def test_the_value_loss_is_what_plain_python_says(seed, clip_eps):
    generator = torch.Generator().manual_seed(seed)
    values, returns, old_values = 5 + torch.randn(3, 40, generator=generator, dtype=torch.float64)
    clipped = value_loss(values, returns, old_values, clip_eps)
    assert clipped.shape == ()
    assert clipped.dtype == torch.float64
    assert clipped.item() == pytest.approx(slow_value_loss(values, returns, old_values, clip_eps))
    assert value_loss(values, returns).item() == pytest.approx(slow_value_loss(values, returns, old_values, math.inf))
    assert value_loss(values, returns, old_values).item() == value_loss(values, returns).item()


@SEEDS
def test_gradients_are_those_of_small_differences(seed):
    log_probs, old_log_probs, advantages = random_samples(seed, 10)
    values, returns, old_values = torch.randn(
        3, 10, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)
    )
    log_probs.requires_grad_()
    values.requires_grad_()
    assert torch.autograd.gradcheck(lambda x: clipped_surrogate_loss(x, old_log_probs, advantages, 0.2), log_probs)
    assert torch.autograd.gradcheck(lambda x: value_loss(x, returns, old_values, 0.3), values)
    assert torch.autograd.gradcheck(lambda x: approximate_kl(x, old_log_probs), log_probs)


@SEEDS
def test_the_gradient_is_zero_exactly_where_nothing_is_gained(seed):
    log_probs, old_log_probs, advantages = random_samples(seed)
    log_probs.requires_grad_()
    clipped_surrogate_loss(log_probs, old_log_probs, advantages, 0.25).backward()
    for new, old, advantage, gradient in zip(
        log_probs.tolist(), old_log_probs.tolist(), advantages.tolist(), log_probs.grad.tolist(), strict=True
    ):
        ratio = math.exp(new - old)
        gained = ratio > 1.25 if advantage > 0 else ratio < 0.75
        assert gradient == pytest.approx(0 if gained else -ratio * advantage / len(log_probs))


def surrogate(ratio, advantage):
    """(loss, its gradient in log π) for one sample."""
    log_prob = torch.tensor([math.log(ratio)], requires_grad=True)
    loss = clipped_surrogate_loss(log_prob, torch.zeros(1), torch.tensor([advantage]), EPS)
    loss.backward()
    return loss.item(), log_prob.grad.item()


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss", "gradient"),
    [
        (1.0, 2.0, -2.0, -2.0),  # unclipped: the gradient of ratio · Â in log π is ratio · Â
        (1.1, 2.0, -2.2, -2.2),
        (1.5, 2.0, -2.4, 0.0),  # good action, already 1.5 times as likely: 1.2 · 2, nothing more to gain
        (0.5, 2.0, -1.0, -1.0),  # good action made unlikely: felt in full
        (0.5, -2.0, 1.6, 0.0),  # bad action, already half as likely: 0.8 · 2
        (1.5, -2.0, 3.0, 3.0),  # bad action made likely: felt in full
    ],
)
def test_the_six_cases_of_the_clipped_surrogate(ratio, advantage, loss, gradient):
    assert surrogate(ratio, advantage) == pytest.approx((loss, gradient), abs=1e-6)


def test_the_surrogate_is_a_mean_over_samples():
    log_probs = torch.log(torch.tensor([1.5, 0.5]))
    loss = clipped_surrogate_loss(log_probs, torch.zeros(2), torch.tensor([2.0, 2.0]), EPS)
    assert loss.item() == pytest.approx((-2.4 - 1.0) / 2)


def test_at_ratio_1_its_gradient_is_the_policy_gradient():
    logits = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    actions, advantages = torch.tensor([0, 1, 2, 0, 1]), torch.randn(5, dtype=torch.float64)
    log_probs = Categorical(logits=logits).log_prob(actions)
    (ppo,) = torch.autograd.grad(
        clipped_surrogate_loss(log_probs, log_probs.detach(), advantages, EPS), logits, retain_graph=True
    )
    (reinforce,) = torch.autograd.grad(-(log_probs * advantages).mean(), logits)
    torch.testing.assert_close(ppo, reinforce)


def test_value_loss_by_hand():
    values, returns = torch.tensor([1.0, 4.0]), torch.tensor([2.0, 2.0])
    assert value_loss(values, returns).item() == (1 + 4) / 2 / 2


def test_value_clipping_takes_the_larger_error():
    returns, old_values = torch.tensor([2.0]), torch.tensor([0.0])
    # V moved from 0 to 1.5, clipped at 0.5: the error of 0.5 counts, and it cannot be mended by moving further.
    values = torch.tensor([1.5], requires_grad=True)
    loss = value_loss(values, returns, old_values, clip_eps=0.5)
    loss.backward()
    assert loss.item() == (2.0 - 0.5) ** 2 / 2
    assert values.grad.item() == 0
    # V moved away, to -1: its own error is the larger one.
    assert value_loss(torch.tensor([-1.0]), returns, old_values, clip_eps=0.5).item() == 9 / 2


@pytest.mark.parametrize(
    ("value", "target", "loss", "gradient"),
    [  # the old value is 10, and a new one may be 0.5 away from it
        (10.25, 12.0, 1.75**2 / 2, -1.75),  # within the range: its own error, felt in full
        (11.0, 12.0, 1.5**2 / 2, 0.0),  # beyond it, towards the target: that of 10.5, nothing to gain
        (9.0, 12.0, 3.0**2 / 2, -3.0),  # beyond it, away from the target: felt in full
        (9.0, 8.0, 1.5**2 / 2, 0.0),  # and the same three downwards: that of 9.5
        (11.0, 8.0, 3.0**2 / 2, 3.0),
        (9.75, 8.0, 1.75**2 / 2, 1.75),
    ],
)
def test_the_six_cases_of_the_clipped_value(value, target, loss, gradient):
    values = torch.tensor([value], requires_grad=True)
    measured = value_loss(values, torch.tensor([target]), torch.tensor([10.0]), clip_eps=0.5)
    measured.backward()
    assert (measured.item(), values.grad.item()) == (loss, gradient)


def test_the_kl_estimate_agrees_with_pytorchs_kl():
    torch.manual_seed(0)
    old, new = Categorical(logits=torch.tensor([0.0, 0.5, 1.0])), Categorical(logits=torch.tensor([0.2, 0.4, 1.0]))
    actions = old.sample((400_000,))
    estimate = approximate_kl(new.log_prob(actions), old.log_prob(actions)).item()
    assert estimate == pytest.approx(kl_divergence(old, new).item(), rel=0.02)
    assert estimate != pytest.approx(kl_divergence(new, old).item(), rel=1e-4)


def test_the_kl_estimate_is_never_negative_and_zero_at_no_change():
    log_probs, old_log_probs = torch.randn(2, 100)
    assert approximate_kl(log_probs[:1], old_log_probs[:1]) > 0
    assert approximate_kl(log_probs, log_probs) == 0


@SEEDS
def test_a_ratio_on_the_very_edge_is_not_clipped(seed):
    log_probs, old_log_probs, _ = random_samples(seed)
    distances = ((log_probs - old_log_probs).exp() - 1).abs()
    for rank, edge in enumerate(distances.sort(descending=True).values.tolist()):
        assert clip_fraction(log_probs, old_log_probs, edge).item() == pytest.approx(rank / 40)
        just_less = math.nextafter(edge, 0)
        assert clip_fraction(log_probs, old_log_probs, just_less).item() == pytest.approx((rank + 1) / 40)
    assert clip_fraction(log_probs, log_probs, 0.0) == 0


def test_clip_fraction_counts_both_sides():
    ratios = torch.tensor([0.7, 0.85, 1.0, 1.15, 1.3])
    assert clip_fraction(ratios.log(), torch.zeros(5), EPS).item() == pytest.approx(2 / 5)
