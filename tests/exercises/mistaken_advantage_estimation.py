"""Every mistake of the exercises of notebook 4, as two students would make it."""

import numpy as np
import torch

# Arguments: r rewards, v values, v2 next_values, te terminated, tr truncated, all (T, N); g is γ.


def next_row(rows, last):
    """Row t + 1 in place of row t, with another last row."""
    return torch.vstack([rows[1:], last])


def one_by_one(step):
    """All TD errors by loops, each by `step(t, n)` of the same arguments."""

    def errors(r, v, v2, te, tr, g):
        return [[step(r, v, v2, te, tr, g, t, n) for n in range(r.shape[1])] for t in range(r.shape[0])]

    return errors


TD_ERRORS = {
    "terminated ignored": [
        lambda r, v, v2, te, tr, g: r + g * v2 - v,
        lambda r, v, v2, te, tr, g: torch.stack([r[t] - v[t] + g * v2[t] for t in range(len(r))]),
    ],
    "truncation treated as termination": [
        lambda r, v, v2, te, tr, g: r + g * v2.masked_fill(te | tr, 0) - v,
        lambda r, v, v2, te, tr, g: r + g * v2 * (1 - te.float()) * (1 - tr.float()) - v,
    ],
    "the two confused": [
        lambda r, v, v2, te, tr, g: r + g * v2 * ~tr - v,
        lambda r, v, v2, te, tr, g: torch.where(tr, r, r + g * v2) - v,
    ],
    "flag upside down": [
        lambda r, v, v2, te, tr, g: r + g * v2 * te - v,
        lambda r, v, v2, te, tr, g: r - v + torch.where(te, g * v2, 0.0),
    ],
    "zero only where both": [
        lambda r, v, v2, te, tr, g: r + g * v2 * ~(te & tr) - v,
        one_by_one(
            lambda r, v, v2, te, tr, g, t, n: r[t, n] + (0 if te[t, n] and tr[t, n] else g * v2[t, n]) - v[t, n]
        ),
    ],
    "truncation wins": [
        lambda r, v, v2, te, tr, g: r + g * v2 * (~te | tr) - v,
        lambda r, v, v2, te, tr, g: torch.where(tr, r + g * v2, torch.where(te, r, r + g * v2)) - v,
    ],
    "without gamma": [
        lambda r, v, v2, te, tr, g: r + v2 * ~te - v,
        lambda r, v, v2, te, tr, g: r - v + v2.masked_fill(te, 0),
    ],
    "gamma twice": [
        lambda r, v, v2, te, tr, g: r + g * (g * v2 * ~te) - v,
        lambda r, v, v2, te, tr, g: torch.where(te, r, r + g**2 * v2) - v,
    ],
    "off by one in time": [
        lambda r, v, v2, te, tr, g: r + g * next_row(v, v2[-1:]) * ~te - v,
        one_by_one(
            lambda r, v, v2, te, tr, g, t, n: (
                r[t, n] + g * (v[t + 1, n] if t + 1 < len(v) else v2[t, n]) * (not te[t, n]) - v[t, n]
            )
        ),
    ],
    "off by one, nothing in the last row": [
        lambda r, v, v2, te, tr, g: r + g * next_row(v, torch.zeros_like(v[:1])) * ~te - v,
        one_by_one(
            lambda r, v, v2, te, tr, g, t, n: (
                r[t, n] - v[t, n] + (g * v[t + 1, n] if t + 1 < len(v) and not te[t, n] else 0)
            )
        ),
    ],
    "off by one, the rows turn round": [
        lambda r, v, v2, te, tr, g: r + g * v.roll(-1, dims=0) * ~te - v,
        one_by_one(
            lambda r, v, v2, te, tr, g, t, n: r[t, n] + (0 if te[t, n] else g * v[(t + 1) % len(v), n]) - v[t, n]
        ),
    ],
    "next value one step late": [
        lambda r, v, v2, te, tr, g: r + g * next_row(v2, v2[-1:]) * ~te - v,
        one_by_one(
            lambda r, v, v2, te, tr, g, t, n: (
                r[t, n] + g * v2[min(t + 1, len(v2) - 1), n] * (1 - te[t, n].int()) - v[t, n]
            )
        ),
    ],
    "flag one step late": [
        lambda r, v, v2, te, tr, g: r + g * v2 * ~next_row(te, te[-1:]) - v,
        one_by_one(
            lambda r, v, v2, te, tr, g, t, n: r[t, n] - v[t, n] + (0 if te[t : t + 2, n][-1] else g * v2[t, n])
        ),
    ],
    "flag one step early": [
        lambda r, v, v2, te, tr, g: r + g * v2 * ~torch.vstack([torch.zeros_like(te[:1]), te[:-1]]) - v,
        one_by_one(
            lambda r, v, v2, te, tr, g, t, n: r[t, n] - v[t, n] + (0 if t > 0 and te[t - 1, n] else g * v2[t, n])
        ),
    ],
    "sign": [
        lambda r, v, v2, te, tr, g: v - (r + g * v2 * ~te),
        lambda r, v, v2, te, tr, g: v - torch.where(te, r, r + g * v2),
    ],
    "values swapped": [
        lambda r, v, v2, te, tr, g: r + g * v * ~te - v2,
        lambda r, v, v2, te, tr, g: torch.where(te, r, r + g * v) - v2,
    ],
    "target instead of error": [
        lambda r, v, v2, te, tr, g: r + g * v2 * ~te,
        lambda r, v, v2, te, tr, g: torch.where(te, r, r + g * v2),
    ],
    "value added": [
        lambda r, v, v2, te, tr, g: r + g * v2 * ~te + v,
        lambda r, v, v2, te, tr, g: torch.where(te, r, r + g * v2) + v,
    ],
    "reward left out": [
        lambda r, v, v2, te, tr, g: g * v2 * ~te - v,
        lambda r, v, v2, te, tr, g: v2.masked_fill(te, 0) * g - v,
    ],
    "reward discounted": [
        lambda r, v, v2, te, tr, g: g * (r + v2 * ~te) - v,
        lambda r, v, v2, te, tr, g: torch.where(te, r, r + v2) * g - v,
    ],
    "reward of the last step lost": [
        lambda r, v, v2, te, tr, g: (r + g * v2) * ~te - v,
        lambda r, v, v2, te, tr, g: torch.where(te, 0.0, r + g * v2) - v,
    ],
    "value of the last step lost": [
        lambda r, v, v2, te, tr, g: r + (g * v2 - v) * ~te,
        lambda r, v, v2, te, tr, g: torch.where(te, r, r + g * v2 - v),
    ],
    "zero after a crash": [
        lambda r, v, v2, te, tr, g: (r + g * v2 - v) * ~te,
        lambda r, v, v2, te, tr, g: torch.where(te, 0.0, r + g * v2 - v),
    ],
    "gamma for all": [
        lambda r, v, v2, te, tr, g: r + g * (v2 * ~te - v),
        lambda r, v, v2, te, tr, g: r + g * torch.where(te, -v, v2 - v),
    ],
    "squared": [
        lambda r, v, v2, te, tr, g: (r + g * v2 * ~te - v).square(),
        lambda r, v, v2, te, tr, g: torch.nn.functional.mse_loss(v, r + g * v2 * ~te, reduction="none"),
    ],
}


