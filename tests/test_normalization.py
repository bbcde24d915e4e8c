import json
from dataclasses import replace

import gymnasium
import numpy as np
import pytest
import torch
from fuzzing import broken_copies
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import TransformReward
from gymnasium.wrappers.vector import NormalizeObservation, NormalizeReward
from hypothesis import given, settings
from hypothesis import strategies as st
from known_env import counters
from safetensors.torch import load_file, save_file

from ppo_lib import ppo as ppo_module
from ppo_lib.__main__ import main
from ppo_lib.advantages import compute_gae
from ppo_lib.checkpoint import load_checkpoint, load_network
from ppo_lib.config import PPOConfig
from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import agent_policy, evaluate_policy
from ppo_lib.networks import Actor, Critic, network_from_recipe
from ppo_lib.normalization import ObservationNormalizer, RewardScaler, merged_moments, normalizers
from ppo_lib.ppo import PPO
from ppo_lib.run_folder import read_log

BOTH = PPOConfig(
    num_steps=12,
    num_minibatches=2,
    num_epochs=2,
    normalize_observations=True,
    normalize_rewards=True,
    save_interval=24,
)
FEATURES = Box(-np.inf, np.inf, (4,), np.float32)
ROAD = {"observation": {"type": "Kinematics"}}  # normalised by highway-env, so its encoder is "features"


def cartpole(num_envs=2, **kwargs):
    return make_vector_env("CartPole-v1", num_envs, "sync", **kwargs)


def everything(ppo):
    """All numbers of a learner, its statistics included."""
    numbers = [*ppo.actor.state_dict().values(), *ppo.critic.state_dict().values()]
    if ppo.reward_scaler:
        numbers += [*ppo.reward_scaler.moments, ppo.reward_scaler.returns]
    return torch.cat([number.double().flatten() for number in numbers])


# ---------------------------------------------------------------------------------------------------- the moments


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.sampled_from([1e-6, 1.0, 1e6]), st.integers(0, 99))
def test_moments_merged_batch_by_batch_are_those_of_all_samples(sizes, unit, seed):
    rng = np.random.default_rng(seed)
    batches = [unit * (rng.normal(size=(size, 2, 3)) + 5) for size in sizes]
    moments = (torch.tensor(0.0, dtype=torch.float64), *torch.zeros(2, 2, 3, dtype=torch.float64))
    for batch in batches:
        moments = merged_moments(*moments, torch.as_tensor(batch))
    everyone = np.concatenate(batches)
    assert moments[0] == len(everyone)
    np.testing.assert_allclose(moments[1], everyone.mean(0), rtol=1e-12)
    np.testing.assert_allclose(moments[2], everyone.var(0), rtol=1e-9, atol=1e-20 * unit**2)


def test_moments_worked_out_by_hand():
    """1, 3 have mean 2 and variance 1; with 8 they have mean 4, and variance (9 + 1 + 16) / 3."""
    two = merged_moments(*torch.zeros(3, dtype=torch.float64), torch.tensor([1.0, 3.0]))
    assert [float(moment) for moment in two] == [2, 2, 1]
    three = merged_moments(*two, torch.tensor([8.0]))
    assert [float(moment) for moment in three] == pytest.approx([3, 4, 26 / 3])


def test_numbers_too_large_for_a_variance_are_refused():
    normalizer = ObservationNormalizer((1,))
    with pytest.raises(UsageError, match="so large that their variance is not finite"):
        normalizer.absorb(torch.tensor([[1e200], [-1e200]], dtype=torch.float64))
    assert normalizer.count == 0


# ------------------------------------------------------------------------------------------------- the observations


def test_observations_are_centred_scaled_and_clipped():
    normalizer = ObservationNormalizer((2,))
    normalizer.absorb(torch.tensor([[0.0, 1e6], [4.0, 1e6 + 2]]))  # means 2 and 1e6 + 1, deviations 2 and 1
    seen = normalizer(torch.tensor([[2.0, 1e6], [6.0, 1e6 + 2], [100.0, -1e6]]))
    assert seen.tolist() == [[0, -1], [2, 1], [10, -10]]
    assert seen.dtype == torch.float32


