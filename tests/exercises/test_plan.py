"""The hand-in of notebook 1: it drives the notebook's road, says what a plan earns there, and names what is wrong."""

import ast
import random
import re
from functools import partial
from io import BytesIO
from pathlib import Path

import nbformat
import numpy as np
import pytest

from ppo_lib.envs import highway_config, make_env
from ppo_lib.exercises import CHECKS, check_plan
from ppo_lib.exercises.attempt import attempt
from ppo_lib.exercises.environment.plan import (
    DECISIONS,
    ENV_ID,
    POLICY_FREQUENCY,
    SEED,
    SHOWN_PLAN,
    PlanCheck,
    action_names,
    drive_plan,
)
from ppo_lib.exercises.verdicts import ERROR, KNOWN_MISTAKE, NOT_ATTEMPTED, RIGHT, WRONG
from ppo_lib.grading import wire
from ppo_lib.grading.sandbox import read_attempt

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NOTEBOOK = NOTEBOOKS / "01_environment.ipynb"
SOLUTIONS = NOTEBOOKS / "solutions" / "01_environment.ipynb"
LAZY = ("SLOWER",) * DECISIONS
CAREFUL = (*SHOWN_PLAN[:12], *("SLOWER",) * 18)  # the last hint's
RECKLESS = ("FASTER",) * DECISIONS
LATE_CRASH = (*SHOWN_PLAN[:8], *("SLOWER",) * 22)


def in_highway_env(plan):
    """What highway-env itself pays for a plan, as the notebook drives it, and whether it crashes."""
    env = make_env(ENV_ID, highway_config("grayscale", policy_frequency=POLICY_FREQUENCY))
    env.reset(seed=SEED)
    earned = 0.0
    for name in plan:
        _, reward, terminated, truncated, _ = env.step(action_names().index(name))
        earned += reward
        if terminated or truncated:
            break
    return earned, terminated, terminated or truncated


