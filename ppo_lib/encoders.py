"""Encoders: what the networks make of an observation before they decide. Chosen by name, one of ENCODERS."""

import math
from functools import partial

import numpy as np
import torch
from gymnasium import spaces
from torch import nn

from ppo_lib.errors import UsageError
from ppo_lib.normalization import ObservationNormalizer

# (output channels, kernel, stride) of each convolution: the two layers of Mnih et al. 2013, section 4.1
# (arXiv:1312.5602), and the three of Mnih et al. 2015. The small one is the default, because a CPU learns from it at
# two to three times the rate, and the road has less to show than an Atari game (`python -m ppo_lib benchmark` measures
# the two).
SMALL_CNN = ((16, 8, 4), (32, 4, 2))
NATURE_CNN = ((32, 8, 4), (64, 4, 2), (64, 3, 1))
# What the small images of highway-env are made of: a grey road, cars darker than it, and lane lines that are brighter
# by far and move with every step.
ROAD_GREY, CAR_GREY = 99, 59
LINE_SLOPE = 0.1
# The centres of the cells that a table of vehicles is spread over, in metres ahead of the ego vehicle and to its
# right, and how far apart they are: lanes are 4 m wide.
CELL_SIZE = 4.0
CELLS_AHEAD = (-20.0, 80.0)
CELLS_ASIDE = (-8.0, 8.0)
SPEED_SCALES = (10.0, 5.0)  # m/s, of usual differences in speed along the road and across it
VEHICLE_FEATURES = ["presence", "x", "y", "vx", "vy"]  # a row of such a table
SQRT_2 = math.sqrt(2)  # the gain that keeps a signal's size through a layer whose ReLU drops half of it


class ImageEncoder(nn.Module):
    """Strided convolutions and fully connected layers over uint8 images.

    Images travel and are stored as uint8, a quarter of float32, and become floats only here, on the device.

    Two things make it fast and change nothing in what it says: it leaves out the last pixels, which the strides do not
    reach, and it turns highway-env's (C, W, H) into (C, H, W), because CPUs convolve fastest along long rows. So the
    weights of a convolution are (out, in, height, width).

    Args:
        observation_space: a Box of uint8 (C, W, H).
        conv_layers, hidden_sizes: as for the Actor.
        scale: bytes to the floats that are convolved, element by element: one of SCALES.
    """

    def __init__(self, observation_space, conv_layers=SMALL_CNN, hidden_sizes=(128,), scale=None):
        super().__init__()
        _check_images(observation_space, conv_layers)
        self.obs_shape, self.scale = observation_space.shape, scale or contrast
        channels, *sides = self.obs_shape
        sides = [_length_after(side, conv_layers) for side in sides]
        self.reached = [_length_before(side, conv_layers) for side in sides]
        self.conv = nn.Sequential()
        for out_channels, kernel, stride in conv_layers:
            self.conv.extend([_conv(channels, out_channels, kernel, stride), _relu()])
            channels = out_channels
        self.hidden, self.width = _mlp(channels * math.prod(sides), hidden_sizes, _relu)
        # Channels-last is the layout in which CPUs convolve fastest; the values are the same.
        self.conv.to(memory_format=torch.channels_last)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """(B, C, W, H) uint8 to (B, hidden_sizes[-1])."""
        if obs.shape[1:] != self.obs_shape:
            raise UsageError(f"this network takes images of shape {self.obs_shape}, got {tuple(obs.shape[1:])}")
        width, height = self.reached
        images = obs[:, :, :width, :height].transpose(2, 3)  # (B, C, height, width)
        return self.hidden(self.conv(self.scale(images)).flatten(1))

    @property
    def recipe(self) -> dict:
        """As in ImageRecipe."""
        convolutions = [layer for layer in self.conv if isinstance(layer, nn.Conv2d)]
        return {
            "kind": next((name for name, scale in SCALES.items() if scale is self.scale), None),
            "obs_shape": list(self.obs_shape),
            "obs_dtype": "uint8",
            "conv_layers": [[layer.out_channels, layer.kernel_size[0], layer.stride[0]] for layer in convolutions],
            "hidden_sizes": _hidden_sizes(self.hidden),
        }


def contrast(images: torch.Tensor) -> torch.Tensor:
    """Grey bytes of highway-env to float32: 0 where the road is, 1 where a car is, at least -0.4 where a line is.

    A leaky ReLU of the contrast with the road. With pixels merely divided by 255 the empty road is the strongest
    signal, lane lines the next, and cars drown (`results/README.md` shows what that costs).
    """
    darkness = _floats(images).sub_(ROAD_GREY).mul_(1 / (CAR_GREY - ROAD_GREY))
    return nn.functional.leaky_relu(darkness, LINE_SLOPE, inplace=True)


def unit_scale(images: torch.Tensor) -> torch.Tensor:
    """Bytes to float32 from 0 to 1."""
    return _floats(images).div_(255)


