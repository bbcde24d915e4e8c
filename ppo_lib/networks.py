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
SQRT_2 = math.sqrt(2)  # the gain that keeps a signal's size through a layer whose ReLU drops half of it


class Actor(nn.Module):
    """The policy π(a|s): observations to a distribution over actions.

    Args:
        observation_space: a Box; uint8 images (C, W, H) get a convolutional encoder, all else is flattened.
        action_space: Discrete(n).
        conv_layers: (channels, kernel, stride) of each convolution; images only.
        hidden_sizes: widths of the fully connected layers behind it; None means (128,) for images, (64, 64) otherwise.

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

    Images travel and are stored as uint8, a quarter of float32, and become floats in [0, 1] only here, on the device.
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
        pixels = obs.to(torch.float32, memory_format=torch.channels_last)
        first, *rest = self.conv
        # Convolution is linear: dividing its few weights by 255 is cheaper than dividing every pixel.
        features = nn.functional.conv2d(pixels, first.weight / 255, first.bias, first.stride)
        for layer in rest:
            features = layer(features)
        return self.hidden(features.flatten(1))


class FeatureEncoder(nn.Module):
    """Fully connected layers over flattened features."""

    def __init__(self, obs_shape, hidden_sizes):
        super().__init__()
        self.hidden = _mlp(math.prod(obs_shape), hidden_sizes, nn.Tanh)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """(B, *obs_shape) to (B, hidden_sizes[-1])."""
        return self.hidden(obs.flatten(1).float())


def _make_encoder(observation_space, conv_layers, hidden_sizes):
    """The encoder for an observation space and the width of what it gives."""
    if not isinstance(observation_space, spaces.Box):
        raise UsageError(f"observations must be a Box, got {observation_space}; wrap the environment to flatten them")
    if observation_space.dtype == np.uint8 and len(observation_space.shape) == 3:
        hidden_sizes = hidden_sizes or (128,)
        return ImageEncoder(observation_space.shape, conv_layers, hidden_sizes), hidden_sizes[-1]
    hidden_sizes = hidden_sizes or (64, 64)
    return FeatureEncoder(observation_space.shape, hidden_sizes), hidden_sizes[-1]


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


def _smallest_image(conv_layers) -> int:
    """The shortest side that leaves one pixel after the last convolution."""
    length = 1
    for _, kernel, stride in reversed(conv_layers):
        length = (length - 1) * stride + kernel
    return length
