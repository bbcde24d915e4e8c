"""Answers to the exercises of notebook 7 as students write them: right ones in many styles."""

import itertools
import math
import statistics
from collections import Counter
from fractions import Fraction

import numpy as np
import torch
from mistaken_evaluation import MISTAKEN  # noqa: F401  the tests look for it here
from scipy import stats


def interval_of_sorted_means(returns, indices):
    """The percentiles by hand: place and linear interpolation."""
    means = sorted(math.fsum(float(returns[i]) for i in row) / len(row) for row in indices)
    ends = []
    for share in (0.025, 0.975):
        place = share * (len(means) - 1)
        below = math.floor(place)
        above = math.ceil(place)
        ends.append(means[below] * (1 - (place - below)) + means[above] * (place - below))
    return ends


def wilson_by_scipy(crashes, episodes):
    return tuple(stats.binomtest(crashes, episodes).proportion_ci(0.95, method="wilson"))


def rate_road_by_road(terminated, truncated, per_road):
    crashes, episodes = 0, 0
    for road in range(terminated.shape[1]):
        finished = 0
        for t in range(terminated.shape[0]):
            if finished == per_road:
                break
            if terminated[t, road] or truncated[t, road]:
                finished += 1
                crashes += bool(terminated[t, road])
        episodes += finished
    return crashes / episodes


def uneven_sequences(ours, theirs):
    """Over all numbers of heads, each with its share, by a table of Pascal's triangle."""
    one = sum(bool(a) and not b for a, b in zip(ours, theirs, strict=True))
    tosses = sum(bool(a) != bool(b) for a, b in zip(ours, theirs, strict=True))
    row = [Fraction(1)]
    for _ in range(tosses):
        row = [(left + right) / 2 for left, right in zip([0, *row], [*row, 0], strict=True)]
    return float(sum(share for heads, share in enumerate(row) if abs(2 * heads - tosses) >= abs(2 * one - tosses)))


# The same by other means, to hold the solutions against.
ORACLES = {
    "bootstrap_interval": interval_of_sorted_means,
    "wilson_interval": wilson_by_scipy,
    "crash_rate": rate_road_by_road,
    "same_roads": uneven_sequences,
}


def bootstrap_by_quantile(returns, indices):
    return np.quantile(np.mean(returns[indices], axis=-1), (0.025, 0.975))


def bootstrap_by_torch(returns, indices):
    means = torch.from_numpy(returns)[torch.from_numpy(indices)].mean(dim=1)
    return torch.quantile(means, torch.tensor([0.025, 0.975], dtype=means.dtype))


def bootstrap_one_resample_after_another(returns, indices):
    means = []
    for row in indices:
        means.append(returns[row].mean())
    return np.percentile(means, 2.5), np.percentile(means, 97.5)


def bootstrap_by_statistics(returns, indices):
    means = [statistics.fmean(returns[row]) for row in indices]
    cuts = statistics.quantiles(means, n=40, method="inclusive")
    return [cuts[0], cuts[-1]]


def bootstrap_by_take(returns, indices):
    resamples = np.take(returns, indices)
    return np.percentile(resamples.sum(axis=1) / indices.shape[1], [2.5, 97.5])


def bootstrap_by_counting(returns, indices):
    episodes = len(returns)
    counts = np.array([np.bincount(row, minlength=episodes) for row in indices])  # (R, E)
    return np.percentile(counts @ returns / episodes, [2.5, 97.5])


def bootstrap_by_interp(returns, indices):
    means = np.sort(returns[indices].mean(axis=1))
    return np.interp([0.025, 0.975], np.linspace(0, 1, len(means)), means)


def bootstrap_transposed(returns, indices):
    means = returns[indices.T].mean(axis=0)
    low, high = np.percentile(means, [2.5, 97.5])
    return np.array([low, high])


def bootstrap_by_scipy(returns, indices):
    means = returns[indices].mean(1)
    return np.stack([stats.scoreatpercentile(means, percent) for percent in (2.5, 97.5)])


def bootstrap_by_apply(returns, indices):
    means = np.apply_along_axis(lambda row: np.average(returns[row]), 1, indices)
    return np.percentile(means, [100 * 0.05 / 2, 100 * (1 - 0.05 / 2)], method="linear")


def bootstrap_in_fractions(returns, indices):
    means = sorted(returns[indices].mean(axis=1).tolist())
    ends = []
    for share in (Fraction(1, 40), Fraction(39, 40)):
        whole, rest = divmod(share * (len(means) - 1), 1)
        after = means[min(whole + 1, len(means) - 1)]
        ends.append(Fraction(means[whole]) + rest * (Fraction(after) - Fraction(means[whole])))
    return tuple(ends)


