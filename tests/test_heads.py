"""Heads for every kind of action space: what they say, what of it enters the environment, and what is stored."""

import json
import math

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium import spaces
from scipy import stats
from torch.distributions import Categorical, Normal

from ppo_lib.config import PPOConfig
from ppo_lib.envs import make_env, make_vector_env
from ppo_lib.errors import UsageError
from ppo_lib.evaluation import agent_policy, evaluate_policy
from ppo_lib.heads import GaussianHead, make_head, probabilities
from ppo_lib.networks import Actor, Critic, network_from_recipe
from ppo_lib.ppo import PPO
from ppo_lib.rollout import collect_rollout
from ppo_lib.sampling import sample, to_environment

SEEN = spaces.Box(-1, 1, (3,), np.float32)
SPACES = {
    "one": spaces.Box(-2, 2, (1,), np.float32),
    "asymmetric": spaces.Box(np.array([-5, 0, 1e-3], np.float32), np.array([3, 100, 2e-3], np.float32)),
    "table": spaces.Box(-1, 1, (2, 3), np.float64),
    "multi discrete": spaces.MultiDiscrete([3, 1, 5]),
    "a table of choices": spaces.MultiDiscrete([[2, 3], [4, 1]]),
    "multi binary": spaces.MultiBinary(4),
    "a table of switches": spaces.MultiBinary((2, 3)),
    "discrete": spaces.Discrete(4),
}
SMALL = PPOConfig(num_steps=16, num_minibatches=2, num_epochs=2)


class Told(gymnasium.Env):
    """Remembers what it was told to do; the episode ends after five steps."""

    observation_space = SEEN

    def __init__(self, name="one", render_mode=None):
        self.action_space = SPACES[name]
        self.told = []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self.np_random.uniform(-1, 1, 3).astype(np.float32), {}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.told.append(np.array(action))
        self.steps += 1
        reward = float(np.mean(action)) + self.np_random.normal()
        return self.np_random.uniform(-1, 1, 3).astype(np.float32), reward, self.steps == 5, False, {}


@pytest.fixture(autouse=True)
def _registered():
    gymnasium.register("Told-v0", entry_point=Told, disable_env_checker=True)
    yield
    del gymnasium.registry["Told-v0"]


def some(n=7, seed=0):
    return torch.rand((n, 3), generator=torch.Generator().manual_seed(seed)) * 2 - 1


def shaken(space, seed=0):
    """An actor that has opinions."""
    torch.manual_seed(seed)
    actor = Actor(SEEN, space)
    with torch.no_grad():
        for parameter in actor.head.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    return actor


@pytest.mark.parametrize("name", SPACES)
def test_one_log_probability_and_one_entropy_for_each_state(name):
    space, obs = SPACES[name], some()
    policy = shaken(space)(obs)
    actions = policy.sample()
    assert actions.shape == (7, *space.shape)
    assert policy.log_prob(actions).shape == policy.entropy().shape == (7,)
    assert policy.mode.shape == actions.shape
    for action in (*to_environment(actions, space), *to_environment(policy.mode, space)):
        assert space.contains(action)


def test_a_gaussian_by_hand():
    """Two numbers, of which the second is in [0, 100]: density, entropy and mean worked out with scipy."""
    space = spaces.Box(np.array([-1, 0], np.float32), np.array([1, 100], np.float32))
    head = make_head(space, 2)
    with torch.no_grad():
        head.output.weight.copy_(torch.tensor([[0.2, 0.0], [0.0, 0.4]]))
        head.output.bias.copy_(torch.tensor([0.1, 0.0]))
        head.log_std.copy_(torch.tensor([0.0, math.log(0.1)]))
    with torch.no_grad():
        policy = head(torch.tensor([[1.0, 0.5]]))
    first, second = stats.norm(0.3, 1.0), stats.norm(50 + 50 * 0.2, 50 * 0.1)
    torch.testing.assert_close(policy.mode, torch.tensor([[0.3, 60.0]]))
    expected = first.logpdf(1.7) + second.logpdf(48.0)  # 1.7 lies outside, and has a density all the same
    assert float(policy.log_prob(torch.tensor([[1.7, 48.0]]))) == pytest.approx(expected, rel=1e-5)
    assert float(policy.entropy()) == pytest.approx(first.entropy() + second.entropy(), rel=1e-5)


def test_the_first_policy_is_in_the_middle_and_half_as_wide_as_the_space():
    space = SPACES["asymmetric"]
    torch.manual_seed(0)
    policy = Actor(SEEN, space)(some(200))
    middle, half = (space.high + space.low) / 2, (space.high - space.low) / 2
    assert np.abs((policy.mean.detach().numpy() - middle) / half).max() < 0.05
    np.testing.assert_allclose(policy.stddev.detach().numpy() / half, 0.5, rtol=1e-5)


