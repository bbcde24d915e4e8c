"""A policy step: frames of thinking, moving and colliding, then the reward.

Mirrors ``Road.act`` and ``Road.step`` (road/road.py), ``Vehicle.step`` (vehicle/kinematics.py), and ``_simulate``,
``_reward``, ``_is_terminated``, ``_is_truncated`` (envs/common/abstract.py, envs/highway_env.py).
"""

from typing import NamedTuple

import numpy as np

from ppo_lib.fast_highway.arithmetic import clip, linear_map
from ppo_lib.fast_highway.collisions import CORNERS, collide_all, collide_with_later
from ppo_lib.fast_highway.compilation import allocating_kernel, kernel
from ppo_lib.fast_highway.dynamics import (
    SPEED_GAIN,
    apply_controls,
    apply_meta_action,
    choose_lane,
    idm_commands,
    lane_accelerations,
    steer,
    update_directions,
)
from ppo_lib.fast_highway.neighbours import closest_lane, find_fronts, on_lane, sort_along_road
from ppo_lib.fast_highway.numpy_math import cosine, sine
from ppo_lib.fast_highway.state import (
    CAR,
    COLLISION,
    HIGH_SPEED,
    MAX_SPEED,
    ON_ROAD,
    RIGHT_LANE,
    VEHICLE_LENGTH,
)


@kernel
def act(rules, cars, order, workspace):
    """``Road.act``: every driver decides, in order, seeing the lanes that earlier ones have just chosen."""
    sort_along_road(cars, order)
    find_fronts(cars, order, workspace.leaders)
    lane_accelerations(rules, cars, workspace.values, workspace.powers)
    for i in range(1, len(cars)):
        if cars[i].crashed == 0:
            choose_lane(rules, cars, i)
    idm_commands(rules, cars)
    if not rules.continuous:
        cars[0].acceleration = SPEED_GAIN * (cars[0].target_speed - cars[0].speed)


@kernel
def within_speed_range(speed, acceleration, slowest, fastest):
    """The speed half of ``Vehicle.clip_actions``: beyond a limit (m/s), only going back is possible (m/s²)."""
    if speed > fastest:
        return min(acceleration, fastest - speed)
    if speed < slowest:
        return max(acceleration, slowest - speed)
    return acceleration


@kernel
def move(rules, cars, count):
    """``Vehicle.step`` of every vehicle: one frame of a bicycle model that slips sideways.

    A crashed vehicle brakes with its own speed per second, and steers no more. A push (m) from a collision in the
    frame before is applied here, and it is only now that whoever was merely about to be hit counts as crashed.
    Every `count`-th vehicle is an ego vehicle: under continuous control it has its own limits and aims for no lane.
    """
    dt = rules.dt
    for i in range(len(cars)):
        car = cars[i]
        by_hand = rules.continuous and i % count == 0
        slowest, fastest = (rules.slowest, rules.fastest) if by_hand else (-MAX_SPEED, MAX_SPEED)
        wanted = -1.0 * car.speed if car.crashed else car.acceleration
        acceleration = within_speed_range(car.speed, wanted, slowest, fastest)
        velocity_x, velocity_y = car.velocity_x, car.velocity_y
        if car.slip != 0.0:
            course = car.heading + car.slip
            velocity_x = car.speed * cosine(rules, course)
            velocity_y = car.speed * sine(rules, course)
            car.heading += car.speed * sine(rules, car.slip) / (VEHICLE_LENGTH / 2.0) * dt
        car.x += velocity_x * dt
        car.y += velocity_y * dt
        if not np.isnan(car.push_x):
            car.x += car.push_x
            car.y += car.push_y
            car.push_x = car.push_y = np.nan
            car.crashed = 1
        car.speed += acceleration * dt
        car.timer += dt
        car.lane = closest_lane(rules, car)
        if by_hand:
            car.acceleration = acceleration  # a limit once met holds for the rest of the policy step
            car.target_lane = car.lane


