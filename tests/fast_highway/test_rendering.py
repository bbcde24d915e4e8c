"""Pictures equal highway-env's, pixel for pixel."""

import numpy as np
import pytest
from gymnasium.vector import AutoresetMode
from highway_oracle import GRAY, assert_same_drive

from ppo_lib.fast_highway import FastHighwayVectorEnv, rendering, sprites


@pytest.mark.parametrize(
    ("options", "config", "mode"),
    [
        ({}, {}, AutoresetMode.SAME_STEP),
        ({}, {"policy_frequency": 5, "vehicles_density": 2}, AutoresetMode.NEXT_STEP),
        (
            {"observation_shape": (84, 84), "stack_size": 1, "scaling": 3.3, "centering_position": [0.5, 0.7]},
            {"lanes_count": 5, "policy_frequency": 2},
            AutoresetMode.SAME_STEP,
        ),
        (
            {"weights": [1 / 3, 1 / 3, 0.5], "scaling": None, "stack_size": 2},
            {"scaling": 9.1},
            AutoresetMode.SAME_STEP,
        ),
        ({"observation_shape": (31, 150), "scaling": 21.0}, {"lanes_count": 1}, AutoresetMode.SAME_STEP),
        ({"scaling": 0.6}, {"lanes_count": 4, "vehicles_density": 2}, AutoresetMode.SAME_STEP),
    ],
)
def test_pictures_equal_the_original(options, config, mode):
    assert_same_drive(config={**config, "observation": {**GRAY, **options}}, steps=25, mode=mode)


def test_pictures_at_the_end_of_the_road():
    config = {"observation": GRAY, "vehicles_count": 0, "duration": 300, "policy_frequency": 0.2}
    action = {"type": "DiscreteMetaAction", "target_speeds": [30, 40]}
    config = {**config, "action": action}
    assert_same_drive(config=config, steps=54, num_envs=1, seed=3, always=3)
    envs = FastHighwayVectorEnv(1, config=config)
    envs.reset(seed=3)
    pictures = [envs.step([3])[0][0, -1] for _ in range(54)]
    assert pictures[0].max() == 254
    assert (pictures[-1] == 254).sum() < (pictures[0] == 254).sum() / 2  # hardly a line is left


@pytest.mark.slow
@pytest.mark.parametrize("scaling", [1.0, 1.75, 2.5, 5.5, 13.7])
@pytest.mark.parametrize("env_id", ["highway-fast-v0", "highway-v0"])
def test_many_pictures(env_id, scaling):
    config = {
        "observation": {**GRAY, "scaling": scaling},
        "policy_frequency": 5,
        "vehicles_density": 2,
        "vehicles_count": 20,
        "lanes_count": 4,
    }
    assert_same_drive(env_id, config, steps=60, num_envs=3, seed=int(10 * scaling))


def test_a_turned_sprite_equals_pygames():
    """Random pixels, turned by random angles on a picture that cuts some off."""
    import pygame

    rng = np.random.default_rng(0)
    for scaling in (1.75, 2.3, 5.5, 8.0):
        size = int(7 * scaling)
        sprite = rng.integers(1, 255, size=(size, size), dtype=np.uint8)
        surface = pygame.Surface((size, size), pygame.SRCALPHA)
        pygame.surfarray.pixels3d(surface)[...] = sprite[..., None]
        pygame.surfarray.pixels_alpha(surface)[...] = 255
        side = 2 * size
        for heading in rng.uniform(-4.0, 4.0, size=100):
            turned = pygame.transform.rotate(surface, np.rad2deg(-heading))
            expected = np.zeros((side, side), np.uint8)
            left = top = int(size - size * (abs(np.cos(heading)) + abs(np.sin(heading))) / 2)
            pixels, alpha = pygame.surfarray.array3d(turned)[..., 0], pygame.surfarray.array_alpha(turned)
            expected[left : left + len(pixels), top : top + len(pixels)] = pixels * (alpha > 0)
            found = np.zeros((side, side), np.uint8)
            mask = np.ones((size, size), np.uint8)
            rendering.draw_rotated(sprite, mask, size, size, heading, found)
            assert np.array_equal(found, expected)


def test_grey_is_truncated():
    """100 becomes 99 and 255 becomes 254, because the usual weights add up to 0.9999."""
    assert sprites.road_and_line_grey([0.2989, 0.5870, 0.1140]) == (99, 254)


def test_the_stack_moves_on_by_one_picture():
    envs = FastHighwayVectorEnv(5, config={"observation": GRAY, "duration": 1000})
    previous, _ = envs.reset(seed=0)
    assert (previous[:, :3] == 0).all()
    for _ in range(3):
        obs, _, terminated, _, _ = envs.step(np.full(5, 4))
        assert not terminated.any()
        assert np.array_equal(obs[:, :3], previous[:, 1:])
        previous = obs
