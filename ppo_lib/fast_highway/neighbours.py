"""Who drives in front, who behind: ``Road.neighbour_vehicles`` (road/road.py) and the lanes of ``RoadNetwork``.

highway-env asks every vehicle on the road; here vehicles are kept sorted along the road, so that the search can stop
at the first one found. They hardly overtake within a frame, so insertion sort costs next to nothing.
"""

from ppo_lib.fast_highway.compilation import kernel

from ppo_lib.fast_highway.arithmetic import wrap_to_pi
from ppo_lib.fast_highway.state import LANE_WIDTH, ROAD_LENGTH, VEHICLE_LENGTH, X, Y

NOBODY = -1


@kernel
def on_lane(x, y, lane, margin):
    """``AbstractLane.on_lane``: is the point (m) within half a width plus `margin` (m) of the middle of the lane?"""
    return (
        abs(y - lane * LANE_WIDTH) <= LANE_WIDTH / 2.0 + margin
        and -VEHICLE_LENGTH <= x < ROAD_LENGTH + VEHICLE_LENGTH
    )


@kernel
def is_reachable(x, y, lane):
    """``AbstractLane.is_reachable_from``: is the lane within two widths of the point (m), and the point on the road?"""
    return abs(y - lane * LANE_WIDTH) <= 2.0 * LANE_WIDTH and 0.0 <= x < ROAD_LENGTH + VEHICLE_LENGTH


@kernel
def closest_lane(rules, x, y, heading):
    """``RoadNetwork.get_closest_lane_index``: distance across (m), past either end (m), and angle (rad), added up."""
    angle = abs(wrap_to_pi(heading))
    best, smallest = 0, 0.0
    for lane in range(rules.lanes_count):
        distance = abs(y - lane * LANE_WIDTH) + max(x - ROAD_LENGTH, 0.0) + max(0.0 - x, 0.0) + angle
        if lane == 0 or distance < smallest:
            best, smallest = lane, distance
    return best


@kernel
def sort_along_road(motion, order, rank):
    """Put the vehicles' numbers into `order` by x (m), ascending, and each one's place into `rank`. Both (K,) int64."""
    for place in range(1, len(order)):
        vehicle = order[place]
        x = motion[X, vehicle]
        while place > 0 and motion[X, order[place - 1]] > x:
            order[place] = order[place - 1]
            place -= 1
        order[place] = vehicle
    for place in range(len(order)):
        rank[order[place]] = place


@kernel
def first_abreast(motion, order, place):
    """The first place in `order` whose x equals that of `place`: nearly always `place` itself."""
    while place > 0 and motion[X, order[place - 1]] == motion[X, order[place]]:
        place -= 1
    return place


@kernel
def vehicle_in_front(motion, order, rank, i, lane):
    """The nearest other vehicle on `lane` at or ahead of vehicle i, or NOBODY. Of equals the highest number counts."""
    front = NOBODY
    for place in range(first_abreast(motion, order, rank[i]), len(order)):
        other = order[place]
        if front != NOBODY and motion[X, other] > motion[X, front]:
            break
        if other > front and other != i and on_lane(motion[X, other], motion[Y, other], lane, 1.0):
            front = other
    return front


@kernel
def vehicle_behind(motion, order, rank, i, lane):
    """The nearest other vehicle on `lane` truly behind vehicle i, or NOBODY. Of equals the lowest number counts."""
    rear = NOBODY
    for place in range(first_abreast(motion, order, rank[i]) - 1, -1, -1):
        other = order[place]
        if rear != NOBODY and motion[X, other] < motion[X, rear]:
            break
        if (rear == NOBODY or other < rear) and on_lane(motion[X, other], motion[Y, other], lane, 1.0):
            rear = other
    return rear
