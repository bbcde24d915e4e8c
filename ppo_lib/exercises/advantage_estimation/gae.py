"""The exercise gae of the notebook 04_advantage_estimation."""

import torch

from ppo_lib.exercises.advantage_estimation.common import one_row_earlier, one_row_later
from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def gae(deltas, terminated, truncated, gamma, gae_lambda):
    """(T, N): the discounted sum of the TD errors up to the end of the episode."""
    going_on = ~(terminated | truncated)
    advantages, later = torch.zeros_like(deltas), torch.zeros_like(deltas[0])
    for t in reversed(range(len(deltas))):
        later = deltas[t] + gamma * gae_lambda * going_on[t] * later
        advantages[t] = later
    return advantages


def never(terminated, truncated, **_):
    """No drive ever ends."""
    return {"terminated": torch.zeros_like(terminated), "truncated": torch.zeros_like(truncated)}


def draw_deltas(draw):
    """One input of gae; now and then drives are long, and what lies far ahead still counts."""
    steps, num_envs = draw.sizes(2)
    long = not draw.plain and draw.number % 32 == 7
    steps += 24 if long else 0
    terminated, truncated = draw.ends(steps, num_envs)
    few = draw.rng.random((steps, num_envs)) < (0.02 if long else 1.0)
    gamma, gae_lambda = (draw.number_in(0.0, 1.0, bounds=True) for _ in range(2))
    return {
        "deltas": draw.floats(steps, num_envs) * (draw.rng.random((steps, num_envs)) < 0.9).astype(draw.dtype),
        "terminated": terminated & few,
        "truncated": truncated & few,
        "gamma": 0.99 if long else gamma,
        "gae_lambda": 0.95 if long else gae_lambda,
    }


def work_out_gae(index, deltas, terminated, truncated, gamma, gae_lambda):
    """One advantage, in numbers."""
    t, place = index[0], list(index)
    delta = deltas[index].item()
    if t + 1 == len(deltas) or terminated[index] or truncated[index]:
        why = "the rollout ends here" if t + 1 == len(deltas) else "the drive ends here"
        return f"at {place}: Â = δ = {delta:.4g}, because {why}"
    later = gae(deltas, terminated, truncated, gamma, gae_lambda)[t + 1][index[1:]].item()
    return f"at {place}: Â = δ + γ λ Â_(t+1) = {delta:.4g} + {gamma:.4g} · {gae_lambda:.4g} · {later:.4g}"


def recursion(factor=None, delta=None):
    """GAE with another factor before Â_{t+1}, or another summand, for the mistakes."""

    def gae_with_it(deltas, terminated, truncated, gamma, gae_lambda):
        advantages, later = torch.zeros_like(deltas), torch.zeros_like(deltas[0])
        done = terminated | truncated
        for t in reversed(range(len(deltas))):
            carried = factor(t, done, gamma, gae_lambda) if factor else gamma * gae_lambda * ~done[t]
            later = (delta(t, deltas, gamma, gae_lambda) if delta else deltas[t]) + carried * later
            advantages[t] = later
        return advantages

    return gae_with_it


def forwards(deltas, terminated, truncated, gamma, gae_lambda):
    """GAE over the past instead of the future, for a mistake."""
    advantages, earlier = torch.zeros_like(deltas), torch.zeros_like(deltas[0])
    for t in range(len(deltas)):
        earlier = deltas[t] + gamma * gae_lambda * ~(terminated | truncated)[t] * earlier
        advantages[t] = earlier
    return advantages


def two_steps(deltas, terminated, truncated, gamma, gae_lambda):
    """The TD error of this step and the next, for a mistake."""
    following = torch.cat([deltas[1:], torch.zeros_like(deltas[:1])])
    return deltas + gamma * gae_lambda * ~(terminated | truncated) * following


def without_last_row(advantages, **_):
    """The last row of the answer was never computed."""
    return torch.cat([advantages[:-1], torch.zeros_like(advantages[-1:])])


