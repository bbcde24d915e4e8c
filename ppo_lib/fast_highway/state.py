"""What the simulator remembers of each road, and the rules that it follows.

A vehicle is a record, as it is an object in highway-env: ``car.speed``, ``car.target_lane``. Vehicle 0 of a road is
the ego vehicle; the others are the IDM drivers, in the order in which they were spawned.
"""

from typing import NamedTuple

import numpy as np

# What lasts from one policy step to the next. Packed: thousands of roads are kept.
_LASTING = [
    ("x", np.float64),  # position along the road [m]
    ("y", np.float64),  # position across the road, lane 0 at 0 [m]
    ("heading", np.float64),  # [rad], 0 is along the road
    ("speed", np.float64),  # [m/s]
    ("target_speed", np.float64),  # the speed the driver wants [m/s]
    ("timer", np.float64),  # time since the last thought of a lane change [s]; unused by the ego vehicle
    ("delta", np.float64),  # exponent of the Intelligent Driver Model; unused by the ego vehicle
    ("push_x", np.float64),  # displacement by a collision [m], applied at the next move; NaN where there is none
    ("push_y", np.float64),
]
SAVED_CAR = np.dtype([*_LASTING, ("lane", np.int8), ("target_lane", np.int8), ("crashed", np.int8)])

# The same while it is being simulated, with what is derived anew in every frame.
CAR = np.dtype(
    [
        *_LASTING,
        ("lane", np.int64),
        ("target_lane", np.int64),  # the lane that it steers to
        ("crashed", np.int64),  # 0 or 1
        ("direction_x", np.float64),  # (cos, sin) of the heading
        ("direction_y", np.float64),
        ("velocity_x", np.float64),  # [m/s]
        ("velocity_y", np.float64),
        ("free_acceleration", np.float64),  # of the IDM, with nobody in front [m/s²]
        ("lane_acceleration", np.float64),  # of the IDM, on its present lane [m/s²]
        ("acceleration", np.float64),  # command [m/s²]
        ("slip", np.float64),  # angle between the heading and the way it moves [rad]
        ("ahead", np.int64),  # number of the next vehicle along the road, on whatever lane, or NO_VEHICLE
        ("behind", np.int64),
        ("front", np.int64),  # number of the vehicle that it follows on its present lane, or NO_VEHICLE ...
        ("front_left", np.int64),  # ... and that it would follow on the lanes beside it
        ("front_right", np.int64),
    ],
    align=True,
)
NO_VEHICLE = -1

# Columns of `generator`, uint64: numpy's PCG64.
STATE_HIGH, STATE_LOW, INCREMENT_HIGH, INCREMENT_LOW = 0, 1, 2, 3
HAS_SPARE, SPARE = 4, 5  # a 64-bit draw serves two 32-bit ones: the second half waits here
GENERATOR_FIELDS = 6

# Columns of `controls`, float64: what a hand at throttle and wheel asks for (`ContinuousAction`).
THROTTLE, STEERING = 0, 1  # [m/s²], [rad]

# What a driver can be told to do (`DiscreteMetaAction` in envs/common/action.py).
LANE_LEFT, IDLE, LANE_RIGHT, FASTER, SLOWER = range(5)

# The parts of the reward, in the order in which highway-env adds them.
COLLISION, RIGHT_LANE, HIGH_SPEED, ON_ROAD = range(4)
REWARD_TERMS = ("collision_reward", "right_lane_reward", "high_speed_reward", "on_road_reward")

# Constants of highway-env (AbstractLane, StraightLane, Vehicle, ControlledVehicle).
LANE_WIDTH = 4.0  # [m]
ROAD_LENGTH = 10000.0  # [m]
SPEED_LIMIT = 30.0  # [m/s]
VEHICLE_LENGTH, VEHICLE_WIDTH = 5.0, 2.0  # [m]
MAX_SPEED = 40.0  # [m/s], backwards too; of the ego vehicle under continuous control unless it is given others

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
        ("continuous", np.int64),  # 1: the ego vehicle is a plain one with throttle and steering; 0: meta-actions
        ("slowest", np.float64),  # the ego vehicle's own limits under continuous control [m/s]
        ("fastest", np.float64),
        ("dot_rounding", np.int64),  # see numpy_math
        ("matrix_rounding", np.int64),
        ("loops", np.int64, (6, 2)),  # addresses of numpy's functions, see numpy_math
    ]
)
ANY_LANE = -1


class State(NamedTuple):
    """Everything that changes while `num_envs` roads with `K` vehicles are simulated, but the images."""

    cars: np.ndarray  # (N, K) SAVED_CAR
    generator: np.ndarray  # (N, GENERATOR_FIELDS) uint64
    time: np.ndarray  # (N,) float64 [s]
    steering: np.ndarray  # (N,) float64, the ego vehicle's front wheels under continuous control, for pictures [rad]


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
        cars=np.zeros((num_envs, num_vehicles), SAVED_CAR),
        generator=np.zeros((num_envs, GENERATOR_FIELDS), np.uint64),
        time=np.zeros(num_envs),
        steering=np.zeros(num_envs),
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
