"""The exercise future_values of the notebook 01_environment."""

import numpy as np

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.environment.common import one_row_earlier
from ppo_lib.exercises.recognition import Mistake


def future_values(next_values, terminated, truncated):
    """(T,): what the future is worth after each step: nothing after a termination."""
    return np.where(terminated, 0.0, next_values)


def one_row_later(rows):
    """Row t holds what belongs to t + 1; the last row holds what it held."""
    return np.concatenate([rows[1:], rows[-1:]])


def draw_endings(draw):
    """One input of future_values."""
    (steps,) = draw.sizes(1)
    terminated, truncated = (flags[:, 0] for flags in draw.ends(steps, 1))
    values = draw.floats(steps)
    values[-1] = values[0]  # values may be equal after different endings
    return {"next_values": values, "terminated": terminated, "truncated": truncated}


def work_out_future(index, next_values, terminated, truncated):
    """What the future is worth after one step, in words."""
    ends = {name: bool(flags[index]) for name, flags in (("terminated", terminated), ("truncated", truncated))}
    why = "a crash, nothing follows: 0" if ends["terminated"] else f"the road goes on: {next_values[index]:.4g}"
    return f"after step {index[0]}, terminated={ends['terminated']}, truncated={ends['truncated']}: {why}"


check_future_values = Exercise(
    name="future_values",
    chapter="01_environment",
    checked="drives of one step and more, without an end, with crashes, time limits, and both in one step",
    solution=future_values,
    inputs=draw_endings,
    tensors=False,
    worked=work_out_future,
    hints=(
        "After which of the two endings is there really nothing, and after which does only the watching end?",
        "Where `terminated` is true the future is worth 0. What does `truncated` change about the road?",
        "np.where(condition, a, b) takes from a where the condition is true and from b elsewhere. The condition is "
        "`terminated`, and `truncated` is not used at all.",
    ),
    mistakes={
        "truncation treated as termination": Mistake(
            "You value the time limit like a crash. After a truncation the road goes on, only nobody watches: its "
            "future keeps its value.",
            given=lambda terminated, truncated, **_: {"terminated": terminated | truncated},
        ),
        "terminated ignored": Mistake(
            "You expect a future after the crash. Nothing follows a termination: there the value is 0.",
            given=lambda terminated, **_: {"terminated": np.zeros_like(terminated)},
        ),
        "the two confused": Mistake(
            "You have the two confused: `terminated` is the crash, after which nothing comes; `truncated` is the time "
            "limit.",
            given=lambda terminated, truncated, **_: {"terminated": truncated, "truncated": terminated},
        ),
        "the wrong way round": Mistake(
            "The wrong way round: your value is 0 while the drive goes on, and kept where it ends in a crash.",
            given=lambda terminated, **_: {"terminated": ~terminated},
        ),
        "only where a drive ends": Mistake(
            "You keep the value only where the drive ends, one way or the other. It counts everywhere but after a "
            "crash.",
            given=lambda terminated, truncated, **_: {"terminated": ~(terminated | truncated)},
        ),
        "only at the time limit": Mistake(
            "You keep the value only where the time limit struck. While the drive goes on there is a future, too.",
            given=lambda truncated, **_: {"terminated": ~truncated},
        ),
        "zero only where both": Mistake(
            "Your value is 0 only where both are true. A termination alone is enough, whatever the clock says.",
            given=lambda terminated, truncated, **_: {"terminated": terminated & truncated},
        ),
        "zero only where one": Mistake(
            "Your value is 0 where just one of the two is true. A crash silences the future whatever the clock says, "
            "and the clock alone does not.",
            given=lambda terminated, truncated, **_: {"terminated": terminated ^ truncated},
        ),
        "truncation wins": Mistake(
            "Where a crash falls together with the time limit you keep the value. But a crash is a crash: "
            "`terminated` decides alone.",
            given=lambda terminated, truncated, **_: {"terminated": terminated & ~truncated},
        ),
        "both subtracted": Mistake(
            "You take away 1 for each of the two flags, so the value turns negative where both are true, and is lost "
            "at the time limit. Only `terminated` silences the future: 1 - terminated.",
            instead=lambda next_values, terminated, truncated: next_values * (1 - terminated - 1.0 * truncated),
        ),
        "flag one step late": Mistake(
            "You look at the ending of the next step. What follows step t depends on how step t ended: terminated[t].",
            given=lambda terminated, **_: {"terminated": one_row_later(terminated)},
        ),
        "flag one step early": Mistake(
            "You look at the ending of the step before. What follows step t depends on how step t ended: "
            "terminated[t].",
            given=lambda terminated, **_: {"terminated": one_row_earlier(terminated)},
        ),
        "nothing after the first crash": Mistake(
            "After the first crash all your values are 0. The next step belongs to a new drive, which has a future "
            "again.",
            given=lambda terminated, **_: {"terminated": np.logical_or.accumulate(terminated)},
        ),
        "cut at the crash": Mistake(
            "Your answer stops at the first crash. It needs a value for each of the T steps; the next step belongs to "
            "a new drive.",
            result=lambda values, terminated, **_: values[: [*terminated, True].index(True) + 1],
        ),
        "crashes left out": Mistake(
            "You leave the crashes out, so your answer is shorter than the drive. It needs a value for each of the T "
            "steps, 0 after a crash.",
            result=lambda values, terminated, **_: values[~terminated],
        ),
        "minus one for a crash": Mistake(
            "You count -1 for a crash. What the crash itself costs is in its reward; what follows is nothing: 0.",
            result=lambda values, terminated, **_: np.where(terminated, -1.0, values),
        ),
        "one for a future": Mistake(
            "You say whether there is a future, as 0 or 1. What it is worth stands in next_values.",
            given=lambda next_values, **_: {"next_values": np.ones_like(next_values)},
        ),
        "values one step late": Mistake(
            "You shift next_values by one row. It is not necessary: next_values[t] is already what comes after step "
            "t.",
            given=lambda next_values, **_: {"next_values": one_row_later(next_values)},
        ),
        "nothing after the last row": Mistake(
            "You put 0 in the last row. That your numbers end there does not end the road: next_values holds what "
            "comes after that step, too.",
            result=lambda values, **_: np.append(values[:-1], 0.0),
        ),
        "summed up": Mistake(
            "You add up all that follows. next_values[t] already is the worth of the whole future after step t.",
            result=lambda values, **_: np.cumsum(values[::-1])[::-1],
        ),
    },
)
