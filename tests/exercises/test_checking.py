"""The engine of the checks, on an exercise as small as can be; the real exercises are in test_every_exercise.py."""

import functools
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch

from ppo_lib.exercises.attempt import attempt
from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake
from ppo_lib.exercises.verdicts import ERROR, KNOWN_MISTAKE, NOT_ATTEMPTED, RIGHT, WRONG


def scaled(x, factor):
    """(T, N): each number times the factor, and 0 where it is negative."""
    return factor * x.clamp(min=0)


def draw_table(draw):
    return {"x": draw.floats(*draw.sizes(2)), "factor": draw.number_in(0.5, 2.0)}


EXERCISE = Exercise(
    name="scaled",
    chapter="00_nowhere",
    checked="tables of all sizes",
    solution=scaled,
    inputs=draw_table,
    hints=("Look.", "Look again.", "Multiply."),
    worked=lambda index, x, factor: f"{factor:.4g} · {max(x[index].item(), 0):.4g}",
    mistakes={
        "not cut": Mistake("Negative numbers should become 0.", instead=lambda x, factor: factor * x),
        "factor twice": Mistake("The factor counts once.", given=lambda factor, **_: {"factor": factor**2}),
        "summed": Mistake("Keep every number.", result=lambda result, **_: result.sum()),
        "last row lost": Mistake(
            "The last row counts, too.", result=lambda result, **_: torch.cat([result[:-1], 0 * result[-1:]])
        ),
    },
)
judge = EXERCISE.judge


def test_a_right_answer_hears_what_was_checked():
    verdict = judge(lambda x, factor: torch.relu(x) * factor)
    assert (verdict.kind, verdict.message) == (RIGHT, "Right. Checked: tables of all sizes.")


def test_rounding_is_forgiven_and_a_thousandth_is_not():
    assert judge(lambda x, factor: scaled(x, factor + 1e-7)).kind == RIGHT
    assert judge(lambda x, factor: scaled(x, factor + 1e-3)).kind != RIGHT


def test_small_numbers_are_compared_by_their_own_measure():
    """A constant of a millionth is much where all numbers are small."""
    assert judge(lambda x, factor: scaled(x, factor) + 1e-6).kind != RIGHT


@pytest.mark.parametrize(
    "convert",
    [
        torch.Tensor.tolist,
        torch.Tensor.numpy,
        torch.Tensor.double,
        lambda table: table.numpy().astype(object),
        lambda table: tuple(map(tuple, table.tolist())),
        lambda table: [[Fraction(number) for number in row] for row in table.tolist()],
        lambda table: [[np.float64(number) for number in row] for row in table.tolist()],
        lambda table: [list(row) for row in table],
        lambda table: table.clone().requires_grad_(),
        lambda table: [row.clone().requires_grad_() for row in table],
    ],
)
def test_any_type_that_holds_the_right_numbers_is_right(convert):
    assert judge(lambda x, factor: convert(scaled(x, factor))).kind == RIGHT


@pytest.mark.parametrize("number", [float, Fraction, np.float32, np.float64, torch.tensor, np.array])
def test_so_is_any_type_of_one_number(number):
    mean = Exercise("m", "", "", lambda x: x.mean(), lambda draw: {"x": draw.floats(draw.integer(1, 5))}, {}, ())
    assert mean.judge(lambda x: number(x.mean().item())).kind == RIGHT
    assert mean.judge(lambda x: number(x.sum().item())).kind != RIGHT


def test_an_answer_that_mixes_float32_into_its_sums_is_right_and_other_errors_are_not_spared():
    """Torch refuses such sums for float64, which some of the inputs are."""

    def mixing(x, factor):
        return x.clamp(min=0) @ (factor * torch.eye(x.shape[1]))

    def wrong(x, factor):
        return x @ (factor * torch.eye(x.shape[1]))

    def square_ones_only(x, factor):
        return mixing(x, factor) @ torch.eye(x.shape[0])

    assert judge(mixing).kind == RIGHT
    assert judge(wrong).mistakes == ("not cut",)
    assert judge(square_ones_only).kind == ERROR


def test_a_mistake_is_named_in_another_spelling():
    def my_scaled(x, factor):
        return x * (factor * factor) * (x > 0)

    verdict = judge(my_scaled)
    assert (verdict.kind, verdict.mistakes) == (KNOWN_MISTAKE, ("factor twice",))
    assert verdict.message == "Not yet. The factor counts once."