@pytest.mark.parametrize("constant", [0.0, 1.0, 0.1, -3e7, 1e-30])
def test_a_number_that_has_not_varied_is_moved_to_0_and_not_blown_up(constant):
    """A mask of present vehicles that was 1 all the time, for example; 0.1 has no exact mean in floats."""
    normalizer = ObservationNormalizer((1,))
    for _ in range(50):
        normalizer.absorb(torch.full((7, 1), constant))
    assert abs(float(normalizer(torch.tensor([[constant]])))) < 1e-6
    other = torch.tensor([[constant + 0.5]])
    assert float(normalizer(other)) == pytest.approx(float(other) - constant, abs=1e-6)


def test_units_do_not_matter():
    obs = torch.randn(50, 3, dtype=torch.float64)
    seen = []
    for unit in (1e-12, 1.0, 1e12):
        normalizer = ObservationNormalizer((3,))
        normalizer.absorb(obs * unit)
        seen.append(normalizer(obs * unit))
    torch.testing.assert_close(seen[0], seen[1])
    torch.testing.assert_close(seen[2], seen[1])


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float64])
def test_observations_of_any_type(dtype):
    normalizer = ObservationNormalizer((1,))
    normalizer.absorb(torch.tensor([[0], [1]]).to(dtype))
    assert normalizer(torch.tensor([[0], [1]]).to(dtype)).tolist() == [[-1], [1]]


def test_the_statistics_are_those_of_all_observations_each_counted_once():
    ppo, seen = PPO(cartpole(3), BOTH), []
    for _ in range(4):
        rollout = ppo.rollout()
        ppo.update(rollout)
        seen.append(rollout.obs.flatten(0, 1).numpy())
    everyone = np.concatenate([*seen, rollout.next_obs]).astype(np.float64)
    for normalizer in normalizers(ppo.actor, ppo.critic):
        assert normalizer.count == len(everyone) == 4 * 12 * 3 + 3
        np.testing.assert_allclose(normalizer.mean, everyone.mean(0), rtol=1e-12)
        np.testing.assert_allclose(normalizer.variance, everyone.var(0), rtol=1e-12)


def test_before_the_first_rollout_the_first_observations_are_known():
    ppo = PPO(cartpole(3), BOTH)
    first = ppo.collector.observe().copy()
    ppo.rollout()
    (mine, theirs) = normalizers(ppo.actor, ppo.critic)
    assert mine.count == theirs.count == 3
    np.testing.assert_allclose(mine.mean, first.astype(np.float64).mean(0), rtol=1e-12)


def test_a_rollout_holds_what_the_environments_gave_and_the_first_ratio_is_exactly_1():
    ppo = PPO(cartpole(2, wrapper=lambda env: TransformReward(env, lambda reward: 7 * reward)), BOTH)
    for _ in range(3):
        rollout = ppo.rollout()
        assert (rollout.rewards == 7).all()
        before = ppo.collector.envs.moves
        for t in range(12):  # the same rows at once, so the same bits
            log_probs, _, _ = ppo.evaluate(rollout.obs[t], rollout.actions[t])
            assert torch.equal(log_probs, rollout.log_probs[t])
        assert ppo.collector.envs.moves == before
        ratios = []
        with pytest.MonkeyPatch.context() as patch:
            real = ppo_module.clipped_surrogate_loss

            def spy(log_probs, old_log_probs, *rest, real=real, ratios=ratios):
                ratios.append((log_probs - old_log_probs).exp().detach())
                return real(log_probs, old_log_probs, *rest)

            patch.setattr(ppo_module, "clipped_surrogate_loss", spy)
            ppo.update(rollout)
        torch.testing.assert_close(ratios[0], torch.ones(12), atol=1e-6, rtol=0)
    log_probs, _, _ = ppo.evaluate(rollout.obs[0], rollout.actions[0])
    assert not torch.equal(log_probs, rollout.log_probs[0])


