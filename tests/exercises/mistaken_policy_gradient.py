"""Every mistake of the exercises of notebook 3, as two students would make it."""

import math

import torch
from torch.nn import functional

# Arguments: r rewards, te terminated, tr truncated, all (T, N).


def backwards(r, ended):
    """The usual loop; ended is (T, N)."""
    sums, later = torch.zeros_like(r), torch.zeros(r.shape[1])
    for t in reversed(range(len(r))):
        later = r[t] + later * ~ended[t]
        sums[t] = later
    return sums


def by_loops(ends):
    """Sums step by step, up to the first later row for which ends(te, tr, k, n) holds."""

    def to_go(r, te, tr):
        sums = torch.zeros_like(r)
        for n in range(r.shape[1]):
            for t in range(len(r)):
                for k in range(t, len(r)):
                    sums[t, n] += r[k, n]
                    if ends(te, tr, k, n):
                        break
        return sums

    return to_go


def moved(ended, by):
    """Row t holds what belongs to row t + by."""
    if by > 0:
        return torch.vstack([ended[1:], ended[-1:]])
    return torch.vstack([torch.zeros_like(ended[:1]), ended[:-1]])


def past_by_loops(r, te, tr):
    sums = torch.zeros_like(r)
    for n in range(r.shape[1]):
        total = 0.0
        for t in range(len(r)):
            total = total + r[t, n]
            sums[t, n] = total
            if te[t, n] or tr[t, n]:
                total = 0.0
    return sums


def past_upside_down(r, te, tr):
    """In reversed time a drive ends where, in real time, the one before it has ended."""
    before = torch.vstack([torch.zeros_like(te[:1]), (te | tr)[:-1]])
    return backwards(r.flip(0), before.flip(0)).flip(0)


def drives_of(te, tr):
    done = (te | tr).long()
    return done.cumsum(0) - done


def whole_by_matrix(r, te, tr):
    drive = drives_of(te, tr)
    return ((drive[:, None] == drive[None]) * r[None]).sum(1)


def whole_by_loops(r, te, tr):
    result, drive = torch.zeros_like(r), drives_of(te, tr)
    for n in range(r.shape[1]):
        for t in range(len(r)):
            result[t, n] = r[drive[:, n] == drive[t, n], n].sum()
    return result


def two_steps_by_loops(r, te, tr):
    return [
        [r[t, n] + (r[t + 1, n] if t + 1 < len(r) and not (te[t, n] or tr[t, n]) else 0) for n in range(r.shape[1])]
        for t in range(len(r))
    ]


def mean_by_loops(r, te, tr):
    result, drive = torch.zeros_like(r), drives_of(te, tr)
    for n in range(r.shape[1]):
        for t in range(len(r)):
            result[t, n] = r[t:, n][drive[t:, n] == drive[t, n]].mean()
    return result


def own_left_out(r, te, tr):
    sums = backwards(r, te | tr)
    later = torch.vstack([sums[1:], torch.zeros_like(sums[:1])])
    return later * ~(te | tr)


def last_lost_inside(r, te, tr):
    sums, later = torch.zeros_like(r), torch.zeros(r.shape[1])
    for t in reversed(range(len(r))):
        later = (r[t] + later) * ~(te[t] | tr[t])
        sums[t] = later
    return sums


def range_too_short(r, te, tr):
    sums, later = torch.zeros_like(r), torch.zeros(r.shape[1])
    for t in range(len(r) - 1, 0, -1):
        later = r[t] + later * ~(te[t] | tr[t])
        sums[t] = later
    return sums


def last_row_empty(r, te, tr):
    sums = backwards(r, te | tr)
    sums[-1] = 0
    return sums


def last_row_never_filled(r, te, tr):
    later = r[-1]
    rows = [torch.zeros_like(later)]
    for t in range(len(r) - 2, -1, -1):
        later = r[t] + later * ~(te[t] | tr[t])
        rows.insert(0, later)
    return torch.stack(rows)


def begins_at_zero_and_one_too_late(r, te, tr):
    sums = torch.zeros_like(r)
    for t in range(len(r) - 2, -1, -1):
        sums[t] = r[t] + sums[t + 1] * ~(te[t] | tr[t])
    return sums


def without_the_last(r, te, tr):
    shortened = r.clone()
    shortened[-1] = 0
    return backwards(shortened, te | tr)