def test_several_choices_by_hand():
    """As three separate categoricals: the sum of their log-probabilities and of their entropies."""
    head, features = make_head(spaces.MultiDiscrete([3, 1, 5]), 4), torch.randn(6, 4)
    with torch.no_grad():
        head.weight.normal_()
    logits = torch.nn.functional.linear(features, head.weight, head.bias)
    separate = [Categorical(logits=part) for part in logits.split([3, 1, 5], 1)]
    policy, actions = head(features), torch.tensor([[2, 0, 4], [0, 0, 0], [1, 0, 3], [2, 0, 2], [0, 0, 1], [1, 0, 0]])
    torch.testing.assert_close(
        policy.log_prob(actions), sum(p.log_prob(actions[:, i]) for i, p in enumerate(separate))
    )
    torch.testing.assert_close(policy.entropy(), sum(p.entropy() for p in separate))
    torch.testing.assert_close(policy.mode, torch.stack([p.mode for p in separate], 1))
    (policy.log_prob(actions).sum() + policy.entropy().sum()).backward()
    assert torch.isfinite(head.weight.grad).all()


def test_switches_are_choices_of_two():
    torch.manual_seed(1)
    with torch.no_grad():
        policy = make_head(spaces.MultiBinary(2), 3)(torch.zeros(1, 3))  # exactly as likely as not
    assert set(policy.mode.flatten().tolist()) <= {0, 1}
    assert float(policy.entropy()) == pytest.approx(2 * math.log(2))
    assert float(policy.log_prob(torch.tensor([[1, 0]]))) == pytest.approx(2 * math.log(0.5))


@pytest.mark.parametrize("name", SPACES)
def test_the_same_uniform_number_draws_the_same_action_whatever_else_is_drawn(name):
    space, actor, obs = SPACES[name], shaken(SPACES[name]), some(50)
    uniforms = np.random.default_rng(0).random((50, *space.shape))
    together = sample(actor(obs), uniforms)
    alone = torch.cat([sample(actor(obs[i : i + 1]), uniforms[i : i + 1]) for i in range(50)])
    torch.testing.assert_close(together, alone)
    if name != "discrete":
        return
    assert (together.bincount(minlength=4) > 0).all()


def test_a_value_that_a_number_does_not_have_is_never_drawn():
    policy = shaken(SPACES["a table of choices"])(some(1).expand(20_000, 3))
    drawn = sample(policy, np.random.default_rng(0).random((20_000, 2, 2)))
    assert drawn.amax(0).tolist() == [[1, 2], [3, 0]]


@pytest.mark.parametrize(
    ("space", "said"),
    [
        (spaces.Box(-np.inf, np.inf, (2,), np.float32), "bounds must be finite"),
        (spaces.Box(np.array([-1, 0], np.float32), np.array([1, np.inf], np.float32)), "bounds must be finite"),
        (spaces.Box(np.array([0.0], np.float32), np.array([0.0], np.float32)), "each low below its high"),
        (spaces.Box(0, 5, (2,), np.int64), "must hold decimal numbers"),
        (spaces.Box(-1, 1, (), np.float32), "at least"),
        (spaces.Discrete(3, start=1), "counted from 0"),
        (spaces.MultiDiscrete([3, 2], start=[0, 1]), "counted from 0"),
        (spaces.Tuple([spaces.Discrete(2)]), "actions must be"),
    ],
)
def test_what_no_head_is_for_is_refused_by_name(space, said):
    with pytest.raises(UsageError, match=said) as refusal:
        Actor(SEEN, space)
    assert "\n" not in str(refusal.value)


# ---------------------------------------------------------------- what enters the environment, and what is stored


def test_the_environment_is_given_the_clipped_action_and_the_rollout_keeps_what_was_drawn():
    envs = make_vector_env("Told-v0", 2, "sync")
    actor, critic = shaken(SPACES["one"]), Critic(SEEN)
    with torch.no_grad():
        actor.head.log_std.fill_(1.0)
    obs, _ = envs.reset(seed=0)
    rollout = collect_rollout(envs, actor, critic, obs, 40)
    told = np.stack([env.unwrapped.told for env in envs.unwrapped.envs], 1)
    drawn = rollout.actions.numpy()
    assert (np.abs(drawn) > 2).mean() > 0.2
    np.testing.assert_array_equal(told, drawn.clip(-2, 2))
    assert told.dtype == np.float32
    with torch.no_grad():
        again = actor(rollout.obs.flatten(0, 1)).log_prob(rollout.actions.flatten(0, 1))
        biased = actor(rollout.obs.flatten(0, 1)).log_prob(rollout.actions.clamp(-2, 2).flatten(0, 1))
    torch.testing.assert_close(again, rollout.log_probs.flatten())  # the ratio is 1 before the first step
    assert (biased - again).max() > 1  # a clipped action would be taken for e times as likely, and more


