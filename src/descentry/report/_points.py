"""The points of a curve for a page: all of them, or so many that every extreme and every hole is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from descentry.core.data import Floats, Ints, Series
from descentry.core.ranks import distinct, median
from descentry.report._columns import placed

MOST_STRETCHES = 1000
TREND_KNOTS = 150


@dataclass(frozen=True, slots=True)
class Stretch:
    """Points in a row that are not finite: their steps, what they are, and how many."""

    start: int
    stop: int
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn of a series.

    Attributes:
        step: The steps of the points.
        value: Their values, NaN where the line breaks because something non-finite stood there.
        stretches: Where values are not finite.
        thinned: Whether points were left out.
    """

    step: Ints
    value: Floats
    stretches: tuple[Stretch, ...]
    thinned: bool


def drawn(series: Series, most: int) -> Drawn:
    """About ``most`` points of the series at the most; all when it has no more.

    Left out are only points between the first, lowest, highest and last of a column, and not beside a hole.
    There are two kinds of columns, of equal numbers of points and of equal numbers of steps: where logging
    was dense the first keep the detail that zooming in shows, where it was sparse the second do.
    """
    finite = np.isfinite(series.value)
    where = np.flatnonzero(finite)
    if thinned := where.size > most:
        count = max(1, most // 8)
        by_points = np.arange(where.size) * count // where.size
        by_steps = placed(series.step[where], int(series.step[0]), int(series.step[-1]), count)
        value = series.value[where]
        chosen = [_extremes(value, by_points), _extremes(value, by_steps), _shores(where)]
        where = where[distinct(np.concatenate(chosen))]
    bad = np.flatnonzero(~finite)
    following = np.searchsorted(bad, where)
    breaks = bad[following[:-1][following[1:] > following[:-1]]]
    kept = np.sort(np.concatenate([where, breaks]))
    value = np.where(finite[kept], series.value[kept], np.nan)
    return Drawn(series.step[kept], value, stretches(series), bool(thinned))


def _extremes(value: Floats, column: Ints) -> Ints:
    """Indices of the first, lowest, highest and last point of each column; columns never decrease."""
    starts = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1])
    ends = np.concatenate([starts[1:] - 1, [len(column) - 1]])
    order = np.lexsort((value, column))
    return distinct(np.concatenate([starts, ends, order[starts], order[ends]]))


def _shores(where: Ints) -> Ints:
    """Indices of the points on either side of a hole, so that it is drawn no wider than it is."""
    left = np.flatnonzero(np.diff(where) > 1)
    return np.concatenate([left, left + 1]) if left.size <= MOST_STRETCHES else np.empty(0, dtype=np.int64)


def stretches(series: Series) -> tuple[Stretch, ...]:
    """The stretches that are not finite; neighbours are joined where there are too many to be seen apart."""
    bad = np.flatnonzero(~np.isfinite(series.value))
    if not bad.size:
        return ()
    apart = np.diff(bad) > 1
    if np.count_nonzero(apart) >= MOST_STRETCHES:
        column = placed(series.step[bad], int(series.step[0]), int(series.step[-1]), MOST_STRETCHES)
        apart &= np.diff(column) > 0
    cuts = np.flatnonzero(apart) + 1
    found = []
    for part in np.split(bad, cuts):
        nans = int(np.count_nonzero(np.isnan(series.value[part])))
        kind = "NaN" if nans == len(part) else ("inf" if not nans else "NaN and inf")
        found.append(Stretch(int(series.step[part[0]]), int(series.step[part[-1]]), kind, len(part)))
    return tuple(found)


def trend(series: Series) -> tuple[Ints, Floats]:
    """Medians over equal numbers of finite points, for a line over the points; empty for a short series."""
    where = np.flatnonzero(np.isfinite(series.value))
    if where.size < 2 * TREND_KNOTS:
        return np.empty(0, dtype=np.int64), np.empty(0)
    parts = np.array_split(where, TREND_KNOTS)
    return (
        np.array([series.step[p[len(p) // 2]] for p in parts], dtype=np.int64),
        np.array([median(series.value[p]) for p in parts], dtype=np.float64),
    )
