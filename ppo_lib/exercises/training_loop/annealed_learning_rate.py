"""The exercise annealed_learning_rate of the notebook 06_training_loop."""

import math

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def annealed_learning_rate(learning_rate, env_steps, total_steps):
    """The learning rate after `env_steps` of `total_steps`, falling linearly to 0."""
    return learning_rate * (1 - env_steps / total_steps)


def draw_progress(draw):
    """One input of annealed_learning_rate: the start, the end or between, of trainings short and long.

    Never nearly at the end: of what little is left there, float32 knows only a few digits.
    """
    longest = draw.cycle(9, 90, 1_000, 4_000_000, 1_000_000)
    total_steps = draw.integer(1, 9) * 10 if draw.plain else draw.integer(max(1, longest // 10), longest)
    env_steps = draw.cycle(0, None, None, total_steps, None, None, None)
    if env_steps is None:
        env_steps = draw.integer(0, int(0.95 * total_steps))
    learning_rate = draw.choice([0.1, 0.01, 0.001]) if draw.plain else 10 ** draw.number_in(-4.0, -1.0)
    if env_steps == total_steps:
        learning_rate /= 1000  # the answer is 0, and rounding must not matter
    whole = draw.cycle(int, float)
    return {"learning_rate": learning_rate, "env_steps": whole(env_steps), "total_steps": whole(total_steps)}


def work_out_learning_rate(index, learning_rate, env_steps, total_steps):
    """The learning rate, in numbers."""
    return (
        f"the share that is left is 1 - {env_steps:g} / {total_steps:g} = {1 - env_steps / total_steps:.4g}, "
        f"times {learning_rate:.4g}"
    )


check_annealed_learning_rate = Exercise(
    name="annealed_learning_rate",
    chapter="06_training_loop",
    checked="the start, the end and what lies between, of short and long trainings, with steps as int and as float",
    solution=annealed_learning_rate,
    inputs=draw_progress,
    worked=work_out_learning_rate,
    hints=(
        "How large is the rate at the start, at the end, and after half of the steps? Draw the line.",
        "Which share of the training is done after env_steps, and which share is left? Does the rate follow the one "
        "or the other?",
        "The share that is left is 1 - env_steps / total_steps. Multiply the learning rate by it.",
    ),
    mistakes={
        "rising": Mistake(
            "Your learning rate begins at 0 and rises. Multiply by what is left of the training, not by what is done.",
            given=lambda env_steps, total_steps, **_: {"env_steps": total_steps - env_steps},
        ),
        "whole numbers": Mistake(
            "// divides whole numbers and drops the fraction: your rate stays where it is until the last step. Use /.",
            given=lambda env_steps, total_steps, **_: {"env_steps": env_steps // total_steps * total_steps},
        ),
        "whole numbers of what is left": Mistake(
            "The share that is left is rounded down, by // or int: your rate is 0 from the first step on. Use /, and "
            "keep the fraction.",
            given=lambda env_steps, total_steps, **_: {"env_steps": total_steps * (env_steps > 0)},
        ),
        "constant": Mistake(
            "Your learning rate stays where it began. Multiply it by the share of the steps that are left.",
            given=lambda **_: {"env_steps": 0},
        ),
        "only the share": Mistake(
            "This is the share of the steps that are left; multiply the learning rate by it.",
            given=lambda **_: {"learning_rate": 1.0},
        ),
        "a power": Mistake(
            "Your rate falls by a power, not along a line: the share that is left is a factor, not an exponent.",
            instead=lambda rate, done, total: rate ** (1 + done / total),
        ),
        "exponential": Mistake(
            "Your rate falls exponentially, and is still a good third of what it was at the end. It shall fall along "
            "a line, to 0.",
            instead=lambda rate, done, total: rate * math.exp(-done / total),
        ),
        "cosine": Mistake(
            "This is cosine annealing, half a wave from the start to 0. Here the rate falls along a straight line.",
            instead=lambda rate, done, total: rate * (1 + math.cos(math.pi * done / total)) / 2,
        ),
        "squared": Mistake(
            "Your rate falls along a parabola: the share that is left belongs to it once, not squared.",
            instead=lambda rate, done, total: rate * (1 - done / total) ** 2,
        ),
        "root": Mistake(
            "You take the root of the share that is left. The rate falls along a straight line: the share itself is "
            "the factor.",
            instead=lambda rate, done, total: rate * math.sqrt(1 - done / total),
        ),
        "divided": Mistake(
            "You divide by 1 plus the share that is done, so your rate ends at half of what it was. Multiply by the "
            "share that is left: it ends at 0.",
            instead=lambda rate, done, total: rate / (1 + done / total),
        ),
        "half left": Mistake(
            "Your rate falls along a line, but only to half of what it was. At the last step it is 0.",
            given=lambda env_steps, **_: {"env_steps": env_steps / 2},
        ),
        "in half the time": Mistake(
            "Your rate falls twice as fast: it is 0 after half of the steps, and negative from there on.",
            given=lambda env_steps, **_: {"env_steps": 2 * env_steps},
        ),
        "subtracted": Mistake(
            "You subtract the share that is done from the learning rate itself: with 0.001 that is soon far below 0, "
            "and the training runs backwards. Look at your parentheses.",
            instead=lambda rate, done, total: rate - done / total,
        ),
        "parentheses": Mistake(
            "1 - env_steps is computed before the division: look at your parentheses. env_steps / total_steps comes "
            "first.",
            given=lambda env_steps, total_steps, **_: {"env_steps": total_steps - 1 + env_steps},
        ),
        "upside down": Mistake(
            "Your share is upside down: env_steps belongs above the line, total_steps below it. At the start you "
            "would divide by 0.",
            given=lambda env_steps, total_steps, **_: {"env_steps": total_steps, "total_steps": env_steps},
        ),
        "one step late": Mistake(
            "You count one step too few: after 0 steps the rate is the full one, after 1 step it has fallen already.",
            given=lambda env_steps, **_: {"env_steps": env_steps - 1},
        ),
        "one step early": Mistake(
            "You count one step too many: after 0 steps the rate is still the full one.",
            given=lambda env_steps, **_: {"env_steps": env_steps + 1},
        ),
        "one step less in all": Mistake(
            "You divide by total_steps - 1, so your rate is 0 one step before the end and negative at the end.",
            given=lambda total_steps, **_: {"total_steps": total_steps - 1},
        ),
        "one step more in all": Mistake(
            "You divide by total_steps + 1, so your rate does not quite reach 0.",
            given=lambda total_steps, **_: {"total_steps": total_steps + 1},
        ),
        "sign": Mistake(
            "The sign: with a negative learning rate the training runs backwards. Subtract what is done from 1.",
            result=lambda rate, **_: -rate,
        ),
    },
)
