"""Collisions: ``RoadObject.handle_collisions`` (vehicle/objects.py) and the separating-axis test of utils.py.

Two convex shapes do not touch if there is a direction on which their projections are apart. For rectangles it is
enough to try the directions of their sides. The test also moves the projections on by one frame: vehicles that *will*
touch are pushed apart at the next move, along the direction in which the projections overlap least.
"""

import math

import numpy as np

from ppo_lib.fast_highway.compilation import kernel
from ppo_lib.fast_highway.numpy_math import dot
from ppo_lib.fast_highway.state import NO_VEHICLE, VEHICLE_LENGTH, VEHICLE_WIDTH

DIAGONAL = math.sqrt(VEHICLE_LENGTH**2 + VEHICLE_WIDTH**2)  # [m]
HALF_LENGTH, HALF_WIDTH = VEHICLE_LENGTH / 2.0, VEHICLE_WIDTH / 2.0  # [m]
CORNERS = 4


@kernel
def corners(car, polygon):
    """``RoadObject.polygon`` (m) into `polygon` (5, 2): four corners, the first one again at the end."""
    cos, sin = car.direction_x, car.direction_y
    for k in range(CORNERS + 1):
        along = -HALF_LENGTH if k in (0, 1, 4) else HALF_LENGTH
        across = -HALF_WIDTH if k in (0, 3, 4) else HALF_WIDTH
        polygon[k, 0] = cos * along - sin * across + car.x
        polygon[k, 1] = sin * along + cos * across + car.y


@kernel
def project_polygon(rounding, polygon, axis_x, axis_y):
    """``utils.project_polygon``: the interval (lowest, highest) that the polygon covers along an axis (m)."""
    low = high = dot(rounding, polygon[0, 0], polygon[0, 1], axis_x, axis_y)
    for k in range(1, CORNERS):
        projected = dot(rounding, polygon[k, 0], polygon[k, 1], axis_x, axis_y)
        low, high = min(low, projected), max(high, projected)
    return low, high


@kernel
def interval_distance(low_a, high_a, low_b, high_b):
    """``utils.interval_distance``: the gap between two intervals, negative where they overlap (m)."""
    return low_b - high_a if low_a < low_b else low_a - high_b


@kernel
def centre_difference(a, b, axis):
    """Mean of the corners of a minus that of b, one coordinate (m), summed in numpy's order."""
    return (a[0, axis] + a[1, axis] + a[2, axis] + a[3, axis]) / 4.0 - (
        b[0, axis] + b[1, axis] + b[2, axis] + b[3, axis]
    ) / 4.0


@kernel
def intersect(rounding, a, b, shift_x, shift_y):
    """``utils.are_polygons_intersecting``: do a and b touch now, will they when a has moved by `shift` (m) against b?

    Returns:
        touching, will_touch, and the displacement (x, y) in m that takes a out of b (it counts only if will_touch).
    """
    touching = will_touch = True
    smallest, out_x, out_y = np.inf, 0.0, 0.0
    for polygon in (a, b):
        for k in range(CORNERS):
            normal_x = -polygon[k + 1, 1] + polygon[k, 1]
            normal_y = polygon[k + 1, 0] - polygon[k, 0]
            length = math.sqrt(dot(rounding, normal_x, normal_y, normal_x, normal_y))
            normal_x, normal_y = normal_x / length, normal_y / length
            low_a, high_a = project_polygon(rounding, a, normal_x, normal_y)
            low_b, high_b = project_polygon(rounding, b, normal_x, normal_y)
            if interval_distance(low_a, high_a, low_b, high_b) > 0.0:
                touching = False
            approach = dot(rounding, normal_x, normal_y, shift_x, shift_y)
            if approach < 0.0:
                low_a += approach
            else:
                high_a += approach
            distance = interval_distance(low_a, high_a, low_b, high_b)
            if distance > 0.0:
                will_touch = False
            if not touching and not will_touch:
                return False, False, 0.0, 0.0
            if abs(distance) < smallest:
                smallest = abs(distance)
                d_x, d_y = centre_difference(a, b, 0), centre_difference(a, b, 1)
                side = 1.0 if dot(rounding, d_x, d_y, normal_x, normal_y) > 0.0 else -1.0
                out_x, out_y = side * normal_x, side * normal_y
    return touching, will_touch, smallest * out_x, smallest * out_y


@kernel
def collide(rules, car, other, polygons):
    """``RoadObject.handle_collisions`` of a car with a later one: push both apart, and mark a crash."""
    reach = (DIAGONAL + DIAGONAL) / 2.0 + car.speed * rules.dt
    d_x, d_y = other.x - car.x, other.y - car.y
    if math.sqrt(dot(rules.dot_rounding, d_x, d_y, d_x, d_y)) > reach:
        return
    corners(car, polygons[0])
    corners(other, polygons[1])
    shift_x = car.velocity_x * rules.dt - other.velocity_x * rules.dt
    shift_y = car.velocity_y * rules.dt - other.velocity_y * rules.dt
    touching, will_touch, out_x, out_y = intersect(rules.dot_rounding, polygons[0], polygons[1], shift_x, shift_y)
    if will_touch:
        car.push_x, car.push_y = out_x / 2.0, out_y / 2.0
        other.push_x, other.push_y = -out_x / 2.0, -out_y / 2.0
    if touching:
        car.crashed = other.crashed = 1


@kernel
def reach_of(rules, car):
    """How far along the road another vehicle may be at most to be looked at more closely (m), a little too far."""
    return DIAGONAL + max(car.speed, 0.0) * rules.dt + 1e-3


@kernel
def collide_with_later(rules, cars, i, polygons):
    """Vehicle i against all with a higher number: in highway-fast-v0 only the ego vehicle checks (``Road.step``).

    Needs the directions and velocities *after* the move, like all that follows.
    """
    car, reach = cars[i], reach_of(rules, cars[i])
    for k in range(i + 1, len(cars)):
        if abs(cars[k].x - car.x) <= reach:
            collide(rules, car, cars[k], polygons)


@kernel
def collide_all(rules, cars, nearby, polygons):
    """The collision half of ``Road.step`` (road/road.py) in highway-v0: every pair, in the order of their numbers.

    The order matters, as the last push counts. Needs vehicles sorted along the road, so that for each only those
    next to it are looked at; `nearby` (K,) is scratch for their numbers.
    """
    for i in range(len(cars)):
        car, reach, count = cars[i], reach_of(rules, cars[i]), 0
        for forward in (True, False):
            k = car.ahead if forward else car.behind
            while k != NO_VEHICLE and abs(cars[k].x - car.x) <= reach:
                if k > i:
                    place = count
                    while place > 0 and nearby[place - 1] > k:
                        nearby[place] = nearby[place - 1]
                        place -= 1
                    nearby[place] = k
                    count += 1
                k = cars[k].ahead if forward else cars[k].behind
        for place in range(count):
            collide(rules, car, cars[nearby[place]], polygons)
