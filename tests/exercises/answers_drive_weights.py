"""Answers to the exercise drive_weights of notebook 5: right in many styles, and every mistake twice."""

import math

import numpy as np
import torch


def weights_of_each_drive(log_probs, old_log_probs, driving):
    """Drive by drive, from the probabilities."""
    weights = []
    for n in range(driving.shape[1]):
        steps = int(driving[:, n].sum())
        new = math.prod(map(math.exp, log_probs[:steps, n].tolist()))
        weights.append(new / math.prod(map(math.exp, old_log_probs[:steps, n].tolist())))
    return np.array(weights)


def weights_by_sum(log_probs, old_log_probs, driving):
    return ((log_probs - old_log_probs) * driving).sum(0).exp()


def weights_by_product(log_probs, old_log_probs, driving):
    ratio = (log_probs - old_log_probs).exp()
    ratio = torch.where(driving, ratio, torch.ones_like(ratio))
    return ratio.prod(dim=0)


def weights_by_two_sums(log_probs, old_log_probs, driving):
    return torch.exp((log_probs * driving).sum(dim=0) - (old_log_probs * driving).sum(dim=0))


def weights_by_loop_over_time(log_probs, old_log_probs, driving):
    weights = torch.ones(driving.shape[1])
    for new, old, on in zip(log_probs, old_log_probs, driving, strict=True):
        weights = weights * torch.exp(new - old) ** on.float()
    return weights


def weights_by_loop_over_drives(log_probs, old_log_probs, driving):
    weights = []
    for n in range(driving.shape[1]):
        on = driving[:, n]
        weights.append(torch.exp(log_probs[on, n] - old_log_probs[on, n]).prod())
    return torch.stack(weights)


def weights_masked(log_probs, old_log_probs, driving):
    return (log_probs - old_log_probs).masked_fill(~driving, 0.0).sum(0).exp()


def weights_from_cumprod(log_probs, old_log_probs, driving):
    so_far = torch.where(driving, (log_probs - old_log_probs).exp(), 1.0).cumprod(0)
    return so_far[-1]


def weights_at_the_end(log_probs, old_log_probs, driving):
    so_far = (log_probs - old_log_probs).cumsum(0).exp()
    last = driving.long().sum(0) - 1
    return so_far[last, torch.arange(driving.shape[1])]


def weights_by_einsum(log_probs, old_log_probs, driving):
    return torch.einsum("tn,tn->n", log_probs - old_log_probs, driving.to(log_probs.dtype)).exp()


def weights_by_numpy(log_probs, old_log_probs, driving):
    ratio = np.exp(log_probs.detach().numpy() - old_log_probs.numpy())
    return np.prod(ratio, axis=0, where=driving.numpy())


def weights_of_probabilities(log_probs, old_log_probs, driving):
    new = torch.where(driving, log_probs.exp(), 1.0).prod(0)
    return new / torch.where(driving, old_log_probs.exp(), 1.0).prod(0)


def weights_by_math(log_probs, old_log_probs, driving):
    columns = zip(log_probs.T.tolist(), old_log_probs.T.tolist(), driving.T.tolist(), strict=True)
    return [math.exp(sum((n - o) * d for n, o, d in zip(*column, strict=True))) for column in columns]


RIGHT = [
    weights_of_each_drive,
    weights_by_sum,
    weights_by_product,
    weights_by_two_sums,
    weights_by_loop_over_time,
    weights_by_loop_over_drives,
    weights_masked,
    weights_from_cumprod,
    weights_at_the_end,
    weights_by_einsum,
    weights_by_numpy,
    weights_of_probabilities,
    weights_by_math,
]


def logs(new, old, on):
    """(T, N) log-ratios, 0 below the ends."""
    return (new - old) * on


def of_each(combine):
    """One number for each drive, from the list of its ratios."""

    def weights(new, old, on):
        ratios = (new - old).exp()
        return torch.stack([torch.as_tensor(combine(ratios[on[:, n], n])) for n in range(on.shape[1])])

    return weights


