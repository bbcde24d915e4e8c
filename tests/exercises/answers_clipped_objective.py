"""Answers to the exercises of notebook 5 as students write them: right in many styles, and every mistake twice."""

import math
import statistics
from fractions import Fraction

import answers_drive_weights
import numpy as np
import torch
import torch.nn.functional as F


def loss_of_each_sample(log_probs, old_log_probs, advantages, clip_eps):
    """Case by case, as the objective is drawn: flat beyond the end that the advantage points to."""
    total = 0.0
    for new, old, advantage in zip(log_probs.tolist(), old_log_probs.tolist(), advantages.tolist(), strict=True):
        ratio = math.exp(new - old)
        if advantage > 0 and ratio > 1 + clip_eps:
            ratio = 1 + clip_eps
        if advantage < 0 and ratio < 1 - clip_eps:
            ratio = 1 - clip_eps
        total += ratio * advantage
    return -total / len(advantages)


def kl_by_numpy(log_probs, old_log_probs):
    log_ratio = log_probs.detach().double().numpy() - old_log_probs.double().numpy()
    return np.mean(np.expm1(log_ratio) - log_ratio)


def fraction_of_each_sample(log_probs, old_log_probs, clip_eps):
    ratios = [math.exp(new - old) for new, old in zip(log_probs.tolist(), old_log_probs.tolist(), strict=True)]
    return Fraction(sum(not 1 - clip_eps <= ratio <= 1 + clip_eps for ratio in ratios), len(ratios))


# The same by other means, to hold the solutions against.
ORACLES = {
    "clipped_loss": loss_of_each_sample,
    "kl": kl_by_numpy,
    "clip_fraction": fraction_of_each_sample,
    "drive_weights": answers_drive_weights.weights_of_each_drive,
}


def loss_of_two_surrogates(log_probs, old_log_probs, advantages, clip_eps):
    ratio = torch.exp(log_probs - old_log_probs)
    surrogate1 = ratio * advantages
    surrogate2 = torch.clamp(ratio, 1.0 - clip_eps, 1.0 + clip_eps) * advantages
    return -torch.minimum(surrogate1, surrogate2).mean()


