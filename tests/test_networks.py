import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete
from torch import nn

from ppo_lib.errors import UsageError
from ppo_lib.networks import NATURE_CNN, Actor, Critic, network_from_recipe

IMAGES = Box(0, 255, (4, 96, 32), np.uint8)
FEATURES = Box(-1, 1, (10, 5), np.float32)


def some(space, count=6):
    space.seed(0)
    return torch.as_tensor(np.stack([space.sample() for _ in range(count)]))


@pytest.mark.parametrize("space", [IMAGES, FEATURES], ids=["images", "features"])
def test_shapes(space):
    policy = Actor(space, Discrete(5))(some(space))
    assert policy.probs.shape == (6, 5)
    torch.testing.assert_close(policy.probs.sum(-1), torch.ones(6))
    assert Critic(space)(some(space)).shape == (6,)


@pytest.mark.parametrize("space", [IMAGES, FEATURES], ids=["images", "features"])
def test_the_first_policy_is_nearly_uniform(space):
    torch.testing.assert_close(
        Actor(space, Discrete(5))(some(space)).probs, torch.full((6, 5), 0.2), atol=0.01, rtol=0
    )


def test_the_image_encoder_is_the_plain_convolution_of_pixels_in_0_1():
    torch.manual_seed(0)
    actor = Actor(IMAGES, Discrete(5))
    images = some(IMAGES)
    x = images.numpy().astype(np.float32) / 255
    x = torch.as_tensor(x).contiguous()
    conv = [layer for layer in actor.encoder.conv if isinstance(layer, nn.Conv2d)]
    for layer in conv:
        x = torch.relu(torch.nn.functional.conv2d(x, layer.weight.contiguous(), layer.bias, layer.stride))
    linear = actor.encoder.hidden[0]
    x = torch.relu(x.reshape(6, -1) @ linear.weight.T + linear.bias)
    torch.testing.assert_close(actor.encoder(images), x, atol=1e-5, rtol=1e-4)
    logits = x @ actor.head.weight.T + actor.head.bias
    torch.testing.assert_close(actor(images).probs, logits.softmax(-1))


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


@pytest.mark.parametrize("network", [Actor(IMAGES, Discrete(3), NATURE_CNN[:1], (7, 8)), Critic(FEATURES)])
def test_a_recipe_builds_the_same_architecture(network):
    copy = network_from_recipe(network.recipe)
    assert type(copy) is type(network)
    copy.load_state_dict(network.state_dict())
    space = IMAGES if isinstance(network, Actor) else FEATURES
    mine, theirs = network(some(space)), copy(some(space))
    if isinstance(network, Actor):
        mine, theirs = mine.probs, theirs.probs
    torch.testing.assert_close(mine, theirs)


def test_an_image_too_small_is_refused_with_the_smallest_that_fits():
    Actor(Box(0, 255, (4, 20, 20), np.uint8), Discrete(5))
    with pytest.raises(UsageError, match=r"\(4, 19, 20\).*at least 20"):
        Actor(Box(0, 255, (4, 19, 20), np.uint8), Discrete(5))


@pytest.mark.parametrize("action_space", [Box(-1, 1, (2,)), Discrete(3, start=1)])
def test_other_actions_are_refused(action_space):
    with pytest.raises(UsageError, match="only Discrete"):
        Actor(FEATURES, action_space)


def test_other_observations_are_refused():
    with pytest.raises(UsageError, match="must be a Box"):
        Critic(Dict({"speed": FEATURES}))
