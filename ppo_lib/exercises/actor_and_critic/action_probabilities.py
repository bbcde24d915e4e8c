"""The exercise action_probabilities of the notebook 02_actor_and_critic."""

import math

from ppo_lib.exercises.actor_and_critic.common import draw_logits, draw_sizes, share, weights_along
from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.recognition import Mistake


def action_probabilities(logits):
    """(B, A): softmax over the actions of each state."""
    weights = (logits - logits.max(dim=1, keepdim=True).values).exp()
    return weights / weights.sum(dim=1, keepdim=True)


def draw_logits_near_and_far(draw):
    """One input of action_probabilities: logits of every size, and those of which exp is 0 or infinite.

    Between 80 and 750, where exp overflows in float32 but not in float64, there are none. Those near 1000 come in
    float64, because in float32 they are too coarse for a gradient. Some inputs are square, on purpose: there a row of
    numbers in the place of a column does its harm in silence.
    """
    states, num_actions = draw_sizes(draw)
    kind = draw.cycle("near 0", "near 1000", "near 0", "near -1000", "near 0", "one near 1000", "one far below")
    states = num_actions if draw.cycle(False, False, True) else states
    logits = draw_logits(draw, states, num_actions, spread=draw.cycle(2.0, 20.0, 1.0, 7.0), centre=0.0)
    if kind == "near 1000":
        logits += 1000
    elif kind == "near -1000":
        logits -= 1000
    elif kind == "one near 1000":
        logits[draw.integer(0, states - 1)] += 1000
    elif kind == "one far below" and num_actions > 2:
        row = draw.integer(0, states - 1)
        logits[row, logits[row].argmin()] -= 1e5
    return {"logits": logits.astype(draw.dtype if kind == "near 0" else "float64")}


def work_out_probability(index, logits):
    """One probability, in numbers."""
    row = logits[index[0]].double()
    weights = (row - row.max()).exp()
    return (
        f"at {list(index)}: e^(z - m) / sum, with m = {row.max():.6g}, the largest logit of the row: "
        f"{weights[index[1]]:.4g} / {weights.sum():.4g}"
    )


def through_exp(logits):
    """The logits as far as exp can tell them apart: -inf where it gives 0, inf where it gives infinity."""
    return logits.exp().log()


def without_keepdim(logits):
    """Softmax whose sums lie along the wrong axis, for a mistake."""
    weights = weights_along(logits, 1)
    return weights / weights.sum(1)