def loss_by_max(log_probs, old_log_probs, advantages, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    loss1 = -advantages * ratio
    loss2 = -advantages * torch.clamp(ratio, 1 - clip_eps, 1 + clip_eps)
    return torch.max(loss1, loss2).mean()


def loss_by_where(log_probs, old_log_probs, advantages, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    limited = torch.where(advantages > 0, ratio.clamp(max=1 + clip_eps), ratio.clamp(min=1 - clip_eps))
    return -(limited * advantages).mean()


def loss_by_the_papers_g(log_probs, old_log_probs, advantages, clip_eps):
    ratio = log_probs.exp() / old_log_probs.exp()
    limit = torch.where(advantages >= 0, (1 + clip_eps) * advantages, (1 - clip_eps) * advantages)
    return -torch.min(ratio * advantages, limit).mean()


def loss_by_loop(log_probs, old_log_probs, advantages, clip_eps):
    objectives = []
    for new, old, advantage in zip(log_probs, old_log_probs, advantages, strict=True):
        ratio = torch.exp(new - old)
        objectives.append(min(ratio * advantage, ratio.clip(1 - clip_eps, 1 + clip_eps) * advantage))
    return -sum(objectives) / len(objectives)


def loss_by_relu(log_probs, old_log_probs, advantages, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    too_far = F.relu(advantages.sign() * (ratio - 1) - clip_eps)
    return (advantages.abs() * too_far - ratio * advantages).mean()


def loss_by_stack(log_probs, old_log_probs, advantages, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    both = torch.stack([ratio, ratio.clamp(1 - clip_eps, 1 + clip_eps)]) * advantages  # (2, M)
    return both.min(dim=0).values.mean().neg()


def loss_by_mask(log_probs, old_log_probs, advantages, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    stopped = ((advantages > 0) & (ratio > 1 + clip_eps)) | ((advantages < 0) & (ratio < 1 - clip_eps))
    ends = 1 + clip_eps * advantages.sign()
    return -(torch.where(stopped, ends, ratio) * advantages).sum() / len(ratio)


def loss_in_logarithms(log_probs, old_log_probs, advantages, clip_eps):
    log_ratio = log_probs - old_log_probs
    limited = log_ratio.clamp(math.log(1 - clip_eps), math.log(1 + clip_eps))
    return -torch.mean(torch.min(torch.exp(log_ratio) * advantages, torch.exp(limited) * advantages))


def loss_by_dot(log_probs, old_log_probs, advantages, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    ratio = ratio - (ratio - 1 - clip_eps).clamp(min=0) * (advantages > 0)
    ratio = ratio + (1 - clip_eps - ratio).clamp(min=0) * (advantages < 0)
    return -torch.dot(ratio, advantages) / ratio.numel()


def loss_in_double(log_probs, old_log_probs, advantages, clip_eps):
    ratio = (log_probs.double() - old_log_probs.double()).exp()
    advantages = advantages.double()
    clipped = ratio.maximum(torch.tensor(1 - clip_eps)).minimum(torch.tensor(1 + clip_eps))
    return torch.mean(-torch.minimum(ratio * advantages, clipped * advantages))


def loss_of_good_and_bad(log_probs, old_log_probs, advantages, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    good, bad = advantages > 0, advantages <= 0
    gain = (ratio[good].clamp(max=1 + clip_eps) * advantages[good]).sum()
    gain += (ratio[bad].clamp(min=1 - clip_eps) * advantages[bad]).sum()
    return -gain / advantages.shape[0]


def kl_as_in_the_notebook(log_probs, old_log_probs):
    log_ratio = log_probs - old_log_probs
    return ((log_ratio.exp() - 1) - log_ratio).mean()


def kl_by_expm1(log_probs, old_log_probs):
    log_ratio = log_probs - old_log_probs
    return torch.mean(torch.expm1(log_ratio) - log_ratio)


def kl_by_ratio(log_probs, old_log_probs):
    ratio = torch.exp(log_probs) / torch.exp(old_log_probs)
    return torch.mean(ratio - 1 - torch.log(ratio))


def kl_by_old_over_new(log_probs, old_log_probs):
    log_ratio = old_log_probs - log_probs
    return (log_ratio + (-log_ratio).exp() - 1).mean()


def kl_mean_by_mean(log_probs, old_log_probs):
    log_ratio = log_probs - old_log_probs
    return log_ratio.exp().mean() - 1 - log_ratio.mean()


def kl_of_four_means(log_probs, old_log_probs):
    ratio = (log_probs - old_log_probs).exp()
    return ratio.mean() - log_probs.mean() + old_log_probs.mean() - 1


def kl_by_loop(log_probs, old_log_probs):
    total = 0
    for new, old in zip(log_probs, old_log_probs, strict=True):
        log_ratio = new - old
        total += torch.exp(log_ratio) - 1 - log_ratio
    return total / len(log_probs)


def kl_by_math(log_probs, old_log_probs):
    differences = (log_probs - old_log_probs).tolist()
    return statistics.fmean(math.exp(x) - 1 - x for x in differences)


def kl_by_numpys_own(log_probs, old_log_probs):
    new, old = log_probs.detach().numpy(), old_log_probs.numpy()
    return np.average(np.exp(new - old) - 1 - (new - old))


def kl_summed(log_probs, old_log_probs):
    log_ratio = log_probs - old_log_probs
    return (log_ratio.exp().sum() - log_ratio.sum() - log_ratio.numel()) / log_ratio.numel()


def kl_without_gradient(log_probs, old_log_probs):
    with torch.no_grad():
        log_ratio = torch.sub(log_probs, old_log_probs)
        return torch.add(torch.exp(log_ratio), -1).sub(log_ratio).mean().item()


def kl_from_items(log_probs, old_log_probs):
    terms = []
    for i in range(len(log_probs)):
        ratio = math.exp(log_probs[i].item()) / math.exp(old_log_probs[i].item())
        terms.append((ratio - 1) - math.log(ratio))
    return sum(terms) / len(terms)


def kl_by_kl_div(log_probs, old_log_probs):
    ratio = (log_probs - old_log_probs).exp()
    k1 = F.kl_div(log_probs, old_log_probs, log_target=True, reduction="none") / old_log_probs.exp()
    return (k1 + ratio - 1).mean()


def fraction_by_abs(log_probs, old_log_probs, clip_eps):
    ratio = torch.exp(log_probs - old_log_probs)
    return (torch.abs(ratio - 1.0) > clip_eps).float().mean()


def fraction_by_or(log_probs, old_log_probs, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    outside = (ratio < 1 - clip_eps) | (ratio > 1 + clip_eps)
    return outside.double().mean()


def fraction_by_two_means(log_probs, old_log_probs, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    return (ratio < 1 - clip_eps).float().mean() + (ratio > 1 + clip_eps).float().mean()


def fraction_not_inside(log_probs, old_log_probs, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    inside = torch.logical_and(ratio >= 1 - clip_eps, ratio <= 1 + clip_eps)
    return 1 - inside.float().mean()


def fraction_by_clamp(log_probs, old_log_probs, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    return (ratio.clamp(1 - clip_eps, 1 + clip_eps) != ratio).to(ratio.dtype).mean()


def fraction_by_count(log_probs, old_log_probs, clip_eps):
    ratio = log_probs.exp() / old_log_probs.exp()
    return torch.count_nonzero((ratio - 1).abs() > clip_eps) / len(ratio)


def fraction_by_loop(log_probs, old_log_probs, clip_eps):
    count = 0
    for new, old in zip(log_probs, old_log_probs, strict=True):
        ratio = torch.exp(new - old).item()
        if ratio > 1 + clip_eps or ratio < 1 - clip_eps:
            count += 1
    return count / len(log_probs)


def fraction_by_numpy(log_probs, old_log_probs, clip_eps):
    ratio = np.exp(log_probs.numpy() - old_log_probs.numpy())
    return np.mean(np.logical_or(ratio < 1 - clip_eps, ratio > 1 + clip_eps))


def fraction_in_logarithms(log_probs, old_log_probs, clip_eps):
    log_ratio = log_probs - old_log_probs
    outside = (log_ratio > math.log(1 + clip_eps)) | (log_ratio < math.log(1 - clip_eps))
    return sum(outside.tolist()) / outside.numel()


def fraction_by_where(log_probs, old_log_probs, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    return torch.where((ratio - 1).abs() > clip_eps, 1.0, 0.0).mean()


def fraction_by_a_list(log_probs, old_log_probs, clip_eps):
    ratios = (log_probs - old_log_probs).exp().tolist()
    return Fraction(len([ratio for ratio in ratios if abs(ratio - 1) > clip_eps]), len(ratios))


def fraction_by_indexing(log_probs, old_log_probs, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    return torch.tensor(len(ratio[(ratio > 1 + clip_eps) | (ratio < 1 - clip_eps)]) / len(ratio))


def fraction_by_isclose(log_probs, old_log_probs, clip_eps):
    ratio = (log_probs - old_log_probs).exp()
    inside = torch.isclose(ratio, ratio.clip(1 - clip_eps, 1 + clip_eps))
    return inside.logical_not().sum().item() / inside.numel()


RIGHT = {
    "clipped_loss": [
        loss_of_two_surrogates,
        loss_by_max,
        loss_by_where,
        loss_by_the_papers_g,
        loss_by_loop,
        loss_by_relu,
        loss_by_stack,
        loss_by_mask,
        loss_in_logarithms,
        loss_by_dot,
        loss_in_double,
        loss_of_good_and_bad,
    ],
    "kl": [
        kl_by_numpy,
        kl_as_in_the_notebook,
        kl_by_expm1,
        kl_by_ratio,
        kl_by_old_over_new,
        kl_mean_by_mean,
        kl_of_four_means,
        kl_by_loop,
        kl_by_math,
        kl_by_numpys_own,
        kl_summed,
        kl_without_gradient,
        kl_from_items,
        kl_by_kl_div,
    ],
    "clip_fraction": [
        fraction_of_each_sample,
        fraction_by_abs,
        fraction_by_or,
        fraction_by_two_means,
        fraction_not_inside,
        fraction_by_clamp,
        fraction_by_count,
        fraction_by_loop,
        fraction_by_numpy,
        fraction_in_logarithms,
        fraction_by_where,
        fraction_by_a_list,
        fraction_by_indexing,
        fraction_by_isclose,
    ],
    "drive_weights": answers_drive_weights.RIGHT,
}


# What the mistaken answers share; each of them makes its mistake with it.


def ratio_of(new, old):
    return torch.exp(new - old)


def product(ratio, adv, eps):
    return torch.minimum(ratio * adv, torch.clamp(ratio, 1 - eps, 1 + eps) * adv)


def by_loop(objective):
    """A loss that goes through its samples one by one; objective(ratio, advantage, eps) gets three numbers."""

    def loss(log_probs, old_log_probs, advantages, clip_eps):
        total = 0.0
        for new, old, advantage in zip(log_probs, old_log_probs, advantages, strict=True):
            total = total - objective((new - old).exp(), advantage, clip_eps)
        return total / len(advantages)

    return loss


def hold(ratio, low, high):
    return max(min(ratio, high), low)


def cut(ratio, eps):
    return ratio.clip(1 - eps, 1 + eps)


def product_normalised(new, old, adv, eps):
    adv = (adv - torch.mean(adv)) / torch.std(adv)
    return -product(ratio_of(new, old), adv, eps).mean()


def product_normalised_by_hand(new, old, adv, eps):
    deviation = ((adv - adv.mean()).square().sum() / (adv.numel() - 1)).sqrt()
    adv = (adv - adv.mean()) / (deviation + 1e-8)
    return loss_by_max(new, old, adv, eps)


def minimum_of_sums(new, old, adv, eps):
    ratio = ratio_of(new, old)
    surrogates = [ratio * adv, cut(ratio, eps) * adv]
    return -min(sum(s) / len(s) for s in surrogates)


def left_out(new, old, adv, eps):
    ratio = ratio_of(new, old)
    inside = (ratio >= 1 - eps) & (ratio <= 1 + eps)
    return -(ratio * adv * inside).mean()


CLIPPED_LOSS = {
    "sign": [
        lambda new, old, adv, eps: product(ratio_of(new, old), adv, eps).mean(),
        lambda new, old, adv, eps: -torch.max(-ratio_of(new, old) * adv, -cut(ratio_of(new, old), eps) * adv).mean(),
    ],
    "sum for mean": [
        lambda new, old, adv, eps: -product(ratio_of(new, old), adv, eps).sum(),
        lambda new, old, adv, eps: -sum(product(ratio_of(new, old), adv, eps)),
    ],
    "no mean": [
        lambda new, old, adv, eps: -product(ratio_of(new, old), adv, eps),
        lambda new, old, adv, eps: torch.max(-ratio_of(new, old) * adv, -cut(ratio_of(new, old), eps) * adv),
    ],
    "max for min": [
        lambda new, old, adv, eps: -torch.maximum(ratio_of(new, old) * adv, cut(ratio_of(new, old), eps) * adv).mean(),
        lambda new, old, adv, eps: torch.min(-adv * ratio_of(new, old), -adv * cut(ratio_of(new, old), eps)).mean(),
        by_loop(lambda ratio, a, eps: max(ratio * a, hold(ratio, 1 - eps, 1 + eps) * a)),
    ],
    "clip without the min": [
        lambda new, old, adv, eps: -(torch.clamp(ratio_of(new, old), 1 - eps, 1 + eps) * adv).mean(),
        by_loop(lambda ratio, a, eps: hold(ratio, 1 - eps, 1 + eps) * a),
    ],
    "not clipped": [
        lambda new, old, adv, eps: -torch.mean(torch.exp(new) / torch.exp(old) * adv),
        by_loop(lambda ratio, a, eps: ratio * a),
    ],
    "minimum before the product": [
        lambda new, old, adv, eps: -(torch.minimum(ratio_of(new, old), cut(ratio_of(new, old), eps)) * adv).mean(),
        by_loop(lambda ratio, a, eps: min(ratio, 1 + eps) * a),
    ],
    "mean before the minimum": [
        minimum_of_sums,
        lambda new, old, adv, eps: torch.max(
            (-adv * ratio_of(new, old)).mean(), (-adv * cut(ratio_of(new, old), eps)).mean()
        ),
    ],
    "advantages forgotten when clipping": [
        lambda new, old, adv, eps: -torch.minimum(ratio_of(new, old) * adv, cut(ratio_of(new, old), eps)).mean(),
        by_loop(lambda ratio, a, eps: min(a * ratio, hold(ratio, 1 - eps, 1 + eps))),
    ],
    "advantages forgotten before clipping": [
        lambda new, old, adv, eps: -torch.minimum(ratio_of(new, old), cut(ratio_of(new, old), eps) * adv).mean(),
        by_loop(lambda ratio, a, eps: min(ratio, hold(ratio, 1 - eps, 1 + eps) * a)),
    ],
    "product clipped": [
        lambda new, old, adv, eps: (
            -torch.min(ratio_of(new, old) * adv, torch.clamp(ratio_of(new, old) * adv, 1 - eps, 1 + eps)).mean()
        ),
        by_loop(lambda ratio, a, eps: min(ratio * a, hold(ratio * a, 1 - eps, 1 + eps))),
    ],
    "clipped above only": [
        lambda new, old, adv, eps: (
            -torch.min(ratio_of(new, old) * adv, torch.clamp(ratio_of(new, old), max=1 + eps) * adv).mean()
        ),
        by_loop(lambda ratio, a, eps: min(ratio, 1 + eps) * a if a > 0 else ratio * a),
    ],
    "clipped below only": [
        lambda new, old, adv, eps: (
            -torch.min(ratio_of(new, old) * adv, torch.clamp(ratio_of(new, old), min=1 - eps) * adv).mean()
        ),
        by_loop(lambda ratio, a, eps: max(ratio, 1 - eps) * a if a < 0 else ratio * a),
    ],
    "clipped around zero": [
        lambda new, old, adv, eps: torch.max(
            -ratio_of(new, old) * adv, -torch.clamp(ratio_of(new, old), -eps, eps) * adv
        ).mean(),
        by_loop(lambda ratio, a, eps: min(ratio * a, hold(ratio, -eps, eps) * a)),
    ],
    "log ratio clipped": [
        lambda new, old, adv, eps: (
            -torch.min(ratio_of(new, old) * adv, (new - old).clamp(-eps, eps).exp() * adv).mean()
        ),
        by_loop(lambda ratio, a, eps: min(ratio * a, hold(ratio, math.exp(-eps), math.exp(eps)) * a)),
    ],
    "clipped samples left out": [
        left_out,
        by_loop(lambda ratio, a, eps: ratio * a if 1 - eps < ratio < 1 + eps else 0.0),
    ],
    "policy gradient": [
        lambda new, old, adv, eps: -torch.mean(new * adv),
        lambda new, old, adv, eps: sum(-lp * a for lp, a in zip(new, adv, strict=True)) / len(adv),
    ],
    "ratio without exp": [
        lambda new, old, adv, eps: -product(new - old, adv, eps).mean(),
        lambda new, old, adv, eps: torch.max(-(new - old) * adv, -cut(new - old, eps) * adv).mean(),
    ],
    "quotient of logarithms": [
        lambda new, old, adv, eps: -product(new / old, adv, eps).mean(),
        lambda new, old, adv, eps: torch.max(-(new / old) * adv, -cut(new / old, eps) * adv).mean(),
    ],
    "ratio upside down": [
        lambda new, old, adv, eps: -product(torch.exp(old - new), adv, eps).mean(),
        lambda new, old, adv, eps: -product(old.exp() / new.exp(), adv, eps).mean(),
    ],
    "probability for ratio": [
        lambda new, old, adv, eps: -product(torch.exp(new), adv, eps).mean(),
        lambda new, old, adv, eps: torch.max(-new.exp() * adv, -cut(new.exp(), eps) * adv).mean(),
    ],
    "advantages normalised": [product_normalised, product_normalised_by_hand],
}


def half_square(new, old):
    log_ratio = new - old
    return 0.5 * log_ratio.pow(2).mean()


def listed(new, old):
    return list(zip(new.tolist(), old.tolist(), strict=True))


KL = {
    "sign swapped": [
        lambda new, old: ((old - new).exp() - 1 - (old - new)).mean(),
        lambda new, old: (old.exp() / new.exp() - 1 - old + new).mean(),
    ],
    "sign": [
        lambda new, old: ((new - old) - (ratio_of(new, old) - 1)).mean(),
        lambda new, old: torch.mean(1 + new - old - torch.exp(new - old)),
    ],
    "sum for mean": [
        lambda new, old: (ratio_of(new, old) - 1 - (new - old)).sum(),
        lambda new, old: sum(math.exp(n - o) - 1 - (n - o) for n, o in listed(new, old)),
    ],
    "no mean": [
        lambda new, old: torch.expm1(new - old) - (new - old),
        lambda new, old: [math.exp(n - o) - 1 - (n - o) for n, o in listed(new, old)],
    ],
    "the simple estimate": [
        lambda new, old: -(new - old).mean(),
        lambda new, old: sum(o - n for n, o in listed(new, old)) / len(new),
        lambda new, old: old.mean() - new.mean(),
    ],
    "the log ratio": [
        lambda new, old: torch.mean(new - old),
        lambda new, old: ratio_of(new, old).log().mean(),
    ],
    "the squared estimate": [
        half_square,
        lambda new, old: sum((n - o) ** 2 for n, o in listed(new, old)) / len(new) / 2,
    ],
    "squared without the half": [
        lambda new, old: F.mse_loss(new, old),
        lambda new, old: ((old - new) ** 2).mean(),
    ],
    "squared ratio": [
        lambda new, old: 0.5 * (ratio_of(new, old) - 1).square().mean(),
        lambda new, old: sum((math.exp(n - o) - 1) ** 2 / 2 for n, o in listed(new, old)) / len(new),
    ],
    "absolute log ratio": [
        lambda new, old: (new - old).abs().mean(),
        lambda new, old: F.l1_loss(old, new),
    ],
    "without the 1": [
        lambda new, old: (ratio_of(new, old) - (new - old)).mean(),
        lambda new, old: sum(math.exp(n - o) - (n - o) for n, o in listed(new, old)) / len(new),
    ],
    "1 twice": [
        lambda new, old: (torch.expm1(new - old) - 1 - (new - old)).mean(),
        lambda new, old: (ratio_of(new, old) - 2 - new + old).mean(),
    ],
    "log ratio added": [
        lambda new, old: (ratio_of(new, old) - 1 + (new - old)).mean(),
        lambda new, old: (ratio_of(new, old) - 1 - (old - new)).mean(),
    ],
    "log ratio left out": [
        lambda new, old: (ratio_of(new, old) - 1).mean(),
        lambda new, old: sum(math.exp(n - o) for n, o in listed(new, old)) / len(new) - 1,
    ],
    "one of the two upside down": [
        lambda new, old: (ratio_of(old, new) - 1 - (new - old)).mean(),
        lambda new, old: (old.exp() / new.exp() - 1 + old - new).mean(),
    ],
    "ratio without exp": [
        lambda new, old: ((new - old) - 1 - torch.log(new - old)).mean(),
        lambda new, old: torch.mean(-1 - (new - old).log() + new - old),
    ],
    "quotient of logarithms": [
        lambda new, old: (new / old - 1 - torch.log(new / old)).mean(),
        lambda new, old: sum(n / o - 1 - math.log(n / o) for n, o in listed(new, old)) / len(new),
    ],
    "the other direction": [
        lambda new, old: (ratio_of(new, old) * (new - old) - (ratio_of(new, old) - 1)).mean(),
        lambda new, old: sum(math.exp(n - o) * (n - o - 1) + 1 for n, o in listed(new, old)) / len(new),
    ],
    "the other direction, simply": [
        lambda new, old: (ratio_of(new, old) * (new - old)).mean(),
        lambda new, old: torch.mean(new.exp() / old.exp() * (new - old)),
    ],
    "weighted once more": [
        lambda new, old: F.kl_div(new, old, log_target=True, reduction="mean"),
        lambda new, old: sum(math.exp(o) * (o - n) for n, o in listed(new, old)) / len(new),
    ],
    "k3 weighted once more": [
        lambda new, old: (torch.exp(old) * (torch.expm1(new - old) - (new - old))).mean(),
        lambda new, old: (new.exp() - old.exp() - old.exp() * (new - old)).mean(),
    ],
    "mean before exp": [
        lambda new, old: (new - old).mean().exp() - 1 - (new - old).mean(),
        lambda new, old: math.expm1(new.mean().item() - old.mean().item()) - new.mean() + old.mean(),
    ],
}


def counted(outside):
    """A clip fraction that goes through its samples one by one; outside(ratio, eps) gets two numbers."""

    def fraction(log_probs, old_log_probs, clip_eps):
        ratios = [math.exp(new - old) for new, old in listed(log_probs, old_log_probs)]
        return sum(bool(outside(ratio, clip_eps)) for ratio in ratios) / len(ratios)

    return fraction


def away(new, old, eps):
    return (ratio_of(new, old) - 1).abs() > eps


CLIP_FRACTION = {
    "above only": [
        lambda new, old, eps: (ratio_of(new, old) > 1 + eps).float().mean(),
        counted(lambda ratio, eps: ratio - 1 > eps),
    ],
    "below only": [
        lambda new, old, eps: (ratio_of(new, old) < 1 - eps).float().mean(),
        counted(lambda ratio, eps: 1 - ratio > eps),
    ],
    "both at once": [
        lambda new, old, eps: ((ratio_of(new, old) < 1 - eps) & (ratio_of(new, old) > 1 + eps)).float().mean(),
        counted(lambda ratio, eps: ratio < 1 - eps and ratio > 1 + eps),
    ],
    "inside for outside": [
        lambda new, old, eps: ((ratio_of(new, old) - 1).abs() <= eps).float().mean(),
        counted(lambda ratio, eps: 1 - eps <= ratio <= 1 + eps),
    ],
    "the ends counted": [
        lambda new, old, eps: ((ratio_of(new, old) <= 1 - eps) | (ratio_of(new, old) >= 1 + eps)).float().mean(),
        counted(lambda ratio, eps: not 1 - eps < ratio < 1 + eps),
    ],
    "count for share": [
        lambda new, old, eps: away(new, old, eps).sum(),
        lambda new, old, eps: float(torch.count_nonzero(away(new, old, eps))),
    ],
    "percent": [
        lambda new, old, eps: 100 * away(new, old, eps).float().mean(),
        lambda new, old, eps: away(new, old, eps).sum() / len(new) * 100,
    ],
    "no mean": [
        away,
        lambda new, old, eps: torch.where(away(new, old, eps), 1.0, 0.0),
    ],
    "any for share": [
        lambda new, old, eps: away(new, old, eps).any(),
        lambda new, old, eps: float(any(abs(math.exp(n - o) - 1) > eps for n, o in listed(new, old))),
    ],
    "mean before comparing": [
        lambda new, old, eps: ((ratio_of(new, old).mean() - 1).abs() > eps).float().mean(),
        lambda new, old, eps: float(not 1 - eps <= ratio_of(new, old).mean() <= 1 + eps),
    ],
    "how far for how many": [
        lambda new, old, eps: (ratio_of(new, old) - cut(ratio_of(new, old), eps)).abs().mean(),
        lambda new, old, eps: F.relu((ratio_of(new, old) - 1).abs() - eps).mean(),
    ],
    "log ratio with eps": [
        lambda new, old, eps: ((new - old).abs() > eps).float().mean(),
        lambda new, old, eps: ((new - old > eps) | (old - new > eps)).double().mean(),
    ],
    "symmetric logarithms": [
        lambda new, old, eps: ((new - old).abs() > math.log(1 + eps)).float().mean(),
        counted(lambda ratio, eps: max(ratio, 1 / ratio) > 1 + eps),
    ],
    "ratio without exp": [
        lambda new, old, eps: ((new - old < 1 - eps) | (new - old > 1 + eps)).float().mean(),
        lambda new, old, eps: ((new - old - 1).abs() > eps).float().mean(),
    ],
    "around zero": [
        lambda new, old, eps: (ratio_of(new, old).abs() > eps).float().mean(),
        counted(lambda ratio, eps: ratio < -eps or ratio > eps),
    ],
    "squared distance": [
        lambda new, old, eps: ((ratio_of(new, old) - 1).square() > eps).float().mean(),
        counted(lambda ratio, eps: (1 - ratio) ** 2 > eps),
    ],
    "ratio upside down": [
        lambda new, old, eps: away(old, new, eps).float().mean(),
        counted(lambda ratio, eps: abs(1 / ratio - 1) > eps),
    ],
    "difference of probabilities": [
        lambda new, old, eps: ((new.exp() - old.exp()).abs() > eps).float().mean(),
        lambda new, old, eps: (
            sum(abs(math.exp(n) - math.exp(o)) > eps for n, o in zip(new, old, strict=True)) / len(new)
        ),
    ],
    "probability for ratio": [
        lambda new, old, eps: ((new.exp() < 1 - eps) | (new.exp() > 1 + eps)).float().mean(),
        lambda new, old, eps: sum(abs(math.exp(n) - 1) > eps for n in new.tolist()) / len(new),
    ],
    "quotient of logarithms": [
        lambda new, old, eps: ((new / old - 1).abs() > eps).float().mean(),
        lambda new, old, eps: sum(not 1 - eps <= n / o <= 1 + eps for n, o in listed(new, old)) / len(new),
    ],
}
MISTAKEN = {
    "clipped_loss": CLIPPED_LOSS,
    "kl": KL,
    "clip_fraction": CLIP_FRACTION,
    "drive_weights": answers_drive_weights.MISTAKEN,
}
