"""Wrong answers to the exercises of notebook 1, as students write them: every mistake in two more spellings."""

from collections import deque

import numpy as np


def share(speed):
    """Right, as a helper of the student's."""
    return min(max((speed - 20) / 10, 0), 1)


def total(lane, speed, crashed):
    return 0.1 * lane + 0.4 * share(speed) - 1 * crashed


def cut_off_by_ifs(lane, speed, crashed):
    r = total(lane, speed, crashed)
    if r < 0:
        return 0
    return r


def clipped_only_above(lane, speed, crashed):
    v = (speed - 20) / 10
    if v > 1:
        v = 1
    return (0.1 * lane + 0.4 * v - crashed + 1) / 1.5


def clipped_only_below(lane, speed, crashed):
    v = 0 if speed < 20 else (speed - 20) / 10
    return (0.1 * lane + 0.4 * v - crashed + 1) / 1.5


def counted_from_zero(lane, speed, crashed):
    v = speed / 30
    if v > 1:
        v = 1
    elif v < 0:
        v = 0
    return (0.1 * lane + 0.4 * v - crashed + 1) / 1.5


def speed_all_or_nothing(lane, speed, crashed):
    v = 1 if speed >= 30 else 0
    return (0.1 * lane + 0.4 * v - crashed + 1) / 1.5


def crash_paid_for(lane, speed, crashed):
    r = 0.1 * lane + 0.4 * share(speed)
    if crashed:
        r += 1
    return (r + 1) / 1.5


def alive_is_punished(lane, speed, crashed):
    r = 0.1 * lane + 0.4 * share(speed)
    if not crashed:
        r -= 1
    return (r + 1) / 1.5


def nothing_when_crashed(lane, speed, crashed):
    if crashed:
        return 0.0
    return (total(lane, speed, False) + 1) / 1.5


