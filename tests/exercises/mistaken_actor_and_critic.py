"""Wrong answers to the exercises of notebook 2: every mistake as students make it, in several spellings."""

import math

import numpy as np
import scipy.special
import torch
from torch import nn
from torch.distributions import Categorical
from torch.nn import functional


def probabilities_by_naive_numpy(logits):
    weights = np.exp(logits.numpy())
    return weights / weights.sum(axis=1, keepdims=True)


def probabilities_of_columns_in_a_loop(logits):
    probs = torch.zeros_like(logits)
    for a in range(logits.shape[1]):
        probs[:, a] = torch.softmax(logits[:, a], dim=0)
    return probs


def probabilities_with_global_maximum(logits):
    weights = torch.exp(logits - torch.max(logits))
    return weights / weights.sum(dim=1, keepdim=True)


def probabilities_with_global_maximum_in_numpy(logits):
    z = logits.numpy() - logits.numpy().max()
    return np.exp(z) / np.exp(z).sum(1)[:, None]


def probabilities_with_maximum_over_dim_0(logits):
    weights = torch.exp(logits - logits.max(dim=0).values)
    return weights / weights.sum(dim=1, keepdim=True)


def probabilities_with_maximum_over_axis_0(logits):
    stable = logits - torch.amax(logits, 0, keepdim=True)
    return functional.normalize(stable.exp(), p=1, dim=1, eps=0)


def probabilities_with_largest_without_keepdim(logits):
    weights = torch.exp(logits - logits.max(dim=1).values)
    return weights / weights.sum(dim=1, keepdim=True)


def probabilities_with_largest_without_unsqueeze(logits):
    largest, _ = torch.max(logits, -1)
    weights = torch.e ** (logits - largest)
    return weights / weights.sum(-1).unsqueeze(-1)


def probabilities_without_keepdim(logits):
    weights = torch.exp(logits - logits.max(dim=1, keepdim=True)[0])
    return weights / torch.sum(weights, dim=1)


def probabilities_naive_and_without_keepdim(logits):
    weights = torch.exp(logits)
    total = torch.sum(weights, dim=1)
    return weights / total


def probabilities_of_total_without_keepdim(logits):
    weights = (logits - logits.amax(dim=-1).unsqueeze(-1)).exp()
    total = weights.sum(-1)
    return weights / total


def probabilities_less_the_mean(logits):
    weights = torch.exp(logits - logits.mean(dim=1, keepdim=True))
    return weights / weights.sum(dim=1, keepdim=True)


def probabilities_less_the_smallest(logits):
    weights = torch.exp(logits - logits.min(dim=1, keepdim=True).values)
    return weights / weights.sum(dim=1, keepdim=True)


def probabilities_clamped(logits):
    weights = torch.exp(torch.clamp(logits, -80.0, 80.0))
    return weights / weights.sum(dim=1, keepdim=True)


def probabilities_clipped_in_numpy(logits):
    weights = np.exp(np.clip(logits.numpy(), -30, 30))
    return weights / weights.sum(axis=1, keepdims=True)


def probabilities_by_minimum(logits):
    return torch.softmax(torch.minimum(logits, torch.full_like(logits, 80.0)), dim=1)


def probabilities_shifted(logits):
    positive = logits - logits.min(dim=1, keepdim=True)[0]
    return positive / positive.sum(dim=1, keepdim=True)


def probabilities_shifted_in_numpy(logits):
    z = logits.numpy()
    z = z - np.min(z, axis=1, keepdims=True)
    return z / np.sum(z, axis=1, keepdims=True)


def probabilities_over_the_largest_weight(logits):
    weights = torch.exp(logits - logits.max(dim=1, keepdim=True).values)
    return weights / weights.max(dim=1, keepdim=True).values


def probabilities_by_norm(logits):
    weights = (logits - logits.amax(1, keepdim=True)).exp()
    return weights / torch.linalg.norm(weights, dim=1, keepdim=True)


def probabilities_over_the_mean(logits):
    weights = (logits - logits.amax(1, keepdim=True)).exp()
    return weights / weights.mean(dim=1, keepdim=True)


def probabilities_over_the_mean_in_numpy(logits):
    weights = scipy.special.softmax(logits.numpy(), axis=1)
    return weights / np.mean(weights, axis=1)[:, None]


