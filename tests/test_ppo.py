import json
import signal
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import VectorWrapper
from gymnasium.wrappers import TransformReward
from known_env import counters

from ppo_lib import ppo as ppo_module
from ppo_lib import training
from ppo_lib.advantages import compute_gae
from ppo_lib.checkpoint import checkpoint_path, checkpoints_in
from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_env, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import agent_policy, evaluate_policy
from ppo_lib.networks import Actor, Critic
from ppo_lib.ppo import PPO
from ppo_lib.run_folder import read_log

SMALL = PPOConfig(num_steps=16, num_minibatches=2, num_epochs=2, save_interval=64)


def cartpole(num_envs=2, backend="sync"):
    return make_vector_env("CartPole-v1", num_envs, backend)


def weights(ppo):
    return torch.cat([p.detach().flatten() for p in [*ppo.actor.parameters(), *ppo.critic.parameters()]])


def test_on_the_first_minibatch_nothing_has_moved():
    ppo = PPO(cartpole(), SMALL)
    seen = []
    real = ppo_module.clipped_surrogate_loss

    def spy(log_probs, old_log_probs, advantages, clip_eps):
        seen.append((log_probs - old_log_probs).exp().detach())
        return real(log_probs, old_log_probs, advantages, clip_eps)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ppo_module, "clipped_surrogate_loss", spy)
        ppo.update(ppo.rollout())
    torch.testing.assert_close(seen[0], torch.ones_like(seen[0]))
    assert (seen[-1] != 1).any()


