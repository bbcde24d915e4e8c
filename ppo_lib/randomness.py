"""Independent streams of random numbers, all derived from one seed."""

import numpy as np

NETWORKS, ENVIRONMENTS, ACTIONS, MINIBATCHES = range(4)  # what a stream is for


def stream(seed: int, *purpose: int) -> np.random.SeedSequence:
    """The stream of a purpose: one of the constants above, then the numbers that tell its parts apart.

    Streams of different seeds or purposes have nothing in common, which seed, seed + 1, seed + 2 for the environments
    would: two trainings with the seeds 0 and 1 on 32 environments would then share 31 roads.

    Reference: numpy's documentation of SeedSequence and its spawn_key.
    """
    return np.random.SeedSequence(seed, spawn_key=purpose)


def seed_of(seed: int, *purpose: int) -> int:
    """A whole number below 2^63 that stands for a stream, for whoever wants to be seeded by one."""
    return int(stream(seed, *purpose).generate_state(1, np.uint64)[0] >> np.uint64(1))
