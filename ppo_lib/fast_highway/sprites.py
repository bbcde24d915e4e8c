"""The vehicles' pictures, drawn once by pygame at start-up, then kept as grey values and a mask.

Mirrors ``VehicleGraphics.display`` (vehicle/graphics.py): a body with two headlights and an outline, in the middle of
a transparent square that is a little longer than the vehicle. Only surfaces are used, so no screen is needed.
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
COLOURS = {"ego": (50, 200, 0), "other": (100, 200, 255), "crashed": (255, 100, 100)}
EGO_SPRITE, OTHER_SPRITE, CRASHED_SPRITE = range(3)
OUTLINE = (60, 60, 60)
ROAD_COLOUR, LINE_COLOUR = (100, 100, 100), (255, 255, 255)
BRIGHTENING = 0.68  # a headlight's colour is the body's divided by this


def to_grey(pixels: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """(W, H) uint8 of (W, H, 3) colours, as ``GrayscaleObservation`` computes it: truncated, so 100 may become 99."""
    return np.dot(pixels, weights).clip(0, 255).astype(np.uint8)


def draw_sprites(scaling: float, weights: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Draw the ego vehicle, another one and a crashed one, at `scaling` pixels per metre, heading along x.

    Returns:
        grey: (3, S, S) uint8, indexed [sprite, x, y].
        mask: (3, S, S) bool, where the sprite covers the road.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import pygame

    def pixels(metres: float) -> int:
        return int(metres * scaling)

    middle = SQUARE / 2
    body = (pixels(MARGIN), pixels(middle - VEHICLE_WIDTH / 2), pixels(VEHICLE_LENGTH), pixels(VEHICLE_WIDTH))
    front = pixels(MARGIN + VEHICLE_LENGTH - HEADLIGHT_LENGTH)
    sides = (middle - 1.4 * VEHICLE_WIDTH / 3, middle + 0.6 * VEHICLE_WIDTH / 5)
    greys, masks = [], []
    for colour in COLOURS.values():
        surface = pygame.Surface((pixels(SQUARE), pixels(SQUARE)), flags=pygame.SRCALPHA)
        bright = tuple(min(int(part / BRIGHTENING), 255) for part in colour)
        pygame.draw.rect(surface, colour, body)
        for side in sides:
            headlight = (front, pixels(side), pixels(HEADLIGHT_LENGTH), pixels(HEADLIGHT_WIDTH))
            pygame.draw.rect(surface, bright, headlight)
        pygame.draw.rect(surface, OUTLINE, body, 1)
        greys.append(to_grey(pygame.surfarray.array3d(surface), weights))
        masks.append(pygame.surfarray.array_alpha(surface) > 0)
    return np.stack(greys), np.stack(masks)


def road_and_line_grey(weights: Sequence[float]) -> tuple[int, int]:
    """Grey values of the road's surface and of its lines."""
    road, line = to_grey(np.array([[ROAD_COLOUR, LINE_COLOUR]], np.uint8), weights)[0]
    return int(road), int(line)
