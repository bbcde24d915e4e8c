"""The exercise drive_weights of the notebook 05_clipped_objective."""

import numpy as np
import torch

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.clipped_objective.common import listed, upside_down
from ppo_lib.exercises.recognition import Mistake


def ratios_of(log_probs, old_log_probs):
    """(T, N): the ratio of each decision."""
    return (log_probs - old_log_probs).exp()


def product_of_steps(ratios, driving):
    """(N,): the product over the steps of each drive."""
    return torch.where(driving, ratios, 1.0).prod(0)


def drive_weights(log_probs, old_log_probs, driving, *, ratio=ratios_of, combine=product_of_steps):
    """(T, N) three times to (N,): how much more probable each drive is for the new policy than it was for the old."""
    return combine(ratio(log_probs, old_log_probs), driving)


def draw_drives(draw):
    """One input of drive_weights: drives of all lengths from one step up, with numbers below their ends, too."""
    steps, num_envs = draw.sizes(2)
    lengths = draw.rng.integers(1, steps + 1, num_envs)
    if draw.cycle(False, False, True):
        lengths[:] = steps
    spread = draw.cycle(0.4, 1.0)
    old_log_probs = draw.floats(steps, num_envs, low=-2.5, high=-0.1, scaled=False)
    log_ratio = draw.floats(steps, num_envs, low=-spread, high=spread, scaled=False)
    log_ratio[draw.rng.random((steps, num_envs)) < 0.2] = 0  # some decisions have not changed
    log_probs = np.minimum(old_log_probs + log_ratio, draw.dtype(-0.05))
    return {"log_probs": log_probs, "old_log_probs": old_log_probs, "driving": np.arange(steps)[:, None] < lengths}


def work_out(index, log_probs, old_log_probs, driving):
    """One weight, in numbers."""
    (n,) = index
    ratios = (log_probs - old_log_probs).exp()[:, n][driving[:, n]]
    return f"the drive in column {n} lasts {len(ratios)} steps, with the ratios {listed(ratios)}: their product"


check_drive_weights = Exercise(
    name="drive_weights",
    chapter="05_clipped_objective",
    checked="drives of all lengths, one and many, decisions that have not changed, and what stands below the end of a "
    "drive",
    solution=drive_weights,
    inputs=draw_drives,
    worked=work_out,
    differentiate=("log_probs",),
    hints=(
        "How probable is it that a driver makes exactly this drive? Some factors of that belong to the driver, the "
        "others to the road. What is left of the road's when you divide by the same for the old driver?",
        "The road's factors cancel, so the weight is the product of the ratios of all decisions of the drive. A "
        "product of exponentials is the exponential of a sum. What may a step below the end contribute to it?",
        "log_ratio = log_probs - old_log_probs. Multiply it by `driving`, so that steps below the end add 0; sum over "
        "the steps, dimension 0; and take exp of that.",
    ),
    mistakes={
        "driving ignored": Mistake(
            "You multiply in what stands below the end of a drive, too. There the ratio must count as 1.",
            given=lambda driving, **_: {"driving": torch.ones_like(driving)},
        ),
        "driving upside down": Mistake(
            "You keep exactly what lies below the end of a drive. `driving` is True where the drive goes on.",
            given=lambda driving, **_: {"driving": ~driving},
        ),
        "driving one step early": Mistake(
            "Your drives end one step too early: their last decision, with which a car crashed perhaps, still counts.",
            given=lambda driving, **_: {"driving": torch.cat([driving[1:], torch.zeros_like(driving[:1])])},
        ),
        "zeros in the product": Mistake(
            "You multiply by 0 below the end of a drive, so that every short drive weighs nothing. A step that does "
            "not count is a factor of 1.",
            options={"combine": lambda ratios, driving: (ratios * driving).prod(0)},
        ),
        "log weight": Mistake(
            "This is the logarithm of the weight: take exp of the sum.",
            result=lambda weights, **_: weights.log(),
        ),
        "sum of ratios": Mistake(
            "You add up the ratios. That two things happen one after the other has the product of their "
            "probabilities.",
            options={"combine": lambda ratios, driving: (ratios * driving).sum(0)},
        ),
        "mean of ratios": Mistake(
            "This is the mean ratio of each drive. Its probability is a product over its decisions, and so is the "
            "weight.",
            options={"combine": lambda ratios, driving: (ratios * driving).sum(0) / driving.sum(0)},
        ),
        "geometric mean": Mistake(
            "You take the mean of the log-ratios over the steps, which is the ratio of a typical decision. For the "
            "whole drive it is their sum.",
            options={
                "combine": lambda ratios, driving: (
                    torch.where(driving, ratios.log(), 0.0).sum(0) / driving.sum(0)
                ).exp()
            },
        ),
        "last ratio": Mistake(
            "You take the ratio of the last decision alone. All decisions of a drive had to be made for it.",
            options={"combine": lambda ratios, driving: ratios.gather(0, driving.sum(0, keepdim=True) - 1)[0]},
        ),
        "first ratio": Mistake(
            "You take the ratio of the first decision alone. All decisions of a drive had to be made for it.",
            options={"combine": lambda ratios, driving: ratios[0]},
        ),
        "so far": Mistake(
            "Yours is a number for each step, the product so far. Wanted is one for each drive, the product to its "
            "end.",
            options={"combine": lambda ratios, driving: torch.where(driving, ratios, 1.0).cumprod(0)},
        ),
        "over the drives": Mistake(
            "You multiply along the wrong axis: time is axis 0, and each drive is a column.",
            options={"combine": lambda ratios, driving: torch.where(driving, ratios, 1.0).prod(1)},
        ),
        "over everything": Mistake(
            "You multiply all drives together. Each drive, a column, has a weight of its own.",
            options={"combine": lambda ratios, driving: torch.where(driving, ratios, 1.0).prod()},
        ),
        "normalised": Mistake(
            "You divide by the sum of all weights. That is a trick of its own, self-normalised importance sampling; "
            "here each weight depends on its own drive.",
            result=lambda weights, **_: weights / weights.sum(),
        ),
        "upside down": Mistake(
            "Upside down: the policy that learns belongs above the line, the one that drove below it.",
            given=upside_down,
        ),
        "ratio without exp": Mistake(
            "You multiply the log-ratios. A ratio is the exp of a log-ratio, and logarithms are added, not "
            "multiplied.",
            options={"ratio": lambda new, old: new - old},
        ),
        "quotient of logarithms": Mistake(
            "Your ratio is the quotient of the logarithms. The ratio of the probabilities is exp of their difference.",
            options={"ratio": lambda new, old: new / old},
        ),
        "probability of the drive": Mistake(
            "This is how probable the new policy makes the decisions: where does the old policy come in?",
            options={"ratio": lambda new, old: new.exp()},
        ),
    },
)
