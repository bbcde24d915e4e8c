"""The exercise bootstrap_interval of the notebook 07_evaluation."""

import numpy as np

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.evaluation.common import BOTH, Z_95
from ppo_lib.exercises.recognition import Mistake


def bootstrap_interval(returns, indices, *, average=np.mean, axis=1, ends=np.percentile, percentiles=(2.5, 97.5)):
    """(2,) the 95 % interval of a mean from (R, E) resampled indices of (E,) returns."""
    return ends(average(returns[indices], axis=axis), percentiles)


def draw_resamples(draw):
    """One input of bootstrap_interval: never a single resample, for its mean has no percentiles worth the name."""
    episodes, resamples = draw.sizes(2)
    if not draw.plain and episodes != resamples:
        episodes = draw.cycle(episodes, 12, episodes, 40)
        # None of them brings a percentile halfway between two means, where "the nearest" would be a matter of taste.
        resamples = draw.cycle(resamples, 32, 97, resamples, 50, 199, 130)
    if resamples == 1:
        resamples = episodes + 1
    low = draw.cycle(-3.0, 0.0, -3.0)
    return {
        "returns": draw.floats(episodes, low=low),
        "indices": draw.rng.integers(episodes, size=(resamples, episodes)),
    }


def work_out_bootstrap(index, returns, indices):
    """One end of the interval, in numbers."""
    means = np.sort(returns[indices].mean(axis=1))
    share, last = (0.025, 0.975)[index[0]], len(means) - 1
    place = share * last
    before, after = means[int(place)], means[min(int(place) + 1, last)]
    return (
        f"place {share} · {last} = {place:.4g} of the {len(means)} sorted means, counted from 0: "
        f"{before:.4g} + {place % 1:.4g} · ({after:.4g} - {before:.4g})"
    )


def by_place(means, percentiles):
    """The ends without interpolation, for a mistake."""
    return np.sort(means)[[int(percent / 100 * len(means)) for percent in percentiles]]


def nearest(means, percentiles):
    """The ends without interpolation, by rounding, for a mistake."""
    return np.percentile(means, percentiles, method="nearest")


def deviations(number):
    """The mean and so many standard deviations to either side, for the mistakes."""
    return lambda means, _: means.mean() + BOTH * number * means.std()


def sample_error(returns, indices):
    """The textbook's interval with the deviation of a sample, for a mistake; not a number for a single return."""
    episodes = len(returns)
    return returns.mean() + BOTH * Z_95 * np.sqrt(returns.var() / np.float64(episodes - 1))


