"""The hand-in of notebook 1: a plan of actions, driven on the very road that the notebook shows."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Any

import numpy as np

from ppo_lib.envs import highway_config, make_vector_env
from ppo_lib.errors import shown
from ppo_lib.evaluation import meta_actions
from ppo_lib.exercises.attempt import Attempt
from ppo_lib.exercises.checking import Check
from ppo_lib.exercises.verdicts import ERROR, KNOWN_MISTAKE, NOT_ATTEMPTED, RIGHT, WRONG, Verdict

# The notebook's road, and the plan that it drives there.
ENV_ID = "highway-fast-v0"
POLICY_FREQUENCY = 1  # decisions per second
SEED = 3
DURATION = 30  # s
SHOWN_PLAN = (
    *("FASTER", "IDLE", "IDLE", "SLOWER", "LANE_RIGHT", "IDLE", "IDLE", "FASTER", "IDLE", "LANE_LEFT"),
    *("IDLE", "LANE_RIGHT", "LANE_RIGHT", "FASTER", "LANE_RIGHT", "IDLE", "IDLE", "IDLE", "IDLE", "IDLE"),
)
DECISIONS = DURATION * POLICY_FREQUENCY  # of a drive without a crash


class NotAPlan(ValueError):
    """What is wrong with a plan, in words, and the name of the mistake if it has one."""

    def __init__(self, message: str, *mistakes: str):
        super().__init__(message)
        self.mistakes = mistakes


@dataclass(frozen=True)
class Drive:
    """What came of a plan.

    Attributes:
        actions: those that were driven, one a second.
        earned: the return.
        crashed: whether a crash ended it.
        finished: whether it has ended at all, by a crash or by the time limit; else the plan was too short.
    """

    actions: tuple[str, ...]
    earned: float
    crashed: bool
    finished: bool


@lru_cache(maxsize=64)
def drive_plan(plan: tuple[str, ...]) -> Drive:
    """Drive a plan, of the names of actions, on the notebook's road.

    The road is the same whatever is seen of it, so as little is seen as possible.
    """
    config = highway_config("kinematics", policy_frequency=POLICY_FREQUENCY, duration=DURATION)
    rewards, crashed, time_is_up = [], False, False
    with closing(make_vector_env(ENV_ID, 1, "fast", config)) as envs:
        envs.reset(seed=[SEED])
        for name in plan:
            _, (reward,), (crashed,), (time_is_up,), _ = envs.step(np.array([action_names().index(name)]))
            rewards.append(float(reward))
            if crashed or time_is_up:
                break
    return Drive(plan[: len(rewards)], sum(rewards), bool(crashed), bool(crashed or time_is_up))


@cache
def action_names() -> list[str]:
    """The names of the five actions, each at its number."""
    return meta_actions(ENV_ID)


def read_plan(found: Attempt) -> tuple[str, ...]:
    """The names of the actions in what was handed in.

    Raises:
        NotAPlan: it is no list of actions.
    """
    given = found.words
    if given is None and found.answer is not None and found.answer[0].ndim == 1:
        given = found.answer[0].tolist()
    if given is None:
        kind = found.kind.removesuffix(" with no numbers")
        raise NotAPlan(
            "A plan is a list or a tuple of actions, all of them names, as in ['FASTER', 'IDLE'], or all numbers. "
            f"Yours is {kind}."
        )
    return tuple(_read_action(action, number) for number, action in enumerate(given, start=1))


def _read_action(action, number) -> str:
    names = action_names()
    if isinstance(action, str):
        name, said = action.strip().upper(), shown(str(action))
    else:
        name, said = names[int(action)] if action in range(len(names)) else "", f"{action:g}"
    if name in names:
        return name
    meant = get_close_matches(name, names, n=1)
    listed = ", ".join(f"{name} ({i})" for i, name in enumerate(names))
    raise NotAPlan(
        f"Action {number} of your plan is {said}, which does not exist."
        f"{f' Did you mean {meant[0]}?' if meant else ''} There are: {listed}.",
        "unknown action",
    )


@dataclass(frozen=True, eq=False)
class PlanCheck(Check):
    """Drives a plan, and compares what it earns with what another plan earns on the same road.

    Args:
        rival: the plan that is to be beaten, which the notebook shows.
        hints: from the first nudge to nearly all.
        name, chapter, stub_names: as for an Exercise.
    """

    rival: tuple[str, ...]
    hints: tuple[str, ...]
    name: str = "plan"
    chapter: str = "01_environment"
    stub_names: frozenset[str] = frozenset({"plan", "my_plan"})

    def judge(self, answer: Any, seed: int = 0) -> Verdict:
        """The verdict on a list or tuple of actions, by their names or numbers, or on a function that returns one."""
        return super().judge(answer if callable(answer) else lambda: answer, seed)

    def judge_attempts(self, try_on: Callable[..., Attempt], seed: int) -> Verdict:
        """The verdict on a plan that somebody returns when asked with no arguments.

        Args:
            try_on: what `attempt` is, without its first argument: it may ask in another process.
            seed: means nothing here; the road is the notebook's.
        """
        found = try_on({})
        if found.error:
            return Verdict(ERROR, f"Your plan raised {found.error}{f', in {found.line}' if found.line else ''}.")
        empty = found.answer is not None and not found.answer[0].size
        if found.stub or empty or found.kind.startswith(("nothing", "an ellipsis")):
            return Verdict(NOT_ATTEMPTED, "Not attempted yet: fill the list with actions, and run the cell again.")
        try:
            drive = drive_plan(read_plan(found))
        except NotAPlan as problem:
            return Verdict(KNOWN_MISTAKE if problem.mistakes else WRONG, f"Not yet. {problem}", "", problem.mistakes)
        return self._compare(drive)

    def _compare(self, drive) -> Verdict:
        rival = drive_plan(self.rival)
        behind = f"{rival.earned - drive.earned:.2f} less than the {rival.earned:.2f} of the plan shown"
        if drive.actions == rival.actions:
            return _not_yet(
                "the plan shown", f"This is the plan shown. {_ending(rival)}: change something before that."
            )
        if not drive.finished:
            return _not_yet(
                "too short",
                f"Your plan ends after {len(drive.actions)} actions and has earned {drive.earned:.2f}, but the drive "
                f"goes on: without a crash it takes {DECISIONS}.",
            )
        if drive.earned > rival.earned:
            return Verdict(RIGHT, self._praise(drive, rival))
        if drive.crashed:
            return _not_yet(
                "crashed",
                f"{_ending(drive)}, and has earned {drive.earned:.2f} by then, {behind}. Brake, or change the lane, "
                "some seconds earlier.",
            )
        return _not_yet("not better", f"Your plan does not crash, but earns {drive.earned:.2f}, {behind}.")

    def _praise(self, drive, rival) -> str:
        lazy = drive_plan(("SLOWER",) * DECISIONS).earned
        words = (
            f"Right. Checked: the drive on this road. Your plan earns {drive.earned:.2f}, the plan shown "
            f"{rival.earned:.2f}. Always SLOWER earns {lazy:.2f} here, "
        )
        if drive.earned > lazy:
            words += f"{drive.earned - lazy:.2f} less than yours."
        elif drive.earned == lazy:
            words += "the same as yours."
        else:
            words += f"{lazy - drive.earned:.2f} more than yours: can you beat that, too?"
        return words + (f" ({_ending(drive)}.)" if drive.crashed else "")


def _not_yet(mistake, words) -> Verdict:
    return Verdict(KNOWN_MISTAKE, f"Not yet. {words}", mistakes=(mistake,))


def _ending(drive) -> str:
    how = "crashes in" if drive.crashed else "ends with"
    return f"It {how} second {len(drive.actions)}, after {drive.actions[-1]}"


check_plan = PlanCheck(
    rival=SHOWN_PLAN,
    hints=(
        "Look at the bars of the drive above: which is the last second before the crash, and which action led into "
        "it? What pays two thirds of each second, whatever you do?",
        "Whoever brakes all the way survives this road, for 22 points. Begin with 30 times SLOWER, then make the "
        "plan faster, a few seconds at a time, and look at what the check says.",
        "Take the plan above up to second 12, and SLOWER for the rest: it has to be 30 actions long. Where it "
        "crashes, brake earlier; where it does not, try FASTER or another lane.",
    ),
)
