"""The exercise reinforce_loss of the notebook 03_policy_gradient."""

import numpy as np
import torch

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def mean_of_drives(terms, driving):
    """The sum over the steps of each drive, and of these sums the mean."""
    return (terms * driving).sum(0).mean()


def centred(rewards_to_go, values):
    """How much more was earned than the baseline says; no gradient flows into the baseline."""
    return rewards_to_go - values.detach()


def reinforce_loss(
    log_probs, rewards_to_go, values, driving, *, weigh=centred, combine=torch.mul, average=mean_of_drives
):
    """(T, N) four times to a scalar to minimise: minus the mean over the drives of Σ_t log π · (G - V)."""
    return -average(combine(log_probs, weigh(rewards_to_go, values)), driving)


def draw_drives(draw):
    """One input of reinforce_loss: drives of all lengths from one step up, with numbers below their ends, too."""
    steps, num_envs = draw.sizes(2)
    lengths = draw.rng.integers(1, steps + 1, num_envs)
    if draw.cycle(False, False, True):
        lengths[:] = steps
    low, high = (-2.0, -0.1) if draw.plain else draw.cycle((-2.5, -0.05), (-8.0, -0.5))
    return {
        "log_probs": draw.floats(steps, num_envs, low=low, high=high, scaled=False),
        "rewards_to_go": draw.floats(steps, num_envs, low=-1.0, high=5.0),
        "values": draw.floats(steps, num_envs, low=-1.0, high=5.0),
        "driving": np.arange(steps)[:, None] < lengths,
    }


def work_out(index, log_probs, rewards_to_go, values, driving):
    """The loss, in numbers."""
    sums = (log_probs * (rewards_to_go - values) * driving).double().sum(0)
    listed = ", ".join(f"{number:.4g}" for number in sums.tolist())
    return f"the sums of log π · (G - V) over the steps of each drive are {listed}; minus their mean"


def sum_of_products(log_probs, weights, driving):
    """The sums over time multiplied, instead of the products summed, for a mistake."""
    return ((log_probs * driving).sum(0) * (weights * driving).sum(0)).mean()


def product_of_sums(log_probs, rewards_to_go, values, driving):
    """REINFORCE with sums multiplied, for a mistake."""
    return -sum_of_products(log_probs, rewards_to_go - values, driving)


def probability(log_probs, weights):
    """π in place of log π, for a mistake."""
    return log_probs.exp() * weights


check_reinforce_loss = Exercise(
    name="reinforce_loss",
    chapter="03_policy_gradient",
    checked="short and long drives, one and many, steps below the end of a drive, and the gradient: into the "
    "log-probabilities it flows, into the values it does not",
    solution=reinforce_loss,
    inputs=draw_drives,
    differentiate=("log_probs", "values"),
    needs_gradient=True,
    worked=work_out,
    hints=(
        "Three questions: which way does an optimiser walk? Which steps belong to a drive? And which of the tensors "
        "is to be changed by this loss?",
        "Multiply log π by G - V, step by step. Leave out what lies below the end of a drive, sum over the steps, and "
        "take the mean over the drives. The critic is only a yardstick here: detach it.",
        "weights = rewards_to_go - values.detach(). Then -(log_probs * weights * driving).sum(0).mean().",
    ),
    mistakes={
        "sign": Mistake(
            "The sign: an optimiser makes its loss small, and the objective shall grow. A minus is missing, or one "
            "too many.",
            result=lambda loss, **_: -loss,
        ),
        "sum for mean": Mistake(
            "You sum over the drives, so twice as many drives make a step twice as long. Take the mean over the "
            "drives.",
            options={"average": lambda terms, driving: (terms * driving).sum()},
        ),
        "mean of all numbers": Mistake(
            "You take the mean over all T · N numbers, those below the ends of the drives included. Sum over the "
            "steps, and take the mean over the N drives only.",
            options={"average": lambda terms, driving: (terms * driving).mean()},
        ),
        "mean of all steps": Mistake(
            "You divide by the number of all steps that were driven. Sum over the steps of a drive, and take the mean "
            "over the N drives only.",
            options={"average": lambda terms, driving: (terms * driving).sum() / driving.sum()},
        ),
        "mean of each drive": Mistake(
            "You take the mean over the steps of each drive, so a step of a long drive counts less than one of a "
            "short drive. Sum over the steps.",
            options={"average": lambda terms, driving: ((terms * driving).sum(0) / driving.sum(0)).mean()},
        ),
        "mean over the steps": Mistake(
            "You divide by T, the number of rows, where the number of drives belongs: the drives lie along axis 1.",
            options={"average": lambda terms, driving: (terms * driving).sum() / len(terms)},
        ),
        "no mean": Mistake(
            "Yours is one number for each drive. The loss is a single number: take the mean over the drives.",
            options={"average": lambda terms, driving: (terms * driving).sum(0)},
        ),
        "driving ignored": Mistake(
            "You count what stands below the end of a drive, too. Multiply by `driving` before you sum.",
            given=lambda driving, **_: {"driving": torch.ones_like(driving)},
        ),
        "driving upside down": Mistake(
            "You keep exactly what lies below the end of a drive. `driving` is True where the drive goes on.",
            given=lambda driving, **_: {"driving": ~driving},
        ),
        "driving one step early": Mistake(
            "Your drives end one step too early: the last step of a drive, in which it crashed perhaps, still counts.",
            given=lambda driving, **_: {"driving": torch.cat([driving[1:], torch.zeros_like(driving[:1])])},
        ),
        "without the baseline": Mistake(
            "The values do not occur: subtract them, as the baseline, from the rewards to go.",
            options={"weigh": lambda rewards_to_go, values: rewards_to_go},
        ),
        "baseline added": Mistake(
            "You add the baseline. Only what is better than expected shall be praised: subtract it.",
            options={"weigh": lambda rewards_to_go, values: rewards_to_go + values},
        ),
        "baseline averaged": Mistake(
            "You subtract the mean of all values. Each step has a baseline of its own, the value of its state.",
            options={"weigh": lambda rewards_to_go, values: rewards_to_go - values.mean()},
        ),
        "values for rewards": Mistake(
            "You weigh with the values alone: what was really earned, the rewards to go, does not occur.",
            options={"weigh": lambda rewards_to_go, values: values},
        ),
        "probability": Mistake(
            "You multiply by π, the probability. The policy gradient has log π: that is what the log-derivative "
            "trick is about.",
            options={"combine": probability},
        ),
        "log-probabilities forgotten": Mistake(
            "The log-probabilities do not occur, so no gradient reaches the actor.",
            options={"combine": lambda log_probs, weights: weights + 0 * log_probs},
        ),
        "sums multiplied": Mistake(
            "You sum over time too early: the product of two sums holds each log π times the weights of all steps. "
            "First multiply step by step, then sum.",
            instead=product_of_sums,
        ),
        "squared": Mistake(
            "You square G - V, as in the critic's loss. Here its sign is what matters: more of what was better, less "
            "of what was worse.",
            options={"weigh": lambda rewards_to_go, values: (rewards_to_go - values) ** 2},
        ),
        "absolute": Mistake(
            "You take G - V without its sign, so what was worse than expected is praised, too.",
            options={"weigh": lambda rewards_to_go, values: (rewards_to_go - values).abs()},
        ),
    },
)
