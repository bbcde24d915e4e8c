"""numpy's random generator, reproduced inside compiled code, so that resets spawn what highway-env would.

``numpy.random.Generator(PCG64)`` is a 128-bit linear congruential generator with a permuted output (O'Neill, 2014).
Only seeding stays in Python: `seed_generator` asks numpy itself for the state that belongs to a seed.
A generator is a row of six uint64, see `state`. (uint64 mixed with int64 becomes float64 in numba, hence the casts.)
"""

import numpy as np

from ppo_lib.fast_highway.compilation import kernel
from ppo_lib.fast_highway.state import (
    HAS_SPARE,
    INCREMENT_HIGH,
    INCREMENT_LOW,
    SPARE,
    STATE_HIGH,
    STATE_LOW,
)

MULTIPLIER_HIGH = np.uint64(0x2360ED051FC65DA4)
MULTIPLIER_LOW = np.uint64(0x4385DF649FCCF645)
LOW_32 = np.uint64(0xFFFFFFFF)
U1, U11, U32, U58, U63, U64 = (np.uint64(n) for n in (1, 11, 32, 58, 63, 64))


def seed_generator(seed: int | None) -> np.ndarray:
    """(6,) uint64 state of ``numpy.random.PCG64(SeedSequence(seed))``; random entropy where the seed is None."""
    pcg = np.random.PCG64(np.random.SeedSequence(seed)).state["state"]
    words = [word for number in (pcg["state"], pcg["inc"]) for word in divmod(number, 1 << 64)]
    return np.array([*words, 0, 0], np.uint64)


@kernel
def multiply_64(a, b):
    """The 128-bit product of two uint64, as (high, low)."""
    a_low, a_high, b_low, b_high = a & LOW_32, a >> U32, b & LOW_32, b >> U32
    low_low, low_high, high_low = a_low * b_low, a_low * b_high, a_high * b_low
    middle = (low_low >> U32) + (low_high & LOW_32) + (high_low & LOW_32)
    high = a_high * b_high + (low_high >> U32) + (high_low >> U32) + (middle >> U32)
    return high, a * b


@kernel
def next_uint64(generator):
    """Advance the 128-bit state by one multiplication and addition, then fold and rotate it into 64 bits."""
    state_high, state_low = generator[STATE_HIGH], generator[STATE_LOW]
    high, low = multiply_64(state_low, MULTIPLIER_LOW)
    high += state_high * MULTIPLIER_LOW + state_low * MULTIPLIER_HIGH
    new_low = low + generator[INCREMENT_LOW]
    carry = U1 if new_low < low else np.uint64(0)
    new_high = high + generator[INCREMENT_HIGH] + carry
    generator[STATE_HIGH], generator[STATE_LOW] = new_high, new_low
    folded = new_high ^ new_low
    rotation = new_high >> U58
    return (folded >> rotation) | (folded << ((U64 - rotation) & U63))


@kernel
def next_uint32(generator):
    """The lower half of a 64-bit draw; its upper half is kept for the next call."""
    if generator[HAS_SPARE] != np.uint64(0):
        generator[HAS_SPARE] = np.uint64(0)
        return generator[SPARE]
    word = next_uint64(generator)
    generator[HAS_SPARE] = U1
    generator[SPARE] = word >> U32
    return word & LOW_32


@kernel
def uniform(generator, low, width):
    """``Generator.uniform(low, low + width)``: 53 random bits."""
    return low + width * (np.float64(next_uint64(generator) >> U11) * (1.0 / 9007199254740992.0))


@kernel
def integer_below(generator, count):
    """``Generator.integers(count)`` for 1 <= count < 2³²: Lemire's multiplication, with rejection; no draw for 1."""
    if count == 1:
        return 0
    bound = np.uint64(count)
    product = next_uint32(generator) * bound
    if (product & LOW_32) < bound:
        threshold = (LOW_32 - (bound - U1)) % bound  # 2³² mod count
        while (product & LOW_32) < threshold:
            product = next_uint32(generator) * bound
    return np.int64(product >> U32)


@kernel
def shuffle_interval(generator, largest):
    """An integer in [0, largest], as ``Generator.shuffle`` draws it: masked bits, with rejection."""
    if largest == 0:
        return 0
    limit = np.uint64(largest)
    mask = limit
    for shift in (1, 2, 4, 8, 16):
        mask |= mask >> np.uint64(shift)
    while True:
        value = next_uint32(generator) & mask
        if value <= limit:
            return np.int64(value)
