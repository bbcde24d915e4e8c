"""The exercise rewards_to_go of the notebook 03_policy_gradient."""

import torch

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def rewards_to_go(rewards, terminated, truncated, *, keep=None):
    """(T, N): the sum of each step's reward and all later ones of the same drive."""
    ended = terminated | truncated
    sums, later = torch.zeros_like(rewards), torch.zeros_like(rewards[0])
    for t in reversed(range(len(rewards))):
        later = rewards[t] + (keep or going_on)(t, ended) * later
        sums[t] = later
    return sums


def going_on(t, ended):
    """(N,): whether step t + 1 belongs to the drive of step t."""
    return ~ended[t]


def draw_drives(draw):
    """One input of rewards_to_go."""
    steps, num_envs = draw.sizes(2)
    terminated, truncated = draw.ends(steps, num_envs)
    rewards = draw.floats(steps, num_envs) * (draw.rng.random((steps, num_envs)) < 0.9).astype(draw.dtype)
    return {"rewards": rewards, "terminated": terminated, "truncated": truncated}


def work_out(index, rewards, terminated, truncated):
    """One sum, in numbers."""
    t, n = index
    ended = (terminated | truncated)[t:, n]
    count = int(ended.nonzero()[0]) + 1 if ended.any() else len(ended)
    terms = " + ".join(f"{reward:.4g}" for reward in rewards[t : t + count, n].tolist())
    return f"at {list(index)}: the drive goes on for {count} step{'s' * (count > 1)}, this one included: {terms}"


def never(terminated, truncated, **_):
    """No drive ever ends."""
    return {"terminated": torch.zeros_like(terminated), "truncated": torch.zeros_like(truncated)}


def sums_so_far(rewards, terminated, truncated):
    """The sum over the past instead of the future, for the mistakes."""
    ended = terminated | truncated
    sums, earlier = torch.zeros_like(rewards), torch.zeros_like(rewards[0])
    for t in range(len(rewards)):
        earlier = rewards[t] + (~ended[t - 1] * earlier if t else 0)
        sums[t] = earlier
    return sums


def whole_returns(*drives):
    """Each step's share is the whole drive, for a mistake."""
    return rewards_to_go(*drives) + sums_so_far(*drives) - drives[0]


def two_steps(rewards, terminated, truncated):
    """The reward of this step and the next, for a mistake."""
    following = torch.cat([rewards[1:], torch.zeros_like(rewards[:1])])
    return rewards + ~(terminated | truncated) * following


def mean_to_the_end(*drives):
    """The mean of the rewards to come, for a mistake."""
    return rewards_to_go(*drives) / rewards_to_go(torch.ones_like(drives[0]), *drives[1:])


def both_as(combined):
    """Both flags hold what `combined` makes of the two."""

    def given(terminated, truncated, **_):
        return dict.fromkeys(("terminated", "truncated"), combined(terminated, truncated))

    return given


def late(t, ended):
    """The end is looked for one step too late."""
    return ~ended[min(t + 1, len(ended) - 1)]


def early(t, ended):
    """The end is looked for one step too early."""
    return ~ended[t - 1] if t else torch.ones_like(ended[0])


