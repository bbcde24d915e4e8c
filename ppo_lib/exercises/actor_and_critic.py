"""The exercises of notebook 2: probabilities, their logarithms and entropy, and the size of a convolution."""

import math

import torch

from ppo_lib.exercises.checking import Exercise


def action_probabilities(logits):
    """(B, A): softmax over the actions of each state."""
    weights = (logits - logits.max(dim=1, keepdim=True).values).exp()
    return weights / weights.sum(dim=1, keepdim=True)


def action_log_probs(logits, actions):
    """(B,): the log-probability of the action that was taken in each state."""
    log_probs = logits.log_softmax(dim=1)
    return log_probs[torch.arange(len(actions)), actions]


def entropy(logits):
    """(B,): the entropy of the policy in each state, in nats."""
    log_probs = logits.log_softmax(dim=1)
    return -(log_probs.exp() * log_probs).sum(dim=1)


def conv_layer(length, channels_in, channels_out, kernel, stride):
    """The side of a square image behind a convolution, and the convolution's number of parameters."""
    side = (length - kernel) // stride + 1
    return side, channels_out * (channels_in * kernel**2 + 1)


LOGITS = torch.tensor([[2.0, 1.0, -0.5, 0.3], [-1.0, 0.5, 0.0, 2.5], [0.2, -2.0, 1.5, 0.4]])
LARGE_LOGITS = torch.tensor([[1000.0, 1001.0, 999.0, 1000.0]])  # exp of them is infinite

check_action_probabilities = Exercise(
    checked="every state's probabilities add up to 1, and logits near 1000 do no harm",
    cases=[{"logits": LOGITS}, {"logits": LARGE_LOGITS}],
    solution=action_probabilities,
    mistakes={
        "wrong axis": (
            "Your softmax runs over axis 0, the states: your columns add up to 1 instead of your rows. Each state has "
            "a distribution over its own actions.",
            lambda logits: logits.softmax(dim=0),
        ),
        "over the whole batch": (
            "All your probabilities together add up to 1. Each state has a distribution of its own: sum over axis 1.",
            lambda logits: logits.flatten().softmax(dim=0).view_as(logits),
        ),
        "without exp": (
            "You divide the logits by their sum. Logits may be negative, so exponentiate first.",
            lambda logits: logits / logits.sum(dim=1, keepdim=True),
        ),
        "not normalised": (
            "You exponentiate, but your rows do not add up to 1: divide each by its sum.",
            lambda logits: logits.exp(),
        ),
        "overflow": (
            "The formula is right, but exp(1000) is infinite, and infinity divided by infinity is not a number. "
            "Subtract each row's largest logit first: it cancels in the fraction.",
            lambda logits: logits.exp() / logits.exp().sum(dim=1, keepdim=True),
        ),
        "sigmoid": (
            "This is a sigmoid: it treats every action as a yes or no of its own, so the rows do not add up to 1.",
            lambda logits: logits.sigmoid(),
        ),
        "log-probabilities": (
            "These are the log-probabilities. Here the probabilities themselves are wanted.",
            lambda logits: logits.log_softmax(dim=1),
        ),
    },
)

check_action_log_probs = Exercise(
    checked="one log-probability for each of three states, of the action taken there",
    cases=[{"logits": LOGITS, "actions": torch.tensor([1, 3, 0])}],
    solution=action_log_probs,
    mistakes={
        "probability": (
            "These are probabilities: the logarithm is missing.",
            lambda logits, actions: action_log_probs(logits, actions).exp(),
        ),
        "bare logit": (
            "You pick the right logits, but a logit is a log-probability only after normalisation: subtract the "
            "logarithm of the row's sum of exponentials.",
            lambda logits, actions: logits.gather(1, actions[:, None]).squeeze(1),
        ),
        "wrong axis": (
            "You normalise over axis 0, the states. The probabilities of one state's actions add up to 1: axis 1.",
            lambda logits, actions: logits.log_softmax(dim=0).gather(1, actions[:, None]).squeeze(1),
        ),
        "every action of every state": (
            "`log_probs[:, actions]` gives every state the actions of all states, (B, B) numbers. Pair each state "
            "with its own action: index with torch.arange(len(actions)) and actions, or use gather.",
            lambda logits, actions: logits.log_softmax(dim=1)[:, actions],
        ),
        "sign": (
            "The sign: a log-probability is never above 0. Yours is the surprise, -log π.",
            lambda logits, actions: -action_log_probs(logits, actions),
        ),
        "most probable action": (
            "These are the log-probabilities of the most probable actions. Use the actions that were taken.",
            lambda logits, actions: logits.log_softmax(dim=1).max(dim=1).values,
        ),
        "summed": (
            "You added the states up. Keep one number for each state.",
            lambda logits, actions: action_log_probs(logits, actions).sum(),
        ),
        "a column": (
            "The numbers are right, but stand in a column of shape (B, 1). Squeeze the last axis: (B, 1) minus (B,) "
            "would silently become (B, B) later.",
            lambda logits, actions: logits.log_softmax(dim=1).gather(1, actions[:, None]),
        ),
    },
)