def bootstrap_into_an_array(returns, indices):
    resamples, episodes = indices.shape
    means = np.zeros(resamples)
    for k in range(resamples):
        for e in range(episodes):
            means[k] += returns[indices[k, e]] / episodes
    return np.nanpercentile(means, [2.5, 97.5])


def wilson_as_it_stands(crashes, episodes):
    p, n, z = crashes / episodes, episodes, 1.96
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return (p + z**2 / (2 * n) + np.array([-half, half])) / (1 + z**2 / n)


def wilson_in_counts(crashes, episodes):
    z = 1.959964
    half = z * math.sqrt(crashes * (episodes - crashes) / episodes + z * z / 4)
    return [(crashes + z * z / 2 + sign * half) / (episodes + z * z) for sign in (-1, 1)]


def wilson_with_the_exact_z(crashes, episodes):
    z = statistics.NormalDist().inv_cdf(0.975)
    p = crashes / episodes
    centre = p + z**2 / 2 / episodes
    half = z * math.sqrt((p * (1 - p) + z**2 / (4 * episodes)) / episodes)
    scale = 1 / (1 + z**2 / episodes)
    return scale * (centre - half), scale * (centre + half)


def wilson_as_roots(crashes, episodes):
    p, w = crashes / episodes, 1.96**2 / episodes
    return np.sort(np.roots([1 + w, -(2 * p + w), p**2]).real)


def wilson_by_torch(crashes, episodes):
    z = 1.96
    p = torch.tensor(crashes / episodes)
    half = z * torch.sqrt(p * (1 - p) / episodes + z**2 / (4 * episodes**2))
    return (p + z**2 / (2 * episodes) + torch.tensor([-1.0, 1.0]) * half) / (1 + z**2 / episodes)


def wilson_in_fractions(crashes, episodes):
    z = Fraction(196, 100)
    p, n = Fraction(crashes, episodes), Fraction(episodes)
    half = z * Fraction(math.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)))
    return (p + z**2 / (2 * n) - half) / (1 + z**2 / n), (p + z**2 / (2 * n) + half) / (1 + z**2 / n)


def wilson_cut_off(crashes, episodes):
    z = stats.norm.ppf(0.975)
    p = crashes / episodes
    weight = 1 + z**2 / episodes
    centre = (p + z**2 / (2 * episodes)) / weight
    half = z / weight * (p * (1 - p) / episodes + z**2 / (4 * episodes**2)) ** 0.5
    return max(0.0, centre - half), min(1.0, centre + half)


def wilson_between_the_rate_and_one_half(crashes, episodes):
    z = 1.96
    share = episodes / (episodes + z**2)
    p = crashes / episodes
    centre = share * p + (1 - share) * 0.5
    variance = share * p * (1 - p) + (1 - share) * 0.25
    half = z * np.sqrt(variance / (episodes + z**2))
    return np.array([centre - half, centre + half])


def wilson_by_hypot(crashes, episodes):
    p, z = crashes / episodes, 1.96
    half = z * np.hypot(np.sqrt(p * (1 - p) / episodes), z / (2 * episodes))
    middle = p + z**2 / (2 * episodes)
    return np.stack([middle - half, middle + half]) / (1 + z**2 / episodes)


def wilson_by_bisection(crashes, episodes):
    def surprising(true):
        return (crashes / episodes - true) ** 2 > 1.96**2 * true * (1 - true) / episodes

    ends = []
    for outside in (0.0, 1.0):
        inside = crashes / episodes
        for _ in range(60):
            middle = (inside + outside) / 2
            if surprising(middle):
                outside = middle
            else:
                inside = middle
        ends.append(inside)
    return ends


def wilson_into_an_array(crashes, episodes):
    z2 = 1.96**2
    p = np.float32(crashes) / np.float32(episodes)
    ends = np.zeros(2)
    root = np.sqrt(z2 * p * (1 - p) / episodes + (z2 / episodes / 2) ** 2)
    ends[0] = (p + z2 / (2 * episodes) - root) / (1 + z2 / episodes)
    ends[1] = (p + z2 / (2 * episodes) + root) / (1 + z2 / episodes)
    return ends


def wilson_through_the_safe_drives(crashes, episodes):
    def lower(count):
        p = count / episodes
        root = math.sqrt(p * (1 - p) / episodes + 1.96**2 / (4 * episodes**2))
        return (p + 1.96**2 / (2 * episodes) - 1.96 * root) / (1 + 1.96**2 / episodes)

    return lower(crashes), 1 - lower(episodes - crashes)


