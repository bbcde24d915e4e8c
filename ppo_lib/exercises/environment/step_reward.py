"""The exercise step_reward of the notebook 01_environment."""

import numpy as np

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake

SLOWEST, FASTEST = 20.0, 30.0  # m/s between which highway-env pays for speed


LANE_WEIGHT, SPEED_WEIGHT, CRASH_WEIGHT = 0.1, 0.4, -1.0


RANGE = LANE_WEIGHT + SPEED_WEIGHT - CRASH_WEIGHT  # from the worst sum to the best


def speed_share(speed):
    """What highway-env pays for: 0 up to 20 m/s, 1 from 30 m/s on."""
    return np.clip((speed - SLOWEST) / (FASTEST - SLOWEST), 0, 1)


def step_reward(lane, speed, crashed, *, share=speed_share, lane_weight=LANE_WEIGHT, speed_weight=SPEED_WEIGHT):
    """highway-env's reward: the weighted sum, mapped from [-1, 0.5] to [0, 1]."""
    weighted_sum = lane_weight * lane + speed_weight * share(speed) + CRASH_WEIGHT * crashed
    return (weighted_sum - CRASH_WEIGHT) / RANGE


def sum_of(reward):
    """The weighted sum of which a reward was made."""
    return RANGE * reward + CRASH_WEIGHT


def draw_step(draw):
    """One input of step_reward."""
    low, high = draw.cycle((20.5, 29.5), (0.0, 19.5), (30.5, 45.0), (-40.0, -0.5), (SLOWEST,) * 2, (FASTEST,) * 2)
    speed = draw.number_in(low, high)
    return {
        "lane": draw.number_in(0.0, 1.0, bounds=True),
        "speed": draw.cycle(speed, round(speed), speed),
        "crashed": draw.cycle(0, 1, False, True),
    }


def work_out_step(index, lane, speed, crashed):
    """The reward of one step, in numbers."""
    share = speed_share(speed)
    return f"the speed's share is {share:.4g}: (0.1 · {lane:.4g} + 0.4 · {share:.4g} - {int(crashed)} + 1) / 1.5"


