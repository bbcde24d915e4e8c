"""highway-env, bit for bit, hundreds of times faster: many roads at once, in compiled code.

Reading order: `state` (what a road is), `dynamics` (how drivers decide, with `neighbours`), `simulation` (a policy
step), `collisions`, `spawning` (a new road), `rendering` and `observations` (what the driver sees), `batch` (all roads
of a batch), `vector_env` (gymnasium's interface). What may be asked for: `configuration`, `actions`, `observers`,
`arguments`, `checks`. Behind the scenes: `numpy_math` and `random_numbers` (numpy's own bits), `compilation`,
`threads`.
"""

from ppo_lib.fast_highway.availability import unavailable

__all__ = ["FastHighwayVectorEnv", "register", "select_state", "unavailable", "warm_up"]

try:
    from ppo_lib.fast_highway.registration import attach, register, warm_up
    from ppo_lib.fast_highway.saved_state import select_state
    from ppo_lib.fast_highway.vector_env import FastHighwayVectorEnv
except ImportError:  # of numba, which refuses a numpy newer than itself
    if unavailable() is None:
        raise
else:
    attach()
