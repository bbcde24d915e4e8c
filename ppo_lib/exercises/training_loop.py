"""The exercises of notebook 5: the loss of both networks together, the learning rate's way down, the critic's mark."""

import torch

from ppo_lib.exercises.checking import Exercise


def total_loss(policy_loss, value_loss, entropy, value_coef, entropy_coef):
    """What one gradient step makes smaller: a scalar."""
    return policy_loss + value_coef * value_loss - entropy_coef * entropy


def annealed_learning_rate(learning_rate, env_steps, total_steps):
    """The learning rate after `env_steps` of `total_steps`, falling linearly to 0."""
    return learning_rate * (1 - env_steps / total_steps)


def explained_variance(values, returns):
    """The share of the returns' variance that the values foresee, from two tensors (T, N): a scalar."""
    return 1 - (returns - values).var() / returns.var()


check_total_loss = Exercise(
    checked="two batches, with different weights for value loss and entropy",
    cases=[
        {"policy_loss": -0.02, "value_loss": 1.5, "entropy": 1.2, "value_coef": 0.5, "entropy_coef": 0.01},
        {"policy_loss": 0.3, "value_loss": 0.8, "entropy": 0.4, "value_coef": 0.25, "entropy_coef": 0.1},
    ],
    solution=total_loss,
    mistakes={
        "sign of the entropy": (
            "The sign of the entropy: what is minimised gets smaller, so you make the driver decided as fast as "
            "possible. A bonus is subtracted from a loss.",
            lambda p, v, e, cv, ce: p + cv * v + ce * e,
        ),
        "sign of the value loss": (
            "The sign of the value loss: you make the critic's error larger. A loss is added.",
            lambda p, v, e, cv, ce: p - cv * v - ce * e,
        ),
        "sign of the policy loss": (
            "The sign of the policy loss: it is a loss already, clipped_surrogate_loss has turned the sign. Add it.",
            lambda p, v, e, cv, ce: -p + cv * v - ce * e,
        ),
        "an objective": (
            "The sign of everything: this is an objective, to be made large. An optimiser makes its loss small.",
            lambda p, v, e, cv, ce: -p - cv * v + ce * e,
        ),
        "weights left out": (
            "You add the three without their weights: value_coef belongs to the value loss, entropy_coef to the "
            "entropy.",
            lambda p, v, e, cv, ce: p + v - e,
        ),
        "weights swapped": (
            "The two weights are swapped: value_coef belongs to the value loss, entropy_coef to the entropy.",
            lambda p, v, e, cv, ce: p + ce * v - cv * e,
        ),
        "entropy left out": (
            "The entropy bonus is missing: without it the driver may stop trying things too early.",
            lambda p, v, e, cv, ce: p + cv * v,
        ),
    },
)

check_annealed_learning_rate = Exercise(
    checked="the start, a quarter of the way, and the end of another training",
    cases=[
        {"learning_rate": 1e-3, "env_steps": 0, "total_steps": 400_000},
        {"learning_rate": 1e-3, "env_steps": 100_000, "total_steps": 400_000},
        {"learning_rate": 3e-4, "env_steps": 64_000, "total_steps": 64_000},
    ],
    solution=annealed_learning_rate,
    mistakes={
        "rising": (
            "Your learning rate begins at 0 and rises. Multiply by what is left of the training, not by what is done.",
            lambda rate, done, total: rate * done / total,
        ),
        "whole numbers": (
            "// divides whole numbers and drops the fraction: your rate stays where it is until the last step. Use /.",
            lambda rate, done, total: rate * (1 - done // total),
        ),
        "constant": (
            "Your learning rate stays where it began. Multiply it by the share of the steps that are left.",
            lambda rate, done, total: rate,
        ),
        "only the share": (
            "This is the share of the steps that are left; multiply the learning rate by it.",
            lambda rate, done, total: 1 - done / total,
        ),
        "exponential": (
            "Your rate falls by a power, not along a line.",
            lambda rate, done, total: rate ** (1 + done / total),
        ),
        "subtracted": (
            "You subtract the share that is done from the learning rate itself: with 0.001 that is soon far below 0, "
            "and the training runs backwards. Look at your parentheses.",
            lambda rate, done, total: rate - done / total,
        ),
    },
)

# The critic is off by a constant 2 and by a little more, so that bias and scatter can be told apart.
RETURNS = torch.tensor([[5.0, 7.0, 1.0], [6.0, 7.5, 2.0], [6.5, 8.0, 0.5], [7.0, 9.0, 3.0]])
VALUES = RETURNS * 0.8 - 2 + torch.tensor([[0.5, -0.5, 0.2], [0.1, 0.4, -0.3], [-0.6, 0.2, 0.4], [0.0, -0.2, 0.3]])


def _errors_variance_only(values, returns):
    return (returns - values).var()


check_explained_variance = Exercise(
    checked="a critic that is off by a constant and by a little more, and one that knows nothing",
    cases=[
        {"values": VALUES, "returns": RETURNS},
        {"values": torch.full_like(RETURNS, 4.0), "returns": RETURNS},
    ],
    solution=explained_variance,
    mistakes={
        "not one minus": (
            "This is the share that the critic does NOT explain: subtract it from 1.",
            lambda values, returns: _errors_variance_only(values, returns) / returns.var(),
        ),
        "squared error for variance": (
            "You use the mean squared error. The variance of the errors leaves a constant error out: a critic that is "
            "always 2 too low still foresees which state is better.",
            lambda values, returns: 1 - ((returns - values) ** 2).mean() / returns.var(correction=0),
        ),
        "standard deviations": (
            "You divide standard deviations; variances are their squares.",
            lambda values, returns: 1 - (returns - values).std() / returns.std(),
        ),
        "divided by nothing": (
            "You do not divide by the variance of the returns, so the answer depends on their unit.",
            lambda values, returns: 1 - _errors_variance_only(values, returns),
        ),
        "over time only": (
            "You take the variances of each road by itself, over axis 0. Take them over all transitions together.",
            lambda values, returns: (1 - (returns - values).var(0) / returns.var(0)).mean(),
        ),
        "variance of the values": (
            "This is the share of variance that the values have, right or wrong: a critic that guesses wildly would "
            "get a high mark. Look at the errors, returns - values.",
            lambda values, returns: values.var() / returns.var(),
        ),
        "correlation": (
            "This is the squared correlation: it forgives a critic whose values have the wrong scale. Explained "
            "variance does not.",
            lambda values, returns: torch.nan_to_num(
                torch.corrcoef(torch.stack([values.flatten(), returns.flatten()]))[0, 1] ** 2
            ),
        ),
    },
)
