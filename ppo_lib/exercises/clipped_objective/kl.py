"""The exercise kl of the notebook 05_clipped_objective."""

import numpy as np
import torch

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.clipped_objective.common import (
    draw_ratios,
    each,
    listed,
    log_probs_of,
    minibatch_size,
    quotient_of_logarithms,
    times_samples,
    upside_down,
)
from ppo_lib.exercises.recognition import Mistake


def k3(log_ratio):
    """(M,): Schulman's third estimate of the divergence, of each sample."""
    return log_ratio.exp() - 1 - log_ratio


def kl(log_probs, old_log_probs, *, estimate=k3, average=torch.mean):
    """(M,) twice to a scalar: how far the policy has moved, estimated from the actions of the old one."""
    return average(estimate(log_probs - old_log_probs))


def draw_moved(draw):
    """One input of kl. Never are all log-ratios tiny: those drown in the rounding of float32."""
    count = minibatch_size(draw)
    spread = draw.cycle(0.6, 3.0, 1.5, 5.0)
    log_ratio = draw.rng.choice([-1, 1], count) * spread * draw.rng.uniform(0.5, 1.0, count)
    log_ratio[1:] *= draw.rng.random(count - 1) < 0.8  # some samples have not changed, but never all
    return log_probs_of(draw, draw_ratios(draw, 0.2) if draw.plain else np.exp(log_ratio))


def work_out_kl(index, log_probs, old_log_probs):
    """The estimate, in numbers."""
    log_ratio = log_probs - old_log_probs
    terms = log_ratio.exp() - 1 - log_ratio
    return f"log ratio = {listed(log_ratio)}, ratio = {listed(log_ratio.exp())}: the mean of {listed(terms)}"


check_kl = Exercise(
    name="kl",
    chapter="05_clipped_objective",
    checked="policies that moved far and a little, samples of which some have not changed, and minibatches from one "
    "sample up",
    solution=kl,
    inputs=draw_moved,
    worked=work_out_kl,
    differentiate=("log_probs",),
    hints=(
        "Two notions are needed for each sample, the ratio and its logarithm. Which of them do you get by "
        "subtracting, and how do you get the other one from it?",
        "The samples come from the old policy, so the log-ratio is new minus old. k3 is (ratio - 1) - log ratio, for "
        "each sample by itself.",
        "log_ratio = log_probs - old_log_probs, ratio = log_ratio.exp(); then the mean of (ratio - 1) - log_ratio "
        "over all samples.",
    ),
    mistakes={
        "sign swapped": Mistake(
            "The sign: your log-ratio is old minus new. The samples come from the old policy, so it belongs below the "
            "line; what you estimate is no KL divergence.",
            given=upside_down,
        ),
        "sign": Mistake(
            "The sign of the whole: a KL divergence is never negative. It is (ratio - 1) - log ratio, not the other "
            "way round.",
            result=lambda distance, **_: -distance,
        ),
        "sum for mean": Mistake(
            "You sum over the samples, so the result grows with the minibatch: the estimate is the mean.",
            result=times_samples,
        ),
        "no mean": Mistake(
            "The mean is missing: yours is one number for each sample, and the estimate is one for all.",
            options={"average": each},
        ),
        "the simple estimate": Mistake(
            "This is the mean of -log ratio. On average it is right, but a single batch may say that it is "
            "negative. Add what is 0 on average: ratio - 1.",
            options={"estimate": lambda x: -x},
        ),
        "the log ratio": Mistake(
            "This is the mean of log ratio: k1 would be minus that, and k3 adds what is 0 on average, ratio - 1.",
            options={"estimate": lambda x: x},
        ),
        "the squared estimate": Mistake(
            "This is half the squared log-ratio, Schulman's k2: never negative, but wrong on average. Use "
            "(ratio - 1) - log ratio.",
            options={"estimate": lambda x: x**2 / 2},
        ),
        "squared without the half": Mistake(
            "This is the mean squared log-ratio, twice Schulman's k2. Use k3, (ratio - 1) - log ratio: it is right on "
            "average, and needs no half.",
            options={"estimate": lambda x: x**2},
        ),
        "squared ratio": Mistake(
            "This is half the squared distance of the ratio from 1, the estimate of another divergence (χ²). Use "
            "(ratio - 1) - log ratio.",
            options={"estimate": lambda x: (x.exp() - 1) ** 2 / 2},
        ),
        "absolute log ratio": Mistake(
            "This is the mean of the absolute log-ratio: never negative, but no KL divergence, not even on average. "
            "Use (ratio - 1) - log ratio.",
            options={"estimate": torch.abs},
        ),
        "without the 1": Mistake(
            "You have forgotten to subtract 1: where nothing has changed, the ratio is 1 and the divergence must "
            "be 0.",
            options={"estimate": lambda x: x.exp() - x},
        ),
        "1 twice": Mistake(
            "You subtract 1 twice: expm1 has done it already. Where nothing has changed the divergence must be 0.",
            options={"estimate": lambda x: x.exp() - 2 - x},
        ),
        "log ratio added": Mistake(
            "You add the log-ratio instead of subtracting it: for ratios near 1 the two should nearly cancel.",
            options={"estimate": lambda x: x.exp() - 1 + x},
        ),
        "log ratio left out": Mistake(
            "This is the mean of ratio - 1 alone, which is 0 on average whatever the policies are. The divergence is "
            "in the other part: subtract the log-ratio.",
            options={"estimate": torch.expm1},
        ),
        "one of the two upside down": Mistake(
            "Your ratio and your log-ratio point in opposite directions: one of them is new over old, the other one "
            "old over new. Take both from the same difference, new minus old.",
            options={"estimate": lambda x: (-x).exp() - 1 - x},
        ),
        "ratio without exp": Mistake(
            "You take the difference of the logarithms for the ratio, and the logarithm of it once more. The "
            "difference is the log-ratio already, and the ratio is its exp.",
            options={"estimate": lambda x: x - 1 - x.log()},
        ),
        "quotient of logarithms": Mistake(
            "Your ratio is the quotient of the logarithms. The ratio of the probabilities is exp of their difference.",
            given=quotient_of_logarithms,
        ),
        "the other direction": Mistake(
            "This estimates KL(π ‖ π_old): you weigh the log-ratio with the ratio, as if the samples were the new "
            "policy's. Use (ratio - 1) - log ratio.",
            options={"estimate": lambda x: x.exp() * x - (x.exp() - 1)},
        ),
        "the other direction, simply": Mistake(
            "You multiply the log-ratio by the ratio: on average that is KL(π ‖ π_old), the other direction. Use "
            "(ratio - 1) - log ratio.",
            options={"estimate": lambda x: x.exp() * x},
        ),
        "weighted once more": Mistake(
            "You weigh -log ratio with the old policy's probabilities, as in the definition. These are samples: an "
            "action that is often taken stands here often, so the plain mean weighs it already. Use the mean of "
            "(ratio - 1) - log ratio.",
            instead=lambda new, old: (old.exp() * (old - new)).mean(),
        ),
        "k3 weighted once more": Mistake(
            "You weigh k3 with the old policy's probabilities. These are samples: an action that is often taken "
            "stands here often, so the plain mean weighs it already.",
            instead=lambda new, old: (old.exp() * ((new - old).exp() - 1 - (new - old))).mean(),
        ),
        "mean before exp": Mistake(
            "The mean comes too early: you take it of the log-ratios, and exp of that. Estimate for each sample by "
            "itself, and take the mean last.",
            given=lambda log_probs, old_log_probs: {"log_probs": old_log_probs + (log_probs - old_log_probs).mean()},
        ),
    },
)
