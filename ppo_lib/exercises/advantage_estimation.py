"""The exercises of notebook 3: TD errors, GAE and the normalisation of advantages."""

import torch

from ppo_lib.exercises.checking import Exercise


def td_errors(rewards, values, next_values, terminated, truncated, gamma):
    """(T, N): how much better one step turned out than the critic had expected."""
    return rewards + gamma * next_values * ~terminated - values


def gae(deltas, terminated, truncated, gamma, gae_lambda):
    """(T, N): the discounted sum of the TD errors up to the end of the episode."""
    going_on = ~(terminated | truncated)
    advantages, later = torch.zeros_like(deltas), torch.zeros_like(deltas[0])
    for t in reversed(range(len(deltas))):
        later = deltas[t] + gamma * gae_lambda * going_on[t] * later
        advantages[t] = later
    return advantages


def normalize(advantages):
    """(T, N): mean 0 and standard deviation 1 over all transitions together."""
    return (advantages - advantages.mean()) / advantages.std(correction=0)


def _as_bool(rows):
    return torch.tensor(rows, dtype=torch.bool)


# Three drives, step by step down the columns: no end, a crash at step 1, the time limit at step 2.
NEVER, AT_STEP_1, AT_STEP_2 = [0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]
TERMINATED = _as_bool([NEVER, AT_STEP_1, NEVER]).T
TRUNCATED = _as_bool([NEVER, NEVER, AT_STEP_2]).T

TD_CASES = [
    {
        "rewards": torch.tensor([[0.7, 0.8, 0.9], [0.8, 0.1, 0.7], [0.9, 0.7, 0.8], [1.0, 0.9, 0.6]]),
        "values": torch.tensor([[5.0, 3.0, 6.0], [5.5, 2.0, 6.5], [6.0, 4.0, 5.0], [6.5, 4.5, 7.0]]),
        "next_values": torch.tensor([[5.5, 2.0, 6.5], [6.0, 3.0, 5.0], [6.5, 4.5, 8.0], [7.0, 5.0, 7.5]]),
        "terminated": TERMINATED,
        "truncated": TRUNCATED,
        "gamma": 0.9,
    }
]
GAE_CASES = [
    {
        "deltas": torch.tensor([[1.0, 2.0, -1.0], [2.0, -3.0, 0.5], [-1.0, 1.0, 2.0], [4.0, 2.0, -2.0]]),
        "terminated": TERMINATED,
        "truncated": TRUNCATED,
        "gamma": 0.9,
        "gae_lambda": 0.5,
    }
]


def _td_errors_within_the_rollout(rewards, values, next_values, terminated, truncated, gamma):
    following = torch.cat([values[1:], next_values[-1:]])
    return td_errors(rewards, values, following, terminated, truncated, gamma)


check_td_errors = Exercise(
    checked="three drives of four steps, one through a crash and one through the time limit",
    cases=TD_CASES,
    solution=td_errors,
    mistakes={
        "terminated ignored": (
            "You bootstrap through the crash: after a termination there is no next value. Look at what `terminated` "
            "should do to next_values.",
            lambda r, v, nv, term, trunc, g: r + g * nv - v,
        ),
        "truncation treated as termination": (
            "You treat the time limit as a crash: after a truncation the road goes on, and next_values says what it "
            "is worth. Only `terminated` should silence it.",
            lambda r, v, nv, term, trunc, g: r + g * nv * ~(term | trunc) - v,
        ),
        "without gamma": (
            "Your TD errors have no γ: the next value comes one step later, so it counts γ times as much.",
            lambda r, v, nv, term, trunc, g: r + nv * ~term - v,
        ),
        "off by one in time": (
            "You take V(s_{t+1}) from the next row of `values`. Where an episode ends, that row belongs to the next "
            "episode: next_values holds the state that was really reached.",
            _td_errors_within_the_rollout,
        ),
        "sign": (
            "The sign: these are positive when the step was worse than expected. A TD error is what came minus what "
            "was expected.",
            lambda *batch: -td_errors(*batch),
        ),
        "target instead of error": (
            "These are the targets r + γ V(s'), not the errors: you have not subtracted what the critic expected.",
            lambda r, v, nv, term, trunc, g: r + g * nv * ~term,
        ),
        "reward of the last step lost": (
            "The crash silences your reward, too. The reward of the last step was really paid; only what would have "
            "come after it is 0. Look at your parentheses.",
            lambda r, v, nv, term, trunc, g: (r + g * nv) * ~term - v,
        ),
    },
)


