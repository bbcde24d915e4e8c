"""The exercise action_log_probs of the notebook 02_actor_and_critic."""

import math

import numpy as np
import torch

from ppo_lib.exercises.actor_and_critic.common import draw_policies
from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def action_log_probs(logits, actions, *, epsilon=0.0):
    """(B,): the log-probability of the action that was taken in each state."""
    log_probs = (logits.softmax(dim=1) + epsilon).log() if epsilon else logits.log_softmax(dim=1)
    return log_probs[torch.arange(len(actions)), actions]


def draw_taken_actions(draw):
    """One input of action_log_probs: now and then the action was improbable."""
    logits = draw_policies(draw)["logits"]
    states, num_actions = logits.shape
    if not draw.plain and draw.cycle(False, False, False, True):
        far = 10.2 if logits.dtype == np.float32 else 30.0  # float32 could not tell log(softmax) from log_softmax
        logits[:, 0] = np.log(np.exp(logits[:, 1:]).sum(1)) - far
    return {"logits": logits, "actions": draw.rng.integers(0, num_actions, states)}


def work_out_log_prob(index, logits, actions):
    """One log-probability, in numbers."""
    row, action = logits[index].double(), actions[index].item()
    return (
        f"state {index[0]}, action {action}: z - log of the sum of e^z over the row = "
        f"{row[action]:.4g} - ({row.logsumexp(0):.4g})"
    )


def taken(table, actions):
    """(B,): from each row of a (B, A) table, the number of the action taken."""
    return table[torch.arange(len(actions)), actions]