def test_two_mistakes_at_once_are_both_named():
    verdict = judge(lambda x, factor: factor**2 * x)
    assert set(verdict.mistakes) == {"not cut", "factor twice"}
    assert verdict.message.startswith("Not yet. Two things at once.\n1. ")
    assert all(EXERCISE.mistakes[name].sentence in verdict.message for name in verdict.mistakes)


def test_a_mistake_that_shows_only_sometimes_is_told_with_an_example():
    verdict = judge(lambda x, factor: scaled(x, factor) if len(x) < 3 else factor * x)
    assert (verdict.kind, verdict.mistakes) == (WRONG, ("not cut",))
    assert "Wherever it is wrong, your function does what this mistake does: Negative numbers" in verdict.message
    assert "expected" in verdict.example


def test_an_unknown_mistake_is_shown_by_the_smallest_input_with_what_is_expected():
    verdict = judge(lambda x, factor: scaled(x, factor) + (x > 1))
    assert (verdict.kind, verdict.mistakes) == (WRONG, ())
    labels = [line.split("=")[0].strip() for line in verdict.example.splitlines()]
    assert labels == ["x", "factor", "expected", "yours", "worked out"]
    assert verdict.example.splitlines()[0].count(",") == 1  # one row of two numbers
    assert " · " in verdict.example.splitlines()[-1]


def test_numbers_are_shown_with_the_digits_in_which_they_differ():
    number = Exercise("n", "", "", lambda n: n * 1000.0, lambda draw: {"n": draw.integer(1, 5)}, {}, ())
    verdict = number.judge(lambda n: n * 1000.0 + (0.9 if n > 1 else 0))
    expected, yours = (line.split("= ")[1] for line in verdict.example.splitlines()[1:3])
    assert expected != yours


def test_of_a_large_answer_the_row_that_differs_is_shown():
    rows = Exercise("r", "", "", lambda n: np.ones((n + 20, 6)), lambda draw: {"n": draw.integer(1, 9)}, {}, ())

    def one_wrong(n):
        table = np.ones((n + 20, 6))
        table[7, 2] = 5
        return table

    assert rows.judge(one_wrong).example.splitlines()[1:] == [
        "expected[7] = [1, 1, 1, 1, 1, 1]",
        "yours[7]    = [1, 1, 5, 1, 1, 1]",
    ]


def test_an_argument_that_is_not_used_is_named():
    verdict = judge(lambda x, factor: scaled(x, 1.25))
    assert (verdict.kind, verdict.mistakes) == (KNOWN_MISTAKE, ("unused argument",))
    assert "whatever `factor` is" in verdict.message


@pytest.mark.parametrize(
    ("answer", "mistake"),
    [
        (lambda x, factor: -scaled(x, factor), "sign"),
        (lambda x, factor: scaled(x, factor).T, "turned"),
        (lambda x, factor: scaled(x, factor)[None], "shape"),
        (lambda x, factor: scaled(x, factor).flatten(), "shape"),
        (lambda x, factor: scaled(x, factor) / 2, "factor"),
        (lambda x, factor: scaled(x, factor) + 1, "offset"),
        (lambda x, factor: scaled(x, factor).round(), "rounded"),
        (lambda x, factor: scaled(x, factor).flip(0), "reversed"),
        (lambda x, factor: scaled(x, factor) ** 2, "squared"),
    ],
)
def test_simple_relations_to_the_right_numbers_are_named_for_any_exercise(answer, mistake):
    verdict = judge(answer)
    assert (verdict.kind, verdict.mistakes) == (KNOWN_MISTAKE, (mistake,)), verdict


def test_what_is_changed_in_place_is_said():
    right = judge(lambda x, factor: x.clamp_(min=0).mul_(factor))
    assert (right.kind, right.mistakes) == (KNOWN_MISTAKE, ("in place",))
    assert "`x` itself" in right.message
    both = judge(lambda x, factor: x.clamp_(min=0).mul_(factor**2))
    assert both.mistakes == ("factor twice",)
    assert "And your function changes `x` itself" in both.message


def test_the_inputs_of_a_check_are_never_spoiled():
    before = [case.inputs["x"].clone() for case in EXERCISE.cases(0)]
    judge(lambda x, factor: x.zero_())
    assert all(torch.equal(x, case.inputs["x"]) for x, case in zip(before, EXERCISE.cases(0), strict=True))


def test_an_answer_that_changes_from_call_to_call_is_no_answer():
    calls = []

    def counts(x, factor):
        calls.append(1)
        return scaled(x, factor) + (len(calls) > 70)

    assert "Asked twice the same" in judge(counts).message
    assert "Asked twice the same" in judge(lambda x, factor: scaled(x, factor) + torch.rand(())).message


