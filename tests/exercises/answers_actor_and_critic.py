"""Right answers to the exercises of notebook 2 as students write them, in many styles."""

import itertools
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import scipy.special
import scipy.stats
import torch
from mistaken_actor_and_critic import MISTAKEN  # noqa: F401  the tests look for it here
from torch import nn
from torch.distributions import Categorical
from torch.nn import functional


def softmax_by_scipy(logits):
    return scipy.special.softmax(logits.double().numpy(), axis=1)


def log_probs_by_cross_entropy(logits, actions):
    return -functional.cross_entropy(logits, actions, reduction="none")


def entropy_by_scipy(logits):
    return scipy.stats.entropy(scipy.special.softmax(logits.double().numpy(), axis=1), axis=1)


def conv_by_torch(length, channels_in, channels_out, kernel, stride):
    layer = nn.Conv2d(channels_in, channels_out, kernel, stride)
    image = torch.zeros(1, channels_in, length, length)
    return layer(image).shape[-1], sum(parameter.numel() for parameter in layer.parameters())


# The same by other means, to hold the solutions against.
ORACLES = {
    "action_probabilities": softmax_by_scipy,
    "action_log_probs": log_probs_by_cross_entropy,
    "entropy": entropy_by_scipy,
    "conv_layer": conv_by_torch,
}


def probabilities_by_amax(logits):
    stable = logits - logits.amax(1, keepdim=True)
    return stable.exp() / stable.exp().sum(1, keepdim=True)


def probabilities_by_softmax(logits):
    return logits.softmax(-1)


def probabilities_by_categorical(logits):
    return Categorical(logits=logits).probs


def probabilities_by_logsumexp(logits):
    return torch.exp(logits - torch.logsumexp(logits, dim=1, keepdim=True))


def probabilities_by_numpy(logits):
    z = logits.numpy()
    weights = np.exp(z - z.max(axis=1)[:, None])
    return weights / weights.sum(axis=1)[:, None]


def probabilities_row_by_row(logits):
    rows = []
    for row in logits:
        weights = torch.exp(row - row.max())
        rows.append(weights / weights.sum())
    return torch.stack(rows)


def probabilities_in_plain_python(logits):
    probs = []
    for row in logits.tolist():
        largest = max(row)
        weights = [math.exp(logit - largest) for logit in row]
        total = sum(weights)
        probs.append([weight / total for weight in weights])
    return probs


def probabilities_turned(logits):
    weights = torch.exp(logits.T - logits.max(1)[0])
    return (weights / weights.sum(0)).T


def probabilities_filled_in(logits):
    states, num_actions = logits.shape
    probs = torch.zeros(states, num_actions)
    for i in range(states):
        largest = logits[i].max().item()
        for a in range(num_actions):
            probs[i, a] = math.exp(logits[i, a].item() - largest)
        probs[i] /= probs[i].sum()
    return probs


def probabilities_on_a_copy(logits):
    weights = logits.clone()
    weights -= weights.max(dim=1, keepdim=True).values.detach()
    weights = weights.exp()
    return weights.div(weights.sum(dim=1).unsqueeze(1))


def probabilities_with_tiny_epsilon(logits):
    weights = torch.exp(logits - torch.max(logits, dim=1).values.unsqueeze(-1))
    return weights / (torch.sum(weights, dim=1, keepdim=True) + 1e-8)


def probabilities_by_normalize(logits):
    weights = (logits - logits.max(dim=-1, keepdim=True)[0]).exp()
    return functional.normalize(weights, p=1, dim=-1)


def probabilities_in_decimals(logits):
    rows = [[Decimal(logit).exp() for logit in row] for row in logits.tolist()]
    return tuple(tuple(weight / sum(row) for weight in row) for row in rows)


