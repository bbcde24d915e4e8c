"""The exercise clipped_loss of the notebook 05_clipped_objective."""

import torch

from ppo_lib.exercises.checking import Exercise
from ppo_lib.exercises.clipped_objective.common import (
    clip,
    draw_clip_eps,
    draw_ratios,
    each,
    listed,
    log_probs_of,
    quotient_of_logarithms,
    times_samples,
    upside_down,
    without_old_policy,
)
from ppo_lib.exercises.recognition import Mistake


def pessimistic(ratio, advantages, eps):
    """(M,): PPO's objective of each sample."""
    return torch.min(ratio * advantages, clip(ratio, eps) * advantages)


def clipped_loss(log_probs, old_log_probs, advantages, clip_eps, *, objective=pessimistic, average=torch.mean):
    """(M,) three times to a scalar to minimise: the mean of the pessimistic objective, negated."""
    return -average(objective((log_probs - old_log_probs).exp(), advantages, clip_eps))


def draw_minibatch(draw):
    """One input of clipped_loss."""
    clip_eps = draw_clip_eps(draw)
    policies = log_probs_of(draw, draw_ratios(draw, clip_eps))
    count = len(policies["log_probs"])
    sign = draw.cycle(draw.rng.choice([-1, 1], count), 1, -1)
    advantages = (sign * draw.floats(count, low=0.1)).astype(draw.dtype)
    advantages[1:] *= draw.rng.random(count - 1) < 0.9  # some are neither good nor bad, but never all
    return policies | {"advantages": advantages, "clip_eps": clip_eps}


def work_out_clipped_loss(index, log_probs, old_log_probs, advantages, clip_eps):
    """The loss, in numbers."""
    ratio = (log_probs - old_log_probs).exp()
    low, high = 1 - clip_eps, 1 + clip_eps
    clipped = ratio.clamp(low, high)
    smaller = torch.min(ratio * advantages, clipped * advantages)
    return (
        f"ratio = exp(log π - log π_old) = {listed(ratio)}, clipped to {low:.4g} ... {high:.4g}: {listed(clipped)}. "
        f"The smaller product of each with Â: {listed(smaller)}; minus their mean"
    )


def normalised(advantages, **_):
    """Advantages of mean 0 and standard deviation 1; of a single one that is no number."""
    centred = advantages - advantages.mean()
    return {"advantages": centred / ((centred**2).sum() / (len(advantages) - 1)).sqrt()}


def clipped_log_ratio(log_probs, old_log_probs, advantages, clip_eps):
    """The loss with log-ratios for ratios, for a mistake."""
    log_ratio = log_probs - old_log_probs
    return -torch.min(log_ratio * advantages, clip(log_ratio, clip_eps) * advantages).mean()


def smaller_mean(log_probs, old_log_probs, advantages, clip_eps):
    """The minimum of two means, for a mistake."""
    ratio = (log_probs - old_log_probs).exp()
    return -torch.min((ratio * advantages).mean(), (clip(ratio, clip_eps) * advantages).mean())


