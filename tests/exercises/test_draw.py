"""The inputs that checks draw: everything comes up, whatever the seed."""

import numpy as np
import pytest

from ppo_lib.exercises.checking import CASES
from ppo_lib.exercises.draw import PATTERNS_OF_ENDS, Draw


def draws(seed, **options):
    rng = np.random.default_rng(seed)
    return [Draw(rng, number, **options) for number in range(CASES)]


@pytest.mark.parametrize("seed", range(5))
def test_every_pattern_of_ends_comes_up(seed):
    seen = {}
    for draw in draws(seed):
        terminated, truncated = draw.ends(4, 3)
        ends = terminated | truncated
        seen.setdefault("none", []).append(not ends.any())
        seen.setdefault("both flags in one step", []).append((terminated & truncated).any())
        seen.setdefault("only crashes", []).append(terminated.any() and not truncated.any())
        seen.setdefault("only time limits", []).append(truncated.any() and not terminated.any())
        seen.setdefault("the whole first row", []).append(ends[0].all() and not ends.all())
        seen.setdefault("the whole last row", []).append(ends[-1].all() and not ends.all())
        seen.setdefault("twice on one road", []).append((ends.sum(0) >= 2).any() and not ends.all())
        seen.setdefault("always", []).append(ends.all())
        for kind, flags in (("crash", terminated), ("limit", truncated)):
            seen.setdefault(f"a {kind} in the last row", []).append(flags[-1].any())
            seen.setdefault(f"a {kind} in the first row", []).append(flags[0].any())
    assert all(map(any, seen.values())), {name for name, found in seen.items() if not any(found)}
    assert len(seen) >= len(PATTERNS_OF_ENDS)


@pytest.mark.parametrize("seed", range(5))
def test_sizes_differ_and_each_is_one_somewhere(seed):
    sizes = [draw.sizes(3) for draw in draws(seed)]
    square = [three for three in sizes if len(set(three)) == 1]
    assert 0 < len(square) < len(sizes) / 10
    assert all(len(set(three)) == 3 and min(three) >= 1 for three in sizes if three not in square)
    assert all(any(three[axis] == 1 for three in sizes) for axis in range(3))
    assert all(min(draw.sizes(2, low=2)) >= 2 for draw in draws(seed))
    assert {tuple(sorted(draw.sizes(2))) for draw in draws(seed, largest=1, plain=True)} == {(1, 2)}


def test_numbers_come_in_every_magnitude_type_and_sign():
    tables = [draw.floats(50) for draw in draws(0)]
    largest = {float(f"{np.abs(table).max():.0e}") for table in tables}
    assert min(largest) < 0.01
    assert max(largest) > 1000
    assert {table.dtype for table in tables} == {np.dtype("float32"), np.dtype("float64")}
    assert any((table < 0).any() for table in tables)


def test_plain_numbers_can_be_worked_out_by_hand():
    for draw in draws(0, plain=True):
        table = draw.floats(20)
        np.testing.assert_allclose(table, table.round(1), atol=1e-6)
        assert np.abs(table).max() <= 3


def test_a_number_reaches_its_bounds_and_stays_within():
    numbers = [draw.number_in(0.0, 1.0, bounds=True) for draw in draws(1)]
    assert min(numbers) == 0.0
    assert max(numbers) == 1.0
    assert len(set(numbers)) > 20
    assert not {0.0, 1.0} & {draw.number_in(0.0, 1.0) for draw in draws(1)}


def test_cycles_bring_every_combination():
    combinations = {(draw.cycle("a", "b"), draw.cycle(1, 2, 3), draw.cycle("x", "y")) for draw in draws(0)}
    assert len(combinations) == 12
