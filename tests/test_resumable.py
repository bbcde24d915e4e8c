"""Stop and run again: the training that was stopped ends as one that never was."""

import signal

import numpy as np
import pytest
import torch
from IPython.core.interactiveshell import InteractiveShell

from ppo_lib.config import PPOConfig
from ppo_lib.envs import make_vector_env
from ppo_lib.resumable import Stopped, train, train_all
from ppo_lib.run_folder import read_log

CONFIG = PPOConfig(num_steps=8, num_minibatches=2, num_epochs=1, save_interval=1000)
TOTAL = 170  # ten rollouts of sixteen steps, and ten steps left over
ALL_STEPS = list(range(16, 161, 16))


@pytest.fixture
def envs():
    return make_vector_env("CartPole-v1", 2, "sync")


def stop_at(*steps):
    """A callback that presses Ctrl-C at some steps, the first time that they come."""
    left = list(steps)

    def press(ppo, _):
        if ppo.env_steps in left:
            left.remove(ppo.env_steps)
            signal.raise_signal(signal.SIGINT)

    return press


def weights(ppo):
    return torch.nn.utils.parameters_to_vector([*ppo.actor.parameters(), *ppo.critic.parameters()])


def logged(folder):
    return read_log(folder)["env_steps"].tolist()


def test_a_stopped_training_says_where_it_is_saved_and_ends_as_if_never_stopped(tmp_path, envs, capsys):
    never = train(tmp_path / "never", CONFIG, envs, TOTAL)
    press = stop_at(48, 96)
    for steps in (48, 96):
        with pytest.raises(Stopped, match=f"Saved at step {steps} of 170 in .*stopped; run this cell again to go on"):
            train(tmp_path / "stopped", CONFIG, envs, TOTAL, press)
    stopped = train(tmp_path / "stopped", CONFIG, envs, TOTAL, press)
    assert "Going on from step 96" in capsys.readouterr().out
    assert torch.equal(weights(stopped), weights(never))
    assert logged(tmp_path / "stopped") == logged(tmp_path / "never") == ALL_STEPS
    for column in ("return", "policy_loss", "learning_rate"):
        np.testing.assert_array_equal(*(read_log(tmp_path / name)[column] for name in ("stopped", "never")))


def test_a_finished_training_begins_anew(tmp_path, envs):
    counted = []
    for _ in range(2):
        train(tmp_path, CONFIG, envs, TOTAL, lambda ppo, _: counted.append(ppo.env_steps))
    assert counted == 2 * ALL_STEPS
    assert logged(tmp_path) == ALL_STEPS


@pytest.mark.parametrize("change", [{"seed": 1}, {"gamma": 0.5}])
def test_other_settings_begin_anew(tmp_path, envs, change):
    with pytest.raises(Stopped):
        train(tmp_path, CONFIG, envs, TOTAL, stop_at(48))
    other = PPOConfig(**vars(CONFIG) | change)
    assert train(tmp_path, other, envs, TOTAL).config == other
    assert logged(tmp_path) == ALL_STEPS


def test_the_first_half_and_the_second_can_be_stopped_and_run_again_each(tmp_path, envs):
    press = stop_at(32, 112)
    with pytest.raises(Stopped):
        train(tmp_path, CONFIG, envs, TOTAL, press, until=80)
    assert train(tmp_path, CONFIG, envs, TOTAL, press, until=80).env_steps == 80
    assert logged(tmp_path) == ALL_STEPS[:5]
    with pytest.raises(Stopped):
        train(tmp_path, CONFIG, envs, TOTAL, press)
    assert train(tmp_path, CONFIG, envs, TOTAL, press).env_steps == 160
    assert logged(tmp_path) == ALL_STEPS
    assert train(tmp_path, CONFIG, envs, TOTAL, press, until=80).env_steps == 80
    assert logged(tmp_path) == ALL_STEPS[:5]


def test_a_kill_costs_no_more_than_what_came_after_the_last_checkpoint(tmp_path, envs):
    def die(ppo, _):
        if ppo.env_steps == 96:
            raise SystemError

    config = PPOConfig(**vars(CONFIG) | {"save_interval": 64})
    with pytest.raises(SystemError):
        train(tmp_path, config, envs, TOTAL, die)
    seen = []
    train(tmp_path, config, envs, TOTAL, lambda ppo, _: seen.append(ppo.env_steps))
    assert seen == [step for step in ALL_STEPS if step > 96]  # the callback came after the update, which was saved
    assert logged(tmp_path) == ALL_STEPS


def test_a_stop_ends_all_and_only_what_is_missing_is_done_again(tmp_path, envs):
    configs = {tmp_path / str(seed): PPOConfig(**vars(CONFIG) | {"seed": seed}) for seed in range(3)}
    never = [train(tmp_path / f"never {seed}", config, envs, TOTAL) for seed, config in enumerate(configs.values())]
    done = []

    def press(ppo, _):
        done.append((ppo.config.seed, ppo.env_steps))
        if len(done) == 14:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(Stopped, match="Saved at step 64 of 170"):
        train_all(configs, envs, TOTAL, press)
    learners = train_all(configs, envs, TOTAL, press)
    assert done == [(seed, step) for seed in range(3) for step in ALL_STEPS]
    for learner, same in zip(learners, never, strict=True):
        assert torch.equal(weights(learner), weights(same))
    train_all(configs, envs, TOTAL, press)
    assert len(done) == 60


def test_a_notebook_shows_one_line():
    shell = InteractiveShell.instance()
    shown = []
    shell._showtraceback = lambda kind, error, lines: shown.extend(lines)
    shell.run_cell("from ppo_lib.resumable import Stopped\nraise Stopped('saved at step 5')")
    assert shown == ["■ saved at step 5"]