check_rewards_to_go = Exercise(
    name="rewards_to_go",
    chapter="03_policy_gradient",
    checked="drives without an end, with crashes, time limits and both in one step, several drives in one column, "
    "and large, small and negative rewards",
    solution=rewards_to_go,
    inputs=draw_drives,
    worked=work_out,
    backwards=True,
    hints=(
        "What is the reward to go of the very last row? And if you know that of step t + 1, what does step t add?",
        "Walk backwards through the rows: G_t = r_t + G_{t+1}. Where a drive ends at step t, row t + 1 belongs to "
        "another drive: what should G_{t+1} count there?",
        "Keep `later`, a row of N numbers that begins at 0. For t from T - 1 down to 0: later = rewards[t] + "
        "~(terminated[t] | truncated[t]) * later, and that is row t.",
    ),
    mistakes={
        "not stopped at the drive's end": Mistake(
            "Your sum runs on across the end of a drive, into the next one on the same road.",
            given=never,
        ),
        "stopped at crashes only": Mistake(
            "Your sum stops at crashes, but runs on across the time limit. After a truncation, too, the next row "
            "belongs to another drive.",
            given=lambda truncated, **_: {"truncated": torch.zeros_like(truncated)},
        ),
        "stopped at time limits only": Mistake(
            "Your sum stops at time limits, but runs on across a crash. After a termination, too, the next row "
            "belongs to another drive.",
            given=lambda terminated, **_: {"terminated": torch.zeros_like(terminated)},
        ),
        "stopped only where both": Mistake(
            "Your sum stops only where both flags are set. Either of them ends the drive: | instead of &.",
            given=both_as(torch.logical_and),
        ),
        "stopped only where one": Mistake(
            "Where both flags are set in one step your sum runs on. Either of them ends the drive, and both do, too: "
            "| instead of ^ or !=.",
            given=both_as(torch.logical_xor),
        ),
        "upside down": Mistake(
            "Your sum goes on exactly where a drive ends, and stops everywhere else. Is a ~ missing?",
            options={"keep": lambda t, ended: ended[t]},
        ),
        "end one step late": Mistake(
            "You look for the end at step t + 1, so your sum stops one step too early. Whether G_{t+1} counts depends "
            "on an end at step t.",
            options={"keep": late},
        ),
        "end one step early": Mistake(
            "You look for the end at step t - 1, so the sum of the last step of a drive runs on into the next drive. "
            "Whether G_{t+1} counts depends on an end at step t.",
            options={"keep": early},
        ),
        "over the past": Mistake(
            "You sum over the past: these are the rewards up to step t. The reward to go is what comes from step "
            "t on.",
            instead=sums_so_far,
        ),
        "whole return": Mistake(
            "You give every step the return of its whole drive. What was earned before step t is no consequence of "
            "the action at step t: leave it out.",
            instead=whole_returns,
        ),
        "own reward left out": Mistake(
            "Your sum begins with the next step. The reward of step t is a consequence of the action at step t: it "
            "counts.",
            result=lambda sums, rewards, **_: sums - rewards,
        ),
        "last reward lost": Mistake(
            "The last reward of a drive is missing from your sums. The end silences what comes later, not the reward "
            "of the last step itself. Look at your parentheses.",
            given=lambda rewards, terminated, truncated: {"rewards": rewards * ~(terminated | truncated)},
        ),
        "the rewards themselves": Mistake(
            "These are the rewards themselves. Add what comes later in the same drive.",
            instead=lambda rewards, *_: rewards.clone(),
        ),
        "two steps only": Mistake(
            "You add the reward of the next step where its whole sum belongs: G_{t+1}, which holds all that comes "
            "later.",
            instead=two_steps,
        ),
        "mean for sum": Mistake(
            "You take the mean of the rewards to come. A mean cannot tell a short drive from a long one: sum.",
            instead=mean_to_the_end,
        ),
        "last row lost": Mistake(
            "Your last row is 0: the loop does not reach the last step. Its sum is its own reward.",
            result=lambda sums, **_: torch.cat([sums[:-1], torch.zeros_like(sums[-1:])]),
        ),
        "first row lost": Mistake(
            "Your first row is 0: the loop ends one step too early. range(T - 1, -1, -1) reaches step 0.",
            result=lambda sums, **_: torch.cat([torch.zeros_like(sums[:1]), sums[1:]]),
        ),
        "last step forgotten": Mistake(
            "The reward in the last row is left out of all sums: begin with t = T - 1.",
            given=lambda rewards, **_: {"rewards": torch.cat([rewards[:-1], torch.zeros_like(rewards[-1:])])},
        ),
        "sign": Mistake(
            "The sign: a reward to go adds rewards, and a good future is positive.",
            result=lambda sums, **_: -sums,
        ),
        "summed over the roads": Mistake(
            "You carry one number for all roads. Each road has its own drive: `later` is a row of N numbers.",
            instead=lambda rewards, *ends: rewards_to_go(rewards.sum(1, keepdim=True).expand_as(rewards), *ends),
        ),
    },
)
