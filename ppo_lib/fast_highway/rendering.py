"""The grey picture of a road, pixel for pixel as highway-env and pygame draw it.

Mirrors ``GrayscaleObservation`` (envs/common/observation.py), ``WorldSurface``, ``LaneGraphics`` (road/graphics.py)
and ``VehicleGraphics`` (vehicle/graphics.py). A picture is (W, H) uint8, indexed [x, y]: each column of the screen is
contiguous in memory. The camera follows the ego vehicle. All lane lines are horizontal, so there are only four kinds
of columns (with or without the outer lines, with or without a stripe), and a road is drawn by copying columns.
"""

import math

import numpy as np

from ppo_lib.fast_highway.compilation import kernel
from ppo_lib.fast_highway.numpy_math import copy_bytes
from ppo_lib.fast_highway.sprites import CRASHED_EGO_SPRITE, CRASHED_SPRITE, EGO_SPRITE, OTHER_SPRITE
from ppo_lib.fast_highway.state import LANE_WIDTH, ROAD_LENGTH

CAMERA = np.dtype(
    [
        ("width", np.int64),  # W [px]
        ("height", np.int64),  # H [px]
        ("scaling", np.float64),  # [px/m]
        ("left", np.float64),  # distance from the picture's left edge to the ego vehicle [m]
        ("top", np.float64),  # distance from its upper edge to the ego vehicle [m]
        ("first_x", np.int64),  # the part of a sprite that is not transparent, from ... to before ... [px]
        ("end_x", np.int64),
        ("first_y", np.int64),
        ("end_y", np.int64),
        ("road_grey", np.uint8),
        ("line_grey", np.uint8),
        ("axle_x", np.int64),  # the middles of the front tyres on the sprite [px]
        ("tyre_y", np.int64, (2,)),
    ]
)

STRIPE_PERIOD, STRIPE_LENGTH, LINE_WIDTH = 4.33, 3.0, 0.3  # [m]
VISIBLE_MARGIN = 50  # a vehicle whose middle is farther outside than this is not drawn [px]
STRAIGHT = 2.0 * math.pi / 180.0  # smaller headings are drawn as if straight [rad]
DEGREES, RADIANS = 180.0 / math.pi, 0.01745329251929  # the latter as coarse as pygame's


@kernel
def to_pixels(camera, metres):
    """``WorldSurface.pix``: truncated towards zero, so that pixel 0 is as wide as two."""
    return int(metres * camera.scaling)