def test_a_normaliser_that_the_networks_share_takes_in_everything_once():
    envs = cartpole()
    actor = Actor(envs.single_observation_space, envs.single_action_space, normalize=True)
    critic = Critic(envs.single_observation_space, normalize=True)
    critic.encoder = actor.encoder
    PPO(envs, BOTH, actor, critic).learn(24, progress=False)
    assert actor.encoder.normalizer.count == 26


def test_evaluating_leaves_the_statistics_alone():
    ppo = PPO(cartpole(), BOTH).learn(48, progress=False)
    before = everything(ppo)
    evaluate_policy(agent_policy(ppo.actor), cartpole(), episodes=2, seed=7)
    assert torch.equal(everything(ppo), before)


def test_networks_that_scale_by_themselves_are_not_normalised():
    for config, encoder in ((highway_config(), "road_images"), (highway_config("kinematics"), "vehicles")):
        with pytest.raises(UsageError, match=f"cannot be normalised for the encoder '{encoder}', which scales them"):
            PPO(make_vector_env("highway-fast-v0", 2, "fast", config), BOTH)


def test_networks_without_statistics_are_refused_where_they_are_asked_for():
    envs = cartpole()
    seen, acts = envs.single_observation_space, envs.single_action_space
    with pytest.raises(UsageError, match="on, but the actor has no ObservationNormalizer; build it with normalize="):
        PPO(envs, BOTH, Actor(seen, acts), Critic(seen, normalize=True))
    with pytest.raises(UsageError, match="the critic has no ObservationNormalizer"):
        PPO(envs, BOTH, Actor(seen, acts, normalize=True), Critic(seen))
    off = replace(BOTH, normalize_observations=False)
    ppo = PPO(envs, off, Actor(seen, acts, normalize=True), Critic(seen)).learn(24, progress=False)
    assert ppo.actor.encoder.normalizer.count == 0


# ------------------------------------------------------------------------------------------------------ the rewards


def slow_returns(rewards, done, gamma):
    """{environment: [R at each of its steps]}, R a plain sum over the episode so far."""
    everyone = []
    for n in range(rewards.shape[1]):
        episode = []
        for t in range(len(rewards)):
            episode.append(float(rewards[t, n]))
            everyone.append(sum(gamma**age * r for age, r in enumerate(reversed(episode))))
            if done[t, n]:
                episode = []
    return np.array(everyone)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 999), st.sampled_from([0.0, 0.5, 0.99, 1.0]))
def test_rewards_are_divided_by_the_deviation_of_the_discounted_returns(seed, gamma):
    rng = np.random.default_rng(seed)
    rewards, done = torch.as_tensor(rng.normal(3, 2, (20, 3))).float(), torch.as_tensor(rng.random((20, 3)) < 0.2)
    scaler = RewardScaler(3)
    for part in (slice(0, 7), slice(7, 8), slice(8, 20)):  # rollouts end in the midst of episodes
        scaler.absorb(rewards[part], done[part], gamma, resets=1)
    expected = slow_returns(rewards.numpy(), done.numpy(), gamma).std()
    torch.testing.assert_close(scaler.scaled(rewards), (rewards / expected).float())


def test_rewards_worked_out_by_hand():
    """γ = 1/2: R is 2, 2 + 1 = 3, then 4 in a new episode; their variance is 2/3."""
    scaler = RewardScaler(1)
    scaler.absorb(torch.tensor([[2.0], [2.0], [4.0]]), torch.tensor([[False], [True], [False]]), 0.5, resets=1)
    assert [float(moment) for moment in scaler.moments] == pytest.approx([3, 3, 2 / 3])
    assert scaler.returns.tolist() == [4]
    torch.testing.assert_close(scaler.scaled(torch.tensor([[2.0]])), torch.tensor([[2 * 1.5**0.5]]))


