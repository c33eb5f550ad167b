"""Ups and downs that noise does not explain: slow swings of the level, and bounces from point to point."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from descentry.behaviours._trend import RESOLUTION
from descentry.core.data import Floats, Ints
from descentry.core.ranks import median, quantile

if TYPE_CHECKING:
    from descentry.behaviours._curve import Curve

REVERSALS = 5  # turning points: more than two full swings
AMPLITUDE = 0.20  # of the range: irregular swings have to be large, regular ones only visible
SIGMAS = 4.0
ALTERNATION = 0.88  # of neighbouring changes point in opposite directions; white noise: two thirds
REPEATS = 0.4  # autocorrelation
PERIODS = 5  # at least, in what is looked at: a curve with two steps repeats itself once
VISIBLE = 0.03  # of the scale
BLOCK = 128


@dataclass(frozen=True, eq=False)
class Swings:
    """Swings over bins ``start``..``stop``, their median height, and whether they go from point to point."""

    start: int
    stop: int
    amplitude: float
    turns: int
    bounce: bool


def widest(curve: Curve) -> Swings | None:
    """The stretch of sustained swings, if there is one."""
    if curve.range <= RESOLUTION * float(np.abs(median(curve.clean))):
        return None
    return _slow(curve) or _periodic(curve)


def _slow(curve: Curve) -> Swings | None:
    level = curve.clean[: curve.body]
    if len(level) < 16:
        return None
    need = max(0.5 * AMPLITUDE * curve.range, SIGMAS * float(median(curve.level_noise[: curve.body])))
    turns = turning_points(level, need)
    # The first and last turning points may belong to the fall before and the rise after.
    if len(turns) < REVERSALS:
        return None
    heights = np.abs(np.diff(level[turns]))
    lengths = np.diff(turns)
    if median(heights) < AMPLITUDE * curve.range:
        return None
    if median(lengths) < 3:
        return None  # single points that stick out are noise with a tail, not swings
    if not 0.25 <= _balance(level, turns) <= 0.75:
        return None  # spikes rest at the bottom between their peaks, swings do not
    share = (turns[-1] - turns[0]) / len(level)
    if share < 0.15:
        return None
    return Swings(int(turns[0]), int(turns[-1]), float(median(heights)), len(turns), bounce=False)


def _balance(level: Floats, turns: Ints) -> float:
    """Where, between low (0) and high (1), the level is found on average from one turn to the next."""
    places = []
    for a, b in pairwise(turns):
        low, high = sorted((float(level[a]), float(level[b])))
        places.append((float(level[a : b + 1].mean()) - low) / (high - low))
    return float(median(places))


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


def _periodic(curve: Curve) -> Swings | None:
    """Swings too quick or too regular for turning points: the curve repeats itself.

    Looked for in the levels of the body and its halves, and in blocks of neighbouring points, whose swings
    the levels of a long curve average away.
    """
    level = curve.level[: curve.body]
    m = len(level)
    parts = [(0, m), (m // 2, m), (0, m // 2), (m // 4, 3 * m // 4)] if m >= 64 else [(0, m)]
    for a, b in parts:
        height = float(repetition(level[None, a:b])[0])
        if height >= VISIBLE * curve.scale:
            return Swings(a, b - 1, height, REVERSALS, bounce=False)
    return _bounces(curve)


def repetition(y: Floats) -> Floats:
    """Height of the swings in each row of ``y`` (float64[rows, n]) that repeats itself, else 0.

    The autocorrelation of what is left after a cubic has to fall below −``REPEATS`` and come back above
    +``REPEATS`` at twice that lag (give or take a fifth). For white noise its standard error is 1/√n.
    """
    n = y.shape[1]
    if n < 24:
        return np.zeros(len(y))
    smooth = np.linalg.qr(np.vander(np.linspace(-1.0, 1.0, n), 4))[0]
    rest = y - (y @ smooth) @ smooth.T
    low, high = (quantile(rest, q, axis=1)[:, None] for q in (0.02, 0.98))
    rest = np.clip(rest, low, high)
    rest -= rest.mean(axis=1, keepdims=True)
    power = np.square(rest).sum(axis=1)
    size = 1 << (2 * n - 1).bit_length()
    lags = np.arange(n // 3)
    raw = np.fft.irfft(np.abs(np.fft.rfft(rest, size)) ** 2, size)[:, : n // 3]
    acf = raw / np.maximum(power, 1e-300)[:, None] * (n / (n - lags))
    need = max(REPEATS, 4.0 / np.sqrt(n))
    heights = np.zeros(len(y))
    for i, (row, swing) in enumerate(zip(acf, (high - low)[:, 0], strict=True)):
        half = int(np.argmin(row[: n // (2 * PERIODS) + 1]))
        back = row[max(half + 1, int(1.6 * half)) : int(2.4 * half) + 2]
        if half >= 1 and row[half] <= -need and back.max(initial=0.0) >= need:
            heights[i] = swing
    return heights


def _bounces(curve: Curve) -> Swings | None:
    """Blocks of neighbouring points that repeat themselves: steps that overshoot every time."""
    value, first = curve.series.value, curve.reduced.first
    if curve.body < len(curve.level):
        value = value[: first[curve.body]]
    at = np.flatnonzero(np.isfinite(value)) if curve.reduced.bad else None
    finite = value if at is None else value[at]
    n = len(finite)
    size = min(BLOCK, n)
    if size < 16:
        return None
    starts = np.linspace(0, n - size, min(24, n - size + 1)).astype(np.int64)
    blocks = finite[starts[:, None] + np.arange(size)]
    rows = np.diff(blocks, axis=1)
    alternate = (rows[:, 1:] * rows[:, :-1] < 0).mean(axis=1) >= ALTERNATION
    heights = np.where(alternate, median(np.abs(rows), axis=1), repetition(blocks))
    hit = heights >= VISIBLE * curve.scale
    if hit.mean() < 0.15:
        return None
    begin, end = int(starts[hit][0]), int(starts[hit][-1]) + size - 1
    if at is not None:
        begin, end = int(at[begin]), int(at[end])
    a, b = np.searchsorted(first, [begin, end], side="right") - 1
    turns = int(hit.sum()) * REVERSALS
    return Swings(max(int(a), 0), max(int(b), 0), float(median(heights[hit])), turns, bounce=True)
