import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Dict, Discrete
from torch import nn

from ppo_lib.envs import highway_config, make_env
from ppo_lib.errors import UsageError
from ppo_lib.networks import NATURE_CNN, Actor, Critic, ImageEncoder, network_from_recipe

IMAGES = Box(0, 255, (4, 96, 32), np.uint8)
FEATURES = Box(-1, 1, (10,), np.float32)
ROW = np.tile(np.float32([1, 30, 10, 5, 2]), (10, 1))
TABLES = Box(-ROW, ROW)
EVERY_SPACE = pytest.mark.parametrize("space", [IMAGES, TABLES, FEATURES], ids=["images", "tables", "features"])


def some(space, count=6):
    space.seed(0)
    return torch.as_tensor(np.stack([space.sample() for _ in range(count)]))


@EVERY_SPACE
def test_shapes(space):
    policy = Actor(space, Discrete(5))(some(space))
    assert policy.probs.shape == (6, 5)
    torch.testing.assert_close(policy.probs.sum(-1), torch.ones(6))
    assert Critic(space)(some(space)).shape == (6,)


@EVERY_SPACE
def test_the_first_policy_is_nearly_uniform(space):
    torch.testing.assert_close(
        Actor(space, Discrete(5))(some(space)).probs, torch.full((6, 5), 0.2), atol=0.01, rtol=0
    )


def test_the_image_encoder_is_the_plain_convolution_of_the_contrast():
    torch.manual_seed(0)
    actor = Actor(IMAGES, Discrete(5))
    images = some(IMAGES)
    x = (99 - images.numpy().astype(np.float32)) / 40
    x = torch.as_tensor(np.where(x > 0, x, x / 10)).contiguous()
    conv = [layer for layer in actor.encoder.conv if isinstance(layer, nn.Conv2d)]
    for layer in conv:
        x = torch.relu(torch.nn.functional.conv2d(x, layer.weight.contiguous(), layer.bias, layer.stride))
    linear = actor.encoder.hidden[0]
    x = torch.relu(x.reshape(6, -1) @ linear.weight.T + linear.bias)
    torch.testing.assert_close(actor.encoder(images), x, atol=1e-5, rtol=1e-4)
    logits = x @ actor.head.weight.T + actor.head.bias
    torch.testing.assert_close(actor(images).probs, logits.softmax(-1))


def test_on_a_real_image_the_road_is_0_a_car_1_and_lines_are_dim():
    env = make_env("highway-fast-v0", highway_config())
    env.reset(seed=0)
    obs = env.step(1)[0]
    shown = ImageEncoder.contrast(torch.as_tensor(obs[None, -1:])).unique()
    torch.testing.assert_close(shown, torch.tensor([(99 - 254) / 40 / 10, 0.0, 1.0]))


def test_the_grid_of_vehicles_is_what_a_plain_loop_fills():
    encoder = Actor(TABLES, Discrete(5)).encoder
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
    actor = Actor(TABLES, Discrete(5))
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
