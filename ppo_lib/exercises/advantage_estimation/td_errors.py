"""The exercise td_errors of the notebook 04_advantage_estimation."""

import torch

from ppo_lib.exercises.advantage_estimation.common import one_row_earlier, one_row_later
from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def td_errors(rewards, values, next_values, terminated, truncated, gamma):
    """(T, N): how much better one step turned out than the critic had expected."""
    return rewards + gamma * next_values * ~terminated - values


def draw_transitions(draw):
    """One input of td_errors: while a drive goes on, the next value is that of the next row, as in a rollout."""
    steps, num_envs = draw.sizes(2)
    terminated, truncated = draw.ends(steps, num_envs)
    rows = {name: draw.floats(steps, num_envs) for name in ("rewards", "values", "next_values")}
    goes_on = ~(terminated | truncated)[:-1]
    rows["next_values"][:-1][goes_on] = rows["values"][1:][goes_on]
    return rows | {"terminated": terminated, "truncated": truncated, "gamma": draw.number_in(0.0, 1.0, bounds=True)}


def work_out_td_error(index, rewards, values, next_values, terminated, truncated, gamma):
    """One TD error, in numbers."""
    reward, value, following = (rows[index].item() for rows in (rewards, values, next_values))
    future = "nothing follows" if terminated[index] else f"{gamma:.4g} · {following:.4g}"
    return f"at {list(index)}: r + γ V(s') - V(s) = {reward:.4g} + ({future}) - {value:.4g}"


