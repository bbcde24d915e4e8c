"""The two networks: an actor that gives action probabilities and a critic that gives state values."""

import math

import numpy as np
import torch
from gymnasium import spaces
from torch import nn
from torch.distributions import Categorical

from ppo_lib.errors import UsageError

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
SQRT_2 = math.sqrt(2)  # the gain that keeps a signal's size through a layer whose ReLU drops half of it


class Actor(nn.Module):
    """The policy π(a|s): observations to a distribution over actions.

    Args:
        observation_space: a Box; uint8 images (C, W, H) get an ImageEncoder, tables of vehicles (V, 5) a
            VehicleEncoder, all else is flattened for a FeatureEncoder.
        action_space: Discrete(n).
        conv_layers: (channels, kernel, stride) of each convolution; images only.
        hidden_sizes: widths of the fully connected layers behind it; None means the encoder's own (see HIDDEN_SIZES).

    Raises UsageError for spaces that it cannot take.
    """

    def __init__(self, observation_space, action_space, conv_layers=SMALL_CNN, hidden_sizes=None):
        super().__init__()
        num_actions = _num_actions(action_space)
        self.encoder, width = _make_encoder(observation_space, conv_layers, hidden_sizes)
        # A gain of 0.01 makes the first policy nearly uniform (Andrychowicz et al. 2021, section 3.2,
        # arXiv:2006.05990).
        self.head = _linear(width, num_actions, gain=0.01)
        self.recipe = _recipe(observation_space, conv_layers, hidden_sizes) | {"num_actions": num_actions}

    def forward(self, obs: torch.Tensor) -> Categorical:
        """(B, *obs_shape) to a distribution whose .probs are (B, num_actions)."""
        return Categorical(logits=self.head(self.encoder(obs)), validate_args=False)


class Critic(nn.Module):
    """The value function V(s): observations to the expected discounted return. Arguments as for the Actor."""

    def __init__(self, observation_space, conv_layers=SMALL_CNN, hidden_sizes=None):
        super().__init__()
        self.encoder, width = _make_encoder(observation_space, conv_layers, hidden_sizes)
        self.head = _linear(width, 1, gain=1.0)
        self.recipe = _recipe(observation_space, conv_layers, hidden_sizes)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """(B, *obs_shape) to (B,)."""
        return self.head(self.encoder(obs)).squeeze(-1)


def network_from_recipe(recipe: dict) -> Actor | Critic:
    """The network that `recipe` describes, with fresh weights: an Actor where it names num_actions, else a Critic.

    Every network carries its recipe, plain enough for JSON, so that a weights file can say what it belongs to.
    """
    dtype = np.dtype(recipe["obs_dtype"])
    low, high = (0, 255) if dtype == np.uint8 else (-np.inf, np.inf)
    observation_space = spaces.Box(low, high, tuple(recipe["obs_shape"]), dtype)
    conv_layers = tuple(tuple(layer) for layer in recipe["conv_layers"])
    hidden_sizes = recipe["hidden_sizes"] and tuple(recipe["hidden_sizes"])
    if "num_actions" in recipe:
        return Actor(observation_space, spaces.Discrete(recipe["num_actions"]), conv_layers, hidden_sizes)
    return Critic(observation_space, conv_layers, hidden_sizes)