def probabilities_with_broadcast_to(logits):
    largest = logits.max(dim=1).values.reshape(-1, 1).expand_as(logits)
    weights = torch.pow(torch.e, logits - largest)
    return torch.einsum("ba,b->ba", weights, 1 / weights.sum(dim=1))


def log_probs_by_gather(logits, actions):
    return logits.log_softmax(dim=1).gather(1, actions[:, None]).squeeze(1)


def log_probs_by_categorical(logits, actions):
    return Categorical(logits=logits).log_prob(actions)


def log_probs_by_categorical_of_probs(logits, actions):
    return Categorical(probs=logits.softmax(1)).log_prob(actions)


def log_probs_by_log_of_softmax(logits, actions):
    probs = torch.softmax(logits, dim=-1)
    return torch.log(probs[range(len(actions)), actions])


def log_probs_by_naive_formula(logits, actions):
    chosen = logits[torch.arange(logits.shape[0]), actions]
    return chosen - logits.exp().sum(1).log()


def log_probs_by_one_hot(logits, actions):
    chosen = functional.one_hot(actions, logits.shape[1])
    return (logits.log_softmax(1) * chosen).sum(1)


def log_probs_by_numpy(logits, actions):
    z = logits.numpy()
    log_probs = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return log_probs[np.arange(len(z)), actions.numpy()]


def log_probs_by_take_along_axis(logits, actions):
    log_probs = scipy.special.log_softmax(logits.numpy(), axis=1)
    return np.take_along_axis(log_probs, actions.numpy()[:, np.newaxis], axis=1)[:, 0]


def log_probs_in_plain_python(logits, actions):
    result = []
    for row, action in zip(logits.tolist(), actions.tolist(), strict=True):
        result.append(row[action] - math.log(sum(math.exp(logit) for logit in row)))
    return result


def log_probs_as_a_stack(logits, actions):
    return torch.stack([row[action] - row.logsumexp(0) for row, action in zip(logits, actions, strict=True)])


def log_probs_by_diagonal(logits, actions):
    return torch.diagonal(logits.log_softmax(1)[:, actions])


def log_probs_by_mask(logits, actions):
    mask = torch.arange(logits.shape[1]) == actions[:, None]
    return logits.log_softmax(1)[mask]


def log_probs_filled_in(logits, actions):
    result = torch.zeros(len(logits))
    for i in range(len(logits)):
        largest = max(logits[i])
        result[i] = logits[i, actions[i]] - largest - torch.log(torch.exp(logits[i] - largest).sum())
    return result


def log_probs_by_nll(logits, actions):
    return -nn.NLLLoss(reduction="none")(nn.LogSoftmax(dim=1)(logits), actions)


def log_probs_by_flat_index(logits, actions):
    states, num_actions = logits.shape
    flat = torch.log_softmax(logits, 1).flatten()
    return flat[torch.arange(states) * num_actions + actions]


def log_probs_of_a_ratio(logits, actions):
    """1 over the sum of e to the differences."""
    chosen = logits.gather(1, actions.view(-1, 1))
    return -((logits - chosen).exp().sum(1)).log()


def entropy_by_softmax(logits):
    probs = logits.softmax(dim=1)
    return -(probs * probs.log()).sum(dim=1)


def entropy_by_categorical(logits):
    return Categorical(logits=logits).entropy()


def entropy_by_categorical_of_probs(logits):
    return Categorical(torch.softmax(logits, -1)).entropy()


def entropy_by_epsilon(logits):
    p = torch.softmax(logits, dim=-1)
    return -torch.sum(p * torch.log(p + 1e-8), dim=-1)


def entropy_by_entr(logits):
    return torch.special.entr(logits.softmax(1)).sum(1)


def entropy_by_logsumexp(logits):
    return logits.logsumexp(1) - (logits.softmax(1) * logits).sum(1)


def entropy_by_xlogy(logits):
    p = logits.softmax(1)
    return -torch.xlogy(p, p).sum(1)