check_gae = Exercise(
    name="gae",
    chapter="04_advantage_estimation",
    checked="drives without an end, with crashes, time limits and both in one step, of all lengths, and any γ and λ",
    solution=gae,
    inputs=draw_deltas,
    worked=work_out_gae,
    backwards=True,
    by_hand=("compute_gae",),
    hints=(
        "What is the advantage of the very last step? And if you know the advantage of step t + 1, what does step t "
        "add?",
        "Walk backwards: Â_t = δ_t + γ λ Â_{t+1}. Where a drive ends, by a crash or by the clock, row t + 1 belongs "
        "to another drive: which factor should be 0 there?",
        "Keep `later`, a row of N numbers that begins at 0. For t from T - 1 down to 0: "
        "later = deltas[t] + gamma * gae_lambda * ~(terminated[t] | truncated[t]) * later, and that is row t.",
    ),
    mistakes={
        "not stopped at the episode's end": Mistake(
            "Your sum runs on across the end of an episode, into the next drive. Which factor should be 0 there?",
            given=never,
        ),
        "stopped at crashes only": Mistake(
            "Your sum stops at crashes, but runs on across the time limit, into another drive. A truncation ends the "
            "sum, too.",
            given=lambda truncated, **_: {"truncated": torch.zeros_like(truncated)},
        ),
        "stopped at time limits only": Mistake(
            "Your sum stops at time limits, but runs on across a crash, into another drive. A termination ends the "
            "sum, too.",
            given=lambda terminated, **_: {"terminated": torch.zeros_like(terminated)},
        ),
        "stopped only where both": Mistake(
            "Your sum stops only where both flags are set. Either of them ends the drive: | instead of &.",
            given=lambda terminated, truncated, **_: {
                "terminated": terminated & truncated,
                "truncated": truncated & terminated,
            },
        ),
        "stopped only where one": Mistake(
            "Where both flags are set in one step your sum runs on. Either of them ends the drive, and both do, too: "
            "| instead of ^ or !=.",
            given=lambda terminated, truncated, **_: {
                "terminated": terminated ^ truncated,
                "truncated": terminated ^ truncated,
            },
        ),
        "upside down": Mistake(
            "Your sum goes on exactly where a drive ends. Is a ~ missing?",
            instead=recursion(lambda t, done, g, lam: g * lam * done[t]),
        ),
        "without gamma": Mistake(
            "Your sum has λ but no γ: each step further away counts γλ times as much, by both factors.",
            given=lambda **_: {"gamma": 1.0},
        ),
        "without lambda": Mistake(
            "Your sum has γ but no λ: this is the Monte-Carlo advantage, GAE with λ = 1.",
            given=lambda **_: {"gae_lambda": 1.0},
        ),
        "weighted average": Mistake(
            "You multiply δ by 1 - λ, as in an average. In GAE those factors are already taken together: the sum of "
            "(γλ)^k δ_{t+k} is all.",
            given=lambda deltas, gae_lambda, **_: {"deltas": (1 - gae_lambda) * deltas},
        ),
        "one step only": Mistake(
            "These are the TD errors themselves, GAE with λ = 0: add what came later, γλ times Â_{t+1}.",
            instead=lambda deltas, *_: deltas.clone(),
        ),
        "delta for the advantage": Mistake(
            "You add the TD error of the next step where its advantage belongs: γλ times Â_{t+1}, which holds all "
            "that came later, not only δ_{t+1}.",
            instead=two_steps,
        ),
        "end one step late": Mistake(
            "You look for the end at step t + 1, so your sum stops one step too early. Whether Â_{t+1} counts "
            "depends on an end at step t.",
            given=lambda terminated, truncated, **_: {
                "terminated": one_row_later(terminated),
                "truncated": one_row_later(truncated),
            },
        ),
        "end one step early": Mistake(
            "You look for the end at step t - 1, so the sum of the last step of a drive runs on into the next drive. "
            "Whether Â_{t+1} counts depends on an end at step t.",
            given=lambda terminated, truncated, **_: {
                "terminated": one_row_earlier(terminated),
                "truncated": one_row_earlier(truncated),
            },
        ),
        "forwards in time": Mistake(
            "You sum over the past: Â_t is made of what came after step t. Walk through the steps backwards.",
            instead=forwards,
        ),
        "delta of the last step lost": Mistake(
            "Where an episode ends your advantage is 0: the end silences what comes later, not δ of the last step "
            "itself. Look at your parentheses.",
            given=lambda deltas, terminated, truncated, **_: {"deltas": deltas * ~(terminated | truncated)},
        ),
        "delta discounted": Mistake(
            "You multiply δ of the step itself by γλ, too. It counts in full; only what comes later is weighted.",
            given=lambda deltas, gamma, gae_lambda, **_: {"deltas": gamma * gae_lambda * deltas},
        ),
        "last row lost": Mistake(
            "Your last row is 0: the loop does not reach the last step. Its advantage is its δ.",
            result=without_last_row,
        ),
        "first row lost": Mistake(
            "Your first row is 0: the loop ends one step too early. range(T - 1, -1, -1) reaches step 0, and so does "
            "reversed(range(T)).",
            result=lambda advantages, **_: torch.cat([torch.zeros_like(advantages[:1]), advantages[1:]]),
        ),
        "last step forgotten in the sum": Mistake(
            "The last step is left out of the sums of all steps before it: begin with the last row, t = T - 1.",
            given=lambda deltas, **_: {"deltas": torch.cat([deltas[:-1], torch.zeros_like(deltas[-1:])])},
        ),
        "sign": Mistake(
            "The sign: a step that was better than expected has a positive advantage.",
            result=lambda advantages, **_: -advantages,
        ),
        "summed over the roads": Mistake(
            "You carry one number for all roads. Each road has its own drive: `later` is a row of N numbers.",
            instead=lambda deltas, *rest: gae(deltas.sum(1, keepdim=True).expand_as(deltas), *rest),
        ),
    },
)