def one_number_for_all(r, te, tr):
    sums, later = torch.zeros_like(r), torch.zeros(r.shape[1])
    for t in reversed(range(len(r))):
        later = r[t].sum() + later * ~(te[t] | tr[t])
        sums[t] = later
    return sums


REWARDS_TO_GO = {
    "not stopped at the drive's end": [
        lambda r, te, tr: r.flip(0).cumsum(0).flip(0),
        lambda r, te, tr: torch.stack([r[t:].sum(0) for t in range(len(r))]),
    ],
    "stopped at crashes only": [lambda r, te, tr: backwards(r, te), by_loops(lambda te, tr, k, n: te[k, n])],
    "stopped at time limits only": [lambda r, te, tr: backwards(r, tr), by_loops(lambda te, tr, k, n: tr[k, n])],
    "stopped only where both": [
        lambda r, te, tr: backwards(r, te & tr),
        by_loops(lambda te, tr, k, n: te[k, n] and tr[k, n]),
    ],
    "stopped only where one": [
        lambda r, te, tr: backwards(r, te ^ tr),
        by_loops(lambda te, tr, k, n: te[k, n] != tr[k, n]),
    ],
    "upside down": [
        lambda r, te, tr: backwards(r, ~(te | tr)),
        by_loops(lambda te, tr, k, n: not (te[k, n] or tr[k, n])),
    ],
    "end one step late": [
        lambda r, te, tr: backwards(r, moved(te | tr, 1)),
        by_loops(lambda te, tr, k, n: (te | tr)[min(k + 1, len(te) - 1), n]),
    ],
    "end one step early": [
        lambda r, te, tr: backwards(r, moved(te | tr, -1)),
        by_loops(lambda te, tr, k, n: k > 0 and (te | tr)[k - 1, n]),
    ],
    "over the past": [past_by_loops, past_upside_down],
    "whole return": [whole_by_matrix, whole_by_loops],
    "own reward left out": [own_left_out, lambda r, te, tr: backwards(r, te | tr) - r],
    "last reward lost": [last_lost_inside, lambda r, te, tr: backwards(r.masked_fill(te | tr, 0), te | tr)],
    "the rewards themselves": [lambda r, te, tr: 1.0 * r, lambda r, te, tr: r.tolist()],
    "two steps only": [
        two_steps_by_loops,
        lambda r, te, tr: r + torch.vstack([r[1:], 0 * r[:1]]) * ~te * ~tr,
    ],
    "mean for sum": [
        mean_by_loops,
        lambda r, te, tr: backwards(r, te | tr) / backwards(torch.ones_like(r), te | tr),
    ],
    "last row lost": [last_row_empty, last_row_never_filled],
    "first row lost": [
        range_too_short,
        lambda r, te, tr: torch.vstack([0 * r[:1], backwards(r, te | tr)[1:]]),
    ],
    "last step forgotten": [begins_at_zero_and_one_too_late, without_the_last],
    "sign": [
        lambda r, te, tr: -backwards(r, te | tr),
        lambda r, te, tr: backwards(-r, te | tr),
    ],
    "summed over the roads": [
        one_number_for_all,
        lambda r, te, tr: backwards(r.sum(1, keepdim=True).repeat(1, r.shape[1]), te | tr),
    ],
}

# Arguments: lp log_probs, g rewards_to_go, v values, d driving, all (T, N).


def by_drive(term, average=lambda sums: sum(sums) / len(sums)):
    """A loss that goes through the drives; term(lp, g, v) gets what one drive holds, and gives its share."""

    def loss(lp, g, v, d):
        drives = [term(lp[d[:, n], n], g[d[:, n], n], v[d[:, n], n].detach()) for n in range(d.shape[1])]
        return -average(drives)

    return loss


def dot(a, b):
    return (a * b).sum()


