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
from ppo_lib.planner import evaluate_planner

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
ROAD = highway_config("kinematics", policy_frequency=POLICY_FREQUENCY, duration=DURATION)


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
    rewards, crashed, time_is_up = [], False, False
    with closing(make_vector_env(ENV_ID, 1, "fast", ROAD)) as envs:
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


@cache
def ladder() -> tuple[tuple[str, str, float], ...]:
    """The three steps for a plan without a crash on this road: its stars, how far that is, and what it earns.

    To brake just a little less than always SLOWER is no art: IDLE once, and then SLOWER, earns more than that. No plan
    that repeats one action and then brakes gets a third of the way to the planner.
    """
    lazy = drive_plan(("SLOWER",) * DECISIONS).earned
    planner = evaluate_planner(ENV_ID, ROAD, episodes=1, seed=SEED, num_envs=1).summary()["return_mean"]
    return (
        ("★", "more than always SLOWER", lazy),
        ("★★", "a third of the way from there to the planner", lazy + (planner - lazy) / 3),
        ("★★★", "as much as the planner", planner),
    )


def stars(earned: float) -> int:
    """How many steps of the ladder a return reaches, by the digits that are shown."""
    lazy, third, planner = (round(needed, 2) for _, _, needed in ladder())
    shown = round(earned, 2)
    return sum((shown > lazy, shown >= third, shown >= planner))


@dataclass(frozen=True, eq=False)
class PlanCheck(Check):
    """Drives a plan, and says how far up it gets on the ladder of what others earn on the same road.

    Args:
        shown: the plan that the notebook shows, which is to be bettered.
        hints: from the first nudge to nearly all.
        passes: the stars that are needed.
        name, chapter, stub_names: as for an Exercise.
    """

    shown: tuple[str, ...]
    hints: tuple[str, ...]
    passes: int = 2
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
        if drive.actions == drive_plan(self.shown).actions:
            return _not_yet(
                "the plan shown", f"This is the plan shown. {_ending(drive)}: change something before that."
            )
        if not drive.finished:
            return _not_yet(
                "too short",
                f"Your plan ends after {len(drive.actions)} actions and has earned {drive.earned:.2f}, but the drive "
                f"goes on: without a crash it takes {DECISIONS}.",
            )
        if drive.crashed:
            return _not_yet(
                "crashed",
                f"{_ending(drive)}, and has earned {drive.earned:.2f} by then. Stars are for plans without a crash: "
                "brake, or change the lane, some seconds earlier.",
            )
        return self._rank(drive)

    def _rank(self, drive) -> Verdict:
        reached = stars(drive.earned)
        rows = [
            f"{'✓' if number <= reached else '·'} {sign:4}{needed:6.2f}  {how_far}"
            for number, (sign, how_far, needed) in enumerate(ladder(), start=1)
        ]
        table = "\n".join(rows)
        earns = f"Your plan earns {drive.earned:.2f} without a crash"
        if reached >= self.passes:
            message = f"Right. Checked: the drive on this road. {earns}: {'★' * reached}."
            return Verdict(RIGHT, message + (" Who gets to three?" if reached < len(rows) else ""), table)
        if reached:
            words = f"{earns}: {'★' * reached}. To get further, look at the other lanes: who is there, and when?"
            return _not_yet("too few stars", words, table)
        return _not_yet("not better", f"{earns}, which is no more than always SLOWER.", table)


def _not_yet(mistake, words, example="") -> Verdict:
    return Verdict(KNOWN_MISTAKE, f"Not yet. {words}", example, (mistake,))


def _ending(drive) -> str:
    return f"It crashes in second {len(drive.actions)}, after {drive.actions[-1]}"


check_plan = PlanCheck(
    shown=SHOWN_PLAN,
    hints=(
        "Look at the bars of the drive above: which is the last second before the crash, and which action led into "
        "it? How much does a second at 20 m/s earn, and how much more one at 30 m/s?",
        "Always SLOWER is safe here. So is eleven times IDLE and then SLOWER, which earns one star; after twelve it "
        'is too late. To go on fast you need another lane: in the figure under "Drive it yourself", look second by '
        "second who is ahead in each.",
        "Take the plan above up to second 12, and SLOWER for the rest: it has to be 30 actions long, and it earns two "
        "stars. For the third stay fast: where that crashes, brake for a second or two just before, and change to a "
        "lane in which there is room.",
    ),
)