class Workspace(NamedTuple):
    """Scratch arrays for R roads of K vehicles at a time."""

    cars: np.ndarray  # (R * K,) CAR, the vehicles of one road after another
    indices: np.ndarray  # (R,) int64, the environments that they belong to
    meta_actions: np.ndarray  # (R,) int64
    controls: np.ndarray  # (R, 2) float64, throttle and steering
    order: np.ndarray  # (R, K) int64, the vehicles' numbers along each road
    leaders: np.ndarray  # (lanes + 2,) int64
    numbers: np.ndarray  # (R * K,) int64, of some of the vehicles
    values: np.ndarray  # (R * K,) float64
    powers: np.ndarray  # (R * K,) float64
    polygons: np.ndarray  # (2, 5, 2) float64


@allocating_kernel
def new_workspace(roads, count, lanes):
    """Scratch arrays for so many roads of `count` vehicles on so many lanes."""
    order = np.empty((roads, count), np.int64)
    for road in range(roads):
        for i in range(count):
            order[road, i] = i
    return Workspace(
        cars=np.empty(roads * count, CAR),
        indices=np.empty(roads, np.int64),
        meta_actions=np.empty(roads, np.int64),
        controls=np.zeros((roads, 2)),
        order=order,
        leaders=np.empty(lanes + 2, np.int64),
        numbers=np.empty(roads * count, np.int64),
        values=np.empty(roads * count),
        powers=np.empty(roads * count),
        polygons=np.empty((2, CORNERS + 1, 2)),
    )


@kernel
def simulate(rules, target_speeds, cars, meta_actions, workspace):
    """``AbstractEnv._simulate`` of a few roads, side by side: the vehicles of one after another in `cars`.

    What one vehicle does without the others, steering and moving, is done for all roads at once, because numpy's
    functions take hardly longer for thirty angles than for one. The ego vehicles get their `meta_actions`
    (roads,) in the first frame of a policy step only.
    """
    count = workspace.order.shape[1]
    update_directions(rules, cars)
    for frame in range(rules.frames):
        for road in range(len(meta_actions)):
            own = cars[road * count : (road + 1) * count]
            if frame == 0 and not rules.continuous:
                apply_meta_action(rules, target_speeds, own[0], meta_actions[road])
            act(rules, own, workspace.order[road], workspace)
            if rules.continuous:
                apply_controls(rules, own[0], workspace.controls[road], frame)
        steer(rules, cars, count, workspace.values, workspace.numbers)
        move(rules, cars, count)
        update_directions(rules, cars)
        for road in range(len(meta_actions)):
            own = cars[road * count : (road + 1) * count]
            if rules.all_collide:
                sort_along_road(own, workspace.order[road])
                collide_all(rules, own, workspace.numbers, workspace.polygons)
            else:
                collide_with_later(rules, own, 0, workspace.polygons)


@kernel
def reward_terms(rules, ego, terms):
    """``HighwayEnv._rewards``: the four parts of the reward into `terms` (4,), all between 0 and 1."""
    forward_speed = ego.speed * ego.direction_x
    terms[COLLISION] = float(ego.crashed)
    terms[RIGHT_LANE] = ego.target_lane / max(rules.lanes_count - 1, 1)
    terms[HIGH_SPEED] = clip(linear_map(forward_speed, rules.slow, rules.fast, 0.0, 1.0), 0.0, 1.0)
    terms[ON_ROAD] = 1.0 if on_lane(ego, ego.lane, 0.0) else 0.0


@kernel
def total_reward(rules, terms):
    """``HighwayEnv._reward``: the weighted sum, mapped to [0, 1] where that is wanted, and nothing off the road."""
    reward = 0.0
    for k in range(len(terms)):
        reward += rules.weights[k] * terms[k]
    if rules.normalize:
        reward = linear_map(reward, rules.worst, rules.best, 0.0, 1.0)
    return reward * terms[ON_ROAD]