def test_rewards_stay_as_they_are_while_nothing_varies():
    scaler = RewardScaler(2)
    rewards = torch.full((4, 2), 0.1)
    assert torch.equal(scaler.scaled(rewards), rewards)
    scaler.absorb(rewards, torch.ones(4, 2, dtype=torch.bool), 0.9, resets=1)  # every R is 0.1
    assert torch.equal(scaler.scaled(rewards), rewards)


@pytest.mark.parametrize("unit", [1e-14, 1.0, 1e14])
def test_what_is_a_constant_is_a_matter_of_its_size(unit):
    """A spread of 1e-9 of the mean is one; 1e-12 is rounding."""
    rewards, scaler = torch.tensor([[unit]], dtype=torch.float64), RewardScaler(1)
    for spread, expected in ((1e-9, 1e9), (1e-12, unit)):
        scaler.moments = tuple(torch.tensor([9.0, unit, (spread * unit) ** 2], dtype=torch.float64))
        torch.testing.assert_close(scaler.scaled(rewards).item(), expected)


def test_after_a_reset_from_outside_the_returns_begin_anew():
    scaler, never = RewardScaler(1), torch.zeros(1, 1, dtype=torch.bool)
    for resets, expected in ((1, 1.0), (1, 2.0), (2, 1.0)):
        scaler.absorb(torch.ones(1, 1), never, 1.0, resets)
        assert scaler.returns.tolist() == [expected]


def test_an_evaluation_on_the_learners_environments_ends_their_returns():
    ppo = PPO(
        counters(100, 100), replace(BOTH, num_steps=4, gamma=1.0, final_gamma=None, normalize_observations=False)
    )
    ppo.rollout()
    assert ppo.reward_scaler.returns.tolist() == [4, 4]
    ppo.envs.reset()
    ppo.rollout()
    assert ppo.reward_scaler.returns.tolist() == [4, 4]
    ppo.rollout()
    assert ppo.reward_scaler.returns.tolist() == [8, 8]


def test_advantages_are_of_scaled_rewards_and_asking_twice_changes_nothing():
    ppo = PPO(cartpole(), BOTH)
    ppo.rollout()
    r = ppo.rollout()
    deviation = float(ppo.reward_scaler.moments[2].sqrt())
    assert deviation > 1
    expected = compute_gae(
        r.rewards / deviation, r.values, r.next_values, r.terminated, r.truncated, ppo.gamma, BOTH.gae_lambda
    )
    for _ in range(2):
        returns, advantages = ppo.compute_returns_and_advantages(r)
        torch.testing.assert_close(advantages, expected)
        torch.testing.assert_close(returns, expected + r.values)


def test_the_units_of_rewards_do_not_matter_to_what_is_learned():
    """A factor of 2^10 is exact in floats, so nothing but the logged returns may differ."""
    runs, returns = [], []
    for factor in (1, 1024):
        envs = cartpole(wrapper=lambda env, factor=factor: TransformReward(env, lambda reward: factor * reward))
        logged = []
        ppo = PPO(envs, BOTH).learn(480, lambda _, d, logged=logged: logged.append(d["return"]), progress=False)
        runs.append(torch.cat([weight.flatten() for weight in ppo.actor.parameters()]))
        returns.append(np.array(logged))
    assert torch.equal(*runs)
    np.testing.assert_array_equal(returns[0] * 1024, returns[1])


# ------------------------------------------------------------------------------------- saving, resuming, starting from