check_bootstrap_interval = Exercise(
    name="bootstrap_interval",
    chapter="07_evaluation",
    checked="from one return to forty, from two resamples to two hundred, and returns above and below zero",
    solution=bootstrap_interval,
    inputs=draw_resamples,
    worked=work_out_bootstrap,
    tensors=False,
    hints=(
        "The interval is one of the *mean*. How many means do you have, if every row of `indices` draws one resample?",
        "An array can be indexed with a matrix: returns[indices] is (R, E), one resample in each row. Take the mean "
        "of each row; 95 % of these R means should lie inside, as many below as above.",
        "means = returns[indices].mean(axis=1), and np.percentile(means, [2.5, 97.5]) gives both ends at once.",
    ),
    mistakes={
        "spread of the episodes": Mistake(
            "These are percentiles of single returns: where one episode may lie. The interval of the mean asks where "
            "the mean may lie: first the mean of each resample, then the percentiles.",
            options={"average": lambda returns, axis: returns},
        ),
        "no resampling": Mistake(
            "These are percentiles of `returns`, without any resampling: 95 % of the drives lie there. How sure we "
            "are of the mean is another question: the rows of `indices` say which returns each resample is made of.",
            given=lambda returns, **_: {"indices": np.arange(len(returns))[:, None]},
        ),
        "over the wrong axis": Mistake(
            "You average over the resamples instead of within each: look at the axis of your mean. One row of indices "
            "is one resample.",
            options={"axis": 0},
        ),
        "90 per cent": Mistake(
            "This interval holds 90 %: you cut 5 % off either end. To keep 95 %, cut 2.5 % off each.",
            options={"percentiles": (5, 95)},
        ),
        "99 per cent": Mistake(
            "This interval holds 99 %: you cut half a per cent off either end. To keep 95 %, cut 2.5 % off each.",
            options={"percentiles": (0.5, 99.5)},
        ),
        "one-sided": Mistake(
            "You cut 5 % off the upper end and nothing off the lower one. Both ends are in doubt: cut 2.5 % off each.",
            options={"percentiles": (0, 95)},
        ),
        "fractions for per cent": Mistake(
            "np.percentile counts from 0 to 100: 2.5 and 97.5. The one that counts from 0 to 1 is np.quantile.",
            options={"percentiles": (0.025, 0.975)},
        ),
        "smallest and largest": Mistake(
            "These are the smallest and the largest mean of all resamples. The more you resample, the wider that "
            "gets; take percentiles.",
            options={"percentiles": (0, 100)},
        ),
        "quartiles": Mistake(
            "These are the quartiles, 25 % and 75 %: only half of the means lie between them. Is a decimal point "
            "lost?",
            options={"percentiles": (25, 75)},
        ),
        "medians": Mistake(
            "You take the median of each resample. What the course reports, and what the crashes pull down, is the "
            "mean.",
            options={"average": np.median},
        ),
        "no interpolation": Mistake(
            "Nearly: you take single means by their place in the sorted list, int(0.025 · R) and int(0.975 · R). A "
            "percentile as np.percentile gives it lies between two of them, by linear interpolation.",
            options={"ends": by_place},
        ),
        "nearest mean": Mistake(
            "Nearly: you take the resampled mean that is nearest to the percentile. What is asked for is "
            "np.percentile's own way, linear interpolation between two of them: leave `method` out.",
            options={"ends": nearest},
        ),
        "one standard deviation": Mistake(
            "This is the mean plus and minus one standard deviation of the resampled means: it holds about 68 %, and "
            "it is symmetric even where the data are not.",
            options={"ends": deviations(1)},
        ),
        "normal approximation": Mistake(
            "This is the mean plus and minus 1.96 standard deviations of the resampled means, as if these were "
            "normally distributed. The percentiles need no such belief: take those at 2.5 and 97.5.",
            options={"ends": deviations(Z_95)},
        ),
        "standard error": Mistake(
            "This is the textbook's mean ± 1.96 σ / √E, which never looks at a resample. The bootstrap reads the "
            "interval off the means of the resamples.",
            instead=lambda returns, _: returns.mean() + BOTH * Z_95 * returns.std() / np.sqrt(len(returns)),
        ),
        "standard error of a sample": Mistake(
            "This is the textbook's mean ± 1.96 s / √E, with the deviation of a sample (ddof=1): it never looks at a "
            "resample. The bootstrap reads the interval off the means of the resamples.",
            instead=sample_error,
        ),
        "basic bootstrap": Mistake(
            "This is another interval, called the basic bootstrap: the percentiles mirrored at the mean, 2 · mean - "
            "upper and 2 · mean - lower. Here the percentiles themselves are asked for.",
            result=lambda ends, returns, **_: 2 * returns.mean() - np.flip(ends),
        ),
        "error bars": Mistake(
            "These are the distances from the mean to the two ends, as error bars are drawn. Return the ends "
            "themselves.",
            result=lambda ends, returns, **_: BOTH * (ends - returns.mean()),
        ),
        "ends swapped": Mistake(
            "The ends are right, but in the wrong order: the lower one comes first.",
            result=lambda ends, **_: np.flip(ends),
        ),
        "sums": Mistake(
            "You sum each resample instead of averaging it: these are ends for the total of all drives. Divide by the "
            "number of drives, or take .mean.",
            options={"average": np.sum},
        ),
        "indices for returns": Mistake(
            "You average the indices themselves. They only say *which* returns were drawn: returns[indices] looks "
            "them up.",
            given=lambda returns, **_: {"returns": np.arange(len(returns), dtype=returns.dtype)},
        ),
        "indices from one": Mistake(
            "You subtract 1 from the indices, so that each one draws the return beside the one that is meant. They "
            "count from 0, as numpy does.",
            given=lambda indices, **_: {"indices": indices - 1},
        ),
    },
)
