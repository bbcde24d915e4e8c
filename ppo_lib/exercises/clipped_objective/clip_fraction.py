"""The exercise clip_fraction of the notebook 05_clipped_objective."""

import numpy as np
import torch

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.clipped_objective.common import (
    clip,
    draw_clip_eps,
    draw_ratios,
    each,
    listed,
    log_probs_of,
    quotient_of_logarithms,
    times_samples,
    upside_down,
    without_old_policy,
)
from ppo_lib.exercises.recognition import Mistake


def ratio_of(log_probs, old_log_probs):
    """(M,): the new probability of each action over its old one."""
    return (log_probs - old_log_probs).exp()


def has_left(ratio, eps):
    """(M,): whether each ratio lies outside of its range."""
    return (ratio - 1).abs() > eps


def fraction_clipped(log_probs, old_log_probs, clip_eps, *, ratio=ratio_of, outside=has_left, average=torch.mean):
    """(M,) twice to a scalar: the share of samples whose ratio has left the clip range."""
    return average(outside(ratio(log_probs, old_log_probs), clip_eps).float())


def draw_for_fraction(draw):
    """One input of clip_fraction. ε = 0 shows what happens at the ends of the range: unchanged samples are in it."""
    clip_eps = draw.cycle(draw_clip_eps(draw), draw_clip_eps(draw), draw_clip_eps(draw), 0.0)
    return log_probs_of(draw, draw_ratios(draw, clip_eps)) | {"clip_eps": clip_eps}


def work_out_clip_fraction(index, log_probs, old_log_probs, clip_eps):
    """The share, in numbers."""
    ratio = (log_probs - old_log_probs).exp()
    outside = int(((ratio - 1).abs() > clip_eps).sum())
    return f"ratio = {listed(ratio)}: outside {1 - clip_eps:.4g} ... {1 + clip_eps:.4g} are {outside} of {len(ratio)}"


check_clip_fraction = Exercise(
    name="clip_fraction",
    chapter="05_clipped_objective",
    checked="ratios below, inside and above the clip range and unchanged ones, minibatches from one sample up, and "
    "any ε, 0 included",
    solution=fraction_clipped,
    inputs=draw_for_fraction,
    worked=work_out_clip_fraction,
    hints=(
        "For one sample the answer is yes or no. When has its ratio left the range from 1 - ε to 1 + ε?",
        "A ratio has left the range when it is more than ε away from 1, to either side. That gives a tensor of "
        "booleans; what share of these is True?",
        "ratio = (log_probs - old_log_probs).exp(); outside = (ratio - 1).abs() > clip_eps. As numbers (float) these "
        "are zeros and ones: their mean is the share.",
    ),
    mistakes={
        "above only": Mistake(
            "You count only ratios above the clip range; those below it have left it, too.",
            options={"outside": lambda ratio, eps: ratio > 1 + eps},
        ),
        "below only": Mistake(
            "You count only ratios below the clip range; those above it have left it, too.",
            options={"outside": lambda ratio, eps: ratio < 1 - eps},
        ),
        "both at once": Mistake(
            "Your answer is always 0: no ratio can be below the range and above it at once. Either will do: | "
            "instead of &.",
            options={"outside": lambda ratio, eps: torch.zeros_like(ratio)},
        ),
        "inside for outside": Mistake(
            "You count the ratios that are still inside: the clip fraction is the share of the others.",
            result=lambda fraction, **_: 1 - fraction,
        ),
        "the ends counted": Mistake(
            "Nearly: a ratio exactly at an end of the clip range is still inside. With ε = 0 you would count samples "
            "that have not changed at all: > instead of >=.",
            options={"outside": lambda ratio, eps: (ratio - 1).abs() >= eps},
        ),
        "count for share": Mistake(
            "This is how many there are: divide by the number of samples.",
            result=times_samples,
        ),
        "percent": Mistake(
            "This is in percent: the share is a number from 0 to 1.",
            result=lambda fraction, **_: 100 * fraction,
        ),
        "no mean": Mistake(
            "The mean is missing: yours says for each sample whether it is outside. The mean of zeros and ones is "
            "the share of ones.",
            options={"average": each},
        ),
        "any for share": Mistake(
            "Your answer is 1 as soon as a single sample has left the range, and 0 otherwise. How large a share has "
            "left it?",
            options={"average": torch.amax},
        ),
        "mean before comparing": Mistake(
            "The mean comes too early: you ask whether the mean ratio has left the range. Ask it for each sample, "
            "and take the mean of the answers.",
            instead=lambda new, old, eps: (((new - old).exp().mean() - 1).abs() > eps).float(),
        ),
        "how far for how many": Mistake(
            "This is how far the ratios are outside the range, on average. Wanted is how many are: compare, and "
            "count.",
            instead=lambda new, old, eps: ((new - old).exp() - clip((new - old).exp(), eps)).abs().mean(),
        ),
        "log ratio with eps": Mistake(
            "You compare the log-ratio with ε. For small changes that is nearly the same, but the clip range is about "
            "the ratio: take its exp.",
            options={"outside": lambda ratio, eps: ratio.log().abs() > eps},
        ),
        "symmetric logarithms": Mistake(
            "The lower end is not where it belongs: -log(1 + ε) is the logarithm of 1 / (1 + ε), and the range "
            "begins at 1 - ε. Compare the ratio itself.",
            options={"outside": lambda ratio, eps: ratio.log().abs() > np.log1p(eps)},
        ),
        "ratio without exp": Mistake(
            "You compare the log-ratio with 1 - ε and 1 + ε. It is 0 where nothing has changed: the ratio is its exp.",
            options={"outside": lambda ratio, eps: (ratio.log() - 1).abs() > eps},
        ),
        "around zero": Mistake(
            "You compare the ratio itself with ε: it is near 1, not near 0, where nothing has changed.",
            options={"outside": lambda ratio, eps: ratio > eps},
        ),
        "squared distance": Mistake(
            "You compare the squared distance from 1 with ε. The distance itself must be larger than ε: abs.",
            options={"outside": lambda ratio, eps: (ratio - 1) ** 2 > eps},
        ),
        "ratio upside down": Mistake(
            "Your ratio is upside down: the policy that learns belongs above the line, the one that drove below it.",
            given=upside_down,
        ),
        "difference of probabilities": Mistake(
            "You compare the difference of the two probabilities with ε. The clip range is about their ratio.",
            options={"ratio": lambda new, old: 1 + (new.exp() - old.exp())},
        ),
        "probability for ratio": Mistake(
            "You use the probability of the action where its ratio belongs: where does the old policy come in?",
            given=without_old_policy,
        ),
        "quotient of logarithms": Mistake(
            "Your ratio is the quotient of the logarithms. The ratio of the probabilities is exp of their difference.",
            given=quotient_of_logarithms,
        ),
    },
)
