"""What an actor says of actions: the last layer, features to a distribution over the actions of a space.

The space decides: Discrete(n) gets a categorical distribution, MultiDiscrete and MultiBinary get one for each of their
numbers, and a Box gets a Gaussian. Whichever it is, its `log_prob` and `entropy` are one number for each state, summed
over the numbers that an action consists of: they are drawn independently of each other.
"""

import math

import numpy as np
import torch
from gymnasium import spaces
from torch import nn
from torch.distributions import Categorical, Distribution, Independent, Normal

from ppo_lib.encoders import linear, orthogonal
from ppo_lib.errors import UsageError

# A last layer this small makes the first policy almost the same in every state, and nearly uniform where it is
# categorical (Andrychowicz et al. 2021, section 3.2, arXiv:2006.05990). The standard deviation at the start is half of
# what the Box leaves to either side of its middle: wide enough to try all of it, and most draws lie inside.
GAIN = 0.01
INITIAL_STD = 0.5


class CategoricalHead(nn.Linear):
    """The head for Discrete(n): features to the logits of n actions."""

    def __init__(self, width, num_actions):
        super().__init__(width, num_actions)
        orthogonal(self, gain=GAIN)

    def forward(self, features: torch.Tensor) -> Categorical:
        """(B, width) to a distribution whose .probs are (B, num_actions)."""
        return Categorical(logits=super().forward(features), validate_args=False)

    @property
    def recipe(self) -> dict:
        """As in DiscreteRecipe."""
        return {"type": "discrete", "n": self.out_features}


class MultiCategoricalHead(nn.Linear):
    """The head for MultiDiscrete and MultiBinary: a categorical distribution for each number of an action.

    Args:
        width: of the features.
        choices: array of any shape, that of an action: how many values each of its numbers can have.
        binary: whether the space is a MultiBinary, which gives the same as choices of 2.
    """

    def __init__(self, width, choices, binary=False):
        super().__init__(width, int(np.sum(choices)))
        self.shape, self.choices, self.binary = np.shape(choices), tuple(map(int, np.ravel(choices))), binary
        orthogonal(self, gain=GAIN)

    def forward(self, features: torch.Tensor) -> Independent:
        """(B, width) to a distribution over actions (B, *shape) of whole numbers."""
        logits = super().forward(features)
        # All in one table, as wide as the number with the most values; what others lack is impossible.
        widest = max(self.choices)
        parts = logits.split(self.choices, -1)
        rows = [nn.functional.pad(part, (0, widest - part.shape[-1]), value=-math.inf) for part in parts]
        table = torch.stack(rows, -2).unflatten(-2, self.shape)
        return Independent(Categorical(logits=table, validate_args=False), len(self.shape), validate_args=False)

    def extra_repr(self) -> str:
        """What tells one such head from another."""
        return f"{super().extra_repr()}, shape={self.shape}, choices={self.choices}, binary={self.binary}"

    @property
    def recipe(self) -> dict:
        """As in MultiBinaryRecipe or MultiDiscreteRecipe."""
        shape = list(self.shape)
        if self.binary:
            return {"type": "multi_binary", "shape": shape}
        return {"type": "multi_discrete", "shape": shape, "choices": list(self.choices)}


class GaussianHead(nn.Module):
    """The head for a Box: a Gaussian whose mean depends on the state, and whose standard deviation does not.

        mean = middle + half · (W x + b)        std = half · exp(log_std)

    with the middle of the Box and half its width for each number of an action: what is learned is of the same size
    whatever the units of the Box are. Actions are drawn from the whole Gaussian, and so may lie outside the Box: see
    sampling.to_environment.

    Args:
        width: of the features.
        low, high: arrays of an action's shape, the bounds of the Box, all finite.
        dtype: name of the Box's type, as the recipe has it.
    """

    def __init__(self, width, low, high, dtype="float32"):
        super().__init__()
        self.shape, self.dtype = np.shape(low), dtype
        self.low, self.high = (tuple(float(bound) for bound in np.ravel(bounds)) for bounds in (low, high))
        self.output = linear(width, len(self.low), gain=GAIN)
        self.log_std = nn.Parameter(torch.full((len(self.low),), math.log(INITIAL_STD)))

    def forward(self, features: torch.Tensor) -> Independent:
        """(B, width) to a distribution over actions (B, *shape), in the units of the Box."""
        low, high = features.new_tensor(self.low), features.new_tensor(self.high)
        middle, half = low / 2 + high / 2, high / 2 - low / 2
        mean = middle + half * self.output(features)
        std = (half * self.log_std.exp()).expand_as(mean)
        mean, std = (x.reshape(len(features), *self.shape) for x in (mean, std))
        return Independent(Normal(mean, std, validate_args=False), len(self.shape), validate_args=False)

    def extra_repr(self) -> str:
        """What tells one such head from another."""
        return f"shape={self.shape}, low={self.low}, high={self.high}, dtype={self.dtype}"

    @property
    def recipe(self) -> dict:
        """As in BoxRecipe."""
        bounds = {"low": list(self.low), "high": list(self.high)}
        return {"type": "box", "shape": list(self.shape), **bounds, "dtype": self.dtype}


def make_head(action_space, width) -> nn.Module:
    """The last layer of an actor: `width` features to a distribution over the actions of a space.

    Raises UsageError for a space that no head is for.
    """
    if isinstance(action_space, spaces.Discrete) and action_space.start == 0:
        return CategoricalHead(width, int(action_space.n))
    if isinstance(action_space, spaces.MultiDiscrete) and not np.any(action_space.start):
        return MultiCategoricalHead(width, action_space.nvec)
    if isinstance(action_space, spaces.MultiBinary):
        return MultiCategoricalHead(width, np.full(action_space.shape, 2), binary=True)
    if isinstance(action_space, spaces.Box):
        return _gaussian_head(action_space, width)
    raise UsageError(
        "actions must be Discrete(n), MultiDiscrete (both counted from 0), MultiBinary or a Box of decimal numbers, "
        f"got {action_space}"
    )


def _gaussian_head(space, width):
    if not np.issubdtype(space.dtype, np.floating):
        raise UsageError(f"a Box of actions must hold decimal numbers, got {space}; for whole ones take MultiDiscrete")
    if not (np.isfinite(space.low).all() and np.isfinite(space.high).all() and (space.low < space.high).all()):
        raise UsageError(
            f"the actions' bounds must be finite, each low below its high, got {space}; give the environment bounds, "
            "for instance by gymnasium.wrappers.RescaleAction"
        )
    if not space.shape or not math.prod(space.shape):
        raise UsageError(f"an action must be an array of at least one number, got {space}")
    return GaussianHead(width, space.low, space.high, space.dtype.name)


def probabilities(policy: Distribution) -> torch.Tensor:
    """(B, A) of a distribution over Discrete(A) actions. Raises UsageError for any other, which has no such list."""
    if not isinstance(policy, Categorical):
        raise UsageError("this needs an actor of Discrete actions, each of which has a probability")
    return policy.probs
