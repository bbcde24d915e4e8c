"""The exercise same_roads of the notebook 07_evaluation."""

from math import comb, erfc, sqrt

import numpy as np

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def split(ours, theirs):
    """On how many roads only ours crashed, and on how many only theirs."""
    return int((ours & ~theirs).sum()), int((theirs & ~ours).sum())


def at_most(heads, tosses):
    """The probability of at most so many heads among fair tosses."""
    return sum(comb(tosses, k) for k in range(heads + 1)) / 2**tosses


def both_tails(one, other):
    """The probability of a split at least as uneven, in either direction."""
    return min(1.0, 2 * at_most(min(one, other), one + other))


def same_roads(ours, theirs, *, counts=split, probability=both_tails):
    """The p-value of McNemar's exact test, from (E,) booleans."""
    return np.float64(probability(*counts(ours, theirs)))


def draw_crashes(draw):
    """One input of same_roads: two drivers on a road or on thirty; some crash together, or equally often, or never."""
    (episodes,) = draw.sizes(1)
    if not draw.plain:
        episodes = draw.cycle(episodes, 17, episodes, 30, episodes)
    often = draw.cycle(0.5, 0.2, 0.8)
    ours, theirs = draw.rng.random((2, episodes)) < ((often,), (draw.cycle(often, 0.3, often, 0.7),))
    kind = draw.cycle("by chance", "equally often", "by chance", "the same roads", "by chance", "only one of them")
    if kind == "equally often":
        theirs = draw.rng.permutation(ours)
    elif kind == "the same roads":
        theirs = ours.copy()
    elif kind == "only one of them":
        theirs = theirs & ~theirs
    return {"ours": ours, "theirs": theirs}


def work_out_split(index, ours, theirs):
    """The p-value as a sum."""
    one, other = split(ours, theirs)
    tosses, fewer = one + other, min(one, other)
    return (
        f"only ours crashed on {one} roads, only theirs on {other}: {tosses} tosses, and the probability of at most "
        f"{fewer} on one given side is {at_most(fewer, tosses):.4g}"
    )


def with_agreeing_roads(ours, theirs):
    """Every road as a toss, for a mistake."""
    one, _ = split(ours, theirs)
    return one, len(ours) - one


def all_crashes(ours, theirs):
    """The crashes of both, those on common roads, too, for a mistake."""
    return int(ours.sum()), int(theirs.sum())


def where_they_agree(ours, theirs):
    """The roads on which both crashed, and neither, for a mistake."""
    return int((ours & theirs).sum()), int((~ours & ~theirs).sum())


def normal(one, other, correction=0):
    """The test by the normal distribution, for the mistakes."""
    tosses = one + other
    return erfc(max(abs(one - other) - correction, 0) / sqrt(2 * tosses)) if tosses else 1.0


def nothing_for_no_toss(one, other):
    """Zero where the sum has nothing to go over, for a mistake."""
    return both_tails(one, other) if one + other else 0.0


check_same_roads = Exercise(
    name="same_roads",
    chapter="07_evaluation",
    checked="one road to thirty, drivers that crash on the same roads, equally often, or not at all",
    solution=same_roads,
    inputs=draw_crashes,
    worked=work_out_split,
    tensors=False,
    hints=(
        "A road on which both crashed, or neither, says nothing about who is safer. Which roads are left, and of how "
        "many kinds are they?",
        "Each road on which exactly one crashed is a toss of a fair coin. Of n tosses, at most k heads come with the "
        "probability (C(n, 0) + ... + C(n, k)) / 2ⁿ, where C(n, k) is math.comb(n, k). How uneven may it be on the "
        "other side?",
        "With n the number of such roads and k the smaller of the two counts, the answer is twice that probability, "
        "because ours or theirs may be the smaller one; and never more than 1, where the split is even.",
    ),
    mistakes={
        "one side": Mistake(
            "You count only the splits that are uneven in the same direction. That theirs wins as clearly would "
            "surprise just as much: double it, up to 1.",
            options={"probability": lambda one, other: at_most(min(one, other), one + other)},
        ),
        "above one": Mistake(
            "Your probability rises above 1. Where the split is even, both sides hold the middle, and doubling counts "
            "it twice: never more than 1.",
            options={"probability": lambda one, other: 2 * at_most(min(one, other), one + other)},
        ),
        "ours or fewer": Mistake(
            "You sum up to the crashes of ours alone, so the answer depends on who is named first: this is one side. "
            "Sum up to the smaller of the two counts, and double it.",
            options={"probability": lambda one, other: at_most(one, one + other)},
        ),
        "this split alone": Mistake(
            "This is the probability of exactly this split. The p-value is that of a split *at least* as uneven: sum "
            "over the more uneven ones, too.",
            options={"probability": lambda one, other: comb(one + other, one) / 2 ** (one + other)},
        ),
        "more uneven only": Mistake(
            "You leave out the split that was seen. At least as uneven includes it: is your range one short?",
            options={"probability": lambda one, other: min(1.0, 2 * at_most(min(one, other) - 1, one + other))},
        ),
        "every road a toss": Mistake(
            "You toss a coin for every road. Where both crashed, or neither, nothing was decided: leave them out.",
            options={"counts": with_agreeing_roads},
        ),
        "all crashes": Mistake(
            "You compare all crashes of the two. Where both crashed, neither was better: count the roads on which "
            "exactly one of them did.",
            options={"counts": all_crashes},
        ),
        "where they agree": Mistake(
            "You count the roads on which both crashed and on which neither did. Those that tell are the others.",
            options={"counts": where_they_agree},
        ),
        "normal approximation": Mistake(
            "This is the test's approximation by the normal (or χ²) distribution, which is for many roads. Here the "
            "exact probability is asked for: count the tosses.",
            options={"probability": normal},
        ),
        "normal approximation, corrected": Mistake(
            "This is the approximation by the normal (or χ²) distribution with the correction for continuity. It "
            "comes close; here the exact probability is asked for.",
            options={"probability": lambda one, other: normal(one, other, correction=1)},
        ),
        "no toss, no surprise": Mistake(
            "Where the two never differ you return 0, which would be the greatest surprise. Nothing speaks against "
            "fair coins there: the probability is 1.",
            options={"probability": nothing_for_no_toss},
        ),
        "the opposite": Mistake(
            "This is one minus what is asked: the probability of a split that is less uneven.",
            result=lambda p, **_: 1 - p,
        ),
        "percent": Mistake("This is in per cent; return a number from 0 to 1.", result=lambda p, **_: 100 * p),
    },
)
