"""Fits every shape to every beginning of a curve at once, and sees how well each foretold what came next.

All fits are weighted least squares in closed form from running sums, so one to the first i levels costs no
more than a subtraction. The curve is thus forecast from many of its own earlier points (a rolling origin),
and what those forecasts got wrong is what the last one is weighed and widened by.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from descentry.core.data import Floats, Ints
from descentry.core.ranks import distinct, median
from descentry.forecast._families import LINE, shapes

# Chosen on the development half of benchmarks/forecast.py: docs/decisions/0006-forecast.md.
RECENCY = (
    0.0,
    2.0,
    6.0,
)  # powers of u that levels are weighed by: all alike, up to the last seventh above all
ORIGINS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.88)  # shares of what was seen that it is forecast from
RATIOS = (1.25, 1.5, 2.0, 3.0)  # how far, in times of the origin; what lies beyond the curve is left out
RECENT = 0.12  # of the time up to an origin: where the curve stands is told from this
AROUND = 0.05  # of the time up to a target, on both sides: what came is the mean over this
FEWEST = 5  # levels that a fit needs


@dataclass(frozen=True, eq=False)
class Fits:
    """Every shape with every recency (g·k of them), fitted to the whole, and what it got wrong before.

    Attributes:
        level: L of each, moved so that it passes where the curve stands at its end, float64[g, k].
        size: a of each.
        misfit: Mean square of what it leaves unexplained beyond the noise.
        error: What came less what it foretold, float64[g, k, n], for n pairs of an origin and a target.
        pace: How far the curve had moved over the half before each origin, float64[n].
        noise: Standard error of ``error`` that the noise of the levels makes, float64[n].
        ratio: Target over origin, float64[n].
        end_pace: ``pace`` at the end of the curve.
        end_noise: Standard error of where the curve stands at its end.
    """

    level: Floats
    size: Floats
    misfit: Floats
    error: Floats
    pace: Floats
    noise: Floats
    ratio: Floats
    end_pace: float
    end_noise: float


class _Sums:
    """Running sums along the last axis, so that the sum over any stretch is a difference."""

    def __init__(self, values: Floats) -> None:
        self._total = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
        np.cumsum(values, axis=-1, out=self._total[..., 1:])

    def to(self, stop: Ints) -> Floats:
        return np.asarray(self._total[..., stop])

    def mean(self, start: Ints, stop: Ints) -> Floats:
        return np.asarray((self._total[..., stop] - self._total[..., start]) / (stop - start))


def fit(u: Floats, level: Floats, noise: Floats) -> Fits:
    """Fits from every origin; some 180 shapes, 9 origins and 360 levels cost 4 ms.

    Args:
        u: Times, float64[m], rising, in (0, 1]; at least ``FEWEST`` of them.
        level: Levels at them, in units in which their spread is about one.
        noise: Their standard errors, above 0.
    """
    m = len(u)
    stops = distinct(np.append(np.clip(np.searchsorted(u, ORIGINS), FEWEST, m), m)).astype(np.int64)
    end = u[stops - 1]
    f = shapes(u)
    base, size, left = _least_squares(f, u, level, noise, stops)
    means, f_means, squares = _Sums(level), _Sums(f), _Sums(noise**2)
    # Where the curve stands is its mean lately, as far as noise lets that be known: a shape that leaves more
    # than noise unexplained is moved there.
    begin = np.minimum(np.searchsorted(u, end * (1.0 - RECENT)), stops - 3)
    stand = squares.mean(begin, stops) / (stops - begin)
    off = means.mean(begin, stops) - base - size * f_means.mean(begin, stops)
    misfit = np.maximum(left - squares.mean(np.zeros_like(stops), stops), 0.0)
    wrong = misfit + 0.5 * off**2
    base = base + off * wrong / (wrong + stand)
    pace = _pace(u, end, means, means.mean(begin, stops), stand)
    at, target, (low, high) = _targets(u, end)
    error = means.mean(low, high) - base[..., at] - size[..., at] * f_means.mean(low, high)
    came = squares.mean(low, high) / (high - low)
    return Fits(
        base[..., -1],
        size[..., -1],
        misfit[..., -1],
        error,
        pace[at],
        np.sqrt(came + stand[at]),
        target / end[at],
        float(pace[-1]),
        float(np.sqrt(stand[-1])),
    )


def _least_squares(
    f: Floats, u: Floats, level: Floats, noise: Floats, stops: Ints
) -> tuple[Floats, Floats, Floats]:
    """L, a and the mean square left over of every shape up to every origin: float64[g, k, o] each."""
    precision = np.square(median(noise) / noise)
    w = precision * u ** np.array(RECENCY)[:, None]
    w /= w.max(axis=1, keepdims=True)
    s, sy, syy = (_Sums(x).to(stops)[:, None, :] for x in (w, w * level, w * level**2))
    wf = w[:, None, :] * f
    sf, sff, sfy = (_Sums(x).to(stops) for x in (wf, wf * f, wf * level))
    spread, cov = sff - sf * sf / s, sfy - sf * sy / s
    size = np.divide(cov, spread, out=np.zeros_like(cov), where=spread > 1e-10 * sff + 1e-300)
    # Only the line may rise: a decay turned upside down would foretell a rise that ends by itself.
    size = np.where((size < 0.0) & ~LINE[:, None], 0.0, size)
    left = np.maximum(syy - sy * sy / s - size * (2.0 * cov - size * spread), 0.0) / s
    return (sy - size * sf) / s, size, left


def _pace(u: Floats, end: Floats, means: _Sums, now: Floats, stand: Floats) -> Floats:
    """How far the curve moved over the later half of the time up to each origin; noise counts as moving."""
    low = np.searchsorted(u, 0.4 * end)
    high = np.maximum(np.searchsorted(u, 0.6 * end), low + 1)
    return np.asarray(np.sqrt(np.square(means.mean(low, high) - now) + 4.0 * stand))


def _targets(u: Floats, end: Floats) -> tuple[Ints, Floats, tuple[Ints, Ints]]:
    """The pairs: index of the origin, time of the target, and the levels about it."""
    pairs = [(i, r * end[i]) for i in range(len(end) - 1) for r in RATIOS if r * end[i] <= 1.0 + 1e-9]
    at = np.array([i for i, _ in pairs], dtype=np.int64)
    target = np.array([t for _, t in pairs])
    high: npt.NDArray[np.int64] = np.searchsorted(u, np.minimum(target * (1.0 + AROUND), 1.0), side="right")
    low = np.clip(np.searchsorted(u, target * (1.0 - AROUND)), 0, high - 2)
    return at, target, (low, high)