squares = Exercise(
    "squares", "", "", lambda x: x.square().mean(), lambda draw: {"x": draw.floats(draw.integer(1, 5))}, {}, (),
    differentiate=("x",), needs_gradient=True,
)  # fmt: skip


def test_a_gradient_is_compared_where_the_answer_needs_one():
    assert squares.judge(lambda x: (x * x).sum() / len(x)).kind == RIGHT
    assert squares.judge(lambda x: x.square().mean().detach()).mistakes == ("no gradient",)
    assert squares.judge(lambda x: x.square().mean().item()).mistakes == ("no gradient",)
    assert squares.judge(lambda x: (x * x.detach()).mean()).mistakes == ("wrong gradient",)
    assert squares.judge(lambda x: x.detach().square().mean() + 0 * x.sum()).mistakes == ("wrong gradient",)


def test_a_gradient_where_none_should_be_is_named():
    def weighted_mean(x, weight):
        return (x * weight.detach()).mean()

    def draw_both(draw):
        return {"x": draw.floats(3), "weight": draw.floats(3)}

    both = ("x", "weight")
    weighted = Exercise("w", "", "", weighted_mean, draw_both, {}, (), differentiate=both, needs_gradient=True)
    assert weighted.judge(weighted_mean).kind == RIGHT
    verdict = weighted.judge(lambda x, weight: (x * weight).mean())
    assert verdict.mistakes == ("gradient not stopped",)
    assert "into `weight`, where none should" in verdict.message
    detached = weighted.judge(lambda x, weight: (x * weight).mean().detach())
    assert detached.mistakes == ("no gradient",)
    assert "back into `x`:" in detached.message  # and not into the weight, where none is wanted


def test_elsewhere_only_a_wrong_gradient_is_wrong():
    kind = Exercise("s", "", "", lambda x: x.square(), lambda draw: {"x": draw.floats(draw.integer(2, 5))}, {}, (),
                    differentiate=("x",))  # fmt: skip
    assert kind.judge(lambda x: x.detach().numpy() ** 2).kind == RIGHT
    assert kind.judge(lambda x: [number.item() ** 2 for number in x]).kind == RIGHT
    assert kind.judge(lambda x: x * x.detach()).mistakes == ("wrong gradient",)


def test_a_stub_is_not_attempted_and_a_forgotten_return_is_said():
    def stub(x, factor):
        """(T, N) to (T, N)."""
        ...  # your code

    def passes(x, factor):
        pass

    def not_implemented(x, factor):
        raise NotImplementedError

    def written(x, factor):
        result = scaled(x, factor)  # noqa: F841

    def half_written(x, factor):
        if len(x) > 2:
            return scaled(x, factor)

    for function in (stub, passes, not_implemented, lambda x, factor: ..., functools.cache(stub)):
        assert judge(function).kind == NOT_ATTEMPTED
    assert "is a `return` missing?" in judge(written).message
    assert "a way through it without a `return`" in judge(half_written).message


def test_an_error_of_torch_is_not_taken_for_a_stub():
    def unsupported(x, factor):
        return torch.linalg.cholesky(x.half())

    assert judge(unsupported).kind == ERROR


def test_an_exception_is_shown_with_the_students_own_line():
    def helper(table):
        return torch.cat([table, "nothing"])  # raised inside of torch

    def my_scaled(x, factor):
        return helper(x)

    verdict = judge(my_scaled)
    assert verdict.kind == ERROR
    assert verdict.message.startswith("Your function raised TypeError: ")
    assert f'line {helper.__code__.co_firstlineno + 1}: `return torch.cat([table, "nothing"])' in verdict.message


def test_it_is_the_students_line_through_decorators():
    def decorator(function):
        @functools.wraps(function)
        def wrapper(*arguments):
            return function(*arguments)

        return wrapper

    @torch.no_grad()
    @decorator
    def my_scaled(x, factor):
        return x[99]

    assert "return x[99]" in judge(my_scaled).message


def test_an_exception_on_some_inputs_is_shown_with_the_smallest():
    def needs_two_rows(x, factor):
        return scaled(x, factor) if len(x) > 1 else scaled(x, factor)[1]

    verdict = judge(needs_two_rows)
    assert verdict.kind == ERROR
    assert verdict.example.startswith("x      = [[")


def test_a_wrong_signature_hears_the_arguments():
    assert "It is called with 2 arguments: (x, factor)." in judge(lambda: 1).message


