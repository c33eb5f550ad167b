"""A curve made ready to be judged: oriented, reduced to its finite points, with its noise beside it.

Everything a behaviour decides is decided on at most ``BINS`` points, so 20 points and 10 million are judged
by the same rules; only spikes are looked for at the full resolution. All statistics are robust (medians and
median absolute deviations) and in units of the curve's own noise or range, so that rescaling or shifting the
loss changes nothing. Where the numbers come from: docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from descentry.behaviours import _reduce
from descentry.behaviours._jumps import Jump, jumps
from descentry.behaviours._segments import Segment, segment
from descentry.behaviours._swings import Swings, widest
from descentry.behaviours._trend import Trend, outline
from descentry.core.data import Floats, Gap, Series
from descentry.core.ranks import median, quantile

MIN_POINTS = 8  # below this no trend can be told from noise at 95%: see the decision record
FLOOR = 0.002  # of the scale: what no eye sees on a plot is not called a change


@dataclass(frozen=True, eq=False)
class Curve:
    """One series, falling when things go well.

    Attributes:
        series: As it was logged.
        rising: The metric is better when higher; values here are then negated.
        gaps: What the reader noted on this series (empty cells that stand for NaN are evidence).
        validation: The validation twin of the series, or None.
    """

    series: Series
    rising: bool = False
    gaps: tuple[Gap, ...] = ()
    validation: Curve | None = None

    @functools.cached_property
    def reduced(self) -> _reduce.Reduced:
        """The finite points in at most ``_reduce.BINS`` bins."""
        return _reduce.reduce(self.series.value, -1.0 if self.rising else 1.0)

    @functools.cached_property
    def finite(self) -> Floats:
        """The finite points as the log has them: the series' own array where all of them are."""
        value = self.series.value
        return value[np.isfinite(value)] if self.reduced.bad else value

    @property
    def level(self) -> Floats:
        """Median of each bin."""
        return self.reduced.level

    @functools.cached_property
    def clean(self) -> Floats:
        """The level with spikes of a bin or two taken out by a running median."""
        return _reduce.running_median(self.level, 3 if len(self.level) < 60 else 5)

    @functools.cached_property
    def body(self) -> int:
        """How many bins come before the loss runs away for good (all of them when it does not)."""
        return _runaway(self.clean, self.reduced.noise)

    @functools.cached_property
    def range(self) -> float:
        """Between the highest and the lowest level of the body."""
        part = self.clean[: self.body]
        return float(np.ptp(part)) if len(part) else 0.0

    @functools.cached_property
    def scale(self) -> float:
        """What changes are compared with: the geometric mean of the range and that after the first twentieth.

        The first few points of a run often fall further than all the others together; neither they nor the
        rest alone are what an eye measures by.
        """
        part = self.clean[: self.body]
        late = part[max(1, round(0.05 * len(part))) :]
        bulk = float(np.ptp(late)) if len(late) else 0.0
        return float(
            # The root of each, as the product of two of 1e-200 or 1e200 would leave the range of floats.
            min(
                np.sqrt(self.range) * np.sqrt(max(bulk, 1e-3 * self.range)),
                max(5.0 * bulk, 1e-3 * self.range),
            )
        )

    @functools.cached_property
    def noise(self) -> Floats:
        """Standard deviation of single points, bin by bin."""
        return self.reduced.noise

    @functools.cached_property
    def level_noise(self) -> Floats:
        """Standard error of each level, never below what an eye could see."""
        per_bin = self.noise * np.sqrt(np.where(self.reduced.count > 2, 1.57, 1.0) / self.reduced.count)
        return np.hypot(per_bin, FLOOR * self.scale + 1e-300)

    @functools.cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The body in straight pieces."""
        return segment(self.clean[: self.body], self.level_noise[: self.body])

    @functools.cached_property
    def kept(self) -> int:
        """How many bins of the body come before a step up that undoes most of what was gained."""
        for jump in self.jumps(+1):
            before = self.clean[: jump.start + 1]
            gained = float(before.max() - before.min())
            if (
                jump.start >= 0.2 * self.body
                and jump.size >= 0.5 * gained
                and float(self.clean[-1]) - float(before.min()) >= 0.5 * gained
            ):
                return jump.start + 1
        return self.body

    @functools.cached_property
    def trend(self) -> Trend:
        """The outline of the body, up to a step that undoes it."""
        b = self.kept
        fits = np.array([e for piece in self.segments if piece.start < b for e in (piece.begin, piece.end)])
        value = float(self.series.value[self.reduced.first[0]])
        first = -value if self.rising else value
        return outline(self.clean[:b], self.noise[:b], self.level_noise[:b], fits, first)

    @functools.cached_property
    def swings(self) -> Swings | None:
        """The widest stretch of sustained ups and downs, if there is one."""
        return widest(self)

    def jumps(self, sign: int) -> list[Jump]:
        """Abrupt falls (−1) or rises (+1) of the body."""
        return jumps(self.clean[: self.body], self.level_noise, self.range, len(self.level), sign)

    def step_at(self, bin_index: int, *, last: bool = False) -> int:
        """The first (or last) step of a bin."""
        at = self.reduced.last[bin_index] if last else self.reduced.first[bin_index]
        return int(self.series.step[at])

    def step_share(self, start: int, stop: int) -> float:
        """The part of the run, counted in steps, that bins start..stop take."""
        whole = int(self.series.step[-1]) - int(self.series.step[0])
        return (self.step_at(stop, last=True) - self.step_at(start)) / whole if whole else 1.0


def _runaway(level: Floats, noise: Floats) -> int:
    """Number of bins before a rise that ends the curve far above where it began."""
    n = len(level)
    if n < 4:
        return n
    tail = float(median(level[-max(1, n // 50) :])) if n >= 100 else float(level[-1])
    if n >= 8 and level[-1] > level[-2] > level[-3]:
        tail = max(tail, float(level[-1]))
    begin = float(level[0])
    lowest = int(np.argmin(level))
    fall = begin - float(level[lowest])
    # A run that explodes is noisy at its end: the noise that counts is that of its quiet part.
    typical = float(min(quantile(noise, 0.25), noise[lowest]))
    rise = tail - float(level[lowest])
    if tail <= begin + max(0.5 * fall, 8.0 * typical) or rise <= 0:
        return n
    # It has to end on the way up, or so far up that no scale of the run knows it.
    upper = float(level[lowest:].max())
    far = rise > 20.0 * max(fall, 8.0 * typical)
    at_top = tail >= upper - 0.1 * (upper - float(level[lowest]))
    still_up = at_top and (_rising_end(level, noise) or _sprint(level, rise))
    if not (far or still_up):
        return n
    # It begins where the level last was within reach of its lowest stretch, or where it usually was: but for
    # a run that grows from its first step on, which is usually in the middle of its explosion.
    near = float(level[lowest]) + max(0.1 * min(rise, max(fall, 8 * typical)), 4.0 * typical)
    usual = min(float(median(level[: n - n // 10])), begin + 9.0 * abs(begin)) if far else near
    below = np.flatnonzero(level <= max(near, usual))
    return int(below[-1]) + 1 if len(below) else 1


def _sprint(level: Floats, rise: float) -> bool:
    """Whether the last few points alone climb, one after the other, a third of the way up."""
    last = level[-4:]
    return bool((np.diff(last[-3:]) > 0).all() and last[-1] - last.min() > rise / 3)


def _rising_end(level: Floats, noise: Floats) -> bool:
    """Whether the last tenth still climbs."""
    n = len(level)
    part = level[-max(4, n // 8) :]
    half = len(part) // 2
    return bool(
        median(part[-half:]) - median(part[:half]) > 2.0 * median(noise[-len(part) :]) / np.sqrt(half)
    )