SCALES = {"road_images": contrast, "images": unit_scale}


class VehicleEncoder(nn.Module):
    """A table of vehicles spread over a grid of the road around the ego vehicle, and fully connected layers behind.

    Each vehicle adds (1, vx, vy) to the four cells around it, the nearer the more (bilinearly), so nothing depends on
    the order of the rows, and nothing is lost to rounding as it would be in a grid of zeros and ones. From the bare
    numbers a network must first learn what "beside me" means (`results/README.md` shows what that costs).

    It takes highway-env's Kinematics rows (presence, x, y, vx, vy) in metres and m/s, the ego vehicle in the first,
    the others relative to it: `highway_config("kinematics")`.

    Args:
        observation_space: a Box of floats (V, 5), V at least 2.
        hidden_sizes: as for the Actor.
    """

    def __init__(self, observation_space, hidden_sizes=(128, 128)):
        super().__init__()
        shape, dtype = self.obs_shape, self.obs_dtype = observation_space.shape, observation_space.dtype.name
        if len(shape) != 2 or shape[0] < 2 or shape[1] != len(VEHICLE_FEATURES) or not dtype.startswith("float"):
            raise UsageError(f"encoder 'vehicles' takes tables of floats (V, 5), V at least 2, got {dtype} {shape}")
        self.register_buffer("ahead", _centres(*CELLS_AHEAD), persistent=False)
        self.register_buffer("aside", _centres(*CELLS_ASIDE), persistent=False)
        self.register_buffer("scales", torch.tensor([1.0, *SPEED_SCALES], device="cpu"), persistent=False)
        inputs = len(self.ahead) * len(self.aside) * 3 + 3
        self.hidden, self.width = _mlp(inputs, hidden_sizes, _relu)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """(B, V, 5) to (B, hidden_sizes[-1])."""
        return self.hidden(torch.cat([self.grid(obs).flatten(1), self._ego(obs)], -1))

    def grid(self, obs: torch.Tensor) -> torch.Tensor:
        """(B, V, 5) to (B, cells ahead, cells aside, 3): how much of a vehicle is in a cell, and how it moves."""
        others = obs[:, 1:].float()
        presence, x, y = others[..., :1], others[..., 1:2], others[..., 2:3]
        near_ahead = (1 - (x - self.ahead).abs() / CELL_SIZE).clamp(min=0) * presence  # (B, V - 1, cells ahead)
        near_aside = (1 - (y - self.aside).abs() / CELL_SIZE).clamp(min=0)
        carried = torch.cat([presence, others[..., 3:]], -1) / self.scales
        by_lane = (near_aside[..., None] * carried[..., None, :]).flatten(2)
        cells = near_ahead.transpose(1, 2) @ by_lane
        return cells.unflatten(2, (len(self.aside), -1))

    def _ego(self, obs):
        """(B, 3) the ego vehicle's own place across the road and its speed, in units of a lane and a gear's step."""
        _, _, y, vx, vy = obs[:, 0].float().unbind(-1)
        return torch.stack([y / 4, (vx - 25) / 5, vy / SPEED_SCALES[1]], -1)

    @property
    def recipe(self) -> dict:
        """As in TableRecipe."""
        return _table_recipe(self, "vehicles")


class FeatureEncoder(nn.Module):
    """Fully connected layers over flattened features.

    Args:
        observation_space: any Box.
        hidden_sizes: as for the Actor.
        normalize: put an ObservationNormalizer in front.
    """

    def __init__(self, observation_space, hidden_sizes=(64, 64), normalize=False):
        super().__init__()
        self.obs_shape, self.obs_dtype = observation_space.shape, observation_space.dtype.name
        self.normalizer = ObservationNormalizer(self.obs_shape) if normalize else None
        self.hidden, self.width = _mlp(math.prod(self.obs_shape), hidden_sizes, nn.Tanh)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """(B, *obs_shape) to (B, hidden_sizes[-1])."""
        obs = obs if self.normalizer is None else self.normalizer(obs)
        return self.hidden(obs.flatten(1).float())

    @property
    def recipe(self) -> dict:
        """As in TableRecipe."""
        return _table_recipe(self, "features") | ({"normalized": True} if self.normalizer else {})


ENCODERS = {
    **{name: partial(ImageEncoder, scale=scale) for name, scale in SCALES.items()},
    "vehicles": VehicleEncoder,
    "features": FeatureEncoder,
}


