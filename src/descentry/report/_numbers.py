"""The main numbers of a series: how many points, the first, last, lowest and highest; and its extent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from descentry.core import metrics
from descentry.core.data import Report, Series


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """A point of a curve."""

    step: int
    value: float


@dataclass(frozen=True, slots=True, eq=False)
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


def alike(report: Report) -> set[str]:
    """The names of the series whose steps count what those of the main one do."""
    if report.main is None:
        return set()
    return {s.name for s in (report.main, *report.run.series) if s.step_name == report.main.step_name}


def extent(report: Report) -> tuple[int, int]:
    """The first and last step of the main curve and of what was found on it.

    A table that leaves the cells of a dead run empty ends its curve before the finding that says so.
    """
    assert report.main is not None
    same = alike(report)
    found = [step for f in report.findings if f.series in same for step in (f.start, f.stop)]
    steps = [int(report.main.step[0]), int(report.main.step[-1]), *found]
    return min(steps), max(steps)


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