# Arguments: d deltas, te terminated, tr truncated, all (T, N); g is γ and lam λ.


def by_sums(ends, factor):
    """GAE from its definition, with these ends of the sum and this factor per step."""

    def advantages(d, te, tr, g, lam):
        result, end = torch.zeros_like(d), ends(te, tr)
        for t in range(d.shape[0]):
            for n in range(d.shape[1]):
                weight = 1.0
                for k in range(t, d.shape[0]):
                    result[t, n] += weight * d[k, n]
                    if end[k, n]:
                        break
                    weight *= factor(g, lam)
        return result

    return advantages


def backwards(step):
    """GAE by a loop backwards, each row by `step` of δ_t, γ, λ, the flags of step t and the row after it."""

    def advantages(d, te, tr, g, lam):
        rows, later = [], torch.zeros_like(d[0])
        for t in reversed(range(len(d))):
            later = step(d[t], g, lam, te[t], tr[t], later)
            rows.insert(0, later)
        return torch.stack(rows)

    return advantages


either = by_sums(lambda te, tr: te | tr, lambda g, lam: g * lam)


def end_of_the_next_step(d, te, tr, g, lam):
    result, done = d.clone(), te + tr
    for t in range(len(d) - 2, -1, -1):
        result[t] += g * lam * result[t + 1] * ~done[t + 1]
    return result


def end_of_the_step_before(d, te, tr, g, lam):
    result, done = d.clone(), te + tr
    for t in range(len(d) - 2, -1, -1):
        result[t] += g * lam * result[t + 1] * (~done[t - 1] if t > 0 else 1)
    return result


def end_of_the_step_before_by_shifting(d, te, tr, g, lam):
    done = torch.vstack([torch.zeros_like(te[:1]), (te | tr)[:-1]])
    return either(d, done, done, g, lam)


def past_in_place(d, te, tr, g, lam):
    result = d.clone()
    for t in range(1, len(d)):
        result[t] += g * lam * (1 - (te[t] | tr[t]).int()) * result[t - 1]
    return result