def test_every_epoch_shows_every_transition_once_in_a_new_order():
    ppo = PPO(cartpole(), PPOConfig(num_steps=16, num_minibatches=4, num_epochs=3))
    minibatches = list(ppo._minibatches(32))
    assert [len(m) for m in minibatches] == [8] * 12
    epochs = [torch.cat(minibatches[i : i + 4]).tolist() for i in (0, 4, 8)]
    assert all(sorted(epoch) == list(range(32)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_advantages_are_normalised_within_each_minibatch():
    seen = []

    def spy(log_probs, old_log_probs, advantages, clip_eps):
        seen.append(advantages)
        return log_probs.mean()

    for normalize in (True, False):
        ppo = PPO(cartpole(), PPOConfig(num_steps=16, num_minibatches=2, normalize_advantages=normalize))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ppo_module, "clipped_surrogate_loss", spy)
            ppo.update(ppo.rollout())
        means = torch.stack([advantages.mean() for advantages in seen])
        assert (means.abs() < 1e-5).all() == normalize
        seen.clear()


def test_the_update_is_the_papers_loss():
    """One minibatch, one epoch: the weights move along the gradient of the whole loss, as Adam's first step does."""
    config = PPOConfig(num_steps=16, num_minibatches=1, num_epochs=1, max_grad_norm=1e9, learning_rate=1e-3)
    ppo, reference = PPO(cartpole(), config), PPO(cartpole(), config)
    rollout = ppo.rollout()
    returns, advantages = ppo.compute_returns_and_advantages(rollout)
    normalized = (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)
    obs, actions = rollout.obs.flatten(0, 1), rollout.actions.flatten()
    policy = reference.actor(obs)
    ratio = torch.exp(policy.log_prob(actions) - rollout.log_probs.flatten())
    policy_loss = -(ratio * normalized.flatten()).mean()
    value_loss = ((reference.critic(obs) - returns.flatten()) ** 2).mean() / 2
    (policy_loss - 0.01 * policy.entropy().mean() + 0.5 * value_loss).backward()
    before = weights(ppo)
    ppo.update(rollout)
    gradient = torch.cat([p.grad.flatten() for p in [*reference.actor.parameters(), *reference.critic.parameters()]])
    expected = before - 1e-3 * gradient / (gradient.abs() + 1e-5)  # Adam's first step
    torch.testing.assert_close(weights(ppo), expected, atol=2e-6, rtol=0)


def test_gradients_are_clipped_network_by_network():
    ppo = PPO(cartpole(), PPOConfig(num_steps=16, num_minibatches=1, num_epochs=1, max_grad_norm=1e-3))
    ppo.update(ppo.rollout())
    for network in (ppo.actor, ppo.critic):
        norm = torch.cat([p.grad.flatten() for p in network.parameters()]).norm()
        assert norm == pytest.approx(1e-3, rel=1e-3)


def sharing_networks(envs):
    actor, critic = (
        Actor(envs.single_observation_space, envs.single_action_space),
        Critic(envs.single_observation_space),
    )
    critic.encoder = actor.encoder
    return actor, critic


def test_a_gradient_that_the_networks_share_is_clipped_once():
    envs = cartpole()
    config = PPOConfig(num_steps=16, num_minibatches=1, num_epochs=1, max_grad_norm=1e-3)
    ppo, free = (PPO(envs, c, *sharing_networks(envs)) for c in (config, replace(config, max_grad_norm=1e9)))
    rollout = ppo.rollout()
    free.actor.load_state_dict(ppo.actor.state_dict())
    free.critic.load_state_dict(ppo.critic.state_dict())
    for learner in (ppo, free):
        learner.update(rollout)
    gradients = [
        torch.cat([p.grad.flatten() for p in group]) for (group,) in (ppo.clipped_together, free.clipped_together)
    ]
    assert gradients[0].norm() == pytest.approx(1e-3, rel=1e-3)
    torch.testing.assert_close(gradients[0], gradients[1] * 1e-3 / gradients[1].norm(), rtol=1e-3, atol=1e-9)


def test_networks_that_share_layers_are_saved_and_loaded_as_such(tmp_path):
    envs = cartpole()
    ppo = PPO(envs, SMALL, *sharing_networks(envs)).learn(64, progress=False)
    ppo.save(tmp_path / "it")
    with pytest.raises(
        UsageError, match=r"if actor and critic shared layers .* pass such networks as actor and critic"
    ):
        PPO.load(tmp_path / "it")
    again = PPO.load(tmp_path / "it", None, *sharing_networks(envs))
    for learner in (ppo, again):
        learner.update(learner.rollout())
    assert torch.equal(weights(ppo), weights(again))


def test_target_kl_ends_an_update_before_the_step_that_would_go_too_far():
    steps = {}
    for target_kl in (None, 1e-9):
        ppo = PPO(cartpole(), PPOConfig(num_steps=16, num_minibatches=2, num_epochs=4, target_kl=target_kl))
        taken = []
        ppo.optimizer.register_step_post_hook(lambda *_, taken=taken: taken.append(1))
        ppo.update(ppo.rollout())
        steps[target_kl] = len(taken)
    assert steps == {None: 8, 1e-9: 1}  # before the first step the KL is 0, after it more than that


def test_the_learning_rate_falls_linearly_to_zero():
    rates = []
    PPO(cartpole(), SMALL).learn(32 * 4, lambda ppo, d: rates.append(d["learning_rate"]), progress=False)
    assert rates == pytest.approx([1e-3, 0.75e-3, 0.5e-3, 0.25e-3])


def test_the_horizon_grows_evenly_and_the_entropy_bonus_falls_linearly():
    config = replace(SMALL, gamma=0.8, final_gamma=0.95, entropy_coef=0.04, final_entropy_coef=0.0)
    rows = []
    ppo = PPO(cartpole(), config).learn(32 * 4, lambda ppo, d: rows.append(d), progress=False)
    assert [row["entropy_coef"] for row in rows] == pytest.approx([0.04, 0.03, 0.02, 0.01])
    horizons = np.array([1 / (1 - row["gamma"]) for row in rows])  # from 5 to 20 steps
    np.testing.assert_allclose(horizons, 5 * 4 ** np.array([0, 0.25, 0.5, 0.75]))
    rollout = ppo.rollout()
    with_final = compute_gae(
        *(getattr(rollout, name) for name in ("rewards", "values", "next_values", "terminated", "truncated")),
        rows[-1]["gamma"],
        config.gae_lambda,
    )
    torch.testing.assert_close(ppo.compute_returns_and_advantages(rollout)[1], with_final)


def test_the_entropy_bonus_in_the_loss_is_the_annealed_one():
    config = replace(
        SMALL, num_minibatches=1, num_epochs=1, final_gamma=None, entropy_coef=1.0, final_entropy_coef=0.0
    )
    ppo = PPO(cartpole(), config)
    rollout = ppo.rollout()
    losses = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ppo_module, "descend", lambda optimizer, loss, *_: losses.append(loss.item()))
        for progress in (0.0, 1.0):
            ppo.anneal(progress)
            entropy = ppo.update(rollout)["entropy"]
    assert losses[1] - losses[0] == pytest.approx(entropy, rel=1e-4)


