"""Right answers to the exercises of notebook 3 as students write them, in many styles."""

import functools
import itertools
import math
from fractions import Fraction

import numpy as np
import scipy.special
import torch
from mistaken_policy_gradient import MISTAKEN  # noqa: F401  the tests look for it here
from torch.distributions import Categorical
from torch.nn import functional


def to_go_from_the_definition(rewards, terminated, truncated):
    """The sum over k of r_{t+k}, up to the end of the drive."""
    steps, num_envs = rewards.shape
    sums = np.zeros((steps, num_envs))
    for t, n in itertools.product(range(steps), range(num_envs)):
        for later in range(t, steps):
            sums[t, n] += float(rewards[later, n])
            if terminated[later, n] or truncated[later, n]:
                break
    return sums


def loss_drive_by_drive(log_probs, rewards_to_go, values, driving):
    total = 0.0
    for n in range(log_probs.shape[1]):
        for t in range(log_probs.shape[0]):
            if driving[t, n]:
                total = total - log_probs[t, n] * (rewards_to_go[t, n] - values[t, n].item())
    return total / log_probs.shape[1]


def gradient_by_autograd(logits, actions):
    leaf = logits.detach().double().requires_grad_()
    functional.cross_entropy(leaf, actions, reduction="sum").backward()
    return -leaf.grad


# The same by other means, to hold the solutions against.
ORACLES = {
    "rewards_to_go": to_go_from_the_definition,
    "reinforce_loss": loss_drive_by_drive,
    "grad_log_softmax": gradient_by_autograd,
}


def to_go_in_place(rewards, terminated, truncated):
    sums = rewards.clone()
    for t in range(len(rewards) - 2, -1, -1):
        sums[t] += sums[t + 1] * (~(terminated[t] | truncated[t])).to(rewards.dtype)
    return sums


def to_go_by_lists(rewards, terminated, truncated):
    rows, later = [], torch.zeros(rewards.shape[1])
    for reward, te, tr in zip(reversed(rewards), reversed(terminated), reversed(truncated), strict=True):
        later = reward + later * (1 - torch.logical_or(te, tr).int())
        rows.insert(0, later)
    return torch.stack(rows)


def to_go_by_numpy(rewards, terminated, truncated):
    rewards, done = rewards.numpy(), (terminated | truncated).numpy()
    result = np.zeros(rewards.shape)
    carried = np.zeros(rewards.shape[1])
    for t in range(len(rewards))[::-1]:
        carried = rewards[t] + np.where(done[t], 0, carried)
        result[t] = carried
    return result


def to_go_road_by_road(rewards, terminated, truncated):
    result = [[0.0] * rewards.shape[1] for _ in range(len(rewards))]
    for road in range(rewards.shape[1]):
        later = 0.0
        for t in reversed(range(len(rewards))):
            if terminated[t, road] or truncated[t, road]:
                later = 0.0
            later = rewards[t, road].item() + later
            result[t][road] = later
    return result


def to_go_by_matrix(rewards, terminated, truncated):
    done = (terminated | truncated).long()
    before = done.cumsum(0) - done  # ends before step t
    order = torch.arange(len(rewards))
    counts = (before[:, None] == before[None]) & (order[None] >= order[:, None])[..., None]  # (T, T, N)
    return (counts * rewards.double()[None]).sum(1)


def to_go_recursively(rewards, terminated, truncated):
    @functools.cache
    def to_go(t):
        if t == len(rewards):
            return torch.zeros_like(rewards[0])
        goes_on = ~terminated[t] & ~truncated[t]
        return rewards[t] + torch.where(goes_on, to_go(t + 1), 0.0)

    return torch.stack([to_go(t) for t in range(len(rewards))])


def to_go_padded(rewards, terminated, truncated):
    padded = torch.zeros(len(rewards) + 1, rewards.shape[1], dtype=rewards.dtype)
    for t in range(len(rewards) - 1, -1, -1):
        padded[t] = rewards[t] + padded[t + 1] * (~terminated[t]) * (~truncated[t])
    return padded[:-1]


def to_go_with_accumulate(rewards, terminated, truncated):
    steps = list(zip(rewards, terminated | truncated, strict=True))[::-1]
    sums = itertools.accumulate(steps[1:], lambda later, step: step[0] + later * ~step[1], initial=steps[0][0])
    return torch.stack(list(sums)).flip(0)


def to_go_in_fractions(rewards, terminated, truncated):
    rows = []
    for t in reversed(range(len(rewards))):
        row = []
        for n in range(rewards.shape[1]):
            later = rows[0][n] if rows and not (terminated[t, n] or truncated[t, n]) else 0
            row.append(Fraction(float(rewards[t, n])) + later)
        rows.insert(0, tuple(row))
    return tuple(rows)


def to_go_by_pieces(rewards, terminated, truncated):
    sums = rewards.double().clone()
    for n in range(rewards.shape[1]):
        start = 0
        for t in range(len(rewards)):
            if terminated[t, n] or truncated[t, n] or t + 1 == len(rewards):
                piece = rewards[start : t + 1, n].double()
                sums[start : t + 1, n] = piece.flip(0).cumsum(0).flip(0)
                start = t + 1
    return sums


def loss_in_one_line(log_probs, rewards_to_go, values, driving):
    return -(log_probs * (rewards_to_go - values.detach()) * driving).sum(0).mean()


def loss_by_where(log_probs, rewards_to_go, values, driving):
    with torch.no_grad():
        weights = torch.where(driving, rewards_to_go - values, torch.zeros_like(values))
    return -(weights * log_probs).sum(dim=0).mean(dim=0)


