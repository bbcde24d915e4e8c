"""The exercises of notebook 6: intervals of a mean and of a rate, and which episodes to count."""

import numpy as np

from ppo_lib.exercises.checking import Exercise

Z_95 = 1.96  # standard errors to either side that hold 95 % of a normal distribution


def bootstrap_interval(returns, indices):
    """(2,) the 95 % interval of a mean from (R, E) resampled indices of (E,) returns."""
    return np.percentile(returns[indices].mean(axis=1), [2.5, 97.5])


def wilson_interval(crashes, episodes):
    """(2,) Wilson's 95 % interval of a crash rate."""
    return _wilson(crashes, episodes)


def crash_rate(terminated, truncated, per_road):
    """The share of crashes among the first `per_road` episodes of every road, from (T, N) booleans."""
    ended = terminated | truncated
    counted = ended & (np.cumsum(ended, axis=0) <= per_road)
    return terminated[counted].mean()


def _wilson(crashes, episodes, z=Z_95):
    rate, weight = crashes / episodes, 1 + z**2 / episodes
    centre = (rate + z**2 / (2 * episodes)) / weight
    half = z / weight * np.sqrt(rate * (1 - rate) / episodes + z**2 / (4 * episodes**2))
    return np.array([centre - half, centre + half])


def _textbook_interval(crashes, episodes):
    rate = crashes / episodes
    half = Z_95 * np.sqrt(rate * (1 - rate) / episodes)
    return np.array([rate - half, rate + half])


def _centred_on_the_rate(crashes, episodes):
    low, high = _wilson(crashes, episodes)
    return np.array([-1, 1]) * (high - low) / 2 + crashes / episodes


def _without_root(crashes, episodes):
    rate, weight = crashes / episodes, 1 + Z_95**2 / episodes
    centre = (rate + Z_95**2 / (2 * episodes)) / weight
    half = Z_95 / weight * (rate * (1 - rate) / episodes + Z_95**2 / (4 * episodes**2))
    return np.array([centre - half, centre + half])


RNG = np.random.default_rng(6)
RETURNS = RNG.choice([21.0, 22.5, 23.0, 24.5, 6.0, 9.0], size=30)
BOOTSTRAP_CASES = [{"returns": RETURNS, "indices": RNG.integers(30, size=(400, 30))}]

check_bootstrap_interval = Exercise(
    checked="thirty returns, resampled four hundred times",
    cases=BOOTSTRAP_CASES,
    solution=bootstrap_interval,
    mistakes={
        "spread of the episodes": (
            "These are percentiles of single returns: where one episode may lie. The interval of the mean asks where "
            "the mean may lie: first the mean of each resample, then the percentiles.",
            lambda returns, indices: np.percentile(returns[indices], [2.5, 97.5]),
        ),
        "over the wrong axis": (
            "You average over the resamples instead of within each: look at the axis of your mean. One row of indices "
            "is one resample.",
            lambda returns, indices: np.percentile(returns[indices].mean(axis=0), [2.5, 97.5]),
        ),
        "90 per cent": (
            "This interval holds 90 %: you cut 5 % off either end. To keep 95 %, cut 2.5 % off each.",
            lambda returns, indices: np.percentile(returns[indices].mean(axis=1), [5, 95]),
        ),
        "fractions for per cent": (
            "np.percentile counts from 0 to 100: 2.5 and 97.5. Those that count from 0 to 1 are called np.quantile.",
            lambda returns, indices: np.percentile(returns[indices].mean(axis=1), [0.025, 0.975]),
        ),
        "smallest and largest": (
            "These are the smallest and the largest mean of all resamples. The more you resample, the wider that "
            "gets; take percentiles.",
            lambda returns, indices: np.percentile(returns[indices].mean(axis=1), [0, 100]),
        ),
        "medians": (
            "You take the median of each resample. What the course reports, and what the crashes pull down, is the "
            "mean.",
            lambda returns, indices: np.percentile(np.median(returns[indices], axis=1), [2.5, 97.5]),
        ),
        "one standard deviation": (
            "This is the mean plus and minus one standard deviation of the resampled means: it holds about 68 %, and "
            "it is symmetric even where the data are not.",
            lambda returns, indices: returns[indices].mean() + np.array([-1, 1]) * returns[indices].mean(axis=1).std(),
        ),
    },
)

