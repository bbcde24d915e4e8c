"""The two networks: an actor that gives action probabilities and a critic that gives state values.

Each is an encoder, observations to features, and a head, features to what is asked for. Encoders are chosen by name,
the actor's head by the action space. `network.recipe` says all of it in plain values, and network_from_recipe builds
it again.
"""

import math
from typing import Annotated, Literal

import numpy as np
import torch
from gymnasium import spaces
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from torch import nn
from torch.distributions import Distribution

from ppo_lib.encoders import SMALL_CNN, linear, make_encoder
from ppo_lib.errors import UsageError
from ppo_lib.heads import make_head
from ppo_lib.threads import limit_threads

limit_threads()


class Actor(nn.Module):
    """The policy π(a|s): observations to a distribution over actions.

    Args:
        observation_space: a Box.
        action_space: Discrete, MultiDiscrete, MultiBinary or a Box with finite bounds, see make_head.
        conv_layers: (channels, kernel, stride) of each convolution; images only.
        hidden_sizes: widths of the fully connected layers behind it; None means the encoder's own.
        encoder: its name, one of ENCODERS; None means "images" for uint8 (C, W, H), else "features": a space does not
            say whether images show a road, or numbers are metres. encoder_for knows it from the configuration.
        normalize: put an ObservationNormalizer in front, "features" only. PPO teaches it what it sees where the
            configuration says normalize_observations; else it stays as it is.

    Raises UsageError for spaces that it cannot take.
    """

    def __init__(
        self, observation_space, action_space, conv_layers=SMALL_CNN, hidden_sizes=None, encoder=None, normalize=False
    ):
        super().__init__()
        self.encoder = make_encoder(observation_space, conv_layers, hidden_sizes, encoder, normalize)
        self.head = make_head(action_space, self.encoder.width)

    def forward(self, obs: torch.Tensor) -> Distribution:
        """(B, *obs_shape) to a distribution over actions; for Discrete(n), its .probs are (B, n)."""
        return self.head(self.encoder(obs))

    @property
    def recipe(self) -> dict | None:
        """What network_from_recipe needs to build this network; None where it was rebuilt by hand into another."""
        return _checked_recipe(self, {"network": "actor", "actions": getattr(self.head, "recipe", None)})


class Critic(nn.Module):
    """The value function V(s): observations to the expected discounted return. Arguments as for the Actor."""

    def __init__(self, observation_space, conv_layers=SMALL_CNN, hidden_sizes=None, encoder=None, normalize=False):
        super().__init__()
        self.encoder = make_encoder(observation_space, conv_layers, hidden_sizes, encoder, normalize)
        self.head = linear(self.encoder.width, 1, gain=1.0)

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """(B, *obs_shape) to (B,)."""
        return self.head(self.encoder(obs)).squeeze(-1)

    @property
    def recipe(self) -> dict | None:
        """As the Actor's."""
        return _checked_recipe(self, {"network": "critic"})


def network_from_recipe(recipe, weights_shapes: dict[str, tuple] | None = None) -> Actor | Critic:
    """The network that `recipe` describes.

    Every network carries its recipe, plain enough for JSON, so that a weights file can say what it belongs to. Such a
    file may come from anywhere: the recipe is checked as a whole, and with `weights_shapes` it costs no more memory
    than the file says it does.

    Args:
        recipe: as a network's `recipe`.
        weights_shapes: {name: shape} of the weights that will be loaded. The network then waits for them, all its
            weights 0; without them they are drawn anew.

    Raises UsageError for a recipe that describes no network, or one with other weights.
    """
    with torch.device("meta"):  # shapes without numbers
        network = _build(recipe)
    if weights_shapes is None:
        return _build(recipe)
    expected = network.state_dict()
    for name in sorted(expected.keys() | weights_shapes.keys(), key=str):
        ours = tuple(expected[name].shape) if name in expected else None
        theirs = tuple(weights_shapes[name]) if name in weights_shapes else None
        if ours != theirs:
            raise UsageError(f"the recipe says that {name} has shape {ours}, but the weights have {theirs}")
    network.load_state_dict({name: torch.zeros_like(w, device="cpu") for name, w in expected.items()}, assign=True)
    return network


def action_space(recipe: dict) -> spaces.Space:
    """The space that the part "actions" of an actor's checked recipe describes."""
    return ACTIONS.validate_python(recipe).space()


def _build(recipe):
    try:
        said = RECIPE.validate_python(recipe)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        what = ": ".join([".".join(map(str, first["loc"])), first["msg"]])
        raise UsageError(f"no recipe of a network: {ascii(what)[1:-1]:.200}") from None
    seen = said.encoder
    options = {
        "conv_layers": getattr(seen, "conv_layers", ()),
        "hidden_sizes": seen.hidden_sizes,
        "encoder": seen.kind,
        "normalize": getattr(seen, "normalized", False),
    }
    space = _Seen(seen.obs_shape, seen.obs_dtype)
    return Critic(space, **options) if said.network == "critic" else Actor(space, said.actions.space(), **options)


class _Seen(spaces.Box):
    """A Box of which only shape and type are known: bounds would take as much memory as observations."""

    def __init__(self, shape, dtype):
        spaces.Space.__init__(self, shape, dtype)


