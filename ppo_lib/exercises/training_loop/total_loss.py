"""The exercise total_loss of the notebook 06_training_loop."""

import numpy as np

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def total_loss(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    """What one gradient step makes smaller: a scalar."""
    return policy_loss + value_coef * value_loss - entropy_coef * entropy


def draw_losses(draw):
    """One input of total_loss: the three parts as Python numbers or as scalar tensors, the weights as numbers."""
    parts = {
        "policy_loss": draw.number_in(-1.0, 1.0),
        "value_loss": draw.number_in(0.1, 3.0) * max(draw.scale, 1.0),
        "entropy": draw.number_in(0.1, 2.0) * draw.cycle(1, 1, -1),  # that of a continuous policy may be negative
    }
    if draw.cycle(False, True):
        parts = {name: np.array(value, np.float32) for name, value in parts.items()}
    weights = {"value_coef": draw.number_in(0.1, 2.0), "entropy_coef": draw.number_in(0.0, 0.5, bounds=True)}
    return parts | weights | ({"value_coef": 1} if draw.cycle(False, False, True) else {})


def work_out_total_loss(index, policy_loss, value_loss, entropy, value_coef, entropy_coef):
    """The loss, in numbers."""
    return (
        f"policy loss + c_v · value loss - c_e · entropy = {float(policy_loss):.4g} + {value_coef:.4g} · "
        f"{float(value_loss):.4g} - {entropy_coef:.4g} · ({float(entropy):.4g})"
    )


check_total_loss = Exercise(
    name="total_loss",
    chapter="06_training_loop",
    checked="small and large losses with either sign, as numbers and as tensors, and any weights",
    solution=total_loss,
    inputs=draw_losses,
    worked=work_out_total_loss,
    hints=(
        "Think of what the optimiser does: it makes your number smaller. Which of the three should become smaller, "
        "and which should not?",
        "The policy loss has its minus sign already and has no weight. The value loss is an error; the entropy is a "
        "bonus. Each of these two has a weight of its own.",
        "policy_loss + (weight) * value_loss - (weight) * entropy. The weights are the last two arguments.",
    ),
    mistakes={
        "sign of the entropy": Mistake(
            "The sign of the entropy: what is minimised gets smaller, so you make the driver decided as fast as "
            "possible. A bonus is subtracted from a loss.",
            given=lambda entropy, **_: {"entropy": -entropy},
        ),
        "sign of the value loss": Mistake(
            "The sign of the value loss: you make the critic's error larger. A loss is added.",
            given=lambda value_loss, **_: {"value_loss": -value_loss},
        ),
        "sign of the policy loss": Mistake(
            "The sign of the policy loss: it is a loss already, clipped_surrogate_loss has turned the sign. Add it.",
            given=lambda policy_loss, **_: {"policy_loss": -policy_loss},
        ),
        "weights left out": Mistake(
            "You add the three without their weights: value_coef belongs to the value loss, entropy_coef to the "
            "entropy.",
            given=lambda **_: {"value_coef": 1, "entropy_coef": 1},
        ),
        "value weight left out": Mistake(
            "The value loss has no weight: value_coef belongs to it.",
            given=lambda **_: {"value_coef": 1},
        ),
        "entropy weight left out": Mistake(
            "The entropy has no weight: entropy_coef belongs to it.",
            given=lambda **_: {"entropy_coef": 1},
        ),
        "weights swapped": Mistake(
            "The two weights are swapped: value_coef belongs to the value loss, entropy_coef to the entropy.",
            given=lambda value_coef, entropy_coef, **_: {"value_coef": entropy_coef, "entropy_coef": value_coef},
        ),
        "same weight for both": Mistake(
            "Both terms have value_coef as their weight. The entropy's own is entropy_coef.",
            given=lambda value_coef, **_: {"entropy_coef": value_coef},
        ),
        "parentheses": Mistake(
            "The entropy is weighted with both weights: look at your parentheses. value_coef belongs to the value "
            "loss alone.",
            given=lambda value_coef, entropy_coef, **_: {"entropy_coef": value_coef * entropy_coef},
        ),
        "policy loss weighted": Mistake(
            "value_coef weighs the policy loss, too: look at your parentheses. The policy loss counts in full.",
            given=lambda policy_loss, value_coef, **_: {"policy_loss": value_coef * policy_loss},
        ),
        "entropy left out": Mistake(
            "The entropy bonus is missing: without it the driver may stop trying things too early.",
            given=lambda entropy, **_: {"entropy": 0 * entropy},
        ),
        "value loss left out": Mistake(
            "The value loss is missing: without it the critic learns nothing.",
            given=lambda value_loss, **_: {"value_loss": 0 * value_loss},
        ),
        "policy loss left out": Mistake(
            "The policy loss is missing: without it the actor learns nothing but to hesitate.",
            given=lambda policy_loss, **_: {"policy_loss": 0 * policy_loss},
        ),
        "value loss and entropy confused": Mistake(
            "Value loss and entropy have changed places: the error is added with value_coef, the entropy is "
            "subtracted with entropy_coef.",
            given=lambda value_loss, entropy, **_: {"value_loss": entropy, "entropy": value_loss},
        ),
        "policy and value loss confused": Mistake(
            "Policy loss and value loss have changed places: the weight value_coef belongs to the value loss.",
            given=lambda policy_loss, value_loss, **_: {"policy_loss": value_loss, "value_loss": policy_loss},
        ),
        "halved": Mistake(
            "You halve the value loss: the half of ½ (V - R)² is in it already, and what else it shall count is up to "
            "value_coef.",
            given=lambda value_loss, **_: {"value_loss": value_loss / 2},
        ),
        "squared": Mistake(
            "You square the value loss: it is the mean of squared errors already.",
            given=lambda value_loss, **_: {"value_loss": value_loss**2},
        ),
        "weighted average": Mistake(
            "You divide by the sum of the weights, as in an average. The loss is a plain sum: the weights need not "
            "add up to anything.",
            result=lambda loss, value_coef, entropy_coef, **_: loss / (1 + value_coef + entropy_coef),
        ),
        "mean of the three": Mistake(
            "You take the mean of the three parts. The loss is their sum, each with its weight and sign.",
            result=lambda loss, **_: loss / 3,
        ),
        "an objective": Mistake(
            "The sign of everything: this is an objective, to be made large. An optimiser makes its loss small.",
            result=lambda loss, **_: -loss,
        ),
    },
)
