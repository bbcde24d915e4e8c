import dataclasses

import numpy as np
import pytest

from ppo_lib.config import PPOConfig
from ppo_lib.errors import UsageError


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gamma", 1.5),
        ("gamma", -0.1),
        ("gamma", "much"),
        ("gamma", float("nan")),
        ("gae_lambda", 1.01),
        ("num_steps", 0),
        ("num_steps", 1.5),
        ("num_steps", True),
        ("learning_rate", 0),
        ("clip_eps", 0.0),
        ("final_gamma", 1.0),
        ("seed", -1),
        ("max_grad_norm", None),
        ("anneal_learning_rate", 1),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(field, value):
    with pytest.raises(UsageError, match=f"^{field} must be .*got {value!r}"):
        PPOConfig(**{field: value})


def test_the_ends_of_a_closed_range_are_allowed():
    assert PPOConfig(gamma=0, gae_lambda=1).gamma == 0.0


def test_the_horizon_does_not_shrink():
    with pytest.raises(UsageError, match=r"final_gamma 0.95 is below gamma 0.99; .* or none for a constant one"):
        PPOConfig(gamma=0.99)
    assert PPOConfig(gamma=0.99, final_gamma=None).gamma == 0.99
    assert PPOConfig(gamma=0.95).final_gamma == 0.95


def test_a_refusal_says_which_values_are_allowed():
    for wrong, allowed in [
        ({"gamma": 1.5}, "a number in [0, 1], got 1.5"),
        ({"final_gamma": 1.0}, "a number in [0, 1), got 1.0"),
        ({"clip_eps": 0}, "a number in (0, inf), got 0"),
        ({"num_steps": 0}, "a whole number in [1, inf), got 0"),
        ({"seed": 2**32}, "a whole number in [0, 4294967296), got 4294967296"),
        ({"anneal_learning_rate": "no"}, "True or False, got 'no'"),
    ]:
        with pytest.raises(UsageError) as refusal:
            PPOConfig(**wrong)
        (name,) = wrong
        assert str(refusal.value) == f"{name} must be {allowed}"


def test_a_minibatch_of_one_transition_is_refused_because_normalising_it_leaves_nothing_to_learn():
    with pytest.raises(UsageError, match="num_minibatches 8 leaves minibatches of one transition"):
        PPOConfig(num_steps=4, num_minibatches=8).minibatch_size(2)
    assert PPOConfig(num_steps=4, num_minibatches=8, normalize_advantages=False).minibatch_size(2) == 1
    assert PPOConfig(num_steps=4, num_minibatches=4).minibatch_size(2) == 2


def test_numbers_arrive_in_the_declared_type():
    config = PPOConfig(num_steps=np.int64(8), num_epochs=4.0, learning_rate=1, value_clip_eps=None)
    assert type(config.num_epochs) is int
    assert type(config.num_steps) is int
    assert type(config.learning_rate) is float


def test_it_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PPOConfig().gamma = 0.5


def test_minibatches_divide_the_batch():
    config = PPOConfig(num_steps=6, num_minibatches=4)
    assert config.batch_size(num_envs=2) == 12
    assert config.minibatch_size(num_envs=2) == 3
    with pytest.raises(UsageError, match="num_minibatches 4 does not divide the batch of 18"):
        config.minibatch_size(num_envs=3)