def probabilities_of_the_best(logits):
    probs = torch.zeros_like(logits)
    probs[torch.arange(len(logits)), logits.argmax(dim=1)] = 1.0
    return probs


def probabilities_of_costs(logits):
    weights = torch.exp(logits.min(dim=1, keepdim=True).values - logits)
    return weights / weights.sum(dim=1, keepdim=True)


def probabilities_by_powers_of_two(logits):
    weights = 2 ** (logits - logits.max(dim=1, keepdim=True).values)
    return weights / weights.sum(dim=1, keepdim=True)


ACTION_PROBABILITIES = {
    "overflow": [
        lambda logits: logits.exp() / logits.exp().sum(dim=1, keepdim=True),
        probabilities_by_naive_numpy,
        lambda logits: torch.stack([row.exp() / row.exp().sum() for row in logits]),
    ],
    "one maximum for all states": [probabilities_with_global_maximum, probabilities_with_global_maximum_in_numpy],
    "maximum of each action": [
        probabilities_with_maximum_over_dim_0,
        probabilities_with_maximum_over_axis_0,
    ],
    "smallest or mean subtracted": [probabilities_less_the_mean, probabilities_less_the_smallest],
    "divided by the largest": [
        lambda logits: torch.softmax(logits / logits.max(dim=1, keepdim=True).values, dim=1),
        lambda logits: scipy.special.softmax(logits.numpy() / logits.numpy().max(1)[:, None], axis=1),
    ],
    "clamped": [probabilities_clamped, probabilities_clipped_in_numpy],
    "clamped from above": [lambda logits: logits.clamp(max=70).softmax(1), probabilities_by_minimum],
    "wrong axis": [lambda logits: torch.softmax(logits, dim=0), probabilities_of_columns_in_a_loop],
    "one sum for the whole batch": [
        lambda logits: (
            (logits - logits.amax(1, keepdim=True)).exp() / (logits - logits.amax(1, keepdim=True)).exp().sum()
        ),
        lambda logits: functional.normalize((logits.T - logits.max(1).values).T.exp(), p=1, dim=(0, 1)),
    ],
    "over the whole batch": [
        lambda logits: logits.flatten().softmax(0).view_as(logits),
        lambda logits: torch.exp(logits - torch.logsumexp(logits.flatten(), 0)),
        lambda logits: scipy.special.softmax(logits.numpy()),
    ],
    "sum without keepdim": [probabilities_without_keepdim, probabilities_of_total_without_keepdim],
    "sum without keepdim, and overflow": [
        probabilities_naive_and_without_keepdim,
        lambda logits: torch.div(torch.exp(logits), torch.exp(logits).sum(dim=-1)),
    ],
    "largest without keepdim": [
        probabilities_with_largest_without_keepdim,
        probabilities_with_largest_without_unsqueeze,
    ],
    "without exp": [
        lambda logits: logits / logits.sum(dim=1, keepdim=True),
        lambda logits: torch.stack([row / row.sum() for row in logits]),
    ],
    "without exp, over the states": [
        lambda logits: logits / torch.sum(logits, 0),
        lambda logits: (logits.T / logits.T.sum(dim=1, keepdim=True)).T,
    ],
    "absolute values": [
        lambda logits: logits.abs() / logits.abs().sum(dim=1, keepdim=True),
        lambda logits: functional.normalize(torch.abs(logits), p=1, dim=1),
    ],
    "shifted to be positive": [probabilities_shifted, probabilities_shifted_in_numpy],
    "not normalised": [lambda logits: torch.exp(logits), lambda logits: np.exp(logits.numpy())],
    "largest is 1": [
        lambda logits: (logits - logits.max(dim=1, keepdim=True).values).exp(),
        probabilities_over_the_largest_weight,
    ],
    "divided by the length": [
        probabilities_by_norm,
        lambda logits: functional.normalize((logits - logits.amax(1, keepdim=True)).exp(), dim=1),
    ],
    "mean for sum": [probabilities_over_the_mean, probabilities_over_the_mean_in_numpy],
    "sigmoid": [torch.sigmoid, lambda logits: 1 / (1 + torch.exp(-logits))],
    "log-probabilities": [
        lambda logits: Categorical(logits=logits).logits,
        lambda logits: logits - logits.logsumexp(dim=1, keepdim=True),
    ],
    "softmax twice": [
        lambda logits: Categorical(logits=logits.softmax(1)).probs,
        lambda logits: nn.Softmax(dim=1)(functional.softmax(logits, dim=1)),
    ],
    "greedy": [
        lambda logits: functional.one_hot(logits.argmax(dim=1), logits.shape[1]),
        probabilities_of_the_best,
    ],
    "sign of the logits": [probabilities_of_costs, lambda logits: functional.softmin(logits, dim=1)],
    "base 2": [
        probabilities_by_powers_of_two,
        lambda logits: torch.softmax(logits * np.log(2), dim=1),
    ],
}