check_clipped_loss = Exercise(
    name="clipped_loss",
    chapter="05_clipped_objective",
    checked="good and bad actions with ratios below, inside and above the clip range, minibatches from one sample up, "
    "any ε, and the gradient",
    solution=clipped_loss,
    inputs=draw_minibatch,
    worked=work_out_clipped_loss,
    differentiate=("log_probs",),
    needs_gradient=True,
    hints=(
        "Begin with the ratio. You have logarithms of two probabilities: how do you get the quotient of the "
        "probabilities from these?",
        "Two products with the advantage: one with the ratio as it is, one with the ratio held between 1 - ε and 1 + "
        "ε (clamp). For each sample the smaller one counts.",
        "ratio = (log_probs - old_log_probs).exp(). Then torch.min(ratio * advantages, ratio.clamp(1 - clip_eps, "
        "1 + clip_eps) * advantages), of that the mean, and a minus sign, because a loss is minimised.",
    ),
    mistakes={
        "sign": Mistake(
            "The sign: a loss is minimised, and this is the objective to maximise.",
            result=lambda loss, **_: -loss,
        ),
        "sum for mean": Mistake(
            "You sum over the samples: with the mean the step does not depend on the size of the minibatch.",
            result=times_samples,
        ),
        "no mean": Mistake(
            "The mean is missing: yours is one number for each sample, and the loss is one for the minibatch.",
            options={"average": each},
        ),
        "max for min": Mistake(
            "You take the larger of the two; PPO takes the smaller. The larger one never sees that a ratio moved the "
            "wrong way.",
            options={"objective": lambda ratio, adv, eps: torch.max(ratio * adv, clip(ratio, eps) * adv)},
        ),
        "clip without the min": Mistake(
            "You clip, but take no minimum: a bad action that has become more probable than the clip range allows "
            "then has no gradient, and stays as it is.",
            options={"objective": lambda ratio, adv, eps: clip(ratio, eps) * adv},
        ),
        "not clipped": Mistake(
            "This is the unclipped surrogate: nothing keeps the ratio near 1.",
            given=lambda **_: {"clip_eps": float("inf")},
        ),
        "minimum before the product": Mistake(
            "The minimum comes too early: you take it of the two ratios, and multiply with the advantage afterwards. "
            "For a bad action the order of the two turns round, so multiply both first.",
            options={"objective": lambda ratio, adv, eps: torch.min(ratio, clip(ratio, eps)) * adv},
        ),
        "mean before the minimum": Mistake(
            "The mean comes too early: you compare the means of the two products. Take the smaller one for each "
            "sample, and the mean afterwards.",
            instead=smaller_mean,
        ),
        "advantages forgotten when clipping": Mistake(
            "One side of your minimum is a bare ratio: the clipped ratio has to be multiplied by the advantage, too.",
            options={"objective": lambda ratio, adv, eps: torch.min(ratio * adv, clip(ratio, eps))},
        ),
        "advantages forgotten before clipping": Mistake(
            "One side of your minimum is a bare ratio: the ratio that is not clipped has to be multiplied by the "
            "advantage, too.",
            options={"objective": lambda ratio, adv, eps: torch.min(ratio, clip(ratio, eps) * adv)},
        ),
        "product clipped": Mistake(
            "You clip the product with the advantage. Only the ratio belongs between 1 - ε and 1 + ε: clip it first, "
            "and multiply by the advantage afterwards.",
            options={"objective": lambda ratio, adv, eps: torch.min(ratio * adv, clip(ratio * adv, eps))},
        ),
        "clipped above only": Mistake(
            "You clip at 1 + ε only. A bad action that has become improbable enough shall stop, too: at 1 - ε.",
            options={"objective": lambda ratio, adv, eps: torch.min(ratio * adv, ratio.clamp(max=1 + eps) * adv)},
        ),
        "clipped below only": Mistake(
            "You clip at 1 - ε only. A good action that has become probable enough shall stop, too: at 1 + ε.",
            options={"objective": lambda ratio, adv, eps: torch.min(ratio * adv, ratio.clamp(min=1 - eps) * adv)},
        ),
        "clipped around zero": Mistake(
            "You hold the ratio between -ε and ε. It is 1, not 0, where nothing has changed: the range is 1 - ε to 1 "
            "+ ε.",
            options={"objective": lambda ratio, adv, eps: torch.min(ratio * adv, ratio.clamp(-eps, eps) * adv)},
        ),
        "log ratio clipped": Mistake(
            "You hold the log-ratio between -ε and ε. For a small ε that is nearly the same, but the clip range is "
            "about the ratio: take exp first, then clip to 1 - ε ... 1 + ε.",
            options={
                "objective": lambda ratio, adv, eps: torch.min(ratio * adv, ratio.log().clamp(-eps, eps).exp() * adv)
            },
        ),
        "clipped samples left out": Mistake(
            "You count 0 for every sample whose ratio has left the clip range. It shall count with the clipped ratio "
            "where it moved in the right direction, and in full where it moved in the wrong one.",
            options={"objective": lambda ratio, adv, eps: torch.where((ratio - 1).abs() > eps, 0.0, ratio * adv)},
        ),
        "policy gradient": Mistake(
            "This is the loss of the plain policy gradient, log π times the advantage. PPO puts the ratio in the "
            "place of log π, so that one batch can be used more than once.",
            instead=lambda new, old, adv, eps: -(new * adv).mean(),
        ),
        "ratio without exp": Mistake(
            "Your ratio is a difference of logarithms: the ratio of the probabilities is its exp.",
            instead=clipped_log_ratio,
        ),
        "quotient of logarithms": Mistake(
            "Your ratio is the quotient of the logarithms. The ratio of the probabilities is exp of their difference.",
            given=quotient_of_logarithms,
        ),
        "ratio upside down": Mistake(
            "Your ratio is upside down: the policy that learns belongs above the line, the one that drove below it.",
            given=upside_down,
        ),
        "probability for ratio": Mistake(
            "You use the probability of the action where its ratio belongs: where does the old policy come in?",
            given=without_old_policy,
        ),
        "advantages normalised": Mistake(
            "You normalise the advantages in here. The loss takes them as they are: what normalises them comes "
            "before it.",
            given=normalised,
        ),
    },
)
