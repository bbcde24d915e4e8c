import math

import pytest
import torch
from torch.distributions import Categorical, kl_divergence

from ppo_lib.losses import approximate_kl, clip_fraction, clipped_surrogate_loss, value_loss

EPS = 0.2


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


def test_clip_fraction_counts_both_sides():
    ratios = torch.tensor([0.7, 0.85, 1.0, 1.15, 1.3])
    assert clip_fraction(ratios.log(), torch.zeros(5), EPS).item() == pytest.approx(2 / 5)
