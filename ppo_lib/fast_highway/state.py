"""What the simulator remembers of each road, and the rules that it follows.

One environment is one row of every array: ``motion[n]`` is a (fields, vehicles) block of floats, ``intent[n]`` one of
small integers. Vehicle 0 is the ego vehicle; the others are the IDM drivers in the order in which they were spawned.
Index a block by the names below: ``motion[SPEED, i]`` is the speed of vehicle i.
"""

from typing import NamedTuple

import numpy as np

# Rows of `motion`, float64.
X, Y = 0, 1  # position [m]: x along the road, y across it, lane 0 at y = 0
HEADING = 2  # [rad], 0 is along the road
SPEED = 3  # [m/s]
TARGET_SPEED = 4  # the speed the driver wants [m/s]
TIMER = 5  # time since the last thought of a lane change [s]; unused by the ego vehicle
DELTA = 6  # exponent of the Intelligent Driver Model; unused by the ego vehicle
PUSH_X, PUSH_Y = 7, 8  # displacement by a collision [m], applied at the next move; PUSH_X is NaN where there is none
MOTION_FIELDS = 9

# Rows of `intent`, int8.
LANE = 0  # lane that the vehicle is in
TARGET_LANE = 1  # lane that it steers to
CRASHED = 2  # 0 or 1
INTENT_FIELDS = 3

# Columns of `generator`, uint64: numpy's PCG64.
STATE_HIGH, STATE_LOW, INCREMENT_HIGH, INCREMENT_LOW = 0, 1, 2, 3
HAS_SPARE, SPARE = 4, 5  # a 64-bit draw serves two 32-bit ones: the second half waits here
GENERATOR_FIELDS = 6

# What a driver can be told to do (`DiscreteMetaAction` in envs/common/action.py).
LANE_LEFT, IDLE, LANE_RIGHT, FASTER, SLOWER = range(5)

# Rows of `terms`: the parts of the reward, in the order in which highway-env adds them.
COLLISION, RIGHT_LANE, HIGH_SPEED, ON_ROAD = range(4)
REWARD_TERMS = ("collision_reward", "right_lane_reward", "high_speed_reward", "on_road_reward")

# Constants of highway-env (AbstractLane, StraightLane, Vehicle, ControlledVehicle).
LANE_WIDTH = 4.0  # [m]
ROAD_LENGTH = 10000.0  # [m]
SPEED_LIMIT = 30.0  # [m/s]
VEHICLE_LENGTH, VEHICLE_WIDTH = 5.0, 2.0  # [m]
MAX_SPEED = 40.0  # [m/s], backwards too

RULES = np.dtype(
    [
        ("lanes_count", np.int64),
        ("frames", np.int64),  # simulation frames per policy step
        ("dt", np.float64),  # duration of a frame [s]
        ("time_step", np.float64),  # what the clock advances per policy step [s]
        ("duration", np.float64),  # time limit [s]
        ("all_collide", np.int64),  # 1: every pair is checked (highway-v0); 0: pairs with the ego vehicle alone
        ("initial_lane", np.int64),  # ego lane at reset, or ANY_LANE
        ("ego_spacing", np.float64),
        ("other_spacing", np.float64),  # 1 / vehicles_density
        ("crowding", np.float64),  # factor by which gaps shrink with the number of lanes
        ("weights", np.float64, (4,)),  # of the terms of the reward
        ("slow", np.float64),  # reward_speed_range [m/s]
        ("fast", np.float64),
        ("normalize", np.int64),
        ("worst", np.float64),  # the rewards that normalisation maps to 0 ...
        ("best", np.float64),  # ... and to 1
        ("offroad_terminal", np.int64),
        ("dot_rounding", np.int64),  # see numpy_math
        ("matrix_rounding", np.int64),
        ("loops", np.int64, (6, 2)),  # addresses of numpy's functions, see numpy_math
    ]
)
ANY_LANE = -1
SIN, COS, TAN, ARCTAN, ARCSIN, POWER = range(6)  # rows of `loops`


class State(NamedTuple):
    """Everything that changes while `num_envs` roads with `K` vehicles are simulated, but the images."""

    motion: np.ndarray  # (N, MOTION_FIELDS, K) float64
    intent: np.ndarray  # (N, INTENT_FIELDS, K) int8
    generator: np.ndarray  # (N, GENERATOR_FIELDS) uint64
    time: np.ndarray  # (N,) float64 [s]


class Outcome(NamedTuple):
    """What one policy step of every environment produced."""

    reward: np.ndarray  # (N,) float64
    terms: np.ndarray  # (4, N) float64
    speed: np.ndarray  # (N,) float64 [m/s]
    crashed: np.ndarray  # (N,) bool
    terminated: np.ndarray  # (N,) bool
    truncated: np.ndarray  # (N,) bool


def new_state(num_envs: int, num_vehicles: int) -> State:
    """An empty state; `reset` fills it."""
    return State(
        motion=np.zeros((num_envs, MOTION_FIELDS, num_vehicles)),
        intent=np.zeros((num_envs, INTENT_FIELDS, num_vehicles), np.int8),
        generator=np.zeros((num_envs, GENERATOR_FIELDS), np.uint64),
        time=np.zeros(num_envs),
    )


def new_outcome(num_envs: int) -> Outcome:
    """Fresh arrays for the results of one step."""
    return Outcome(
        reward=np.zeros(num_envs),
        terms=np.zeros((len(REWARD_TERMS), num_envs)),
        speed=np.zeros(num_envs),
        crashed=np.zeros(num_envs, np.bool_),
        terminated=np.zeros(num_envs, np.bool_),
        truncated=np.zeros(num_envs, np.bool_),
    )