STEP_REWARD = {
    "not mapped": [
        lambda lane, speed, crashed: 0.1 * lane + 0.4 * share(speed) - crashed,
        lambda lane, speed, crashed: np.dot([0.1, 0.4, -1], [lane, share(speed), crashed]),
    ],
    "not shifted": [
        lambda lane, speed, crashed: total(lane, speed, crashed) / 1.5,
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * share(speed) - crashed) / ((0.4 + 0.1) - (-1)),
    ],
    "shifted the wrong way": [
        lambda lane, speed, crashed: (total(lane, speed, crashed) - 1) / (0.5 - (-1)),
        lambda lane, speed, crashed: (total(lane, speed, crashed) + (-1)) / 1.5,
    ],
    "not divided": [
        lambda lane, speed, crashed: 0.1 * lane + 0.4 * share(speed) - crashed - (-1),
        lambda lane, speed, crashed: 1 + total(lane, speed, crashed),
    ],
    "range of the good parts": [
        lambda lane, speed, crashed: (total(lane, speed, crashed) + 1) / (0.4 + 0.1),
        lambda lane, speed, crashed: (total(lane, speed, crashed) - (-1)) * 2,
    ],
    "range with the wrong sign": [
        lambda lane, speed, crashed: (total(lane, speed, crashed) - (-1)) / (0.4 + 0.1 - 1),
        lambda lane, speed, crashed: (total(lane, speed, crashed) + 1) / (0.5 + (-1)),
    ],
    "range of two": [
        lambda lane, speed, crashed: (total(lane, speed, crashed) + 1) / 2,
        lambda lane, speed, crashed: 0.5 + 0.5 * total(lane, speed, crashed),
    ],
    "parentheses": [
        lambda lane, speed, crashed: 0.1 * lane + 0.4 * share(speed) - crashed - (-1) / (0.5 - (-1)),
        lambda lane, speed, crashed: total(lane, speed, crashed) + 1 / 1.5,
    ],
    "cut off": [
        cut_off_by_ifs,
        lambda lane, speed, crashed: min(1, max(0, total(lane, speed, crashed))),
    ],
    "speed not clipped": [
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * (speed - 20) / (30 - 20) - crashed + 1) / 1.5,
        lambda lane, speed, crashed: (0.1 * lane + 0.04 * speed - 0.8 - crashed + 1) / 1.5,
    ],
    "speed not clipped below": [
        clipped_only_above,
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * (min(speed, 30) - 20) / 10 - crashed + 1) / 1.5,
    ],
    "speed not clipped above": [
        clipped_only_below,
        lambda lane, speed, crashed: (0.1 * lane + 0.04 * max(speed - 20, 0) - crashed + 1) / 1.5,
    ],
    "speed counted from zero": [
        counted_from_zero,
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * np.interp(speed, [0, 30], [0, 1]) - crashed + 1) / 1.5,
    ],
    "speed counted from zero, not clipped": [
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * (speed / 30) - crashed + 1) / 1.5,
        lambda lane, speed, crashed: (0.1 * lane + speed * 4 / 300 + (not crashed)) / 1.5,
    ],
    "speed counted from zero, clipped above": [
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * min(speed / 30, 1) - crashed + 1) / 1.5,
        lambda lane, speed, crashed: (0.1 * lane + (0.4 if speed > 30 else 0.4 * speed / 30) + 1 - crashed) / 1.5,
    ],
    "speed in m/s": [
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * speed - 1 * crashed - (-1)) / ((0.4 + 0.1) - (-1)),
        lambda lane, speed, crashed: (np.sum(np.array([0.1, 0.4, -1]) * [lane, speed, crashed]) + 1) / 1.5,
    ],
    "speed in whole shares": [
        speed_all_or_nothing,
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * int(share(speed)) - crashed + 1) / 1.5,
    ],
    "speed left out": [
        lambda lane, speed, crashed: (0.1 * lane - crashed + 1) / 1.5,
        lambda lane, speed, crashed: 2 / 3 + (0.1 * lane - crashed) / 1.5,
    ],
    "sign of the crash": [
        crash_paid_for,
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * share(speed) + crashed + 1) / 1.5,
    ],
    "crash ignored": [
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * share(speed) - (-1)) / 1.5,
        lambda lane, speed, crashed: (total(lane, speed, False) + 1) / 1.5,
    ],
    "crash upside down": [
        alive_is_punished,
        lambda lane, speed, crashed: (0.1 * lane + 0.4 * share(speed) + crashed) / 1.5,
    ],
    "nothing for a crash": [
        nothing_when_crashed,
        lambda lane, speed, crashed: 0 if crashed == 1 else (1 + 0.1 * lane + 0.4 * share(speed)) / 1.5,
    ],
    "lane upside down": [
        lambda lane, speed, crashed: (total(1 - lane, speed, crashed) + 1) / 1.5,
        lambda lane, speed, crashed: (0.1 - 0.1 * lane + 0.4 * share(speed) - crashed + 1) / 1.5,
    ],
    "lane left out": [
        lambda lane, speed, crashed: (0.4 * share(speed) - crashed + 1) / 1.5,
        lambda lane, speed, crashed: ((not crashed) + 0.4 * share(speed)) / (0.5 - (-1)),
    ],
    "weights swapped": [
        lambda lane, speed, crashed: (0.4 * lane + 0.1 * share(speed) - crashed + 1) / 1.5,
        lambda lane, speed, crashed: (np.dot([0.4, 0.1, -1.0], [lane, share(speed), crashed]) - (-1)) / 1.5,
    ],
    "without weights": [
        lambda lane, speed, crashed: (lane + share(speed) - crashed + 1) / 1.5,
        lambda lane, speed, crashed: (sum([lane, share(speed), -crashed]) - (-1)) / (0.4 + 0.1 - (-1)),
    ],
}


def black_like(images, count):
    """Right, as a helper of the student's."""
    return np.zeros((count, *images.shape[1:]), dtype=images.dtype)


def padded(images, size):
    return np.concatenate([black_like(images, size - 1), images])


