"""A policy step: frames of thinking, moving and colliding, then the reward.

Mirrors ``Road.act`` and ``Road.step`` (road/road.py), ``Vehicle.step`` (vehicle/kinematics.py), and ``_simulate``,
``_reward``, ``_is_terminated``, ``_is_truncated`` (envs/common/abstract.py, envs/highway_env.py).
"""

import numpy as np
from ppo_lib.fast_highway.compilation import kernel

from ppo_lib.fast_highway.arithmetic import clip, linear_map
from ppo_lib.fast_highway.collisions import collide_all
from ppo_lib.fast_highway.dynamics import (
    ACCELERATION,
    DIRECTION_X,
    DIRECTION_Y,
    SLIP,
    SPEED_GAIN,
    VELOCITY_X,
    VELOCITY_Y,
    choose_lane,
    follow,
    free_road_accelerations,
    look_around,
    obey,
    steer,
)
from ppo_lib.fast_highway.neighbours import closest_lane, on_lane, sort_along_road
from ppo_lib.fast_highway.numpy_math import call_unary
from ppo_lib.fast_highway.state import (
    COLLISION,
    COS,
    CRASHED,
    HEADING,
    HIGH_SPEED,
    LANE,
    MAX_SPEED,
    ON_ROAD,
    PUSH_X,
    PUSH_Y,
    RIGHT_LANE,
    SIN,
    SPEED,
    TARGET_LANE,
    TARGET_SPEED,
    TIMER,
    VEHICLE_LENGTH,
    X,
    Y,
)


@kernel
def act(rules, motion, intent, work, order, rank):
    """``Road.act``: every driver decides, in order, seeing the lanes that earlier ones have just chosen."""
    free_road_accelerations(rules, motion, work)
    sort_along_road(motion, order, rank)
    for i in range(1, motion.shape[1]):
        if intent[CRASHED, i] == 0:
            choose_lane(rules, motion, intent, work, order, rank, i)
    follow(rules, motion, intent, work, order, rank)
    work[ACCELERATION, 0] = SPEED_GAIN * (motion[TARGET_SPEED, 0] - motion[SPEED, 0])


@kernel
def within_speed_range(speed, acceleration):
    """The speed half of ``Vehicle.clip_actions``: beyond the top speed (m/s), only slowing down is possible (m/s²)."""
    if speed > MAX_SPEED:
        return min(acceleration, MAX_SPEED - speed)
    if speed < -MAX_SPEED:
        return max(acceleration, -MAX_SPEED - speed)
    return acceleration


@kernel
def move(rules, motion, intent, work):
    """``Vehicle.step`` of every vehicle: one frame of a bicycle model, which slips sideways by the angle in `work`.

    A crashed vehicle brakes with its own speed per second, and steers no more. A push (m) from a collision in the
    frame before is applied here, and it is only now that whoever was merely about to be hit counts as crashed.
    """
    dt = rules.dt
    for i in range(motion.shape[1]):
        speed, slip = motion[SPEED, i], work[SLIP, i]
        acceleration = -1.0 * speed if intent[CRASHED, i] else work[ACCELERATION, i]
        acceleration = within_speed_range(speed, acceleration)
        if slip == 0.0:
            velocity_x, velocity_y = work[VELOCITY_X, i], work[VELOCITY_Y, i]
        else:
            course = motion[HEADING, i] + slip
            velocity_x = speed * call_unary(rules.loops[COS, 0], rules.loops[COS, 1], course)
            velocity_y = speed * call_unary(rules.loops[SIN, 0], rules.loops[SIN, 1], course)
            turn = speed * call_unary(rules.loops[SIN, 0], rules.loops[SIN, 1], slip)
            motion[HEADING, i] += turn / (VEHICLE_LENGTH / 2.0) * dt
        motion[X, i] += velocity_x * dt
        motion[Y, i] += velocity_y * dt
        if not np.isnan(motion[PUSH_X, i]):
            motion[X, i] += motion[PUSH_X, i]
            motion[Y, i] += motion[PUSH_Y, i]
            motion[PUSH_X, i] = motion[PUSH_Y, i] = np.nan
            intent[CRASHED, i] = 1
        motion[SPEED, i] = speed + acceleration * dt
        motion[TIMER, i] += dt
        intent[LANE, i] = closest_lane(rules, motion[X, i], motion[Y, i], motion[HEADING, i])


@kernel
def simulate(rules, target_speeds, motion, intent, command, work, order, rank, swerving, polygons):
    """``AbstractEnv._simulate``: the ego vehicle gets its meta action in the first frame of a policy step only."""
    look_around(rules, motion, work)
    for frame in range(rules.frames):
        if frame == 0:
            obey(rules, target_speeds, motion, intent, command)
        act(rules, motion, intent, work, order, rank)
        steer(rules, motion, intent, work, swerving)
        move(rules, motion, intent, work)
        look_around(rules, motion, work)
        collide_all(rules, motion, intent, work, polygons)


@kernel
def reward_terms(rules, motion, intent, work, terms):
    """``HighwayEnv._rewards``: the four parts of the reward into `terms` (4,), all between 0 and 1."""
    forward_speed = motion[SPEED, 0] * work[DIRECTION_X, 0]
    terms[COLLISION] = float(intent[CRASHED, 0])
    terms[RIGHT_LANE] = intent[TARGET_LANE, 0] / max(rules.lanes_count - 1, 1)
    terms[HIGH_SPEED] = clip(linear_map(forward_speed, rules.slow, rules.fast, 0.0, 1.0), 0.0, 1.0)
    terms[ON_ROAD] = 1.0 if on_lane(motion[X, 0], motion[Y, 0], intent[LANE, 0], 0.0) else 0.0


@kernel
def total_reward(rules, terms):
    """``HighwayEnv._reward``: the weighted sum, mapped to [0, 1] where that is wanted, and nothing off the road."""
    reward = 0.0
    for k in range(len(terms)):
        reward += rules.weights[k] * terms[k]
    if rules.normalize:
        reward = linear_map(reward, rules.worst, rules.best, 0.0, 1.0)
    return reward * terms[ON_ROAD]
