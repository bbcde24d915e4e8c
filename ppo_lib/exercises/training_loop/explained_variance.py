"""The exercise explained_variance of the notebook 06_training_loop."""

import torch

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake

NEARLY_NOTHING = 0.05  # an explained variance so near 0 that rounding decides


def variance(numbers):
    """Of all numbers together."""
    return numbers.var()


def variance_of_returns(values, returns):
    """What there is to explain."""
    return returns.var()


def explained_variance(values, returns, *, left=variance, whole=variance_of_returns):
    """The share of the returns' variance that the values foresee, from two tensors (T, N): a scalar."""
    return 1 - left(returns - values) / whole(values, returns)


def draw_critic(draw):
    """One input of explained_variance: a critic that knows much, little or less than nothing, and may be biased."""
    steps, num_envs = draw.sizes(2)
    if steps * num_envs < 3:
        steps, num_envs = draw.choice([(3, 1), (1, 3)])
    unit = 1.0 if draw.plain else draw.cycle(1.0, 1e3, 0.1)
    returns = draw.floats(steps * num_envs, scaled=False)
    returns[0], returns[-1] = 3, -3  # never all equal
    returns = draw.rng.permutation(returns).reshape(steps, num_envs) + draw.cycle(0.0, 2.0, -4.0, 20.0)
    share, bias = draw.cycle(1.0, 0.7, 0.1, -0.5), draw.cycle(0.0, 2.0, -3.0)
    values = share * returns + bias + draw.floats(steps, num_envs, low=-1.0, high=1.0, scaled=False)
    values = values.round(1) if draw.plain else values
    if abs(explained_variance(values, returns)) < NEARLY_NOTHING:
        values = values - returns
    return {"values": (unit * values).astype(draw.dtype), "returns": (unit * returns).astype(draw.dtype)}


def work_out_explained_variance(index, values, returns):
    """Explained variance, in numbers."""
    errors = (returns - values).double().var(correction=0)
    return f"1 - Var(G - V) / Var(G) = 1 - {errors:.4g} / {returns.double().var(correction=0):.4g}"


def by_axis(axis):
    """Explained variance along one axis, for the mistakes: as numpy has it, NaN where there is only one number."""

    def marks(values, returns):
        errors = returns - values
        return 1 - _squares(errors, axis) / _squares(returns, axis)

    return marks


def _squares(numbers, axis):
    return (numbers - numbers.mean(axis, keepdim=True)).square().sum(axis)


def correlation(values, returns):
    """Pearson's, over all transitions, for the mistakes."""
    return torch.corrcoef(torch.stack([values.flatten(), returns.flatten()]))[0, 1]


def spread(numbers):
    """The mean distance from the mean, for a mistake."""
    return (numbers - numbers.mean()).abs().mean()