def deque_from_the_left(images, size):
    seen = deque([np.zeros_like(images[0])] * size, maxlen=size)
    stacks = []
    for image in images:
        seen.appendleft(image)
        stacks.append(np.stack(seen))
    return np.stack(stacks)


def ages_upwards(images, size):
    stacks = np.zeros((len(images), size, *images.shape[1:]))
    for t in range(len(images)):
        for age in range(min(size, t + 1)):
            stacks[t, age] = images[t - age]
    return stacks


def appended_too_late(images, size):
    seen = deque([np.zeros_like(images[0])] * size, maxlen=size)
    stacks = []
    for image in images:
        stacks.append(list(seen))
        seen.append(image)
    return stacks


def padded_by_one_too_many(images, size):
    rows = np.concatenate([black_like(images, size), images])
    return np.stack([rows[t : t + size] for t in range(len(images))])


def padded_by_one_too_few(images, size):
    rows = np.concatenate([black_like(images, size), images, black_like(images, 1)])[2:]
    return np.stack([rows[t : t + size] for t in range(len(images))])


def next_image_last(images, size):
    stacks = np.zeros((len(images), size, *images.shape[1:]))
    for t in range(len(images)):
        for place in range(size):
            i = t + 1 - (size - 1 - place)
            if 0 <= i < len(images):
                stacks[t, place] = images[i]
    return stacks


def begins_with_the_present(images, size):
    rows = np.concatenate([images, black_like(images, size - 1)])
    return np.stack([rows[t : t + size] for t in range(len(images))])


def what_is_to_come(images, size):
    stacks = np.zeros((len(images), size, *images.shape[1:]))
    for t in range(len(images)):
        coming = images[t : t + size]
        stacks[t, : len(coming)] = coming
    return stacks


def deque_full_of_the_first(images, size):
    seen = deque([images[0]] * size, maxlen=size)
    stacks = []
    for image in images:
        seen.append(image)
        stacks.append(np.array(seen))
    return np.array(stacks)


def clipped_indices(images, size):
    index = np.arange(len(images))[:, None] + np.arange(1 - size, 1)
    return images[np.maximum(index, 0)]


def newest_until_there_are_enough(images, size):
    stacks = []
    for t in range(len(images)):
        seen = list(images[max(0, t - size + 1) : t + 1])
        stacks.append([images[t]] * (size - len(seen)) + seen)
    return np.array(stacks)


def newest_where_negative(images, size):
    return [[images[i] if i >= 0 else images[t] for i in range(t - size + 1, t + 1)] for t in range(len(images))]


def one_by_one_without_a_test(images, size):
    return np.stack([np.stack([images[t - k] for k in reversed(range(size))]) for t in range(len(images))])


def fancy_without_a_test(images, size):
    return images[np.arange(len(images))[:, None] - np.arange(size)[::-1]]


def rolled(images, size):
    return np.stack([np.roll(images, k, axis=0) for k in range(size - 1, -1, -1)], axis=1)


def modulo(images, size):
    T = len(images)
    return [[images[(t - size + 1 + k) % T] for k in range(size)] for t in range(T)]


def black_appended(images, size):
    stacks = []
    for t in range(len(images)):
        seen = images[max(0, t + 1 - size) : t + 1]
        stacks.append(np.concatenate([seen, black_like(images, size - len(seen))]))
    return np.stack(stacks)


def filled_from_the_left(images, size):
    stacks = np.zeros((len(images), size, *images.shape[1:]))
    for t in range(len(images)):
        seen = images[max(0, t + 1 - size) : t + 1]
        for k in range(len(seen)):
            stacks[t, k] = seen[k]
    return stacks


def windows_without_padding(images, size):
    return np.lib.stride_tricks.sliding_window_view(images, size, axis=0).transpose(0, 3, 1, 2)


def complete_by_range(images, size):
    return np.stack([images[t : t + size] for t in range(len(images) - size + 1)])


def repeated(images, size):
    return np.repeat(images[:, None], size, axis=1)


def stacked_with_itself(images, size):
    return np.stack([images] * size, axis=1)


