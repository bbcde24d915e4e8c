"""Answers to the exercises of notebook 1 as students write them: right ones in many styles."""

from collections import deque
from fractions import Fraction

import numpy as np
import torch
from highway_env.envs.highway_env import HighwayEnv
from highway_env.utils import lmap
from mistaken_environment import MISTAKEN  # noqa: F401  the tests look for it here


def reward_by_highway_env(lane, speed, crashed):
    """highway-env's own weights and its own mapping of them."""
    config = HighwayEnv.default_config()
    share = min(max(lmap(speed, config["reward_speed_range"], [0, 1]), 0), 1)
    weighted = config["collision_reward"] * crashed
    weighted += config["right_lane_reward"] * lane + config["high_speed_reward"] * share
    return lmap(
        weighted, [config["collision_reward"], config["high_speed_reward"] + config["right_lane_reward"]], [0, 1]
    )


def stacks_pixel_by_pixel(images, size):
    steps, width, height = images.shape
    stacks = np.zeros((steps, size, width, height))
    for t, place, x, y in np.ndindex(stacks.shape):
        if t + place >= size - 1:
            stacks[t, place, x, y] = images[t + place - size + 1, x, y]
    return stacks


def future_of_each_step(next_values, terminated, truncated):
    return [0.0 if crashed else float(value) for value, crashed in zip(next_values, terminated, strict=True)]


# The same by other means, to hold the solutions against.
ORACLES = {
    "step_reward": reward_by_highway_env,
    "stack_images": stacks_pixel_by_pixel,
    "future_values": future_of_each_step,
}


def reward_by_clip(lane, speed, crashed):
    fast = np.clip((speed - 20) / (30 - 20), 0, 1)
    return (0.1 * lane + 0.4 * fast - crashed - (-1)) / (0.1 + 0.4 - (-1))


def reward_by_ifs(lane, speed, crashed):
    if speed <= 20:
        share = 0
    elif speed >= 30:
        share = 1
    else:
        share = (speed - 20) / 10
    total = 0.1 * lane + 0.4 * share
    if crashed:
        total = total - 1
    return (total + 1) / 1.5


def reward_by_min_and_max(lane, speed, crashed):
    v = min(1, max(0, (speed - 20) / 10))
    return (1 + 0.1 * lane + 0.4 * v - crashed) / 1.5


def reward_by_a_clipped_speed(lane, speed, crashed):
    speed = np.clip(speed, 20, 30)
    return 2 / 3 + lane / 15 + (speed - 20) * 2 / 75 - crashed * 2 / 3


def reward_in_fractions(lane, speed, crashed):
    share = min(max((Fraction(speed) - 20) / 10, Fraction(0)), Fraction(1))
    total = Fraction(1, 10) * Fraction(lane) + Fraction(2, 5) * share - int(crashed)
    return (total + 1) / Fraction(3, 2)


def reward_by_torch(lane, speed, crashed):
    share = torch.clamp((torch.tensor(speed) - 20) / 10, 0, 1)
    return (0.1 * lane + 0.4 * share - int(crashed) + 1) / 1.5


def reward_by_interp(lane, speed, crashed):
    total = 0.1 * lane + 0.4 * np.interp(speed, [20, 30], [0, 1]) - 1.0 * crashed
    return np.interp(total, [-1, 0.5], [0, 1])


def reward_by_a_dot_product(lane, speed, crashed):
    weights = np.array([0.1, 0.4, -1.0])
    parts = np.array([lane, np.interp(speed, [20, 30], [0, 1]), crashed], dtype=np.float32)
    low, high = weights[weights < 0].sum(), weights[weights > 0].sum()
    return (weights @ parts - low) / (high - low)


def reward_with_named_bounds(lane, speed, crashed):
    low, high = -1, 0.5
    v = (speed - 20) / 10
    if v < 0:
        v = 0
    if v > 1:
        v = 1
    r = sum([0.1 * lane, 0.4 * v, low * crashed])
    return (r - low) / (high - low)


def reward_in_two_cases(lane, speed, crashed):
    paid = 0.1 * lane + 0.4 * sorted([0, (speed - 20) / 10, 1])[1]
    return paid / 1.5 if crashed else (paid + 1) / 1.5


def reward_by_an_array_of_one(lane, speed, crashed):
    share = np.array((speed - 20) / 10)
    share[share < 0] = 0
    share[share > 1] = 1
    return np.float32((0.1 * lane + 0.4 * share.item() + 1 - crashed) / 1.5)


def stacks_by_padding(images, size):
    padded = np.concatenate([np.zeros((size - 1, *images.shape[1:])), images])
    return np.stack([padded[t : t + size] for t in range(len(images))])


def stacks_by_pad(images, size):
    padded = np.pad(images, ((size - 1, 0), (0, 0), (0, 0)))
    return np.array([padded[t : t + size] for t in range(images.shape[0])])


def stacks_by_deque(images, size):
    black = np.zeros_like(images[0])
    seen = deque([black] * size, maxlen=size)
    stacks = []
    for image in images:
        seen.append(image)
        stacks.append(np.stack(seen))
    return np.stack(stacks)


def stacks_by_sliding_window(images, size):
    padded = np.concatenate((np.zeros((size - 1, *images.shape[1:]), dtype=images.dtype), images), axis=0)
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=0)
    return windows.transpose(0, 3, 1, 2)


def stacks_as_lists(images, size):
    T, W, H = images.shape
    black = [[0] * H for _ in range(W)]
    padded = [black] * (size - 1) + images.tolist()
    return [padded[t : t + size] for t in range(T)]


