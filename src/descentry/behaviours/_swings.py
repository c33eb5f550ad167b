"""Ups and downs that noise does not explain: slow swings of the level, and bounces from point to point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from descentry.behaviours._curve import Curve
from descentry.core.data import Floats, Ints

REVERSALS = 6  # turning points: three full swings
AMPLITUDE = 0.10  # of the range
SIGMAS = 4.0
ALTERNATION = 0.88  # of neighbouring changes point in opposite directions; white noise: two thirds
BLOCK = 64


@dataclass(frozen=True)
class Swings:
    """Bins ``start``..``stop``, the median height of a swing, how many turning points, whether from point to point."""

    start: int
    stop: int
    amplitude: float
    turns: int
    bounce: bool


def widest(curve: Curve) -> Swings | None:
    """The stretch of sustained swings, if there is one."""
    return _slow(curve) or _bounces(curve)


def _slow(curve: Curve) -> Swings | None:
    level = curve.clean[: curve.body]
    if len(level) < 16:
        return None
    need = max(AMPLITUDE * curve.range, SIGMAS * float(np.median(curve.level_noise[: curve.body])))
    turns = turning_points(level, need)
    # The first and last turning points may belong to the fall before and the rise after.
    if len(turns) < REVERSALS:
        return None
    heights = np.abs(np.diff(level[turns]))
    lengths = np.diff(turns)
    if np.median(lengths) < 3:
        return None  # single points that stick out are noise with a tail, not swings
    share = (turns[-1] - turns[0]) / len(level)
    if share < 0.15:
        return None
    return Swings(int(turns[0]), int(turns[-1]), float(np.median(heights)), len(turns), bounce=False)


def turning_points(level: Floats, need: float) -> Ints:
    """Bins where the curve turns for a reversal of at least ``need``.

    >>> turning_points(np.array([0.0, 3.0, 0.0, 3.0, 0.0]), 1.0).tolist()
    [1, 2, 3]
    """
    turns: list[int] = []
    extreme, direction = 0, 0
    for i, value in enumerate(level):
        if direction >= 0 and value > level[extreme]:
            extreme = i
            direction = direction or (1 if value - level[0] >= need else 0)
        elif direction <= 0 and value < level[extreme]:
            extreme = i
            direction = direction or (-1 if level[0] - value >= need else 0)
        if direction and abs(value - level[extreme]) >= need:
            turns.append(extreme)
            extreme, direction = i, -direction
    return np.array(turns, dtype=np.int64)


def _bounces(curve: Curve) -> Swings | None:
    """Blocks in which nearly every point goes the other way: steps that overshoot every time."""
    value = curve.series.value
    finite = value if not curve.reduced.bad else value[np.isfinite(value)]
    n = len(finite) if curve.body >= len(curve.level) else int(curve.reduced.first[curve.body])
    size = min(BLOCK, n)
    if size < 16:
        return None
    starts = np.unique(np.linspace(0, n - size, 24).astype(np.int64))
    rows = np.diff(finite[starts[:, None] + np.arange(size)], axis=1)
    opposite = (rows[:, 1:] * rows[:, :-1] < 0).mean(axis=1)
    height = np.median(np.abs(rows), axis=1)
    hit = (opposite >= ALTERNATION) & (height >= 0.02 * curve.range)
    if not hit.any() or hit.mean() < min(0.15, 1.5 / len(starts)):
        return None
    index = curve.reduced.first
    a = int(np.searchsorted(index, starts[hit][0], side="right")) - 1
    b = int(np.searchsorted(index, starts[hit][-1] + size - 1, side="right")) - 1
    return Swings(max(a, 0), max(b, 0), float(np.median(height[hit])), int(hit.sum() * size * 0.9), bounce=True)