def encoder_for(observation_space, config=None) -> str:
    """The name of the encoder that suits what highway-env shows.

    Args:
        observation_space: of one environment.
        config: highway-env's configuration dictionary, in full or in part; None for any other environment.

    Returns "road_images" for grey images, whatever the weights of red, green and blue, as long as they add up to 1;
    "vehicles" for tables in metres relative to the ego vehicle; else what the space alone says: "images" for uint8
    (C, W, H), and "features".
    """
    seen = (config or {}).get("observation", {})
    shape, dtype = observation_space.shape, observation_space.dtype  # a wrapper may have changed them
    is_image = dtype == np.uint8 and len(shape) == 3
    if is_image and seen.get("type") == "GrayscaleObservation" and abs(sum(seen["weights"]) - 1) < 0.01:
        return "road_images"
    in_metres = not seen.get("normalize", True) and not seen.get("absolute", False)
    in_order = (seen.get("features") or VEHICLE_FEATURES) == VEHICLE_FEATURES
    is_table = dtype.kind == "f" and len(shape) == 2 and shape[0] > 1 and shape[1] == len(VEHICLE_FEATURES)
    if is_table and seen.get("type") == "Kinematics" and in_metres and in_order:
        return "vehicles"
    return "images" if is_image else "features"


def make_encoder(observation_space, conv_layers=SMALL_CNN, hidden_sizes=None, name=None, normalize=False) -> nn.Module:
    """The encoder of that name; its `width` is the number of features that it gives. Arguments as for the Actor."""
    if not isinstance(observation_space, spaces.Box):
        raise UsageError(f"observations must be a Box, got {observation_space}; wrap the environment to flatten them")
    name = name or encoder_for(observation_space)
    if name not in ENCODERS:
        raise UsageError(f"unknown encoder {name!r}; choose one of {', '.join(ENCODERS)}")
    options = {"conv_layers": conv_layers} if name in SCALES else {}
    if hidden_sizes is not None:
        options["hidden_sizes"] = hidden_sizes
    if normalize and name != "features":
        raise UsageError(
            f"observations cannot be normalised for the encoder {name!r}, which scales them itself; leave "
            "normalize_observations (normalize) off, or take the encoder 'features'"
        )
    if normalize:
        options["normalize"] = True
    return ENCODERS[name](observation_space, **options)


def linear(inputs, outputs, gain=SQRT_2) -> nn.Linear:
    """A fully connected layer with orthogonal weights."""
    return orthogonal(nn.Linear(inputs, outputs), gain)


def orthogonal(layer, gain) -> nn.Module:
    """`layer` with orthogonal weights scaled by `gain` and zero biases (Saxe et al. 2014, arXiv:1312.6120)."""
    if not layer.weight.is_meta:  # only a description of a layer: nothing to compute
        nn.init.orthogonal_(layer.weight, gain)
        nn.init.zeros_(layer.bias)
    return layer


def _mlp(width, hidden_sizes, activation):
    """(fully connected layers, the width of what they give)."""
    layers = nn.Sequential()
    for hidden in hidden_sizes:
        layers.extend([linear(width, hidden), activation()])
        width = hidden
    return layers, width


def _conv(inputs, outputs, kernel, stride):
    return orthogonal(nn.Conv2d(inputs, outputs, kernel, stride), SQRT_2)


def _relu():
    return nn.ReLU(inplace=True)


def _floats(images):
    """A copy in float32, in the memory layout that convolutions want."""
    return images.to(torch.float32, memory_format=torch.channels_last, copy=True)


def _table_recipe(encoder, kind):
    return {
        "kind": kind,
        "obs_shape": list(encoder.obs_shape),
        "obs_dtype": encoder.obs_dtype,
        "hidden_sizes": _hidden_sizes(encoder.hidden),
    }


def _hidden_sizes(layers):
    return [layer.out_features for layer in layers if isinstance(layer, nn.Linear)]


def _centres(first, last):
    return torch.arange(first, last + CELL_SIZE / 2, CELL_SIZE, device="cpu")


def _check_images(observation_space, conv_layers):
    """Refuse what is no (C, W, H) uint8 image, or too small to convolve."""
    shape = observation_space.shape
    if observation_space.dtype != np.uint8 or len(shape) != 3:
        raise UsageError(f"images must be uint8 (C, W, H), got {observation_space.dtype.name} {shape}")
    if shape[-1] in (1, 3, 4) and shape[0] >= 8:
        raise UsageError(f"images must be (C, W, H), got {shape}: transpose them, so that the channels come first")
    if min(_length_after(side, conv_layers) for side in shape[1:]) < 1:
        raise UsageError(
            f"the convolutional network cannot take images of shape {shape}: it takes (C, W, H) with W and H at least "
            f"{_length_before(1, conv_layers)}"
        )


def _length_after(length, conv_layers) -> int:
    """How many pixels a side has after the convolutions; below 1 where it is too short for them."""
    for _, kernel, stride in conv_layers:
        length = (length - kernel) // stride + 1
    return length


def _length_before(length, conv_layers) -> int:
    """The shortest side of which the convolutions leave `length` pixels: all that they look at."""
    for _, kernel, stride in reversed(conv_layers):
        length = (length - 1) * stride + kernel
    return length
