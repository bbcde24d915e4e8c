"""highway-env, bit for bit, hundreds of times faster: many roads at once, in compiled code.

Reading order: `state` (what a road is), `dynamics` (how drivers decide), `simulation` (a policy step), `collisions`,
`spawning` (a new road), `rendering` and `observations` (what the driver sees), `vector_env` (gymnasium's interface).
Behind the scenes: `numpy_math` and `random_numbers` (numpy's own bits), `compilation`, `sharing` (threads).
"""

from ppo_lib.fast_highway.registration import attach, register, warm_up
from ppo_lib.fast_highway.saved_state import select_state
from ppo_lib.fast_highway.vector_env import FastHighwayVectorEnv

__all__ = ["FastHighwayVectorEnv", "register", "select_state", "warm_up"]

attach()