def past_by_lists(d, te, tr, g, lam):
    rows, carried = [], 0
    for delta, crash, limit in zip(d, te, tr, strict=True):
        carried = delta + g * lam * carried * ~crash * ~limit
        rows.append(carried)
    return torch.stack(rows)


def next_delta(d, te, tr, g, lam):
    result = d.clone()
    for t in range(len(d) - 1):
        result[t] = d[t] + g * lam * ~(te[t] | tr[t]) * d[t + 1]
    return result


def next_delta_at_once(d, te, tr, g, lam):
    result = d.clone()
    result[:-1] += g * lam * torch.where(te | tr, 0.0, 1.0)[:-1] * d[1:]
    return result


def loop_from_the_last_but_one(d, te, tr, g, lam):
    result, later = torch.zeros_like(d), d[-1]
    for t in range(len(d) - 2, -1, -1):
        later = d[t] + g * lam * ~(te[t] | tr[t]) * later
        result[t] = later
    return result


def loop_down_to_one(d, te, tr, g, lam):
    result, later = torch.zeros_like(d), 0
    for t in range(len(d) - 1, 0, -1):
        result[t] = later = d[t] + g * lam * ~(te[t] | tr[t]) * later
    return result


def begun_too_late(d, te, tr, g, lam):
    result = torch.zeros_like(d)
    for t in range(len(d) - 2, -1, -1):
        result[t] = d[t] + g * lam * ~(te[t] | tr[t]) * result[t + 1]
    return result


def padded_with_nothing(d, te, tr, g, lam):
    kept = d.clone()
    kept[-1] = 0
    return either(kept, te, tr, g, lam)


def one_number_for_all(d, te, tr, g, lam):
    """`later` is a single number, to which every road adds its δ."""
    result = torch.zeros_like(d)
    for n in range(d.shape[1]):
        later = 0.0
        for t in range(len(d) - 1, -1, -1):
            later = d[t].sum() + g * lam * (not (te[t, n] or tr[t, n])) * later
            result[t, n] = later
    return result


GAE = {
    "not stopped at the episode's end": [
        backwards(lambda d, g, lam, te, tr, later: d + g * lam * later),
        by_sums(lambda te, tr: te & False, lambda g, lam: g * lam),
    ],
    "stopped at crashes only": [
        backwards(lambda d, g, lam, te, tr, later: d + g * lam * ~te * later),
        by_sums(lambda te, tr: te, lambda g, lam: g * lam),
    ],
    "stopped at time limits only": [
        backwards(lambda d, g, lam, te, tr, later: d + g * lam * ~tr * later),
        by_sums(lambda te, tr: tr, lambda g, lam: g * lam),
    ],
    "stopped only where both": [
        backwards(lambda d, g, lam, te, tr, later: d + g * lam * (1 - te.float() * tr.float()) * later),
        by_sums(lambda te, tr: te & tr, lambda g, lam: g * lam),
    ],
    "stopped only where one": [
        backwards(lambda d, g, lam, te, tr, later: d + torch.where(te ^ tr, 0.0, g * lam * later)),
        by_sums(lambda te, tr: te != tr, lambda g, lam: g * lam),
    ],
    "upside down": [
        backwards(lambda d, g, lam, te, tr, later: d + g * lam * (te | tr) * later),
        by_sums(lambda te, tr: ~(te | tr), lambda g, lam: g * lam),
    ],
    "without gamma": [
        backwards(lambda d, g, lam, te, tr, later: d + lam * ~(te | tr) * later),
        by_sums(lambda te, tr: te | tr, lambda g, lam: lam),
    ],
    "without lambda": [
        backwards(lambda d, g, lam, te, tr, later: d + g * ~(te | tr) * later),
        by_sums(lambda te, tr: te | tr, lambda g, lam: g),
    ],
    "weighted average": [
        backwards(lambda d, g, lam, te, tr, later: (1 - lam) * d + g * lam * ~(te | tr) * later),
        lambda d, te, tr, g, lam: (1 - lam) * either(d, te, tr, g, lam),
    ],
    "one step only": [
        lambda d, te, tr, g, lam: d,
        lambda d, te, tr, g, lam: torch.stack([d[t] for t in range(len(d))]),
    ],
    "delta for the advantage": [next_delta, next_delta_at_once],
    "end one step late": [
        end_of_the_next_step,
        lambda d, te, tr, g, lam: either(d, next_row(te, te[-1:]), next_row(tr, tr[-1:]), g, lam),
    ],
    "end one step early": [end_of_the_step_before, end_of_the_step_before_by_shifting],
    "forwards in time": [past_in_place, past_by_lists],
    "delta of the last step lost": [
        backwards(lambda d, g, lam, te, tr, later: ~(te | tr) * (d + g * lam * later)),
        backwards(lambda d, g, lam, te, tr, later: torch.where(te | tr, 0.0, d + g * lam * later)),
    ],
    "delta discounted": [
        backwards(lambda d, g, lam, te, tr, later: g * lam * (d + ~(te | tr) * later)),
        lambda d, te, tr, g, lam: g * lam * either(d, te, tr, g, lam),
    ],
    "last row lost": [
        loop_from_the_last_but_one,
        lambda d, te, tr, g, lam: torch.vstack([either(d, te, tr, g, lam)[:-1], torch.zeros(1, d.shape[1])]),
    ],
    "first row lost": [
        loop_down_to_one,
        lambda d, te, tr, g, lam: torch.vstack([torch.zeros(1, d.shape[1]), either(d, te, tr, g, lam)[1:]]),
    ],
    "last step forgotten in the sum": [begun_too_late, padded_with_nothing],
    "sign": [
        lambda d, te, tr, g, lam: -either(d, te, tr, g, lam),
        backwards(lambda d, g, lam, te, tr, later: g * lam * ~(te | tr) * later - d),
    ],
    "summed over the roads": [
        one_number_for_all,
        backwards(lambda d, g, lam, te, tr, later: d.sum() + g * lam * ~(te | tr) * later),
    ],
}