check_action_log_probs = Exercise(
    name="action_log_probs",
    chapter="02_actor_and_critic",
    checked="one state and many, two actions and more, with small, large and negative logits",
    solution=action_log_probs,
    inputs=draw_taken_actions,
    differentiate=("logits",),
    worked=work_out_log_prob,
    by_hand=("Categorical",),
    hints=(
        "Two steps: first the log-probabilities of all actions in all states, (B, A), then one of each row.",
        "log π(a) = z_a - log Σ_b e^{z_b}, with the sum over axis 1, the actions; log_softmax does just that. To "
        "pick from row i the number in column actions[i], each row number needs a partner.",
        "With log_probs = logits.log_softmax(dim=1), index with two tensors of one length, "
        "torch.arange(len(actions)) and actions: they pair up, state by state.",
    ),
    mistakes={
        "probability": Mistake(
            "These are probabilities: the logarithm is missing.",
            result=lambda log_probs, **_: log_probs.exp(),
        ),
        "epsilon in the logarithm": Mistake(
            "You add a small number in the logarithm, lest it be that of 0. For an improbable action it decides: "
            "log_softmax needs none, because it never forms the probability.",
            options={"epsilon": 1e-8},
        ),
        "epsilon of a millionth": Mistake(
            "The small number that you add in the logarithm, lest it be that of 0, is not small beside improbable "
            "actions. log_softmax needs none.",
            options={"epsilon": 1e-6},
        ),
        "bare logit": Mistake(
            "You pick the right logits, but a logit is a log-probability only after normalisation: subtract the "
            "logarithm of the row's sum of exponentials.",
            instead=taken,
        ),
        "sum without its logarithm": Mistake(
            "You subtract the sum of the exponentials itself. Its logarithm is what belongs there: z_a - log Σ e^z.",
            instead=lambda logits, actions: taken(logits - logits.exp().sum(1, keepdim=True), actions),
        ),
        "quotient of logarithms": Mistake(
            "You divide by log Σ e^z. The logarithm of a fraction is a difference: subtract it.",
            instead=lambda logits, actions: taken(logits / logits.logsumexp(1, keepdim=True), actions),
        ),
        "mean for sum": Mistake(
            "You normalise with the mean of the exponentials, so your probabilities add up to the number of actions. "
            "Take the logarithm of their sum.",
            result=lambda log_probs, logits, **_: log_probs + math.log(logits.shape[1]),
        ),
        "largest not put back": Mistake(
            "You subtract the largest logit inside the sum only. Then it does not cancel: subtract it from z_a as "
            "well, or add it to the logarithm of the sum.",
            result=lambda log_probs, logits, **_: log_probs + logits.amax(1),
        ),
        "wrong axis": Mistake(
            "You normalise over axis 0, the states. The probabilities of one state's actions add up to 1: axis 1.",
            instead=lambda logits, actions: taken(logits.log_softmax(0), actions),
        ),
        "over the whole batch": Mistake(
            "You normalise over the whole batch. Each state has a distribution of its own: axis 1.",
            instead=lambda logits, actions: taken(logits - logits.logsumexp((0, 1)), actions),
        ),
        "picked before normalising": Mistake(
            "You pick the logits of the actions taken and normalise these, over the states. First normalise each row "
            "over all its actions, then pick.",
            instead=lambda logits, actions: taken(logits, actions).log_softmax(0),
        ),
        "every action of every state": Mistake(
            "`log_probs[:, actions]` gives every state the actions of all states, (B, B) numbers. Pair each state "
            "with its own action: index with torch.arange(len(actions)) and actions, or use gather.",
            instead=lambda logits, actions: logits.log_softmax(1)[:, actions],
        ),
        "actions index the rows": Mistake(
            "`log_probs[actions]` takes actions for the numbers of states, and picks whole rows. The actions belong "
            "to axis 1: index with torch.arange(len(actions)) and actions, or use gather.",
            instead=lambda logits, actions: logits.log_softmax(1)[actions],
        ),
        "indices swapped": Mistake(
            "Your two indices have changed places: the state comes first, then the action.",
            instead=lambda logits, actions: logits.log_softmax(1)[actions, torch.arange(len(actions))],
        ),
        "not picked": Mistake(
            "These are the log-probabilities of all actions. Pick from each row the one of the action that was taken.",
            instead=lambda logits, actions: logits.log_softmax(1),
        ),
        "first state for all": Mistake(
            "You pick from the first row for every state. Each state has a row of its own.",
            given=lambda logits, **_: {"logits": logits[:1].expand_as(logits)},
        ),
        "most probable action": Mistake(
            "These are the log-probabilities of the most probable actions. Use the actions that were taken.",
            given=lambda logits, **_: {"actions": logits.argmax(1)},
        ),
        "actions from 1": Mistake(
            "You pick the action before the one that was taken. Actions are counted from 0, as the columns are.",
            given=lambda logits, actions: {"actions": (actions - 1) % logits.shape[1]},
        ),
        "softmax twice": Mistake(
            "You normalise twice: what log_softmax gets has been through a softmax already. It wants the logits.",
            given=lambda logits, **_: {"logits": logits.softmax(1)},
        ),
        "sign": Mistake(
            "The sign: a log-probability is never above 0. Yours is the surprise, -log π.",
            result=lambda log_probs, **_: -log_probs,
        ),
        "weighted": Mistake(
            "You multiply by the probability, as in the entropy. Here log π itself is wanted.",
            result=lambda log_probs, **_: log_probs.exp() * log_probs,
        ),
        "bits": Mistake(
            "Your logarithm has base 2. The field uses the natural one.",
            result=lambda log_probs, **_: log_probs / math.log(2),
        ),
        "base 10": Mistake(
            "Your logarithm has base 10. The field uses the natural one.",
            result=lambda log_probs, **_: log_probs / math.log(10),
        ),
        "summed": Mistake(
            "You added the states up. Keep one number for each state.",
            result=lambda log_probs, **_: log_probs.sum(),
        ),
        "averaged": Mistake(
            "You averaged over the states. Keep one number for each state; a loss takes the mean later.",
            result=lambda log_probs, **_: log_probs.mean(),
        ),
        "squeezed too far": Mistake(
            "With one state alone, your result is a single number without an axis: squeeze() drops every axis of "
            "length 1. Say which one: squeeze(1).",
            result=lambda log_probs, **_: log_probs.squeeze(),
        ),
        "a column": Mistake(
            "Your numbers stand in a column of shape (B, 1). Squeeze the last axis: (B, 1) minus (B,) "
            "would silently become (B, B) later.",
            result=lambda log_probs, **_: log_probs[:, None],
        ),
    },
)