@pytest.mark.parametrize(("truncate", "expected"), [(True, [2.0] * 3), (False, [1.75, 1.5, 1.0])])
def test_a_time_limit_is_no_end_of_the_world(truncate, expected):
    """Every reward is 1 and γ = 0.5. Truncated, the future is worth 1 / (1 - γ) = 2; terminated, what is left."""
    config = PPOConfig(
        num_steps=32,
        num_minibatches=1,
        num_epochs=20,
        learning_rate=0.01,
        max_grad_norm=10,
        gamma=0.5,
        final_gamma=None,
    )
    ppo = PPO(counters(3, 3, truncate=truncate), config).learn(64 * 30, progress=False)
    with torch.no_grad():
        values = ppo.critic(torch.tensor([[0.0], [1.0], [2.0]]))
    torch.testing.assert_close(values, torch.tensor(expected), atol=0.1, rtol=0)


def test_the_same_seed_gives_the_same_weights():
    runs = [PPO(cartpole(), SMALL).learn(256, progress=False) for _ in range(2)]
    other = PPO(cartpole(), PPOConfig(num_steps=16, num_minibatches=2, num_epochs=2, seed=1)).learn(
        256, progress=False
    )
    assert torch.equal(weights(runs[0]), weights(runs[1]))
    assert not torch.equal(weights(runs[0]), weights(other))


def test_the_same_seed_gives_the_same_weights_on_highway_images_in_any_backend():
    config = PPOConfig(num_steps=16, num_minibatches=2, num_epochs=1)
    runs = []
    for backend in ("sync", "async", "fast"):
        envs = make_vector_env("highway-fast-v0", 2, backend, highway_config())
        runs.append(PPO(envs, config).learn(64, progress=False))
        envs.close()
    assert torch.equal(weights(runs[0]), weights(runs[1]))
    assert torch.equal(weights(runs[0]), weights(runs[2]))


def test_evaluating_between_two_updates_changes_nothing():
    def look(ppo, diagnostics):
        evaluate_policy(agent_policy(ppo.actor, deterministic=False), cartpole(), episodes=2, seed=7)

    runs = [PPO(cartpole(), SMALL).learn(256, callback, progress=False) for callback in (None, look)]
    assert torch.equal(weights(runs[0]), weights(runs[1]))


