"""What the driver is told in numbers: ``KinematicObservation`` and ``OccupancyGridObservation``.

Both are in highway-env's envs/common/observation.py. There they are built from pandas tables; here `feature` gives one
cell of ``Vehicle.to_dict`` (vehicle/kinematics.py). Units: m, m/s, rad, unless they are normalised.
"""

import math

import numpy as np

from ppo_lib.fast_highway.arithmetic import clip, linear_map, wrap_to_pi
from ppo_lib.fast_highway.compilation import kernel
from ppo_lib.fast_highway.numpy_math import dot
from ppo_lib.fast_highway.random_numbers import shuffle_interval
from ppo_lib.fast_highway.state import LANE_WIDTH, ROAD_LENGTH, VEHICLE_LENGTH

FEATURES = (
    "presence", "x", "y", "vx", "vy", "heading", "cos_h", "sin_h", "cos_d", "sin_d", "long_off", "lat_off", "ang_off",
)  # fmt: skip
PRESENCE, POSITION_X, POSITION_Y, SPEED_X, SPEED_Y, ANGLE, COS_H, SIN_H, COS_D, SIN_D, LONG, LAT, ANG = range(13)
ON_ROAD_LAYER, EMPTY_LAYER = 13, 14  # layers of the grid that no vehicle fills
PERCEPTION = 200.0  # how far the ego vehicle sees [m]
LANE_PERCEPTION = 100.0  # how far it sees lanes in the grid [m]

TABLE = np.dtype(
    [
        ("vehicles", np.int64),  # rows, the ego vehicle's included
        ("absolute", np.int64),
        ("sorted", np.int64),
        ("shuffled", np.int64),
        ("clip", np.int64),
        ("see_behind", np.int64),
    ]
)
GRID = np.dtype(
    [
        ("min_x", np.float64),  # [m] from the ego vehicle
        ("min_y", np.float64),
        ("step_x", np.float64),  # size of a cell [m]
        ("step_y", np.float64),
        ("align", np.int64),  # along the vehicle's axes, not the road's
        ("clip", np.int64),
    ]
)


@kernel
def feature(name, car):
    """One entry of ``Vehicle.to_dict``, in the world's coordinates."""
    if name == PRESENCE:
        return 1.0
    if name in (POSITION_X, LONG):
        return car.x
    if name == POSITION_Y:
        return car.y
    if name == SPEED_X:
        return car.velocity_x
    if name == SPEED_Y:
        return car.velocity_y
    if name == ANGLE:
        return car.heading
    if name == COS_H:
        return car.direction_x
    if name == SIN_H:
        return car.direction_y
    if name == LAT:
        return car.y - car.lane * LANE_WIDTH
    if name == ANG:
        return wrap_to_pi(car.heading)
    return 0.0  # cos_d, sin_d: nobody on a highway has a destination


@kernel
def feature_from(name, car, ego):
    """The same as the ego vehicle sees it: position and velocity are differences."""
    if POSITION_X <= name <= SPEED_Y:
        return feature(name, car) - feature(name, ego)
    return feature(name, car)


@kernel
def normalised(value, ranges, name):
    """``lmap`` of a feature from its range (low, high) to [-1, 1]; unchanged where the range is NaN."""
    if np.isnan(ranges[name, 0]):
        return value
    return linear_map(value, ranges[name, 0], ranges[name, 1], -1.0, 1.0)


@kernel
def close_vehicles(rules, table, cars, nearest):
    """``Road.close_objects_to`` (road/road.py): up to ``table.vehicles - 1`` numbers into `nearest`; returns how many.

    Sorted by distance along the road, equals in their order; or unsorted, simply the first ones.
    """
    found, room = 0, table.vehicles - 1
    for i in range(1, len(cars)):
        d_x, d_y = cars[i].x - cars[0].x, cars[i].y - cars[0].y
        if not table.see_behind and d_x <= -2.0 * VEHICLE_LENGTH:
            continue
        if not math.sqrt(dot(rules.dot_rounding, d_x, d_y, d_x, d_y)) < PERCEPTION:
            continue
        place = found
        if table.sorted:
            while place > 0 and abs(cars[nearest[place - 1]].x - cars[0].x) > abs(d_x):
                place -= 1
        if place < room:
            found = min(found + 1, room)
            for k in range(found - 1, place, -1):
                nearest[k] = nearest[k - 1]
            nearest[place] = i
    return found