check_td_errors = Exercise(
    name="td_errors",
    chapter="04_advantage_estimation",
    checked="drives without an end, with crashes, time limits and both in one step, of all lengths, and any γ",
    solution=td_errors,
    inputs=draw_transitions,
    worked=work_out_td_error,
    by_hand=("compute_gae",),
    hints=(
        "Begin with one step that ends nothing: what came is the reward, and what the critic says of the state that "
        "was reached, one step later. What had it expected?",
        "Which of the two flags says that nothing follows? What is V(s') worth then, and what is it worth after the "
        "other?",
        "A boolean tensor can be a factor: ~terminated is 1 where the drive goes on and 0 after a crash. Let it "
        "silence V(s') alone: δ = r + γ · V(s') · ~terminated - V(s).",
    ),
    mistakes={
        "terminated ignored": Mistake(
            "You bootstrap through the crash: after a termination there is no next value. Look at what `terminated` "
            "should do to next_values.",
            given=lambda terminated, **_: {"terminated": torch.zeros_like(terminated)},
        ),
        "truncation treated as termination": Mistake(
            "You treat the time limit as a crash: after a truncation the road goes on, and next_values says what it "
            "is worth. Only `terminated` should silence it.",
            given=lambda terminated, truncated, **_: {"terminated": terminated | truncated},
        ),
        "the two confused": Mistake(
            "You have the two flags confused: `terminated` is the crash, after which nothing comes; `truncated` is "
            "the time limit, after which the road goes on.",
            given=lambda terminated, truncated, **_: {"terminated": truncated, "truncated": terminated},
        ),
        "flag upside down": Mistake(
            "Your flag is upside down: the next value counts only where the drive has crashed. Is a ~ missing?",
            given=lambda terminated, **_: {"terminated": ~terminated},
        ),
        "zero only where both": Mistake(
            "The next value is silenced only where both flags are set. A termination alone is enough.",
            given=lambda terminated, truncated, **_: {"terminated": terminated & truncated},
        ),
        "truncation wins": Mistake(
            "Where a crash falls together with the time limit you let the road go on. `terminated` decides alone.",
            given=lambda terminated, truncated, **_: {"terminated": terminated & ~truncated},
        ),
        "without gamma": Mistake(
            "Your TD errors have no γ: the next value comes one step later, so it counts γ times as much.",
            given=lambda **_: {"gamma": 1.0},
        ),
        "gamma twice": Mistake(
            "You discount the next value twice: it comes one step later, so γ belongs to it once.",
            given=lambda gamma, **_: {"gamma": gamma**2},
        ),
        "off by one in time": Mistake(
            "You take V(s_{t+1}) from the next row of `values`. Where an episode ends, that row belongs to the next "
            "episode: next_values holds the state that was really reached.",
            given=lambda values, next_values, **_: {"next_values": torch.cat([values[1:], next_values[-1:]])},
        ),
        "off by one, nothing in the last row": Mistake(
            "You take V(s_{t+1}) from the next row of `values`, and 0 after the last row. Where an episode ends, the "
            "next row belongs to the next episode, and the rollout's last step has a next state, too: use "
            "next_values.",
            given=lambda values, **_: {"next_values": torch.cat([values[1:], torch.zeros_like(values[:1])])},
        ),
        "off by one, the rows turn round": Mistake(
            "You take V(s_{t+1}) from the next row of `values`, and for the last row from the first (as torch.roll "
            "does). next_values holds the state that was really reached.",
            given=lambda values, **_: {"next_values": torch.roll(values, -1, 0)},
        ),
        "next value one step late": Mistake(
            "You shift next_values by one row. It is not necessary: next_values[t] is the value of the state after "
            "step t.",
            given=lambda next_values, **_: {"next_values": one_row_later(next_values)},
        ),
        "flag one step late": Mistake(
            "You look at the ending of the next step. Whether V(s_{t+1}) counts depends on how step t ended: "
            "terminated[t].",
            given=lambda terminated, **_: {"terminated": one_row_later(terminated)},
        ),
        "flag one step early": Mistake(
            "You look at the ending of the step before. Whether V(s_{t+1}) counts depends on how step t ended: "
            "terminated[t].",
            given=lambda terminated, **_: {"terminated": one_row_earlier(terminated)},
        ),
        "sign": Mistake(
            "The sign: these are positive when the step was worse than expected. A TD error is what came minus what "
            "was expected.",
            result=lambda deltas, **_: -deltas,
        ),
        "values swapped": Mistake(
            "V(s) and V(s') have changed places: the state that was reached is discounted, the one before is "
            "subtracted.",
            given=lambda values, next_values, **_: {"values": next_values, "next_values": values},
        ),
        "target instead of error": Mistake(
            "These are the targets r + γ V(s'), not the errors: you have not subtracted what the critic expected.",
            given=lambda values, **_: {"values": torch.zeros_like(values)},
        ),
        "value added": Mistake(
            "You add V(s). It is what the critic had expected, so it is subtracted from what came.",
            given=lambda values, **_: {"values": -values},
        ),
        "reward left out": Mistake(
            "The reward is missing: what came is r and, one step later, γ V(s').",
            given=lambda rewards, **_: {"rewards": torch.zeros_like(rewards)},
        ),
        "reward discounted": Mistake(
            "You discount the reward, too: it comes with this step, so it counts in full. Look at your parentheses.",
            given=lambda rewards, gamma, **_: {"rewards": gamma * rewards},
        ),
        "reward of the last step lost": Mistake(
            "The crash silences your reward, too. The reward of the last step was really paid; only what would have "
            "come after it is 0. Look at your parentheses.",
            given=lambda rewards, terminated, **_: {"rewards": rewards * ~terminated},
        ),
        "value of the last step lost": Mistake(
            "The crash silences V(s), too. What the critic had expected before the crash still counts; only V(s') is "
            "0.",
            given=lambda values, terminated, **_: {"values": values * ~terminated},
        ),
        "zero after a crash": Mistake(
            "Where a drive ends in a crash your TD error is 0. There it matters most: reward minus what was expected.",
            result=lambda deltas, terminated, **_: deltas * ~terminated,
        ),
        "gamma for all": Mistake(
            "γ multiplies the whole difference V(s') - V(s). Only V(s') lies one step ahead.",
            given=lambda values, gamma, **_: {"values": gamma * values},
        ),
        "squared": Mistake(
            "These are squared errors, as the critic's loss has them. Here the error itself is wanted, with its sign.",
            result=lambda deltas, **_: deltas**2,
        ),
    },
)
