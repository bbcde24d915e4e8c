import signal

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from highway_env.vehicle.behavior import IDMVehicle
from known_env import counters
from scipy import stats

from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import (
    Evaluation,
    IDMEgo,
    agent_policy,
    constant_policy,
    evaluate_baselines,
    evaluate_policy,
    format_table,
    meta_actions,
    random_policy,
    results_table,
)
from ppo_lib.networks import Actor
from ppo_lib.wrappers import EpisodeStatistics

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
        assert isinstance(ego, IDMVehicle)
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


def test_no_episodes_and_impossible_seeds_are_refused():
    with pytest.raises(UsageError, match="episodes must be at least 1"):
        evaluate_policy(constant_policy(0), counters(2), episodes=0, seed=0)
    with pytest.raises(UsageError, match="seed must be a whole number from 0 up, got -1"):
        evaluate_policy(constant_policy(0), counters(2), episodes=1, seed=-1)


def test_what_a_stochastic_policy_draws_depends_on_the_episode_alone():
    torch.manual_seed(0)
    sampling = agent_policy(Actor(Box(-5, 5, (4,), np.float32), Discrete(2)), deterministic=False)
    for policy in (sampling, random_policy(2)):
        results = []
        for num_envs in (1, 3, 8):
            envs = make_vector_env("CartPole-v1", num_envs, "sync")
            results.append(evaluate_policy(policy, envs, episodes=9, seed=5))
            envs.close()
        assert len(set(results[0].lengths)) > 3
        for result in results[1:]:
            np.testing.assert_array_equal(result.lengths, results[0].lengths)
        envs = make_vector_env("CartPole-v1", 1, "sync")
        seventh = evaluate_policy(policy, envs, episodes=1, seed=5 + 6)  # by itself the same
        assert seventh.lengths[0] == results[0].lengths[6]
        envs.close()


def test_a_function_that_samples_by_itself_is_seeded_and_leaves_the_learners_generator_alone():
    def policy(obs):
        return torch.randint(2, (len(obs),)).numpy()

    envs = make_vector_env("CartPole-v1", 3, "sync")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first, second = (evaluate_policy(policy, envs, episodes=5, seed=0) for _ in range(2))
    np.testing.assert_array_equal(first.lengths, second.lengths)
    assert torch.equal(torch.get_rng_state(), before)
    envs.close()


def test_baselines_drive_with_the_arguments_of_the_environments():
    kwargs = {"is_slippery": False, "map_name": "4x4"}
    results = evaluate_baselines("FrozenLake-v1", episodes=3, seed=0, backend="sync", **kwargs)
    assert list(results) == ["random"]
    with pytest.raises(UsageError, match="cannot be made"):
        evaluate_baselines("FrozenLake-v1", episodes=1, seed=0, backend="sync", is_slipery=False)
    assert meta_actions("highway-v0", max_episode_steps=3)[0] == "LANE_LEFT"
    short = evaluate_baselines("two-way-v0", episodes=1, seed=0, backend="sync", max_episode_steps=3)
    assert {int(result.lengths[0]) for result in short.values()} == {3}


def test_the_time_off_the_road_is_in_the_table_of_those_only_who_could_leave_it():
    """Tables of drivers with meta-actions stay as they are to the last character."""
    drives = [np.array([1.0, 2, 3, 6]), np.array([1, 2, 3, 6]), np.array([1.0, 0, 0, 0]), np.full(4, 20.0)]
    table = format_table({"ours": Evaluation(*drives)})
    headers = "driver  return  95 % interval  crashes  95 % interval  speed m/s  length"
    assert table.splitlines()[0] == headers
    assert " ".join(table.splitlines()[1].split()) == "ours 3.00 [1.5, 5.0] 25% [5%, 70%] 20.0 3.0"
    steering = Evaluation(*drives, np.array([0.0, 0.5, 0, 0.25]))
    table = results_table({"ours": steering, "theirs": Evaluation(*drives)})
    assert table.headers[5:] == ("speed m/s", "95 % interval", "off road", "95 % interval", "length")
    assert table.rows[0][5:8] == ("20.0", "[20.0, 20.0]", "18.8%")
    assert table.rows[1][7:] == ("-", "-", "3.0")
    low, high = steering.summary()["off_road_ci95"]
    assert 0 <= low < 0.1875 < high <= 0.5
    assert Evaluation(*drives).summary()["off_road"] is None


def test_never_off_the_road_in_twenty_drives_is_no_proof_either():
    zeros = np.zeros(20)
    summary = Evaluation(zeros, zeros, zeros, zeros, zeros).summary()
    z2 = stats.norm.ppf(0.975) ** 2
    assert summary["off_road"] == 0
    assert summary["off_road_ci95"] == pytest.approx([0, z2 / (20 + z2)])


ROADS = {
    "merge-v0": None,
    "roundabout-v0": None,
    "intersection-v0": {"observation": {"type": "Kinematics"}, "duration": 5},
    "two-way-v0": None,
    "u-turn-v0": None,
    "exit-v0": {"duration": 5},
    "highway-fast-v0": {"lanes_count": 2, "vehicles_density": 3, "duration": 5},
}


@pytest.fixture
def time_limit():
    """A test that hangs fails after two minutes."""

    def give_up(signum, frame):
        raise TimeoutError

    previous = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(120)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


@pytest.fixture
def traffic(monkeypatch):
    """highway-env's intersection changes its drivers for all environments of the process: change them back."""
    for name in ("DISTANCE_WANTED", "COMFORT_ACC_MAX", "COMFORT_ACC_MIN"):
        monkeypatch.setattr(IDMVehicle, name, getattr(IDMVehicle, name))


@pytest.mark.usefixtures("time_limit", "traffic")
@pytest.mark.parametrize("env_id", ROADS)
def test_idm_and_mobil_drive_on_every_road(env_id):
    """Two drives end at different times: then what one knows, the other does not."""
    results = evaluate_baselines(env_id, ROADS[env_id], episodes=3, seed=0, num_envs=2, backend="sync")
    idm = results["IDM + MOBIL"]
    assert (idm.lengths >= 1).all()
    assert np.isfinite(idm.returns).all()
    assert (idm.speeds > 0).all()


@pytest.mark.usefixtures("time_limit")
def test_idm_and_mobil_in_processes_of_their_own():
    results = evaluate_baselines("merge-v0", episodes=2, seed=0, num_envs=2, backend="async")
    assert (results["IDM + MOBIL"].lengths > 5).all()


def test_environments_are_closed_when_a_driver_fails(monkeypatch):
    closed = []
    monkeypatch.setattr(EpisodeStatistics, "close", lambda self, **kwargs: closed.append(self))
    monkeypatch.setattr("ppo_lib.evaluation.random_policy", lambda *arguments: lambda obs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        evaluate_baselines("CartPole-v1", episodes=1, seed=0, backend="sync")
    assert len(closed) == 1