@kernel
def first_stripe(origin_x, stripes):
    """x (m) of the first stripe of ``LaneGraphics.display``: a multiple of the period, half of them to the left."""
    whole = float(int(origin_x))
    return (whole // STRIPE_PERIOD - stripes // 2) * STRIPE_PERIOD


@kernel
def mark_columns(camera, origin_x, start, end, kinds, kind):
    """``LaneGraphics.draw_stripes``: add `kind` to the columns of the screen from `start` to `end` (m)."""
    start = min(max(start, 0.0), ROAD_LENGTH)
    end = min(max(end, 0.0), ROAD_LENGTH)
    if abs(start - end) > 0.5 * STRIPE_LENGTH:
        first, last = to_pixels(camera, start - origin_x), to_pixels(camera, end - origin_x)
        for column in range(max(first, 0), min(last, camera.width - 1) + 1):
            kinds[column] |= kind


@kernel
def paint_line(camera, origin_y, lateral, column):
    """Paint a horizontal line at `lateral` (m) into one column of pixels."""
    row = to_pixels(camera, lateral - origin_y)
    width = max(to_pixels(camera, LINE_WIDTH), 1)
    for y in range(max(row - (width - 1) // 2, 0), min(row + width // 2, camera.height - 1) + 1):
        column[y] = camera.line_grey


@kernel
def draw_lanes(camera, lanes_count, origin_x, origin_y, kinds, columns, image):
    """``RoadGraphics.display``: grey road, continuous outer lines, stripes between the lanes.

    kinds (W,) uint8 and columns (4, H) uint8 are scratch: which of the four columns stands where on the screen.
    """
    stripes = int(2 * (camera.height + camera.width) / (STRIPE_PERIOD * camera.scaling))
    first = first_stripe(origin_x, stripes)
    kinds[:] = 0
    mark_columns(camera, origin_x, first, first + stripes * STRIPE_PERIOD + STRIPE_LENGTH, kinds, 1)
    right_edge = origin_x + camera.width / camera.scaling + 1.0
    for k in range(stripes):
        start = first + k * STRIPE_PERIOD
        if start > right_edge:
            break
        mark_columns(camera, origin_x, start, start + STRIPE_LENGTH, kinds, 2)

    columns[:] = camera.road_grey
    for kind in range(1, 4):
        if kind & 1:
            paint_line(camera, origin_y, -0.5 * LANE_WIDTH, columns[kind])
            paint_line(camera, origin_y, (lanes_count - 1) * LANE_WIDTH + 0.5 * LANE_WIDTH, columns[kind])
        if kind & 2:
            for lane in range(1, lanes_count):
                paint_line(camera, origin_y, lane * LANE_WIDTH - 0.5 * LANE_WIDTH, columns[kind])
    source, target = columns.ctypes.data, image.ctypes.data
    for x in range(camera.width):
        copy_bytes(target + x * camera.height, source + kinds[x] * camera.height, camera.height)


@kernel
def draw_straight(camera, grey, mask, left, top, image):
    """Copy a sprite (S, S) to the pixels from (left, top), where it covers the road and lies on the picture."""
    for x in range(max(camera.first_x, -left), min(camera.end_x, camera.width - left)):
        for y in range(max(camera.first_y, -top), min(camera.end_y, camera.height - top)):
            if mask[x, y]:
                image[left + x, top + y] = grey[x, y]


@kernel
def quarters_exact(degrees):
    """(cos, sin) as pygame's vectors turn: within a millionth of a degree of a quarter turn, exactly by that."""
    quarter = np.rint(degrees / 90.0)
    if abs(degrees - 90.0 * quarter) < 1e-6:
        return (1.0, 0.0) if quarter % 2.0 == 0.0 else (0.0, 1.0)  # their signs do not matter here
    exact = math.radians(degrees)
    return math.cos(exact), math.sin(exact)


@kernel
def draw_rotated(grey, mask, centre_x, centre_y, heading, image):
    """The same, turned by `heading` (rad) about its middle at pixel (centre_x, centre_y), as pygame would turn it.

    Every pixel of the turned square asks which pixel of the sprite it shows: both middles coincide, and one pixel
    to the right or up is a step of (cos, sin) or (sin, -cos) on the sprite, in fixed point with 16 binary places.
    """
    size = grey.shape[0]
    degrees = -heading * DEGREES
    angle = np.float64(np.float32(degrees)) * RADIANS
    cos, sin = math.cos(angle), math.sin(angle)
    turned = int(size * (abs(cos) + abs(sin)))
    exact_cos, exact_sin = quarters_exact(degrees)
    reach = 0.5 * size * (abs(exact_cos) + abs(exact_sin))
    left, top = int(centre_x - reach), int(centre_y - reach)

    step_x, step_y = int(cos * 65536.0), int(sin * 65536.0)
    corner = (size - turned) << 15
    from_x = corner + (turned << 15) - int(cos * ((turned - 1) << 15))
    from_y = corner + (turned << 15) - int(sin * ((turned - 1) << 15))
    for v in range(max(0, -top), min(turned, image.shape[1] - top)):
        up = (turned >> 1) - v
        for u in range(max(0, -left), min(turned, image.shape[0] - left)):
            x = (from_x + step_y * up + step_x * u) >> 16
            y = (from_y - step_x * up + step_y * u) >> 16
            if 0 <= x < size and 0 <= y < size and mask[x, y]:
                image[left + u, top + v] = grey[x, y]


@kernel
def draw_ego_sprite(camera, grey, mask, tyre, steering, drawn):
    """The ego vehicle's sprite (S, S) with its front tyres turned by `steering` (rad), into the pair `drawn`.

    ``VehicleGraphics.display``, where the vehicle is a plain one. Its tyres also cover what the body does not.
    """
    (tyre_grey, tyre_mask), (drawn_grey, drawn_mask) = tyre, drawn
    copy_bytes(drawn_grey.ctypes.data, grey.ctypes.data, grey.size)
    copy_bytes(drawn_mask.ctypes.data, mask.ctypes.data, mask.size)
    for k in range(2):
        draw_rotated(tyre_grey, tyre_mask, camera.axle_x, camera.tyre_y[k], steering, drawn_grey)
        draw_rotated(tyre_mask, tyre_mask, camera.axle_x, camera.tyre_y[k], steering, drawn_mask)


@kernel
def draw_vehicles(camera, sprites, cars, steering, origin_x, origin_y, image):
    """``RoadGraphics.display_traffic``: every visible vehicle, in order, so that later ones cover earlier ones."""
    greys, masks, tyre, drawn = sprites
    half = greys.shape[1] / 2.0
    for i in range(len(cars)):
        car = cars[i]
        x, y = to_pixels(camera, car.x - origin_x), to_pixels(camera, car.y - origin_y)
        if not -VISIBLE_MARGIN < x < camera.width + VISIBLE_MARGIN:
            continue
        if not -VISIBLE_MARGIN < y < camera.height + VISIBLE_MARGIN:
            continue
        if i == 0:
            sprite = CRASHED_EGO_SPRITE if car.crashed else EGO_SPRITE
        else:
            sprite = CRASHED_SPRITE if car.crashed else OTHER_SPRITE
        grey, mask = greys[sprite], masks[sprite]
        if i == 0 and len(tyre[0]) > 0:
            draw_ego_sprite(camera, grey, mask, tyre, steering, drawn)
            grey, mask = drawn
        if abs(car.heading) > STRAIGHT:
            draw_rotated(grey, mask, x, y, car.heading, image)
        else:
            draw_straight(camera, grey, mask, int(x - half), int(y - half), image)


@kernel
def render_image(camera, lanes_count, sprites, cars, steering, kinds, columns, image):
    """``EnvViewer.display`` (envs/common/graphics.py) into `image` (W, H), the camera on the ego vehicle.

    sprites: greys, masks (4, S, S), the pair of a tyre's, and the pair of scratch arrays (S, S) for the ego vehicle's.
    """
    origin_x, origin_y = cars[0].x - camera.left, cars[0].y - camera.top
    draw_lanes(camera, lanes_count, origin_x, origin_y, kinds, columns, image)
    draw_vehicles(camera, sprites, cars, steering, origin_x, origin_y, image)