check_action_probabilities = Exercise(
    name="action_probabilities",
    chapter="02_actor_and_critic",
    checked="one state and many, two actions and more, small and large logits, and those near 1000 and -1000",
    solution=action_probabilities,
    inputs=draw_logits_near_and_far,
    worked=work_out_probability,
    hints=(
        "Two steps: make every logit a positive number, then make the numbers of one state add up to 1. Along which "
        "axis do the actions of one state lie?",
        "exp makes them positive; divide by the sum over axis 1, with keepdim=True, so that each row is divided by "
        "its own sum. Then try it on torch.tensor([[1000.0, 1001.0]]).",
        "exp(1000) is infinite. Subtract each row's largest logit before exp, logits.max(dim=1, "
        "keepdim=True).values: the factor cancels in the fraction, and the largest weight is exp(0) = 1.",
    ),
    mistakes={
        "overflow": Mistake(
            "Your exp overflows: exp(1000) is infinite and exp(-1000) is 0, and neither infinity divided by infinity "
            "nor 0 divided by 0 is a number. Subtract each row's largest logit first: it cancels in the fraction.",
            given=lambda logits: {"logits": through_exp(logits)},
        ),
        "one maximum for all states": Mistake(
            "You subtract the largest logit of the whole batch. In a state whose logits are much smaller all "
            "exponentials become 0, and 0 divided by 0 is not a number. Subtract each row's own largest.",
            given=lambda logits: {"logits": through_exp(logits - logits.max())},
        ),
        "maximum of each action": Mistake(
            "You subtract each column's largest logit, so another number from every action, and that does not cancel "
            "in the fraction. Subtract each row's largest: axis 1.",
            instead=lambda logits: share((logits - logits.amax(0)).exp()),
        ),
        "smallest or mean subtracted": Mistake(
            "You subtract another number than the row's largest, its smallest or its mean. The fraction stays the "
            "same, but where one logit lies far below the others, exp is infinite again.",
            instead=lambda logits: share((logits - logits.amin(1, keepdim=True)).exp()),
        ),
        "divided by the largest": Mistake(
            "You divide by the row's largest logit before exp. Only a difference cancels in the fraction: subtract "
            "it.",
            given=lambda logits: {"logits": logits / logits.amax(1, keepdim=True)},
        ),
        "clamped": Mistake(
            "You clamp the logits, so exp stays finite, but all logits beyond the bound become equal, and with them "
            "the probabilities. Subtract each row's largest logit instead.",
            given=lambda logits: {"logits": logits.clamp(-50, 50)},
        ),
        "clamped from above": Mistake(
            "You cut large logits off, so exp stays finite, but all above the bound become equally probable. "
            "Subtract each row's largest logit instead.",
            given=lambda logits: {"logits": logits.clamp(max=50)},
        ),
        "wrong axis": Mistake(
            "Your softmax runs over axis 0, the states: your columns add up to 1 instead of your rows. Each state has "
            "a distribution over its own actions: axis 1.",
            instead=lambda logits: share(weights_along(logits, 0), 0),
        ),
        "one sum for the whole batch": Mistake(
            "You subtract each row's largest logit, but divide by one sum for the whole batch. Each state has a "
            "distribution of its own: sum over axis 1, with keepdim=True.",
            instead=lambda logits: share(weights_along(logits, 1), (0, 1)),
        ),
        "over the whole batch": Mistake(
            "All your probabilities together add up to 1. Each state has a distribution of its own: sum over axis 1.",
            instead=lambda logits: share(weights_along(logits, (0, 1)), (0, 1)),
        ),
        "sum without keepdim": Mistake(
            "Your sums have the shape (B,), and broadcasting lays them along the actions, not along the states. With "
            "keepdim=True the shape is (B, 1), and each row is divided by its own sum.",
            instead=without_keepdim,
        ),
        "sum without keepdim, and overflow": Mistake(
            "Your sums have the shape (B,), and broadcasting lays them along the actions, not along the states: write "
            "keepdim=True. Besides, exp of a logit near 1000 is infinite: subtract each row's largest logit first.",
            instead=lambda logits: logits.exp() / logits.exp().sum(1),
        ),
        "largest without keepdim": Mistake(
            "Your largest logits have the shape (B,), and broadcasting lays them along the actions, not along the "
            "states. With keepdim=True the shape is (B, 1), and each row loses its own largest.",
            instead=lambda logits: share((logits - logits.amax(1)).exp()),
        ),
        "without exp": Mistake(
            "You divide the logits by their sum. Logits may be negative, so exponentiate first.",
            instead=share,
        ),
        "without exp, over the states": Mistake(
            "Two things at once. You divide the logits themselves: exponentiate first, for logits may be negative. "
            "And your sum runs over axis 0, the states; the probabilities of one state add up to 1, axis 1.",
            instead=lambda logits: share(logits, 0),
        ),
        "absolute values": Mistake(
            "You make the logits positive by dropping their sign, so a very negative one becomes probable. exp makes "
            "them positive and keeps their order.",
            instead=lambda logits: share(logits.abs()),
        ),
        "shifted to be positive": Mistake(
            "You make the logits positive by subtracting the smallest, so the least probable action gets probability "
            "0. The softmax takes exp of them.",
            instead=lambda logits: share(logits - logits.amin(1, keepdim=True)),
        ),
        "not normalised": Mistake(
            "You exponentiate, but your rows do not add up to 1: divide each by its sum.",
            instead=lambda logits: logits.exp(),
        ),
        "largest is 1": Mistake(
            "The largest number of each of your rows is 1, so you have e^(z - m) itself, or divided by the largest. "
            "Divide each row by its sum.",
            result=lambda probs, **_: probs / probs.amax(1, keepdim=True),
        ),
        "divided by the length": Mistake(
            "You divide by the length of the row, the root of the sum of squares. Probabilities add up to 1 "
            "themselves: divide by the sum.",
            result=lambda probs, **_: probs / probs.norm(dim=1, keepdim=True),
        ),
        "mean for sum": Mistake(
            "You divide by the mean of the row, so your rows add up to the number of actions. Divide by the sum.",
            result=lambda probs, **_: probs * probs.shape[1],
        ),
        "sigmoid": Mistake(
            "This is a sigmoid: it treats every action as a yes or no of its own, so the rows do not add up to 1.",
            instead=lambda logits: logits.sigmoid(),
        ),
        "log-probabilities": Mistake(
            "These are the log-probabilities. Here the probabilities themselves are wanted.",
            instead=lambda logits: logits.log_softmax(1),
        ),
        "softmax twice": Mistake(
            "You apply the softmax twice, and the second makes all actions nearly equal: its input should be the "
            "logits.",
            result=lambda probs, **_: probs.softmax(1),
        ),
        "greedy": Mistake(
            "You give the most probable action everything and the others nothing. The softmax leaves every action a "
            "chance.",
            result=lambda probs, **_: (probs == probs.amax(1, keepdim=True)).to(probs.dtype),
        ),
        "sign of the logits": Mistake(
            "Your exponent has the wrong sign: the action with the largest logit should be the most probable one.",
            given=lambda logits: {"logits": -logits},
        ),
        "base 2": Mistake(
            "You raise 2 to the power of the logits. The softmax takes e: exp.",
            given=lambda logits: {"logits": math.log(2) * logits},
        ),
    },
)