def stacked_along_the_last_axis(images, size):
    rows = padded(images, size)
    return np.stack([np.stack(list(rows[t : t + size]), axis=-1) for t in range(len(images))])


def windows_not_moved(images, size):
    return np.lib.stride_tricks.sliding_window_view(padded(images, size), size, axis=0)


def layers_first(images, size):
    rows = padded(images, size)
    return np.stack([rows[k : k + len(images)] for k in range(size)])


def stacks_along_axis_one(images, size):
    rows = padded(images, size)
    return np.stack([rows[t : t + size] for t in range(len(images))], axis=1)


def transposed_images(images, size):
    rows = padded(images.transpose(0, 2, 1), size)
    return np.stack([rows[t : t + size] for t in range(len(images))])


def each_image_turned(images, size):
    rows = [image.T for image in padded(images, size)]
    return [rows[t : t + size] for t in range(len(images))]


def joined_by_concatenate(images, size):
    rows = padded(images, size)
    return np.stack([np.concatenate(list(rows[t : t + size])) for t in range(len(images))])


def joined_by_vstack(images, size):
    rows = padded(images, size)
    return [np.vstack(rows[t : t + size]) for t in range(len(images))]


def all_concatenated(images, size):
    rows = padded(images, size)
    return np.concatenate([rows[t : t + size] for t in range(len(images))])


def all_extended(images, size):
    rows, stacks = padded(images, size), []
    for t in range(len(images)):
        stacks.extend(rows[t : t + size])
    return stacks


def one_more(images, size):
    rows = np.concatenate([black_like(images, size), images])
    return np.stack([rows[t : t + size + 1] for t in range(len(images))])


def deque_one_too_long(images, size):
    seen = deque([np.zeros_like(images[0])] * (size + 1), maxlen=size + 1)
    stacks = []
    for image in images:
        seen.append(image)
        stacks.append(np.stack(seen))
    return stacks


def one_less(images, size):
    rows = padded(images, size)
    return np.stack([np.stack(rows[t + 1 : t + size]) for t in range(len(images))])


def one_less_by_age(images, size):
    black = np.zeros_like(images[0])
    return np.stack(
        [np.stack([images[t - k] if t >= k else black for k in range(size - 2, -1, -1)]) for t in range(len(images))]
    )


def range_too_short(images, size):
    rows = padded(images, size)
    return np.stack([rows[t : t + size] for t in range(len(images) - 1)])


def without_the_last_image(images, size):
    rows = np.concatenate([black_like(images, size - 1), images])[:-1]
    return np.stack([rows[t : t + size] for t in range(len(rows) - size + 1)])


def last_one_left_black(images, size):
    rows = padded(images, size)
    stacks = np.zeros((len(images), size, *images.shape[1:]))
    for t in range(len(images) - 1):
        stacks[t] = rows[t : t + size]
    return stacks


def last_one_left_black_by_shifts(images, size):
    stacks = np.zeros((len(images), size, *images.shape[1:]))
    for t in range(len(images) - 1):
        for k in range(min(size, t + 1)):
            stacks[t, -1 - k] = images[t - k]
    return stacks


def first_one_left_black(images, size):
    rows = padded(images, size)
    stacks = np.zeros((len(images), size, *images.shape[1:]))
    for t in range(1, len(images)):
        stacks[t] = rows[t : t + size]
    return stacks


def nothing_seen_at_the_reset(images, size):
    rows = padded(images, size)
    stacks = [black_like(images, size)]
    for t in range(1, len(images)):
        stacks.append(rows[t : t + size])
    return np.stack(stacks)


def scaled_before(images, size):
    rows = padded(images / 255, size)
    return np.stack([rows[t : t + size] for t in range(len(images))])


def scaled_after(images, size):
    rows = padded(images, size)
    return np.stack([rows[t : t + size] for t in range(len(images))]).astype(np.float32) / 255.0


