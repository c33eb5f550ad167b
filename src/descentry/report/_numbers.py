"""The main numbers of a series: how many points, the first, the last, the lowest and the highest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from descentry.core import metrics
from descentry.core.data import Series


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve."""

    step: int
    value: float


@dataclass(frozen=True, slots=True)
class Numbers:
    """What can be said of a series in numbers.

    Attributes:
        points: How many points were logged.
        finite: How many of them are finite.
        first: The first finite point; None where there is none, as below.
        last: The last point as it was logged, finite or not; None for an empty series.
        lowest: The lowest finite point, the first of equals.
        highest: The highest finite point, the first of equals.
        best: Lowest or highest, by what the name of the metric says is better.
        best_word: ``lowest`` or ``highest``.
    """

    points: int
    finite: int
    first: Point | None
    last: Point | None
    lowest: Point | None
    highest: Point | None
    best: Point | None
    best_word: str


def numbers(series: Series) -> Numbers:
    """The main numbers of a series; O(points)."""
    where = np.flatnonzero(np.isfinite(series.value))

    def point(index: int) -> Point:
        return Point(int(series.step[index]), float(series.value[index]))

    rising = metrics.higher_is_better(series.name)
    word = "highest" if rising else "lowest"
    last = point(-1) if len(series) else None
    if not where.size:
        return Numbers(len(series), 0, None, last, None, None, None, word)
    values = series.value[where]
    lowest, highest = point(int(where[np.argmin(values)])), point(int(where[np.argmax(values)]))
    return Numbers(
        len(series),
        int(where.size),
        point(int(where[0])),
        last,
        lowest,
        highest,
        highest if rising else lowest,
        word,
    )
