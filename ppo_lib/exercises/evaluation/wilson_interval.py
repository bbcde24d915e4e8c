"""The exercise wilson_interval of the notebook 07_evaluation."""

import numpy as np

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.evaluation.common import BOTH, Z_95, share
from ppo_lib.exercises.recognition import Mistake


def divisor(episodes, z):
    """What Wilson's formula divides by."""
    return 1 + z**2 / episodes


def pulled_centre(rate, episodes, z):
    """The middle of Wilson's interval, not yet divided."""
    return rate + z**2 / (2 * episodes)


def half_width(rate, episodes, z):
    """Half of its width, not yet divided."""
    return z * np.sqrt(rate * (1 - rate) / episodes + z**2 / (4 * episodes**2))


def wilson_interval(
    crashes, episodes, *, rate=share, z=Z_95, centre=pulled_centre, half=half_width, divisors=(divisor, divisor)
):
    """(2,) Wilson's 95 % interval of a crash rate."""
    given = rate(crashes, episodes), episodes, z
    middle, side = centre(*given) / divisors[0](episodes, z), half(*given) / divisors[1](episodes, z)
    return np.round(middle + BOTH * side, 15) + 0.0  # what rounding leaves of an end at 0, or makes of it, is 0


def draw_counts(draw):
    """One input of wilson_interval: none, all or some of up to 100,000 episodes crashed."""
    most = 10 if draw.plain else draw.cycle(10, 100, 100_000)
    episodes = draw.cycle(1, *[round(float(np.exp(draw.rng.uniform(np.log(2), np.log(most))))) for _ in range(4)])
    some = draw.integer(0, episodes)
    return {"crashes": draw.cycle(some, 0, some, episodes, min(1, episodes), some), "episodes": episodes}


def work_out_wilson(index, crashes, episodes):
    """One end of the interval, in numbers."""
    rate, more = crashes / episodes, Z_95**2 / episodes
    half = Z_95 * np.sqrt(rate * (1 - rate) / episodes + more / (4 * episodes))
    return (
        f"the {'upper' if index[0] else 'lower'} end: (p + z²/2n {'+' if index[0] else '-'} z √(...)) / (1 + z²/n) = "
        f"({rate:.4g} + {more / 2:.4g} {'+' if index[0] else '-'} {half:.4g}) / {1 + more:.4g}"
    )


def undivided(episodes, z):
    """No divisor, for the mistakes."""
    return 1.0


def rate_alone(rate, episodes, z):
    """The measured rate as the centre, for the mistakes."""
    return rate


def textbook_half_width(rate, episodes, z):
    """Without Wilson's term below the root, for the mistakes."""
    return z * np.sqrt(rate * (1 - rate) / episodes)


def textbook(crashes, episodes):
    """The interval that is called Wald's, for the mistakes."""
    rate = crashes / episodes
    return rate + BOTH * textbook_half_width(rate, episodes, Z_95)