@pytest.mark.parametrize(
    ("env_id", "backend"), [("CartPole-v1", "sync"), ("highway-fast-v0", "sync"), ("highway-fast-v0", "fast")]
)
def test_save_load_and_go_on_is_as_if_it_had_never_stopped(env_id, backend, tmp_path):
    def make():
        return make_vector_env(env_id, 2, backend, highway_config() if env_id != "CartPole-v1" else None)

    config = PPOConfig(num_steps=12, num_minibatches=2, num_epochs=2, target_kl=0.05, value_clip_eps=0.2)
    whole = PPO(make(), config).learn(240, out=tmp_path / "whole", progress=False)

    halfway = PPO(make(), config)
    halfway.learn(240, lambda ppo, d: ppo.env_steps < 120, out=tmp_path / "half", progress=False)
    assert halfway.env_steps == 120
    torch.manual_seed(999)  # whatever happens in between
    resumed = PPO.load(tmp_path / "half").learn(240, out=tmp_path / "half", progress=False)

    assert resumed.env_steps == whole.env_steps == 240
    assert torch.equal(weights(resumed), weights(whole))
    logs = [read_log(tmp_path / name) for name in ("whole", "half")]
    for name in ("env_steps", "return", "length", "policy_loss", "learning_rate"):
        np.testing.assert_array_equal(logs[0][name], logs[1][name])


def test_it_goes_on_in_other_environments_with_new_episodes(tmp_path):
    PPO(cartpole(2), SMALL).learn(64, progress=False).save(tmp_path)
    resumed = PPO.load(tmp_path, cartpole(4))
    assert np.abs(resumed.collector.observe()).max() <= 0.05  # where CartPole's episodes start
    assert resumed.learn(256, progress=False).env_steps == 64 + 3 * 64


def test_environments_that_were_wrapped_by_hand_are_not_made_again_without_it(tmp_path):
    """Rewards of -1 would become +1 in the midst of an episode."""

    def wrapped():
        return make_vector_env("CartPole-v1", 2, "sync", wrapper=lambda env: TransformReward(env, lambda r: -r))

    config = replace(SMALL, save_interval=32)
    whole = PPO(wrapped(), config).learn(256, progress=False)
    PPO(wrapped(), config).learn(256, lambda ppo, d: ppo.env_steps < 96, out=tmp_path, progress=False)
    with pytest.raises(UsageError, match=r"made with wrapper, which no file can hold.* pass them as envs"):
        PPO.load(tmp_path)
    resumed = PPO.load(tmp_path, wrapped()).learn(256, out=tmp_path, progress=False)
    assert torch.equal(weights(resumed), weights(whole))


class Halved(VectorWrapper):
    """Half the reward, for all environments at once."""

    def step(self, actions):
        obs, rewards, *rest = super().step(actions)
        return obs, rewards / 2, *rest


def test_environments_wrapped_together_go_on_exactly_when_made_again_by_hand(tmp_path):
    def wrapped():
        return Halved(make_vector_env("highway-fast-v0", 2, "fast", highway_config("kinematics")))

    whole = PPO(wrapped(), SMALL).learn(128, progress=False)
    PPO(wrapped(), SMALL).learn(128, lambda ppo, d: False, out=tmp_path, progress=False)
    with pytest.raises(UsageError, match="made with Halved"):
        PPO.load(tmp_path)
    assert torch.equal(weights(PPO.load(tmp_path, wrapped()).learn(128, progress=False)), weights(whole))


def test_a_checkpoint_from_another_environment_is_refused(tmp_path):
    PPO(cartpole(), SMALL).save(tmp_path)
    envs = make_vector_env("Acrobot-v1", 2, "sync")
    with pytest.raises(UsageError, match=r"trained in CartPole-v1, on observations \(4,\) .* have \(6,\)"):
        PPO.load(tmp_path, envs)


def test_a_checkpoint_from_another_architecture_is_refused(tmp_path):
    envs = cartpole()
    PPO(envs, SMALL).save(tmp_path)
    wider = Actor(envs.single_observation_space, envs.single_action_space, hidden_sizes=(128, 128))
    with pytest.raises(UsageError, match="another architecture"):
        PPO.load(tmp_path, envs, actor=wider)


def test_it_saves_periodically_and_keeps_the_newest(tmp_path):
    config = PPOConfig(num_steps=16, num_minibatches=2, num_epochs=1, save_interval=64, checkpoints_kept=3)
    PPO(cartpole(), config).learn(360, out=tmp_path, progress=False)
    assert [int(path.name[5:]) for path in checkpoints_in(tmp_path)] == [256, 320, 352]
    for path in checkpoints_in(tmp_path):
        assert {file.name for file in path.iterdir()} >= {"actor.safetensors", "critic.safetensors"}


