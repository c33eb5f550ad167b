"""Cuts a reduced curve into straight pieces: penalised least squares, solved exactly.

The optimal partition of Jackson et al. (2005) with a linear fit in each piece and a BIC-like penalty. On at
most a few hundred bins the quadratic search costs milliseconds, so nothing faster or approximate is needed
(docs/decisions/0001-dependencies.md says why this is not taken from ruptures).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from descentry.core.data import Floats
from descentry.core.ranks import median

BLOCK = 16  # rows of candidates weighed at once: arrays that stay in the cache
PENALTY = 3.0  # per free number of a piece, times log(bins); 1 is BIC, more because bins are not independent


@dataclass(frozen=True, eq=False)
class Segment:
    """A straight piece: bins ``start``..``stop`` (inclusive) and the fitted level at both ends."""

    start: int
    stop: int
    begin: float
    end: float

    def scaled(self, unit: float, centre: float) -> Segment:
        """The same piece in the units of the loss."""
        return Segment(self.start, self.stop, centre + unit * self.begin, centre + unit * self.end)

    @property
    def change(self) -> float:
        """Level at the end minus level at the start; negative is good."""
        return self.end - self.begin

    @property
    def bins(self) -> int:
        """How many bins it covers."""
        return self.stop - self.start + 1


def segment(level: Floats, noise: Floats) -> tuple[Segment, ...]:
    """The best straight pieces of ``level``, whose standard errors are ``noise`` (both float64[m])."""
    m = len(level)
    if m == 0:
        return ()
    x = np.arange(m, dtype=np.float64)
    # In units of the noise: losses of 1e-200 or 1e200 would leave the range of squares.
    unit, centre = float(median(noise)), float(median(level))
    y = (level - centre) / unit
    w = 1.0 / np.square(np.clip(noise / unit, 1e-6, 1e6))
    sums = np.zeros((6, m + 1))
    np.cumsum([w, w * x, w * x * x, w * y, w * x * y, w * y * y], axis=1, out=sums[:, 1:])
    best = np.full(m + 1, np.inf)
    best[0] = 0.0
    back = np.zeros(m + 1, dtype=np.int64)
    penalty = PENALTY * np.log(max(m, 3))
    for j in range(1, m + 1):
        row = (j - 1) % BLOCK
        if not row:
            cost = _costs(sums[:, j : j + BLOCK, None] - sums[:, None, : j + BLOCK - 1]) + penalty
        total = best[:j] + cost[row, :j]
        if m >= 4 and j >= 2:
            total[j - 1] += penalty  # a piece of one bin explains nothing
        back[j] = int(np.argmin(total))
        best[j] = total[back[j]]
    cuts = [m]
    while cuts[-1] > 0:
        cuts.append(int(back[cuts[-1]]))
    cuts.reverse()
    return tuple(_fit(x, y, w, a, b).scaled(unit, centre) for a, b in pairwise(cuts))


def _costs(sums: Floats) -> Floats:
    """Weighted squared error of the best line over each candidate; of no candidates, whatever comes out.

    Args:
        sums: float64[6, …], the sums of w, wx, wx², wy, wxy and wy² over each.
    """
    s, sx, sxx, sy, sxy, syy = sums
    with np.errstate(all="ignore"):
        x = sx / s
        spread = sxx - sx * x
        cov = sxy - sy * x
        explained = np.where(spread > 1e-12 * sxx, cov * cov / spread, 0.0)
        error: Floats = np.maximum(syy - sy * sy / s - explained, 0.0)
    return error


def _fit(x: Floats, y: Floats, w: Floats, a: int, b: int) -> Segment:
    if b - a == 1:
        return Segment(a, a, float(y[a]), float(y[a]))
    xs, ys, ws = x[a:b], y[a:b], w[a:b]
    mx, my = np.average(xs, weights=ws), np.average(ys, weights=ws)
    spread = float(np.sum(ws * (xs - mx) ** 2))
    slope = float(np.sum(ws * (xs - mx) * (ys - my))) / spread
    return Segment(a, b - 1, float(my + slope * (xs[0] - mx)), float(my + slope * (xs[-1] - mx)))