check_wilson_interval = Exercise(
    name="wilson_interval",
    chapter="07_evaluation",
    checked="no crash, one, some, and nothing but crashes, in 1 to 100,000 episodes",
    solution=wilson_interval,
    inputs=draw_counts,
    worked=work_out_wilson,
    tensors=False,
    hints=(
        "Give the parts of the formula names: the rate p, the number of drives n and z. Which part comes with the ±?",
        "The half width is z · √(p (1-p) / n + z² / (4 n²)), and the centre is p + z² / (2 n). Both are divided by 1 "
        "+ z² / n. Mind that in Python z² / 2n must be written with parentheses.",
        "half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) and centre = p + z**2 / (2 * n); the ends are "
        "(centre - half) / (1 + z**2 / n) and (centre + half) / (1 + z**2 / n).",
    ),
    mistakes={
        "textbook": Mistake(
            "This is the textbook's interval p ± 1.96 √(p (1-p) / n). After no crash at all it is [0, 0] and claims "
            "that a crash is impossible. Wilson's has three terms with z² more.",
            options={"centre": rate_alone, "half": textbook_half_width, "divisors": (undivided, undivided)},
        ),
        "textbook, cut off": Mistake(
            "This is the textbook's interval p ± 1.96 √(p (1-p) / n), cut off at 0 and 1. Wilson's needs no cutting: "
            "three terms with z² keep it inside.",
            instead=lambda crashes, episodes: np.clip(textbook(crashes, episodes), 0, 1),
        ),
        "plus four": Mistake(
            "This is the textbook's interval with two crashes and two safe drives added (Agresti and Coull). It comes "
            "close to Wilson's, but it is not the formula above.",
            instead=lambda crashes, episodes: textbook(crashes + 2, episodes + 4),
        ),
        "z not squared": Mistake(
            "You write z where the formula has z²: three times, in the centre, below the root and in the divisor.",
            options={
                "centre": lambda rate, episodes, z: rate + z / (2 * episodes),
                "half": lambda rate, episodes, z: z * np.sqrt(rate * (1 - rate) / episodes + z / (4 * episodes**2)),
                "divisors": (lambda episodes, z: 1 + z / episodes,) * 2,
            },
        ),
        "one standard error": Mistake(
            "Your interval is too narrow by a factor of about two: z is 1 instead of 1.96, so it holds 68 %.",
            options={"z": 1.0},
        ),
        "90 per cent": Mistake(
            "This interval holds 90 %: z is 1.645. For 95 % it is 1.96.",
            options={"z": 1.644854},
        ),
        "99 per cent": Mistake(
            "This interval holds 99 %: z is 2.576. For 95 % it is 1.96.",
            options={"z": 2.575829},
        ),
        "z of two": Mistake(
            "Nearly: z is 2 in yours, which holds 95.4 %. For 95 % it is 1.96.",
            options={"z": 2.0},
        ),
        "crashes and safe drives swapped": Mistake(
            "This is the interval of the safe drives: count the crashes.",
            given=lambda crashes, episodes: {"crashes": episodes - crashes},
        ),
        "percent": Mistake("These are per cent; return rates between 0 and 1.", result=lambda ends, **_: 100 * ends),
        "counts": Mistake(
            "These are numbers of crashes; return rates between 0 and 1, p = crashes / episodes.",
            result=lambda ends, episodes, **_: ends * episodes,
        ),
        "ends swapped": Mistake(
            "The ends are right, but in the wrong order: the lower one comes first.",
            result=lambda ends, **_: np.flip(ends),
        ),
        "centre and half width": Mistake(
            "These are the centre of the interval and its half width. Return the two ends: the centre minus and plus "
            "it.",
            result=lambda ends, **_: np.array([ends.mean(), (ends[1] - ends[0]) / 2]),
        ),
        "centred on the rate": Mistake(
            "The width is right, but the interval is centred on the measured rate, and so it reaches below 0. "
            "Wilson's centre is pulled towards one half: (p + z²/2n) / (1 + z²/n).",
            options={"centre": rate_alone, "divisors": (undivided, divisor)},
        ),
        "centre not pulled": Mistake(
            "The term z²/2n is missing in the centre: it pulls the measured rate towards one half, because a small "
            "sample may be all luck.",
            options={"centre": rate_alone},
        ),
        "centre pulled twice": Mistake(
            "You add z²/n to the rate, where the formula has z²/2n. z**2 / 2 * n would be a third thing: write "
            "z**2 / (2 * n).",
            options={"centre": lambda rate, episodes, z: rate + z**2 / episodes},
        ),
        "not divided": Mistake(
            "You have left out the division by 1 + z²/n, of the centre and of the half width.",
            options={"divisors": (undivided, undivided)},
        ),
        "only the half width divided": Mistake(
            "You divide only the half width by 1 + z²/n: the division is for the centre, too. Look at your "
            "parentheses.",
            options={"divisors": (undivided, divisor)},
        ),
        "only the centre divided": Mistake(
            "You divide only the centre by 1 + z²/n: the division is for the half width, too. Look at your "
            "parentheses.",
            options={"divisors": (divisor, undivided)},
        ),
        "half width without z": Mistake(
            "The half width has lost its factor z, before the root: so many standard errors lie to either side.",
            options={"half": lambda rate, episodes, z: half_width(rate, episodes, z) / z},
        ),
        "without the root": Mistake(
            "The half width has no square root: a variance is not yet a width.",
            options={"half": lambda rate, episodes, z: half_width(rate, episodes, z) ** 2 / z},
        ),
        "variance of the rate alone": Mistake(
            "The term z²/4n² is missing below the root: without it the interval closes where nobody crashed, as the "
            "textbook's does.",
            options={"half": textbook_half_width},
        ),
        "crashes for the rate": Mistake(
            "Your p is the number of crashes. It is the rate: crashes / episodes.",
            options={"rate": lambda crashes, episodes: crashes},
        ),
        "rate in whole numbers": Mistake(
            "Your rate is rounded down to 0 or 1: is there a //, or an int? Divide with /.",
            options={"rate": lambda crashes, episodes: crashes // episodes},
        ),
        "multiplied by n": Mistake(
            "In Python z**2 / 2 * n is (z²/2) · n, and likewise below the root: put parentheses round what you divide "
            "by, as in z**2 / (2 * n).",
            options={
                "centre": lambda rate, episodes, z: rate + z**2 / 2 * episodes,
                "half": lambda rate, episodes, z: z * np.sqrt(rate * (1 - rate) / episodes + z**2 / 4 * episodes**2),
            },
        ),
        "centre multiplied by n": Mistake(
            "In Python z**2 / 2 * n is (z²/2) · n: put parentheses round what you divide by, as in z**2 / (2 * n).",
            options={"centre": lambda rate, episodes, z: rate + z**2 / 2 * episodes},
        ),
        "n not squared": Mistake(
            "Below the root you have z²/4n, where the formula has z²/4n²: write z**2 / (4 * n**2).",
            options={"half": lambda rate, episodes, z: z * np.sqrt((rate * (1 - rate) + z**2 / 4) / episodes)},
        ),
        "root ends too early": Mistake(
            "Your root holds only p (1-p) / n, and z²/4n² is added after it: the root goes over both terms. Look at "
            "your parentheses.",
            options={
                "half": lambda rate, episodes, z: textbook_half_width(rate, episodes, z) + z**3 / (4 * episodes**2)
            },
        ),
    },
)
