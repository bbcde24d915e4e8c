"""A new road: where every vehicle starts, and how its driver is tempered.

Mirrors ``HighwayEnv._create_vehicles`` (envs/highway_env.py), ``Vehicle.create_random`` (vehicle/kinematics.py), the
constructors of ``MDPVehicle`` (vehicle/controller.py) and ``IDMVehicle`` (vehicle/behavior.py), draw by draw.
"""

import math

import numpy as np

from ppo_lib.fast_highway.compilation import kernel
from ppo_lib.fast_highway.dynamics import nearest_target_speed
from ppo_lib.fast_highway.random_numbers import integer_below, uniform
from ppo_lib.fast_highway.state import ANY_LANE, LANE_WIDTH, SPEED_LIMIT

EGO_SPEED = 25.0  # [m/s]
SLOWEST_START, FASTEST_START = 0.7 * SPEED_LIMIT, 0.8 * SPEED_LIMIT  # of the others [m/s]
LOWEST_DELTA, HIGHEST_DELTA = 3.5, 4.5


@kernel
def spawn_road(rules, target_speeds, cars, generator):
    """Fill one road with vehicles (m, m/s, s, rad), each ahead of all before it; draws from its `generator`."""
    farthest = 0.0  # x of the leaders vehicle so far [m]
    for i in range(len(cars)):
        is_ego = i == 0
        lane = rules.initial_lane
        if not is_ego or lane == ANY_LANE:
            lane = integer_below(generator, rules.lanes_count)
        speed = EGO_SPEED
        if not is_ego:
            speed = uniform(generator, SLOWEST_START, FASTEST_START - SLOWEST_START)
        spacing = rules.ego_spacing if is_ego else rules.other_spacing
        gap = spacing * (12.0 + speed) * rules.crowding
        if is_ego:
            farthest = 3.0 * gap
        x = farthest + gap * uniform(generator, 0.9, 1.1 - 0.9)
        farthest = x if is_ego else max(farthest, x)

        place_vehicle(cars[i], x, lane, speed)
        if is_ego:
            cars[i].target_speed = 0.0  # what IDM drivers take for the wish of a vehicle that has none
            if not rules.continuous:
                cars[i].target_speed = target_speeds[nearest_target_speed(target_speeds, speed)]
        else:
            cars[i].delta = uniform(generator, LOWEST_DELTA, HIGHEST_DELTA - LOWEST_DELTA)
            cars[i].timer = ((x + lane * LANE_WIDTH) * math.pi) % 1.0


@kernel
def place_vehicle(car, x, lane, speed):
    """A vehicle at x (m) on the middle of a lane, driving straight ahead at `speed` (m/s)."""
    car.x, car.y, car.heading = x, lane * LANE_WIDTH, 0.0
    car.speed = car.target_speed = speed
    car.timer = car.delta = 0.0
    car.push_x = car.push_y = np.nan
    car.lane = car.target_lane = lane
    car.crashed = 0
