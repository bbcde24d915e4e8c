import numpy as np
import pytest

from ppo_lib.envs import EnvSpec, highway_config, make_env, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import evaluate_policy
from ppo_lib.planner import Planner, evaluate_planner, planners_view

CONFIG = highway_config("kinematics", duration=12)


def best_return(env_id, config, seed, prefix, depth):
    """The slow, plain search in the original: the best sum of rewards of any `depth` actions after `prefix`."""
    best = -np.inf
    for plan in np.ndindex(*[5] * depth):
        env = make_env(env_id, config)
        env.reset(seed=seed)
        earned, done = 0.0, False
        for i, action in enumerate((*prefix, *plan)):
            if not done:
                _, reward, terminated, truncated, _ = env.step(int(action))
                done = terminated or truncated
                earned += reward if i >= len(prefix) else 0
        best = max(best, earned)
    return best


def test_it_finds_what_a_search_in_the_original_finds():
    config = highway_config("kinematics", duration=3)
    for seed in (0, 1):
        envs = make_vector_env("highway-fast-v0", 1, "fast", config)
        obs, _ = envs.reset(seed=seed)
        planner = Planner(envs, depth=2, look_ahead=0)
        action = int(planner(obs)[0])
        by_hand = best_return("highway-fast-v0", config, seed, (action,), depth=1)
        env = make_env("highway-fast-v0", config)
        env.reset(seed=seed)
        best = best_return("highway-fast-v0", config, seed, (), depth=2)
        assert env.step(action)[1] + by_hand == pytest.approx(best)


def test_planning_disturbs_nothing():
    envs = make_vector_env("highway-fast-v0", 2, "fast", CONFIG)
    obs, _ = envs.reset(seed=0)
    before = envs.get_state()["envs"]
    Planner(envs, depth=2)(obs)
    for name, array in envs.get_state()["envs"].items():
        np.testing.assert_array_equal(array, before[name])


def test_it_drives_faster_than_the_lazy_driver_and_as_safely():
    planned = evaluate_planner("highway-fast-v0", CONFIG, episodes=3, seed=0, num_envs=3).summary()
    assert planned["crash_rate"] == 0
    assert planned["mean_speed"] > 25


def test_rewards_after_an_end_do_not_count():
    """With one step left to drive, every plan is worth its first step alone."""
    config = highway_config("kinematics", duration=1, vehicles_count=0, initial_lane_id=0)
    envs = make_vector_env("highway-fast-v0", 1, "fast", config)
    evaluation = evaluate_policy(Planner(envs, depth=2, look_ahead=3), envs, episodes=1, seed=0)
    best = best_return("highway-fast-v0", config, 0, (), depth=1)
    assert evaluation.returns[0] == pytest.approx(best)


def test_a_crash_is_not_made_good_by_the_next_episode(monkeypatch):
    """Plan 0 crashes at once and would earn more on the next road than the others on this one."""
    envs = make_vector_env("highway-fast-v0", 1, "fast", CONFIG)
    obs, _ = envs.reset(seed=0)
    planner = Planner(envs, depth=1, look_ahead=1)
    first, second = np.array([0.9, 0.8, 0.85, 0.8, 0.8]), np.array([1.0, 0.8, 0.8, 0.8, 0.8])
    crash, nothing = np.arange(5) == 0, np.zeros(5, bool)
    steps = iter([(None, first, crash, nothing, {}), (None, second, nothing, nothing, {})])
    monkeypatch.setattr(planner.copies, "step", lambda actions: next(steps))
    assert planner(obs).tolist() == [2]


def test_other_backends_and_roads_without_brakes_are_refused():
    with pytest.raises(UsageError, match="backend 'fast'"):
        Planner(make_vector_env("highway-fast-v0", 1, "sync", CONFIG))
    with pytest.raises(UsageError, match="the planner drives on highway-fast-v0 and highway-v0"):
        evaluate_planner("CartPole-v1", episodes=1, seed=0)
    steering = highway_config("kinematics", action={"type": "DiscreteMetaAction", "longitudinal": False})
    with pytest.raises(UsageError, match="SLOWER is none of LANE_LEFT, IDLE, LANE_RIGHT"):
        Planner(make_vector_env("highway-fast-v0", 1, "fast", steering))


def test_it_drives_by_the_configuration_but_looks_at_little_of_it():
    view = planners_view(EnvSpec("highway-fast-v0", 4, "sync", highway_config(lanes_count=2)))
    assert view.backend == "fast"
    assert view.config["lanes_count"] == 2
    assert view.config["observation"] == {"type": "Kinematics", "vehicles_count": 2}