def _recursion(factor, delta=lambda t, deltas, going_on: deltas[t]):
    """GAE with another factor before Â_{t+1}, or another summand, for the mistakes."""

    def mistaken(deltas, terminated, truncated, gamma, gae_lambda):
        advantages, later = torch.zeros_like(deltas), torch.zeros_like(deltas[0])
        going_on = ~(terminated | truncated)
        for t in reversed(range(len(deltas))):
            carried = factor(t, terminated, truncated, gamma, gae_lambda)
            advantages[t] = later = delta(t, deltas, going_on) + carried * later
        return advantages

    return mistaken


def _forwards(deltas, terminated, truncated, gamma, gae_lambda):
    advantages, earlier = torch.zeros_like(deltas), torch.zeros_like(deltas[0])
    for t in range(len(deltas)):
        advantages[t] = earlier = deltas[t] + gamma * gae_lambda * ~(terminated | truncated)[t] * earlier
    return advantages


def _going_on_one_late(t, terminated, truncated, gamma, gae_lambda):
    done = terminated | truncated
    return gamma * gae_lambda * ~done[min(t + 1, len(done) - 1)]


check_gae = Exercise(
    checked="three drives of four steps, one through a crash and one through the time limit",
    cases=GAE_CASES,
    solution=gae,
    mistakes={
        "not stopped at the episode's end": (
            "Your sum runs on across the end of an episode, into the next drive. Which factor should be 0 there?",
            _recursion(lambda t, term, trunc, g, lam: g * lam),
        ),
        "stopped at crashes only": (
            "Your sum stops at crashes, but runs on across the time limit, into another drive. A truncation ends the "
            "sum, too.",
            _recursion(lambda t, term, trunc, g, lam: g * lam * ~term[t]),
        ),
        "stopped at time limits only": (
            "Your sum stops at time limits, but runs on across a crash, into another drive. A termination ends the "
            "sum, too.",
            _recursion(lambda t, term, trunc, g, lam: g * lam * ~trunc[t]),
        ),
        "without gamma": (
            "Your sum has λ but no γ: each step further away counts γλ times as much, by both factors.",
            _recursion(lambda t, term, trunc, g, lam: lam * ~(term | trunc)[t]),
        ),
        "without lambda": (
            "Your sum has γ but no λ: this is the Monte-Carlo advantage, GAE with λ = 1.",
            _recursion(lambda t, term, trunc, g, lam: g * ~(term | trunc)[t]),
        ),
        "one step only": (
            "These are the TD errors themselves, GAE with λ = 0: add what came later, γλ times Â_{t+1}.",
            lambda deltas, *_: deltas.clone(),
        ),
        "off by one in time": (
            "Your sum ends one step early: whether Â_{t+1} counts depends on an end at step t, not at t + 1.",
            _recursion(_going_on_one_late),
        ),
        "forwards in time": (
            "You sum over the past: Â_t is made of what came after step t. Walk through the steps backwards.",
            _forwards,
        ),
        "delta of the last step lost": (
            "Where an episode ends your advantage is 0: the end silences what comes later, not δ of the last step "
            "itself. Look at your parentheses.",
            _recursion(
                lambda t, term, trunc, g, lam: g * lam * ~(term | trunc)[t],
                delta=lambda t, deltas, going_on: deltas[t] * going_on[t],
            ),
        ),
    },
)

check_normalize = Exercise(
    checked="mean 0 and standard deviation 1 over all transitions together",
    cases=[{"advantages": torch.tensor([[1.0, 10.0], [2.0, 30.0], [6.0, 20.0]])}],
    solution=normalize,
    mistakes={
        "over time": (
            "You normalise every drive by itself (over axis 0, time): then a bad drive looks as good as a good one. "
            "Use one mean and one standard deviation for all transitions.",
            lambda a: (a - a.mean(0)) / a.std(0, correction=0),
        ),
        "over environments": (
            "You normalise every moment by itself (over axis 1, the environments): use one mean and one standard "
            "deviation for all transitions.",
            lambda a: (a - a.mean(1, keepdim=True)) / a.std(1, correction=0, keepdim=True),
        ),
        "not centred": (
            "Your advantages still have their mean: subtract it before you divide.",
            lambda a: a / a.std(correction=0),
        ),
        "not scaled": (
            "Your advantages have mean 0, but still their old spread: divide by the standard deviation.",
            lambda a: a - a.mean(),
        ),
        "variance": (
            "You divide by the variance; it is in squared units. Divide by its root, the standard deviation.",
            lambda a: (a - a.mean()) / a.var(correction=0),
        ),
        "one transition less": (
            "Nearly: torch's std divides by one less than the number of transitions, unless you write "
            "std(correction=0). In a large batch nobody would see it.",
            lambda a: (a - a.mean()) / a.std(),
        ),
        "parentheses": (
            "You divide only the mean by the standard deviation: look at your parentheses.",
            lambda a: a - a.mean() / a.std(correction=0),
        ),
    },
)
