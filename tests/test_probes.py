"""The probe environments: what is right in them, and that a broken learner is located."""

import numpy as np
import pytest
import torch
from gymnasium.vector import VectorWrapper
from torch.distributions import Categorical

from ppo_lib.ppo import PPO
from ppo_lib.probes import PROBES, Finding, ProbeReport, run_probes

NAMES = [probe.name for probe in PROBES]
BY_NAME = dict(zip(NAMES, PROBES, strict=True))


def learner(kind=PPO, wrapper=lambda envs: envs):
    """The library's learner as run_probes wants it, or a broken one of its kind."""

    def learn(envs, config, total_steps):
        ppo = kind(wrapper(envs), config).learn(total_steps, progress=False)
        return ppo.actor, ppo.critic

    return learn


# ------------------------------------------------------------ broken learners


class Changed(VectorWrapper):
    """The environments as a learner sees them that mistakes a part of what they say."""

    def step(self, actions):
        obs, rewards, terminated, truncated, infos = self.env.step(actions)
        return self.change(obs, rewards, terminated, truncated, infos)


class RewardIgnored(Changed):
    def change(self, obs, rewards, *rest):
        return obs, 0 * rewards, *rest


class ObservationZeroed(Changed):
    def reset(self, **options):
        obs, infos = self.env.reset(**options)
        return 0 * obs, infos

    def change(self, obs, *rest):
        return 0 * obs, *rest


class NewEpisodesFirstAsNext(Changed):
    """next_values of the next episode's first observation."""

    def change(self, obs, rewards, terminated, truncated, infos):
        if "final_obs" in infos:
            infos["final_obs"] = obs
        return obs, rewards, terminated, truncated, infos


class EndsIgnored(Changed):
    """Nothing ever ends."""

    def change(self, obs, rewards, terminated, truncated, infos):
        return obs, rewards, terminated & False, truncated & False, {}


class TerminationAsTruncation(Changed):
    def change(self, obs, rewards, terminated, truncated, infos):
        return obs, rewards, terminated & False, terminated | truncated, infos


class TruncationAsTermination(Changed):
    def change(self, obs, rewards, terminated, truncated, infos):
        return obs, rewards, terminated | truncated, truncated & False, infos


class EndsSwapped(Changed):
    def change(self, obs, rewards, terminated, truncated, infos):
        return obs, rewards, truncated, terminated, infos


class PolicyLossUpsideDown(PPO):
    def compute_returns_and_advantages(self, rollout):
        returns, advantages = super().compute_returns_and_advantages(rollout)
        return returns, -advantages


class AdvantagesShuffled(PPO):
    def compute_returns_and_advantages(self, rollout):
        returns, advantages = super().compute_returns_and_advantages(rollout)
        order = torch.randperm(advantages.numel(), generator=self.generator)
        return returns, advantages.flatten()[order].reshape(advantages.shape)


class ReturnsShuffled(PPO):
    def compute_returns_and_advantages(self, rollout):
        returns, advantages = super().compute_returns_and_advantages(rollout)
        order = torch.randperm(returns.numel(), generator=self.generator)
        return returns.flatten()[order].reshape(returns.shape), advantages


class ActorForgotten(PPO):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.optimizer.add_param_group({"params": [self.actor.head.weight.new_zeros(1, requires_grad=True)]})
        ours = {id(parameter) for parameter in self.actor.parameters()}
        first = self.optimizer.param_groups[0]
        first["params"] = [parameter for parameter in first["params"] if id(parameter) not in ours]


class CriticForgotten(PPO):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.critic.requires_grad_(False)


class NoDiscount(PPO):
    def anneal(self, progress):
        super().anneal(progress)
        self.gamma = min(1.0, 2 * self.gamma)  # 1 where there is any


class NoBootstrap(PPO):
    def compute_returns_and_advantages(self, rollout):
        rollout.next_values = torch.zeros_like(rollout.next_values)
        return super().compute_returns_and_advantages(rollout)


class ValuesAsNextValues(PPO):
    def compute_returns_and_advantages(self, rollout):
        rollout.next_values = rollout.values
        return super().compute_returns_and_advantages(rollout)


class ActorSeesTheStepBefore(PPO):
    """What the actor learns from is the observation of another step than its action's."""

    def evaluate(self, obs, actions):
        policy = self.actor(obs.roll(1, 0))
        return policy.log_prob(actions), policy.entropy(), self.critic(obs)


class ActorIsBlind(PPO):
    def evaluate(self, obs, actions):
        policy = self.actor(0 * obs)
        return policy.log_prob(actions), policy.entropy(), self.critic(obs)


