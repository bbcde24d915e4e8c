import dataclasses

import numpy as np
import pytest

from ppo_lib.config import ALLOWED, PPOConfig
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


def test_every_number_has_a_range_and_every_range_a_field():
    numbers = {f.name for f in dataclasses.fields(PPOConfig) if f.type is not bool}
    assert numbers == set(ALLOWED)


def test_numbers_arrive_in_the_declared_type():
    config = PPOConfig(num_steps=np.int64(8), learning_rate=1, value_clip_eps=None)
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
