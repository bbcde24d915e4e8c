import json
from copy import deepcopy

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ppo_lib.encoders import (
    ENCODERS,
    NATURE_CNN,
    SMALL_CNN,
    FeatureEncoder,
    ImageEncoder,
    contrast,
    encoder_for,
    unit_scale,
)
from ppo_lib.envs import highway_config, make_env
from ppo_lib.errors import UsageError
from ppo_lib.networks import Actor, Critic, network_from_recipe

IMAGES = Box(0, 255, (4, 96, 32), np.uint8)
FEATURES = Box(-1, 1, (10,), np.float32)
ROW = np.tile(np.float32([1, 30, 10, 5, 2]), (10, 1))
TABLES = Box(-ROW, ROW)
SPACES = {"road_images": IMAGES, "images": IMAGES, "vehicles": TABLES, "features": FEATURES}
EVERY_ENCODER = pytest.mark.parametrize("name", ENCODERS)


def some(space, count=6):
    space.seed(0)
    return torch.as_tensor(np.stack([space.sample() for _ in range(count)]))


def shapes(network):
    return {name: tuple(weight.shape) for name, weight in network.state_dict().items()}


@EVERY_ENCODER
def test_shapes(name):
    space = SPACES[name]
    policy = Actor(space, Discrete(5), encoder=name)(some(space))
    assert policy.probs.shape == (6, 5)
    torch.testing.assert_close(policy.probs.sum(-1), torch.ones(6))
    assert Critic(space, encoder=name)(some(space)).shape == (6,)


@EVERY_ENCODER
def test_the_first_policy_is_nearly_uniform(name):
    probs = Actor(SPACES[name], Discrete(5), encoder=name)(some(SPACES[name])).probs
    torch.testing.assert_close(probs, torch.full((6, 5), 0.2), atol=0.01, rtol=0)


@pytest.mark.parametrize("shape", [(4, 96, 32), (2, 96, 24), (3, 37, 61), (1, 20, 20)])
@pytest.mark.parametrize("name", ["road_images", "images"])
def test_the_image_encoder_is_the_plain_convolution_of_the_scaled_bytes(name, shape):
    """In double precision, on images as they come, with every pixel and the weights turned to (width, height)."""
    torch.manual_seed(0)
    space = Box(0, 255, shape, np.uint8)
    actor = Actor(space, Discrete(5), encoder=name)
    for bias in (parameter for name, parameter in actor.named_parameters() if name.endswith("bias")):
        nn.init.uniform_(bias)
    images = some(space)
    x = images.numpy().astype(np.float64)
    x = x / 255 if name == "images" else np.where(x < 99, (99 - x) / 40, (99 - x) / 400)
    x = torch.as_tensor(x)
    conv = [layer for layer in actor.encoder.conv if isinstance(layer, nn.Conv2d)]
    for layer in conv:
        turned = layer.weight.transpose(2, 3).double()
        x = torch.relu(torch.nn.functional.conv2d(x, turned, layer.bias.double(), layer.stride))
    linear, head = actor.encoder.hidden[0], actor.head
    x = torch.relu(x.transpose(2, 3).flatten(1) @ linear.weight.double().T + linear.bias.double())
    features = actor.encoder(images).double()
    assert (features - x).abs().max() < 1e-6 * x.abs().max()
    logits = x @ head.weight.double().T + head.bias.double()
    torch.testing.assert_close(actor(images).probs.double(), logits.softmax(-1), rtol=1e-5, atol=0)


def test_gradients_are_those_of_the_plain_convolution():
    torch.manual_seed(0)
    encoder, images = ImageEncoder(IMAGES), some(IMAGES)
    encoder(images).square().sum().backward()
    plain = deepcopy(encoder).double()
    plain.zero_grad()
    x = (99 - images.transpose(2, 3).double()) / 40
    x = nn.functional.leaky_relu(x, 0.1)
    for layer in (*plain.conv, nn.Flatten(), *plain.hidden):
        x = torch.relu(x) if isinstance(layer, nn.ReLU) else layer(x)
    x.square().sum().backward()
    for ours, theirs in zip(encoder.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours.grad.double(), theirs.grad, rtol=1e-4, atol=1e-5 * theirs.grad.abs().max())