REINFORCE_LOSS = {
    "sign": [
        lambda lp, g, v, d: (lp * (g - v.detach()) * d).sum(0).mean(),
        lambda lp, g, v, d: -(lp * (v - g) * d).sum() / d.shape[1],
    ],
    "sum for mean": [
        lambda lp, g, v, d: -(lp * (g - v) * d).sum(),
        by_drive(lambda lp, g, v: dot(lp, g - v), sum),
    ],
    "mean of all numbers": [
        lambda lp, g, v, d: -(lp * (g - v) * d).mean(),
        lambda lp, g, v, d: -torch.where(d, lp * (g - v), 0.0).sum() / d.numel(),
    ],
    "mean of all steps": [
        lambda lp, g, v, d: -(lp * (g - v))[d].mean(),
        lambda lp, g, v, d: (lp * (v - g) * d).sum() / d.sum(),
    ],
    "mean of each drive": [
        by_drive(lambda lp, g, v: (lp * (g - v)).mean()),
        lambda lp, g, v, d: -((lp * (g - v) * d).sum(0) / d.sum(0)).mean(),
    ],
    "mean over the steps": [
        lambda lp, g, v, d: -(lp * (g - v) * d).sum(1).mean(),
        lambda lp, g, v, d: -(lp * (g - v) * d).sum() / lp.shape[0],
    ],
    "no mean": [
        lambda lp, g, v, d: -(lp * (g - v) * d).sum(0),
        by_drive(lambda lp, g, v: dot(lp, g - v), torch.stack),
    ],
    "driving ignored": [
        lambda lp, g, v, d: -(lp * (g - v)).sum(0).mean(),
        lambda lp, g, v, d: sum(dot(row, b - a) for row, a, b in zip(lp, g, v, strict=True)) / d.shape[1],
    ],
    "driving upside down": [
        lambda lp, g, v, d: -(lp * (g - v) * ~d).sum(0).mean(),
        lambda lp, g, v, d: -(lp * (g - v)).masked_fill(d, 0).sum(0).mean(),
    ],
    "driving one step early": [
        lambda lp, g, v, d: -(lp[:-1] * (g - v)[:-1] * d[1:]).sum(0).mean(),
        by_drive(lambda lp, g, v: dot(lp[:-1], (g - v)[:-1])),
    ],
    "without the baseline": [
        lambda lp, g, v, d: -(lp * g * d).sum(0).mean(),
        by_drive(lambda lp, g, v: dot(lp, g)),
    ],
    "baseline added": [
        lambda lp, g, v, d: -(lp * (g + v) * d).sum(0).mean(),
        by_drive(lambda lp, g, v: dot(lp, g) + dot(lp, v)),
    ],
    "baseline averaged": [
        lambda lp, g, v, d: -(lp * (g - v.mean()) * d).sum(0).mean(),
        lambda lp, g, v, d: -(lp * (g - v.sum() / v.numel()) * d).sum() / d.shape[1],
    ],
    "values for rewards": [
        lambda lp, g, v, d: -(lp * v.detach() * d).sum(0).mean(),
        by_drive(lambda lp, g, v: dot(lp, v)),
    ],
    "probability": [
        lambda lp, g, v, d: -(lp.exp() * (g - v) * d).sum(0).mean(),
        by_drive(lambda lp, g, v: dot(math.e**lp, g - v)),
    ],
    "log-probabilities forgotten": [
        lambda lp, g, v, d: -((g - v) * d).sum(0).mean(),
        by_drive(lambda lp, g, v: (g - v).sum()),
    ],
    "sums multiplied": [
        lambda lp, g, v, d: -((lp * d).sum(0) * ((g - v) * d).sum(0)).mean(),
        by_drive(lambda lp, g, v: lp.sum() * (g - v).sum()),
    ],
    "squared": [
        lambda lp, g, v, d: -(lp * (g - v) ** 2 * d).sum(0).mean(),
        by_drive(lambda lp, g, v: dot(lp, (v - g).square())),
    ],
    "absolute": [
        lambda lp, g, v, d: -(lp * (g - v).abs() * d).sum(0).mean(),
        by_drive(lambda lp, g, v: dot(lp, functional.relu(g - v) + functional.relu(v - g))),
    ],
}

# Arguments: z logits (B, A), a actions (B,).


def ones(z, a):
    return functional.one_hot(a, z.shape[1])


def ones_by_loop(z, a):
    table = torch.zeros_like(z)
    for i, action in enumerate(a.tolist()):
        table[i, action] = 1
    return table


def own(z, a):
    return z.softmax(1)[torch.arange(len(a)), a][:, None]


def normalised(weights, dim):
    return weights / weights.sum(dim, keepdim=True)