# learner: the probe that must be the first to fail
BROKEN = {
    "reward ignored": (learner(wrapper=RewardIgnored), "constant"),
    "critic never stepped": (learner(CriticForgotten), "constant"),
    "observation zeroed": (learner(wrapper=ObservationZeroed), "observation"),
    "returns shuffled": (learner(ReturnsShuffled), "observation"),
    "ends ignored": (learner(wrapper=EndsIgnored), "time"),
    "termination taken for truncation": (learner(wrapper=TerminationAsTruncation), "time"),
    "ends swapped": (learner(wrapper=EndsSwapped), "time"),
    "discount 1": (learner(NoDiscount), "time"),
    "no bootstrap": (learner(NoBootstrap), "time"),
    "values as next values": (learner(ValuesAsNextValues), "time"),
    "truncation taken for termination": (learner(wrapper=TruncationAsTermination), "time limit"),
    "next values of the new episode": (learner(wrapper=NewEpisodesFirstAsNext), "time limit"),
    "policy loss upside down": (learner(PolicyLossUpsideDown), "action"),
    "advantages shuffled": (learner(AdvantagesShuffled), "action"),
    "actor never stepped": (learner(ActorForgotten), "action"),
    "actor sees another step": (learner(ActorSeesTheStepBefore), "both"),
    "actor is blind": (learner(ActorIsBlind), "both"),
}


@pytest.mark.parametrize("seed", range(5))
def test_the_librarys_learner_passes_all(seed):
    report = run_probes(learner(), seed)
    assert report.passed, report
    assert report.failed == ()
    assert report.sentence.startswith("All six pass")


@pytest.mark.parametrize("mistake", BROKEN)
def test_a_broken_learner_is_located(mistake):
    broken, first = BROKEN[mistake]
    report = run_probes(broken)
    assert not report.passed
    assert report.failed[0] == first, report
    assert report.sentence == f"The first that fails is {first!r}. Look at {BY_NAME[first].look_at}."


# ------------------------------------------------------------ the worlds


def drive(name, num_steps, action=0):
    """(observations, rewards, terminated, truncated, infos) of some steps; the observations are one more."""
    envs = BY_NAME[name].envs(num_envs=64)
    obs = [envs.reset(seed=3)[0]]
    steps = [envs.step(np.full(64, action)) for _ in range(num_steps)]
    rewards, terminated, truncated, infos = zip(*(step[1:] for step in steps), strict=True)
    return [*obs, *(step[0] for step in steps)], rewards, terminated, truncated, infos


def test_time_by_hand():
    obs, rewards, terminated, truncated, infos = drive("time", 4)
    assert [o[0, 0] for o in obs] == [-1, 1, -1, 1, -1]
    assert [r[0] for r in rewards] == [0, 1, 0, 1]
    assert [e[0] for e in terminated] == [False, True, False, True]
    assert not np.any(truncated)
    assert "final_obs" not in infos[0]
    assert infos[1]["final_obs"][0] == [-1]


def test_the_time_limit_by_hand():
    obs, rewards, terminated, truncated, infos = drive("time limit", 6)
    assert [o[0, 0] for o in obs] == [-1, 1, 1, -1, 1, 1, -1]
    assert [r[0] for r in rewards] == [0, 1, 1, 0, 1, 1]
    assert [e[0] for e in truncated] == [False, False, True] * 2
    assert not np.any(terminated)
    assert infos[2]["final_obs"][0] == [1]  # as if it had gone on


@pytest.mark.parametrize(("name", "action"), [("constant", 0), ("observation", 0), ("action", 2), ("both", 1)])
def test_the_worlds_of_one_step(name, action):
    obs, rewards, terminated, truncated, infos = drive(name, 20, action)
    assert np.all(terminated)
    assert not np.any(truncated)
    seen = np.stack(obs[:-1])[..., 0]
    assert set(seen.flat) == ({0} if name in ("constant", "action") else {-1, 1})
    right = {"constant": 1.0, "observation": seen, "action": 0.0, "both": seen > 0}[name]
    np.testing.assert_array_equal(np.stack(rewards), np.broadcast_to(right, seen.shape))
    assert all(info["_final_obs"].all() for info in infos)


def test_only_the_last_action_is_worth_something():
    assert [drive("action", 1, action)[1][0][0] for action in range(4)] == [0, 0, 0, 1]


@pytest.mark.parametrize("name", NAMES)
def test_worlds_are_what_gymnasium_says(name):
    envs = BY_NAME[name].envs(num_envs=5)
    first, _ = envs.reset(seed=[1, 2, 3, 4, 5])
    again, _ = BY_NAME[name].envs(num_envs=5).reset(seed=[1, 2, 3, 4, 5])
    np.testing.assert_array_equal(first, again)
    obs, rewards, terminated, truncated, _ = envs.step(envs.action_space.sample())
    assert obs in envs.observation_space
    assert obs is not first
    assert rewards.shape == terminated.shape == truncated.shape == (5,)
    assert terminated.dtype == truncated.dtype == bool


