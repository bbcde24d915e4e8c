"""What holds for every exercise: its solution passes, and each of its mistakes is recognised as itself."""

import importlib
import pkgutil

import numpy as np
import pytest
import torch
from highway_env.utils import lmap
from scipy import stats
from torch.distributions import Categorical

from ppo_lib import exercises
from ppo_lib.advantages import compute_gae, explained_variance
from ppo_lib.exercises.checking import KNOWN_MISTAKE, NOT_ATTEMPTED, RIGHT, Exercise
from ppo_lib.losses import approximate_kl, clip_fraction, clipped_surrogate_loss

CHECKS = {name: check for name, check in vars(exercises).items() if name.startswith("check_")}
MISTAKES = [(name, mistake) for name, check in CHECKS.items() for mistake in check.mistakes]
every_check = pytest.mark.parametrize("name", CHECKS)


def conv_layer(length, channels_in, channels_out, kernel, stride):
    layer = torch.nn.Conv2d(channels_in, channels_out, kernel, stride)
    side = layer(torch.zeros(1, channels_in, length, length)).shape[-1]
    return side, sum(parameter.numel() for parameter in layer.parameters())


def step_reward(lane, speed, crashed):
    paid = 0.1 * lane + 0.4 * np.clip(lmap(speed, [20, 30], [0, 1]), 0, 1) - crashed
    return lmap(paid, [-1, 0.5], [0, 1])


def stack_images(images, size):
    shape = (len(images), size, *images.shape[1:])
    stacks = np.zeros(shape, images.dtype)
    for t in range(len(images)):
        for age in range(min(size, t + 1)):
            stacks[t, size - 1 - age] = images[t - age]
    return stacks


def crash_rate(terminated, truncated, per_road):
    crashes = []
    for road in range(terminated.shape[1]):
        ends = [terminated[t, road] for t in range(len(terminated)) if terminated[t, road] or truncated[t, road]]
        crashes += ends[:per_road]
    return np.mean(crashes)


def wilson_interval(crashes, episodes):
    interval = stats.binomtest(crashes, episodes).proportion_ci(method="wilson")
    return [interval.low, interval.high]


# The same by other means: the package's tested functions, torch, scipy, highway-env, or a plain loop.
ORACLES = {
    "check_action_log_probs": lambda logits, actions: Categorical(logits=logits).log_prob(actions),
    "check_action_probabilities": lambda logits: Categorical(logits=logits).probs,
    "check_annealed_learning_rate": lambda rate, done, total: np.interp(done, [0, total], [rate, 0]),
    "check_bootstrap_interval": lambda returns, indices: np.quantile(
        [np.mean([returns[i] for i in row]) for row in indices], [0.025, 0.975]
    ),
    "check_clip_fraction": clip_fraction,
    "check_clipped_loss": clipped_surrogate_loss,
    "check_conv_layer": conv_layer,
    "check_crash_rate": crash_rate,
    "check_entropy": lambda logits: Categorical(logits=logits).entropy(),
    "check_explained_variance": explained_variance,
    "check_future_values": lambda values, terminated, truncated: values * (1 - np.asarray(terminated, float)),
    "check_gae": lambda deltas, te, tr, gamma, lam: compute_gae(deltas, 0, torch.zeros(1), te, tr, gamma, lam),
    "check_kl": approximate_kl,
    "check_normalize": lambda advantages: torch.nn.functional.layer_norm(advantages, advantages.shape, eps=0),
    "check_stack_images": stack_images,
    "check_step_reward": step_reward,
    "check_td_errors": lambda *columns_and_gamma: compute_gae(*columns_and_gamma, gae_lambda=0.0),
    "check_total_loss": lambda p, v, e, cv, ce: np.dot([1, cv, -ce], [p, v, e]),
    "check_wilson_interval": wilson_interval,
}


def test_every_exercise_is_offered():
    modules = pkgutil.iter_modules(exercises.__path__, exercises.__name__ + ".")
    members = [member for module in modules for member in vars(importlib.import_module(module.name)).items()]
    assert {name for name, member in members if isinstance(member, Exercise)} == set(CHECKS)


@every_check
def test_its_solution_passes(name):
    assert CHECKS[name].judge(CHECKS[name].solution).kind == RIGHT


@every_check
def test_its_solution_is_what_others_compute(name):
    for case in CHECKS[name].cases:
        with torch.no_grad():
            ours, theirs = (function(*case.values()) for function in (CHECKS[name].solution, ORACLES[name]))
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("name", "mistake"), MISTAKES)
def test_a_mistake_is_recognised_as_itself(name, mistake):
    sentence, function = CHECKS[name].mistakes[mistake]
    assert CHECKS[name].judge(function) == (KNOWN_MISTAKE, f"Not yet. {sentence}")


@every_check
def test_it_knows_at_least_four_mistakes_by_different_sentences(name):
    sentences = {sentence for sentence, _ in CHECKS[name].mistakes.values()}
    assert len(sentences) == len(CHECKS[name].mistakes) >= 4


@every_check
def test_a_stub_is_not_attempted(name):
    assert CHECKS[name].judge(lambda *_: ...).kind == NOT_ATTEMPTED
