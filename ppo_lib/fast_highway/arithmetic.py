"""Small formulas of highway-env's utils.py, with the same roundings."""

import math

from ppo_lib.fast_highway.compilation import kernel

TWO_PI = 2.0 * math.pi


@kernel
def clip(value, low, high):
    """``np.clip``."""
    return min(max(value, low), high)


@kernel
def not_zero(value):
    """``utils.not_zero``: at least 0.01 away from zero, on the same side."""
    if abs(value) > 1e-2:
        return value
    return 1e-2 if value >= 0.0 else -1e-2


@kernel
def wrap_to_pi(angle):
    """``utils.wrap_to_pi``: the same direction in [-π, π) (rad). It rounds, even where nothing needs wrapping."""
    shifted = angle + math.pi
    if not 0.0 <= shifted < TWO_PI:
        shifted = shifted % TWO_PI
    return shifted - math.pi


@kernel
def linear_map(value, low, high, new_low, new_high):
    """``utils.lmap``: from the range [low, high] to [new_low, new_high]."""
    return new_low + (value - low) * (new_high - new_low) / (high - low)
