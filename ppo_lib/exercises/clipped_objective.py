"""The exercises of notebook 4: the clipped objective, the estimate of the KL and the clip fraction."""

import torch

from ppo_lib.exercises.checking import Exercise


def clipped_loss(log_probs, old_log_probs, advantages, clip_eps):
    """(M,) three times to a scalar to minimise: the mean of the pessimistic objective, negated."""
    ratio = (log_probs - old_log_probs).exp()
    return -torch.min(ratio * advantages, ratio.clamp(1 - clip_eps, 1 + clip_eps) * advantages).mean()


def kl(log_probs, old_log_probs):
    """(M,) twice to a scalar: how far the policy has moved, estimated from the actions of the old one."""
    log_ratio = log_probs - old_log_probs
    return (log_ratio.exp() - 1 - log_ratio).mean()


def fraction_clipped(log_probs, old_log_probs, clip_eps):
    """(M,) twice to a scalar: the share of samples whose ratio has left the clip range."""
    ratio = (log_probs - old_log_probs).exp()
    return ((ratio - 1).abs() > clip_eps).float().mean()


# Ratios on both sides of the clip range and inside it, each with a good and with a bad action.
RATIOS = torch.tensor([0.5, 0.5, 0.9, 0.9, 1.1, 1.1, 1.5, 1.6])
OLD_LOG_PROBS = torch.tensor([0.4, 0.2, 0.5, 0.3, 0.6, 0.1, 0.2, 0.4]).log()
ADVANTAGES = torch.tensor([1.0, -2.0, 3.0, -1.0, 2.0, -1.5, 1.0, -2.5])


def _log_probs(count):
    return (OLD_LOG_PROBS[:count] + RATIOS[:count].log()).requires_grad_()


BATCH = {"log_probs": _log_probs(8), "old_log_probs": OLD_LOG_PROBS, "advantages": ADVANTAGES, "clip_eps": 0.2}
TWO_SAMPLES = {
    "log_probs": _log_probs(2),
    "old_log_probs": OLD_LOG_PROBS[:2],
    "advantages": ADVANTAGES[:2],
    "clip_eps": 0.2,
}


def _clipped_log_ratio(log_probs, old_log_probs, advantages, clip_eps):
    log_ratio = log_probs - old_log_probs
    return -torch.min(log_ratio * advantages, log_ratio.clamp(1 - clip_eps, 1 + clip_eps) * advantages).mean()