def test_a_result_instead_of_a_function_is_refused():
    assert "without calling it" in judge(torch.zeros(2)).message


def test_a_wrong_type_or_shape_is_said():
    assert "numbers of shape" in judge(lambda x, factor: {}).message
    assert "yours is a dict" in judge(lambda x, factor: {}).message
    assert "a builtin_function_or_method, which is still to be called" in judge(lambda x, factor: x.relu).message
    verdict = judge(lambda x, factor: torch.cat([scaled(x, factor), x]))
    assert "numbers of shape" in verdict.example


def test_what_the_function_prints_is_shown_once_beside_the_example(capsys):
    def prints(x, factor):
        print("the shape is", tuple(x.shape))
        return scaled(x, factor) + (x > 1)

    assert judge(prints).example.endswith("It printed:\nthe shape is (1, 2)")
    assert capsys.readouterr().out == ""


def test_mistakes_that_cannot_be_told_apart_are_both_offered():
    same = {
        "one": Mistake("First reading.", result=lambda result, **_: 3 * result),
        "other": Mistake("Second reading.", given=lambda factor, **_: {"factor": 3 * factor}),
        "third": Mistake("Third reading.", result=lambda result, x, **_: 3 * result if len(x) < 9 else result),
    }
    exercise = Exercise("s", "", "", scaled, draw_table, same, ())
    message = exercise.judge(lambda x, factor: 3 * scaled(x, factor)).message
    assert "First reading." in message
    assert "Or, which comes to the same on every input that was tried: Second reading." in message


def test_other_seeds_bring_other_inputs():
    first, again, other = (EXERCISE.cases(seed)[0].inputs["x"] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert first.shape != other.shape or not torch.equal(first, other)


def test_a_judge_that_knows_only_what_the_function_does_says_the_same():
    def by_hand(inputs, parts=1, differentiate=()):
        return attempt(lambda x, factor: factor**2 * x, inputs, parts, differentiate)

    assert EXERCISE.judge_attempts(by_hand, 0) == judge(lambda x, factor: factor**2 * x)


def test_calling_it_prints_the_verdict_and_where_a_hint_is(capsys):
    assert EXERCISE(scaled) is None
    assert capsys.readouterr().out == "✓ Right. Checked: tables of all sizes.\n"
    EXERCISE(lambda x, factor: factor**2 * scaled(x, 1))
    assert capsys.readouterr().out == (
        '✗ Not yet. The factor counts once.\n`exercises.hint("scaled")` gives a hint.\n'
    )


def test_a_mistake_has_to_be_exactly_one_function():
    with pytest.raises(TypeError, match="exactly one"):
        Mistake("Nothing.")


def by_hand(x):
    return x.softmax(1)


BY_HAND = Exercise(
    "by_hand", "", "rows", by_hand, lambda draw: {"x": draw.floats(3, 2)}, {}, (), by_hand=("Categorical",)
)


def test_the_library_function_that_an_exercise_is_to_write_is_refused_by_name_under_any_name():
    Alias = torch.distributions.Categorical
    verdict = BY_HAND.judge(lambda x: Alias(logits=x).probs)
    assert (verdict.kind, verdict.mistakes) == (KNOWN_MISTAKE, ("borrowed",))
    assert verdict.message == (
        "Not yet. The numbers are right, but they come from `Categorical`. Write it yourself: that is the exercise."
    )
    assert BY_HAND.judge(lambda x: x.softmax(1)).kind == RIGHT


def test_it_is_refused_only_where_the_numbers_are_right():
    wrong = BY_HAND.judge(lambda x: torch.distributions.Categorical(logits=x).probs + 1)
    assert "borrowed" not in wrong.mistakes
    assert wrong.kind in {KNOWN_MISTAKE, WRONG}


def test_a_function_of_the_students_own_may_have_its_name():
    class Categorical:
        def __init__(self, logits):
            self.probs = logits.softmax(1)

    def compute_gae(x):
        return x

    assert BY_HAND.judge(lambda x: compute_gae(Categorical(x).probs)).kind == RIGHT


def test_what_is_called_is_noted_and_a_profiler_set_before_is_set_again():
    def profiler(*_):
        return None

    sys.setprofile(profiler)
    try:
        found = attempt(lambda x: torch.distributions.Categorical(probs=x).probs, {"x": torch.ones(1, 2)})
        assert sys.getprofile() is profiler
    finally:
        sys.setprofile(None)
    assert found.borrowed == ("Categorical",)
    assert attempt(lambda x: x, {"x": torch.ones(1, 2)}).borrowed == ()