def in_the_notebook(path, *names):
    """The values that a notebook's assignments of lists and constants give to names."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    values = {}
    for node in ast.parse("\n".join(cells)).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and target.id in names:
            exec(ast.unparse(node), {"__builtins__": {}}, values)
    return [values[name] for name in names]


def test_its_road_and_the_plan_to_beat_are_the_notebooks():
    found = in_the_notebook(NOTEBOOK, "ENV_ID", "SEED", "POLICY_FREQUENCY", "plan")
    assert found == [ENV_ID, SEED, POLICY_FREQUENCY, list(SHOWN_PLAN)]
    assert CHECKS["plan"] is check_plan


@pytest.mark.parametrize("plan", [SHOWN_PLAN, LAZY, RECKLESS, CAREFUL, LATE_CRASH, RECKLESS[:3]])
def test_a_plan_earns_what_it_earns_in_highway_env(plan):
    drive = drive_plan(plan)
    assert (drive.earned, drive.crashed, drive.finished) == in_highway_env(plan)
    assert drive.actions == plan[: len(drive.actions)]


def test_any_plan_earns_what_it_earns_in_highway_env():
    rng = random.Random(0)
    for _ in range(3):
        plan = tuple(rng.choices(action_names(), k=DECISIONS))
        drive = drive_plan(plan)
        assert (drive.earned, drive.crashed, drive.finished) == in_highway_env(plan)


def test_a_drive_without_a_crash_takes_as_many_decisions_as_it_says():
    drive = drive_plan(LAZY * 2)
    assert len(drive.actions) == DECISIONS
    assert drive.finished
    assert not drive.crashed


def test_what_earns_more_is_right_and_compared_with_the_lazy_driver():
    verdict = check_plan.judge(list(CAREFUL))
    earned, shown, lazy = (drive_plan(plan).earned for plan in (CAREFUL, SHOWN_PLAN, LAZY))
    assert verdict.kind == RIGHT
    assert verdict.message == (
        f"Right. Checked: the drive on this road. Your plan earns {earned:.2f}, the plan shown {shown:.2f}. "
        f"Always SLOWER earns {lazy:.2f} here, {earned - lazy:.2f} less than yours."
    )
    assert check_plan.judge(LAZY).message.endswith(f"Always SLOWER earns {lazy:.2f} here, the same as yours.")


def test_a_late_crash_may_still_beat_the_plan_but_is_mentioned():
    drive, lazy = drive_plan(LATE_CRASH), drive_plan(LAZY)
    verdict = check_plan.judge(LATE_CRASH)
    assert verdict.kind == RIGHT
    assert verdict.message.endswith(
        f"{lazy.earned - drive.earned:.2f} more than yours: can you beat that, too? "
        f"(It crashes in second {len(drive.actions)}, after SLOWER.)"
    )


@pytest.mark.parametrize(
    ("plan", "mistake", "words"),
    [
        (SHOWN_PLAN, "the plan shown", "It crashes in second 15, after LANE_RIGHT"),
        ((*SHOWN_PLAN[:15], *LAZY), "the plan shown", "change something before that"),
        (RECKLESS, "crashed", "It crashes in second 9, after FASTER, and has earned 8.05 by then, 5.67 less than"),
        (
            LAZY[:29],
            "too short",
            f"ends after 29 actions and has earned {drive_plan(LAZY[:29]).earned:.2f}, but .* takes {DECISIONS}",
        ),
        (SHOWN_PLAN[:14], "too short", "ends after 14 actions"),
        (["FASTER", "BRAKE"], "unknown action", r"Action 2 of your plan is 'BRAKE', .* LANE_LEFT \(0\), IDLE \(1\),"),
        (["fastr"], "unknown action", r"Action 1 .* Did you mean FASTER\?"),
        ([3, 5], "unknown action", "Action 2 of your plan is 5, which does not exist"),
        ([3, -1], "unknown action", "Action 2 of your plan is -1"),
        ([0.5], "unknown action", "Action 1 of your plan is 0.5"),
        ([float("nan")], "unknown action", "Action 1 of your plan is nan"),
    ],
)
def test_a_mistake_is_named(plan, mistake, words):
    verdict = check_plan.judge(plan)
    assert (verdict.kind, verdict.mistakes) == (KNOWN_MISTAKE, (mistake,))
    assert re.search(words, verdict.message)


def test_a_plan_that_does_not_crash_may_earn_too_little_where_the_other_is_better():
    verdict = PlanCheck(rival=CAREFUL, hints=()).judge(LAZY)
    less = drive_plan(CAREFUL).earned - drive_plan(LAZY).earned
    assert verdict.mistakes == ("not better",)
    assert f"{less:.2f} less than the {drive_plan(CAREFUL).earned:.2f} of the plan shown" in verdict.message


NUMBERS = [action_names().index(name) for name in CAREFUL]
SPELLINGS = {
    "a tuple": CAREFUL,
    "lower case": [name.lower() for name in CAREFUL],
    "with spaces": [f" {name} " for name in CAREFUL],
    "numbers": NUMBERS,
    "numpy's numbers": list(np.array(NUMBERS)),
    "an array": np.array(NUMBERS),
    "numpy's texts": list(np.array(CAREFUL)),
    "a longer plan": [*CAREFUL, "FASTER"],
    "a function": lambda: CAREFUL,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_plan_may_be_written_in_many_ways(spelling):
    assert check_plan.judge(SPELLINGS[spelling]) == check_plan.judge(list(CAREFUL))


def stub():
    """A plan."""


@pytest.mark.parametrize("nothing", [[], (), None, ..., np.array([]), stub])
def test_an_empty_plan_is_not_attempted(nothing):
    assert check_plan.judge(nothing).kind == NOT_ATTEMPTED


@pytest.mark.parametrize(
    "no_plan",
    [
        "FASTER",
        3,
        {"FASTER": 1},
        {"FASTER"},
        [["FASTER"]],
        [[1, 2]],
        ["FASTER", 1],
        [None],
        np.array([["FASTER"]]),
        [1j],
    ],
)
def test_what_is_no_list_of_actions_is_refused(no_plan):
    verdict = check_plan.judge(no_plan)
    assert (verdict.kind, verdict.mistakes) == (WRONG, ())
    assert "A plan is a list or a tuple of actions" in verdict.message


def test_what_a_function_raises_is_shown():
    verdict = check_plan.judge(lambda: 1 / 0)
    assert verdict.kind == ERROR
    assert "ZeroDivisionError" in verdict.message


def over_the_wire(function, inputs):
    """What reaches the grader of what a function did in another process."""
    stream = BytesIO()
    wire.send(stream, dict(vars(attempt(function, inputs))))
    stream.seek(0)
    return read_attempt(wire.receive(stream), inputs, 1, ())


@pytest.mark.parametrize("plan", [CAREFUL, RECKLESS, NUMBERS, np.array(NUMBERS), [], None, ["BRAKE"], ["IDLE", 1], 3])
def test_the_grader_says_what_the_notebook_says(plan):
    graded = check_plan.judge_attempts(partial(over_the_wire, lambda *_: plan), seed=1)
    assert graded == check_plan.judge(plan)


def test_its_hints_are_true():
    nudge, safe, nearly_all = check_plan.hints
    assert "two thirds" in nudge
    assert f"for {drive_plan(LAZY).earned:.0f} points" in safe
    assert "up to second 12, and SLOWER for the rest" in nearly_all
    assert drive_plan(CAREFUL).earned > drive_plan(LAZY).earned


@pytest.mark.skipif(not SOLUTIONS.exists(), reason="the lecturer keeps the solutions")
def test_the_solutions_beat_it():
    for plan in in_the_notebook(SOLUTIONS, "start", "my_plan", "fast_plan")[1:]:
        assert check_plan.judge(plan).kind == RIGHT