def test_pixels_that_no_stride_reaches_are_left_out_and_no_others():
    encoder = ImageEncoder(Box(0, 255, (2, 96, 24), np.uint8), scale=unit_scale)
    images = torch.zeros(1, 2, 96, 24, dtype=torch.uint8)
    nothing = encoder(images)
    images[:, :, 92:], images[..., 20:] = 255, 255
    assert torch.equal(encoder(images), nothing)
    for corner in ((91, 19), (91, 0), (0, 19)):
        images[:, :, *corner] = 255
        assert not torch.equal(encoder(images), nothing)
        images[:, :, *corner] = 0


@pytest.mark.parametrize("scale", [contrast, unit_scale])
def test_the_images_stay_as_they_were(scale):
    images = some(IMAGES).float()
    before = images.clone()
    scale(images.contiguous(memory_format=torch.channels_last))
    scale(images)
    assert torch.equal(images, before)


def test_images_of_another_shape_are_refused():
    with pytest.raises(UsageError, match=r"takes images of shape \(4, 96, 32\), got \(4, 96, 36\)"):
        Critic(IMAGES)(torch.zeros(1, 4, 96, 36, dtype=torch.uint8))


def test_on_a_real_image_the_road_is_0_a_car_1_and_lines_are_dim():
    env = make_env("highway-fast-v0", highway_config())
    env.reset(seed=0)
    obs = env.step(1)[0]
    shown = contrast(torch.as_tensor(obs[None, -1:])).unique()
    torch.testing.assert_close(shown, torch.tensor([(99 - 254) / 40 / 10, 0.0, 1.0]))


def test_the_grid_of_vehicles_is_what_a_plain_loop_fills():
    encoder = Actor(TABLES, Discrete(5), encoder="vehicles").encoder
    obs = some(TABLES)
    obs[:, :, 0] = torch.tensor([1] * 7 + [0] * 3)
    expected = np.zeros((6, 26, 5, 3))
    for b, table in enumerate(obs.numpy()):
        for presence, x, y, vx, vy in table[1:]:
            for i, ahead in enumerate(range(-20, 81, 4)):
                for j, aside in enumerate(range(-8, 9, 4)):
                    share = presence * max(0, 1 - abs(x - ahead) / 4) * max(0, 1 - abs(y - aside) / 4)
                    expected[b, i, j] += share * np.array([1, vx / 10, vy / 5])
    np.testing.assert_allclose(encoder.grid(obs).numpy(), expected, atol=1e-5)


def test_a_vehicle_counts_once_wherever_it_is_and_the_order_of_vehicles_not_at_all():
    actor = Actor(TABLES, Discrete(5), encoder="vehicles")
    obs = torch.zeros(1, 10, 5)
    obs[0, :3, 0] = 1
    obs[0, 1:3, 1:] = torch.tensor([[13.7, -4.9, 2.0, 0.1], [-8.1, 3.3, -1.0, 0.0]])
    assert actor.encoder.grid(obs)[..., 0].sum() == pytest.approx(2)
    swapped = obs[:, [0, 2, 1, *range(3, 10)]]
    torch.testing.assert_close(actor(obs).probs, actor(swapped).probs)
    assert not torch.equal(actor(obs).probs, actor(obs[:, [1, 0, *range(2, 10)]]).probs)  # the first is the ego


def test_a_real_table_is_in_metres_and_the_first_row_is_the_ego_vehicle():
    env = make_env("highway-fast-v0", highway_config("kinematics"))
    obs, _ = env.reset(seed=0)
    ego, *others = env.unwrapped.road.vehicles
    nearest = min(others, key=lambda vehicle: abs(vehicle.position[0] - ego.position[0]))
    assert obs[0, 3] == pytest.approx(ego.speed)
    row = [1, *(nearest.position - ego.position), *(nearest.velocity - ego.velocity)]
    assert np.abs(obs - row).max(1).min() == pytest.approx(0, abs=1e-4)


