"""How drivers decide: the Intelligent Driver Model, MOBIL lane changes, and the two low-level controllers.

Read it beside highway-env's vehicle/behavior.py (``IDMVehicle``) and vehicle/controller.py (``ControlledVehicle``,
``MDPVehicle``); each function names the one that it mirrors. Units: m, m/s, m/s², s, rad.

All vehicles of one road share three blocks, indexed by the names in `state` and below:
``motion[X, i]``, ``intent[LANE, i]``, and ``work[COS, i]``, quantities derived anew in every frame.
Positions and speeds do not change while drivers decide, so what costs a power or an arctangent is computed
for all vehicles in one call of numpy's own loop; the decisions about lanes stay one after another, as in the original.
"""

import math

import numpy as np
from ppo_lib.fast_highway.compilation import kernel

from ppo_lib.fast_highway.arithmetic import clip, not_zero, wrap_to_pi
from ppo_lib.fast_highway.neighbours import NOBODY, is_reachable, vehicle_behind, vehicle_in_front
from ppo_lib.fast_highway.numpy_math import call_binary, call_binary_array, call_unary, call_unary_array, dot
from ppo_lib.fast_highway.state import (
    ARCSIN,
    ARCTAN,
    COS,
    CRASHED,
    DELTA,
    FASTER,
    HEADING,
    LANE,
    LANE_LEFT,
    LANE_RIGHT,
    LANE_WIDTH,
    POWER,
    SIN,
    SLOWER,
    SPEED,
    SPEED_LIMIT,
    TAN,
    TARGET_LANE,
    TARGET_SPEED,
    TIMER,
    VEHICLE_LENGTH,
    X,
    Y,
)

# Rows of `work`.
DIRECTION_X, DIRECTION_Y = 0, 1  # (cos, sin) of the heading
VELOCITY_X, VELOCITY_Y = 2, 3  # [m/s]
FREE_ACCELERATION = 4  # IDM acceleration with nobody in front [m/s²]
ACCELERATION = 5  # command [m/s²]
SLIP = 6  # angle between the heading and the way the vehicle moves [rad]
SCRATCH = 7
WORK_FIELDS = 9

# IDMVehicle
MAX_ACCELERATION = 6.0  # clip of the command [m/s²]
COMFORT_ACCELERATION, COMFORT_BRAKING = 3.0, -5.0  # [m/s²]
JAM_DISTANCE = 5.0 + VEHICLE_LENGTH  # bumper to bumper, wanted in a jam [m]
TIME_GAP = 1.5  # wanted to the vehicle in front [s]
GAP_BRAKING = 2.0 * math.sqrt(-COMFORT_ACCELERATION * COMFORT_BRAKING)  # 2 √(a b) of the IDM [m/s²]
LANE_CHANGE_DELAY = 1.0  # between two thoughts of a lane change [s]
LANE_CHANGE_MIN_GAIN = 0.2  # [m/s²]
LANE_CHANGE_MAX_BRAKING = 2.0  # that may be imposed on the new follower [m/s²]

# ControlledVehicle
SPEED_GAIN, HEADING_GAIN, LATERAL_GAIN = 1.0 / 0.6, 1.0 / 0.2, 1.0 / 0.6  # [1/s]
MAX_STEERING = math.pi / 3.0  # [rad]


@kernel
def look_around(rules, motion, work):
    """Direction and velocity of every vehicle: ``RoadObject.direction`` and ``velocity`` (vehicle/objects.py)."""
    for i in range(motion.shape[1]):
        heading = motion[HEADING, i]
        cos, sin = 1.0, 0.0
        if heading != 0.0:
            cos = call_unary(rules.loops[COS, 0], rules.loops[COS, 1], heading)
            sin = call_unary(rules.loops[SIN, 0], rules.loops[SIN, 1], heading)
        work[DIRECTION_X, i], work[DIRECTION_Y, i] = cos, sin
        work[VELOCITY_X, i], work[VELOCITY_Y, i] = motion[SPEED, i] * cos, motion[SPEED, i] * sin


# ---------------------------------------------------------------- Intelligent Driver Model


@kernel
def speed_ratio(motion, i):
    """v / v₀ of the IDM: speed over wanted speed, which the speed limit caps."""
    wanted = clip(motion[TARGET_SPEED, i], 0.0, SPEED_LIMIT)
    return max(motion[SPEED, i], 0.0) / abs(not_zero(wanted))