def test_ctrl_c_finishes_the_update_and_saves(tmp_path, capsys):
    def press(ppo, diagnostics):
        if ppo.env_steps == 64:
            signal.raise_signal(signal.SIGINT)

    handler = signal.getsignal(signal.SIGINT)  # a program started in the background may ignore the signal
    ppo = PPO(cartpole(), SMALL).learn(320, press, out=tmp_path, progress=False)
    assert ppo.env_steps == 64
    assert "Stopping after this update" in capsys.readouterr().err
    assert PPO.load(tmp_path).env_steps == 64
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_says_where_it_is_saved(tmp_path, capsys):
    press = lambda ppo, diagnostics: signal.raise_signal(signal.SIGINT)  # noqa: E731
    ppo = PPO(cartpole(), SMALL).learn(320, press, out=tmp_path, progress=False)
    assert ppo.stop_reason == "stopped by Ctrl-C"
    assert f"Stopped by Ctrl-C at step 32 of 320; saved in {tmp_path}" in capsys.readouterr().err
    PPO(cartpole(), SMALL).learn(320, press, progress=False)
    assert "nothing is saved, because learn was given no folder" in capsys.readouterr().err


def test_a_used_folder_is_refused_and_nothing_in_it_lost(tmp_path):
    first = PPO(cartpole(), SMALL).learn(320, out=tmp_path, progress=False)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="holds a run already; it stands at step 320"):
        PPO(cartpole(), SMALL).learn(64, out=tmp_path, progress=False)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    first.learn(352, out=tmp_path, progress=False)  # its own
    assert PPO.load(tmp_path).env_steps == 352
    PPO(cartpole(), SMALL).learn(64, out=tmp_path, overwrite=True, progress=False)
    assert PPO.load(tmp_path).env_steps == 64
    assert read_log(tmp_path)["env_steps"].tolist() == [32, 64]


def test_going_on_from_an_older_checkpoint_drops_the_newer_ones_and_says_so(tmp_path, capsys):
    PPO(cartpole(), SMALL).learn(320, out=tmp_path, progress=False)
    PPO.load(checkpoint_path(tmp_path, 192)).learn(224, out=tmp_path, progress=False)
    assert "what came after it is dropped (step_0000000256, step_0000000320)" in capsys.readouterr().err
    assert read_log(tmp_path)["env_steps"].tolist() == list(range(32, 225, 32))
    assert int(checkpoints_in(tmp_path)[-1].name[5:]) == PPO.load(tmp_path).env_steps == 224


def test_a_run_killed_before_its_first_save_can_be_resumed(tmp_path):
    class KilledError(BaseException):
        pass

    def kill(ppo, diagnostics):
        assert [path.name for path in checkpoints_in(tmp_path)] == ["step_0000000000"]
        ppo.save = ppo.collector.state_dict = None  # nothing after this can save
        raise KilledError

    whole = PPO(cartpole(), SMALL).learn(96, progress=False)
    with pytest.raises((KilledError, TypeError)):
        PPO(cartpole(), SMALL).learn(96, kill, out=tmp_path, progress=False)
    assert torch.equal(weights(PPO.load(tmp_path).learn(96, out=tmp_path, progress=False)), weights(whole))


def test_a_callback_that_raises_loses_nothing(tmp_path):
    def fail(ppo, diagnostics):
        if ppo.env_steps == 96:
            raise RuntimeError("plot failed")

    ppo = PPO(cartpole(), replace(SMALL, save_interval=10_000))
    with pytest.raises(RuntimeError, match="plot failed"):
        ppo.learn(320, fail, out=tmp_path, progress=False)
    assert PPO.load(tmp_path).env_steps == 96
    assert ppo.stop_reason == "broken off by RuntimeError: plot failed"
    assert json.loads((tmp_path / "status.json").read_text()) == {"status": ppo.stop_reason, "env_steps": 96}
    PPO(cartpole(), SMALL).learn(
        64, out=tmp_path / "next", progress=False
    )  # no lock, no bar, no handler is left behind