GRAD_LOG_SOFTMAX = {
    "sign": [lambda z, a: z.softmax(1) - ones(z, a), lambda z, a: -(ones_by_loop(z, a) - z.softmax(1))],
    "probabilities forgotten": [ones_by_loop, lambda z, a: torch.eye(z.shape[1])[a]],
    "action forgotten": [lambda z, a: -z.softmax(1), lambda z, a: 0 - z.log_softmax(1).exp()],
    "every action as if taken": [
        lambda z, a: 1 - z.softmax(1),
        lambda z, a: torch.ones_like(z) - z.log_softmax(1).exp(),
    ],
    "other actions left out": [
        lambda z, a: ones(z, a) * (1 - z.softmax(1)),
        lambda z, a: ones_by_loop(z, a) * (1 - own(z, a)),
    ],
    "derivative of the probability": [
        lambda z, a: own(z, a) * (ones(z, a) - z.softmax(1)),
        lambda z, a: (z.softmax(1) * ones_by_loop(z, a)).sum(1, keepdim=True) * (ones_by_loop(z, a) - z.softmax(1)),
    ],
    "divided by the probability": [
        lambda z, a: (ones(z, a) - z.softmax(1)) / own(z, a),
        lambda z, a: ones(z, a) / own(z, a) - z.softmax(1) / own(z, a),
    ],
    "sigmoid": [
        lambda z, a: z.softmax(1) * (1 - z.softmax(1)),
        lambda z, a: z.softmax(1) - z.softmax(1) ** 2,
    ],
    "own probability for all": [
        lambda z, a: ones(z, a) - own(z, a),
        lambda z, a: torch.stack([row - row2[i] for row, row2, i in zip(ones(z, a), z.softmax(1), a, strict=True)]),
    ],
    "logits for probabilities": [lambda z, a: ones(z, a) - z, lambda z, a: ones_by_loop(z, a) - z],
    "log-probabilities": [
        lambda z, a: ones(z, a) - z.log_softmax(1),
        lambda z, a: ones(z, a) - z + z.logsumexp(1, keepdim=True),
    ],
    "not normalised": [lambda z, a: ones(z, a) - z.exp(), lambda z, a: ones_by_loop(z, a) - math.e**z],
    "wrong axis": [
        lambda z, a: ones(z, a) - z.softmax(0),
        lambda z, a: ones_by_loop(z, a) - normalised((z - z.max()).exp(), 0),
    ],
    "over the whole batch": [
        lambda z, a: ones(z, a) - (z - z.max()).exp() / (z - z.max()).exp().sum(),
        lambda z, a: ones_by_loop(z, a) - (z - z.logsumexp((0, 1))).exp(),
    ],
    "softmax twice": [
        lambda z, a: ones(z, a) - z.softmax(1).softmax(1),
        lambda z, a: ones_by_loop(z, a) - normalised(z.softmax(1).exp(), 1),
    ],
    "most probable action": [
        lambda z, a: ones(z, z.argmax(1)) - z.softmax(1),
        lambda z, a: (z == z.amax(1, keepdim=True)).float() - z.softmax(1),
    ],
    "actions from 1": [
        lambda z, a: ones(z, a).roll(-1, 1) - z.softmax(1),
        lambda z, a: torch.eye(z.shape[1])[a - 1] - z.softmax(1),
    ],
    "number of actions left out": [
        lambda z, a: functional.one_hot(a) - z.softmax(1),
        lambda z, a: torch.eye(int(a.max()) + 1)[a] - z.log_softmax(1).exp(),
    ],
    "mean over the states": [
        lambda z, a: (ones(z, a) - z.softmax(1)) / len(a),
        lambda z, a: -torch.func.grad(functional.cross_entropy)(z, a),
    ],
    "only the action taken": [
        lambda z, a: 1 - own(z, a)[:, 0],
        lambda z, a: [1 - p[i].item() for p, i in zip(z.softmax(1), a, strict=True)],
    ],
    "summed over the states": [
        lambda z, a: (ones(z, a) - z.softmax(1)).sum(0),
        lambda z, a: a.bincount(minlength=z.shape[1]) - z.softmax(1).sum(0),
    ],
}

MISTAKEN = {
    "rewards_to_go": REWARDS_TO_GO,
    "reinforce_loss": REINFORCE_LOSS,
    "grad_log_softmax": GRAD_LOG_SOFTMAX,
}