def stacks_in_place(images, size):
    stacks = np.zeros((len(images), size, *images.shape[1:]), dtype=images.dtype)
    for t in range(len(images)):
        for k in range(min(size, t + 1)):
            stacks[t, size - 1 - k] = images[t - k]
    return stacks


def stacks_by_slices(images, size):
    stacks = np.zeros((images.shape[0], size, *images.shape[1:]))
    for t in range(images.shape[0]):
        seen = images[max(0, t - size + 1) : t + 1]
        stacks[t, -len(seen) :] = seen
    return stacks


def stacks_by_shifts(images, size):
    layers = []
    for age in range(size - 1, -1, -1):
        layer = np.zeros_like(images)
        layer[age:] = images[: max(len(images) - age, 0)]
        layers.append(layer)
    return np.stack(layers, axis=1)


def stacks_by_indices(images, size):
    index = np.arange(len(images))[:, None] + np.arange(-size + 1, 1)
    stacks = images[np.clip(index, 0, None)].copy()
    stacks[index < 0] = 0
    return stacks


def stacks_by_rolling(images, size):
    stack = np.zeros((size, *images.shape[1:]), images.dtype)
    result = []
    for image in images:
        stack = np.roll(stack, -1, axis=0)
        stack[-1] = image
        result.append(stack.copy())
    return np.array(result)


def stacks_by_torch(images, size):
    frames = torch.from_numpy(images)
    frames = torch.cat([torch.zeros(size - 1, *frames.shape[1:], dtype=frames.dtype), frames])
    return frames.unfold(0, size, 1).permute(0, 3, 1, 2)


def stacks_one_after_another(images, size):
    previous = [np.zeros(images.shape[1:])] * size
    stacks = []
    for t in range(len(images)):
        previous = [*previous[1:], images[t] / 1.0]
        stacks += [previous]
    return tuple(map(np.array, stacks))


def stacks_by_conditions(images, size):
    return np.array(
        [[images[i] if i >= 0 else 0 * images[0] for i in range(t - size + 1, t + 1)] for t in range(len(images))]
    )


def future_by_where(next_values, terminated, truncated):
    return np.where(terminated, 0, next_values)


def future_by_factor(next_values, terminated, truncated):
    return next_values * (1 - terminated)


def future_by_not(next_values, terminated, truncated):
    return ~terminated * next_values


def future_by_a_copy(next_values, terminated, truncated):
    values = next_values.copy()
    values[terminated] = 0
    return values


def future_by_loop(next_values, terminated, truncated):
    values = []
    for t in range(len(next_values)):
        if terminated[t]:
            values.append(0.0)
        else:
            values.append(next_values[t])
    return values


def future_by_zeros(next_values, terminated, truncated):
    values = np.zeros_like(next_values)
    values[~terminated] = next_values[~terminated]
    return values


def future_by_logical_not(next_values, terminated, truncated):
    return np.multiply(next_values, np.logical_not(terminated).astype(np.float32))


def future_by_torch(next_values, terminated, truncated):
    return torch.from_numpy(next_values).masked_fill(torch.from_numpy(terminated), 0.0)


def future_by_masked_array(next_values, terminated, truncated):
    return np.ma.masked_array(next_values, mask=terminated).filled(0)


def future_by_subtraction(next_values, terminated, truncated):
    return next_values - next_values * terminated


def future_in_four_cases(next_values, terminated, truncated):
    cases = [terminated & truncated, terminated & ~truncated, ~terminated & truncated]
    return np.select(cases, [np.zeros_like(next_values), 0.0 * next_values, next_values], default=next_values)


def future_by_enumerate(next_values, terminated, truncated):
    result = np.empty(next_values.shape)
    for t, (value, crash) in enumerate(zip(next_values, terminated, strict=True)):
        result[t] = value if not crash else 0
    return result


def future_in_words(next_values, terminated, truncated):
    def worth(value, crashed, time_is_up):
        if time_is_up and not crashed:
            return value
        return 0 if crashed else value

    return tuple(map(worth, next_values, terminated, truncated))


def future_by_put(next_values, terminated, truncated):
    values = np.array(next_values)
    np.put(values, np.flatnonzero(terminated == 1), 0)
    return values


RIGHT = {
    "step_reward": [
        reward_by_highway_env,
        reward_by_clip,
        reward_by_ifs,
        reward_by_min_and_max,
        reward_by_a_clipped_speed,
        reward_in_fractions,
        reward_by_torch,
        reward_by_interp,
        reward_by_a_dot_product,
        reward_with_named_bounds,
        reward_in_two_cases,
        reward_by_an_array_of_one,
    ],
    "stack_images": [
        stacks_pixel_by_pixel,
        stacks_by_padding,
        stacks_by_pad,
        stacks_by_deque,
        stacks_by_sliding_window,
        stacks_as_lists,
        stacks_in_place,
        stacks_by_slices,
        stacks_by_shifts,
        stacks_by_indices,
        stacks_by_rolling,
        stacks_by_torch,
        stacks_one_after_another,
        stacks_by_conditions,
    ],
    "future_values": [
        future_of_each_step,
        future_by_where,
        future_by_factor,
        future_by_not,
        future_by_a_copy,
        future_by_loop,
        future_by_zeros,
        future_by_logical_not,
        future_by_torch,
        future_by_masked_array,
        future_by_subtraction,
        future_in_four_cases,
        future_by_enumerate,
        future_in_words,
        future_by_put,
    ],
}