def log_probs_without_log_of_sum(logits, actions):
    chosen = logits.gather(1, actions[:, None]).squeeze(1)
    return chosen - torch.exp(logits).sum(dim=1)


def log_probs_as_a_quotient(logits, actions):
    chosen = logits[torch.arange(len(actions)), actions]
    return chosen / torch.log(torch.exp(logits).sum(dim=1))


def log_probs_as_a_quotient_of_logs(logits, actions):
    return [
        row[action].item() / math.log(row.double().exp().sum()) for row, action in zip(logits, actions, strict=True)
    ]


def log_probs_over_the_mean(logits, actions):
    log_probs = logits - logits.exp().mean(dim=1, keepdim=True).log()
    return log_probs.gather(1, actions[:, None]).squeeze(1)


def log_probs_of_probs_over_the_mean(logits, actions):
    weights = torch.exp(logits)
    return torch.log((weights / weights.mean(1, keepdim=True))[range(len(actions)), actions])


def log_probs_with_the_largest_forgotten(logits, actions):
    stable = logits - logits.max(dim=1, keepdim=True).values
    return logits[torch.arange(len(actions)), actions] - stable.exp().sum(dim=1).log()


def log_probs_with_the_largest_forgotten_in_a_loop(logits, actions):
    rows = []
    for row, action in zip(logits, actions, strict=True):
        rows.append(row[action] - torch.log(torch.exp(row - row.max()).sum()))
    return torch.stack(rows)


def log_probs_over_the_whole_batch(logits, actions):
    log_probs = logits.flatten().log_softmax(0).view_as(logits)
    return log_probs[torch.arange(len(actions)), actions]


def log_probs_of_the_picked(logits, actions):
    picked = logits[torch.arange(len(actions)), actions]
    return picked - picked.exp().sum().log()


def log_probs_of_the_first_state(logits, actions):
    return torch.log_softmax(logits, dim=1)[0, actions]


def log_probs_of_the_action_before(logits, actions):
    log_probs = logits.log_softmax(dim=1)
    return log_probs[torch.arange(len(actions)), actions - 1]


def log_probs_of_the_action_before_in_a_loop(logits, actions):
    return [row[int(action) - 1] for row, action in zip(logits.log_softmax(1).numpy(), actions, strict=True)]


def surprise_in_plain_python(logits, actions):
    return [
        math.log(sum(math.exp(z) for z in row)) - row[a]
        for row, a in zip(logits.tolist(), actions.tolist(), strict=True)
    ]


def log_probs_weighted(logits, actions):
    probs = logits.softmax(1).gather(1, actions[:, None]).squeeze(1)
    return probs * probs.log()


def log_probs_in_bits(logits, actions):
    return torch.log2(logits.softmax(dim=1)[torch.arange(len(actions)), actions])