@pytest.mark.parametrize(
    ("env_id", "backend", "config"), [("CartPole-v1", "sync", None), ("highway-fast-v0", "fast", ROAD)]
)
def test_a_stop_after_any_update_changes_nothing(env_id, backend, config, tmp_path):
    def make():
        return make_vector_env(env_id, 2, backend, config)

    whole = PPO(make(), BOTH).learn(96, out=tmp_path / "whole", progress=False)
    PPO(make(), BOTH).learn(96, lambda *_: False, out=tmp_path / "parts", progress=False)
    for stop in (48, 72, 96):
        torch.manual_seed(999)  # whatever happens in between
        resumed = PPO.load(tmp_path / "parts")
        resumed.learn(96, lambda ppo, _, stop=stop: ppo.env_steps < stop, out=tmp_path / "parts", progress=False)
    assert torch.equal(everything(resumed), everything(whole))
    logs = [read_log(tmp_path / name) for name in ("whole", "parts")]
    for name in ("env_steps", "return", "length", "policy_loss", "value_loss", "explained_variance"):
        np.testing.assert_array_equal(logs[0][name], logs[1][name])


def test_a_run_saved_before_its_first_rollout_goes_on_exactly(tmp_path):
    PPO(cartpole(), BOTH).save(tmp_path)
    whole = PPO(cartpole(), BOTH).learn(96, progress=False)
    assert torch.equal(everything(PPO.load(tmp_path).learn(96, progress=False)), everything(whole))


def test_an_evaluation_before_a_stop_changes_nothing(tmp_path):
    def look_until(last):
        def look(ppo, diagnostics):
            evaluate_policy(agent_policy(ppo.actor), ppo.envs, episodes=2, seed=7)
            return ppo.env_steps != last

        return look

    whole = PPO(cartpole(), BOTH).learn(96, look_until(96), progress=False)
    PPO(cartpole(), BOTH).learn(96, look_until(48), out=tmp_path, progress=False)
    resumed = PPO.load(tmp_path).learn(96, look_until(96), out=tmp_path, progress=False)
    assert torch.equal(everything(resumed), everything(whole))


def test_an_actor_alone_carries_its_statistics(tmp_path):
    ppo = PPO(cartpole(), BOTH).learn(96, progress=False)
    ppo.save(tmp_path)
    obs = 5 * torch.randn(50, 4)
    with torch.no_grad():
        alone = load_network(tmp_path / "actor.safetensors")
        assert torch.equal(alone(obs).probs, ppo.actor(obs).probs)
        for number in normalizers(alone)[0].buffers():
            number.zero_()
        assert not torch.allclose(alone(obs).probs, ppo.actor(obs).probs)


def test_recipes():
    actor, plain = (Actor(FEATURES, Discrete(3), normalize=normalize) for normalize in (True, False))
    actor.encoder.normalizer.absorb(torch.randn(9, 4))
    assert actor.recipe["encoder"].pop("normalized") is True
    assert "normalized" not in plain.recipe["encoder"]  # as it was before there were statistics
    copy = network_from_recipe(json.loads(json.dumps(actor.recipe)))
    copy.load_state_dict(actor.state_dict())
    obs = torch.randn(5, 4)
    assert torch.equal(copy(obs).probs, actor(obs).probs)
    assert copy.recipe == actor.recipe
    table = Critic(Box(-9, 9, (4, 5), np.float32), encoder="vehicles").recipe
    with pytest.raises(UsageError, match="cannot be normalised for the encoder 'vehicles'"):
        network_from_recipe(table | {"encoder": table["encoder"] | {"normalized": True}})
    with pytest.raises(UsageError, match="no recipe of a network"):
        network_from_recipe(actor.recipe | {"encoder": actor.recipe["encoder"] | {"normalized": 1}})


def edit(folder, change):
    path = folder / "checkpoint.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def test_a_checkpoint_from_before_there_was_normalisation_loads(tmp_path):
    off = replace(BOTH, normalize_observations=False, normalize_rewards=False)
    PPO(cartpole(), off).learn(24, progress=False).save(tmp_path)
    edit(tmp_path, lambda d: [d["config"].pop(name) for name in ("normalize_observations", "normalize_rewards")])
    assert load_checkpoint(tmp_path).config == off
    assert PPO.load(tmp_path).learn(48, progress=False).env_steps == 48
    edit(tmp_path, lambda d: d["config"].update(normalize_everything=True))
    with pytest.raises(UsageError, match="the settings must be"):
        load_checkpoint(tmp_path)
    edit(tmp_path, lambda d: [d["config"].pop(name) for name in ("normalize_everything", "gamma")])
    with pytest.raises(UsageError, match="the settings must be"):
        load_checkpoint(tmp_path)


