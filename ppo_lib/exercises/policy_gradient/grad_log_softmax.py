"""The exercise grad_log_softmax of the notebook 03_policy_gradient."""

import torch
from torch.nn.functional import one_hot

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def softmax(logits):
    """Over the actions of each state."""
    return logits.softmax(dim=1)


def grad_log_softmax(logits, actions, *, probs=softmax):
    """(B, A): the derivatives of log π(action) by all logits of its state."""
    return one_hot(actions, logits.shape[1]) - probs(logits)


def draw_decisions(draw):
    """One input of grad_log_softmax: two actions or more, each taken now and then, probable or not."""
    states, num_actions = draw.sizes(2)
    if num_actions == 1:
        states, num_actions = num_actions, states
    spread, centre = draw.cycle(1.0, 3.0, 2.0), draw.cycle(0.0, 20.0, 0.0, -20.0)
    logits = draw.floats(states, num_actions, low=-spread, high=spread, scaled=False)
    if not draw.plain:
        logits = (logits + centre).astype(draw.dtype)
    return {"logits": logits, "actions": draw.rng.integers(0, num_actions, states)}


def work_out(index, logits, actions):
    """One derivative, in numbers."""
    state, action = index
    probability = logits[state].double().softmax(0)[action].item()
    if action == actions[state]:
        return f"at {list(index)}: the action that was taken, of probability {probability:.4g}: 1 - {probability:.4g}"
    return f"at {list(index)}: an action that was not taken, of probability {probability:.4g}: 0 - {probability:.4g}"


def own(logits, actions):
    """(B, 1): the probability of the action that was taken."""
    return logits.softmax(1).gather(1, actions[:, None])


def taken(logits, actions):
    """(B, A): 1 where the action was taken."""
    return one_hot(actions, logits.shape[1])


check_grad_log_softmax = Exercise(
    name="grad_log_softmax",
    chapter="03_policy_gradient",
    checked="one state and many, two actions and more, probable and improbable ones, small, large and negative logits",
    solution=grad_log_softmax,
    inputs=draw_decisions,
    worked=work_out,
    hints=(
        "Write log π(a) as a difference: log π(a) = z_a - log Σ_b e^{z_b}. Which of the two terms depends on a logit "
        "z_j of an action that was not taken?",
        "The derivative of the first term by z_j is 1 if j is the action taken, and 0 otherwise. That of the second, "
        "log Σ e^z, is e^{z_j} / Σ e^z. What is that fraction called?",
        "Each row is a 1 in the column of the action taken and 0 elsewhere (torch.nn.functional.one_hot), minus the "
        "probabilities logits.softmax(dim=1).",
    ),
    mistakes={
        "sign": Mistake(
            "The sign: raising the logit of the action taken makes it more probable, so its derivative is positive.",
            result=lambda gradient, **_: -gradient,
        ),
        "probabilities forgotten": Mistake(
            "You have the derivative of z_a alone. log π(a) is z_a minus log Σ e^z, and that depends on all logits.",
            instead=taken,
        ),
        "action forgotten": Mistake(
            "You have the derivative of -log Σ e^z alone. The logit of the action taken occurs once more, as z_a.",
            instead=lambda logits, actions: -logits.softmax(1),
        ),
        "every action as if taken": Mistake(
            "You have 1 - π for every action. The 1 belongs only to the action that was taken; the others get 0 - π.",
            instead=lambda logits, actions: 1 - logits.softmax(1),
        ),
        "other actions left out": Mistake(
            "Your numbers are 0 for the actions that were not taken. But raising another logit makes the action taken "
            "less probable: its derivative is -π of that other action.",
            result=lambda gradient, logits, actions: gradient * taken(logits, actions),
        ),
        "derivative of the probability": Mistake(
            "This is the derivative of π(a). That of log π(a) is what you get when you divide it by π(a).",
            result=lambda gradient, logits, actions: gradient * own(logits, actions),
        ),
        "divided by the probability": Mistake(
            "You divide by π(a) once too often: the derivative of log π is ∇π / π, and that is 1 - π or -π already.",
            result=lambda gradient, logits, actions: gradient / own(logits, actions),
        ),
        "sigmoid": Mistake(
            "You multiply each number by its own 1 - π or π, as in the derivative of a sigmoid's probability. "
            "Differentiate log π(a) = z_a - log Σ e^z instead.",
            instead=lambda logits, actions: logits.softmax(1) * (1 - logits.softmax(1)),
        ),
        "own probability for all": Mistake(
            "You subtract the probability of the action taken in every column. Each column has its own probability.",
            instead=lambda logits, actions: taken(logits, actions) - own(logits, actions),
        ),
        "logits for probabilities": Mistake(
            "You subtract the logits themselves. The derivative of log Σ e^z by z_j is a probability.",
            options={"probs": lambda logits: logits},
        ),
        "log-probabilities": Mistake(
            "You subtract log π. The derivative of log Σ e^z by z_j is π itself.",
            options={"probs": lambda logits: logits.log_softmax(1)},
        ),
        "not normalised": Mistake(
            "You subtract e^z. Divide it by the sum over the actions: that makes it a probability.",
            options={"probs": torch.exp},
        ),
        "wrong axis": Mistake(
            "Your probabilities are normalised over axis 0, the states. They add up to 1 over the actions: axis 1.",
            options={"probs": lambda logits: logits.softmax(0)},
        ),
        "over the whole batch": Mistake(
            "Your probabilities are normalised over the whole batch. Each state has a distribution of its own: "
            "axis 1.",
            options={"probs": lambda logits: logits.flatten().softmax(0).reshape(logits.shape)},
        ),
        "softmax twice": Mistake(
            "You normalise twice: what comes out of a softmax is no logit any more.",
            options={"probs": lambda logits: logits.softmax(1).softmax(1)},
        ),
        "most probable action": Mistake(
            "Your 1 stands at the most probable action. It belongs to the action that was taken.",
            given=lambda logits, **_: {"actions": logits.argmax(1)},
        ),
        "actions from 1": Mistake(
            "Your 1 stands one column too far left. Actions are counted from 0, as the columns are.",
            given=lambda logits, actions: {"actions": (actions - 1) % logits.shape[1]},
        ),
        "number of actions left out": Mistake(
            "Your table of ones has as many columns as the largest action that was taken, plus one. A state may have "
            "further actions that nobody took: give one_hot the number of columns of the logits.",
            instead=lambda logits, actions: one_hot(actions) - logits.softmax(1),
        ),
        "mean over the states": Mistake(
            "You divide by the number of states, as the gradient of a mean would. Here each state's own derivatives "
            "are wanted.",
            result=lambda gradient, logits, **_: gradient / len(logits),
        ),
        "only the action taken": Mistake(
            "You return one number for each state. There is a derivative by each logit: A numbers for each state.",
            result=lambda gradient, actions, **_: gradient.gather(1, actions[:, None])[:, 0],
        ),
        "summed over the states": Mistake(
            "You added the states up. Keep one row for each state.",
            result=lambda gradient, **_: gradient.sum(0),
        ),
    },
)
