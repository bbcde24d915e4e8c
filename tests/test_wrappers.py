import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from known_env import Counter, counters

from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.wrappers import EpisodeStatistics


def drive(envs, num_steps, seed=0):
    """Random actions; the list of what every step returned."""
    generator = np.random.default_rng(seed)
    actions = generator.integers(envs.single_action_space.n, size=(num_steps, envs.num_envs))
    return [envs.step(a) for a in actions]


@pytest.mark.parametrize("env_id", ["CartPole-v1", "highway-fast-v0"])
def test_an_episode_can_be_driven_again(env_id):
    env, again = make_env(env_id), make_env(env_id)
    env.reset(seed=3)
    generator = np.random.default_rng(0)
    env.reset()  # an unseeded one: what it spawns comes from the generator alone
    for action in generator.integers(2, size=5):
        env.step(action)
    again.reset(seed=8)
    again.episode = env.episode
    assert again.episode == env.episode
    np.testing.assert_array_equal(env.step(1)[0], again.step(1)[0])
    np.testing.assert_array_equal(env.reset()[0], again.reset()[0])


def test_a_seeded_reset_is_remembered_too():
    env, again = make_env("CartPole-v1"), make_env("CartPole-v1")
    env.reset(seed=3)
    again.episode = env.episode
    np.testing.assert_array_equal(env.step(1)[0], again.step(1)[0])


def test_the_state_of_many_environments_goes_on_exactly():
    envs, again = make_vector_env("CartPole-v1", 3, "sync"), make_vector_env("CartPole-v1", 3, "async")
    envs.reset(seed=0)
    drive(envs, 30)
    assert again.set_state(envs.get_state())
    for ours, theirs in zip(drive(envs, 60, seed=1), drive(again, 60, seed=1), strict=True):
        for mine, other in zip(ours[:4], theirs[:4], strict=True):
            np.testing.assert_array_equal(mine, other)
        if "episode" in ours[4]:
            np.testing.assert_array_equal(ours[4]["episode"]["return"], theirs[4]["episode"]["return"])
    again.close()


def test_a_state_from_before_the_road_was_counted_goes_on_with_all_that_it_knows():
    """Older checkpoints hold three sums: the running drives' time off the road is unknown, that of the next is not."""
    road = highway_config("kinematics", duration=4)
    envs, again = (make_vector_env("highway-fast-v0", 2, "fast", road) for _ in range(2))
    envs.reset(seed=0)
    drive(envs, 2)
    state = envs.get_state()
    assert again.set_state(state | {"sums": state["sums"][:3]})
    steps = [[infos["episode"] for *_, infos in drive(e, 8, seed=1) if "episode" in infos] for e in (envs, again)]
    assert len(steps[0]) == len(steps[1]) >= 2
    for ours, theirs in zip(*steps, strict=True):
        for name in ("return", "length", "crashed", "speed"):
            np.testing.assert_array_equal(ours[name], theirs[name])
    assert set(steps[0][-1]["off_road"]) == {0}
    assert np.isnan(steps[1][0]["off_road"]).any()
    assert set(steps[1][-1]["off_road"]) == {0}


def test_other_infos_called_rewards_are_no_roads():
    class Priced(Counter):
        def step(self, action):
            *outcome, _ = super().step(action)
            return *outcome, {"rewards": 1.0}

    envs = EpisodeStatistics(SyncVectorEnv([Priced], autoreset_mode=AutoresetMode.SAME_STEP))
    envs.reset(seed=0)
    *_, infos = drive(envs, 3)[-1]
    assert np.isnan(infos["episode"]["off_road"]).all()


def test_environments_that_cannot_tell_their_state_say_so():
    envs = counters(3)
    assert not envs.set_state(envs.get_state())


def test_statistics_of_a_drive_are_those_of_its_own_steps():
    envs = make_vector_env("highway-fast-v0", 2, "sync", highway_config("kinematics"))
    envs.reset(seed=0)
    rewards, speeds, lengths, ended = np.zeros(2), np.zeros(2), np.zeros(2), 0
    for _, reward, terminated, truncated, infos in drive(envs, 40):
        done = terminated | truncated
        last = infos.get("final_info", {"speed": infos["speed"]})
        rewards += reward
        lengths += 1
        speeds += np.where(done, last["speed"], infos["speed"])
        for i in np.flatnonzero(done):
            ended += 1
            episode = {name: values[i] for name, values in infos["episode"].items()}
            assert episode["crashed"] == infos["final_info"]["crashed"][i] == terminated[i]
            np.testing.assert_allclose(episode["return"], rewards[i])
            np.testing.assert_allclose(episode["speed"], speeds[i] / lengths[i])
            assert episode["length"] == lengths[i]
            rewards[i] = speeds[i] = lengths[i] = 0
    assert ended >= 3


def test_a_masked_reset_leaves_the_others_sums_alone():
    envs = counters(4, 4)
    envs.reset(seed=0)
    drive(envs, 2)
    envs.reset(options={"reset_mask": np.array([True, False])})
    *_, infos = drive(envs, 2)[-1]
    assert infos["_episode"].tolist() == [False, True]
    assert infos["episode"]["length"][1] == 4


def test_other_autoresets_are_refused():
    envs = SyncVectorEnv([Counter], autoreset_mode=AutoresetMode.NEXT_STEP)
    with pytest.raises(UsageError, match="SAME_STEP"):
        EpisodeStatistics(envs)