def loss_by_masked_fill(log_probs, rewards_to_go, values, driving):
    products = log_probs * (values.detach() - rewards_to_go)
    return products.masked_fill(~driving, 0).sum() / products.shape[1]


def loss_of_what_was_driven(log_probs, rewards_to_go, values, driving):
    weights = (rewards_to_go - values.detach())[driving]
    return -(log_probs[driving] * weights).sum() / driving.size(1)


def loss_by_einsum(log_probs, rewards_to_go, values, driving):
    baseline = values.clone().detach()
    return torch.einsum("tn,tn,tn->", log_probs, baseline - rewards_to_go, driving.to(log_probs.dtype)) / len(values.T)


def loss_row_by_row(log_probs, rewards_to_go, values, driving):
    total = torch.zeros(log_probs.shape[1])
    for t in range(len(log_probs)):
        total = total + log_probs[t] * (rewards_to_go[t] - values[t].detach()) * driving[t].float()
    return -torch.mean(total)


def loss_in_two_parts(log_probs, rewards_to_go, values, driving):
    earned = (driving * log_probs * rewards_to_go).sum(0)
    expected = (driving * log_probs * values.data).sum(0)
    return (expected - earned).mean()


def loss_of_drives_stacked(log_probs, rewards_to_go, values, driving):
    losses = []
    for n in range(driving.shape[1]):
        length = int(driving[:, n].sum())
        advantages = rewards_to_go[:length, n] - values[:length, n].detach()
        losses.append(-torch.dot(log_probs[:length, n], advantages))
    return torch.stack(losses).mean()


def loss_from_numpy(log_probs, rewards_to_go, values, driving):
    weights = np.where(driving.numpy(), rewards_to_go.numpy() - values.detach().numpy(), 0.0)
    return (log_probs * -torch.from_numpy(weights)).sum() / weights.shape[1]


def loss_with_a_row_of_ones(log_probs, rewards_to_go, values, driving):
    products = torch.mul(log_probs, torch.sub(rewards_to_go, values.detach())) * driving
    return (
        torch.ones(len(products), dtype=products.dtype)
        @ products.neg()
        @ torch.full((products.shape[1],), 1 / products.shape[1], dtype=products.dtype)
    )


def gradient_by_one_hot(logits, actions):
    return functional.one_hot(actions, logits.shape[-1]) - torch.softmax(logits, dim=-1)


def gradient_by_eye(logits, actions):
    return torch.eye(logits.shape[1])[actions] - functional.softmax(logits, 1)


def gradient_by_indexing(logits, actions):
    gradient = -logits.softmax(1)
    gradient[torch.arange(len(actions)), actions] += 1
    return gradient


def gradient_by_scatter(logits, actions):
    ones = torch.zeros_like(logits).scatter_(1, actions[:, None], 1.0)
    return ones - Categorical(logits=logits).probs


def gradient_by_comparing(logits, actions):
    columns = torch.arange(logits.shape[1])
    return (columns[None] == actions[:, None]).double() - (logits - logits.logsumexp(1, keepdim=True)).exp()


def gradient_by_numpy(logits, actions):
    weights = np.exp(logits.numpy() - logits.numpy().max(1)[:, None])
    gradient = -weights / weights.sum(1)[:, None]
    gradient[np.arange(len(actions)), actions.numpy()] += 1
    return gradient


def gradient_by_scipy(logits, actions):
    return np.eye(logits.shape[1])[actions.numpy()] - scipy.special.softmax(logits.double().numpy(), axis=1)


def gradient_in_plain_python(logits, actions):
    rows = []
    for row, action in zip(logits.tolist(), actions.tolist(), strict=True):
        largest = max(row)
        total = sum(math.exp(z - largest) for z in row)
        rows.append([(1.0 if a == action else 0.0) - math.exp(z - largest) / total for a, z in enumerate(row)])
    return rows


def gradient_row_by_row(logits, actions):
    rows = []
    for i, action in enumerate(actions):
        row = -torch.softmax(logits[i], 0)
        row[action] = row[action] + 1
        rows.append(row)
    return torch.stack(rows)


def gradient_of_log_prob(logits, actions):
    leaf = logits.clone().requires_grad_()
    total = Categorical(logits=leaf).log_prob(actions).sum()
    return torch.autograd.grad(total, leaf)[0]


def gradient_by_where(logits, actions):
    probs = logits.softmax(1)
    is_taken = functional.one_hot(actions, logits.shape[1]).bool()
    return torch.where(is_taken, 1 - probs, -probs)


RIGHT = {
    "rewards_to_go": [
        to_go_from_the_definition,
        to_go_in_place,
        to_go_by_lists,
        to_go_by_numpy,
        to_go_road_by_road,
        to_go_by_matrix,
        to_go_recursively,
        to_go_padded,
        to_go_with_accumulate,
        to_go_in_fractions,
        to_go_by_pieces,
    ],
    "reinforce_loss": [
        loss_drive_by_drive,
        loss_in_one_line,
        loss_by_where,
        loss_by_masked_fill,
        loss_of_what_was_driven,
        loss_by_einsum,
        loss_row_by_row,
        loss_in_two_parts,
        loss_of_drives_stacked,
        loss_from_numpy,
        loss_with_a_row_of_ones,
    ],
    "grad_log_softmax": [
        gradient_by_autograd,
        gradient_by_one_hot,
        gradient_by_eye,
        gradient_by_indexing,
        gradient_by_scatter,
        gradient_by_comparing,
        gradient_by_numpy,
        gradient_by_scipy,
        gradient_in_plain_python,
        gradient_row_by_row,
        gradient_of_log_prob,
        gradient_by_where,
    ],
}