@pytest.fixture
def saved(tmp_path):
    """The folder of a checkpoint with both kinds of statistics."""
    PPO(cartpole(), BOTH).learn(48, progress=False).save(tmp_path / "it")
    return tmp_path / "it"


@pytest.mark.parametrize(
    ("name", "value"), [("count", -1.0), ("variance", -1e-9), ("mean", np.nan), ("count", np.inf)]
)
def test_statistics_of_observations_that_none_have_are_refused(saved, name, value):
    file = saved / "critic.safetensors"
    weights = load_file(file)
    weights[f"encoder.normalizer.{name}"].view(-1)[0] = value
    save_file(weights, file, {"recipe": json.dumps(load_network(file).recipe)})
    with pytest.raises(UsageError, match=rf"critic.safetensors is damaged: the {name} of what is normalised must be"):
        PPO.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        {"count": -1.0},
        {"variance": -1.0},
        {"variance": "1"},
        {"mean": None},
        {"resets": -1},
        {"resets": 1.5},
        {"more": 1},
    ],
)
def test_statistics_of_rewards_that_none_have_are_refused(saved, change):
    edit(saved, lambda d: d["state"]["learner"]["rewards"].update(change))
    with pytest.raises(UsageError, match=r"damaged \(state.learner.rewards"):
        PPO.load(saved)


@pytest.mark.parametrize("returns", [np.zeros(3), np.zeros(2, np.float32), np.array([0, np.nan]), np.zeros(()), None])
def test_returns_that_none_have_are_refused(saved, returns):
    state = load_checkpoint(saved).state["learner"]["rewards"] | {"returns": returns}
    with pytest.raises(UsageError, match="the returns of the rewards' statistics must be"):
        RewardScaler(2).load_state_dict(state, 2)
    for broken in (None, np.zeros(2), state | {"more": 1}, state | {"mean": np.zeros(())}):
        with pytest.raises(UsageError, match="the statistics of the rewards must be count, mean, variance, resets"):
            RewardScaler(2).load_state_dict(broken, 2)


def test_statistics_and_settings_belong_together(saved):
    for name in ("normalize_rewards", "normalize_observations"):
        edit(saved, lambda d, name=name: d["config"].update({name: False}))
        if name == "normalize_rewards":
            with pytest.raises(UsageError, match="where normalize_rewards is on, and only there"):
                PPO.load(saved)
            edit(saved, lambda d: d["config"].update(normalize_rewards=True))
    edit(saved, lambda d: d["state"]["learner"].pop("rewards"))
    with pytest.raises(UsageError, match="the statistics of the rewards must be"):
        PPO.load(saved)


def test_broken_copies_load_or_are_refused_in_one_line(saved, tmp_path):
    outcomes = []
    for _, path in broken_copies(saved, tmp_path / "broken", 300, seed=1):
        try:
            PPO.load(path).envs.close()
            outcomes.append("")
        except UsageError as refusal:
            outcomes.append(str(refusal))
    assert all("\n" not in said and len(said) < 1000 for said in outcomes)
    assert 30 < outcomes.count("") < 270


def test_in_other_environments_the_statistics_go_on_and_the_returns_begin_anew(saved):
    old = PPO.load(saved)
    ppo = PPO.load(saved, cartpole(4))
    assert ppo.reward_scaler.moments == old.reward_scaler.moments
    rollout = ppo.rollout()
    assert (rollout.obs[0].abs() <= 0.05).all()
    fresh = RewardScaler(4)
    fresh.absorb(rollout.rewards, rollout.terminated | rollout.truncated, ppo.gamma, 1)
    assert torch.equal(ppo.reward_scaler.returns, fresh.returns)
    assert ppo.reward_scaler.moments[0] == 48 + 48
    same = PPO.load(saved, cartpole(2, wrapper=lambda env: TransformReward(env, lambda r: r)))
    assert (same.reward_scaler.returns > 0).any()  # of episodes that these environments are not in
    rollout = same.rollout()
    fresh = RewardScaler(2)
    fresh.absorb(rollout.rewards, rollout.terminated | rollout.truncated, same.gamma, 1)
    assert torch.equal(same.reward_scaler.returns, fresh.returns)


