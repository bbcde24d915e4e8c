import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from known_env import counters
from scipy import stats

from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import (
    Evaluation,
    IDMEgo,
    agent_policy,
    bootstrap_ci95,
    constant_policy,
    evaluate_baselines,
    evaluate_policy,
    format_table,
    meta_actions,
    random_policy,
)
from ppo_lib.networks import Actor

CONFIG = highway_config("kinematics")


def drive(seed, action, env_id="highway-fast-v0", config=CONFIG):
    """The slow, plain way: one episode in one environment."""
    env = make_env(env_id, config)
    env.reset(seed=seed)
    rewards, speeds, done = [], [], False
    while not done:
        _, reward, terminated, truncated, info = env.step(action)
        rewards.append(reward)
        speeds.append(info["speed"])
        done = terminated or truncated
    return sum(rewards), len(rewards), float(info["crashed"]), np.mean(speeds)


def test_every_episode_is_the_one_that_its_seed_says():
    plain = np.array([drive(seed, action=3) for seed in range(50, 57)]).T
    for num_envs, backend in ((1, "sync"), (3, "sync"), (2, "async")):
        envs = make_vector_env("highway-fast-v0", num_envs, backend, CONFIG)
        result = evaluate_policy(constant_policy(3), envs, episodes=7, seed=50)
        envs.close()
        for ours, theirs in zip((result.returns, result.lengths, result.crashed, result.speeds), plain, strict=True):
            np.testing.assert_allclose(ours, theirs)


def test_short_episodes_are_not_favoured():
    """One environment ends at once, the other late: both of the two episodes begun are counted, not two short ones."""
    result = evaluate_policy(constant_policy(0), counters(1, 9), episodes=2, seed=0)
    assert sorted(result.lengths) == [1, 9]


def test_summary_by_hand():
    evaluation = Evaluation(
        np.array([1.0, 2.0, 3.0, 6.0]), np.array([1, 2, 3, 6]), np.array([1.0, 0, 0, 0]), np.full(4, 20.0)
    )
    summary = evaluation.summary()
    assert summary["episodes"] == 4
    assert summary["return_mean"] == 3.0
    assert summary["mean_length"] == 3.0
    assert summary["crash_rate"] == 0.25
    assert summary["mean_speed"] == 20.0
    assert summary["return_ci95"][0] < 3.0 < summary["return_ci95"][1]


def test_what_the_environment_does_not_know_is_none():
    summary = evaluate_policy(constant_policy(0), counters(2), episodes=3, seed=0).summary()
    assert summary["crash_rate"] is None
    assert summary["mean_speed"] is None
    assert summary["return_mean"] == 2


def test_no_crash_in_twenty_is_no_proof_of_safety():
    zeros = np.zeros(20)
    low, high = Evaluation(zeros, zeros, zeros, zeros).summary()["crash_rate_ci95"]
    assert low == pytest.approx(0, abs=1e-12)
    z2 = stats.norm.ppf(0.975) ** 2
    assert high == pytest.approx(z2 / (20 + z2))  # Wilson's upper end at 0 of n


def test_the_bootstrap_interval_covers_the_mean_as_often_as_it_says():
    generator = np.random.default_rng(0)
    hits = 0
    for _ in range(200):
        low, high = bootstrap_ci95(generator.exponential(size=40))
        hits += low < 1 < high
    assert 0.88 <= hits / 200 <= 0.98
    assert bootstrap_ci95(np.ones(1)) is None


def test_agent_policy_takes_the_most_probable_action_or_samples():
    torch.manual_seed(0)
    actor = Actor(Box(-1, 1, (3,), np.float32), Discrete(4))
    torch.nn.init.constant_(actor.head.weight, 0)
    actor.head.bias.data = torch.tensor([0.0, 2.0, 0.0, 0.0])
    obs = np.zeros((2000, 3), np.float32)
    assert (agent_policy(actor)(obs) == 1).all()
    shares = np.bincount(agent_policy(actor, deterministic=False)(obs), minlength=4) / 2000
    np.testing.assert_allclose(shares, torch.tensor([0.0, 2.0, 0.0, 0.0]).softmax(0), atol=0.04)


def test_random_policy_takes_every_action():
    shares = np.bincount(random_policy(5, seed=0)(np.zeros((10_000, 1)))) / 10_000
    np.testing.assert_allclose(shares, 0.2, atol=0.02)


def test_idm_ego_is_the_traffic_model_at_the_wheel():
    env = make_env("highway-fast-v0", CONFIG, wrapper=IDMEgo)
    for seed in range(3):
        env.reset(seed=seed)
        ego = env.unwrapped.vehicle
        assert type(ego).__name__ == "IDMVehicle"
        assert env.unwrapped.road.vehicles[0] is ego
        assert ego.target_speed == 30.0
        step = env.step(3)
    env.reset(seed=2)
    same = env.step(4)
    assert same[1] == step[1]  # whatever the action
    assert env.unwrapped.time == 1


def test_the_baselines_order_is_the_known_one():
    """Always SLOWER survives, always FASTER crashes: design's reference numbers, roughly, on few episodes."""
    results = evaluate_baselines("highway-fast-v0", CONFIG, episodes=6, seed=0, num_envs=3)
    assert list(results) == ["random", "always FASTER", "always IDLE", "always SLOWER", "IDM + MOBIL"]
    summary = {name: result.summary() for name, result in results.items()}
    assert summary["always SLOWER"]["crash_rate"] <= 1 / 6
    assert summary["always SLOWER"]["mean_speed"] == pytest.approx(20.0, abs=0.5)
    assert summary["always FASTER"]["crash_rate"] == 1
    assert summary["always FASTER"]["mean_speed"] > 27
    assert summary["IDM + MOBIL"]["return_mean"] > summary["random"]["return_mean"]
    table = format_table(results)
    assert len(table.splitlines()) == 6
    assert "always SLOWER" in table


def test_elsewhere_random_is_the_only_baseline():
    assert list(evaluate_baselines("CartPole-v1", episodes=2, seed=0, backend="sync")) == ["random"]
    assert meta_actions("CartPole-v1") == []


def test_meta_actions_follow_the_configuration():
    assert meta_actions("highway-v0") == ["LANE_LEFT", "IDLE", "LANE_RIGHT", "FASTER", "SLOWER"]
    config = highway_config(action={"type": "DiscreteMetaAction", "lateral": False})
    assert meta_actions("highway-v0", config) == ["SLOWER", "IDLE", "FASTER"]


def test_no_episodes_are_refused():
    with pytest.raises(UsageError, match="episodes must be at least 1"):
        evaluate_policy(constant_policy(0), counters(2), episodes=0, seed=0)
