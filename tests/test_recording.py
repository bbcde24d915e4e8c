import imageio.v3 as imageio
import numpy as np
import pytest
import torch

from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import agent_policy, constant_policy, evaluate_policy, random_policy, replay_policy
from ppo_lib.networks import Actor
from ppo_lib.recording import film, record_drive

CONFIG = highway_config(duration=4)
SLOWER = constant_policy(4)


@pytest.mark.parametrize("suffix", ["mp4", "gif"])
def test_a_drive_becomes_a_film(tmp_path, suffix):
    out = tmp_path / "new folder" / f"drive.{suffix}"
    drive = record_drive(SLOWER, "highway-fast-v0", CONFIG, out=out, seed=0)
    frames = imageio.imread(out)
    assert drive["frames"] == 1 + 4 * 5  # the start, then 5 Hz for 4 s
    assert len(frames) >= drive["frames"]
    assert frames.shape[1:3] == (176, 600)
    assert frames[:, :150].mean() > 50
    assert (np.abs(np.diff(frames[: 4 * 5].astype(int), axis=0)) > 20).any((1, 2, 3)).all()  # something moves


def test_the_film_shows_the_very_drive():
    frames, fps, drive = film(SLOWER, "highway-fast-v0", CONFIG, seed=0)
    env = make_env("highway-fast-v0", CONFIG, render_mode="rgb_array")
    env.reset(seed=0)
    rewards = [env.step(4)[1] for _ in range(4)]
    assert fps == 5
    assert drive["return"] == pytest.approx(sum(rewards))
    assert (drive["length"], drive["crashed"]) == (4, False)
    np.testing.assert_array_equal(frames[-1][:150], env.render())
    assert (frames[-1][150:] < 128).any()  # the caption


def test_a_drive_in_the_fast_simulator_is_filmed_frame_by_frame_as_it_was():
    """An untrained agent drives in the fast simulator; its actions are replayed and filmed in the original."""
    torch.manual_seed(0)
    config = highway_config()
    envs = make_vector_env("highway-fast-v0", 1, "fast", config)
    actor = Actor(envs.single_observation_space, envs.single_action_space)
    policy = agent_policy(actor, deterministic=False)
    for seed in range(3):
        obs, _ = envs.reset(seed=seed)
        seen, actions, rewards, done = [], [], [], False
        while not done:
            seen.append(obs[0])
            actions.append(policy(obs)[0])
            obs, reward, terminated, truncated, infos = envs.step(actions[-1:])
            rewards.append(reward[0])
            done = bool(terminated[0] or truncated[0])
        seen.append(infos["final_obs"][0])

        replayed = []
        replay = replay_policy(actions)
        frames, _, drive = film(lambda o: replayed.append(o[0]) or replay(o), "highway-fast-v0", config, seed=seed)  # noqa: B023
        np.testing.assert_array_equal(replayed, seen[:-1])
        assert drive["length"] == len(actions)
        assert drive["return"] == sum(rewards)
        assert drive["crashed"] == bool(terminated[0])
        assert len(frames) == 1 + 5 * len(actions)


def test_a_stochastic_drive_is_filmed_as_it_is_evaluated():
    torch.manual_seed(0)
    envs = make_vector_env("highway-fast-v0", 4, "sync", CONFIG)
    actor = Actor(envs.single_observation_space, envs.single_action_space)
    for policy in (agent_policy(actor, deterministic=False), random_policy(5)):
        evaluated = evaluate_policy(policy, envs, episodes=6, seed=10)
        for episode in (0, 5):
            _, _, drive = film(policy, "highway-fast-v0", CONFIG, seed=10 + episode)
            assert drive["return"] == pytest.approx(evaluated.returns[episode])
            assert drive["length"] == evaluated.lengths[episode]
    envs.close()


def test_environments_are_filmed_with_their_arguments(tmp_path):
    out = tmp_path / "lake.gif"
    right = constant_policy(2)
    drive = record_drive(right, "FrozenLake-v1", out=out, is_slippery=False, max_episode_steps=7, render_mode="human")
    assert drive["length"] == 7  # it walks to the right and stays there: nothing slips


@pytest.mark.parametrize(("accident", "expected"), [(KeyboardInterrupt, KeyboardInterrupt), (OSError, UsageError)])
def test_an_unfinished_film_leaves_no_trace_and_the_old_one_in_place(tmp_path, monkeypatch, accident, expected):
    out = tmp_path / "drive.gif"
    out.write_bytes(b"the old film")

    def write(path, *arguments, **kwargs):
        path.write_bytes(b"half a film")
        raise accident

    monkeypatch.setattr("imageio.v3.imwrite", write)
    with pytest.raises(expected):
        record_drive(constant_policy(0), "CartPole-v1", out=out)
    assert [path.name for path in tmp_path.iterdir()] == ["drive.gif"]
    assert out.read_bytes() == b"the old film"


def test_other_environments_are_filmed_too(tmp_path):
    drive = record_drive(constant_policy(0), "CartPole-v1", out=tmp_path / "pole.gif")
    assert drive["length"] + 1 == drive["frames"]
    assert "crashed" not in drive


def test_other_endings_and_unwritable_places_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"must end in .mp4 or .gif"):
        record_drive(SLOWER, "highway-fast-v0", out=tmp_path / "drive.avi")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="cannot write"):
        record_drive(SLOWER, "highway-fast-v0", CONFIG, out=tmp_path / "file" / "drive.gif")
