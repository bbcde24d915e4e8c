"""How drivers decide: the Intelligent Driver Model, MOBIL lane changes, and the two low-level controllers.

Read it beside highway-env's vehicle/behavior.py (``IDMVehicle``) and vehicle/controller.py (``ControlledVehicle``,
``MDPVehicle``); each function names the one that it mirrors. Units: m, m/s, m/s², s, rad.

A vehicle is a record (`state.CAR`). Positions and speeds do not change while drivers decide, so powers and arctangents
are computed for all vehicles in one call of numpy's own loop; decisions about lanes stay one after another, as there.
"""

import math

import numpy as np

from ppo_lib.fast_highway.arithmetic import clip, not_zero, wrap_to_pi
from ppo_lib.fast_highway.compilation import kernel
from ppo_lib.fast_highway.neighbours import is_reachable, vehicle_behind, vehicle_in_front
from ppo_lib.fast_highway.numpy_math import (
    ARCSIN,
    ARCTAN,
    POWER,
    TAN,
    call_binary,
    call_binary_array,
    call_unary,
    call_unary_array,
    cosine,
    dot,
    sine,
)
from ppo_lib.fast_highway.state import (
    FASTER,
    LANE_LEFT,
    LANE_RIGHT,
    LANE_WIDTH,
    NO_VEHICLE,
    SLOWER,
    SPEED_LIMIT,
    STEERING,
    THROTTLE,
    VEHICLE_LENGTH,
)

# IDMVehicle
MAX_ACCELERATION = 6.0  # clip of the command [m/s²]
COMFORT_ACCELERATION, COMFORT_BRAKING = 3.0, -5.0  # [m/s²]
JAM_DISTANCE = 5.0 + VEHICLE_LENGTH  # from middle to middle, wanted in a jam [m]
TIME_GAP = 1.5  # wanted to the vehicle in front [s]
GAP_BRAKING = 2.0 * math.sqrt(-COMFORT_ACCELERATION * COMFORT_BRAKING)  # 2 √(a b) of the IDM [m/s²]
LANE_CHANGE_DELAY = 1.0  # between two thoughts of a lane change [s]
LANE_CHANGE_MIN_GAIN = 0.2  # [m/s²]
LANE_CHANGE_MAX_BRAKING = 2.0  # that may be imposed on the new follower [m/s²]

# ControlledVehicle
SPEED_GAIN, HEADING_GAIN, LATERAL_GAIN = 1.0 / 0.6, 1.0 / 0.2, 1.0 / 0.6  # [1/s]
MAX_STEERING = math.pi / 3.0  # [rad]


@kernel
def update_directions(rules, cars):
    """Direction and velocity of every vehicle: ``RoadObject.direction`` and ``velocity`` (vehicle/objects.py)."""
    for i in range(len(cars)):
        car = cars[i]
        car.direction_x, car.direction_y = cosine(rules, car.heading), sine(rules, car.heading)
        car.velocity_x, car.velocity_y = car.speed * car.direction_x, car.speed * car.direction_y


# ---------------------------------------------------------------- Intelligent Driver Model


@kernel
def speed_ratio(car):
    """v / v₀ of the IDM: speed over wanted speed, which the speed limit caps."""
    wanted = clip(car.target_speed, 0.0, SPEED_LIMIT)
    return max(car.speed, 0.0) / abs(not_zero(wanted))


@kernel
def desired_gap(rules, me, front):
    """``IDMVehicle.desired_gap``: d* = d₀ + v τ + v Δv / (2 √(a b)), wanted by `me` behind `front` (m)."""
    difference_x, difference_y = me.velocity_x - front.velocity_x, me.velocity_y - front.velocity_y
    approach = dot(rules.dot_rounding, difference_x, difference_y, me.direction_x, me.direction_y)
    return JAM_DISTANCE + me.speed * TIME_GAP + me.speed * approach / GAP_BRAKING


@kernel
def interaction(rules, me, front):
    """a (d*/d)², what `me` must brake because of `front`: the rest of ``IDMVehicle.acceleration`` (m/s²)."""
    ratio = desired_gap(rules, me, front) / not_zero(front.x - me.x)
    return COMFORT_ACCELERATION * (ratio * ratio)


@kernel
def own_acceleration(rules, cars, me, front):
    """``IDMVehicle.acceleration`` of `me` behind vehicle number `front` (m/s²), with its own δ."""
    if front == NO_VEHICLE:
        return me.free_acceleration
    return me.free_acceleration - interaction(rules, me, cars[front])


