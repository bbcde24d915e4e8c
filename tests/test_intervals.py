"""Intervals against independent oracles, and how often they hold the truth."""

import itertools

import numpy as np
import pytest
from scipy import stats

from ppo_lib.intervals import (
    bootstrap_ci95,
    coverage,
    drives_needed,
    improvement_ci95,
    improvement_probability,
    interquartile_mean,
    mcnemar_p,
    paired_ci95,
    t_ci95,
    wilson_ci95,
)


def test_the_bootstrap_interval_covers_the_mean_as_often_as_it_says():
    pool = np.random.default_rng(0).exponential(size=100_000)
    held, _ = coverage(lambda values: bootstrap_ci95(values, resamples=999), pool, 40, repetitions=300)
    assert 0.88 <= held.mean() <= 0.98
    assert bootstrap_ci95(np.ones(1)) is None


def test_the_bootstrap_of_few_values_is_that_of_all_their_resamples():
    values = np.array([1.0, 2.0, 4.0, 9.0])
    resamples = np.array(list(itertools.product(values, repeat=4)))  # all 256, equally probable
    np.testing.assert_allclose(bootstrap_ci95(values), np.quantile(resamples.mean(1), [0.025, 0.975]), atol=0.3)


def test_where_all_values_are_equal_so_are_both_ends():
    for method in ("percentile", "BCa"):
        assert bootstrap_ci95(np.full(5, 30.0), method=method) == [30.0, 30.0]


def test_bca_shifts_the_interval_of_skewed_values_towards_their_tail():
    values = np.array([1.0] * 18 + [0.0, 0.0])  # two crashes in twenty
    assert bootstrap_ci95(values, method="BCa")[0] < bootstrap_ci95(values)[0]


def test_the_t_interval_is_the_textbooks():
    values = np.array([3.0, 5.0, 10.0])
    half = 4.302653 * values.std(ddof=1) / np.sqrt(3)  # from a table: t with two degrees of freedom
    np.testing.assert_allclose(t_ci95(values), [6 - half, 6 + half], rtol=1e-6)


def test_the_t_interval_of_five_normal_values_keeps_its_promise():
    pool = np.random.default_rng(1).normal(size=100_000)
    held, _ = coverage(t_ci95, pool, 5, repetitions=2_000)
    assert 0.935 <= held.mean() <= 0.965


def test_no_crash_in_fifty_is_no_proof_of_safety():
    low, high = wilson_ci95(np.zeros(50))
    assert low == pytest.approx(0, abs=1e-12)
    z2 = stats.norm.ppf(0.975) ** 2
    assert high == pytest.approx(z2 / (50 + z2))


def test_coverage_counts_the_intervals_that_hold_the_mean():
    pool = np.array([0.0, 1.0])
    held, widths = coverage(lambda values: (values[0] - 0.5, values[0]), pool, 1, repetitions=1_000)
    assert 0.45 <= held.mean() <= 0.55  # [-0.5, 0] misses one half, [0.5, 1] holds it
    np.testing.assert_allclose(widths, 0.5)
    never, _ = coverage(lambda values: (2, 3), pool, 1, repetitions=3)
    assert not never.any()


def test_pairs_cancel_what_the_roads_have_in_common():
    generator = np.random.default_rng(0)
    roads = generator.normal(size=200)
    ours, theirs = roads + 1 + 0.1 * generator.normal(size=200), roads + 0.1 * generator.normal(size=200)
    low, high = paired_ci95((ours, theirs), lambda a, b, axis: a.mean(axis) - b.mean(axis))
    np.testing.assert_allclose([low, high], bootstrap_ci95(ours - theirs), atol=0.01)
    assert high - low < 0.1


@pytest.mark.parametrize(("only_ours", "only_theirs"), [(0, 5), (3, 9), (4, 4), (1, 0)])
def test_mcnemar_counts_the_splits_at_least_as_uneven(only_ours, only_theirs):
    """The oracle counts all sequences of coin tosses."""
    ours = np.array([1] * only_ours + [0] * only_theirs + [1, 0, 0])
    theirs = np.array([0] * only_ours + [1] * only_theirs + [1, 0, 0])
    tosses = only_ours + only_theirs
    heads = np.array([number.bit_count() for number in range(2**tosses)])
    uneven = np.abs(heads - tosses / 2) >= abs(only_ours - tosses / 2)
    assert mcnemar_p(ours, theirs) == pytest.approx(uneven.mean())


def test_drivers_that_crash_on_the_same_roads_cannot_be_told_apart():
    crashed = np.array([1, 0, 0, 1])
    assert mcnemar_p(crashed, crashed) == 1.0


def test_as_many_drives_as_needed_find_the_difference_four_times_in_five():
    n = drives_needed(0.2, 0.3)
    generator = np.random.default_rng(0)
    ours, theirs = generator.binomial(n, 0.2, 20_000) / n, generator.binomial(n, 0.3, 20_000) / n
    error = np.sqrt((ours * (1 - ours) + theirs * (1 - theirs)) / n)
    assert (np.abs(ours - theirs) > 1.96 * error).mean() == pytest.approx(0.8, abs=0.02)
    assert drives_needed(0.3, 0.2) == n < drives_needed(0.3, 0.2, power=0.9)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1, 2, 3, 4], 2.5), ([0, 2, 3, 4, 100], 3.0), ([9, 1, 2, 3, 4, 5, 6, 7], 4.5), ([4.0], 4.0)],
)
def test_the_interquartile_mean_by_hand(values, expected):
    assert interquartile_mean(np.array(values)) == pytest.approx(expected)


def test_the_probability_of_improvement_by_hand_and_by_mann_whitney():
    assert improvement_probability(np.array([1, 3]), np.array([2, 3])) == pytest.approx((0 + 0 + 1 + 0.5) / 4)
    generator = np.random.default_rng(0)
    ours, theirs = generator.integers(0, 9, 7), generator.integers(0, 9, 5)
    expected = stats.mannwhitneyu(ours, theirs).statistic / 35
    assert improvement_probability(ours, theirs) == pytest.approx(expected)
    stacked = improvement_probability(np.stack([ours, ours]), np.stack([theirs, theirs]))
    np.testing.assert_allclose(stacked, expected)


def test_the_interval_of_an_improvement_holds_it_and_is_a_point_where_all_seeds_agree():
    ours, theirs = np.array([1.0, 4, 5, 6, 9]), np.array([2.0, 3, 3, 7, 8])
    low, high = improvement_ci95(ours, theirs)
    assert 0 < low < improvement_probability(ours, theirs) < high <= 1
    assert improvement_ci95(ours + 10, theirs) == [1.0, 1.0]
