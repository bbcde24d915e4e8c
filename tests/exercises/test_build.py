"""The exercises rollout, update and loop: what they say of functions that do not do what was asked for at all."""

import answers_loop
import answers_rollout
import answers_update
import pytest
import torch
from edited import edited

from ppo_lib.exercises import check_loop, check_rollout, check_update
from ppo_lib.exercises.attempt import Attempt
from ppo_lib.exercises.verdicts import ERROR, KNOWN_MISTAKE, NOT_ATTEMPTED, RIGHT, WRONG
from ppo_lib.grading.grading import NOT_ATTEMPTED as NOT_BEGUN
from ppo_lib.grading.grading import NOT_RUN, Grader

BUILD = {"rollout": check_rollout, "update": check_update, "loop": check_loop}
BATCH = "return {name: torch.stack(rows) for name, rows in batch.items()}, obs"
STACKED = "batch = {name: torch.stack(rows) for name, rows in batch.items()}\n    "


def lists(*changes):
    return edited(answers_rollout.by_lists, *changes)


def returning(statement, returned="batch, obs"):
    """The rollout with a statement after its batch is complete."""
    return lists((BATCH, f"{STACKED}{statement}\n    return {returned}"))


@pytest.mark.parametrize(
    ("rollout", "mistake", "words"),
    [
        (returning("", "batch"), "not batch and next_obs", "Your function returns a dict."),
        (returning("", "obs, batch"), "not batch and next_obs", "return batch, next_obs"),
        (returning("", "batch, 'obs'"), "no next_obs", "Your next_obs is a str"),
        (returning("del batch['values']"), "something missing", "Your batch lacks `values`."),
        (returning("batch['obs'] = obs"), "no tensor", "Make one tensor of its T rows"),
        (returning("batch = {n: c[-1] for n, c in batch.items()}"), "only the last step", "Is only the last"),
        (returning("batch = {n: c.transpose(0, 1) for n, c in batch.items()}"), "axes swapped", "Time comes first."),
        (returning("batch['rewards'] = batch['rewards'].sum()"), "shape", 'batch["rewards"] has the shape ()'),
        (returning("batch['rewards'] = batch['rewards'].double()"), "type", "is float64; it should be float32"),
        (returning("batch['truncated'] = 1.0 * batch['truncated']"), "type", "it should be bool"),
        (lists(("for u in uniforms:", "for u in uniforms[:-1]:")), "number of steps", "fewer than"),
        (lists(("for u in uniforms:", "while True:\n        u = uniforms[0]")), "number of steps", "more than"),
        (lists(("actions.numpy())", "actions[0])")), "no actions", "one action for each environment"),
    ],
)  # fmt: skip
def test_a_rollout_of_another_form_hears_what_was_asked_for(rollout, mistake, words):
    verdict = check_rollout.judge(rollout)
    assert (verdict.kind, verdict.mistakes) == (KNOWN_MISTAKE, (mistake,)), verdict
    assert words in verdict.message


def test_more_than_was_asked_for_is_no_mistake():
    assert check_rollout.judge(returning("batch['dones'] = batch['terminated']")).kind == RIGHT


def test_a_rollout_by_torchs_own_chance_is_found_out():
    assert "Asked twice the same" in check_rollout.judge(lists(("sample(policy, u)", "policy.sample()"))).message


def test_an_update_without_a_step_or_without_an_end_is_named():
    idle = edited(answers_update.by_columns, ("optimizer.step()", "pass"))
    assert check_update.judge(idle).mistakes == ("no step",)
    endless = edited(answers_update.by_columns, ("for _ in range(config.num_epochs):", "while True:"))
    assert check_update.judge(endless).mistakes == ("endless",)


def test_an_update_that_changes_the_batch_is_told():
    changed = edited(answers_update.with_helpers, ("G, A = returns", "advantages.mul_(2); G, A = returns"))
    assert check_update.judge(changed).mistakes == ("in place",)


def test_an_update_by_a_chance_of_its_own_is_found_out():
    own = edited(answers_update.by_columns, ("torch.randperm(B, generator=generator)", "torch.randperm(B)"))
    assert "Asked twice the same" in check_update.judge(own).message


def test_a_loop_without_an_end_or_with_another_batch_is_named():
    judge = check_loop.judge
    assert judge(edited(answers_loop.by_while, ("done += batch_size", "pass"))).mistakes == ("endless",)
    assert judge(edited(answers_loop.by_while, ("update(batch)", "update(None)"))).mistakes == ("no batch",)
    assert judge(edited(answers_loop.by_while, ("anneal(done / total_steps)", "anneal('0')"))).mistakes == (
        "no share",
    )
    assert judge(edited(answers_loop.by_while, ("while done", "while False and done"))).mistakes == ("no call",)


def test_a_loop_is_shown_by_its_calls():
    verdict = check_loop.judge(edited(answers_loop.by_while, ("/ total_steps)", "/ total_steps ** 2)")))
    assert verdict.kind == WRONG
    assert "expected    = anneal(0), batch 1 = rollout(), update(batch 1)" in verdict.example


def test_an_example_says_which_part_it_shows():
    other = edited(answers_update.by_columns, ("adv.std(correction=0)", "adv.abs().mean()"))
    assert "expected weights of the actor" in check_update.judge(other).example


@pytest.mark.parametrize("name", BUILD)
def test_a_stub_is_no_attempt_and_a_wrong_signature_hears_the_arguments(name):
    def raising(*arguments):
        raise NotImplementedError

    assert BUILD[name].judge(lambda *_: None).kind == NOT_ATTEMPTED
    assert BUILD[name].judge(raising).kind == NOT_ATTEMPTED
    verdict = BUILD[name].judge(lambda one: torch.zeros(one))
    assert verdict.kind == ERROR
    assert f"({', '.join(BUILD[name].parameters)})" in verdict.message


def test_an_error_is_shown_with_the_students_own_line_and_not_the_librarys():
    verdict = check_rollout.judge(lists(("sample(policy, u)", "sample(policy.logits, u)")))
    assert verdict.kind == ERROR
    assert "sampling.py" not in verdict.message
    assert ", in line " in verdict.message


class Answering:
    """Stands for the confined process."""

    def __init__(self, stub):
        self.stub = stub

    def load(self, program):
        return []

    def attempt(self, inputs, parts=1, differentiate=()):
        assert set(inputs.values()) == {None}
        return Attempt(stub=self.stub)


@pytest.mark.parametrize("name", BUILD)
def test_the_grader_says_that_somebody_has_to_look_at_it(name):
    grader = Grader(BUILD, jobs=1)
    assert grader._judge(name, "a program", Answering(stub=True))[0] == NOT_BEGUN
    verdict, mistakes, message = grader._judge(name, "a program", Answering(stub=False))
    assert (verdict, mistakes) == (NOT_RUN, ())
    assert message.startswith(f"Look at it yourself: {name} ")
