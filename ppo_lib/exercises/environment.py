"""The exercises of notebook 1: the reward of a step, the stack of images, and what comes after an ending."""

import numpy as np

from ppo_lib.exercises.checking import Exercise

SLOWEST, FASTEST = 20.0, 30.0  # m/s between which highway-env pays for speed
LANE_WEIGHT, SPEED_WEIGHT, CRASH_WEIGHT = 0.1, 0.4, -1.0
RANGE = LANE_WEIGHT + SPEED_WEIGHT - CRASH_WEIGHT  # from the worst sum to the best


def weighted_sum(lane, speed, crashed):
    """What highway-env pays before it maps the sum to [0, 1]."""
    fast = np.clip((speed - SLOWEST) / (FASTEST - SLOWEST), 0, 1)
    return LANE_WEIGHT * lane + SPEED_WEIGHT * fast + CRASH_WEIGHT * crashed


def step_reward(lane, speed, crashed):
    """highway-env's reward: the weighted sum, mapped from [-1, 0.5] to [0, 1]."""
    return (weighted_sum(lane, speed, crashed) - CRASH_WEIGHT) / RANGE


def stack_images(images, size):
    """(T, size, W, H): at every step the last `size` images, the newest last, black before the first."""
    black = np.zeros((size - 1, *images.shape[1:]), images.dtype)
    padded = np.concatenate([black, images])
    return np.stack([padded[t : t + size] for t in range(len(images))])


def future_values(next_values, terminated, truncated):
    """(T,): what the future is worth after each step: nothing after a termination."""
    return np.where(terminated, 0.0, next_values)


def _with_speed(share):
    """step_reward with another share of the speed, for the mistakes."""
    return lambda lane, speed, crashed: (
        (LANE_WEIGHT * lane + SPEED_WEIGHT * share(speed) + CRASH_WEIGHT * crashed - CRASH_WEIGHT) / RANGE
    )


check_step_reward = Exercise(
    checked="slow, fast and crashed, in three lanes, and a car slower than 20 m/s",
    cases=[
        {"lane": lane, "speed": speed, "crashed": crashed}
        for lane, speed, crashed in ((0.0, 20.0, 0), (1.0, 30.0, 0), (0.5, 26.0, 0), (1.0, 25.0, 1), (0.5, 12.0, 0))
    ],
    solution=step_reward,
    mistakes={
        "not mapped": (
            "This is the weighted sum itself, from -1 to 0.5. highway-env then maps it to [0, 1]: subtract the least "
            "and divide by the whole range.",
            weighted_sum,
        ),
        "not shifted": (
            "You divide by the range, but have not subtracted the least value: surviving should pay 1 / 1.5 = 0.667.",
            lambda *step: weighted_sum(*step) / RANGE,
        ),
        "speed not clipped": (
            "Below 20 m/s your speed counts as negative. highway-env clips the speed's share to [0, 1].",
            _with_speed(lambda speed: (speed - SLOWEST) / (FASTEST - SLOWEST)),
        ),
        "speed counted from zero": (
            "You count the speed from 0 to 30 m/s. highway-env pays only for what is above 20 m/s: 20 gives 0, 30 "
            "gives 1.",
            _with_speed(lambda speed: np.clip(speed / FASTEST, 0, 1)),
        ),
        "speed in m/s": (
            "Your speed enters in m/s, and so outweighs all else. Bring it to [0, 1] first: 20 m/s gives 0, 30 "
            "gives 1.",
            _with_speed(lambda speed: speed),
        ),
        "sign of the crash": (
            "In your sum a crash is paid for. Its weight is -1: look at that sign.",
            lambda lane, speed, crashed: step_reward(lane, speed, -crashed),
        ),
        "crash ignored": (
            "A crash changes nothing in your reward: use `crashed`.",
            lambda lane, speed, crashed: step_reward(lane, speed, 0),
        ),
    },
)


def _shifted(by):
    """The stack of images `by` steps later, or earlier where negative, for the mistakes."""

    def mistaken(images, size):
        black = np.zeros((size, *images.shape[1:]), images.dtype)
        padded = np.concatenate([black, images, black])
        return np.stack([padded[t + 1 + by : t + 1 + by + size] for t in range(len(images))])

    return mistaken


def _first_image_repeated(images, size):
    padded = np.concatenate([np.repeat(images[:1], size - 1, axis=0), images])
    return np.stack([padded[t : t + size] for t in range(len(images))])


check_stack_images = Exercise(
    checked="five images stacked by three, from the reset on",
    cases=[{"images": np.arange(1, 21, dtype=np.uint8).reshape(5, 2, 2), "size": 3}],
    solution=stack_images,
    mistakes={
        "newest first": (
            "Your stacks run from new to old. In highway-env the newest image is the last of the stack.",
            lambda images, size: stack_images(images, size)[:, ::-1],
        ),
        "one step late": (
            "The newest image is missing: your stacks end one step too early. The driver sees the present, too.",
            _shifted(-1),
        ),
        "looks into the future": (
            "Your stack at step t begins with image t, so it holds images that have not been seen yet. It should end "
            "with image t.",
            _shifted(2),
        ),
        "first image repeated": (
            "You fill up with copies of the first image. Some libraries do that, and it is arguably better, but "
            "highway-env leaves these places black: zeros.",
            _first_image_repeated,
        ),
        "complete stacks only": (
            "You give the complete stacks only. The driver has to decide from the first step on: one stack for each "
            "image, black where nothing has been seen yet.",
            lambda images, size: stack_images(images, size)[size - 1 :],
        ),
        "stack last": (
            "The numbers are right, but the axes are not: the stack comes second, before width and height.",
            lambda images, size: np.moveaxis(stack_images(images, size), 1, -1),
        ),
    },
)

check_future_values = Exercise(
    checked="a step in the middle of a drive, a crash, a time limit, and both at once",
    cases=[
        {
            "next_values": np.array([8.0, 7.0, 6.0, 5.0]),
            "terminated": np.array([False, True, False, True]),
            "truncated": np.array([False, False, True, True]),
        }
    ],
    solution=future_values,
    mistakes={
        "truncation treated as termination": (
            "You value the time limit like a crash. After a truncation the road goes on, only nobody watches: its "
            "future keeps its value.",
            lambda values, terminated, truncated: np.where(terminated | truncated, 0.0, values),
        ),
        "terminated ignored": (
            "You expect a future after the crash. Nothing follows a termination: there the value is 0.",
            lambda values, terminated, truncated: values,
        ),
        "the two confused": (
            "You have the two confused: `terminated` is the crash, after which nothing comes; `truncated` is the time "
            "limit.",
            lambda values, terminated, truncated: np.where(truncated, 0.0, values),
        ),
        "the wrong way round": (
            "The wrong way round: your value is 0 while the drive goes on, and kept where it ends in a crash.",
            lambda values, terminated, truncated: np.where(terminated, values, 0.0),
        ),
        "zero only where both": (
            "Your value is 0 only where both are true. A termination alone is enough, whatever the clock says.",
            lambda values, terminated, truncated: np.where(terminated & truncated, 0.0, values),
        ),
        "truncation wins": (
            "Where a crash falls together with the time limit you keep the value. But a crash is a crash: "
            "`terminated` decides alone.",
            lambda values, terminated, truncated: np.where(terminated & ~truncated, 0.0, values),
        ),
    },
)
