"""Abrupt changes of level: much faster than the curve before them, and larger than its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from descentry.behaviours._curve import Curve

SIGMAS = 6.0  # of the level's standard error
SHARE = 0.03  # of the range
FASTER = 5.0  # times the rate before
LONGEST = 0.06  # of the run


@dataclass(frozen=True)
class Jump:
    """From bin ``start`` to bin ``stop`` the level moves by ``size`` (negative: a fall); ``margin`` over its threshold."""

    start: int
    stop: int
    size: float
    margin: float


def jumps(curve: Curve, sign: int) -> list[Jump]:
    """Abrupt falls (``sign`` −1) or rises (+1) of the body, strongest kept where they overlap, in order."""
    level = curve.clean[: curve.body] * sign
    m = len(level)
    if m < 12:
        return []
    noise = curve.level_noise[: curve.body]
    best: list[Jump] = []
    for width in sorted({1, 2, 4, 8, max(1, round(LONGEST * len(curve.level)))}):
        if width >= m // 3:
            break
        move = level[width:] - level[:-width]
        error = np.hypot(noise[width:], noise[:-width])
        before = _rate_before(level, max(5, m // 10))[: len(move)]
        need = np.maximum(np.maximum(SIGMAS * error, SHARE * curve.range), FASTER * width * np.maximum(before, 0.0))
        margin = move / need
        peaks = np.flatnonzero(margin >= 1.0)
        best.extend(Jump(int(i), int(i) + width, sign * float(move[i]), float(margin[i])) for i in peaks)
    return _apart(best)


def _rate_before(level: np.ndarray, window: int) -> np.ndarray:
    """Change per bin over the window that ends at each bin; infinite where there is no such window."""
    rate = np.full(len(level), np.inf)
    half = max(1, window // 3)
    for i in range(window, len(level)):
        part = level[i - window : i + 1]
        rate[i] = (np.median(part[-half:]) - np.median(part[:half])) / (window - half)
    return np.abs(rate)


def _apart(found: list[Jump]) -> list[Jump]:
    """The strongest of jumps that overlap; of equals the widest change wins."""
    kept: list[Jump] = []
    for jump in sorted(found, key=lambda j: (-abs(j.size), j.stop - j.start)):
        if all(jump.start > k.stop + 2 or jump.stop < k.start - 2 for k in kept):
            kept.append(jump)
    return sorted(kept, key=lambda j: j.start)