check_entropy = Exercise(
    checked="one entropy for each of three states, in nats",
    cases=[{"logits": LOGITS}],
    solution=entropy,
    mistakes={
        "of logits": (
            "You weigh with the logits. Entropy is an average over the actions, weighed with their probabilities.",
            lambda logits: -(logits * logits.log_softmax(dim=1)).sum(dim=1),
        ),
        "logits for logarithms": (
            "You average the logits. A logit is a log-probability only after normalisation (log_softmax).",
            lambda logits: -(logits.softmax(dim=1) * logits).sum(dim=1),
        ),
        "softmax over the wrong axis": (
            "Your probabilities are normalised over axis 0, the states. They have to add up to 1 over the actions.",
            lambda logits: -(logits.softmax(dim=0) * logits.log_softmax(dim=0)).sum(dim=1),
        ),
        "summed over the states": (
            "You summed over axis 0, the states, and got one number for each action. Sum over the actions.",
            lambda logits: -(logits.softmax(dim=1) * logits.log_softmax(dim=1)).sum(dim=0),
        ),
        "one number": (
            "You averaged over the states. Keep one entropy for each; the loss takes the mean later.",
            lambda logits: entropy(logits).mean(),
        ),
        "sign": (
            "The sign: probabilities are below 1 and their logarithms negative, so entropy needs a minus to be "
            "positive.",
            lambda logits: -entropy(logits),
        ),
        "mean over actions": (
            "You took the mean over the actions, so your entropy is too small by the number of actions. The "
            "probabilities are the weights already: sum.",
            lambda logits: entropy(logits) / logits.shape[1],
        ),
        "bits": (
            "These are bits, with the logarithm to base 2. The field uses nats: the natural logarithm.",
            lambda logits: entropy(logits) / math.log(2),
        ),
    },
)


def _with_side(side):
    """conv_layer with another side of the image, for the mistakes."""
    return lambda *layer: (side(*layer), conv_layer(*layer)[1])


def _with_parameters(count):
    """conv_layer with another number of parameters, for the mistakes."""
    return lambda *layer: (conv_layer(*layer)[0], count(*layer))


CONV_LAYERS = ((96, 2, 16, 8, 4), (23, 16, 32, 4, 2), (84, 4, 32, 8, 4), (9, 64, 64, 3, 1), (10, 3, 5, 4, 3))
CONV_ARGUMENTS = ("length", "channels_in", "channels_out", "kernel", "stride")

check_conv_layer = Exercise(
    checked="image side and parameters of five convolutions, the road's and the Nature network's among them",
    cases=[dict(zip(CONV_ARGUMENTS, layer, strict=True)) for layer in CONV_LAYERS],
    solution=conv_layer,
    mistakes={
        "fence posts": (
            "The image is one too small: between the first and the last place of the kernel there are "
            "(length - kernel) // stride steps, so one place more than steps.",
            _with_side(lambda length, c_in, c_out, kernel, stride: (length - kernel) // stride),
        ),
        "padded": (
            "You divide the length by the stride, as if the kernel could hang over the edge. Without padding it has "
            "to fit: subtract the kernel first.",
            _with_side(lambda length, c_in, c_out, kernel, stride: math.ceil(length / stride)),
        ),
        "rounded up": (
            "The last step of the kernel has to fit as a whole: round (length - kernel) / stride down, not up.",
            _with_side(lambda length, c_in, c_out, kernel, stride: math.ceil((length - kernel) / stride) + 1),
        ),
        "without biases": (
            "The image is right, but you forgot the biases: one for each output channel.",
            _with_parameters(lambda length, c_in, c_out, kernel, stride: c_out * c_in * kernel**2),
        ),
        "kernel not squared": (
            "The image is right, but a kernel is a square: kernel × kernel weights for each input channel.",
            _with_parameters(lambda length, c_in, c_out, kernel, stride: c_out * (c_in * kernel + 1)),
        ),
        "one input channel": (
            "The image is right, but every output channel looks at all input channels, with weights for each.",
            _with_parameters(lambda length, c_in, c_out, kernel, stride: c_out * (kernel**2 + 1)),
        ),
    },
)
