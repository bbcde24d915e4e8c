"""The exercise entropy of the notebook 02_actor_and_critic."""

import math

import torch

from ppo_lib.exercises.actor_and_critic.common import draw_policies, share, weights_along
from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def entropy(logits):
    """(B,): the entropy of the policy in each state, in nats."""
    log_probs = logits.log_softmax(dim=1)
    return -(log_probs.exp() * log_probs).sum(dim=1)


def work_out_entropy(index, logits):
    """One entropy, in numbers."""
    probs = logits[index].double().softmax(0)
    terms = ", ".join(f"{p:.3g} · {-p.log():.3g}" for p in probs)
    return f"state {index[0]}: the sum over its actions of π · (-log π), which are {terms}"


check_entropy = Exercise(
    name="entropy",
    chapter="02_actor_and_critic",
    checked="one state and many, two actions and more, with small, large and negative logits",
    solution=entropy,
    inputs=draw_policies,
    differentiate=("logits",),
    worked=work_out_entropy,
    by_hand=("Categorical",),
    hints=(
        "What is averaged, and with which weights? Both come from the logits, but neither is a logit.",
        "The surprise of an action is -log π(a), and it comes up with probability π(a): multiply, and sum over the "
        "actions.",
        "With log_probs = logits.log_softmax(dim=1), the probabilities are log_probs.exp(). Multiply the two, sum "
        "over axis 1, and mind the minus.",
    ),
    mistakes={
        "formula on the logits": Mistake(
            "You put the logits themselves into the formula, in both places. It wants probabilities: softmax first.",
            instead=lambda logits: -(logits * logits.log()).sum(1),
        ),
        "weighted with the logits": Mistake(
            "You weigh with the logits. Entropy is an average over the actions, weighed with their probabilities.",
            instead=lambda logits: -(logits * logits.log_softmax(1)).sum(1),
        ),
        "logits for logarithms": Mistake(
            "You average the logits. A logit is a log-probability only after normalisation (log_softmax).",
            instead=lambda logits: -(logits.softmax(1) * logits).sum(1),
        ),
        "not normalised": Mistake(
            "You exponentiate the logits, but do not divide by the sum, and the logits stand for the logarithms. "
            "Probabilities add up to 1: use softmax and log_softmax.",
            instead=lambda logits: -(logits.exp() * logits).sum(1),
        ),
        "weights not normalised": Mistake(
            "Your weights are the exponentials of the logits, which do not add up to 1: divide by their sum.",
            instead=lambda logits: -(logits.exp() * logits.log_softmax(1)).sum(1),
        ),
        "softmax over the wrong axis": Mistake(
            "Your probabilities are normalised over axis 0, the states. They have to add up to 1 over the actions.",
            instead=lambda logits: -(logits.softmax(0) * logits.log_softmax(0)).sum(1),
        ),
        "softmax over the whole batch": Mistake(
            "Your probabilities are normalised over the whole batch. Each state has a distribution of its own: axis "
            "1.",
            instead=lambda logits: torch.special.entr(share(weights_along(logits, (0, 1)), (0, 1))).sum(1),
        ),
        "softmax twice": Mistake(
            "You normalise twice, which makes all actions nearly equal: softmax and log_softmax want the logits.",
            given=lambda logits: {"logits": logits.softmax(1)},
        ),
        "summed over the states": Mistake(
            "You summed over axis 0, the states, and got one number for each action. Sum over the actions.",
            instead=lambda logits: torch.special.entr(logits.softmax(1)).sum(0),
        ),
        "not summed": Mistake(
            "These are the terms -π log π of all actions. Sum them over the actions, one number for each state.",
            instead=lambda logits: torch.special.entr(logits.softmax(1)),
        ),
        "without weights": Mistake(
            "You sum the surprise of all actions, as if each came up every time. Weigh it with the probabilities.",
            instead=lambda logits: -logits.log_softmax(1).sum(1),
        ),
        "equal weights": Mistake(
            "You take the mean of the surprise over the actions, as if all were equally probable. Weigh it with the "
            "probabilities.",
            instead=lambda logits: -logits.log_softmax(1).mean(1),
        ),
        "of the most probable action": Mistake(
            "This is the surprise of the most probable action only. Entropy is the average over all actions.",
            instead=lambda logits: -logits.log_softmax(1).amax(1),
        ),
        "Gini": Mistake(
            "This is 1 - Σ π², how often two draws differ (the Gini impurity). Entropy has log π in place of the "
            "second π.",
            instead=lambda logits: 1 - logits.softmax(1).square().sum(1),
        ),
        "sign": Mistake(
            "The sign: probabilities are below 1 and their logarithms negative, so entropy needs a minus to be "
            "positive.",
            result=lambda nats, **_: -nats,
        ),
        "mean over actions": Mistake(
            "You took the mean over the actions, so your entropy is too small by the number of actions. The "
            "probabilities are the weights already: sum.",
            result=lambda nats, logits: nats / logits.shape[1],
        ),
        "bits": Mistake(
            "These are bits, with the logarithm to base 2. The field uses nats: the natural logarithm.",
            result=lambda nats, **_: nats / math.log(2),
        ),
        "base 10": Mistake(
            "Your logarithm has base 10. The field uses nats: the natural logarithm.",
            result=lambda nats, **_: nats / math.log(10),
        ),
        "share of the largest": Mistake(
            "You divide by the largest possible entropy, ln A, so yours lies between 0 and 1. Here the entropy "
            "itself is wanted, in nats.",
            result=lambda nats, logits: nats / math.log(logits.shape[1]),
        ),
        "distance from the largest": Mistake(
            "This is how much is missing to the largest possible entropy, ln A: large for a decided driver. Entropy "
            "is large for an undecided one.",
            result=lambda nats, logits: math.log(logits.shape[1]) - nats,
        ),
        "perplexity": Mistake(
            "This is the perplexity, exp of the entropy: among how many actions the driver seems to choose. Leave "
            "the exp out.",
            result=lambda nats, **_: nats.exp(),
        ),
        "averaged": Mistake(
            "You averaged over the states. Keep one entropy for each; the loss takes the mean later.",
            result=lambda nats, **_: nats.mean(),
        ),
        "summed": Mistake(
            "You summed over everything. Keep one entropy for each state.",
            result=lambda nats, **_: nats.sum(),
        ),
        "a column": Mistake(
            "The numbers are right, but stand in a column of shape (B, 1): the sum should not keep its axis.",
            result=lambda nats, **_: nats[:, None],
        ),
    },
)