@kernel
def free_road_accelerations(rules, motion, work):
    """a (1 - (v/v₀)^δ) for all vehicles: ``IDMVehicle.acceleration`` with nobody in front (m/s²)."""
    count = motion.shape[1]
    ratio, power = work[SCRATCH], work[FREE_ACCELERATION]
    for i in range(count):
        ratio[i] = speed_ratio(motion, i)
    loop = rules.loops[POWER]
    call_binary_array(loop[0], loop[1], ratio.ctypes.data, motion[DELTA].ctypes.data, power.ctypes.data, count)
    for i in range(count):
        power[i] = COMFORT_ACCELERATION * (1.0 - power[i])


@kernel
def desired_gap(rules, motion, work, i, front):
    """``IDMVehicle.desired_gap``: d* = d₀ + v τ + v Δv / (2 √(a b)) of vehicle i behind vehicle `front` (m)."""
    speed = motion[SPEED, i]
    approach = dot(
        rules.dot_rounding,
        work[VELOCITY_X, i] - work[VELOCITY_X, front],
        work[VELOCITY_Y, i] - work[VELOCITY_Y, front],
        work[DIRECTION_X, i],
        work[DIRECTION_Y, i],
    )
    return JAM_DISTANCE + speed * TIME_GAP + speed * approach / GAP_BRAKING


@kernel
def interaction(rules, motion, work, i, front):
    """a (d*/d)², what vehicle i must brake because of vehicle `front`: rest of ``IDMVehicle.acceleration`` (m/s²)."""
    ratio = desired_gap(rules, motion, work, i, front) / not_zero(motion[X, front] - motion[X, i])
    return COMFORT_ACCELERATION * (ratio * ratio)


@kernel
def own_acceleration(rules, motion, work, i, front):
    """``IDMVehicle.acceleration`` of vehicle i with its own δ (m/s²)."""
    if front == NOBODY:
        return work[FREE_ACCELERATION, i]
    return work[FREE_ACCELERATION, i] - interaction(rules, motion, work, i, front)


@kernel
def judged_acceleration(rules, motion, work, judge, i, front):
    """``IDMVehicle.acceleration`` of vehicle i, as vehicle `judge` expects it: with the judge's δ (m/s²)."""
    power = call_binary(rules.loops[POWER, 0], rules.loops[POWER, 1], speed_ratio(motion, i), motion[DELTA, judge])
    return COMFORT_ACCELERATION * (1.0 - power) - interaction(rules, motion, work, i, front)


@kernel
def follow(rules, motion, intent, work, order, rank):
    """The longitudinal command of every IDM vehicle: second half of ``IDMVehicle.act`` (m/s²).

    While it changes lanes, a driver minds both, and the harder braking counts.
    """
    for i in range(1, motion.shape[1]):
        lane, target_lane = intent[LANE, i], intent[TARGET_LANE, i]
        command = own_acceleration(rules, motion, work, i, vehicle_in_front(motion, order, rank, i, lane))
        if lane != target_lane:
            front = vehicle_in_front(motion, order, rank, i, target_lane)
            command = min(command, own_acceleration(rules, motion, work, i, front))
        work[ACCELERATION, i] = clip(command, -MAX_ACCELERATION, MAX_ACCELERATION)


# ---------------------------------------------------------------- lane changes


@kernel
def is_lane_change_contested(rules, motion, intent, work, i):
    """First half of ``IDMVehicle.change_lane_policy``: is another vehicle entering my target lane within my gap?"""
    target_lane = intent[TARGET_LANE, i]
    for other in range(motion.shape[1]):
        if other != i and intent[LANE, other] != target_lane and intent[TARGET_LANE, other] == target_lane:
            distance = motion[X, other] - motion[X, i]
            if distance > 0.0 and distance < desired_gap(rules, motion, work, i, other):
                return True
    return False


@kernel
def mobil(rules, motion, intent, work, order, rank, i, lane):
    """``IDMVehicle.mobil``: should vehicle i change to `lane`?

    Its own gain must be worth it (politeness is zero, so nobody else's counts), and its new follower must not have to
    brake hard. Both must hold, so the cheaper one is looked at first.
    """
    new_front = vehicle_in_front(motion, order, rank, i, lane)
    old_front = vehicle_in_front(motion, order, rank, i, intent[LANE, i])
    gain = own_acceleration(rules, motion, work, i, new_front) - own_acceleration(rules, motion, work, i, old_front)
    if gain < LANE_CHANGE_MIN_GAIN:
        return False
    new_rear = vehicle_behind(motion, order, rank, i, lane)
    return new_rear == NOBODY or (
        judged_acceleration(rules, motion, work, i, new_rear, i) >= -LANE_CHANGE_MAX_BRAKING
    )


