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

from ppo_lib.envs import EnvSpec, highway_config, make_env
from ppo_lib.exercises import CHECKS, check_plan
from ppo_lib.exercises.attempt import attempt
from ppo_lib.exercises.environment.plan import (
    DECISIONS,
    ENV_ID,
    POLICY_FREQUENCY,
    ROAD,
    SEED,
    SHOWN_PLAN,
    PlanCheck,
    action_names,
    drive_plan,
    ladder,
    stars,
)
from ppo_lib.exercises.verdicts import ERROR, KNOWN_MISTAKE, NOT_ATTEMPTED, RIGHT, WRONG
from ppo_lib.grading import wire
from ppo_lib.grading.sandbox import read_attempt
from ppo_lib.planner import Planner, planners_view

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
NOTEBOOK = NOTEBOOKS / "01_environment.ipynb"
SOLUTIONS = NOTEBOOKS / "solutions" / "01_environment.ipynb"
LAZY = ("SLOWER",) * DECISIONS
CAREFUL = (*SHOWN_PLAN[:12], *("SLOWER",) * 18)  # the last hint's
LATE_BRAKE = (*("IDLE",) * 11, *("SLOWER",) * 19)  # the second hint's
TOO_LATE = (*("IDLE",) * 12, *("SLOWER",) * 18)
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


def test_its_ladder_rises_from_always_slower_to_the_planner():
    signs, _, earned = zip(*ladder(), strict=True)
    assert signs == ("★", "★★", "★★★")
    assert earned[0] == drive_plan(LAZY).earned
    assert earned[0] + 2 < earned[1] < earned[2] - 4
    assert earned[1] - earned[0] == pytest.approx((earned[2] - earned[0]) / 3)


def test_its_third_step_is_what_the_planner_drives_there():
    """Decision by decision, and not as evaluate_planner does it."""
    envs = planners_view(EnvSpec(ENV_ID, 1, "fast", ROAD, {})).make()
    observation, _ = envs.reset(seed=[SEED])
    planner, plan = Planner(envs), []
    while len(plan) < DECISIONS:
        (action,) = planner(observation)
        plan.append(action_names()[action])
        observation, *_ = envs.step(np.array([action]))
    drive = drive_plan(tuple(plan))
    assert drive.earned == pytest.approx(ladder()[2][2])
    assert not drive.crashed
    assert check_plan.judge(plan).message.endswith("without a crash: ★★★.")


def test_stars_are_counted_by_the_digits_that_are_shown():
    lazy, third, planner = (earned for _, _, earned in ladder())
    earned = [lazy, lazy + 0.01, third - 0.01, third, planner - 0.01, planner - 0.001, planner]
    assert [stars(returned) for returned in earned] == [0, 1, 1, 2, 2, 3, 3]


def test_what_earns_two_stars_is_right_and_set_beside_others():
    verdict = check_plan.judge(list(CAREFUL))
    assert verdict.kind == RIGHT
    assert verdict.message == (
        f"Right. Checked: the drive on this road. Your plan earns {drive_plan(CAREFUL).earned:.2f} without a crash: "
        "★★. Who gets to three?"
    )
    lines = verdict.example.splitlines()
    assert [line[0] for line in lines] == ["✓", "✓", "·"]
    for line, (sign, whom, earned) in zip(lines, ladder(), strict=True):
        assert line.split()[1:3] == [sign, f"{earned:.2f}"]
        assert line.endswith(whom)


@pytest.mark.parametrize("first", action_names())
def test_no_plan_that_does_one_thing_and_then_brakes_is_enough(first):
    for times in range(DECISIONS + 1):
        plan = [first] * times + ["SLOWER"] * (DECISIONS - times)
        assert check_plan.judge(plan).kind == KNOWN_MISTAKE


def test_nor_is_one_that_keeps_its_lane_and_times_its_braking_well():
    """The best that 1,500 drives of trial and error found among plans of IDLE, FASTER and SLOWER."""
    names = {"I": "IDLE", "S": "SLOWER", "F": "FASTER"}
    plan = [names[letter] for letter in "IIIIIIIIIIISSSIIIISISIIIIIISSF"]
    drive = drive_plan(tuple(plan))
    assert drive.earned > drive_plan(LATE_BRAKE).earned
    assert not drive.crashed
    assert check_plan.judge(plan).mistakes == ("too few stars",)


def test_a_crash_has_no_stars_even_if_it_comes_late_enough_to_beat_the_lazy_driver():
    assert drive_plan(TOO_LATE).crashed
    assert drive_plan(TOO_LATE).earned > drive_plan(LAZY).earned
    verdict = check_plan.judge(TOO_LATE)
    assert verdict.mistakes == ("crashed",)
    assert "★" not in verdict.message + verdict.example


def test_how_many_stars_are_needed_can_be_chosen():
    assert PlanCheck(shown=SHOWN_PLAN, hints=(), passes=1).judge(LATE_BRAKE).kind == RIGHT
    assert PlanCheck(shown=SHOWN_PLAN, hints=(), passes=3).judge(CAREFUL).kind == KNOWN_MISTAKE


@pytest.mark.parametrize(
    ("plan", "mistake", "words"),
    [
        (SHOWN_PLAN, "the plan shown", "It crashes in second 15, after LANE_RIGHT"),
        ((*SHOWN_PLAN[:15], *LAZY), "the plan shown", "change something before that"),
        (RECKLESS, "crashed", "It crashes in second 9, after FASTER, and has earned 8.05 by then. Stars are for"),
        (LATE_CRASH, "crashed", "after SLOWER, and has earned"),
        (LAZY, "not better", "no more than always SLOWER"),
        (("LANE_LEFT", *LAZY[1:]), "not better", "no more than always SLOWER"),
        (("IDLE", *LAZY[1:]), "too few stars", "without a crash: ★. .* other lanes"),
        (LATE_BRAKE, "too few stars", "without a crash: ★. .* other lanes"),
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
    _, late, nearly_all = check_plan.hints
    assert "eleven times IDLE and then SLOWER, which earns one star; after twelve it is too late" in late
    assert stars(drive_plan(LATE_BRAKE).earned) == 1
    assert not drive_plan(LATE_BRAKE).crashed
    assert drive_plan(TOO_LATE).crashed
    assert "up to second 12, and SLOWER for the rest" in nearly_all
    assert stars(drive_plan(CAREFUL).earned) == 2
    assert not drive_plan(CAREFUL).crashed


@pytest.mark.skipif(not SOLUTIONS.exists(), reason="the lecturer keeps the solutions")
def test_the_solutions_earn_two_and_three_stars():
    for number, plan in zip((2, 3), in_the_notebook(SOLUTIONS, "start", "my_plan", "fast_plan")[1:], strict=True):
        assert f"without a crash: {'★' * number}." in check_plan.judge(plan).message