def _largest(log_probs, old_log_probs, advantages, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    return -torch.max(ratio * advantages, ratio.clamp(1 - clip_eps, 1 + clip_eps) * advantages).mean()


def _only_clipped(log_probs, old_log_probs, advantages, clip_eps):
    return -((log_probs - old_log_probs).exp().clamp(1 - clip_eps, 1 + clip_eps) * advantages).mean()


check_clipped_loss = Exercise(
    checked="good and bad actions, with ratios below, inside and above the clip range, and that it has a gradient",
    cases=[BATCH, TWO_SAMPLES],
    solution=clipped_loss,
    mistakes={
        "sign": (
            "The sign: a loss is minimised, and this is the objective to maximise.",
            lambda *batch: -clipped_loss(*batch),
        ),
        "max for min": (
            "You take the larger of the two; PPO takes the smaller. The larger one never sees that a ratio moved the "
            "wrong way.",
            _largest,
        ),
        "clip without the min": (
            "You clip, but take no minimum: a bad action that has become more probable than the clip range allows "
            "then has no gradient, and stays as it is.",
            _only_clipped,
        ),
        "not clipped": (
            "This is the unclipped surrogate: nothing keeps the ratio near 1.",
            lambda new, old, adv, eps: -((new - old).exp() * adv).mean(),
        ),
        "ratio without exp": (
            "Your ratio is a difference of logarithms: the ratio of the probabilities is its exp.",
            _clipped_log_ratio,
        ),
        "ratio upside down": (
            "Your ratio is upside down: the policy that learns belongs above the line, the one that drove below it.",
            lambda new, old, adv, eps: clipped_loss(old, new, adv, eps),
        ),
        "probability for ratio": (
            "You use the probability of the action where its ratio belongs: where does the old policy come in?",
            lambda new, old, adv, eps: clipped_loss(new, torch.zeros_like(old), adv, eps),
        ),
        "advantages forgotten when clipping": (
            "One side of your minimum is a bare ratio: the clipped ratio has to be multiplied by the advantage, too.",
            lambda new, old, adv, eps: (
                -torch.min((new - old).exp() * adv, (new - old).exp().clamp(1 - eps, 1 + eps)).mean()
            ),
        ),
        "sum for mean": (
            "You sum over the samples: with the mean the step does not depend on the size of the minibatch.",
            lambda new, old, adv, eps: clipped_loss(new, old, adv, eps) * len(adv),
        ),
    },
)

check_kl = Exercise(
    checked="the estimate of the KL divergence from samples of the old policy",
    cases=[{"log_probs": _log_probs(8).detach(), "old_log_probs": OLD_LOG_PROBS}],
    solution=kl,
    mistakes={
        "sign swapped": (
            "The sign: your log-ratio is old minus new. The samples come from the old policy, so it belongs below the "
            "line; what you estimate is no KL divergence.",
            lambda new, old: kl(old, new),
        ),
        "the simple estimate": (
            "This is the mean of -log ratio. On average it is right, but a single batch may say that the distance is "
            "negative. Add what is 0 on average: ratio - 1.",
            lambda new, old: (old - new).mean(),
        ),
        "the squared estimate": (
            "This is half the squared log-ratio, Schulman's k2: never negative, but wrong on average. Use "
            "(ratio - 1) - log ratio.",
            lambda new, old: 0.5 * ((new - old) ** 2).mean(),
        ),
        "without the 1": (
            "You have forgotten to subtract 1: where nothing has changed, the ratio is 1 and the distance must be 0.",
            lambda new, old: ((new - old).exp() - (new - old)).mean(),
        ),
        "log ratio added": (
            "You add the log-ratio instead of subtracting it: for ratios near 1 the two should nearly cancel.",
            lambda new, old: ((new - old).exp() - 1 + (new - old)).mean(),
        ),
        "no mean": (
            "One number for each sample: the estimate is their mean.",
            lambda new, old: (new - old).exp() - 1 - (new - old),
        ),
    },
)

check_clip_fraction = Exercise(
    checked="ratios below, inside and above the clip range",
    cases=[
        {"log_probs": ratios.log() + old, "old_log_probs": old, "clip_eps": 0.2}
        for ratios, old in (
            (torch.tensor([0.5, 0.7, 0.9, 1.0, 1.1]), torch.full((5,), 0.5).log()),
            (torch.tensor([0.81, 0.9, 1.3, 1.4, 1.0, 1.1]), torch.full((6,), 0.25).log()),
        )
    ],
    solution=fraction_clipped,
    mistakes={
        "above only": (
            "You count only ratios above the clip range; those below it have left it, too.",
            lambda new, old, eps: ((new - old).exp() > 1 + eps).float().mean(),
        ),
        "below only": (
            "You count only ratios below the clip range; those above it have left it, too.",
            lambda new, old, eps: ((new - old).exp() < 1 - eps).float().mean(),
        ),
        "inside for outside": (
            "You count the ratios that are still inside: the clip fraction is the share of the others.",
            lambda new, old, eps: 1 - fraction_clipped(new, old, eps),
        ),
        "ratio without exp": (
            "You compare the log-ratio with ε. For small changes that is nearly the same, but the clip range is about "
            "the ratio: take its exp.",
            lambda new, old, eps: ((new - old).abs() > eps).float().mean(),
        ),
        "around zero": (
            "You compare the ratio itself with ε: it is near 1, not near 0, where nothing has changed.",
            lambda new, old, eps: ((new - old).exp().abs() > eps).float().mean(),
        ),
        "count for share": (
            "This is how many there are: divide by the number of samples.",
            lambda new, old, eps: fraction_clipped(new, old, eps) * len(new),
        ),
    },
)