def one_less(on):
    """(T, N): `driving` without the last step of each drive."""
    return torch.arange(len(on))[:, None] < on.sum(0) - 1


def columns(new, old, on):
    """The three tensors of each drive, one after the other."""
    return zip(new.T, old.T, on.T, strict=True)


MISTAKEN = {
    "driving ignored": [
        lambda new, old, on: (new - old).sum(0).exp(),
        lambda new, old, on: (new - old).exp().prod(0),
    ],
    "driving upside down": [
        lambda new, old, on: logs(new, old, ~on).sum(0).exp(),
        lambda new, old, on: torch.where(on, 1.0, (new - old).exp()).prod(0),
    ],
    "driving one step early": [
        lambda new, old, on: logs(new, old, one_less(on)).sum(0).exp(),
        of_each(lambda ratios: ratios[:-1].prod()),
    ],
    "zeros in the product": [
        lambda new, old, on: ((new - old).exp() * on).prod(0),
        lambda new, old, on: torch.where(on, (new - old).exp(), 0.0).prod(dim=0),
    ],
    "log weight": [
        lambda new, old, on: logs(new, old, on).sum(0),
        of_each(lambda ratios: ratios.log().sum()),
    ],
    "sum of ratios": [
        lambda new, old, on: ((new - old).exp() * on).sum(0),
        of_each(lambda ratios: ratios.sum()),
    ],
    "mean of ratios": [
        lambda new, old, on: ((new - old).exp() * on).sum(0) / on.sum(0),
        of_each(lambda ratios: ratios.mean()),
    ],
    "geometric mean": [
        lambda new, old, on: (logs(new, old, on).sum(0) / on.sum(0)).exp(),
        of_each(lambda ratios: ratios.prod() ** (1 / len(ratios))),
    ],
    "last ratio": [
        of_each(lambda ratios: ratios[-1]),
        lambda new, old, on: (new - old).exp()[on.long().sum(0) - 1, torch.arange(on.shape[1])],
    ],
    "first ratio": [
        of_each(lambda ratios: ratios[0]),
        lambda new, old, on: (new[0] - old[0]).exp(),
    ],
    "so far": [
        lambda new, old, on: logs(new, old, on).cumsum(0).exp(),
        lambda new, old, on: torch.where(on, (new - old).exp(), 1.0).cumprod(dim=0),
    ],
    "over the drives": [
        lambda new, old, on: logs(new, old, on).sum(1).exp(),
        lambda new, old, on: torch.where(on, (new - old).exp(), 1.0).prod(dim=-1),
    ],
    "over everything": [
        lambda new, old, on: logs(new, old, on).sum().exp(),
        lambda new, old, on: (new - old).exp()[on].prod(),
    ],
    "normalised": [
        lambda new, old, on: logs(new, old, on).sum(0).softmax(0),
        lambda new, old, on: logs(new, old, on).sum(0).exp() / logs(new, old, on).sum(0).exp().sum(),
    ],
    "upside down": [
        lambda new, old, on: logs(old, new, on).sum(0).exp(),
        of_each(lambda ratios: 1 / ratios.prod()),
    ],
    "ratio without exp": [
        lambda new, old, on: torch.where(on, new - old, 1.0).prod(0),
        lambda new, old, on: torch.stack([(n - o)[d].prod() for n, o, d in columns(new, old, on)]),
    ],
    "quotient of logarithms": [
        lambda new, old, on: torch.where(on, new / old, 1.0).prod(0),
        lambda new, old, on: torch.stack([n[d].prod() / o[d].prod() for n, o, d in columns(new, old, on)]),
    ],
    "probability of the drive": [
        lambda new, old, on: (new * on).sum(0).exp(),
        lambda new, old, on: torch.where(on, new.exp(), 1.0).prod(0),
    ],
}
