"""The outline of a curve: where it begins, how far it falls, and whether it ends below where it began."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from descentry.behaviours._reduce import MAD
from descentry.core.data import Floats
from descentry.core.ranks import median

# Each of these is argued in docs/decisions/0005-story-thresholds.md.
SIGNIFICANT = 4.0  # standard errors
RESOLUTION = 4e-6  # of the level: what single precision can tell apart after a reduction


@dataclass(frozen=True, eq=False)
class Trend:
    """Levels at the landmarks of a curve's body, in its own units.

    Attributes:
        start: Level of the first bin.
        end: Level of the last twentieth.
        peak: Bin of the highest level.
        lowest: Bin of the lowest level.
        error: Standard error of ``start - end``.
        lost: The run ends above its very first point, which nothing after it reached again.
        flat: Nothing changes that noise or the numbers' resolution would not explain.
        falls: The run ends below where it began (or where an early rise took it), and that is no accident.
        linearity: Fall of the second half over that of the first; 1 is a straight line, near 0 has slowed.
    """

    start: float
    end: float
    peak: int
    lowest: int
    error: float
    lost: bool
    flat: bool
    falls: bool
    linearity: float

    @property
    def fall(self) -> float:
        """How far the curve came down from its start, positive when it did."""
        return self.start - self.end


def outline(clean: Floats, noise: Floats, level_noise: Floats, fits: Floats, first: float) -> Trend:
    """The outline of the bins given (the body of a curve).

    Args:
        clean: Levels, float64[m].
        noise: Standard deviations of single points, float64[m].
        level_noise: Standard errors of the levels, float64[m].
        fits: The ends of the straight pieces of the curve.
        first: The first point itself: a run may blow up before the first bin is full.
    """
    m = len(clean)
    spread = float(np.ptp(clean))
    tail = max(1, m // 20)
    head = max(1, m // 50)
    # The steepest fall is at the start: there the first bin stands, and only noise asks for more of them.
    start = float(median(clean[:head]))
    if abs(start - float(clean[0])) > 3.0 * float(level_noise[0]):
        start = float(clean[0])
    end = float(median(clean[-tail:]))
    lost = (
        end - first > SIGNIFICANT * float(median(noise[-tail:])) and float(clean[1:].min(initial=end)) > first
    )
    if lost:
        start = first
    error = float(np.hypot(level_noise[0] / np.sqrt(head), median(level_noise[-tail:]) / np.sqrt(tail)))
    flat = spread <= RESOLUTION * float(np.abs(median(clean))) or _flat(fits, noise, level_noise)
    peak, lowest = int(np.argmax(clean)), int(np.argmin(clean))
    early = int(np.argmax(clean[: max(1, m // 2)]))
    from_peak = float(clean[early]) - end
    halves = _halves(clean[early:] if start - end < 0.5 * from_peak else clean)
    quarter = max(1, m // 4)
    drift = float(median(clean[:quarter]) - median(clean[-quarter:]))
    drift_error = float(median(level_noise)) * 1.77 / np.sqrt(quarter)
    late, late_error = slope(clean[m // 2 :], level_noise[m // 2 :])
    # What only undoes an early rise is a gain while it goes on; a run that blew up and lies still is none.
    undone = start - end > SIGNIFICANT * error or late < -3.0 * late_error
    falls = not (flat or lost) and (
        (drift > max(SIGNIFICANT * drift_error, 0.1 * spread) and start > end)
        or (start - end > max(SIGNIFICANT * error, 0.1 * spread))
        or (undone and start - end > -0.15 * spread and from_peak > max(SIGNIFICANT * error, 0.5 * spread))
    )
    linearity = halves[1] / halves[0] if halves[0] > 0 else 0.0
    return Trend(start, end, peak, lowest, error, lost, flat and not lost, falls, linearity)


def slope(clean: Floats, level_noise: Floats) -> tuple[float, float]:
    """Change per bin of the straight line through the levels, and its standard error."""
    x = np.arange(len(clean), dtype=np.float64)
    x -= x.mean()
    power = float(x @ x)
    if power == 0:
        return 0.0, 0.0
    rate = float(x @ clean) / power
    # Residuals of neighbouring bins are alike after the running median; the larger of both errors holds.
    residual = MAD * float(median(np.abs(clean - median(clean) - rate * x)))
    return rate, max(float(median(level_noise)), residual) / float(np.sqrt(power))


def _halves(clean: Floats) -> tuple[float, float]:
    m = len(clean)
    w = max(1, m // 20)
    first, middle, last = (
        median(clean[:w]),
        median(clean[(m - w) // 2 : (m + w + 1) // 2]),
        median(clean[-w:]),
    )
    return float(first - middle), float(middle - last)


def _flat(fits: Floats, noise: Floats, level_noise: Floats) -> bool:
    """Whether the straight pieces stay within the noise of a point, with no slope that a test would see."""
    m = len(level_noise)
    typical = float(median(noise))
    if float(np.ptp(fits)) > 3.0 * max(typical, float(median(level_noise))):
        return False
    slope_error = float(median(level_noise)) * np.sqrt(12.0 / max(m, 1))
    return bool(abs(float(fits[-1] - fits[0])) <= max(SIGNIFICANT * slope_error, 0.3 * typical))