def _checked_recipe(network, parts):
    """The recipe of `network`, put together from what its parts say; None where that would build another network."""
    recipe = parts | {"encoder": getattr(network.encoder, "recipe", None)}
    try:
        with torch.device("meta"):
            rebuilt = _build(recipe)
    except UsageError:
        return None
    return recipe if _construction(rebuilt) == _construction(network) else None


def _construction(network):
    """All that a recipe must account for: each module's kind, settings and attributes, and the shapes of weights."""
    modules = [
        (name, type(module), module.extra_repr(), sorted(key for key in vars(module) if key[0] != "_"))
        for name, module in network.named_modules()
    ]
    weights = {name: (weight.shape, weight.dtype) for name, weight in network.state_dict().items()}
    constants = {name: buffer.tolist() for name, buffer in network.named_buffers() if name not in weights}
    return modules, weights, constants


def _countable(shape):
    """Refuse sizes whose product with others would no longer fit into 64 bits."""
    if math.prod(shape) > 2**24:
        raise ValueError("more than 16 million numbers")
    return shape


Size = Annotated[int, Field(ge=1, le=2**16)]
Sizes = Annotated[list[Size], Field(max_length=16)]
Shape = Annotated[list[Size], Field(max_length=8), AfterValidator(_countable)]
ActionShape = Annotated[list[Size], Field(min_length=1, max_length=4), AfterValidator(_countable)]
Bounds = Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], Field(min_length=1, max_length=2**12)]


class _Strict(BaseModel):
    """Nothing is converted and nothing is ignored: 5.0, "5" and True are no 5, and every key is known."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ImageRecipe(_Strict):
    """An ImageEncoder."""

    kind: Literal["road_images", "images"]
    obs_shape: Annotated[Shape, Field(min_length=3, max_length=3)]
    obs_dtype: Literal["uint8"]
    conv_layers: Annotated[list[Annotated[list[Size], Field(min_length=3, max_length=3)]], Field(max_length=16)]
    hidden_sizes: Sizes


class TableRecipe(_Strict):
    """A VehicleEncoder or a FeatureEncoder; only the latter may be normalized."""

    kind: Literal["vehicles", "features"]
    obs_shape: Shape
    obs_dtype: Annotated[str, Field(pattern=r"^(bool|(u?int|float)(8|16|32|64))$")]
    hidden_sizes: Sizes
    normalized: bool = False


class DiscreteRecipe(_Strict):
    """Discrete(n) actions."""

    type: Literal["discrete"]
    n: Size

    def space(self) -> spaces.Discrete:
        """The space that it describes."""
        return spaces.Discrete(self.n)


class MultiBinaryRecipe(_Strict):
    """MultiBinary actions of any shape."""

    type: Literal["multi_binary"]
    shape: ActionShape

    def space(self) -> spaces.MultiBinary:
        """The space that it describes."""
        return spaces.MultiBinary(self.shape if len(self.shape) > 1 else self.shape[0])


class MultiDiscreteRecipe(_Strict):
    """MultiDiscrete actions: so many choices for each number of an action, row by row."""

    type: Literal["multi_discrete"]
    shape: ActionShape
    choices: Annotated[list[Size], Field(min_length=1, max_length=2**12)]

    @model_validator(mode="after")
    def _fits(self):
        if math.prod(self.shape) != len(self.choices) or len(self.choices) * max(self.choices) > 2**20:
            raise ValueError("choices must fit the shape, and be no more than a million in all")
        return self

    def space(self) -> spaces.MultiDiscrete:
        """The space that it describes."""
        return spaces.MultiDiscrete(np.reshape(self.choices, self.shape))


class BoxRecipe(_Strict):
    """A Box of decimal numbers with finite bounds, row by row."""

    type: Literal["box"]
    shape: ActionShape
    low: Bounds
    high: Bounds
    dtype: Literal["float16", "float32", "float64"]

    @model_validator(mode="after")
    def _fits(self):
        with np.errstate(over="ignore"):  # too large a number becomes infinite, and is refused below
            low, high = (np.array(bounds, self.dtype) for bounds in (self.low, self.high))
        if not low.shape == high.shape == (math.prod(self.shape),) or not (low < high).all():
            raise ValueError("low and high must fit the shape, each low below its high")
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            raise ValueError(f"the bounds must be finite in {self.dtype}")
        return self

    def space(self) -> spaces.Box:
        """The space that it describes."""
        low, high = (np.array(bounds, self.dtype).reshape(self.shape) for bounds in (self.low, self.high))
        return spaces.Box(low, high, dtype=np.dtype(self.dtype).type)


Actions = Annotated[DiscreteRecipe | MultiDiscreteRecipe | MultiBinaryRecipe | BoxRecipe, Field(discriminator="type")]
ACTIONS = TypeAdapter(Actions)


class ActorRecipe(_Strict):
    """An Actor."""

    network: Literal["actor"]
    encoder: Annotated[ImageRecipe | TableRecipe, Field(discriminator="kind")]
    actions: Actions


class CriticRecipe(_Strict):
    """A Critic."""

    network: Literal["critic"]
    encoder: Annotated[ImageRecipe | TableRecipe, Field(discriminator="kind")]


RECIPE = TypeAdapter(Annotated[ActorRecipe | CriticRecipe, Field(discriminator="network")])
