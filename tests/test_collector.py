import numpy as np
import pytest
import torch
from known_env import counters
from test_rollout import Uniform, ten_times

from ppo_lib.collector import Collector
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import constant_policy, evaluate_policy
from ppo_lib.networks import Actor, Critic

TABLE = highway_config("kinematics")


def cartpole(num_envs=3, backend="sync", **kwargs):
    return make_vector_env("CartPole-v1", num_envs, backend, **kwargs)


def networks(envs):
    torch.manual_seed(0)
    seen, acts = envs.single_observation_space, envs.single_action_space
    return Actor(seen, acts), Critic(seen)


def assert_equal(ours, theirs):
    for name in ("obs", "actions", "log_probs", "rewards", "terminated", "truncated", "values", "next_values"):
        assert torch.equal(getattr(ours, name), getattr(theirs, name)), name
    for name, values in ours.episodes.items():
        np.testing.assert_array_equal(values, theirs.episodes[name])


def test_a_rollout_goes_on_where_the_last_one_ended():
    collector = Collector(counters(5))
    rollouts = [collector.collect(Uniform(), ten_times, 3) for _ in range(2)]
    assert torch.cat([r.obs for r in rollouts])[:, 0, 0].tolist() == [0, 1, 2, 3, 4, 0]


def test_the_same_seed_gives_the_same_rollouts_whatever_else_draws_random_numbers():
    both = []
    for noise in (0, 17):
        collector = Collector(cartpole(), seed=4)
        actor, critic = networks(collector.envs)
        torch.manual_seed(noise)
        rollouts = [collector.collect(actor, critic, 8)]
        torch.rand(noise)
        np.random.seed(noise)  # noqa: NPY002  (somebody else's)
        both.append([*rollouts, collector.collect(actor, critic, 8)])
    assert_equal(both[0][0], both[1][0])
    assert_equal(both[0][1], both[1][1])
    assert not torch.equal(both[0][0].actions, both[0][1].actions)


def test_no_environment_of_one_seed_drives_a_road_of_another():
    roads = []
    for seed in range(4):
        obs = Collector(make_vector_env("highway-fast-v0", 32, "fast", TABLE), seed).observe()
        roads += [road.tobytes() for road in obs]
    assert len(set(roads)) == 4 * 32


@pytest.mark.parametrize("backend", ["sync", "fast"])
def test_who_moves_the_environments_from_outside_leaves_no_stale_observation(backend):
    envs = make_vector_env("highway-fast-v0", 2, backend, TABLE)
    collector = Collector(envs)
    actor, critic = networks(envs)
    last = collector.collect(actor, critic, 2).next_obs
    evaluate_policy(constant_policy(1), collector.envs, episodes=2, seed=5)
    shown = []
    real_reset = envs.reset
    envs.reset = lambda **kwargs: shown.append(real_reset(**kwargs)) or shown[-1]
    rollout = collector.collect(actor, critic, 2)
    ((seen, _),) = shown
    np.testing.assert_array_equal(rollout.obs[0].numpy(), seen)
    assert not np.array_equal(seen, last)


def test_two_collectors_that_share_environments_do_not_drive_each_others_episodes():
    envs = counters(9)
    ours, theirs = Collector(envs), Collector(envs)
    ours.collect(Uniform(), ten_times, 3)
    theirs.collect(Uniform(), ten_times, 2)
    assert ours.collect(Uniform(), ten_times, 3).obs[:, 0, 0].tolist() == [0, 1, 2]


def test_an_episode_that_was_broken_off_from_outside_is_not_counted():
    collector = Collector(counters(4))
    collector.collect(Uniform(), ten_times, 3)
    collector.envs.reset(seed=1)
    rollout = collector.collect(Uniform(), ten_times, 4)
    assert rollout.episodes["length"].tolist() == [4]


@pytest.mark.parametrize(
    ("env_id", "backend"), [("CartPole-v1", "sync"), ("CartPole-v1", "async"), ("highway-fast-v0", "fast")]
)
def test_it_goes_on_exactly_from_a_state(env_id, backend):
    config = TABLE if env_id != "CartPole-v1" else None
    first, second = (Collector(make_vector_env(env_id, 3, backend, config), seed) for seed in (1, 2))
    actor, critic = networks(first.envs)
    first.collect(actor, critic, 20)
    second.collect(actor, critic, 5)
    second.load_state_dict(first.state_dict())
    for _ in range(2):
        assert_equal(first.collect(actor, critic, 20), second.collect(actor, critic, 20))
    first.close()
    second.close()


class MinusReward:
    """Turns rewards round, as a wrapper of single environments."""

    def __new__(cls, env):
        import gymnasium

        return gymnasium.wrappers.TransformReward(env, lambda reward: -reward)


def test_it_goes_on_exactly_in_wrapped_environments():
    first, second = (Collector(cartpole(wrapper=MinusReward), seed) for seed in (1, 2))
    actor, critic = networks(first.envs)
    first.collect(actor, critic, 7)
    second.load_state_dict(first.state_dict())
    ours, theirs = (collector.collect(actor, critic, 30) for collector in (first, second))
    assert_equal(ours, theirs)
    assert (ours.rewards == -1).all()


def test_in_other_environments_it_begins_new_episodes():
    first, other = Collector(cartpole(2)), Collector(cartpole(3))
    actor, critic = networks(first.envs)
    first.collect(actor, critic, 7)
    other.load_state_dict(first.state_dict())
    assert np.abs(other.observe()).max() <= 0.05  # CartPole starts there
    first.load_state_dict(first.state_dict() | {"env_spec": None})
    assert np.abs(first.observe()).max() <= 0.05


def test_an_older_state_is_gone_on_with_exactly():
    """Its sums have no row for the road yet."""
    first, older = Collector(cartpole()), Collector(cartpole())
    actor, critic = networks(first.envs)
    first.collect(actor, critic, 7)
    state = first.state_dict()
    older.load_state_dict(state | {"sums": state["sums"][:3]})
    ours, theirs = (collector.collect(actor, critic, 60) for collector in (first, older))
    assert torch.equal(ours.obs, theirs.obs)
    assert len(ours.episodes["return"]) > 1
    np.testing.assert_array_equal(ours.episodes["return"], theirs.episodes["return"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"obs": np.zeros((3, 5), np.float32)}, r"obs must be an array of shape \(3, 4\)"),
        ({"obs": np.zeros((3, 4))}, "and type float32, got"),
        ({"sums": np.zeros((3, 4))}, r"sums must be an array of shape \(3, 3\)"),
        ({"sums": np.zeros((2, 3))}, r"sums must be an array of shape \(4, 3\)"),
        ({"sums": 3}, r"sums must be an array of shape \(4, 3\)"),
        ({"episodes": []}, "there must be 3 episodes, got 0"),
        ({"episodes": [{"generator": {}, "actions": [2]}] * 3}, "2 is no action of Discrete"),
        ({"episodes": [{"generator": {}, "actions": ["left"]}] * 3}, "left is no action of Discrete"),
        ({"episodes": [{"generator": {"bit_generator": "?"}, "actions": [1]}] * 3}, "cannot go on from this state"),
    ],
)
def test_a_state_that_does_not_fit_is_refused(change, message):
    collector = Collector(cartpole())
    with pytest.raises(UsageError, match=message):
        collector.load_state_dict(collector.state_dict() | change)
