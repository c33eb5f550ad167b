"""A curve of any length as columns of a picture: lowest, middle and highest value of each, and none lost.

The same as ``static/pyramid.js`` does in the page, for curves that are too long to be sent there. The
values are summed up in stretches of 16, 64, 256 … points. A column of a picture is any stretch of points;
it is put together from the largest summed-up ones inside it and from single points at its ends, for all
columns at once. So its lowest and highest value are exact at every zoom, on a linear axis and on a
logarithmic one, and a spike of one point is never lost; NaN and infinities are counted.

The middle is the median of a column of few points, and otherwise a weighted median of medians: the remedian
of Rousseeuw and Bassett, JASA 85 (1990).

Cost: a tile takes O(columns · log n), some milliseconds out of ten million points (``benchmarks/web.py``);
the sums weigh 2.5 bytes a point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from descentry.core.data import Floats, Ints

BASE, RADIX = 16, 4
_AT_ONCE = 1 << 20  # values that are summed up at once: bounds what building takes beside the values

Columns = Mapping[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Stretches of equally many points: float64[k] low, middle, high (NaN where none is finite), bad."""

    low: Floats
    middle: Floats
    high: Floats
    bad: npt.NDArray[np.uint32]
    kind: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.low)


def levels_of(values: Floats) -> tuple[Level, ...]:
    """Sums up values in whole stretches of 16 points, of 64, and so on; what is left at the end is in none.

    Args:
        values: float64[n].
    """
    whole = len(values) // BASE * BASE
    if not whole:
        return ()
    parts = [_of_values(values[a : min(a + _AT_ONCE, whole)]) for a in range(0, whole, _AT_ONCE)]
    levels = [Level(*(np.concatenate(column) for column in zip(*map(_columns, parts), strict=True)))]
    while len(levels[-1]) >= RADIX:
        levels.append(_of_level(levels[-1]))
    return tuple(levels)


def _columns(level: Level) -> tuple[npt.NDArray[Any], ...]:
    return level.low, level.middle, level.high, level.bad, level.kind


def _of_values(values: Floats) -> Level:
    rows = values.reshape(-1, BASE)
    kind = _kinds(rows)
    bad = np.count_nonzero(kind, axis=1).astype(np.uint32)
    # Sorted with what is no number at the end, a row holds its extremes and its median at known places.
    ordered = np.sort(np.where(kind == 0, rows, np.nan) if bad.any() else rows, axis=1)
    return Level(*_three(ordered, BASE - bad.astype(np.int64)), bad, np.bitwise_or.reduce(kind, axis=1))


def _of_level(below: Level) -> Level:
    whole = len(below) // RADIX * RADIX
    low, middle, high, bad, kind = (column[:whole].reshape(-1, RADIX) for column in _columns(below))
    ordered = np.sort(middle, axis=1)
    known = RADIX - np.count_nonzero(np.isnan(middle), axis=1)
    return Level(
        np.fmin.reduce(low, axis=1),
        _three(ordered, known)[1],
        np.fmax.reduce(high, axis=1),
        bad.sum(axis=1, dtype=np.uint32),
        np.bitwise_or.reduce(kind, axis=1),
    )


def _kinds(values: Floats) -> npt.NDArray[np.uint8]:
    kind = np.zeros(values.shape, np.uint8)
    if not np.isfinite(values).all():
        kind[np.isnan(values)] = 1
        kind[values == math.inf] = 2
        kind[values == -math.inf] = 4
    return kind