# ------------------------------------------------------------------------------------------------- the command line

QUICK = ["--env-id", "CartPole-v1", "--backend", "sync", "--num-envs", "2", "--num-steps", "12", "--num-minibatches"]
QUICK += ["2", "--total-steps", "24", "--eval-episodes", "0"]


def test_the_command_line_normalises_resumes_and_starts_from(tmp_path, capsys):
    first, second, plain = (str(tmp_path / name) for name in ("first", "second", "plain"))
    on = ["--normalize-observations", "--normalize-rewards"]
    assert main(["train", *QUICK, *on, "--out", first]) == 0
    assert main(["train", "--resume", "--out", first, "--total-steps", "48", "--eval-episodes", "1"]) == 0
    (old,) = normalizers(PPO.load(first).actor)
    assert old.count == 50
    assert main(["train", *QUICK, *on, "--out", second, "--start-from", first]) == 0
    learner = PPO.load(second)
    assert normalizers(learner.actor)[0].count == 50 + 24  # those of observations lie in the networks
    assert learner.reward_scaler.moments[0] == 24  # those of rewards do not
    assert main(["train", *QUICK, "--out", plain, "--start-from", first]) == 0
    assert all(
        torch.equal(a, b) for a, b in zip(normalizers(PPO.load(plain).actor)[0].buffers(), old.buffers(), strict=True)
    )
    assert main(["train", *QUICK, "--out", plain, "--overwrite"]) == 0
    capsys.readouterr()
    assert main(["train", *QUICK, *on, "--out", second, "--overwrite", "--start-from", plain]) == 2
    said = capsys.readouterr().err
    assert "the actor has no ObservationNormalizer" in said
    assert said.strip().count("\n") == 0


def test_help_names_both(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    said = capsys.readouterr().out
    assert "--normalize-observations" in said
    assert "--normalize-rewards" in said


# ---------------------------------------------------------------------------------- why not by Gymnasium's wrappers


def test_gymnasiums_wrapper_refuses_environments_that_reset_in_the_same_step():
    with pytest.raises(ValueError, match="NEXT_STEP"):
        NormalizeObservation(cartpole())


def rewards_seen_by_gymnasium(truncate):
    """(its discounted return, ours) after an episode of two rewards of 1, γ = 1/2."""
    envs = counters(2, truncate=truncate)
    gym, ours = NormalizeReward(envs, gamma=0.5), RewardScaler(1)
    assert envs.metadata["autoreset_mode"] == AutoresetMode.SAME_STEP
    gym.reset(seed=0)
    for _ in range(2):
        _, _, terminated, truncated, _ = gym.step(np.array([0]))
        ours.absorb(torch.ones(1, 1), torch.as_tensor(terminated | truncated)[None], 0.5, resets=1)
    return float(gym.return_rms.mean), float(ours.moments[1])


def test_gymnasiums_returns_are_ours_but_for_the_step_that_terminates():
    theirs, ours = rewards_seen_by_gymnasium(truncate=True)
    assert theirs == pytest.approx((1 + 1.5) / 2, rel=1e-3)
    assert ours == pytest.approx((1 + 1.5) / 2)
    theirs, ours = rewards_seen_by_gymnasium(truncate=False)
    assert theirs == pytest.approx((1 + 1) / 2, rel=1e-3)  # the past is forgotten there
    assert ours == pytest.approx((1 + 1.5) / 2)
    assert gymnasium.__version__ >= "1.4"
