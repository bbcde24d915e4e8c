"""The machinery of the checks; the exercises themselves are in test_exercises.py."""

import numpy as np
import pytest
import torch

from ppo_lib.exercises.checking import ERROR, KNOWN_MISTAKE, NOT_ATTEMPTED, RIGHT, WRONG, Exercise

half = Exercise(
    checked="two tensors",
    cases=[{"x": torch.tensor([2.0, 4.0])}, {"x": torch.tensor([[1.0], [3.0]])}],
    solution=lambda x: x / 2,
    mistakes={
        "doubled": ("You doubled it: look at the operator.", lambda x: x * 2),
        "flattened": ("You lost the shape.", lambda x: x.flatten() / 2),
    },
)


def test_a_right_answer_hears_what_was_checked():
    assert half.judge(lambda x: 0.5 * x) == (RIGHT, "Right. Checked: two tensors.")


def test_rounding_is_forgiven():
    assert half.judge(lambda x: x / 2 + 1e-7).kind == RIGHT
    assert half.judge(lambda x: x / 2 + 1e-3).kind == WRONG


@pytest.mark.parametrize("nothing", [None, ...])
def test_a_stub_is_not_attempted(nothing):
    def my_half(x):
        return nothing

    verdict = half.judge(my_half)
    assert verdict.kind == NOT_ATTEMPTED
    assert "my_half returns nothing" in verdict.message


def test_not_implemented_is_not_attempted():
    def my_half(x):
        raise NotImplementedError

    assert half.judge(my_half).kind == NOT_ATTEMPTED


def test_a_known_mistake_is_named_even_if_its_shape_is_wrong():
    assert half.judge(lambda x: x + x) == (KNOWN_MISTAKE, "Not yet. You doubled it: look at the operator.")
    assert half.judge(lambda x: x.reshape(-1) / 2) == (KNOWN_MISTAKE, "Not yet. You lost the shape.")


def test_a_mistake_must_agree_in_every_case():
    assert half.judge(lambda x: x * 2 if x.dim() == 1 else x).kind == WRONG


def test_an_unknown_mistake_is_shown_by_the_case_that_went_wrong():
    kind, message = half.judge(lambda x: x / 2 if x.dim() == 1 else x - 1)
    assert kind == WRONG
    assert message.splitlines()[1:] == [
        "  x = [[1.],",
        "       [3.]]",
        "  expected = [[0.5],",
        "              [1.5]]",
        "  yours = [[0.],",
        "           [2.]]",
    ]


@pytest.mark.parametrize(
    ("function", "kinds"),
    [
        (lambda x: (x / 2).tolist(), ("a tensor of shape (2,)", "a list")),
        (lambda x: x / 2 if x.dim() == 1 else (x / 2).sum(), ("a tensor of shape (2, 1)", "a tensor of shape ()")),
        (lambda x: (x / 2, x), ("a tensor of shape (2,)", "a tuple of 2 (a tensor of shape (2,), a tensor")),
        (lambda x: (x / 2).numpy(), ("a tensor of shape (2,)", "an array of shape (2,)")),
    ],
)
def test_a_wrong_type_or_shape_is_said_as_such(function, kinds):
    kind, message = half.judge(function)
    assert kind == WRONG
    assert "should be {}, but yours is {}".format(*kinds) in message


def test_a_lost_gradient_is_noticed():
    mean = Exercise("", [{"x": torch.ones(2, requires_grad=True)}], lambda x: x.mean(), {})
    assert mean.judge(lambda x: x.sum() / 2).kind == RIGHT
    assert "with a gradient, but yours is a tensor of shape ()." in mean.judge(lambda x: x.mean().detach()).message


def test_an_exception_is_shown_as_the_students_with_its_line():
    def helper(y):
        return torch.cat([y, "nothing"])  # raised inside of torch

    def my_half(x):
        return helper(x) / 2

    kind, message = half.judge(my_half)
    assert kind == ERROR
    assert message.startswith("Your function raised TypeError: ")
    line = helper.__code__.co_firstlineno + 1
    assert f'in line {line}: return torch.cat([y, "nothing"])' in message


def test_a_wrong_signature_hears_the_arguments():
    kind, message = half.judge(lambda: 1)
    assert kind == ERROR
    assert "It is called with (x)." in message


def test_a_result_instead_of_a_function_is_refused():
    assert "without calling it" in half.judge(torch.zeros(2)).message


def test_arguments_that_are_changed_in_place_spoil_nothing():
    assert half.judge(lambda x: x.div_(2)).kind == RIGHT
    assert half.cases[0]["x"].tolist() == [2, 4]


def test_tuples_numbers_and_words_are_compared_too():
    three = Exercise("", [{"x": 3}], lambda x: (x / 2, np.arange(x), "odd"), {})
    assert three.judge(lambda x: (np.float32(1.5), np.array([0.0, 1.0, 2.0]), "odd")).kind == RIGHT
    assert three.judge(lambda x: (1.5, np.array([0, 1, 2]), "even")).kind == WRONG
    assert three.judge(lambda x: (1.5, np.array([0, 1, 3]), "odd")).kind == WRONG


def test_large_inputs_are_described_by_their_shape():
    sums = Exercise("", [{"x": np.zeros((9, 9))}], lambda x: x.sum(), {})
    assert "x = an array of shape (9, 9)" in sums.judge(lambda x: 1.0).message


def test_calling_it_prints_the_message(capsys):
    assert half(lambda x: x / 2) is None
    assert capsys.readouterr().out == "Right. Checked: two tensors.\n"