def entropy_by_einsum(logits):
    log_probs = logits.log_softmax(1)
    return -torch.einsum("ba,ba->b", log_probs.exp(), log_probs)


def entropy_by_numpy(logits):
    weights = np.exp(logits.numpy())
    p = weights / weights.sum(axis=1, keepdims=True)
    return -np.sum(p * np.log(p), axis=1)


def entropy_in_plain_python(logits):
    result = []
    for row in logits.tolist():
        weights = [math.exp(logit) for logit in row]
        probs = [weight / sum(weights) for weight in weights]
        result.append(-sum(p * math.log(p) for p in probs))
    return result


def entropy_row_by_row(logits):
    result = torch.empty(len(logits))
    for i, row in enumerate(logits):
        result[i] = Categorical(logits=row).entropy()
    return result


def entropy_as_a_stack(logits):
    return torch.stack([(row.softmax(0) * -row.log_softmax(0)).sum() for row in logits])


def entropy_as_a_product(logits):
    probs, log_probs = logits.softmax(1), logits.log_softmax(1)
    return -(probs[:, None, :] @ log_probs[:, :, None]).flatten()


def entropy_of_the_inverse(logits):
    p = logits.exp() / logits.exp().sum(1, keepdim=True)
    return (p * torch.log(1 / p)).sum(1)


def entropy_by_log2(logits):
    p = logits.softmax(1)
    return -(p * p.log2()).sum(1) * math.log(2)


def entropy_as_an_average(logits):
    surprise = -logits.log_softmax(1).numpy()
    return [np.average(row, weights=np.exp(-row)) for row in surprise]


def entropy_by_cross_entropy(logits):
    return functional.cross_entropy(logits, logits.softmax(1), reduction="none")


def entropy_in_two_loops(logits):
    states, num_actions = logits.shape
    log_probs = torch.log_softmax(logits, 1)
    result = torch.zeros(states, dtype=logits.dtype)
    for i in range(states):
        for a in range(num_actions):
            result[i] -= log_probs[i, a].exp() * log_probs[i, a]
    return result


def conv_by_int(length, channels_in, channels_out, kernel, stride):
    side = int((length - kernel) / stride) + 1
    parameters = channels_in * channels_out * kernel * kernel + channels_out
    return side, parameters


def conv_by_floor(length, channels_in, channels_out, kernel, stride):
    side = math.floor((length - kernel) / stride + 1)
    return [side, (kernel**2 * channels_in + 1) * channels_out]


def conv_by_ceil(length, channels_in, channels_out, kernel, stride):
    """TensorFlow's formula."""
    return math.ceil((length - kernel + 1) / stride), channels_out * channels_in * kernel**2 + channels_out


def conv_one_stride_more(length, channels_in, channels_out, kernel, stride):
    weights = math.prod((channels_out, channels_in, kernel, kernel))
    return (length - kernel + stride) // stride, weights + channels_out


def conv_by_range(length, channels_in, channels_out, kernel, stride):
    places = range(0, length - kernel + 1, stride)
    return len(places), sum(channels_in * kernel * kernel + 1 for _ in range(channels_out))