# Argument: a (T, N) advantages.

NORMALIZE = {
    "over time": [
        lambda a: (a - a.mean(dim=0, keepdim=True)) / a.var(dim=0, correction=0, keepdim=True).sqrt(),
        lambda a: (a.numpy() - a.numpy().mean(axis=0)) / a.numpy().std(axis=0),
    ],
    "over environments": [
        lambda a: ((a.T - a.mean(1)) / a.std(1, unbiased=False)).T,
        lambda a: torch.stack([(row - row.mean()) / row.std(correction=0) for row in a]),
    ],
    "not centred": [
        lambda a: a / a.var(correction=0).sqrt(),
        lambda a: a.numpy() / np.std(a.numpy()),
    ],
    "not scaled": [
        lambda a: a - torch.sum(a) / a.numel(),
        lambda a: a.numpy() - np.average(a.numpy()),
    ],
    "variance": [
        lambda a: (a - a.mean()) / (a - a.mean()).square().mean(),
        lambda a: (a.numpy() - a.numpy().mean()) / a.numpy().var(),
    ],
    "one transition less": [
        lambda a: (a - torch.mean(a)) / torch.std(a),
        lambda a: (a.numpy() - a.numpy().mean()) / a.numpy().std(ddof=1),
    ],
    "parentheses": [
        lambda a: a - torch.mean(a) / torch.std(a, unbiased=False),
        lambda a: a.numpy() - a.numpy().mean() / a.numpy().std(),
    ],
    "mean after the division": [
        lambda a: a / a.std(correction=0) - a.mean(),
        lambda a: a.numpy() / a.numpy().std() - a.numpy().mean(),
    ],
    "median": [
        lambda a: (a - torch.median(a)) / torch.std(a, correction=0),
        lambda a: (a - sorted(a.flatten().tolist())[(a.numel() - 1) // 2]) / a.var(correction=0).sqrt(),
    ],
    "range": [
        lambda a: (a - a.mean()) / (torch.max(a) - torch.min(a)),
        lambda a: (a.numpy() - a.numpy().mean()) / np.ptp(a.numpy()),
    ],
    "to the unit interval": [
        lambda a: (a - torch.min(a)) / (torch.max(a) - torch.min(a)),
        lambda a: (a.numpy() - a.numpy().min()) / np.ptp(a.numpy()),
    ],
    "mean absolute deviation": [
        lambda a: (a - a.mean()) / torch.mean(torch.abs(a - a.mean())),
        lambda a: (a.numpy() - a.numpy().mean()) / np.abs(a.numpy() - a.numpy().mean()).mean(),
    ],
    "norm": [
        lambda a: (a - a.mean()) / torch.linalg.norm(a - a.mean()),
        lambda a: torch.nn.functional.normalize((a - a.mean()).flatten(), dim=0).reshape(a.shape),
    ],
    "root mean square": [
        lambda a: (a - a.mean()) / (a**2).mean() ** 0.5,
        lambda a: (a.numpy() - a.numpy().mean()) / np.sqrt(np.mean(np.square(a.numpy()))),
    ],
    "epsilon": [
        lambda a: (a - torch.mean(a)) / (torch.std(a, unbiased=False) + 1e-5),
        lambda a: (a.numpy() - a.numpy().mean()) / (a.numpy().std() + 1e-5),
    ],
    "sign": [
        lambda a: (a.mean() - a) / a.std(correction=0),
        lambda a: -(a.numpy() - a.numpy().mean()) / a.numpy().std(),
    ],
}

MISTAKEN = {"td_errors": TD_ERRORS, "gae": GAE, "normalize": NORMALIZE}