@kernel
def choose_lane(rules, motion, intent, work, order, rank, i):
    """``IDMVehicle.change_lane_policy``: give up a contested change, or think of one once a second.

    The left lane is tried before the right one, and the last that MOBIL recommends is taken.
    """
    lane = intent[LANE, i]
    if lane != intent[TARGET_LANE, i]:
        if is_lane_change_contested(rules, motion, intent, work, i):
            intent[TARGET_LANE, i] = lane
        return
    if not LANE_CHANGE_DELAY < motion[TIMER, i]:
        return
    motion[TIMER, i] = 0.0
    for side_lane in (lane - 1, lane + 1):
        if (
            0 <= side_lane < rules.lanes_count
            and is_reachable(motion[X, i], motion[Y, i], side_lane)
            and abs(motion[SPEED, i]) >= 1.0
            and mobil(rules, motion, intent, work, order, rank, i, side_lane)
        ):
            intent[TARGET_LANE, i] = side_lane


# ---------------------------------------------------------------- the ego vehicle and the controllers


@kernel
def nearest_target_speed(target_speeds, speed):
    """``MDPVehicle.speed_to_index``: which of the evenly spaced `target_speeds` (m/s) is nearest to `speed`?"""
    last = len(target_speeds) - 1
    x = (speed - target_speeds[0]) / (target_speeds[last] - target_speeds[0])
    return int(clip(np.rint(x * last), 0.0, float(last)))


@kernel
def obey(rules, target_speeds, motion, intent, command):
    """``MDPVehicle.act``: the ego vehicle takes a meta action: another speed (m/s) or another lane to aim for."""
    last = len(target_speeds) - 1
    nearest = nearest_target_speed(target_speeds, motion[SPEED, 0])
    if command == FASTER:
        motion[TARGET_SPEED, 0] = target_speeds[min(nearest + 1, last)]
    elif command == SLOWER:
        motion[TARGET_SPEED, 0] = target_speeds[max(nearest - 1, 0)]
    elif command == LANE_LEFT or command == LANE_RIGHT:
        lane = intent[TARGET_LANE, 0] + (1 if command == LANE_RIGHT else -1)
        lane = min(max(lane, 0), rules.lanes_count - 1)
        if is_reachable(motion[X, 0], motion[Y, 0], lane):
            intent[TARGET_LANE, 0] = lane


@kernel
def steer(rules, motion, intent, work, swerving):
    """``ControlledVehicle.steering_control``, and the slip angle of ``Vehicle.step`` that follows from it (rad).

    Lateral error -> lateral speed -> heading -> heading rate -> steering angle -> slip angle. A vehicle straight in
    the middle of its target lane needs none of it; the others, listed in `swerving` (K,), go through numpy together.
    """
    angle = work[SCRATCH]
    address = angle.ctypes.data
    count = 0
    for i in range(motion.shape[1]):
        work[SLIP, i] = 0.0
        lateral = motion[Y, i] - intent[TARGET_LANE, i] * LANE_WIDTH
        if (lateral != 0.0 or motion[HEADING, i] != 0.0) and intent[CRASHED, i] == 0:
            lateral_speed = -LATERAL_GAIN * lateral
            angle[count] = clip(lateral_speed / not_zero(motion[SPEED, i]), -1.0, 1.0)
            swerving[count] = i
            count += 1
    loops = rules.loops
    call_unary_array(loops[ARCSIN, 0], loops[ARCSIN, 1], address, address, count)
    for k in range(count):
        i = swerving[k]
        heading_wanted = clip(angle[k], -math.pi / 4.0, math.pi / 4.0)
        heading_rate = HEADING_GAIN * wrap_to_pi(heading_wanted - motion[HEADING, i])
        angle[k] = clip(VEHICLE_LENGTH / 2.0 / not_zero(motion[SPEED, i]) * heading_rate, -1.0, 1.0)
    call_unary_array(loops[ARCSIN, 0], loops[ARCSIN, 1], address, address, count)
    call_unary_array(loops[TAN, 0], loops[TAN, 1], address, address, count)
    for k in range(count):
        angle[k] = 2.0 * angle[k]
    call_unary_array(loops[ARCTAN, 0], loops[ARCTAN, 1], address, address, count)
    for k in range(count):
        angle[k] = clip(angle[k], -MAX_STEERING, MAX_STEERING)
    call_unary_array(loops[TAN, 0], loops[TAN, 1], address, address, count)
    for k in range(count):
        angle[k] = 0.5 * angle[k]
    call_unary_array(loops[ARCTAN, 0], loops[ARCTAN, 1], address, address, count)
    for k in range(count):
        work[SLIP, swerving[k]] = angle[k]