class ImageEncoder(nn.Module):
    """Strided convolutions and fully connected layers over uint8 images.

    Images travel and are stored as uint8, a quarter of float32, and become floats only here, on the device. There the
    road becomes 0 and a car 1, and lines are dimmed (a leaky ReLU of the contrast). With pixels merely divided by 255
    the empty road is the strongest signal, lane lines the next, and cars drown.
    """

    def __init__(self, obs_shape, conv_layers, hidden_sizes):
        super().__init__()
        self.conv = nn.Sequential()
        channels, *size = obs_shape
        for out_channels, kernel, stride in conv_layers:
            self.conv.extend([_conv(channels, out_channels, kernel, stride), nn.ReLU()])
            channels, size = out_channels, [(length - kernel) // stride + 1 for length in size]
            if min(size) < 1:
                raise UsageError(
                    f"the convolutional network cannot take images of shape {tuple(obs_shape)}: it takes (C, W, H) "
                    f"with W and H at least {_smallest_image(conv_layers)}"
                )
        self.hidden = _mlp(channels * math.prod(size), hidden_sizes, nn.ReLU)
        # Channels-last is the layout in which CPUs convolve fastest; the values are the same.
        self.conv.to(memory_format=torch.channels_last)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """(B, C, W, H) uint8 to (B, hidden_sizes[-1])."""
        return self.hidden(self.conv(self.contrast(obs)).flatten(1))

    @staticmethod
    def contrast(obs: torch.Tensor) -> torch.Tensor:
        """(B, C, W, H) uint8 to float32: 0 where the road is, 1 where a car is, at least -0.4 where a line is."""
        pixels = obs.to(torch.float32, memory_format=torch.channels_last)
        darkness = (ROAD_GREY - pixels) / (ROAD_GREY - CAR_GREY)
        return nn.functional.leaky_relu(darkness, LINE_SLOPE, inplace=True)


class VehicleEncoder(nn.Module):
    """A table of vehicles spread over a grid of the road around the ego vehicle, and fully connected layers behind.

    Each vehicle adds (1, vx, vy) to the four cells around it, the nearer the more (bilinearly), so nothing depends on
    the order of the rows, and nothing is lost to rounding as it would be in a grid of zeros and ones. From the bare
    numbers a network must first learn what "beside me" means (`results/README.md` shows what that costs).

    It takes highway-env's Kinematics rows (presence, x, y, vx, vy) in metres and m/s, the ego vehicle in the first,
    the others relative to it: `highway_config("kinematics")`.
    """

    def __init__(self, obs_shape, hidden_sizes):
        super().__init__()
        self.register_buffer("ahead", _centres(*CELLS_AHEAD), persistent=False)
        self.register_buffer("aside", _centres(*CELLS_ASIDE), persistent=False)
        self.register_buffer("scales", torch.tensor([1.0, *SPEED_SCALES]), persistent=False)
        self.hidden = _mlp(len(self.ahead) * len(self.aside) * 3 + 3, hidden_sizes, nn.ReLU)

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


class FeatureEncoder(nn.Module):
    """Fully connected layers over flattened features."""

    def __init__(self, obs_shape, hidden_sizes):
        super().__init__()
        self.hidden = _mlp(math.prod(obs_shape), hidden_sizes, nn.Tanh)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """(B, *obs_shape) to (B, hidden_sizes[-1])."""
        return self.hidden(obs.flatten(1).float())


HIDDEN_SIZES = {ImageEncoder: (128,), VehicleEncoder: (128, 128), FeatureEncoder: (64, 64)}


def _make_encoder(observation_space, conv_layers, hidden_sizes):
    """The encoder for an observation space and the width of what it gives."""
    if not isinstance(observation_space, spaces.Box):
        raise UsageError(f"observations must be a Box, got {observation_space}; wrap the environment to flatten them")
    shape, is_bytes = observation_space.shape, observation_space.dtype == np.uint8
    if is_bytes and len(shape) == 3:
        hidden_sizes = hidden_sizes or HIDDEN_SIZES[ImageEncoder]
        return ImageEncoder(shape, conv_layers, hidden_sizes), hidden_sizes[-1]
    is_table = not is_bytes and len(shape) == 2 and shape[0] > 1 and shape[1] == 5
    encoder = VehicleEncoder if is_table else FeatureEncoder
    hidden_sizes = hidden_sizes or HIDDEN_SIZES[encoder]
    return encoder(shape, hidden_sizes), hidden_sizes[-1]


def _num_actions(action_space) -> int:
    if not isinstance(action_space, spaces.Discrete) or action_space.start != 0:
        raise UsageError(f"only Discrete(n) actions counted from 0 are supported so far, got {action_space}")
    return int(action_space.n)


def _recipe(observation_space, conv_layers, hidden_sizes) -> dict:
    return {
        "obs_shape": list(observation_space.shape),
        "obs_dtype": observation_space.dtype.name,
        "conv_layers": [list(layer) for layer in conv_layers],
        "hidden_sizes": hidden_sizes and list(hidden_sizes),
    }


def _mlp(width, hidden_sizes, activation) -> nn.Sequential:
    layers = nn.Sequential()
    for hidden in hidden_sizes:
        layers.extend([_linear(width, hidden), activation()])
        width = hidden
    return layers


def _linear(inputs, outputs, gain=SQRT_2):
    return _orthogonal(nn.Linear(inputs, outputs), gain)


def _conv(inputs, outputs, kernel, stride):
    return _orthogonal(nn.Conv2d(inputs, outputs, kernel, stride), SQRT_2)


def _orthogonal(layer, gain):
    """Orthogonal weights scaled by `gain`, zero biases (Saxe et al. 2014, arXiv:1312.6120)."""
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer


def _centres(first, last):
    return torch.arange(first, last + CELL_SIZE / 2, CELL_SIZE)


def _smallest_image(conv_layers) -> int:
    """The shortest side that leaves one pixel after the last convolution."""
    length = 1
    for _, kernel, stride in reversed(conv_layers):
        length = (length - 1) * stride + kernel
    return length