def test_the_feature_encoder_is_two_layers_of_tanh():
    encoder, obs = FeatureEncoder(Box(-1, 1, (2, 5))), some(Box(-1, 1, (2, 5)))
    x = obs.reshape(6, 10)
    for layer in (encoder.hidden[0], encoder.hidden[2]):
        x = torch.tanh(x @ layer.weight.T + layer.bias)
    torch.testing.assert_close(encoder(obs), x)


def kinematics(**options):
    return {"observation": highway_config("kinematics")["observation"] | options}


@pytest.mark.parametrize(
    ("space", "config", "name"),
    [
        (IMAGES, None, "images"),
        (Box(0, 1, (4, 96, 32)), None, "features"),
        (Box(0, 255, (128,), np.uint8), None, "features"),
        (TABLES, None, "features"),
        (IMAGES, {}, "images"),
        (IMAGES, highway_config(), "road_images"),
        (IMAGES, {"observation": highway_config()["observation"] | {"weights": [1 / 3] * 3}}, "road_images"),
        (IMAGES, {"observation": highway_config()["observation"] | {"weights": [1, 1, 1]}}, "images"),
        (TABLES, kinematics(), "vehicles"),
        (TABLES, kinematics(features=["presence", "x", "y", "vx", "vy"]), "vehicles"),
        (TABLES, kinematics(features=["presence", "y", "x", "vx", "vy"]), "features"),
        (TABLES, kinematics(normalize=True), "features"),
        (TABLES, kinematics(absolute=True), "features"),
        (TABLES, {"observation": {"type": "Kinematics"}}, "features"),  # highway-env normalises unless told otherwise
        (Box(-1, 1, (1, 5)), kinematics(vehicles_count=1), "features"),
        (TABLES, {"observation": {"type": "OccupancyGrid", "normalize": False}}, "features"),
    ],
)
def test_the_configuration_names_the_encoder(space, config, name):
    assert encoder_for(space, config) == name
    Critic(space, encoder=name)  # which can take that space


@pytest.mark.parametrize("observation", ["grayscale", "kinematics"])
def test_the_full_configuration_of_a_real_environment_names_it_too(observation):
    env = make_env("highway-fast-v0", highway_config(observation))
    expected = {"grayscale": "road_images", "kinematics": "vehicles"}[observation]
    assert encoder_for(env.observation_space, env.unwrapped.config) == expected
    env = make_env("highway-fast-v0")
    assert encoder_for(env.observation_space, env.unwrapped.config) == "features"  # a table from -1 to 1


def test_initialisation_is_orthogonal_with_its_gains():
    actor, critic = Actor(FEATURES, Discrete(5)), Critic(FEATURES)
    for layer, gain in ((actor.head, 0.01), (critic.head, 1.0), (actor.encoder.hidden[0], 2**0.5)):
        rows = min(layer.weight.shape)
        gram = layer.weight @ layer.weight.T if layer.weight.shape[0] == rows else layer.weight.T @ layer.weight
        torch.testing.assert_close(gram, gain**2 * torch.eye(rows), atol=1e-5, rtol=0)
        assert not layer.bias.any()


def test_the_two_networks_share_nothing():
    actor, critic = Actor(IMAGES, Discrete(5)), Critic(IMAGES)
    shared = {p.data_ptr() for p in actor.parameters()} & {p.data_ptr() for p in critic.parameters()}
    assert not shared


EVERY_NETWORK = pytest.mark.parametrize(
    "network",
    [
        Actor(IMAGES, Discrete(3), NATURE_CNN[:1], (7, 8), "road_images"),
        Actor(IMAGES, Discrete(5)),
        Critic(IMAGES, encoder="features"),
        Critic(TABLES, hidden_sizes=(), encoder="vehicles"),
        Critic(Box(-1, 1, (3, 2), np.float64)),
    ],
    ids=["road images", "images", "bytes", "vehicles", "features"],
)