STACK_IMAGES = {
    "newest first": [deque_from_the_left, ages_upwards],
    "one step late": [appended_too_late, padded_by_one_too_many],
    "one step early": [padded_by_one_too_few, next_image_last],
    "looks into the future": [begins_with_the_present, what_is_to_come],
    "first image repeated": [deque_full_of_the_first, clipped_indices],
    "newest image repeated": [newest_until_there_are_enough, newest_where_negative],
    "negative indices": [one_by_one_without_a_test, fancy_without_a_test],
    "rolled round": [rolled, modulo],
    "black at the end": [black_appended, filled_from_the_left],
    "complete stacks only": [windows_without_padding, complete_by_range],
    "the same image all along": [repeated, stacked_with_itself],
    "stack last": [stacked_along_the_last_axis, windows_not_moved],
    "stack first": [layers_first, stacks_along_axis_one],
    "width and height swapped": [transposed_images, each_image_turned],
    "images joined": [joined_by_concatenate, joined_by_vstack],
    "stacks joined": [all_concatenated, all_extended],
    "one image too many": [one_more, deque_one_too_long],
    "one image too few": [one_less, one_less_by_age],
    "last stack lost": [range_too_short, without_the_last_image],
    "last stack black": [last_one_left_black, last_one_left_black_by_shifts],
    "first stack black": [first_one_left_black, nothing_seen_at_the_reset],
    "scaled": [scaled_before, scaled_after],
}


def loop_with_or(next_values, terminated, truncated):
    return [0 if terminated[t] or truncated[t] else next_values[t] for t in range(len(next_values))]


def upside_down_by_copy(next_values, terminated, truncated):
    values = next_values.copy()
    values[terminated == False] = 0  # noqa: E712  as beginners write it
    return values


def only_at_ends_by_loop(next_values, terminated, truncated):
    values = np.zeros(len(next_values))
    for t in range(len(values)):
        if terminated[t] or truncated[t]:
            values[t] = next_values[t]
    return values


def both_by_ifs(next_values, terminated, truncated):
    values = []
    for value, te, tr in zip(next_values, terminated, truncated, strict=True):
        if te and tr:
            value = 0
        values.append(value)
    return values


def one_of_two_by_ifs(next_values, terminated, truncated):
    values = next_values.copy()
    for t in range(len(values)):
        if terminated[t] != truncated[t]:
            values[t] = 0
    return values


def truncation_first(next_values, terminated, truncated):
    values = []
    for value, te, tr in zip(next_values, terminated, truncated, strict=True):
        if tr:
            values.append(value)
        elif te:
            values.append(0)
        else:
            values.append(value)
    return values


def next_flag_by_loop(next_values, terminated, truncated):
    values = next_values.copy()
    for t in range(len(values)):
        if terminated[min(t + 1, len(values) - 1)]:
            values[t] = 0
    return values


def next_flag_appended(next_values, terminated, truncated):
    return np.where(np.append(terminated[1:], terminated[-1]), 0, next_values)


def last_flag_by_loop(next_values, terminated, truncated):
    values = next_values.copy()
    for t in range(1, len(values)):
        if terminated[t - 1]:
            values[t] = 0
    return values


def last_flag_inserted(next_values, terminated, truncated):
    return next_values * ~np.insert(terminated[:-1], 0, False)


def crashed_for_good(next_values, terminated, truncated):
    values, crashed = [], False
    for value, te in zip(next_values, terminated, strict=True):
        crashed = crashed or te
        values.append(0.0 if crashed else value)
    return values


def zeros_from_the_crash_on(next_values, terminated, truncated):
    values = np.array(next_values)
    if terminated.any():
        values[np.argmax(terminated) :] = 0
    return values


def breaks_at_the_crash(next_values, terminated, truncated):
    values = []
    for value, te in zip(next_values, terminated, strict=True):
        if te:
            values.append(0.0)
            break
        values.append(value)
    return values


def returns_at_the_crash(next_values, terminated, truncated):
    values = np.where(terminated, 0.0, next_values)
    for t in range(len(values)):
        if terminated[t]:
            return values[: t + 1]
    return values


