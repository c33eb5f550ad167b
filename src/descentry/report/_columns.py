"""A curve cut into columns, each with its lowest and highest point, so that no drawing can lose a spike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from descentry.core.data import Floats, Ints, Series
from descentry.core.ranks import distinct


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What a curve does in the columns of a drawing; one element for each column that holds finite points.

    Attributes:
        at: The column.
        low: Lowest finite value in it.
        high: Highest finite value in it.
        first: First finite value in it.
        last: Last finite value in it.
        joined: Whether the curve runs on into it from the column before, with nothing non-finite between.
        broken: The columns that hold values that are not finite.
    """

    at: Ints
    low: Floats
    high: Floats
    first: Floats
    last: Floats
    joined: np.ndarray
    broken: Ints


def placed(step: Ints, first: int, last: int, count: int) -> Ints:
    """The columns, 0 to count-1, in which steps lie when the axis runs from ``first`` to ``last``."""
    span = float(last) - float(first)
    if span <= 0:
        return np.full(step.shape, (count - 1) // 2, dtype=np.int64)
    part = (step.astype(np.float64) - float(first)) / span
    return np.clip(np.rint(part * (count - 1)), 0, count - 1).astype(np.int64)


def columns(series: Series, count: int, first: int, last: int) -> Columns:
    """The curve in ``count`` columns between two steps; O(points), points outside are left out."""
    inside = slice(
        np.searchsorted(series.step, first, side="left"), np.searchsorted(series.step, last, side="right")
    )
    value = series.value[inside]
    column = placed(series.step[inside], first, last, count)
    finite = np.isfinite(value)
    broken = distinct(column[~finite])
    where = np.flatnonzero(finite)
    if not where.size:
        none, nothing = np.empty(0), np.empty(0, dtype=np.int64)
        return Columns(nothing, none, none, none, none, np.empty(0, dtype=bool), broken)
    kept, spot = value[where], column[where]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(spot)) + 1])
    ends = np.concatenate([starts[1:] - 1, [len(spot) - 1]])
    joined = np.zeros(len(starts), dtype=bool)
    joined[1:] = where[starts[1:]] - where[ends[:-1]] == 1
    return Columns(
        spot[starts],
        np.minimum.reduceat(kept, starts),
        np.maximum.reduceat(kept, starts),
        kept[starts],
        kept[ends],
        joined,
        broken,
    )
