"""Columns of a picture hold what the points hold: nothing is lost at any zoom."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from descentry.web.board._cuts import cuts_of
from descentry.web.board._pyramid import Pyramid, levels_of

BAD = {1: np.nan, 2: np.inf, 4: -np.inf}


def curve(n, seed=0, bad=0.02):
    rng = np.random.default_rng(seed)
    x = np.sort(rng.integers(0, 2 * n, n))
    y = rng.normal(size=n)
    for value in BAD.values():
        y[rng.random(n) < bad] = value
    return x, y


def looked_at(x, y, cuts):
    """The same by looking at every point."""
    columns = {name: [] for name in ("start", "stop", "low", "middle", "high", "count", "bad", "kind")}
    for a, b in pairwise(cuts):
        part = y[a:b]
        finite = part[np.isfinite(part)]
        columns["start"].append(x[a])
        columns["stop"].append(x[b - 1])
        columns["low"].append(finite.min() if len(finite) else np.nan)
        columns["middle"].append(np.median(finite) if len(finite) else np.nan)
        columns["high"].append(finite.max() if len(finite) else np.nan)
        columns["count"].append(b - a)
        columns["bad"].append(b - a - len(finite))
        kinds = (np.isnan(part), part == np.inf, part == -np.inf)
        columns["kind"].append(sum(1 << bit for bit, has in enumerate(kinds) if has.any()))
    return {name: np.array(column) for name, column in columns.items()}


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 63, 64, 65, 255, 1000, 20_000])
@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("columns", [1, 7, 100])
def test_a_tile_is_what_the_points_are(n, scale, columns):
    x, y = curve(n)
    points = Pyramid.of(x, y)
    rng = np.random.default_rng(n)
    spans = [(x[0], x[-1]), *(np.sort(rng.uniform(x[0] - 1, x[-1] + 1, (5, 2))))]
    for low, high in spans:
        cuts = cuts_of(x, low, high, columns, scale)
        tile, seen = points.tile(cuts), looked_at(x, y, cuts)
        for name in seen:
            if name != "middle":
                np.testing.assert_array_equal(tile[name], seen[name], err_msg=name)
        np.testing.assert_array_equal(np.isnan(tile["middle"]), np.isnan(seen["middle"]))
        few = seen["count"] <= 15  # of so few the median is exact
        np.testing.assert_allclose(tile["middle"][few], seen["middle"][few])
        known = ~np.isnan(tile["low"])
        assert (tile["middle"][known] >= tile["low"][known]).all()
        assert (tile["middle"][known] <= tile["high"][known]).all()


def test_columns_cover_what_is_asked_for_and_one_more_on_either_side():
    x = np.arange(100_000)
    for low, high in ((20_000, 30_000), (20_000.5, 20_900.5)):
        cuts = cuts_of(x, low, high, 100)
        assert x[cuts[0]] < low
        assert x[cuts[-1] - 1] > high
        assert len(cuts) <= 105


def test_few_points_are_given_one_by_one():
    x, y = curve(150)
    tile = Pyramid.of(x, y).tile(cuts_of(x, x[0], x[-1], 100))
    np.testing.assert_array_equal(tile["start"], x)
    np.testing.assert_array_equal(tile["low"], np.where(np.isfinite(y), y, np.nan))
    assert (tile["count"] == 1).all()


def test_moving_the_picture_moves_its_columns_and_changes_none():
    x = np.arange(1_000_000)
    here = set(cuts_of(x, 100_000, 200_000, 500)[1:-1])
    there = set(cuts_of(x, 120_000, 220_000, 500)[1:-1])
    assert len(here & there) > 350


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_no_spike_is_lost_at_any_zoom(scale):
    rng = np.random.default_rng(1)
    n = 300_000
    y = np.exp(-np.arange(n) / 1e5) + 0.05 * rng.normal(size=n)
    where = np.sort(rng.choice(np.arange(10, n - 10), 12, replace=False))
    y[where[::2]] += 5
    y[where[1::2]] -= 5
    x = np.arange(n)
    points = Pyramid.of(x, y)
    for columns in (20, 200, 1000):
        for low, high in ((0, n), (where[0], where[-1]), (where[5] - 3, where[6] + 3)):
            tile = points.tile(cuts_of(x, low, high, columns, scale))
            for at in where[(where >= low) & (where <= high)]:
                column = np.flatnonzero((tile["start"] <= at) & (tile["stop"] >= at))
                assert len(column) == 1
                assert tile["low"][column[0]] <= y[at] <= tile["high"][column[0]]


def test_a_logarithmic_axis_has_columns_at_its_beginning():
    x = np.arange(1_000_000)
    cuts = cuts_of(x, 1, 1_000_000, 300, "log")
    assert np.sum(cuts < 1000) > 100


def test_an_axis_from_nothing_is_cut_all_the_same():
    x = np.arange(-5, 100_000)
    assert len(cuts_of(x, -5, 100_000, 50, "log")) > 10
    assert len(cuts_of(np.zeros(1000), 0, 0, 10, "log")) >= 2
    assert len(cuts_of(np.zeros(1000), 0, 0, 10)) >= 2
    assert len(cuts_of(np.empty(0), 0, 1, 10)) == 0


def test_the_middle_of_many_points_is_near_their_median():
    rng = np.random.default_rng(2)
    y = rng.lognormal(size=200_000)
    tile = Pyramid.of(np.arange(len(y)), y).tile(np.array([0, len(y)]))
    assert tile["middle"][0] == pytest.approx(1.0, abs=0.1)  # the mean is 1.65


def test_large_losses_do_not_overflow_in_the_middle():
    y = np.full(64, 1.7e308)
    tile = Pyramid.of(np.arange(64), y).tile(np.array([0, 64]))
    assert tile["middle"][0] == 1.7e308


def test_levels_are_whole_stretches_only():
    assert levels_of(np.zeros(15)) == ()
    assert [len(level) for level in levels_of(np.zeros(16 * 16 + 5))] == [16, 4, 1]


def test_what_is_off_the_scale_is_counted():
    y = np.array([1.0, 5.0, -5.0, np.nan, np.inf, 7.0])
    assert Pyramid.of(np.arange(6), y).outside(0, 6, 0.0, 4.0) == (2, 1)
    assert Pyramid.of(np.arange(6), y).outside(2, 5, 0.0, 4.0) == (0, 1)