@kernel
def lane_accelerations(rules, cars, ratios, powers):
    """``IDMVehicle.acceleration`` of all vehicles on their present lanes (m/s²): a (1 - (v/v₀)^δ - (d*/d)²).

    The first part, with nobody in front, is kept as well. ratios, powers (K,) are scratch.
    """
    for i in range(len(cars)):
        ratios[i], powers[i] = speed_ratio(cars[i]), cars[i].delta
    loop, result = rules.loops[POWER], powers.ctypes.data
    call_binary_array(loop[0], loop[1], ratios.ctypes.data, result, result, len(cars))
    for i in range(len(cars)):
        me = cars[i]
        me.free_acceleration = COMFORT_ACCELERATION * (1.0 - powers[i])
        me.lane_acceleration = own_acceleration(rules, cars, me, me.front)


@kernel
def new_follower_acceleration(rules, me, rear):
    """``IDMVehicle.acceleration`` of `rear` behind `me`, as `me` expects it: with its own δ (m/s²)."""
    power = call_binary(rules.loops[POWER, 0], rules.loops[POWER, 1], speed_ratio(rear), me.delta)
    return COMFORT_ACCELERATION * (1.0 - power) - interaction(rules, rear, me)


@kernel
def idm_commands(rules, cars):
    """The longitudinal command of every IDM vehicle: second half of ``IDMVehicle.act`` (m/s²).

    While it changes lanes, a driver minds both, and the harder braking counts.
    """
    for i in range(1, len(cars)):
        me = cars[i]
        command = me.lane_acceleration
        if me.lane != me.target_lane:
            other_command = own_acceleration(rules, cars, me, vehicle_in_front(cars, i, me.target_lane))
            command = min(command, other_command)
        me.acceleration = clip(command, -MAX_ACCELERATION, MAX_ACCELERATION)


# ---------------------------------------------------------------- lane changes


@kernel
def is_lane_change_contested(rules, cars, i):
    """First half of ``IDMVehicle.change_lane_policy``: is another vehicle entering my target lane within my gap?"""
    me = cars[i]
    for k in range(len(cars)):
        other = cars[k]
        if k != i and other.lane != me.target_lane and other.target_lane == me.target_lane:
            distance = other.x - me.x
            if distance > 0.0 and distance < desired_gap(rules, me, other):
                return True
    return False


@kernel
def mobil(rules, cars, i, lane):
    """``IDMVehicle.mobil``: should vehicle i change to `lane`?

    Its own gain must be worth it (politeness is zero, so nobody else's counts), and its new follower must not have to
    brake hard. Both must hold, so the cheaper one is looked at first.
    """
    me = cars[i]
    new_acceleration = own_acceleration(rules, cars, me, me.front_left if lane < me.lane else me.front_right)
    if new_acceleration - me.lane_acceleration < LANE_CHANGE_MIN_GAIN:
        return False
    new_rear = vehicle_behind(cars, i, lane)
    return new_rear == NO_VEHICLE or new_follower_acceleration(rules, me, cars[new_rear]) >= -LANE_CHANGE_MAX_BRAKING


@kernel
def choose_lane(rules, cars, i):
    """``IDMVehicle.change_lane_policy``: give up a contested change, or think of one once a second."""
    me = cars[i]
    if me.lane != me.target_lane:
        if is_lane_change_contested(rules, cars, i):
            me.target_lane = me.lane
        return
    if me.timer <= LANE_CHANGE_DELAY:
        return
    me.timer = 0.0
    if me.free_acceleration - me.lane_acceleration < LANE_CHANGE_MIN_GAIN:
        return  # not even a free road would be worth it
    consider_side_lanes(rules, cars, i)


@kernel
def consider_side_lanes(rules, cars, i):
    """The rest of ``IDMVehicle.change_lane_policy``: left lane first; the last that MOBIL recommends is taken."""
    me = cars[i]
    for side_lane in (me.lane - 1, me.lane + 1):
        on_road = 0 <= side_lane < rules.lanes_count
        if on_road and is_reachable(me, side_lane) and abs(me.speed) >= 1.0 and mobil(rules, cars, i, side_lane):
            me.target_lane = side_lane


# ---------------------------------------------------------------- the ego vehicle and the controllers


