import numpy as np

from ppo_lib.randomness import ACTIONS, ENVIRONMENTS, NETWORKS, seed_of, stream


def test_no_two_purposes_places_or_seeds_share_a_seed():
    found = {
        seed_of(seed, *purpose)
        for seed in range(30)
        for purpose in [
            (NETWORKS,),
            (ACTIONS, 0),
            *((ENVIRONMENTS, reset, n) for reset in range(2) for n in range(64)),
        ]
    }
    assert len(found) == 30 * 130
    assert all(0 <= seed < 2**63 for seed in found)


def test_a_stream_is_that_of_numpys_seed_sequence():
    (mine,) = stream(5, ACTIONS, 7).generate_state(1)
    root = np.random.SeedSequence(5)
    actions = root.spawn(4)[ACTIONS]
    assert mine == actions.spawn(8)[7].generate_state(1)[0]