def conv_as_tensor(length, channels_in, channels_out, kernel, stride):
    weight = torch.empty(channels_out, channels_in, kernel, kernel)
    bias = torch.empty(channels_out)
    return torch.tensor([(length - kernel) // stride + 1, weight.numel() + bias.numel()])


def conv_as_array(length, channels_in, channels_out, kernel, stride):
    side = np.floor((length - kernel) / stride) + 1
    return np.array([side, channels_out * (channels_in * np.square(kernel) + 1)])


def conv_in_fractions(length, channels_in, channels_out, kernel, stride):
    side = math.floor(Fraction(length - kernel, stride)) + 1
    return side, channels_out * (1 + channels_in * kernel**2)


def conv_by_divmod(length, channels_in, channels_out, kernel, stride):
    steps, _ = divmod(length - kernel, stride)
    per_output = channels_in * kernel**2 + 1
    return tuple(int(number) for number in (steps + 1, per_output * channels_out))


def conv_step_by_step(length, channels_in, channels_out, kernel, stride):
    side = 0
    for left in range(length):
        if left % stride == 0 and left + kernel <= length:
            side += 1
    parameters = 0
    for _ in range(channels_out):
        parameters += 1
        for _ in range(channels_in):
            parameters += kernel * kernel
    return side, parameters


def conv_by_unfold(length, channels_in, channels_out, kernel, stride):
    side = torch.zeros(length).unfold(0, kernel, stride).shape[0]
    return side, sum(p.numel() for p in nn.Conv2d(channels_in, channels_out, kernel).parameters())


def conv_by_modulo(length, channels_in, channels_out, kernel, stride):
    left_over = (length - kernel) % stride
    side = (length - kernel - left_over) / stride + 1
    return side, float(channels_out * channels_in * kernel**2 + channels_out)


def conv_by_counting_weights(length, channels_in, channels_out, kernel, stride):
    weights = len(list(itertools.product(range(channels_in), range(kernel), range(kernel))))
    return np.arange(0, length - kernel + 1, stride).size, channels_out * weights + channels_out


def conv_by_negative_floor(length, channels_in, channels_out, kernel, stride):
    side = -((kernel - length - 1) // stride)
    biases = channels_out
    return side, channels_in * kernel**2 * channels_out + biases


# The right numbers, but by the library that the exercise is to write.
BORROWED = {
    "action_log_probs": [log_probs_by_categorical, log_probs_by_categorical_of_probs],
    "entropy": [entropy_by_categorical, entropy_by_categorical_of_probs, entropy_row_by_row],
}

RIGHT = {
    "action_probabilities": [
        softmax_by_scipy,
        probabilities_by_amax,
        probabilities_by_softmax,
        probabilities_by_categorical,
        probabilities_by_logsumexp,
        probabilities_by_numpy,
        probabilities_row_by_row,
        probabilities_in_plain_python,
        probabilities_turned,
        probabilities_filled_in,
        probabilities_on_a_copy,
        probabilities_with_tiny_epsilon,
        probabilities_by_normalize,
        probabilities_in_decimals,
        probabilities_with_broadcast_to,
    ],
    "action_log_probs": [
        log_probs_by_cross_entropy,
        log_probs_by_gather,
        log_probs_by_log_of_softmax,
        log_probs_by_naive_formula,
        log_probs_by_one_hot,
        log_probs_by_numpy,
        log_probs_by_take_along_axis,
        log_probs_in_plain_python,
        log_probs_as_a_stack,
        log_probs_by_diagonal,
        log_probs_by_mask,
        log_probs_filled_in,
        log_probs_by_nll,
        log_probs_by_flat_index,
        log_probs_of_a_ratio,
    ],
    "entropy": [
        entropy_by_scipy,
        entropy_by_softmax,
        entropy_by_epsilon,
        entropy_by_entr,
        entropy_by_logsumexp,
        entropy_by_xlogy,
        entropy_by_einsum,
        entropy_by_numpy,
        entropy_in_plain_python,
        entropy_as_a_stack,
        entropy_as_a_product,
        entropy_of_the_inverse,
        entropy_by_log2,
        entropy_as_an_average,
        entropy_by_cross_entropy,
        entropy_in_two_loops,
    ],
    "conv_layer": [
        conv_by_torch,
        conv_by_int,
        conv_by_floor,
        conv_by_ceil,
        conv_one_stride_more,
        conv_by_range,
        conv_as_tensor,
        conv_as_array,
        conv_in_fractions,
        conv_by_divmod,
        conv_step_by_step,
        conv_by_unfold,
        conv_by_modulo,
        conv_by_counting_weights,
        conv_by_negative_floor,
    ],
}