def only_the_survivors(next_values, terminated, truncated):
    values = []
    for t in range(len(next_values)):
        if not terminated[t]:
            values.append(next_values[t])
    return values


def crash_costs_one(next_values, terminated, truncated):
    values = next_values.copy()
    values[terminated] = -1
    return values


def shifted_by_loop(next_values, terminated, truncated):
    last = len(next_values) - 1
    return [0 if terminated[t] else next_values[min(t + 1, last)] for t in range(last + 1)]


def shifted_by_append(next_values, terminated, truncated):
    return ~terminated * np.append(next_values[1:], next_values[-1])


def rollout_taken_for_the_end(next_values, terminated, truncated):
    values = np.where(terminated, 0.0, next_values)
    values[-1] = 0
    return values


def loop_stops_one_early(next_values, terminated, truncated):
    values = np.zeros(len(next_values))
    for t in range(len(next_values) - 1):
        if not terminated[t]:
            values[t] = next_values[t]
    return values


def summed_backwards(next_values, terminated, truncated):
    values, later = [], 0.0
    for value, te in zip(next_values[::-1], terminated[::-1], strict=True):
        later += 0.0 if te else float(value)
        values.insert(0, later)
    return values


def summed_from_each_step(next_values, terminated, truncated):
    values = next_values.astype(float) * ~terminated
    return [values[t:].sum() for t in range(len(values))]


FUTURE_VALUES = {
    "truncation treated as termination": [
        lambda values, terminated, truncated: np.where(np.logical_or(terminated, truncated), 0, values),
        loop_with_or,
    ],
    "terminated ignored": [
        lambda values, terminated, truncated: values,
        lambda values, terminated, truncated: [float(value) for value in values],
    ],
    "the two confused": [
        lambda values, terminated, truncated: np.where(truncated, 0, values),
        lambda values, terminated, truncated: values * (1 - truncated),
    ],
    "the wrong way round": [lambda values, terminated, truncated: values * terminated, upside_down_by_copy],
    "only where a drive ends": [
        lambda values, terminated, truncated: (terminated | truncated) * values,
        only_at_ends_by_loop,
    ],
    "only at the time limit": [
        lambda values, terminated, truncated: np.where(truncated, values, 0),
        lambda values, terminated, truncated: values * truncated.astype(values.dtype),
    ],
    "zero only where both": [lambda values, terminated, truncated: values * ~(terminated & truncated), both_by_ifs],
    "zero only where one": [
        lambda values, terminated, truncated: np.where(terminated ^ truncated, 0, values),
        one_of_two_by_ifs,
    ],
    "truncation wins": [truncation_first, lambda values, terminated, truncated: values * (truncated | ~terminated)],
    "both subtracted": [
        lambda values, terminated, truncated: values * (1 - terminated.astype(int) - truncated.astype(int)),
        lambda values, terminated, truncated: values - values * terminated - values * truncated,
    ],
    "flag one step late": [next_flag_by_loop, next_flag_appended],
    "flag one step early": [last_flag_by_loop, last_flag_inserted],
    "nothing after the first crash": [crashed_for_good, zeros_from_the_crash_on],
    "cut at the crash": [breaks_at_the_crash, returns_at_the_crash],
    "crashes left out": [lambda values, terminated, truncated: values[~terminated], only_the_survivors],
    "minus one for a crash": [crash_costs_one, lambda values, terminated, truncated: np.where(terminated, -1, values)],
    "one for a future": [
        lambda values, terminated, truncated: 1.0 - terminated,
        lambda values, terminated, truncated: np.where(terminated, 0, 1),
    ],
    "values one step late": [shifted_by_loop, shifted_by_append],
    "nothing after the last row": [rollout_taken_for_the_end, loop_stops_one_early],
    "summed up": [summed_backwards, summed_from_each_step],
}

MISTAKEN = {"step_reward": STEP_REWARD, "stack_images": STACK_IMAGES, "future_values": FUTURE_VALUES}