@EVERY_NETWORK
def test_a_recipe_builds_the_same_network(network):
    recipe = json.loads(json.dumps(network.recipe))
    for copy in (network_from_recipe(recipe), network_from_recipe(recipe, shapes(network))):
        assert str(copy) == str(network)
        assert copy.recipe == recipe
        copy.load_state_dict(network.state_dict())
        obs = some(Box(0, 255, network.encoder.obs_shape, np.uint8))
        mine, theirs = network(obs), copy(obs)
        if isinstance(network, Actor):
            mine, theirs = mine.probs, theirs.probs
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)
        assert all(p.requires_grad and p.device.type == "cpu" for p in copy.parameters())


def replace_scale(network):
    network.encoder.scale = lambda images: images.float()


def replace_encoder(network):
    network.encoder = nn.Sequential(nn.Flatten(), nn.Linear(10, 128))


def replace_activation(network):
    network.encoder.hidden[1] = nn.Tanh()


def replace_layer(network):
    network.encoder.conv[0] = nn.Conv2d(4, 16, 8, 4, padding=1)


def replace_method(network):
    network.encoder.forward = lambda obs: torch.zeros(len(obs), 128)


def replace_head(network):
    network.head = nn.Linear(128, 5)


def change_precision(network):
    network.double()


REPLACE = (replace_scale, replace_encoder, replace_activation, replace_layer, replace_method, replace_head)


@pytest.mark.parametrize("change", [*REPLACE, change_precision])
def test_a_network_rebuilt_by_hand_has_no_recipe(change):
    actor = Actor(IMAGES, Discrete(5))
    copy = deepcopy(actor)
    change(copy)
    assert copy.recipe is None
    assert actor.recipe is not None


def test_the_recipe_is_of_the_parts_there_are_now():
    """The encoder is exchanged for another known one: then that is what the recipe says."""
    actor = Actor(IMAGES, Discrete(5))
    actor.encoder.scale = contrast
    assert actor.recipe == Actor(IMAGES, Discrete(5), encoder="road_images").recipe
    actor.encoder = FeatureEncoder(FEATURES, (128,))
    assert actor.recipe == Actor(FEATURES, Discrete(5), hidden_sizes=(128,)).recipe


def test_a_changed_scale_of_the_grid_is_no_longer_the_encoder_of_vehicles():
    critic = Critic(TABLES, encoder="vehicles")
    critic.encoder.scales /= 2
    assert critic.recipe is None


def test_a_subclass_is_another_network():
    class Braver(Actor):
        pass

    assert Braver(FEATURES, Discrete(5)).recipe is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
RECIPES = [Actor(IMAGES, Discrete(5)).recipe, Critic(TABLES, encoder="vehicles").recipe, Critic(FEATURES).recipe]


def places(tree, path=()):
    """The path of every value in nested dictionaries and lists."""
    yield path
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from places(value, (*path, key))


def with_value(tree, path, value):
    """A copy of `tree` with another value at `path`."""
    if not path:
        return value
    copy = deepcopy(tree)
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return copy


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_recipe_is_refused_in_one_line_or_describes_a_network_of_those_weights(data):
    recipe = data.draw(st.sampled_from(RECIPES))
    path = data.draw(st.sampled_from(list(places(recipe))))
    damaged = with_value(recipe, path, data.draw(ANYTHING | st.sampled_from([2**16, 2**31, 2**63, 10**400])))
    declared = shapes(network_from_recipe(recipe))
    try:
        outcome = shapes(network_from_recipe(damaged, declared))
    except UsageError as error:
        outcome = str(error)
    assert outcome == declared or (len(outcome) < 400 and len(outcome.splitlines()) == 1)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("value", [True, 5.0, float("nan"), "5", None, [], {}, 0, -1, 2**64, "x\ny" * 999])
def test_every_single_value_is_checked(recipe, value):
    for path in places(recipe):
        shape_without_size = value == [] and path and path[-1] in ("obs_shape", "hidden_sizes", "conv_layers")
        if not shape_without_size:
            with pytest.raises(UsageError, match="no recipe"):
                network_from_recipe(with_value(recipe, path, value))