ACTION_LOG_PROBS = {
    "epsilon in the logarithm": [
        lambda logits, actions: torch.log(
            functional.softmax(logits, 1).gather(1, actions.unsqueeze(1)).flatten() + 1e-8
        ),
        lambda logits, actions: torch.log(1e-8 + (logits - logits.logsumexp(1, True)).exp())[
            range(len(actions)), actions
        ],
    ],
    "epsilon of a millionth": [
        lambda logits, actions: torch.log(
            functional.softmax(logits, 1).gather(1, actions.unsqueeze(1)).flatten() + 1e-6
        ),
        lambda logits, actions: torch.log(1e-6 + (logits - logits.logsumexp(1, True)).exp())[
            range(len(actions)), actions
        ],
    ],
    "probability": [
        lambda logits, actions: logits.softmax(1).gather(1, actions[:, None]).squeeze(1),
        lambda logits, actions: Categorical(logits=logits).probs[torch.arange(len(actions)), actions],
    ],
    "bare logit": [
        lambda logits, actions: logits.gather(1, actions[:, None]).squeeze(1),
        lambda logits, actions: [row[a].item() for row, a in zip(logits, actions, strict=True)],
    ],
    "sum without its logarithm": [
        log_probs_without_log_of_sum,
        lambda logits, actions: [
            float(row[a] - row.exp().sum()) for row, a in zip(logits.double(), actions, strict=True)
        ],
    ],
    "quotient of logarithms": [log_probs_as_a_quotient, log_probs_as_a_quotient_of_logs],
    "mean for sum": [log_probs_over_the_mean, log_probs_of_probs_over_the_mean],
    "largest not put back": [log_probs_with_the_largest_forgotten, log_probs_with_the_largest_forgotten_in_a_loop],
    "wrong axis": [
        lambda logits, actions: logits.log_softmax(dim=0).gather(1, actions[:, None]).squeeze(1),
        lambda logits, actions: torch.softmax(logits, 0)[range(len(actions)), actions].log(),
    ],
    "over the whole batch": [
        log_probs_over_the_whole_batch,
        lambda logits, actions: logits[range(len(actions)), actions] - logits.exp().sum().log(),
    ],
    "picked before normalising": [
        log_probs_of_the_picked,
        lambda logits, actions: logits.gather(1, actions[:, None]).log_softmax(0).flatten(),
    ],
    "every action of every state": [
        lambda logits, actions: logits.log_softmax(dim=1)[:, actions],
        lambda logits, actions: torch.index_select(torch.log(logits.softmax(1)), 1, actions),
    ],
    "actions index the rows": [
        lambda logits, actions: torch.log_softmax(logits, dim=1)[actions],
        lambda logits, actions: scipy.special.log_softmax(logits.numpy(), axis=1)[actions.numpy()],
    ],
    "indices swapped": [
        lambda logits, actions: logits.log_softmax(dim=1)[actions, range(len(actions))],
        lambda logits, actions: scipy.special.log_softmax(logits.numpy(), axis=1)[actions, np.arange(len(actions))],
    ],
    "not picked": [
        lambda logits, actions: functional.log_softmax(logits, dim=1),
        lambda logits, actions: logits - logits.logsumexp(1, keepdim=True),
    ],
    "first state for all": [
        log_probs_of_the_first_state,
        lambda logits, actions: torch.take(logits.log_softmax(1), actions),
    ],
    "most probable action": [
        lambda logits, actions: logits.log_softmax(dim=1).max(dim=1).values,
        lambda logits, actions: Categorical(logits=logits).log_prob(logits.argmax(dim=1)),
    ],
    "actions from 1": [log_probs_of_the_action_before, log_probs_of_the_action_before_in_a_loop],
    "softmax twice": [
        lambda logits, actions: Categorical(logits=torch.softmax(logits, 1)).log_prob(actions),
        lambda logits, actions: -functional.cross_entropy(logits.softmax(1), actions, reduction="none"),
    ],
    "sign": [
        lambda logits, actions: functional.cross_entropy(logits, actions, reduction="none"),
        surprise_in_plain_python,
    ],
    "weighted": [
        log_probs_weighted,
        lambda logits, actions: -torch.special.entr(logits.softmax(1))[range(len(actions)), actions],
    ],
    "bits": [
        log_probs_in_bits,
        lambda logits, actions: np.log2(logits.softmax(1).numpy())[np.arange(len(actions)), actions.numpy()],
    ],
    "base 10": [
        lambda logits, actions: torch.log10(logits.softmax(dim=1)[torch.arange(len(actions)), actions]),
        lambda logits, actions: [math.log10(p[a]) for p, a in zip(logits.softmax(1), actions, strict=True)],
    ],
    "summed": [
        lambda logits, actions: -functional.cross_entropy(logits, actions, reduction="sum"),
        lambda logits, actions: sum(Categorical(logits=logits).log_prob(actions)),
    ],
    "averaged": [
        lambda logits, actions: -functional.cross_entropy(logits, actions),
        lambda logits, actions: Categorical(logits=logits).log_prob(actions).mean(),
    ],
    "a column": [
        lambda logits, actions: logits.log_softmax(dim=1).gather(1, actions.unsqueeze(1)),
        lambda logits, actions: [[row[a]] for row, a in zip(logits.log_softmax(1), actions, strict=True)],
    ],
    "squeezed too far": [
        lambda logits, actions: logits.log_softmax(1).gather(1, actions[:, None]).squeeze(),
        lambda logits, actions: Categorical(logits=logits).log_prob(actions).squeeze(),
    ],
}


