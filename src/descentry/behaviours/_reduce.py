"""From any number of points to a few hundred, without losing spikes, and what the noise of a point is."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from descentry.core.data import Floats, Ints
from descentry.core.ranks import median

BINS = 360  # enough to place a change within 0.3% of the run; quadratic cost in the segmentation
MICRO = 24  # micro-bins per bin on long curves: a median over their means is robust and cheap
WHOLE = BINS * MICRO * 2  # up to here medians are taken over the points themselves
MAD = 1.4826  # turns a median absolute deviation into a standard deviation of a normal


@dataclass(frozen=True, eq=False)
class Reduced:
    """A curve in bins of equally many finite points.

    Attributes:
        level: Median of each bin, float64[m].
        high: Largest value of each fine cell (a point, or a micro-bin), float64[f].
        low: Smallest value of each fine cell.
        first: Index of the first point of each bin in the series, int64[m].
        last: Index of the last one.
        count: Points in each bin.
        noise: Standard deviation of single points about the level, float64[m].
        cell_first: Index in the series of the first point of each fine cell.
        cell_last: Index of the last one.
        bad: Whether any point of the series is not finite.
    """

    level: Floats
    high: Floats
    low: Floats
    first: Ints
    last: Ints
    count: Ints
    noise: Floats
    cell_first: Ints
    cell_last: Ints
    bad: bool

    def at(self, index: Ints) -> Reduced:
        """The same curve as part of a longer series, whose finite points stand at ``index``."""
        moved = {n: index[getattr(self, n)] for n in ("first", "last", "cell_first", "cell_last")}
        return dataclasses.replace(self, bad=True, **moved)


def reduce(value: Floats, sign: float) -> Reduced:
    """Reduces a series; ``sign`` −1 turns a metric that rises into one that falls."""
    n = len(value)
    if n > WHOLE:
        return _reduce_long(value, sign)
    finite = np.isfinite(value)
    index = np.flatnonzero(finite)
    return _reduce_points(sign * value[index], index, bad=len(index) < n)


def _edges(n: int, bins: int) -> Ints:
    return np.linspace(0, n, min(bins, n) + 1).astype(np.int64)


def _reduce_points(y: Floats, index: Ints, *, bad: bool) -> Reduced:
    edges = _edges(len(y), BINS)
    level = _medians(y, edges)
    return Reduced(
        level=level,
        high=y,
        low=y,
        first=index[edges[:-1]],
        last=index[edges[1:] - 1] if len(y) else index,
        count=np.diff(edges),
        noise=point_noise(y, len(level)),
        cell_first=index,
        cell_last=index,
        bad=bad,
    )


def _medians(y: Floats, edges: Ints) -> Floats:
    """Median of y between neighbouring edges; all bins of one size are taken at once."""
    sizes = np.diff(edges)
    out = np.empty(len(sizes))
    for size in set(sizes.tolist()):  # one size or two, one apart
        same = sizes == size
        out[same] = median(y[edges[:-1][same][:, None] + np.arange(size)], axis=1)
    return out


def _reduce_long(value: Floats, sign: float) -> Reduced:
    """Two passes over the array at memory speed, whatever its length."""
    n = len(value)
    cells = BINS * MICRO
    width = n // cells
    edges = np.arange(cells + 1) * width
    edges[-1] = n
    with np.errstate(over="ignore", invalid="ignore"):
        high = np.maximum.reduceat(value, edges[:-1])
        low = np.minimum.reduceat(value, edges[:-1])
        mean = np.add.reduceat(value, edges[:-1]) / np.diff(edges)
    if not np.isfinite(mean).all():
        finite = np.flatnonzero(np.isfinite(value))
        if len(finite) < n:
            part = reduce(value[finite], sign)
            return part.at(finite)
    if sign < 0:
        high, low, mean = -low, -high, -mean
    level = median(mean.reshape(BINS, MICRO), axis=1)
    first, last = edges[:-1], edges[1:] - 1
    blocks = np.linspace(0, n - 64, BINS).astype(np.int64)
    sample = sign * value[blocks[:, None] + np.arange(64)]
    bend = np.abs(sample[:, 2:] - 2 * sample[:, 1:-1] + sample[:, :-2])
    noise = MAD * median(bend, axis=1) / np.sqrt(6.0)
    return Reduced(
        level=level,
        high=high,
        low=low,
        first=first[::MICRO],
        last=last[MICRO - 1 :: MICRO],
        count=np.add.reduceat(np.diff(edges), np.arange(0, cells, MICRO)),
        noise=running_median(noise, 25),
        cell_first=first,
        cell_last=last,
        bad=False,
    )


def point_noise(y: Floats, bins: int) -> Floats:
    """Standard deviation of single points, drifting along the curve, from second differences.

    A straight trend leaves second differences alone, so the estimate needs no trend; for white noise their
    standard deviation is √6 times that of a point. Robust to spikes by the median.
    """
    n = len(y)
    if n < 3:
        return np.zeros(bins)
    bend = np.abs(y[2:] - 2 * y[1:-1] + y[:-2]) / np.sqrt(6.0)
    blocks = int(np.clip(n // 24, 1, 16))
    edges = np.linspace(0, n - 2, blocks + 1).astype(int)
    each = np.array([MAD * median(bend[a:b]) for a, b in pairwise(edges)])
    centre = (edges[:-1] + edges[1:]) / 2 / max(1, n - 2) * bins
    drifting: Floats = np.interp(np.arange(bins) + 0.5, centre, each)
    return drifting


def running_median(values: Floats, width: int) -> Floats:
    """Running median of odd ``width``, narrowed at the ends so that the first and last value stand.

    >>> running_median(np.array([1.0, 9.0, 1.0, 1.0]), 3).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    n = len(values)
    half = min(width // 2, (n - 1) // 2)
    out = values.astype(np.float64, copy=True)
    if half < 1:
        return out
    windows = np.lib.stride_tricks.sliding_window_view(values, 2 * half + 1)
    out[half : n - half] = median(windows, axis=1)
    for i in range(1, half):
        out[i] = median(values[: 2 * i + 1])
        out[n - 1 - i] = median(values[n - 2 * i - 1 :])
    return out
