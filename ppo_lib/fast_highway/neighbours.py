"""Who drives in front, who behind: ``Road.neighbour_vehicles`` (road/road.py) and the lanes of ``RoadNetwork``.

highway-env asks every vehicle on the road; here each knows who is next along the road, so that the search can stop at
the first one found. Vehicles hardly overtake within a frame, so keeping them sorted costs next to nothing.
"""

import numpy as np

from ppo_lib.fast_highway.arithmetic import wrap_to_pi
from ppo_lib.fast_highway.compilation import kernel
from ppo_lib.fast_highway.state import LANE_WIDTH, NO_VEHICLE, ROAD_LENGTH, VEHICLE_LENGTH


@kernel
def on_lane(car, lane, margin):
    """``AbstractLane.on_lane``: is the car within half a width plus `margin` (m) of the middle of the lane?"""
    return (
        abs(car.y - lane * LANE_WIDTH) <= LANE_WIDTH / 2.0 + margin
        and -VEHICLE_LENGTH <= car.x < ROAD_LENGTH + VEHICLE_LENGTH
    )


@kernel
def is_reachable(car, lane):
    """``AbstractLane.is_reachable_from``: is the lane within two widths of the car, and the car on the road?"""
    return abs(car.y - lane * LANE_WIDTH) <= 2.0 * LANE_WIDTH and 0.0 <= car.x < ROAD_LENGTH + VEHICLE_LENGTH


@kernel
def closest_lane(rules, car):
    """``RoadNetwork.get_closest_lane_index``: distance across (m), past either end (m), and angle (rad), added up.

    Whoever is well within its lane need not ask: no other can be closer.
    """
    if abs(car.y - car.lane * LANE_WIDTH) < 0.49 * LANE_WIDTH:
        return car.lane
    angle = abs(wrap_to_pi(car.heading))
    best, smallest = 0, np.inf
    for lane in range(rules.lanes_count):
        distance = abs(car.y - lane * LANE_WIDTH) + max(car.x - ROAD_LENGTH, 0.0) + max(0.0 - car.x, 0.0) + angle
        if distance < smallest:
            best, smallest = lane, distance
    return best


@kernel
def sort_along_road(cars, order):
    """Sort `order` (K,), the vehicles' numbers, by x (m), and link everyone to who is next ahead and behind."""
    last = len(order) - 1
    for place in range(1, last + 1):
        vehicle = order[place]
        x = cars[vehicle].x
        while place > 0 and cars[order[place - 1]].x > x:
            order[place] = order[place - 1]
            place -= 1
        order[place] = vehicle
    for place in range(last + 1):
        car = cars[order[place]]
        car.behind = order[place - 1] if place > 0 else NO_VEHICLE
        car.ahead = order[place + 1] if place < last else NO_VEHICLE


@kernel
def find_fronts(cars, order, leaders):
    """Who drives in front of everyone on its lane and on the two beside it: one walk from the front of the road back.

    `leaders` (lanes + 2,) is scratch: the last vehicle seen on each lane, with an empty lane on either side. A car up
    to 3 m from the middle of a lane counts for it, so it may count for two. Vehicles exactly abreast, which
    practically never happens, ask one by one, because the order among equals matters.
    """
    for lane in range(len(leaders)):
        leaders[lane] = NO_VEHICLE
    abreast, x_ahead = False, np.inf
    for place in range(len(order) - 1, -1, -1):
        i = order[place]
        car = cars[i]
        own = car.lane + 1
        car.front_left, car.front, car.front_right = leaders[own - 1], leaders[own], leaders[own + 1]
        abreast |= car.x == x_ahead
        x_ahead = car.x
        lateral = car.y - car.lane * LANE_WIDTH
        if on_lane(car, car.lane, 1.0):
            leaders[own] = i
        if lateral < -0.9 and car.lane > 0 and on_lane(car, car.lane - 1, 1.0):
            leaders[own - 1] = i
        if lateral > 0.9 and own < len(leaders) - 2 and on_lane(car, car.lane + 1, 1.0):
            leaders[own + 1] = i
    if abreast:
        for i in range(len(cars)):
            car = cars[i]
            car.front = vehicle_in_front(cars, i, car.lane)
            car.front_left = vehicle_in_front(cars, i, car.lane - 1)
            car.front_right = vehicle_in_front(cars, i, car.lane + 1)


@kernel
def vehicle_in_front(cars, i, lane):
    """The nearest other vehicle on `lane` at or ahead of vehicle i, or NO_VEHICLE. Of equals the highest counts."""
    me = cars[i]
    other = me.ahead
    while me.behind != NO_VEHICLE and cars[me.behind].x == cars[i].x:  # exactly abreast: practically never
        other = me.behind
        me = cars[other]
    front = NO_VEHICLE
    while other != NO_VEHICLE:
        candidate = cars[other]
        if front != NO_VEHICLE and candidate.x > cars[front].x:
            break
        if other > front and other != i and on_lane(candidate, lane, 1.0):
            front = other
        other = candidate.ahead
    return front


@kernel
def vehicle_behind(cars, i, lane):
    """The nearest other vehicle on `lane` truly behind vehicle i, or NO_VEHICLE. Of equals the lowest counts."""
    x = cars[i].x
    other = cars[i].behind
    rear = NO_VEHICLE
    while other != NO_VEHICLE:
        candidate = cars[other]
        if rear != NO_VEHICLE and candidate.x < cars[rear].x:
            break
        if candidate.x < x and (rear == NO_VEHICLE or other < rear) and on_lane(candidate, lane, 1.0):
            rear = other
        other = candidate.behind
    return rear