def test_an_error_in_the_midst_of_a_rollout_keeps_the_last_checkpoint(tmp_path):
    class FailsError(Exception):
        pass

    ppo = PPO(cartpole(), SMALL)
    real_step, calls = ppo.envs.step, []

    def step(actions):
        calls.append(1)
        if len(calls) == 16 * 5 + 3:
            raise FailsError
        return real_step(actions)

    ppo.envs.step = step
    with pytest.raises(FailsError):
        ppo.learn(320, out=tmp_path, progress=False)
    assert PPO.load(tmp_path).env_steps == 128  # saved every 64 steps; 160 were taken, the rest broke off
    resumed = PPO.load(tmp_path).learn(320, out=tmp_path, progress=False)
    assert torch.equal(weights(resumed), weights(PPO(cartpole(), SMALL).learn(320, progress=False)))


def test_an_old_checkpoint_that_cannot_be_deleted_is_no_reason_to_stop(tmp_path, monkeypatch, capsys):
    from ppo_lib import run_folder

    def refuse(path, *_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(run_folder.shutil, "rmtree", refuse)
    ppo = PPO(cartpole(), replace(SMALL, checkpoints_kept=1, save_interval=1))
    monkeypatch.setattr("ppo_lib.checkpoint_files.shutil.rmtree", lambda *_, **__: None)
    monkeypatch.setattr(run_folder.shutil, "rmtree", refuse)
    monkeypatch.setattr("ppo_lib.checkpoint.write_folder", plain_write)
    assert ppo.learn(96, out=tmp_path, progress=False).stop_reason == "finished"
    assert "could not delete the old checkpoint" in capsys.readouterr().err


def plain_write(directory, contents):
    directory.mkdir(parents=True)
    for name, data in contents.items():
        (directory / name).write_bytes(data)


@pytest.mark.parametrize("spoil", ["loss", "weights"])
def test_what_is_not_finite_stops_the_training_and_is_never_saved(tmp_path, spoil):
    def poison(ppo, diagnostics):
        if ppo.env_steps == 128:
            with torch.no_grad():
                if spoil == "loss":
                    ppo.gamma = float("nan")
                    ppo.anneal = lambda progress: None
                else:
                    ppo.actor.head.bias[0] = float("nan")

    ppo = PPO(cartpole(), replace(SMALL, save_interval=64))
    with pytest.raises(UsageError, match=r"not finite|became nan; the step was not taken"):
        ppo.learn(320, poison, out=tmp_path, progress=False)
    assert all(torch.isfinite(p).all() for p in PPO.load(tmp_path).actor.parameters())


def test_a_second_ctrl_c_stops_at_once():
    def press_twice(ppo, diagnostics):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        PPO(cartpole(), SMALL).learn(320, press_twice, progress=False)


def test_it_never_exceeds_the_maximum_of_steps():
    assert PPO(cartpole(), SMALL).learn(100, progress=False).env_steps == 96
    ppo = PPO(cartpole(), SMALL).learn(100, progress=False)
    with pytest.raises(UsageError, match="total_steps 100 leaves no room for a rollout of 32 steps after the 96"):
        ppo.learn(100, progress=False)


def test_every_diagnostic_is_there():
    rows = []
    PPO(cartpole(), SMALL).learn(640, lambda ppo, d: rows.append(d), progress=False)
    expected = (
        "env_steps episodes return length crash_rate mean_speed policy_loss value_loss entropy approximate_kl "
        "clip_fraction explained_variance learning_rate gamma entropy_coef steps_per_second "
        "seconds_simulate seconds_infer seconds_learn"
    )
    assert sorted(rows[0]) == sorted(expected.split())
    assert rows[0]["entropy"] == pytest.approx(np.log(2), abs=0.01)


def test_numbers_of_numpys_in_a_configuration_do_not_stop_a_save(tmp_path):
    config = highway_config("kinematics", lanes_count=np.int64(3))
    ppo = PPO(make_vector_env("highway-fast-v0", np.int64(2), "fast", config), SMALL)
    assert PPO.load(ppo.learn(32, out=tmp_path, progress=False).run_folder).envs.env_spec == ppo.envs.env_spec


def test_default_networks_suit_what_the_environments_show():
    def encoder(env_id, config):
        return PPO(make_vector_env(env_id, 2, "auto", config), SMALL).actor.recipe["encoder"]["kind"]

    normalised = highway_config("kinematics") | {"observation": {"type": "Kinematics"}}
    assert encoder("highway-fast-v0", highway_config()) == "road_images"
    assert encoder("highway-fast-v0", highway_config("kinematics")) == "vehicles"
    assert encoder("highway-fast-v0", normalised) == "features"
    assert encoder("CartPole-v1", None) == "features"


def test_a_training_whose_callback_evaluates_on_its_environments_resumes_exactly(tmp_path):
    def look_until(last):
        def look(ppo, diagnostics):
            evaluate_policy(agent_policy(ppo.actor), ppo.envs, episodes=2, seed=7)
            return ppo.env_steps != last

        return look

    whole = PPO(cartpole(), SMALL).learn(256, look_until(256), progress=False)
    PPO(cartpole(), SMALL).learn(256, look_until(128), out=tmp_path, progress=False)
    resumed = PPO.load(tmp_path)
    assert resumed.env_steps == 128
    resumed.learn(256, look_until(256), out=tmp_path, progress=False)
    assert torch.equal(weights(resumed), weights(whole))


def test_networks_of_ones_own():
    envs = cartpole()
    actor = Actor(envs.single_observation_space, envs.single_action_space, hidden_sizes=(8,))
    critic = Critic(envs.single_observation_space, hidden_sizes=(8,))
    ppo = PPO(envs, SMALL, actor, critic)
    before = weights(ppo)
    ppo.learn(64, progress=False)
    assert ppo.actor is actor
    assert not torch.equal(before, weights(ppo))


def test_unknown_devices_are_refused():
    with pytest.raises(UsageError, match="device 'abacus' cannot be used"):
        PPO(cartpole(), SMALL, device="abacus")


def test_any_discrete_environment_trains():
    envs = make_vector_env("FrozenLake-v1", 2, "sync")
    assert PPO(envs, SMALL).learn(64, progress=False).env_steps == 64
    assert make_env("FrozenLake-v1").observation_space.shape == (16,)


@pytest.mark.parametrize(("space", "known"), [(Box(-1, 1, (2,), np.float32), True), (Discrete(5), False)])
def test_the_log_tells_the_time_off_the_road_of_those_who_could_leave_it(space, known):
    """Runs with meta-actions keep the columns that they always had."""
    episodes = {"return": np.array([10.0, 20]), "off_road": np.array([0.5, 0])}
    rollout = SimpleNamespace(episodes=episodes, seconds={}, rewards=torch.zeros(2, 2))
    learner = SimpleNamespace(
        rollout=lambda: rollout,
        update=lambda rollout: {},
        collector=SimpleNamespace(single_action_space=space),
        optimizer=SimpleNamespace(param_groups=[{"lr": 0.1}]),
        **{"env_steps": 4, "gamma": 0.9, "entropy_coef": 0.0},
    )
    row = training.iterate(learner)
    assert ("off_road" in row) == known
    assert row.get("off_road", 0.25) == 0.25
    assert training._summary(row) == "return 15.0" + (", off road 25%" if known else "")