def test_the_settings_are_numbers_throughout_so_that_any_loop_can_read_them():
    for probe in PROBES:
        config = probe.config(seed=7)
        assert config.seed == 7
        assert config.final_gamma == config.gamma == probe.gamma
        assert config.gamma_at(0.3) == pytest.approx(config.gamma)
        assert config.final_entropy_coef == config.entropy_coef


# ------------------------------------------------------------ what is said


def perfect(envs, config, total_steps):
    """Networks that know the answers without learning."""
    probe = next(probe for probe in PROBES if isinstance(envs, probe.envs))
    obs = sorted(probe.values | probe.best)
    values = torch.tensor([probe.values.get(o, 0.0) for o in obs])
    right = [probe.best.get(o, 0) for o in obs]
    probs = torch.eye(envs.num_actions)[right]

    def index(seen):
        return [obs.index(o) for o in seen[:, 0].tolist()]

    return lambda seen: Categorical(probs=probs[index(seen)]), lambda seen: values[index(seen)]


def test_networks_are_asked_and_not_how_they_learned():
    assert run_probes(perfect).passed


@pytest.mark.parametrize("wrong", [0.12, float("nan")])
def test_a_value_beside_the_right_one_fails(wrong):
    def off(*args):
        actor, critic = perfect(*args)
        return actor, lambda obs: critic(obs) + wrong

    report = run_probes(off)
    assert report.failed == ("constant", "observation", "time", "time limit")
    assert report.findings[0].found == ("V(0) = 1.12" if wrong == 0.12 else "V(0) = nan")


def test_an_undecided_actor_fails():
    def undecided(envs, *args):
        _, critic = perfect(envs, *args)
        return lambda obs: Categorical(logits=torch.zeros(len(obs), envs.num_actions)), critic

    assert run_probes(undecided).failed == ("action", "both")


def broken_off(*args):
    raise ValueError("no such\nthing")


def breaks_off_late(envs, config, total_steps):
    if envs.num_actions == 4:
        return None
    return perfect(envs, config, total_steps)


def logits_for_an_actor(envs, *args):
    return lambda obs: torch.zeros(len(obs), envs.num_actions), perfect(envs, *args)[1]


def values_too_many(envs, *args):
    return perfect(envs, *args)[0], lambda obs: torch.zeros(len(obs), 1)


@pytest.mark.parametrize(
    ("learn", "probe", "line"),
    [
        (
            broken_off,
            "constant",
            'it raised ValueError at the line `raise ValueError("no such\\nthing")`: no such thing.',
        ),
        (breaks_off_late, "action", "it must return two networks, (actor, critic), and returned NoneType."),
        (
            logits_for_an_actor,
            "constant",
            "the actor's probs of 1 observations must have shape (1, 1), and are NoneType.",
        ),
        (
            values_too_many,
            "constant",
            "the critic's values of 1 observations must have shape (1,), and have shape (1, 1).",
        ),
    ],
)
def test_a_learner_that_cannot_be_tried_is_told_so_in_one_line(learn, probe, line):
    report = run_probes(learn)
    assert report.failed == (probe,)
    assert report.sentence == f"The learner could not be tried in probe {probe!r}: {line}"
    verdicts = [row[-1] for row in report.table.rows]
    at = NAMES.index(probe)
    assert verdicts == ["✓ passes"] * at + ["✗ broke off"] + ["not tried"] * (5 - at)


def test_stop_is_no_mistake_of_the_learner():
    def stopped(*args):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_probes(stopped)


def test_a_report_is_a_table_and_a_sentence():
    findings = [Finding(probe, "<b>", probe.name != "time") for probe in PROBES]
    report = ProbeReport(tuple(findings))
    lines = str(report).splitlines()
    assert [line.split()[0] for line in lines[1:7]] == [name.split()[0] for name in NAMES]
    assert [line.endswith("✗ fails") for line in lines[1:7]] == [name == "time" for name in NAMES]
    assert lines[-1] == report.sentence
    html = report._repr_html_()
    assert "&lt;b&gt;" in html
    assert html.endswith("</p>")
    assert "r + γ V(next)" in html


def test_expectations_are_said_in_words():
    said = {probe.name: probe.expected for probe in PROBES}
    assert said["time limit"] == "V(-1) = 1.00, V(+1) = 2.00"
    assert said["action"] == "P(3 | 0) ≥ 0.9"