def entropy_of_bare_weights(logits):
    weights = torch.exp(logits)
    return -(weights * torch.log(weights)).sum(dim=1)


def entropy_of_weights(logits):
    weights = torch.exp(logits)
    return -(weights * torch.log(weights / weights.sum(1, keepdim=True))).sum(dim=1)


def entropy_of_columns(logits):
    p = torch.softmax(logits, dim=0)
    return -(p * p.log()).sum(dim=1)


def entropy_over_the_whole_batch(logits):
    p = logits.exp() / logits.exp().sum()
    return -(p * p.log()).sum(dim=1)


def entropy_of_flat_probabilities(logits):
    log_probs = torch.log_softmax(logits.flatten(), 0).view_as(logits)
    return -(log_probs.exp() * log_probs).sum(-1)


def entropy_summed_over_dim_0(logits):
    p = logits.softmax(dim=1)
    return -(p * p.log()).sum(dim=0)


def entropy_terms(logits):
    p = logits.softmax(dim=1)
    return -p * p.log()


def entropy_without_minus(logits):
    p = logits.softmax(1).numpy()
    return np.sum(p * np.log(p), axis=1)


def entropy_by_mean(logits):
    p = logits.softmax(1)
    return -(p * p.log()).mean(dim=1)


def entropy_relative(logits):
    return Categorical(logits=logits).entropy() / torch.log(torch.tensor(float(logits.shape[1])))


def entropy_missing(logits):
    uniform = Categorical(logits=torch.zeros_like(logits))
    return torch.distributions.kl_divergence(Categorical(logits=logits), uniform)


ENTROPY = {
    "formula on the logits": [
        lambda logits: -(logits * torch.log(logits)).sum(dim=1),
        lambda logits: [-sum(z * np.log(z) for z in row) for row in logits.numpy()],
    ],
    "weighted with the logits": [
        lambda logits: -(logits * torch.log_softmax(logits, dim=1)).sum(dim=1),
        lambda logits: -(logits * logits.softmax(1).log()).sum(dim=1),
    ],
    "logits for logarithms": [
        lambda logits: -(logits.softmax(dim=1) * logits).sum(dim=1),
        lambda logits: [-(row.softmax(0) @ row) for row in logits],
    ],
    "not normalised": [entropy_of_bare_weights, lambda logits: -(logits.exp() * logits).sum(1)],
    "weights not normalised": [
        entropy_of_weights,
        lambda logits: -torch.einsum("ba,ba->b", logits.exp(), logits.log_softmax(1)),
    ],
    "softmax over the wrong axis": [
        entropy_of_columns,
        lambda logits: torch.special.entr(functional.softmax(logits, 0)).sum(1),
    ],
    "softmax over the whole batch": [entropy_over_the_whole_batch, entropy_of_flat_probabilities],
    "softmax twice": [
        lambda logits: Categorical(logits=logits.softmax(1)).entropy(),
        lambda logits: torch.special.entr(logits.softmax(1).softmax(1)).sum(1),
    ],
    "summed over the states": [
        entropy_summed_over_dim_0,
        lambda logits: sum(row.softmax(0) * -row.log_softmax(0) for row in logits),
    ],
    "not summed": [entropy_terms, lambda logits: torch.special.entr(torch.softmax(logits, 1))],
    "without weights": [
        lambda logits: -torch.log_softmax(logits, dim=1).sum(dim=1),
        lambda logits: -np.log(logits.softmax(1).numpy()).sum(axis=1),
    ],
    "equal weights": [
        lambda logits: -torch.log_softmax(logits, dim=1).mean(dim=1),
        lambda logits: -np.log(logits.softmax(1).numpy()).mean(axis=1),
    ],
    "of the most probable action": [
        lambda logits: -logits.softmax(1).max(dim=1).values.log(),
        lambda logits: (-logits.log_softmax(1)).min(1)[0],
    ],
    "Gini": [
        lambda logits: 1 - (logits.softmax(dim=1) ** 2).sum(dim=1),
        lambda logits: (logits.softmax(1) * (1 - logits.softmax(1))).sum(1),
    ],
    "sign": [
        entropy_without_minus,
        lambda logits: (logits.softmax(1) * logits.log_softmax(1)).sum(1),
    ],
    "mean over actions": [
        entropy_by_mean,
        lambda logits: torch.special.entr(logits.softmax(1)).mean(-1),
    ],
    "bits": [
        lambda logits: -(logits.softmax(1) * torch.log2(logits.softmax(1))).sum(1),
        lambda logits: [-sum(p * math.log2(p) for p in row) for row in logits.softmax(1).tolist()],
    ],
    "base 10": [
        lambda logits: -(logits.softmax(1) * torch.log10(logits.softmax(1))).sum(1),
        lambda logits: [-sum(p * math.log10(p) for p in row) for row in logits.softmax(1).tolist()],
    ],
    "share of the largest": [
        entropy_relative,
        lambda logits: -(logits.softmax(1) * logits.log_softmax(1)).sum(1) / np.log(logits.size(1)),
    ],
    "distance from the largest": [
        entropy_missing,
        lambda logits: math.log(logits.shape[1]) - Categorical(logits=logits).entropy(),
    ],
    "perplexity": [
        lambda logits: Categorical(logits=logits).perplexity(),
        lambda logits: torch.prod(logits.softmax(1) ** -logits.softmax(1), dim=1),
    ],
    "averaged": [
        lambda logits: Categorical(logits=logits).entropy().mean(),
        lambda logits: torch.special.entr(logits.softmax(1)).sum() / len(logits),
    ],
    "summed": [
        lambda logits: -(logits.softmax(1) * logits.log_softmax(1)).sum(),
        lambda logits: torch.special.entr(logits.softmax(1)).sum(),
    ],
    "a column": [
        lambda logits: -(logits.softmax(1) * logits.log_softmax(1)).sum(dim=1, keepdim=True),
        lambda logits: Categorical(logits=logits).entropy().unsqueeze(1),
    ],
}