def rate_by_cumsum(terminated, truncated, per_road):
    ended = np.logical_or(terminated, truncated)
    number = np.cumsum(ended, axis=0)
    keep = np.logical_and(ended, number <= per_road)
    return (terminated & keep).sum() / keep.sum()


def rate_numbered_from_zero(terminated, truncated, per_road):
    ended = (terminated | truncated).astype(int)
    before = ended.cumsum(axis=0) - ended
    return np.mean(terminated[(ended == 1) & (before < per_road)])


def rate_by_torch(terminated, truncated, per_road):
    crashed, limit = torch.from_numpy(terminated), torch.from_numpy(truncated)
    ended = crashed | limit
    keep = ended & (ended.cumsum(dim=0) <= per_road)
    return crashed[keep].float().mean()


def rate_of_columns(terminated, truncated, per_road):
    columns = []
    for crashed, limit in zip(terminated.T, truncated.T, strict=True):
        columns.append(crashed[crashed | limit][:per_road])
    return np.concatenate(columns).mean()


def rate_by_argwhere(terminated, truncated, per_road):
    seen, crashes = Counter(), []
    for t, road in np.argwhere(terminated | truncated):
        if seen[road] < per_road:
            crashes.append(int(terminated[t, road]))
        seen[road] += 1
    return sum(crashes) / len(crashes)


def rate_step_by_step(terminated, truncated, per_road):
    finished = np.zeros(terminated.shape[1], int)
    crashes = 0
    for crashed, limit in zip(terminated, truncated, strict=True):
        counts = (crashed | limit) & (finished < per_road)
        crashes += np.sum(crashed & counts)
        finished += counts
    return crashes / finished.sum()


def rate_as_a_fraction(terminated, truncated, per_road):
    kept = []
    for road in range(terminated.shape[1]):
        ends = np.flatnonzero(terminated[:, road] + truncated[:, road])
        kept += [(t, road) for t in ends[:per_road]]
    return Fraction(sum(int(terminated[place]) for place in kept), len(kept))


def rate_from_the_safe_drives(terminated, truncated, per_road):
    ended = terminated | truncated
    keep = ended & (ended.cumsum(0) <= per_road)
    safe = truncated & ~terminated
    return 1 - safe[keep].sum() / np.count_nonzero(keep)


def rate_by_weights(terminated, truncated, per_road):
    ended = np.maximum(terminated, truncated)
    return np.average(terminated, weights=ended * (np.add.accumulate(ended.astype(int), axis=0) <= per_road))


def rate_by_islice(terminated, truncated, per_road):
    crashes = []
    for road in zip(terminated.T, truncated.T, strict=True):
        endings = (bool(crashed) for crashed, limit in zip(*road, strict=True) if crashed or limit)
        crashes += itertools.islice(endings, per_road)
    return statistics.mean(map(float, crashes))


def rate_by_where(terminated, truncated, per_road):
    number = np.where(terminated, True, truncated).cumsum(axis=0)
    new = np.diff(number, axis=0, prepend=0) > 0
    outcome = np.where(new & (number <= per_road), terminated.astype(float), np.nan)
    return np.nanmean(outcome)


def rate_by_masked_array(terminated, truncated, per_road):
    ended = ~(~terminated & ~truncated)
    too_late = np.cumsum(ended, axis=0) > per_road
    return float(np.ma.masked_array(terminated, mask=~ended | too_late).mean())


def tosses_by_scipy(ours, theirs):
    only_ours, only_theirs = np.sum(ours & ~theirs), np.sum(theirs & ~ours)
    if only_ours + only_theirs == 0:
        return 1.0
    return stats.binomtest(int(only_ours), int(only_ours + only_theirs), 0.5).pvalue


def tosses_by_comb(ours, theirs):
    tosses = int((ours ^ theirs).sum())
    only_ours = int((ours & ~theirs).sum())
    fewer = min(only_ours, tosses - only_ours)
    ways = sum(math.comb(tosses, k) for k in range(fewer + 1))
    return min(1, 2 * ways / 2**tosses)


def tosses_by_cdf(ours, theirs):
    differ = ours != theirs
    fewer = min(np.sum(ours[differ]), np.sum(theirs[differ]))
    return min(1.0, 2 * stats.binom.cdf(fewer, differ.sum(), 0.5))


def tosses_by_survival(ours, theirs):
    difference = ours.astype(int) - theirs.astype(int)
    more = max((difference > 0).sum(), (difference < 0).sum())
    return np.minimum(1, 2 * stats.binom.sf(more - 1, np.abs(difference).sum(), 0.5))