check_explained_variance = Exercise(
    name="explained_variance",
    chapter="06_training_loop",
    checked="critics that foresee much, little and less than nothing, with and without a constant error, small and "
    "large returns",
    solution=explained_variance,
    inputs=draw_critic,
    worked=work_out_explained_variance,
    hints=(
        "What is left of the returns when the critic's values are subtracted? Those are its errors. How much do they "
        "vary, compared with the returns themselves?",
        "Two variances, each over all transitions together: Var(G - V) and Var(G). What is the mark of a critic "
        "without any error, and of one that says the same of every state?",
        "1 - (returns - values).var() / returns.var(), without an axis.",
    ),
    mistakes={
        "not one minus": Mistake(
            "This is the share that the critic does NOT explain: subtract it from 1.",
            result=lambda mark, **_: 1 - mark,
        ),
        "sign": Mistake(
            "The sign: the share that is left unexplained is subtracted from 1, and not 1 from it.",
            result=lambda mark, **_: -mark,
        ),
        "squared error for variance": Mistake(
            "You use the mean squared error. The variance of the errors leaves a constant error out: a critic that is "
            "always 2 too low still foresees which state is better.",
            options={"left": lambda errors: (errors**2).mean() * errors.numel() / (errors.numel() - 1)},
        ),
        "squared error, biased": Mistake(
            "You use the mean squared error above the line, which counts a constant error, too; and the variance "
            "below it is divided by one transition less (as torch's var does). Take the variance of the errors.",
            options={"left": lambda errors: (errors**2).mean()},
        ),
        "absolute error for variance": Mistake(
            "You use the mean absolute error above the line. What is compared are variances, which are squared.",
            options={"left": lambda errors: errors.abs().mean()},
        ),
        "squared error alone": Mistake(
            "This is the mean squared error itself, the critic's loss. Its mark is 1 - Var(G - V) / Var(G).",
            instead=lambda v, g: ((g - v) ** 2).mean(),
        ),
        "squares for variances": Mistake(
            "You use mean squares in place of both variances. A variance is measured from the mean: subtract it "
            "first, or call var.",
            instead=lambda v, g: 1 - ((g - v) ** 2).mean() / (g**2).mean(),
        ),
        "biased above": Mistake(
            "Your two variances are of different kinds: that of the errors is divided by the number of transitions, "
            "that of the returns by one less (as torch's var does). Take the same for both.",
            result=lambda mark, returns, **_: 1 - (1 - mark) * (returns.numel() - 1) / returns.numel(),
        ),
        "biased below": Mistake(
            "Your two variances are of different kinds: that of the returns is divided by the number of transitions, "
            "that of the errors by one less (as torch's var does). Take the same for both.",
            result=lambda mark, returns, **_: 1 - (1 - mark) * returns.numel() / (returns.numel() - 1),
        ),
        "standard deviations": Mistake(
            "You divide standard deviations; variances are their squares.",
            result=lambda mark, **_: 1 - (1 - mark) ** 0.5,
        ),
        "upside down": Mistake(
            "Your fraction is upside down: the variance of the errors belongs above the line, that of the returns "
            "below it.",
            result=lambda mark, **_: 1 - 1 / (1 - mark),
        ),
        "divided by nothing": Mistake(
            "You do not divide by the variance of the returns, so the answer depends on their unit.",
            options={"whole": lambda values, returns: 1.0},
        ),
        "biased, divided by nothing": Mistake(
            "The variance of the returns is missing below the line; without it the answer depends on the returns' "
            "unit.",
            instead=lambda v, g: 1 - (g - v).var(correction=0),
        ),
        "divided by the values": Mistake(
            "You divide by the variance of the values. What is to be explained are the returns: theirs belongs below "
            "the line.",
            options={"whole": lambda values, returns: values.var()},
        ),
        "errors added": Mistake(
            "You add values and returns: the errors are their difference.",
            given=lambda values, **_: {"values": -values},
        ),
        "errors without sign": Mistake(
            "You take the variance of the absolute errors. An error keeps its sign: G - V.",
            options={"left": lambda errors: errors.abs().var()},
        ),
        "absolute distances": Mistake(
            "You compare mean distances from the mean. In a variance the distances are squared.",
            instead=lambda v, g: 1 - spread(g - v) / spread(g),
        ),
        "over time only": Mistake(
            "You take the variances of each road by itself, over axis 0. Take them over all transitions together.",
            instead=lambda v, g: by_axis(0)(v, g).mean(),
        ),
        "over roads only": Mistake(
            "You take the variances of each moment by itself, over axis 1. Take them over all transitions together.",
            instead=lambda v, g: by_axis(1)(v, g).mean(),
        ),
        "one for each road": Mistake(
            "You have one number for each road: wanted is one for all, from the variances over all transitions "
            "together.",
            instead=by_axis(0),
        ),
        "variance of the values": Mistake(
            "This is the share of variance that the values have, right or wrong: a critic that guesses wildly would "
            "get a high mark. Look at the errors, returns - values.",
            instead=lambda v, g: v.var() / g.var(),
        ),
        "correlation": Mistake(
            "This is the correlation: it forgives a critic whose values have the wrong scale. Explained variance "
            "does not.",
            instead=correlation,
        ),
        "squared correlation": Mistake(
            "This is the squared correlation: it forgives a critic whose values have the wrong scale, or even the "
            "wrong sign. Explained variance does not.",
            instead=lambda v, g: correlation(v, g) ** 2,
        ),
        "slope": Mistake(
            "This is the covariance of values and returns, divided by the variance of the returns: the slope of a "
            "line, not a share. Look at the errors, returns - values.",
            instead=lambda v, g: ((v - v.mean()) * (g - g.mean())).mean() / g.var(correction=0),
        ),
    },
)
