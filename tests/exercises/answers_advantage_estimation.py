"""Answers to the exercises of notebook 4 as students write them: right ones in many styles, and each mistake twice."""

import functools
import itertools
from fractions import Fraction

import numpy as np
import torch
from mistaken_advantage_estimation import MISTAKEN  # noqa: F401  the tests look for it here

from ppo_lib import advantages
from ppo_lib.advantages import compute_gae


def td_error_of_each_step(rewards, values, next_values, terminated, truncated, gamma):
    return [
        [
            float(r) + (0.0 if te else gamma * float(following)) - float(v)
            for r, v, following, te in zip(*rows, strict=True)
        ]
        for rows in zip(rewards, values, next_values, terminated, strict=True)
    ]


def gae_as_a_sum(deltas, terminated, truncated, gamma, gae_lambda):
    """Straight from the definition: the sum over k of (γλ)^k δ_{t+k}, up to the end of the drive."""
    steps, num_envs = deltas.shape
    advantages = np.zeros((steps, num_envs))
    for t, n in itertools.product(range(steps), range(num_envs)):
        for k in range(steps - t):
            advantages[t, n] += (gamma * gae_lambda) ** k * float(deltas[t + k, n])
            if terminated[t + k, n] or truncated[t + k, n]:
                break
    return advantages


def normalized_by_numpy(advantages):
    numbers = advantages.double().numpy()
    return (numbers - np.mean(numbers)) / np.sqrt(np.mean((numbers - np.mean(numbers)) ** 2))


# The same by other means, to hold the solutions against.
ORACLES = {"td_errors": td_error_of_each_step, "gae": gae_as_a_sum, "normalize": normalized_by_numpy}


def td_by_where(rewards, values, next_values, terminated, truncated, gamma):
    future = torch.where(terminated, torch.zeros_like(next_values), next_values)
    return rewards + gamma * future - values


def td_by_float(rewards, values, next_values, terminated, truncated, gamma):
    return rewards + gamma * (1 - terminated.float()) * next_values - values


def td_by_masked_fill(rewards, values, next_values, terminated, truncated, gamma):
    target = rewards + gamma * next_values.masked_fill(terminated, 0)
    return target - values


def td_by_clone(rewards, values, next_values, terminated, truncated, gamma):
    following = next_values.clone()
    following[terminated] = 0
    return rewards + gamma * following - values


def td_by_numpy(rewards, values, next_values, terminated, truncated, gamma):
    return rewards.numpy() + gamma * next_values.numpy() * np.logical_not(terminated.numpy()) - values.numpy()


def td_row_by_row(rewards, values, next_values, terminated, truncated, gamma):
    deltas = torch.zeros_like(rewards)
    for t in range(rewards.shape[0]):
        mask = (~terminated[t]).to(rewards.dtype)
        deltas[t] = rewards[t] - values[t] + gamma * mask * next_values[t]
    return deltas


def td_by_two_cases(rewards, values, next_values, terminated, truncated, gamma):
    crashed = rewards - values
    going_on = rewards + gamma * next_values - values
    return terminated * crashed + ~terminated * going_on


def td_by_addcmul(rewards, values, next_values, terminated, truncated, gamma):
    return torch.addcmul(rewards - values, next_values, torch.logical_not(terminated), value=gamma)


def td_of_rows_stacked(rewards, values, next_values, terminated, truncated, gamma):
    rows = zip(rewards, values, next_values, terminated, strict=True)
    return torch.stack([r + gamma * v2 * (~te) - v for r, v, v2, te in rows])


def td_in_fractions(rewards, values, next_values, terminated, truncated, gamma):
    def exact(number):
        return Fraction(float(number))

    steps, roads = rewards.shape
    return tuple(
        tuple(
            exact(rewards[t, n])
            + (0 if terminated[t, n] else exact(gamma) * exact(next_values[t, n]))
            - exact(values[t, n])
            for n in range(roads)
        )
        for t in range(steps)
    )


def gae_in_place(deltas, terminated, truncated, gamma, gae_lambda):
    advantages = deltas.clone()
    for t in range(len(deltas) - 2, -1, -1):
        goes_on = 1.0 - (terminated[t] | truncated[t]).to(deltas.dtype)
        advantages[t] += gamma * gae_lambda * goes_on * advantages[t + 1]
    return advantages


def gae_by_lists(deltas, terminated, truncated, gamma, gae_lambda):
    rows, later = [], torch.zeros(deltas.shape[1])
    for delta, te, tr in zip(reversed(deltas), reversed(terminated), reversed(truncated), strict=True):
        later = delta + gamma * gae_lambda * later * (1 - torch.logical_or(te, tr).int())
        rows.insert(0, later)
    return torch.stack(rows)


def gae_by_numpy(deltas, terminated, truncated, gamma, gae_lambda):
    deltas, done = deltas.numpy(), (terminated | truncated).numpy()
    result = np.zeros(deltas.shape)
    carried = np.zeros(deltas.shape[1])
    for t in range(len(deltas))[::-1]:
        carried = deltas[t] + np.where(done[t], 0, gamma * gae_lambda * carried)
        result[t] = carried
    return result


def gae_road_by_road(deltas, terminated, truncated, gamma, gae_lambda):
    result = [[0.0] * deltas.shape[1] for _ in range(len(deltas))]
    for road in range(deltas.shape[1]):
        later = 0.0
        for t in reversed(range(len(deltas))):
            if terminated[t, road] or truncated[t, road]:
                later = 0.0
            later = deltas[t, road].item() + gamma * gae_lambda * later
            result[t][road] = later
    return result