@pytest.mark.parametrize("recipe", RECIPES)
def test_unknown_and_missing_keys_are_refused(recipe):
    for path in places(recipe):
        here = recipe
        for key in path:
            here = here[key]
        if isinstance(here, dict):
            with pytest.raises(UsageError, match="extra"):
                network_from_recipe(with_value(recipe, path, here | {"extra": 1}))
            for key in here:
                with pytest.raises(UsageError, match="no recipe"):
                    network_from_recipe(with_value(recipe, path, {k: v for k, v in here.items() if k != key}))


HUGE = {"kind": "images", "obs_shape": [1, 4096, 4096], "obs_dtype": "uint8"}
TABLE = {"kind": "features", "obs_shape": [2**16, 2**8], "obs_dtype": "float64"}


@pytest.mark.parametrize(
    "encoder",
    [
        HUGE | {"conv_layers": [[65536, 4096, 1]], "hidden_sizes": [65536]},
        HUGE | {"conv_layers": [[65536, 1, 1]] * 16, "hidden_sizes": [65536] * 16},
        HUGE | {"conv_layers": [], "hidden_sizes": []},
        TABLE | {"hidden_sizes": [65536] * 16},
    ],
)
def test_a_huge_recipe_costs_nothing_where_the_weights_are_small(encoder, monkeypatch):
    def no_room(*_args, **_kwargs):
        raise AssertionError("memory was taken")

    monkeypatch.setattr(torch, "zeros_like", no_room)
    monkeypatch.setattr(nn.init, "orthogonal_", no_room)
    with pytest.raises(UsageError, match=r"has shape .*, but the weights have"):
        network_from_recipe({"network": "critic", "encoder": encoder}, {"head.weight": (1, 2**25)})


def test_weights_that_are_missing_or_too_many_are_refused():
    network = Critic(FEATURES)
    with pytest.raises(UsageError, match=r"head.bias has shape \(1,\), but the weights have None"):
        network_from_recipe(network.recipe, {k: v for k, v in shapes(network).items() if k != "head.bias"})
    with pytest.raises(UsageError, match=r"more has shape None, but the weights have \(1,\)"):
        network_from_recipe(network.recipe, shapes(network) | {"more": (1,)})


def test_an_image_too_small_is_refused_with_the_smallest_that_fits():
    Actor(Box(0, 255, (4, 20, 20), np.uint8), Discrete(5))
    with pytest.raises(UsageError, match=r"\(4, 19, 20\).*at least 20"):
        Actor(Box(0, 255, (4, 19, 20), np.uint8), Discrete(5))


@pytest.mark.parametrize("shape", [(96, 96, 3), (210, 160, 1), (84, 84, 4), (8, 96, 4)])
def test_images_with_the_channels_last_are_refused_with_a_hint(shape):
    with pytest.raises(UsageError, match="transpose them, so that the channels come first"):
        Critic(Box(0, 255, shape, np.uint8))


@pytest.mark.parametrize("shape", [(3, 96, 96), (4, 84, 84), (1, 40, 40)])
def test_images_with_the_channels_first_are_not(shape):
    assert isinstance(Critic(Box(0, 255, shape, np.uint8)).encoder, ImageEncoder)


def test_other_observations_are_refused():
    with pytest.raises(UsageError, match="must be a Box"):
        Critic(Dict({"speed": FEATURES}))


@pytest.mark.parametrize(
    ("space", "name", "match"),
    [
        (FEATURES, "pixels", "unknown encoder 'pixels'; choose one of road_images, images, vehicles, features"),
        (FEATURES, "road_images", "must be uint8"),
        (Box(0, 255, (96, 24), np.uint8), "images", "must be uint8"),
        (Box(0, 1, (2, 96, 24)), "images", "must be uint8"),
        (FEATURES, "vehicles", "takes tables"),
        (Box(-1, 1, (1, 5)), "vehicles", "takes tables"),
        (Box(-1, 1, (10, 7)), "vehicles", "takes tables"),
        (Box(0, 255, (10, 5), np.uint8), "vehicles", "takes tables"),
    ],
)
def test_an_encoder_that_cannot_take_the_space_is_refused(space, name, match):
    with pytest.raises(UsageError, match=match):
        Critic(space, SMALL_CNN, encoder=name)
