"""Abrupt changes of level: much faster than the curve before them, and larger than its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from descentry.core.data import Floats
from descentry.core.ranks import median

SIGMAS = 6.0  # of the level's standard error
SHARE = 0.03  # of the range
FASTER = 4.0  # times the rate before
LONGEST = 0.06  # of the run
MOST = 0.8  # of the change: a narrower jump is told rather than a wider one that has little more
SIDE = 0.02  # of the run: what the level before and after is taken over


@dataclass(frozen=True, eq=False)
class Jump:
    """From bin ``start`` to ``stop`` the level goes from ``before`` to ``after``.

    ``error`` is the standard error of the change, ``margin`` the change over its threshold.
    """

    start: int
    stop: int
    before: float
    after: float
    error: float
    margin: float

    @property
    def size(self) -> float:
        """How far it moves, without its sign."""
        return abs(self.after - self.before)


def jumps(level: Floats, noise: Floats, spread: float, bins: int, sign: int) -> list[Jump]:
    """Abrupt falls (``sign`` −1) or rises (+1), strongest kept where they overlap, in order.

    Args:
        level: float64[m], the body of a curve.
        noise: Standard errors of the levels, at least m of them.
        spread: The range of the body.
        bins: Of the whole curve; how long a jump may last is a share of these.
        sign: Which way.
    """
    level = level * sign
    m = len(level)
    if m < 12:
        return []
    # The level on either side is a median over a few bins, so that a step below the noise of one shows.
    side = max(2, round(SIDE * m))
    windows = np.lib.stride_tricks.sliding_window_view(level, side)
    middle = median(windows, axis=1)
    error = noise[: m - side + 1] * 1.25 / np.sqrt(side)
    before = _rate_before(level, max(5, m // 10))
    found: list[Jump] = []
    for width in sorted({1, 2, 4, 8, max(1, round(LONGEST * bins))}):
        n = m - 2 * side - width + 2
        if n < 1 or width >= m // 3:
            break
        # The left window ends at bin a, the right one begins at bin a + width.
        a = np.arange(n) + side - 1
        move = middle[a + width] - middle[:n]
        own = np.hypot(error[:n], error[np.minimum(a + width, m - side)])
        slow = np.maximum(before[a], 0.0) * (width + side)
        need = np.maximum(np.maximum(SIGMAS * own, SHARE * spread), FASTER * slow)
        margin = move / need
        found.extend(
            Jump(
                int(a[i]),
                int(a[i]) + width,
                float(middle[i]),
                float(middle[a[i] + width]),
                float(own[i]),
                float(margin[i]),
            )
            for i in np.flatnonzero(margin >= 1.0)
        )
    return [_placed(jump, level, side, sign) for jump in _apart(found)]


def _placed(jump: Jump, level: Floats, side: int, sign: int) -> Jump:
    """The jump from where the level leaves its old value to where it reaches the new one.

    The medians on both sides allow a jump to lie anywhere within their windows.
    """
    low, high = max(0, jump.start - side + 1), min(len(level), jump.stop + side)
    way = (level[low:high] - jump.before) / (jump.after - jump.before)
    start = int(np.flatnonzero(way <= 0.2)[-1]) if (way <= 0.2).any() else 0
    arrived = np.flatnonzero(way[start:] >= 0.8)
    stop = start + int(arrived[0]) if len(arrived) else len(way) - 1
    return Jump(
        low + start,
        low + max(stop, start + 1),
        sign * jump.before,
        sign * jump.after,
        jump.error,
        jump.margin,
    )


def _rate_before(level: np.ndarray, window: int) -> np.ndarray:
    """Change per bin over the window that ends at each bin; infinite where there is no such window."""
    rate = np.full(len(level), np.inf)
    third = max(1, window // 3)
    middle = median(np.lib.stride_tricks.sliding_window_view(level, third), axis=1)
    at = np.arange(window, len(level))
    rate[at] = np.abs(middle[at - third + 1] - middle[at - window]) / (window - third)
    return rate


def _apart(found: list[Jump]) -> list[Jump]:
    """One jump of those that overlap: the narrowest that has most of the change, where it is clearest."""
    kept: list[Jump] = []
    rest = sorted(found, key=lambda j: j.start)
    while rest:
        group = [rest.pop(0)]
        reach = group[0].stop
        while rest and rest[0].start <= reach + 1:
            reach = max(reach, rest[0].stop)
            group.append(rest.pop(0))
        most = MOST * max(j.size for j in group)
        kept.append(min((j for j in group if j.size >= most), key=lambda j: (j.stop - j.start, -j.margin)))
    return kept