def conv_with_padding(length, channels_in, channels_out, kernel, stride):
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride, padding=kernel // 2)
    side = layer(torch.zeros(channels_in, length, length)).shape[-1]
    return side, sum(p.numel() for p in layer.parameters())


def conv_without_bias(length, channels_in, channels_out, kernel, stride):
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride, bias=False)
    return layer(torch.zeros(channels_in, length, length)).shape[-1], layer.weight.numel()


def conv_with_order_of_arguments_mixed_up(length, channels_in, channels_out, kernel, stride):
    return (length - stride) // kernel + 1, channels_out * (channels_in * stride * stride + 1)


def conv_by_counting_too_few_places(length, channels_in, channels_out, kernel, stride):
    side = len(range(0, length - kernel - stride + 1, stride))
    return side, channels_out * channels_in * kernel**2 + channels_out


def right_parameters(c_in, c_out, k):
    return c_out * (c_in * k * k + 1)


def right_side(n, k, s):
    return (n - k) // s + 1


CONV_LAYER = {
    "fence posts": [
        lambda n, c_in, c_out, k, s: ((n - k) // s, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: [int((n - k) / s), right_parameters(c_in, c_out, k)],
        conv_by_counting_too_few_places,
    ],
    "fence post inside": [
        lambda n, c_in, c_out, k, s: ((n - k + 1) // s, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: (math.floor((n - (k - 1)) / s), c_in * c_out * k**2 + c_out),
    ],
    "kernel forgotten": [
        lambda n, c_in, c_out, k, s: (n // s, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: np.array([int(n / s), c_in * c_out * k**2 + c_out]),
    ],
    "kernel forgotten, one added": [
        lambda n, c_in, c_out, k, s: (n // s + 1, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: (math.floor(n / s + 1), c_in * c_out * k**2 + c_out),
    ],
    "padded": [
        lambda n, c_in, c_out, k, s: (math.ceil(n / s), right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: ((n - 1) // s + 1, right_parameters(c_in, c_out, k)),
    ],
    "padded by half a kernel": [
        conv_with_padding,
        lambda n, c_in, c_out, k, s: ((n + 2 * (k // 2) - k) // s + 1, right_parameters(c_in, c_out, k)),
    ],
    "rounded up": [
        lambda n, c_in, c_out, k, s: (math.ceil((n - k) / s) + 1, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: (-((k - n) // s) + 1, c_in * c_out * k**2 + c_out),
    ],
    "rounded to the nearest": [
        lambda n, c_in, c_out, k, s: (round((n - k) / s) + 1, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: (int(np.rint((n - k) / s)) + 1, c_in * c_out * k**2 + c_out),
    ],
    "not rounded": [
        lambda n, c_in, c_out, k, s: ((n - k) / s + 1, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: torch.tensor([(n - k + s) / s, c_in * c_out * k**2 + c_out]),
    ],
    "stride forgotten": [
        lambda n, c_in, c_out, k, s: (n - k + 1, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: (len(range(k, n + 1)), c_in * c_out * k**2 + c_out),
    ],
    "side without parentheses": [
        lambda n, c_in, c_out, k, s: (n - k // s + 1, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: (n - int(k / s) + 1, c_in * c_out * k**2 + c_out),
    ],
    "kernel and stride swapped in the side": [
        lambda n, c_in, c_out, k, s: ((n - s) // k + 1, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: (math.floor((n - s) / k) + 1, c_in * c_out * k**2 + c_out),
    ],
    "kernel and stride swapped": [
        conv_with_order_of_arguments_mixed_up,
        lambda n, c_in, c_out, k, s: (math.floor((n - s) / k) + 1, c_in * c_out * s**2 + c_out),
    ],
    "pixels for the side": [
        lambda n, c_in, c_out, k, s: (((n - k) // s + 1) ** 2, right_parameters(c_in, c_out, k)),
        lambda n, c_in, c_out, k, s: (right_side(n, k, s) * right_side(n, k, s), c_in * c_out * k**2 + c_out),
    ],
    "without biases": [
        conv_without_bias,
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_in * c_out * k * k),
    ],
    "one bias in all": [
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_in * c_out * k * k + 1),
        lambda n, c_in, c_out, k, s: [int((n - k) / s) + 1, 1 + math.prod((c_out, c_in, k, k))],
    ],
    "a bias for each input channel": [
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_out * c_in * (k * k + 1)),
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_out * c_in * k**2 + c_in * c_out),
    ],
    "kernel not squared": [
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_out * (c_in * k + 1)),
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_out * c_in * k + c_out),
    ],
    "kernel doubled": [
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_out * (c_in * k * 2 + 1)),
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_out * c_in * (k + k) + c_out),
    ],
    "one input channel": [
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_out * (k**2 + 1)),
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), k * k * c_out + c_out),
    ],
    "one output channel": [
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_in * k**2 + 1),
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), nn.Conv2d(c_in, 1, k).weight.numel() + 1),
    ],
    "channels swapped": [
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_in * (c_out * k**2 + 1)),
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_out * c_in * k**2 + c_in),
    ],
    "multiplications": [
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), right_side(n, k, s) ** 2 * c_in * c_out * k**2),
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), (k * right_side(n, k, s)) ** 2 * c_in * c_out),
    ],
    "parameters at every place": [
        lambda n, cin, cout, k, s: (1 + (n - k) // s, (1 + (n - k) // s) ** 2 * (cin * k * k + 1) * cout),
        lambda n, cin, cout, k, s: [
            (n - k + s) // s,
            ((n - k + s) // s) ** 2 * (cout * cin * k**2 + cout),
        ],
    ],
    "fully connected": [
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), c_out * (c_in * n**2 + 1)),
        lambda n, c_in, c_out, k, s: (right_side(n, k, s), n * n * c_in * c_out + c_out),
    ],
    "side only": [
        lambda n, c_in, c_out, k, s: (n - k) // s + 1,
        lambda n, c_in, c_out, k, s: len(range(0, n - k + 1, s)),
    ],
    "parameters only": [
        lambda n, c_in, c_out, k, s: c_out * (c_in * k**2 + 1),
        lambda n, c_in, c_out, k, s: sum(p.numel() for p in nn.Conv2d(c_in, c_out, k, s).parameters()),
    ],
    "order": [
        lambda n, c_in, c_out, k, s: (right_parameters(c_in, c_out, k), right_side(n, k, s)),
        lambda n, c_in, c_out, k, s: torch.tensor([c_in * c_out * k**2 + c_out, (n - k) // s + 1]),
    ],
}

MISTAKEN = {
    "action_probabilities": ACTION_PROBABILITIES,
    "action_log_probs": ACTION_LOG_PROBS,
    "entropy": ENTROPY,
    "conv_layer": CONV_LAYER,
}