@pytest.mark.parametrize("name", SPACES)
def test_a_learner_of_any_actions_saves_loads_and_goes_on_exactly(name, tmp_path):
    def make():
        return make_vector_env("Told-v0", 3, "sync", name=name)

    whole = PPO(make(), SMALL).learn(192, out=tmp_path / "whole", progress=False)
    half = PPO(make(), SMALL)
    half.learn(192, lambda ppo, _: ppo.env_steps < 96, out=tmp_path / "half", progress=False)
    resumed = PPO.load(tmp_path / "half").learn(192, progress=False)
    assert resumed.env_steps == whole.env_steps == 192
    for (key, mine), theirs in zip(resumed.actor.state_dict().items(), whole.actor.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs), key
    actor = PPO.load(tmp_path / "whole").actor
    torch.testing.assert_close(actor(some()).mode, whole.actor(some()).mode)
    scores = [
        evaluate_policy(agent_policy(a, deterministic), make(), episodes=4, seed=5).returns
        for a, deterministic in ((actor, True), (whole.actor, True), (actor, False), (whole.actor, False))
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    np.testing.assert_array_equal(scores[2], scores[3])


def test_an_episode_with_decimal_actions_is_driven_again_exactly():
    env, again = (make_env("Pendulum-v1") for _ in range(2))
    env.reset(seed=3)
    for u in np.random.default_rng(0).uniform(-2, 2, (20, 1)).astype(np.float32):
        obs = env.step(u)[0]
    again.reset(seed=0)
    again.episode = json.loads(json.dumps(env.episode))
    np.testing.assert_array_equal(again.unwrapped.state, env.unwrapped.state)
    np.testing.assert_array_equal(again.step(np.float32([0.3]))[0], env.step(np.float32([0.3]))[0])
    assert obs.shape == (3,)


@pytest.mark.parametrize("name", SPACES)
def test_a_recipe_builds_the_same_head(name):
    actor = shaken(SPACES[name])
    recipe = json.loads(json.dumps(actor.recipe))
    again = network_from_recipe(recipe, {key: tuple(w.shape) for key, w in actor.state_dict().items()})
    again.load_state_dict(actor.state_dict())
    torch.testing.assert_close(again(some()).log_prob(actor(some()).mode), actor(some()).log_prob(actor(some()).mode))
    assert again.recipe == actor.recipe


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("one", {"low": [3.0]}),
        ("one", {"low": [-1.0, -1.0]}),
        ("one", {"low": ["-1"]}),
        ("one", {"high": [1e300]}),
        ("one", {"dtype": "int64"}),
        ("one", {"shape": []}),
        ("asymmetric", {"shape": [4]}),
        ("multi discrete", {"choices": [3, 1]}),
        ("multi discrete", {"choices": [3, 1, 0]}),
        ("multi discrete", {"choices": [1] * 3000 + [60_000], "shape": [3001]}),
        ("multi binary", {"shape": [0]}),
        ("multi binary", {"choices": [2] * 4}),
        ("discrete", {"type": "box"}),
    ],
)
def test_a_recipe_of_impossible_actions_is_refused(name, change):
    recipe = Actor(SEEN, SPACES[name]).recipe
    recipe["actions"] = recipe["actions"] | change
    with pytest.raises(UsageError, match="no recipe of a network") as refusal:
        network_from_recipe(recipe)
    assert "\n" not in str(refusal.value)


def test_a_checkpoint_of_other_actions_is_refused(tmp_path):
    PPO(make_vector_env("Told-v0", 2, "sync"), SMALL).save(tmp_path / "saved")
    with pytest.raises(UsageError, match=r"the actions Box\(-2.0, 2.0, \(1,\), float32\); .* MultiBinary\(4\)"):
        PPO.load(tmp_path / "saved", make_vector_env("Told-v0", 2, "sync", name="multi binary"))


def test_a_distribution_that_is_not_summed_is_refused():
    class Forgetful(GaussianHead):
        def forward(self, features):
            return Normal(torch.zeros(len(features), 2), 1.0)

    actor = Actor(SEEN, spaces.Box(-1, 1, (2,), np.float32))
    actor.head.__class__ = Forgetful
    envs = make_vector_env("Told-v0", 3, "sync")
    with pytest.raises(UsageError, match=r"one log-probability for each observation, \(3,\), got \(3, 2\); sum over"):
        collect_rollout(envs, actor, Critic(SEEN), envs.reset(seed=0)[0], 2)


def test_only_single_choices_have_a_list_of_probabilities():
    assert probabilities(Actor(SEEN, SPACES["discrete"])(some())).shape == (7, 4)
    with pytest.raises(UsageError, match="Discrete actions"):
        probabilities(Actor(SEEN, SPACES["one"])(some()))
