"""Contestants that take turns against the clock: a noisy machine then slows all of them alike."""

from statistics import median
from time import perf_counter

from ppo_lib.errors import UsageError


def alternate(contests, samples, rounds=15) -> dict[str, float]:
    """{name: median samples a second}.

    Args:
        contests: {name: function without arguments}; each call of one deals with `samples` samples.
        rounds: how often each has its turn, after a first one that warms up and does not count.
    """
    seconds = {name: [] for name in contests}
    for _ in range(rounds + 1):
        for name, contest in contests.items():
            started = perf_counter()
            contest()
            seconds[name].append(perf_counter() - started)
    return {name: samples / median(spent[1:]) for name, spent in seconds.items()}


def import_rival():
    """The module ppo_lib.rival. Raises UsageError where Stable-Baselines3 is missing."""
    try:
        from ppo_lib import rival
    except ImportError:
        raise UsageError("the benchmark's rival is missing; pip install stable-baselines3") from None
    return rival
