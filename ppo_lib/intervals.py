"""How sure are we? Confidence intervals, how often they hold the truth, and what to say over seeds."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy import stats

LEVEL = 0.95
RESAMPLES = 9_999  # of a bootstrap


def bootstrap_ci95(values, statistic=np.mean, *, method="percentile", resamples=RESAMPLES) -> list[float] | None:
    """The 95 % confidence interval [low, high] of a mean, or of another `statistic`; None for a single value.

    Of few values, or of values among which what matters is rare, it covers less than it promises: see `coverage`.

    Args:
        values: (E,) numbers.
        statistic: values and an axis to a number.
        method: "percentile", or "BCa": corrected for bias and skewness (Efron 1987). Where all values are equal the
            correction is not defined, and both ends are that value.
        resamples: how often the values are drawn anew.
    """
    if len(values) < 2:  # it tells no spread
        return None
    if np.ptp(values) == 0:
        return [float(values[0])] * 2
    settings = {"method": method, "n_resamples": resamples, "confidence_level": LEVEL, "rng": 0}
    interval = stats.bootstrap((values,), statistic, **settings).confidence_interval
    return [float(interval.low), float(interval.high)]


def paired_ci95(samples: Sequence, statistic: Callable) -> list[float]:
    """The bootstrap's 95 % interval of a statistic of several drivers on the same roads: whole roads are drawn.

    Args:
        samples: (D, E) numbers of D drivers on E roads.
        statistic: D arrays and an axis to a number.
    """
    settings = {"paired": True, "method": "percentile", "n_resamples": RESAMPLES, "rng": 0}
    interval = stats.bootstrap(tuple(samples), statistic, confidence_level=LEVEL, **settings).confidence_interval
    return [float(interval.low), float(interval.high)]


def t_ci95(values) -> list[float]:
    """Student's 95 % interval of a mean, mean ± t s / √E: right where the values are normally distributed."""
    return [float(end) for end in stats.ttest_1samp(values, 0).confidence_interval(LEVEL)]


def wilson_ci95(happened) -> list[float]:
    """Wilson's 95 % interval of a rate, from (E,) zeros and ones: open also where it happened never, or always."""
    interval = stats.binomtest(int(np.sum(happened)), len(happened)).proportion_ci(LEVEL, method="wilson")
    return [float(interval.low), float(interval.high)]


def coverage(interval: Callable, pool, size, *, repetitions=1_000, seed=0) -> tuple[np.ndarray, np.ndarray]:
    """Whether the interval of `size` values drawn from a pool holds the pool's mean, in many repetitions.

    Args:
        interval: values (size,) to [low, high].
        pool: (P,) all values there are. They are drawn with replacement, so that the pool is the whole truth.

    Returns:
        held, widths: (repetitions,) whether it did, and how wide it was.
    """
    pool, generator = np.asarray(pool, float), np.random.default_rng(seed)
    ends = np.array([interval(generator.choice(pool, size)) for _ in range(repetitions)])  # (repetitions, 2)
    rounding = 1e-9  # an end that equals the mean but for rounding holds it
    held = (ends[:, 0] <= pool.mean() + rounding) & (pool.mean() - rounding <= ends[:, 1])
    return held, np.ptp(ends, axis=1)


def mcnemar_p(ours, theirs) -> float:
    """The p-value of "both crash equally often", from (E,) zeros and ones of two drivers on the same roads.

    Only roads on which exactly one of them crashed tell the two apart. If neither were better, each of these would be
    the toss of a fair coin; the p-value is the probability of a split at least as uneven as the one that was seen.

    Reference: McNemar 1947; here exact, by the binomial distribution.
    """
    ours, theirs = np.asarray(ours, bool), np.asarray(theirs, bool)
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    if only_ours + only_theirs == 0:
        return 1.0
    return float(stats.binomtest(only_ours, only_ours + only_theirs).pvalue)


def drives_needed(rate, other_rate, power=0.8) -> int:
    """Drives of each of two drivers until a test at the 5 % level tells their crash rates apart.

        n = (z_0.975 + z_power)² (p (1 - p) + q (1 - q)) / (p - q)²

    Args:
        rate, other_rate: p and q, which differ.
        power: how often the difference shall be found.
    """
    variance = rate * (1 - rate) + other_rate * (1 - other_rate)
    z = stats.norm.ppf(1 - (1 - LEVEL) / 2) + stats.norm.ppf(power)
    return int(np.ceil(z**2 * variance / (rate - other_rate) ** 2))


def interquartile_mean(values, axis=-1):
    """The mean of the middle half: of a few seeds, one lucky or unlucky one then does not decide.

    Reference: Agarwal et al. 2021, section 4.3, arXiv:2108.13264.
    """
    return stats.trim_mean(values, 0.25, axis=axis)


def improvement_probability(ours, theirs, axis=-1):
    """How often a random seed of ours beats a random seed of theirs; a tie counts half.

    Args:
        ours, theirs: (..., S) and (..., R) results of S and R seeds, along the last axis.

    Reference: Agarwal et al. 2021, section 4.3, arXiv:2108.13264; with a factor it is the Mann-Whitney U.
    """
    ours, theirs = np.moveaxis(ours, axis, -1)[..., :, None], np.moveaxis(theirs, axis, -1)[..., None, :]
    return ((ours > theirs) + 0.5 * (ours == theirs)).mean((-2, -1))


def improvement_ci95(ours, theirs) -> list[float]:
    """The bootstrap's 95 % interval of improvement_probability: the seeds of both are drawn anew, each for itself."""
    settings = {"method": "percentile", "n_resamples": RESAMPLES, "confidence_level": LEVEL, "rng": 0}
    interval = stats.bootstrap((ours, theirs), improvement_probability, **settings).confidence_interval
    return [float(interval.low), float(interval.high)]