@kernel
def nearest_target_speed(target_speeds, speed):
    """``MDPVehicle.speed_to_index``: which of the evenly spaced `target_speeds` (m/s) is nearest to `speed`?"""
    last = len(target_speeds) - 1
    x = (speed - target_speeds[0]) / (target_speeds[last] - target_speeds[0])
    return int(clip(np.rint(x * last), 0.0, float(last)))


@kernel
def apply_meta_action(rules, target_speeds, ego, action):
    """``MDPVehicle.act``: the ego vehicle takes a meta action: another speed (m/s) or another lane to aim for."""
    nearest = nearest_target_speed(target_speeds, ego.speed)
    if action == FASTER:
        ego.target_speed = target_speeds[min(nearest + 1, len(target_speeds) - 1)]
    elif action == SLOWER:
        ego.target_speed = target_speeds[max(nearest - 1, 0)]
    elif action in (LANE_LEFT, LANE_RIGHT):
        lane = ego.target_lane + (1 if action == LANE_RIGHT else -1)
        lane = min(max(lane, 0), rules.lanes_count - 1)
        if is_reachable(ego, lane):
            ego.target_lane = lane


@kernel
def apply_controls(rules, ego, controls, frame):
    """``ContinuousAction.act``, ``Vehicle.act``: a hand holds throttle (m/s²) and wheel (rad) for a policy step.

    The wheel of a crashed vehicle is let go (``Vehicle.clip_actions``), which its picture shows. The slip angle is the
    one of ``Vehicle.step``; it lasts as long as the wheel is held.
    """
    if frame == 0:
        loops = rules.loops
        half = 0.5 * call_unary(loops[TAN, 0], loops[TAN, 1], controls[STEERING])
        ego.slip = call_unary(loops[ARCTAN, 0], loops[ARCTAN, 1], half)
        ego.acceleration = controls[THROTTLE]
    if ego.crashed:
        ego.slip = controls[STEERING] = 0.0


@kernel
def steer(rules, cars, count, angles, turning):
    """``ControlledVehicle.steering_control``, and the slip angle of ``Vehicle.step`` that follows from it (rad).

    Lateral error -> lateral speed -> heading -> heading rate -> steering angle -> slip angle. A vehicle straight in
    the middle of its target lane needs none of it; the others go through numpy together. Nor does every `count`-th
    vehicle, an ego vehicle, where a hand is at its wheel.
    angles, turning (K,) are scratch: the angles of those vehicles, and their numbers.
    """
    found = gather_turning(rules, cars, count, angles, turning)
    if found == 0:
        return
    loops, address = rules.loops, angles.ctypes.data
    call_unary_array(loops[ARCSIN, 0], loops[ARCSIN, 1], address, address, found)
    for k in range(found):
        car = cars[turning[k]]
        heading_wanted = clip(angles[k], -math.pi / 4.0, math.pi / 4.0)
        heading_rate = HEADING_GAIN * wrap_to_pi(heading_wanted - car.heading)
        angles[k] = clip(VEHICLE_LENGTH / 2.0 / not_zero(car.speed) * heading_rate, -1.0, 1.0)
    call_unary_array(loops[ARCSIN, 0], loops[ARCSIN, 1], address, address, found)
    call_unary_array(loops[TAN, 0], loops[TAN, 1], address, address, found)
    for k in range(found):
        angles[k] = 2.0 * angles[k]
    call_unary_array(loops[ARCTAN, 0], loops[ARCTAN, 1], address, address, found)
    for k in range(found):
        angles[k] = clip(angles[k], -MAX_STEERING, MAX_STEERING)
    call_unary_array(loops[TAN, 0], loops[TAN, 1], address, address, found)
    for k in range(found):
        angles[k] = 0.5 * angles[k]
    call_unary_array(loops[ARCTAN, 0], loops[ARCTAN, 1], address, address, found)
    for k in range(found):
        cars[turning[k]].slip = angles[k]


@kernel
def gather_turning(rules, cars, count, angles, turning):
    """The first step of `steer`: whose lateral error wants an angle, the sine of that angle, and how many they are."""
    found = 0
    first_driver = 1 if rules.continuous else 0
    for start in range(0, len(cars), count):
        for i in range(start + first_driver, start + count):
            car = cars[i]
            car.slip = 0.0
            lateral = car.y - car.target_lane * LANE_WIDTH
            if (lateral != 0.0 or car.heading != 0.0) and car.crashed == 0:
                lateral_speed = -LATERAL_GAIN * lateral
                angles[found] = clip(lateral_speed / not_zero(car.speed), -1.0, 1.0)
                turning[found] = i
                found += 1
    return found
