"""Resets spawn what highway-env would; numpy's random generator is reproduced draw by draw."""

import numpy as np
import pytest
from highway_oracle import assert_same_drive, assert_same_vehicles, original

from ppo_lib.fast_highway import FastHighwayVectorEnv, random_numbers


@pytest.fixture
def generators():
    seed = 2024
    return random_numbers.seed_generator(seed), np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))


def words_of(generator):
    """The state of a numpy generator, laid out as in `state`."""
    state = generator.bit_generator.state
    words = [word for number in (state["state"]["state"], state["state"]["inc"]) for word in divmod(number, 1 << 64)]
    return np.array([*words, state["has_uint32"], state["uinteger"]], np.uint64)


def test_generator_equals_numpys(generators):
    ours, theirs = generators
    for count in (1, 2, 3, 5, 6, 7, 100, 2**31 + 12345) * 50:
        assert random_numbers.integer_below(ours, count) == theirs.integers(count)
        assert random_numbers.uniform(ours, 3.5, 1.0) == theirs.uniform(3.5, 4.5)
    assert np.array_equal(ours, words_of(theirs))


def test_shuffle_equals_numpys(generators):
    ours, theirs = generators
    for count in range(1, 40):
        table = np.arange(2 * count).reshape(count, 2)
        rows = list(range(count))
        theirs.shuffle(table)
        for last in range(count - 1, 0, -1):
            other = random_numbers.shuffle_interval(ours, last)
            rows[last], rows[other] = rows[other], rows[last]
        assert table[:, 0].tolist() == [2 * row for row in rows]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"lanes_count": 1},
        {"lanes_count": 5, "vehicles_count": 50, "vehicles_density": 1.7},
        {"initial_lane_id": 2},
    ],
)
def test_seeded_and_unseeded_resets(config):
    slow, fast = original("highway-fast-v0", config, 3), FastHighwayVectorEnv(3, config=config)
    for seed in (0, None, None, [5, None, 9], None, 123456789012345678901, None):
        slow.reset(seed=seed)
        fast.reset(seed=seed)
        assert_same_vehicles(slow, fast)


def test_resets_in_the_middle_of_a_drive():
    assert_same_drive(steps=20, reset_again_at=(3, 4, 11))


def test_reset_mask():
    slow, fast = original("highway-fast-v0", {}, 4), FastHighwayVectorEnv(4)
    slow.reset(seed=1)
    fast.reset(seed=1)
    for mask, seed in (([True, False, True, False], None), ([False, False, False, True], 40)):
        mask = np.array(mask)
        slow.step(np.ones(4, int))
        fast.step(np.ones(4, int))
        expected, expected_infos = slow.reset(seed=seed, options={"reset_mask": mask})
        found, infos = fast.reset(seed=seed, options={"reset_mask": mask})
        assert_same_vehicles(slow, fast)
        assert np.array_equal(found, expected)
        assert np.array_equal(infos["speed"], expected_infos["speed"])
        assert np.array_equal(infos["_speed"], expected_infos["_speed"])


def test_first_reset_without_a_seed_is_random():
    speeds = []
    for _ in range(2):
        fast = FastHighwayVectorEnv(2)
        fast.reset()
        speeds += list(fast.get_state()["speed"][:, 1])
    assert len(set(speeds)) == 4