check_step_reward = Exercise(
    name="step_reward",
    chapter="01_environment",
    checked="slow, fast, stopped and backward cars, in every lane, with and without a crash",
    solution=step_reward,
    inputs=draw_step,
    tensors=False,
    worked=work_out_step,
    hints=(
        "Three steps: bring the speed to a share between 0 and 1, weigh and add the three parts, map the sum to [0, "
        "1].",
        "The share is (speed - 20) / (30 - 20), clipped to [0, 1]. What is the smallest sum that three parts can "
        "have, and what the largest? The smallest should become 0 and the largest 1.",
        "With v = np.clip((speed - 20) / 10, 0, 1) the sum is 0.1 * lane + 0.4 * v - crashed. It lies between -1 and "
        "0.5, so subtract -1 from the whole sum, which is to add 1, and divide all of that by 1.5.",
    ),
    mistakes={
        "not mapped": Mistake(
            "This is the weighted sum itself, from -1 to 0.5. highway-env then maps it to [0, 1]: subtract the least "
            "and divide by the whole range.",
            result=lambda reward, **_: sum_of(reward),
        ),
        "not shifted": Mistake(
            "You divide by the range, but have not subtracted the least value: surviving should pay 1 / 1.5 = 0.667.",
            result=lambda reward, **_: sum_of(reward) / RANGE,
        ),
        "shifted the wrong way": Mistake(
            "You subtract 1. What has to be subtracted is the least sum, which is -1 itself, so 1 is added: look at "
            "the two signs in a row.",
            result=lambda reward, **_: (sum_of(reward) + CRASH_WEIGHT) / RANGE,
        ),
        "not divided": Mistake(
            "You have subtracted the least value, but not divided by the range: your rewards reach 1.5 instead of 1.",
            result=lambda reward, **_: sum_of(reward) - CRASH_WEIGHT,
        ),
        "range of the good parts": Mistake(
            "You divide by 0.4 + 0.1, the largest sum alone. The range goes from the least to the largest: 0.5 - "
            "(-1).",
            result=lambda reward, **_: reward * RANGE / (LANE_WEIGHT + SPEED_WEIGHT),
        ),
        "range with the wrong sign": Mistake(
            "Your range is 0.5 - 1, which is negative. The least sum, -1, is subtracted from the largest: 0.5 - (-1).",
            result=lambda reward, **_: reward * RANGE / (LANE_WEIGHT + SPEED_WEIGHT + CRASH_WEIGHT),
        ),
        "range of two": Mistake(
            "You divide by 2, as if the sum reached from -1 to 1. Its largest value is 0.4 + 0.1 = 0.5.",
            result=lambda reward, **_: reward * RANGE / 2,
        ),
        "parentheses": Mistake(
            "You divide only the last term by the range: the whole sum belongs in parentheses before the division.",
            result=lambda reward, **_: sum_of(reward) - CRASH_WEIGHT / RANGE,
        ),
        "cut off": Mistake(
            "You cut the sum off at 0, so a crash and a slow lap in the left lane pay the same. Map it instead: "
            "subtract the least value and divide by the range.",
            result=lambda reward, **_: np.clip(sum_of(reward), 0, 1),
        ),
        "speed not clipped": Mistake(
            "Below 20 m/s your speed counts as negative, and above 30 m/s as more than 1. highway-env clips the "
            "speed's share to [0, 1].",
            options={"share": lambda speed: (speed - SLOWEST) / (FASTEST - SLOWEST)},
        ),
        "speed not clipped below": Mistake(
            "Below 20 m/s your speed's share is negative. highway-env clips it at 0, too.",
            options={"share": lambda speed: np.minimum((speed - SLOWEST) / (FASTEST - SLOWEST), 1)},
        ),
        "speed not clipped above": Mistake(
            "Above 30 m/s your speed's share is more than 1. highway-env clips it at 1, too.",
            options={"share": lambda speed: np.maximum((speed - SLOWEST) / (FASTEST - SLOWEST), 0)},
        ),
        "speed counted from zero": Mistake(
            "You count the speed from 0 to 30 m/s. highway-env pays only for what is above 20 m/s: 20 gives 0, 30 "
            "gives 1.",
            options={"share": lambda speed: np.clip(speed / FASTEST, 0, 1)},
        ),
        "speed counted from zero, not clipped": Mistake(
            "You count the speed from 0, and without a limit. highway-env pays only for what is between 20 and 30 "
            "m/s: 20 gives 0, 30 gives 1, and what lies outside is clipped.",
            options={"share": lambda speed: speed / FASTEST},
        ),
        "speed counted from zero, clipped above": Mistake(
            "You count the speed from 0 to 30 m/s, and clip it only above. highway-env pays only for what is above 20 "
            "m/s: 20 gives 0, 30 gives 1, and what lies outside is clipped.",
            options={"share": lambda speed: np.minimum(speed / FASTEST, 1)},
        ),
        "speed in m/s": Mistake(
            "Your speed enters in m/s, and so outweighs all else. Bring it to [0, 1] first: 20 m/s gives 0, 30 "
            "gives 1.",
            options={"share": lambda speed: speed},
        ),
        "speed in whole shares": Mistake(
            "Your speed's share is only ever 0 or 1: is there a // or an int? Divide with /.",
            options={"share": lambda speed: np.clip((speed - SLOWEST) // (FASTEST - SLOWEST), 0, 1)},
        ),
        "speed left out": Mistake(
            "Your reward does not look at the speed: 0.4 times its share belongs in the sum.",
            given=lambda **_: {"speed": SLOWEST},
        ),
        "sign of the crash": Mistake(
            "In your sum a crash is paid for. Its weight is -1: look at that sign.",
            given=lambda crashed, **_: {"crashed": -crashed},
        ),
        "crash ignored": Mistake(
            "A crash changes nothing in your reward: use `crashed`.",
            given=lambda **_: {"crashed": 0},
        ),
        "crash upside down": Mistake(
            "You punish every step that is no crash: `crashed` is 1 in a crash. Is there a `not` too many?",
            given=lambda crashed, **_: {"crashed": 1 - crashed},
        ),
        "nothing for a crash": Mistake(
            "Your reward of a crash is always 0. By the formula a crash takes 1 from the sum, and what speed and lane "
            "pay remains: a crash at full speed in the right lane pays 0.5 / 1.5.",
            result=lambda reward, crashed, **_: reward * (1 - crashed),
        ),
        "lane upside down": Mistake(
            "You pay for the left lane. `lane` is 1 in the rightmost, and highway-env pays for that.",
            given=lambda lane, **_: {"lane": 1 - lane},
        ),
        "lane left out": Mistake(
            "Your reward does not look at the lane: 0.1 times `lane` belongs in the sum.",
            given=lambda **_: {"lane": 0.0},
        ),
        "weights swapped": Mistake(
            "The weights have changed places: 0.4 belongs to the speed, 0.1 to the lane.",
            options={"lane_weight": SPEED_WEIGHT, "speed_weight": LANE_WEIGHT},
        ),
        "without weights": Mistake(
            "Lane and speed enter in full. They have weights: 0.1 for the lane, 0.4 for the speed.",
            options={"lane_weight": 1.0, "speed_weight": 1.0},
        ),
    },
)
