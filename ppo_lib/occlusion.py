"""Where an actor looks: hide a part of the image, and see how much its opinion changes."""

import numpy as np
import torch

from ppo_lib.encoders import ROAD_GREY
from ppo_lib.heads import probabilities


@torch.no_grad()
def occlusion_map(actor, obs, patch=8, stride=4, fill=ROAD_GREY) -> np.ndarray:
    """How much of its probability an actor moves to other actions when a part of the image is hidden.

    A square is painted over, in all images of the stack at once, and the actor is asked again. The answer is the total
    variation distance between the two policies,

        D(x) = ½ Σ_a |π(a | s) - π(a | s with the square x hidden)|,

    0 where nothing changes, 1 where every probability went to other actions. A pixel's value is the mean over all
    squares that cover it.

    What it shows is what the actor reacts to, not why. And a car that is hidden leaves an empty road behind, which is
    itself something to see: where a hidden square changes nothing, a car in that place may still change everything.

    Args:
        actor: observations (B, C, W, H) to a Categorical.
        obs: (C, W, H) uint8, one stack of images.
        patch: side of the square in pixels; at most W and H.
        stride: pixels between two squares.
        fill: the grey value painted over.

    Returns:
        (W, H) in [0, 1].

    Reference: Zeiler and Fergus 2014, section 4.2, arXiv:1311.2901, there with the probability of one class.
    """
    _, width, height = obs.shape
    corners = [(x, y) for x in _starts(width, patch, stride) for y in _starts(height, patch, stride)]
    hidden = np.repeat(obs[None], 1 + len(corners), axis=0)  # the first stays as it is
    for image, (x, y) in zip(hidden[1:], corners, strict=True):
        image[:, x : x + patch, y : y + patch] = fill
    probs = probabilities(actor(torch.as_tensor(hidden, device=next(actor.parameters()).device)))
    distances = (probs[1:] - probs[0]).abs().sum(1).cpu().numpy() / 2
    total, covered = np.zeros((2, width, height))
    for distance, (x, y) in zip(distances, corners, strict=True):
        total[x : x + patch, y : y + patch] += distance
        covered[x : x + patch, y : y + patch] += 1
    return total / covered


def _starts(length, patch, stride):
    """Where squares begin along one side: every `stride` pixels, the last one at the very end."""
    return sorted({*range(0, length - patch, stride), length - patch})