@kernel
def observe_table(rules, table, features, ranges, cars, generator, nearest, out):
    """``KinematicObservation.observe`` into `out` (vehicles, features) float32: the ego vehicle's row comes first.

    Its own position is absolute even where the others' are relative. Needs directions and velocities;
    draws from `generator` where the rows are to be shuffled.
    """
    found = close_vehicles(rules, table, cars, nearest)
    out[:] = 0.0
    for row in range(found + 1):
        car = cars[nearest[row - 1]] if row > 0 else cars[0]
        relative = row > 0 and not table.absolute
        for column in range(len(features)):
            name = features[column]
            value = feature_from(name, car, cars[0]) if relative else feature(name, car)
            value = normalised(value, ranges, name)
            if table.clip and not np.isnan(ranges[name, 0]):
                value = clip(value, -1.0, 1.0)
            out[row, column] = value
    if table.shuffled:
        for row in range(table.vehicles - 2, 0, -1):
            other = shuffle_interval(generator, row)
            for column in range(len(features)):
                swapped = out[1 + row, column]
                out[1 + row, column] = out[1 + other, column]
                out[1 + other, column] = swapped


@kernel
def cell_index(rules, grid, ego, x, y):
    """``OccupancyGridObservation.pos_to_index`` of a point (m) relative to the ego vehicle."""
    if grid.align:
        cos, sin = ego.direction_x, ego.direction_y
        x, y = dot(rules.matrix_rounding, cos, sin, x, y), dot(rules.matrix_rounding, -sin, cos, x, y)
    return math.floor((x - grid.min_x) / grid.step_x), math.floor((y - grid.min_y) / grid.step_y)


@kernel
def fill_lanes(rules, grid, ego, layer):
    """``fill_road_layer_by_lanes``: 1 in every cell that holds one of the waypoints along the lanes."""
    spacing = min(grid.step_x, grid.step_y)
    start, stop = ego.x - LANE_PERCEPTION, ego.x + LANE_PERCEPTION
    count = math.ceil((stop - start) / spacing)
    delta = (start + spacing) - start  # np.arange's own rounding
    for lane in range(rules.lanes_count):
        for k in range(count):
            waypoint = clip(start + k * delta if k != 1 else start + spacing, 0.0, ROAD_LENGTH)
            i, j = cell_index(rules, grid, ego, waypoint - ego.x, lane * LANE_WIDTH - ego.y)
            if 0 <= i < layer.shape[0] and 0 <= j < layer.shape[1]:
                layer[i, j] = 1.0


@kernel
def observe_grid(rules, grid, features, ranges, cars, out):
    """``OccupancyGridObservation.observe`` into `out` (features, cells_x, cells_y) float64, NaN where nothing is.

    Vehicles are entered last to first: where two share a cell, the first one stays.
    """
    ego = cars[0]
    out[:] = np.nan
    for layer in range(len(features)):
        name = features[layer]
        if name == ON_ROAD_LAYER:
            fill_lanes(rules, grid, ego, out[layer])
        if name >= ON_ROAD_LAYER:
            continue
        for i in range(len(cars) - 1, -1, -1):
            car = cars[i]
            x = denormalised(car.x - ego.x, ranges, POSITION_X)
            y = denormalised(car.y - ego.y, ranges, POSITION_Y)
            cell_x, cell_y = cell_index(rules, grid, ego, x, y)
            if 0 <= cell_x < out.shape[1] and 0 <= cell_y < out.shape[2]:
                out[layer, cell_x, cell_y] = normalised(feature_from(name, car, ego), ranges, name)
    if grid.clip:
        for layer in range(out.shape[0]):
            for i in range(out.shape[1]):
                for j in range(out.shape[2]):
                    if not np.isnan(out[layer, i, j]):
                        out[layer, i, j] = clip(out[layer, i, j], -1.0, 1.0)


@kernel
def denormalised(value, ranges, name):
    """A position (m) that highway-env has normalised and then mapped back, which rounds."""
    if np.isnan(ranges[name, 0]):
        return value
    return linear_map(normalised(value, ranges, name), -1.0, 1.0, ranges[name, 0], ranges[name, 1])