check_wilson_interval = Exercise(
    checked="0 crashes in 50 drives, 2 in 50, 30 in 40, and 500 in 500",
    cases=[
        {"crashes": crashes, "episodes": episodes} for crashes, episodes in ((0, 50), (2, 50), (30, 40), (500, 500))
    ],
    solution=wilson_interval,
    mistakes={
        "textbook": (
            "This is the textbook's interval p ± 1.96 √(p (1-p) / n). After no crash at all it is [0, 0] and claims "
            "that a crash is impossible. Wilson's has three terms with z² more.",
            _textbook_interval,
        ),
        "one standard error": (
            "Your interval is too narrow by a factor of about two: z is 1 instead of 1.96, so it holds 68 %.",
            lambda crashes, episodes: _wilson(crashes, episodes, z=1.0),
        ),
        "90 per cent": (
            "This interval holds 90 %: z is 1.645. For 95 % it is 1.96.",
            lambda crashes, episodes: _wilson(crashes, episodes, z=1.645),
        ),
        "percent": (
            "These are per cent; return rates between 0 and 1.",
            lambda crashes, episodes: 100 * _wilson(crashes, episodes),
        ),
        "centred on the rate": (
            "The width is right, but the interval is centred on the measured rate, and so it reaches below 0. "
            "Wilson's centre is pulled towards one half: (p + z²/2n) / (1 + z²/n).",
            _centred_on_the_rate,
        ),
        "not divided": (
            "You have left out the division by 1 + z²/n, of the centre and of the half width.",
            lambda crashes, episodes: _wilson(crashes, episodes) * (1 + Z_95**2 / episodes),
        ),
        "without the root": (
            "The half width has no square root: a variance is not yet a width.",
            _without_root,
        ),
        "crashes and safe drives swapped": (
            "This is the interval of the safe drives: count the crashes.",
            lambda crashes, episodes: _wilson(episodes - crashes, episodes),
        ),
    },
)


def _endings(terminated, truncated, per_road):
    """(episodes,) whether each ended in a crash, in order of time."""
    return terminated[terminated | truncated]


# Three roads, step by step down the columns: one whose driver crashes thrice, and two whose drives last longer.
TERMINATED = np.array([[0, 1, 0, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 0, 1]], bool).T
TRUNCATED = np.array([[0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 1], [0, 0, 0, 1, 0, 0, 0, 0]], bool).T

check_crash_rate = Exercise(
    checked="three roads over eight steps, one of them with three crashes",
    cases=[
        {"terminated": TERMINATED, "truncated": TRUNCATED, "per_road": 1},
        {"terminated": TERMINATED, "truncated": TRUNCATED, "per_road": 2},
    ],
    solution=crash_rate,
    mistakes={
        "first to finish": (
            "You take the first episodes to finish, whichever road they come from. Short ones finish first, and short "
            "ones are the crashes: count the same number from every road.",
            lambda te, tr, k: _endings(te, tr, k)[: k * te.shape[1]].mean(),
        ),
        "all that finished": (
            "You count every episode that finished. A road of crashes finishes more of them than a road of long "
            "drives: count the first `per_road` of each.",
            lambda te, tr, k: _endings(te, tr, k).mean(),
        ),
        "per step": (
            "You divide by the number of steps. A crash rate is a share of episodes: divide by the episodes counted.",
            lambda te, tr, k: te.mean(),
        ),
        "time limit counted as a crash": (
            "You count the time limit as a crash: everybody ends somehow. Only `terminated` is a crash.",
            lambda te, tr, k: float((te | tr)[te | tr].mean()),
        ),
        "crashes of all over episodes of some": (
            "You count the crashes of all episodes, and divide by the number of those that should count. Leave the "
            "later ones out above the line, too.",
            lambda te, tr, k: te.sum() / (k * te.shape[1]),
        ),
        "crashes of a road": (
            "You count the first `per_road` crashes of every road, not the crashes among its first `per_road` "
            "episodes: the time limit ends an episode, too.",
            lambda te, tr, k: (te & (np.cumsum(te, axis=0) <= k)).sum() / (k * te.shape[1]),
        ),
        "last episodes": (
            "You take the last episodes of every road. How many there are depends on how often it crashed; those "
            "that were begun first are the fair ones.",
            lambda te, tr, k: crash_rate(te[::-1], tr[::-1], k),
        ),
        "safe drives": (
            "This is the share of safe drives: one minus what is asked.",
            lambda te, tr, k: 1 - crash_rate(te, tr, k),
        ),
    },
)
