"""Every mistake of the exercises of notebook 7, as two students would make it."""

import math
import statistics

import numpy as np
import torch
from scipy import stats

SIDES = np.array([-1, 1])
PERCENT = [2.5, 97.5]


# Arguments: r (E,) returns, i (R, E) indices.

BOOTSTRAP = {
    "spread of the episodes": [
        lambda r, i: np.quantile(r[i].ravel(), [0.025, 0.975]),
        lambda r, i: np.percentile([r[k] for row in i for k in row], PERCENT),
    ],
    "no resampling": [
        lambda r, i: np.quantile(r, [0.025, 0.975]),
        lambda r, i: (np.percentile(r, 2.5), np.percentile(r, 97.5)),
    ],
    "over the wrong axis": [
        lambda r, i: np.percentile(np.mean(r[i], 0), PERCENT),
        lambda r, i: np.quantile([r[column].mean() for column in i.T], [0.025, 0.975]),
    ],
    "90 per cent": [
        lambda r, i: np.quantile(r[i].mean(axis=1), [0.05, 0.95]),
        lambda r, i: [np.percentile([r[row].mean() for row in i], percent) for percent in (5, 95)],
    ],
    "99 per cent": [
        lambda r, i: np.quantile(r[i].mean(axis=1), [0.005, 0.995]),
        lambda r, i: np.percentile([r[row].mean() for row in i], (0.5, 99.5)),
    ],
    "one-sided": [
        lambda r, i: (r[i].mean(axis=1).min(), np.percentile(r[i].mean(axis=1), 95)),
        lambda r, i: np.quantile([np.average(r[row]) for row in i], [0, 0.95]),
    ],
    "fractions for per cent": [
        lambda r, i: np.percentile([r[row].mean() for row in i], [0.025, 0.975]),
        lambda r, i: [np.percentile(np.take(r, i).mean(-1), q) for q in (0.05 / 2, 1 - 0.05 / 2)],
    ],
    "smallest and largest": [
        lambda r, i: (r[i].mean(1).min(), r[i].mean(1).max()),
        lambda r, i: np.array(sorted(statistics.fmean(r[row]) for row in i))[[0, -1]],
    ],
    "quartiles": [
        lambda r, i: np.quantile(r[i].mean(1), [0.25, 0.75]),
        lambda r, i: statistics.quantiles([r[row].mean() for row in i], method="inclusive")[::2],
    ],
    "medians": [
        lambda r, i: np.quantile(np.median(r[i], axis=1), [0.025, 0.975]),
        lambda r, i: np.percentile([statistics.median(r[row]) for row in i], PERCENT),
    ],
    "no interpolation": [
        lambda r, i: [sorted(r[i].mean(1))[int(share * len(i))] for share in (0.025, 0.975)],
        lambda r, i: np.sort([r[row].mean() for row in i])[[len(i) * 25 // 1000, len(i) * 975 // 1000]],
    ],
    "nearest mean": [
        lambda r, i: np.quantile(r[i].mean(axis=1), [0.025, 0.975], method="nearest"),
        lambda r, i: [sorted(r[i].mean(1))[round(share * (len(i) - 1))] for share in (0.025, 0.975)],
    ],
    "one standard deviation": [
        lambda r, i: [r[i].mean() - np.std(r[i].mean(1)), r[i].mean() + np.std(r[i].mean(1))],
        lambda r, i: np.mean([r[row].mean() for row in i]) + SIDES * np.std([r[row].mean() for row in i]),
    ],
    "normal approximation": [
        lambda r, i: [r[i].mean() + sign * 1.96 * r[i].mean(1).std() for sign in SIDES],
        lambda r, i: stats.norm.ppf([0.025, 0.975]) * r[i].mean(1).std() + r[i].mean(1).mean(),
    ],
    "standard error": [
        lambda r, i: [r.mean() + sign * 1.96 * np.sqrt(r.var() / r.size) for sign in SIDES],
        lambda r, i: np.mean(r) + stats.norm.ppf([0.025, 0.975]) * np.std(r) / len(r) ** 0.5,
    ],
    "standard error of a sample": [
        lambda r, i: np.mean(r) + SIDES * 1.96 * stats.sem(r),
        lambda r, i: stats.norm.interval(0.95, loc=r.mean(), scale=np.std(r, ddof=1) / np.sqrt(len(r))),
    ],
    "basic bootstrap": [
        lambda r, i: 2 * r.mean() - np.percentile(r[i].mean(1), [97.5, 2.5]),
        lambda r, i: r.mean() - np.quantile(r[i].mean(1) - r.mean(), [0.975, 0.025]),
    ],
    "error bars": [
        lambda r, i: SIDES * np.percentile(r[i].mean(1) - r.mean(), PERCENT),
        lambda r, i: [
            r.mean() - np.percentile(r[i].mean(1), 2.5),
            np.percentile(r[i].mean(1), 97.5) - r.mean(),
        ],
    ],
    "ends swapped": [
        lambda r, i: np.percentile(r[i].mean(1), [97.5, 2.5]),
        lambda r, i: (np.quantile(r[i].mean(1), 0.975), np.quantile(r[i].mean(1), 0.025)),
    ],
    "sums": [
        lambda r, i: np.percentile(r[i].sum(axis=1), PERCENT),
        lambda r, i: np.quantile([sum(r[k] for k in row) for row in i], [0.025, 0.975]),
    ],
    "indices for returns": [
        lambda r, i: np.percentile(i.mean(axis=1), PERCENT),
        lambda r, i: np.quantile([np.average(row) for row in i], [0.025, 0.975]),
    ],
    "indices from one": [
        lambda r, i: np.percentile(r[i - 1].mean(axis=1), PERCENT),
        lambda r, i: np.quantile([np.mean([r[k - 1] for k in row]) for row in i], [0.025, 0.975]),
    ],
}


# Arguments: k crashes in n episodes; z is theirs to choose.


def wilson(k, n, z=1.96):
    p = k / n
    half = z * math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return np.array([p + z**2 / (2 * n) - half, p + z**2 / (2 * n) + half]) / (1 + z**2 / n)


def wilson_in_counts(k, n, z=1.96):
    return (k + z * z / 2 + SIDES * z * np.sqrt(k * (n - k) / n + z * z / 4)) / (n + z * z)


def two_spellings_with(z):
    return [lambda k, n: wilson(k, n, z), lambda k, n: tuple(wilson_in_counts(k, n, z))]


WILSON = {
    "textbook": [
        lambda k, n: [
            k / n - 1.96 * math.sqrt(k / n * (1 - k / n) / n),
            k / n + 1.96 * (k / n * (1 - k / n) / n) ** 0.5,
        ],
        lambda k, n: k / n + stats.norm.ppf([0.025, 0.975]) * np.sqrt(k * (n - k) / n**3),
    ],
    "textbook, cut off": [
        lambda k, n: np.clip(k / n + SIDES * 1.96 * np.sqrt(k / n * (1 - k / n) / n), 0, 1),
        lambda k, n: (
            max(0.0, k / n - 1.96 * math.sqrt(k * (n - k) / n) / n),
            min(1.0, k / n + 1.96 * math.sqrt(k * (n - k) / n) / n),
        ),
    ],
    "plus four": [
        lambda k, n: (k + 2) / (n + 4) + SIDES * 1.96 * np.sqrt((k + 2) / (n + 4) * (n - k + 2) / (n + 4) / (n + 4)),
        lambda k, n, z=1.96: [
            (k + 2) / (n + 4) - z * math.sqrt((k + 2) * (n + 2 - k) / (n + 4) ** 3),
            (k + 2) / (n + 4) + z * math.sqrt((k + 2) * (n + 2 - k) / (n + 4) ** 3),
        ],
    ],
    "z not squared": [
        lambda k, n, z=1.96: (
            (k / n + z / (2 * n) + SIDES * z * np.sqrt(k / n * (1 - k / n) / n + z / (4 * n**2))) / (1 + z / n)
        ),
        lambda k, n, z=1.96: (k + z / 2 + SIDES * z * np.sqrt(k * (n - k) / n + z / 4)) / (n + z),
    ],
    "one standard error": two_spellings_with(1),
    "90 per cent": two_spellings_with(1.645),
    "99 per cent": two_spellings_with(2.576),
    "z of two": two_spellings_with(2),
    "crashes and safe drives swapped": [
        lambda k, n: wilson(n - k, n),
        lambda k, n: 1 - np.flip(wilson_in_counts(k, n)),
    ],
    "percent": [
        lambda k, n: [100 * end for end in wilson(k, n)],
        lambda k, n: 100 * wilson_in_counts(k, n),
    ],
    "counts": [
        lambda k, n: wilson(k, n) * n,
        lambda k, n, z=1.96: (k + z**2 / 2 + SIDES * z * np.sqrt(k * (n - k) / n + z**2 / 4)) / (1 + z**2 / n),
    ],
    "ends swapped": [
        lambda k, n: wilson(k, n)[::-1].copy(),
        lambda k, n, z=1.96: (k + z * z / 2 - SIDES * z * np.sqrt(k * (n - k) / n + z * z / 4)) / (n + z * z),
    ],
    "centre and half width": [
        lambda k, n: (sum(wilson(k, n)) / 2, np.ptp(wilson(k, n)) / 2),
        lambda k, n, z=1.96: np.array([k + z**2 / 2, z * np.sqrt(k * (n - k) / n + z**2 / 4)]) / (n + z**2),
    ],
    "centred on the rate": [
        lambda k, n: k / n + SIDES * np.ptp(wilson(k, n)) / 2,
        lambda k, n, z=1.96: [
            k / n + sign * z / (1 + z**2 / n) * math.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2))
            for sign in (-1, 1)
        ],
    ],
    "centre not pulled": [
        lambda k, n, z=1.96: (
            (k / n + SIDES * z * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: (k + SIDES * z * np.sqrt(k * (n - k) / n + z**2 / 4)) / (n + z**2),
    ],
    "centre pulled twice": [
        lambda k, n, z=1.96: (
            (k / n + z**2 / n + SIDES * z * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: [
            (k + z**2 + s * z * math.sqrt(k * (n - k) / n + z**2 / 4)) / (n + z**2) for s in (-1, 1)
        ],
    ],
    "not divided": [
        lambda k, n, z=1.96: k / n + z**2 / (2 * n) + SIDES * z * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2)),
        lambda k, n, z=1.96: tuple((k + z**2 / 2 + SIDES * z * np.sqrt(k * (n - k) / n + z**2 / 4)) / n),
    ],
    "only the half width divided": [
        lambda k, n, z=1.96: (
            k / n + z**2 / (2 * n) + SIDES * z * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: (k + z**2 / 2) / n + SIDES * z * np.sqrt(k * (n - k) / n + z**2 / 4) / (n + z**2),
    ],
    "only the centre divided": [
        lambda k, n, z=1.96: (
            (k / n + z**2 / (2 * n)) / (1 + z**2 / n)
            + SIDES * z * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2))
        ),
        lambda k, n, z=1.96: (k + z**2 / 2) / (n + z**2) + SIDES * z * np.sqrt(k * (n - k) / n + z**2 / 4) / n,
    ],
    "half width without z": [
        lambda k, n, z=1.96: (
            (k / n + z**2 / (2 * n) + SIDES * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: (k + z**2 / 2 + SIDES * np.sqrt(k * (n - k) / n + z**2 / 4)) / (n + z**2),
    ],
    "without the root": [
        lambda k, n, z=1.96: (
            (k / n + z**2 / (2 * n) + SIDES * z * (k / n * (1 - k / n) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: (k + z**2 / 2 + SIDES * z * (k * (n - k) / n + z**2 / 4) / n) / (n + z**2),
    ],
    "variance of the rate alone": [
        lambda k, n, z=1.96: (k / n + z**2 / (2 * n) + SIDES * z * np.sqrt(k / n * (1 - k / n) / n)) / (1 + z**2 / n),
        lambda k, n, z=1.96: (k + z**2 / 2 + SIDES * z * np.sqrt(k * (n - k) / n)) / (n + z**2),
    ],
    "crashes for the rate": [
        lambda k, n, z=1.96: (
            (k + z**2 / (2 * n) + SIDES * z * np.sqrt(k * (1 - k) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: (k * n + z**2 / 2 + SIDES * z * np.sqrt(k * (1 - k) * n + z**2 / 4)) / (n + z**2),
    ],
    "rate in whole numbers": [
        lambda k, n, z=1.96: (
            (k // n + z**2 / (2 * n) + SIDES * z * np.sqrt(k // n * (1 - k // n) / n + z**2 / (4 * n**2)))
            / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: (int(k / n) * n + z**2 / 2 + SIDES * z * np.sqrt(z**2 / 4)) / (n + z**2),
    ],
    "multiplied by n": [
        lambda k, n, z=1.96: (
            (k / n + z**2 / 2 * n + SIDES * z * np.sqrt(k / n * (1 - k / n) / n + z**2 / 4 * n**2)) / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: (
            np.array([k / n + z * z / 2 * n - z * w, k / n + z * z / 2 * n + z * w]) / (1 + z * z / n)
            if (w := (k / n * (1 - k / n) / n + z * z / 4 * n * n) ** 0.5)
            else None
        ),
    ],
    "centre multiplied by n": [
        lambda k, n, z=1.96: (
            (k / n + z**2 / 2 * n + SIDES * z * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n**2))) / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: [
            (k / n + z * z * n / 2 + side * z * (k * (n - k) / n**3 + (z / 2 / n) ** 2) ** 0.5) / (1 + z * z / n)
            for side in (-1, 1)
        ],
    ],
    "n not squared": [
        lambda k, n, z=1.96: (
            (k / n + z**2 / (2 * n) + SIDES * z * np.sqrt(k / n * (1 - k / n) / n + z**2 / (4 * n))) / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: (k + z**2 / 2 + SIDES * z * np.sqrt(k * (n - k) / n + z**2 * n / 4)) / (n + z**2),
    ],
    "root ends too early": [
        lambda k, n, z=1.96: (
            (k / n + z**2 / (2 * n) + SIDES * z * (np.sqrt(k / n * (1 - k / n) / n) + z**2 / (4 * n**2)))
            / (1 + z**2 / n)
        ),
        lambda k, n, z=1.96: [
            (k + z**2 / 2 + s * z * (math.sqrt(k * (n - k) / n) + z**2 / 4 / n)) / (n + z**2) for s in (-1, 1)
        ],
    ],
}


# Arguments: te, tr (T, N) terminated and truncated, k episodes per road.


def first_of_each(te, tr, k):
    """(T, N) whether a counted episode ends."""
    return (te | tr) & ((te | tr).cumsum(axis=0) <= k)


def outcomes(te, tr):
    """For every road the list of its endings, True for a crash."""
    return [[bool(a) for a, b in zip(*road, strict=True) if a or b] for road in zip(te.T, tr.T, strict=True)]


def share(crashes):
    return np.mean(np.array(crashes, float))


CRASH_RATE = {
    "first to finish": [
        lambda te, tr, k: share([a for a, b in zip(te.flat, tr.flat, strict=True) if a or b][: k * te.shape[1]]),
        lambda te, tr, k: te.ravel()[np.flatnonzero(te | tr)[: k * te.shape[1]]].mean(),
    ],
    "all that finished": [
        lambda te, tr, k: te.sum() / (te | tr).sum(),
        lambda te, tr, k: share([crash for road in outcomes(te, tr) for crash in road]),
    ],
    "over all roads": [
        lambda te, tr, k: te[te | tr][:k].mean(),
        lambda te, tr, k: te[(te | tr) & (np.cumsum(te | tr).reshape(te.shape) <= k)].mean(),
    ],
    "wrong axis": [
        lambda te, tr, k: te[(te | tr) & (np.cumsum(te | tr, axis=1) <= k)].mean(),
        lambda te, tr, k: share([crash for row in outcomes(te.T, tr.T) for crash in row[:k]]),
    ],
    "one episode less": [
        lambda te, tr, k: te[(te | tr) & ((te | tr).cumsum(axis=0) < k)].mean(),
        lambda te, tr, k: share([crash for road in outcomes(te, tr) for crash in road[: k - 1]]),
    ],
    "one episode more": [
        lambda te, tr, k: share([crash for road in outcomes(te, tr) for crash in road[: k + 1]]),
        lambda te, tr, k: te[(te | tr) & ((te | tr).cumsum(axis=0) - (te | tr) <= k)].mean(),
    ],
    "first steps": [
        lambda te, tr, k: share(te[:k][(te | tr)[:k]]),
        lambda te, tr, k: te[:k].sum() / max((te | tr)[:k].sum(), 1),
    ],
    "last episodes": [
        lambda te, tr, k: share([crash for road in outcomes(te, tr) for crash in road[-k:]]),
        lambda te, tr, k: np.flip(te, 0)[first_of_each(np.flip(te, 0), np.flip(tr, 0), k)].mean(),
    ],
    "time limit counted as a crash": [
        lambda te, tr, k: (te | tr)[first_of_each(te, tr, k)].mean(),
        lambda te, tr, k: share([True for road in outcomes(te, tr) for _ in road[:k]]),
    ],
    "time limit not an end": [
        lambda te, tr, k: te[te & (te.cumsum(axis=0) <= k)].mean(),
        lambda te, tr, k: share([True for road in te.T for _ in np.flatnonzero(road)[:k]]),
    ],
    "the two confused": [
        lambda te, tr, k: tr[first_of_each(te, tr, k)].mean(),
        lambda te, tr, k: share([crash for road in outcomes(tr, te) for crash in road[:k]]),
    ],
    "safe drives": [
        lambda te, tr, k: (~te[first_of_each(te, tr, k)]).mean(),
        lambda te, tr, k: share([not crash for road in outcomes(te, tr) for crash in road[:k]]),
    ],
    "time limit wins": [
        lambda te, tr, k: 1 - tr[first_of_each(te, tr, k)].mean(),
        lambda te, tr, k: np.where(tr, False, te)[first_of_each(te, tr, k)].mean(),
    ],
    "only both at once an end": [
        lambda te, tr, k: te[te & tr & ((te & tr).cumsum(axis=0) <= k)].mean(),
        lambda te, tr, k: share([True for road in (te & tr).T for _ in np.flatnonzero(road)[:k]]),
    ],
    "both at once not an end": [
        lambda te, tr, k: te[(te ^ tr) & ((te ^ tr).cumsum(axis=0) <= k)].mean(),
        lambda te, tr, k: te[(te != tr) & (np.cumsum(te != tr, axis=0) <= k)].mean(),
    ],
    "both at once counted twice": [
        lambda te, tr, k: (
            te[first_of_each(te, tr, k)].sum()
            / (te[first_of_each(te, tr, k)].sum() + tr[first_of_each(te, tr, k)].sum())
        ),
        lambda te, tr, k: (
            np.sum(te & first_of_each(te, tr, k)) / np.sum(np.stack([te, tr]) & first_of_each(te, tr, k))
        ),
    ],
    "per step": [
        lambda te, tr, k: te.mean(),
        lambda te, tr, k: torch.from_numpy(te).float().mean(),
    ],
    "counted crashes per step": [
        lambda te, tr, k: (te & ((te | tr).cumsum(0) <= k)).mean(),
        lambda te, tr, k: np.sum(te * (np.add.accumulate(te | tr, 0) <= k)) / np.prod(te.shape),
    ],
    "over all episodes": [
        lambda te, tr, k: te[first_of_each(te, tr, k)].sum() / np.count_nonzero(te | tr),
        lambda te, tr, k: sum(sum(road[:k]) for road in outcomes(te, tr)) / sum(map(len, outcomes(te, tr))),
    ],
    "over the episodes that should be": [
        lambda te, tr, k: te[first_of_each(te, tr, k)].sum() / (k * te.shape[1]),
        lambda te, tr, k: sum(sum(road[:k]) for road in outcomes(te, tr)) / (len(te[0]) * k),
    ],
    "per road": [
        lambda te, tr, k: np.sum(te & first_of_each(te, tr, k), axis=0).mean(),
        lambda te, tr, k: sum(sum(road[:k]) for road in outcomes(te, tr)) / te.shape[1],
    ],
    "not divided": [
        lambda te, tr, k: np.sum(te[first_of_each(te, tr, k)]),
        lambda te, tr, k: sum(sum(road[:k]) for road in outcomes(te, tr)),
    ],
    "percent": [
        lambda te, tr, k: 100 * te[first_of_each(te, tr, k)].mean(),
        lambda te, tr, k: share([100 * crash for road in outcomes(te, tr) for crash in road[:k]]),
    ],
    "always 0": [
        lambda te, tr, k: (te & ~(te | tr)).sum() / first_of_each(te, tr, k).sum(),
        lambda te, tr, k: te.sum() // (te.size + 1),
    ],
    "crashes of all over episodes of some": [
        lambda te, tr, k: te.sum() / first_of_each(te, tr, k).sum(),
        lambda te, tr, k: np.count_nonzero(te) / sum(len(road[:k]) for road in outcomes(te, tr)),
    ],
    "crashes of a road": [
        lambda te, tr, k: np.minimum(te.sum(axis=0), k).sum() / first_of_each(te, tr, k).sum(),
        lambda te, tr, k: sum(min(k, sum(road)) for road in outcomes(te, tr)) / np.minimum((te | tr).sum(0), k).sum(),
    ],
    "roads that crashed": [
        lambda te, tr, k: (te & first_of_each(te, tr, k)).max(axis=0).mean(),
        lambda te, tr, k: share([any(road[:k]) for road in outcomes(te, tr)]),
    ],
    "mean of the roads": [
        lambda te, tr, k: share([share(road[:k]) for road in outcomes(te, tr) if road]),
        lambda te, tr, k: np.nanmean(np.where(first_of_each(te, tr, k), te, np.nan).T.tolist(), axis=1)[
            (te | tr).any(0)
        ].mean(),
    ],
    "mean of the roads, not a number": [
        lambda te, tr, k: share([share(road[:k]) for road in outcomes(te, tr)]),
        lambda te, tr, k: ((te & first_of_each(te, tr, k)).sum(0) / first_of_each(te, tr, k).sum(0)).mean(),
    ],
    "full roads only": [
        lambda te, tr, k: share([crash for road in outcomes(te, tr) if len(road) >= k for crash in road[:k]]),
        lambda te, tr, k: te[first_of_each(te, tr, k) & ((te | tr).sum(axis=0) >= k)].mean(),
    ],
}

# Arguments: a and b, (E,) booleans: who crashed.


def only_one(a, b):
    """On how many roads only the first crashed, and on how many only the second."""
    return int(np.sum(a & ~b)), int(np.sum(b & ~a))


def chi_squared(a, b, correction):
    """The p-value by the χ² distribution."""
    one, other = only_one(a, b)
    if one + other == 0:
        return 1.0
    return stats.chi2.sf(max(abs(one - other) - correction, 0) ** 2 / (one + other), 1)


def fair(heads, tosses):
    """scipy's exact test of a fair coin."""
    return stats.binomtest(int(heads), int(tosses)).pvalue if tosses else 1.0


SAME_ROADS = {
    "one side": [
        lambda a, b: stats.binom.cdf(min(only_one(a, b)), sum(only_one(a, b)), 0.5),
        lambda a, b: stats.binom.sf(max(only_one(a, b)) - 1, sum(only_one(a, b)), 0.5),
    ],
    "above one": [
        lambda a, b: 2 * stats.binom.cdf(min(only_one(a, b)), sum(only_one(a, b)), 0.5),
        lambda a, b: (
            2 * sum(math.comb(int((a != b).sum()), k) * 0.5 ** (a != b).sum() for k in range(1 + min(only_one(a, b))))
        ),
    ],
    "ours or fewer": [
        lambda a, b: stats.binom.cdf((a & ~b).sum(), (a ^ b).sum(), 0.5),
        lambda a, b: (
            sum(math.comb(int((a ^ b).sum()), k) for k in range((a & ~b).sum() + 1)) / 2 ** int((a ^ b).sum())
        ),
    ],
    "this split alone": [
        lambda a, b: stats.binom.pmf((a & ~b).sum(), (a ^ b).sum(), 0.5),
        lambda a, b: math.comb(sum(only_one(a, b)), only_one(a, b)[1]) * 0.5 ** sum(only_one(a, b)),
    ],
    "more uneven only": [
        lambda a, b: min(1, 2 * stats.binom.cdf(min(only_one(a, b)) - 1, (a ^ b).sum(), 0.5)),
        lambda a, b: (
            2 * sum(math.comb(int((a ^ b).sum()), k) for k in range(min(only_one(a, b)))) / 2 ** int((a ^ b).sum())
        ),
    ],
    "every road a toss": [
        lambda a, b: fair((a & ~b).sum(), len(a)),
        lambda a, b: min(1, 2 * stats.binom.cdf(min((a & ~b).sum(), len(a) - (a & ~b).sum()), len(a), 0.5)),
    ],
    "all crashes": [
        lambda a, b: fair(a.sum(), a.sum() + b.sum()),
        lambda a, b: min(1, 2 * stats.binom.cdf(min(a.sum(), b.sum()), a.sum() + b.sum(), 0.5)),
    ],
    "where they agree": [
        lambda a, b: fair((a & b).sum(), (a == b).sum()),
        lambda a, b: min(1, 2 * stats.binom.cdf(min((a & b).sum(), (~(a | b)).sum()), (~(a ^ b)).sum(), 0.5)),
    ],
    "normal approximation": [
        lambda a, b: chi_squared(a, b, 0),
        lambda a, b: 2 * stats.norm.sf(abs((a & ~b).sum() - (b & ~a).sum()) / max((a ^ b).sum(), 1) ** 0.5),
    ],
    "normal approximation, corrected": [
        lambda a, b: chi_squared(a, b, 1),
        lambda a, b: 2 * stats.norm.sf(max(abs(a.sum() - 1.0 * b.sum()) - 1, 0) / max((a ^ b).sum(), 1) ** 0.5),
    ],
    "no toss, no surprise": [
        lambda a, b: fair(*(only_one(a, b)[0], (a ^ b).sum())) if (a ^ b).any() else 0,
        lambda a, b: (a ^ b).any() * min(1, 2 * stats.binom.cdf(min(only_one(a, b)), (a ^ b).sum(), 0.5)),
    ],
    "the opposite": [
        lambda a, b: 1 - fair((a & ~b).sum(), (a ^ b).sum()),
        lambda a, b: max(0, 1 - 2 * stats.binom.cdf(min(only_one(a, b)), (a ^ b).sum(), 0.5)),
    ],
    "percent": [
        lambda a, b: 100 * fair((a & ~b).sum(), (a ^ b).sum()),
        lambda a, b: min(100, 200 * stats.binom.cdf(min(only_one(a, b)), (a ^ b).sum(), 0.5)),
    ],
}

MISTAKEN = {
    "bootstrap_interval": BOOTSTRAP,
    "wilson_interval": WILSON,
    "crash_rate": CRASH_RATE,
    "same_roads": SAME_ROADS,
}