def _three(ordered: Floats, known: npt.NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """The least, the median and the greatest of the first ``known`` values of each sorted row."""
    row = np.arange(len(ordered))
    last = np.maximum(known - 1, 0)
    # Halved before they are added: the sum of two losses of 1e308 is no number.
    median = ordered[row, last // 2] / 2 + ordered[row, (last + 1) // 2] / 2
    return ordered[:, 0].copy(), median, ordered[row, last]


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """A curve with its sums.

    Attributes:
        x: float64[n] or int64[n], never decreasing.
        y: float64[n].
        levels: What ``levels_of(y)`` gave, or a beginning of it.
    """

    x: Ints | Floats
    y: Floats
    levels: Sequence[Level] = ()

    @staticmethod
    def of(x: npt.ArrayLike, y: npt.ArrayLike) -> Pyramid:
        """Of some points."""
        values = np.asarray(y, dtype=np.float64)
        return Pyramid(np.asarray(x), values, levels_of(values))

    def __len__(self) -> int:
        return len(self.y)

    def along(self, x: Ints | Floats) -> Pyramid:
        """The same values over another x: float64[n] or int64[n], never decreasing."""
        return replace(self, x=x)

    def tile(self, cuts: Ints) -> Columns:
        """What stands between cuts.

        Args:
            cuts: int64[k + 1] strictly increasing: column i holds the points from cuts[i] up to cuts[i + 1].

        Returns:
            k-vectors: ``start`` and ``stop`` (the first and last x), ``low``, ``middle``, ``high`` (NaN where
            nothing is finite), ``count``, ``bad`` (how many are not finite) and ``kind`` (1 NaN, 2 infinity,
            4 minus infinity, or a sum).
        """
        first, last = cuts[:-1], cuts[1:]
        columns = {"start": self.x[first], "stop": self.x[last - 1], "count": last - first}
        if len(first) and (columns["count"] == 1).all():
            value = self.y[first[0] : last[-1]]
            kind = _kinds(value)
            finite = np.where(kind == 0, value, np.nan)
            bad = (kind != 0).astype(np.uint32)
            return {**columns, "low": finite, "middle": finite, "high": finite, "bad": bad, "kind": kind}
        return {**columns, **self._summed(first.copy(), last.copy())}

    def _summed(self, a: Ints, b: Ints) -> Columns:
        """Puts columns together from points at their ends and sums inside them, all columns at once."""
        parts = _Parts(len(a))
        size = 1
        for level in (None, *self.levels):
            wider = BASE if level is None else size * RADIX
            step = wider // size
            top = level is (self.levels[-1] if self.levels else None)
            take = (lambda i: self._point(i)) if level is None else _taker(level)
            if top:
                # Nothing wider is there: what is left of the columns is taken as it stands.
                rounds = int((b - a).max(initial=0))
                for j in range(rounds):
                    parts.add(a + j, a + j < b, take, size)
                break
            up, down = -(-a // step), b // step
            meet = up > down  # the column lies inside one wider stretch
            until = np.where(meet, b, np.minimum(up * step, b))
            for j in range(step - 1 if not meet.any() else 2 * step):
                inside = a + j < until
                if not inside.any():
                    break
                parts.add(a + j, inside, take, size)
            for j in range(step - 1):
                inside = ~meet & (b - 1 - j >= down * step)
                if not inside.any():
                    break
                parts.add(b - 1 - j, inside, take, size)
            a, b = np.where(meet, 0, up), np.where(meet, 0, down)
            size = wider
        return parts.columns()

    def _point(self, i: Ints) -> tuple[Floats, Floats, Floats, npt.NDArray[Any], npt.NDArray[Any]]:
        value = self.y[i]
        kind = _kinds(value)
        finite = np.where(kind == 0, value, np.nan)
        return finite, finite, finite, (kind != 0).astype(np.uint32), kind

    def outside(self, i: int, j: int, bottom: float, top: float) -> tuple[int, int]:
        """How many finite values of the points i to j lie above a scale, and how many below it."""
        above = below = 0
        for start in range(i, j, _AT_ONCE):
            part = self.y[start : min(start + _AT_ONCE, j)]
            above += int(np.count_nonzero((part > top) & (part < math.inf)))
            below += int(np.count_nonzero((part < bottom) & (part > -math.inf)))
        return above, below


Taken = tuple[Floats, Floats, Floats, npt.NDArray[Any], npt.NDArray[Any]]


def _taker(level: Level) -> Callable[[Ints], Taken]:
    return lambda i: (level.low[i], level.middle[i], level.high[i], level.bad[i], level.kind[i])


class _Parts:
    """What the columns are put together from."""

    def __init__(self, columns: int) -> None:
        self._low = np.full(columns, np.nan)
        self._high = np.full(columns, np.nan)
        self._bad = np.zeros(columns, np.int64)
        self._kind = np.zeros(columns, np.uint8)
        self._middles: list[Floats] = []
        self._weights: list[Floats] = []

    def add(
        self, index: Ints, inside: npt.NDArray[np.bool_], take: Callable[[Ints], Taken], size: int
    ) -> None:
        """Adds to each column that has it what stands at its index."""
        whole = bool(inside.all())
        low, middle, high, bad, kind = take(index if whole else index[inside])
        at: Any = slice(None) if whole else inside
        self._low[at] = np.fmin(self._low[at], low)
        self._high[at] = np.fmax(self._high[at], high)
        self._bad[at] += bad
        self._kind[at] |= kind
        middles, weights = np.full(len(self._low), np.nan), np.zeros(len(self._low))
        middles[at] = middle
        weights[at] = np.where(np.isnan(middle), 0.0, size - bad.astype(np.float64))
        self._middles.append(middles)
        self._weights.append(weights)

    def columns(self) -> Columns:
        """The columns."""
        return {
            "low": self._low,
            "middle": self._median(),
            "high": self._high,
            "bad": self._bad,
            "kind": self._kind,
        }

    def _median(self) -> Floats:
        """The weighted median of each column's parts: the mean of both where the halves meet between two."""
        if not self._middles:
            return self._low.copy()
        middles, weights = np.stack(self._middles, axis=1), np.stack(self._weights, axis=1)
        order = np.argsort(middles, axis=1)
        middles = np.take_along_axis(middles, order, axis=1)
        total = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
        half = total[:, -1:] / 2
        last = middles.shape[1] - 1
        lower = np.minimum((total < half).sum(axis=1), last)
        upper = np.minimum((total <= half).sum(axis=1), last)
        row = np.arange(len(middles))
        median: Floats = middles[row, lower] / 2 + middles[row, upper] / 2
        return np.where(half[:, 0] > 0, median, np.nan)