def tosses_by_pmf(ours, theirs):
    tosses = np.count_nonzero(ours ^ theirs)
    heads = np.arange(tosses + 1)
    seen = np.count_nonzero(ours & ~theirs)
    return stats.binom.pmf(heads, tosses, 0.5)[np.abs(2 * heads - tosses) >= abs(2 * seen - tosses)].sum()


def tosses_in_fractions(ours, theirs):
    pairs = Counter(zip(ours.tolist(), theirs.tolist(), strict=True))
    one, other = pairs[True, False], pairs[False, True]
    below = sum(Fraction(math.comb(one + other, k), 2 ** (one + other)) for k in range(min(one, other) + 1))
    return min(Fraction(1), 2 * below)


def tosses_by_pascal(ours, theirs):
    shares = np.ones(1)
    for differs in ours != theirs:
        if differs:
            shares = np.convolve(shares, [0.5, 0.5])
    heads = (ours > theirs).sum()
    fewer = min(heads, len(shares) - 1 - heads)
    return min(1.0, 2 * shares[: fewer + 1].sum())


def tosses_road_by_road(ours, theirs):
    wins, losses = 0, 0
    for a, b in zip(ours, theirs, strict=True):
        if a and not b:
            losses += 1
        elif b and not a:
            wins += 1
    total = wins + losses
    p = 0.0
    for k in range(total + 1):
        if max(k, total - k) >= max(wins, losses):
            p += math.comb(total, k) * 0.5**total
    return p


def tosses_by_torch(ours, theirs):
    a, b = torch.from_numpy(ours), torch.from_numpy(theirs)
    tosses = (a ^ b).sum().item()
    fewer = min((a & ~b).sum().item(), (b & ~a).sum().item())
    ways = torch.tensor([float(math.comb(tosses, k)) for k in range(fewer + 1)], dtype=torch.float64)
    return (2 * ways.sum() / 2**tosses).clamp(max=1)


def tosses_less_uneven(ours, theirs):
    one = int(np.logical_and(ours, np.logical_not(theirs)).sum())
    other = int(np.logical_and(theirs, np.logical_not(ours)).sum())
    inside = sum(math.comb(one + other, k) for k in range(min(one, other) + 1, max(one, other)))
    return 1 - inside / 2 ** (one + other)


def tosses_by_recursion(ours, theirs):
    def share(heads, tosses):
        if heads < 0 or heads > tosses:
            return 0.0
        return 1.0 if tosses == 0 else share_of[heads, tosses]

    differ = int((ours != theirs).sum())
    share_of = {}
    for tosses in range(1, differ + 1):
        for heads in range(tosses + 1):
            share_of[heads, tosses] = (share(heads, tosses - 1) + share(heads - 1, tosses - 1)) / 2
    one = int((ours & ~theirs).sum())
    return sum(share(k, differ) for k in range(differ + 1) if abs(k - differ / 2) >= abs(one - differ / 2))


RIGHT = {
    "bootstrap_interval": [
        interval_of_sorted_means,
        bootstrap_by_quantile,
        bootstrap_by_torch,
        bootstrap_one_resample_after_another,
        bootstrap_by_statistics,
        bootstrap_by_take,
        bootstrap_by_counting,
        bootstrap_by_interp,
        bootstrap_transposed,
        bootstrap_by_scipy,
        bootstrap_by_apply,
        bootstrap_in_fractions,
        bootstrap_into_an_array,
    ],
    "wilson_interval": [
        wilson_by_scipy,
        wilson_as_it_stands,
        wilson_in_counts,
        wilson_with_the_exact_z,
        wilson_as_roots,
        wilson_by_torch,
        wilson_in_fractions,
        wilson_cut_off,
        wilson_between_the_rate_and_one_half,
        wilson_by_hypot,
        wilson_by_bisection,
        wilson_into_an_array,
        wilson_through_the_safe_drives,
    ],
    "crash_rate": [
        rate_road_by_road,
        rate_by_cumsum,
        rate_numbered_from_zero,
        rate_by_torch,
        rate_of_columns,
        rate_by_argwhere,
        rate_step_by_step,
        rate_as_a_fraction,
        rate_from_the_safe_drives,
        rate_by_weights,
        rate_by_islice,
        rate_by_where,
        rate_by_masked_array,
    ],
    "same_roads": [
        uneven_sequences,
        tosses_by_scipy,
        tosses_by_comb,
        tosses_by_cdf,
        tosses_by_survival,
        tosses_by_pmf,
        tosses_in_fractions,
        tosses_by_pascal,
        tosses_road_by_road,
        tosses_by_torch,
        tosses_less_uneven,
        tosses_by_recursion,
    ],
}