def gae_by_matrix(deltas, terminated, truncated, gamma, gae_lambda):
    steps = len(deltas)
    done = (terminated | truncated).double()
    before = torch.cumsum(done, 0) - done  # ends before step t
    age = torch.arange(steps)[None] - torch.arange(steps)[:, None]  # (T, T): k
    weights = torch.where(age >= 0, torch.tensor(gamma * gae_lambda, dtype=torch.float64) ** age.clamp(min=0), 0.0)
    same_drive = before[None] == before[:, None]  # (T, T, N)
    return (weights[..., None] * same_drive * deltas.double()[None]).sum(1)


def gae_recursively(deltas, terminated, truncated, gamma, gae_lambda):
    @functools.cache
    def advantage(t):
        if t == len(deltas):
            return torch.zeros_like(deltas[0])
        goes_on = ~terminated[t] & ~truncated[t]
        return deltas[t] + gamma * gae_lambda * torch.where(goes_on, advantage(t + 1), 0.0)

    return torch.stack([advantage(t) for t in range(len(deltas))])


def gae_with_accumulate(deltas, terminated, truncated, gamma, gae_lambda):
    steps = list(zip(deltas, terminated | truncated, strict=True))[::-1]
    first = steps[0][0]
    sums = itertools.accumulate(steps[1:], lambda a, step: step[0] + gamma * gae_lambda * a * ~step[1], initial=first)
    return torch.stack(list(sums)).flip(0)


def gae_padded(deltas, terminated, truncated, gamma, gae_lambda):
    padded = torch.zeros(len(deltas) + 1, deltas.shape[1], dtype=deltas.dtype)
    for t in range(len(deltas) - 1, -1, -1):
        padded[t] = deltas[t] + gamma * gae_lambda * padded[t + 1] * (~terminated[t]) * (~truncated[t])
    return padded[:-1]


def gae_by_max(deltas, terminated, truncated, gamma, gae_lambda):
    done = torch.maximum(terminated.int(), truncated.int())
    advantages, later = torch.empty_like(deltas), 0
    for t in reversed(range(deltas.size(0))):
        later = deltas[t] + gamma * gae_lambda * (1 - done[t]) * later
        advantages[t] = later
    return advantages


def normalize_by_var(advantages):
    return (advantages - advantages.mean()) / advantages.var(correction=0).sqrt()


def normalize_unbiased_false(advantages):
    return (advantages - torch.mean(advantages)) / torch.std(advantages, unbiased=False)


def normalize_with_tiny_epsilon(advantages):
    return (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)


def normalize_by_numpy(advantages):
    array = advantages.numpy()
    return (array - array.mean()) / array.std()


def normalize_by_layer_norm(advantages):
    return torch.nn.functional.layer_norm(advantages, advantages.shape, eps=0)


def normalize_by_std_mean(advantages):
    deviation, mean = torch.std_mean(advantages, correction=0)
    return (advantages - mean) / deviation


def normalize_by_loops(advantages):
    numbers = [float(a) for row in advantages for a in row]
    mean = sum(numbers) / len(numbers)
    deviation = (sum((a - mean) ** 2 for a in numbers) / len(numbers)) ** 0.5
    return [[(float(a) - mean) / deviation for a in row] for row in advantages]


def normalize_a_copy(advantages):
    copy = advantages.clone()
    copy -= copy.mean()
    copy /= copy.square().mean().sqrt()
    return copy


def normalize_flat(advantages):
    flat = advantages.flatten().double()
    flat = flat - flat.sum() / flat.numel()
    return (flat * flat.numel() ** 0.5 / flat.norm()).reshape(advantages.shape)


def normalize_from_the_unbiased(advantages):
    count = advantages.numel()
    return (advantages - advantages.mean()) / (advantages.std() * ((count - 1) / count) ** 0.5)


def td_by_the_library(rewards, values, next_values, terminated, truncated, gamma):
    return compute_gae(rewards, values, next_values, terminated, truncated, gamma, 0.0)


def gae_by_the_library(deltas, terminated, truncated, gamma, gae_lambda):
    nothing = torch.zeros_like(deltas)
    return compute_gae(deltas, nothing, nothing, terminated, truncated, gamma, gae_lambda)


def gae_by_the_library_road_by_road(deltas, terminated, truncated, gamma, gae_lambda):
    library = advantages.compute_gae
    columns = []
    for n in range(deltas.shape[1]):
        d, te, tr = (rows[:, [n]] for rows in (deltas, terminated, truncated))
        columns.append(library(d, 0 * d, 0 * d, te, tr, gamma, gae_lambda))
    return torch.cat(columns, 1)


# The right numbers, but by the library that the exercise is to write.
BORROWED = {
    "td_errors": [td_by_the_library],
    "gae": [gae_by_the_library, gae_by_the_library_road_by_road],
}

RIGHT = {
    "td_errors": [
        td_error_of_each_step,
        td_by_where,
        td_by_float,
        td_by_masked_fill,
        td_by_clone,
        td_by_numpy,
        td_row_by_row,
        td_by_two_cases,
        td_by_addcmul,
        td_of_rows_stacked,
        td_in_fractions,
    ],
    "gae": [
        gae_as_a_sum,
        gae_in_place,
        gae_by_lists,
        gae_by_numpy,
        gae_road_by_road,
        gae_by_matrix,
        gae_recursively,
        gae_with_accumulate,
        gae_padded,
        gae_by_max,
    ],
    "normalize": [
        normalized_by_numpy,
        normalize_by_var,
        normalize_unbiased_false,
        normalize_with_tiny_epsilon,
        normalize_by_numpy,
        normalize_by_layer_norm,
        normalize_by_std_mean,
        normalize_by_loops,
        normalize_a_copy,
        normalize_flat,
        normalize_from_the_unbiased,
    ],
}
