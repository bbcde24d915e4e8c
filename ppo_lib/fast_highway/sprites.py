"""The vehicles' pictures, drawn once by pygame at start-up, then kept as grey values and a mask.

Mirrors ``VehicleGraphics.display`` (vehicle/graphics.py): a body with two headlights and an outline, in the middle of
a transparent square that is a little longer than the vehicle. Only surfaces are used, so no screen is needed.

Under continuous control the ego vehicle is a plain ``Vehicle``, which is drawn in another colour and with four tyres.
The front ones turn, so they are added to each picture by `rendering`.
"""

import os
from collections.abc import Sequence

import numpy as np

from ppo_lib.fast_highway.state import VEHICLE_LENGTH, VEHICLE_WIDTH

EXAMPLE = {  # an observation of pictures, as highway-env describes it
    "type": "GrayscaleObservation",
    "observation_shape": (128, 64),
    "stack_size": 4,
    "weights": [0.2989, 0.5870, 0.1140],
    "scaling": 1.75,
}
MARGIN = 1.0  # of the square around the vehicle, front and back [m]
SQUARE = VEHICLE_LENGTH + 2 * MARGIN  # [m]
HEADLIGHT_LENGTH, HEADLIGHT_WIDTH = 0.72, 0.6  # [m]
EGO_COLOUR, PLAIN_COLOUR = (50, 200, 0), (200, 200, 0)  # with meta-actions, under continuous control
OTHER_COLOUR, CRASHED_COLOUR = (100, 200, 255), (255, 100, 100)
EGO_SPRITE, OTHER_SPRITE, CRASHED_EGO_SPRITE, CRASHED_SPRITE = range(4)
TYRE_LENGTH, TYRE_WIDTH = 1.0, 0.3  # [m]
OUTLINE = (60, 60, 60)
ROAD_COLOUR, LINE_COLOUR = (100, 100, 100), (255, 255, 255)
BRIGHTENING = 0.68  # a headlight's colour is the body's divided by this


def to_grey(pixels: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """(W, H) uint8 of (W, H, 3) colours, as ``GrayscaleObservation`` computes it: truncated, so 100 may become 99."""
    return np.dot(pixels, weights).clip(0, 255).astype(np.uint8)


def draw_sprites(
    scaling: float, weights: Sequence[float], continuous: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draw the ego vehicle, another one, and both crashed, at `scaling` pixels per metre, heading along x.

    Returns:
        grey: (4, S, S) uint8, indexed [sprite, x, y].
        mask: (4, S, S) uint8, 1 where the sprite covers the road.
        tyre_grey, tyre_mask: (T, T) uint8, the same of one tyre, (0, 0) where none is to be seen: with meta-actions.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import pygame

    def pixels(metres: float) -> int:
        return int(metres * scaling)

    middle = SQUARE / 2
    body = (pixels(MARGIN), pixels(middle - VEHICLE_WIDTH / 2), pixels(VEHICLE_LENGTH), pixels(VEHICLE_WIDTH))
    front = pixels(MARGIN + VEHICLE_LENGTH - HEADLIGHT_LENGTH)
    sides = (middle - 1.4 * VEHICLE_WIDTH / 3, middle + 0.6 * VEHICLE_WIDTH / 5)
    tyre = pygame.Surface((pixels(TYRE_LENGTH), pixels(TYRE_LENGTH)), flags=pygame.SRCALPHA)
    outline = (0, pixels(TYRE_LENGTH / 2 - TYRE_WIDTH / 2), pixels(TYRE_LENGTH), pixels(TYRE_WIDTH))
    pygame.draw.rect(tyre, OUTLINE, outline)
    greys, masks = [], []
    ego_colour = PLAIN_COLOUR if continuous else EGO_COLOUR
    for sprite, colour in enumerate((ego_colour, OTHER_COLOUR, CRASHED_COLOUR, CRASHED_COLOUR)):
        surface = pygame.Surface((pixels(SQUARE), pixels(SQUARE)), flags=pygame.SRCALPHA)
        bright = tuple(min(int(part / BRIGHTENING), 255) for part in colour)
        pygame.draw.rect(surface, colour, body)
        for side in sides:
            headlight = (front, pixels(side), pixels(HEADLIGHT_LENGTH), pixels(HEADLIGHT_WIDTH))
            pygame.draw.rect(surface, bright, headlight)
        pygame.draw.rect(surface, OUTLINE, body, 1)
        if continuous and sprite in (EGO_SPRITE, CRASHED_EGO_SPRITE):
            for y in tyre_rows(scaling):
                surface.blit(tyre, (pixels(TYRE_LENGTH) - tyre.get_width() / 2, y - tyre.get_width() / 2))
        greys.append(to_grey(pygame.surfarray.array3d(surface), weights))
        masks.append((pygame.surfarray.array_alpha(surface) > 0).astype(np.uint8))
    tyre_grey = to_grey(pygame.surfarray.array3d(tyre), weights)
    tyre_mask = (pygame.surfarray.array_alpha(tyre) > 0).astype(np.uint8)
    if not continuous or not tyre_mask.any():
        tyre_grey = tyre_mask = np.zeros((0, 0), np.uint8)
    return np.stack(greys), np.stack(masks), tyre_grey, tyre_mask


def front_axle(scaling: float) -> int:
    """Where on the sprite's x axis the front tyres' middles are [px]."""
    return int((SQUARE - TYRE_LENGTH) * scaling)


def tyre_rows(scaling: float) -> tuple[int, int]:
    """Where on the sprite's y axis the tyres' middles are [px]."""
    return int((SQUARE / 2 - VEHICLE_WIDTH / 2) * scaling), int((SQUARE / 2 + VEHICLE_WIDTH / 2) * scaling)


def road_and_line_grey(weights: Sequence[float]) -> tuple[int, int]:
    """Grey values of the road's surface and of its lines."""
    road, line = to_grey(np.array([[ROAD_COLOUR, LINE_COLOUR]], np.uint8), weights)[0]
    return int(road), int(line)
