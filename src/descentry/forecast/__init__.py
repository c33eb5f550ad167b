"""What more of the same is expected to bring: a forecast of the smooth level of a curve, with intervals.

The curve from its last sudden change on is described by a mixture of power laws, logarithms, exponentials,
accelerating falls, a line and a plateau. Each shape is fitted to the whole and, from several earlier points,
to what was known there. How well it then foretold what came next is its weight, and what it got wrong widens
its interval, so a curve that surprised its forecasts before is forecast with doubt. Nothing is decided in
units of the loss: rescaling it, adding a constant to it or counting its steps otherwise changes nothing.

Intervals are 90% intervals for the smooth level, not for single noisy batches. How often they hold on runs
that were kept out of the choice of the method: docs/benchmarks.md. How it was chosen:
docs/decisions/0006-forecast.md. A forecast holds for a run that goes on as it did; it cannot know of a change
that nothing in the curve announces.
"""

from __future__ import annotations

import numpy as np

from descentry.behaviours._convergence import ends_not_finite
from descentry.behaviours._curve import MIN_POINTS, Curve
from descentry.core.data import Estimate, Fan, Floats, Forecast, Series
from descentry.forecast import _say
from descentry.forecast._outlook import FAN, outlook

EARLY = 0.05  # of the run: a fall from the very first points is part of the curve, not a change in it
SETTLED = 6  # levels after a sudden change before anything is forecast from them
SPAN = "its levels lie too many orders of magnitude apart"


def forecast(curve: Curve, *, rate: Series | None = None, times: float = 2.0) -> Forecast:
    """What going on is expected to bring, until the run is ``times`` as long as it is.

    Cost: some 5 ms, whatever the length of the curve.

    Args:
        curve: The curve, reduced; judged on its levels and their noise.
        rate: The learning rate over the run, where it is known: a forecast holds only for a schedule that
            is stretched likewise, and then says so.
        times: How long the run is to be, in times of its length so far; above 1.

    Raises:
        ValueError: ``times`` is not above 1.
    """
    if not times > 1.0:
        raise ValueError(f"times is how long the run is to be, in times of its length: above 1, not {times}")
    step = curve.series.step
    stride = (int(step[-1]) - int(step[0])) / max(1, len(step) - 1) if len(step) else 0.0
    length = stride * len(step)
    at, horizon = int(step[-1]) if len(step) else 0, max(1, round((times - 1.0) * length))
    since = _since(curve)
    why = _why_not(curve, since, length)
    ahead = None if why else outlook(curve, since, stride, length, times)
    if ahead is None:
        said = _say.not_examined(why or SPAN)
        return Forecast(
            curve.series.name, at, horizon, None, None, None, None, 0.0, "not examined", said
        )  # fmt: skip
    now, then = _estimate(curve, ahead.levels[0]), _estimate(curve, ahead.levels[-1])
    gain = _gain(curve, now, ahead.gain)
    low, middle, high = (float(x) for x in ahead.gain / ahead.scale) if ahead.scale > 0.0 else (0.0, 0.0, 0.0)
    worth = _say.worth(ahead.worthwhile, ahead.visible)
    return Forecast(
        series=curve.series.name,
        at=at,
        horizon=horizon,
        current=now,
        expected=then,
        gain=gain,
        share=Estimate(middle, low, high, "fraction of the scale"),
        chance=ahead.worthwhile,
        worth=worth,
        sentence=_say.sentence(curve, times, horizon, now, then, gain, worth),
        caveats=_say.caveats(curve, rate, since, ahead.families),
        fan=_fan(curve, ahead.levels, at, horizon),
        basis=ahead.families,
    )


def _why_not(curve: Curve, since: int, length: float) -> str:
    """Why nothing can be forecast; empty where it can."""
    m = len(curve.level)
    if m < MIN_POINTS:
        return f"{m} {'point is' if m == 1 else 'points are'} too few: {MIN_POINTS} are needed"
    if not length > 0.0:
        return "the log does not say how many steps lie between its points"
    if curve.body < m or ends_not_finite(curve):
        return "the run ended while running away, or in values that are not numbers"
    if m - since < SETTLED:
        where = curve.step_at(min(since, m - 1))
        return f"it changed suddenly at step {where:,}, and too little has been logged since"
    return ""


def _since(curve: Curve) -> int:
    """The first level after the last sudden change: what was before it says little of what comes."""
    stops = [
        jump.stop for sign in (-1, 1) for jump in curve.jumps(sign) if jump.start > EARLY * len(curve.level)
    ]
    return max(stops, default=0)


def _estimate(curve: Curve, level: Floats) -> Estimate:
    """A level with its interval, as the log has it."""
    low, middle, high = (float(x) for x in level)
    if curve.rising:
        return Estimate(-middle, -high, -low, curve.series.name)
    return Estimate(middle, low, high, curve.series.name)


def _gain(curve: Curve, now: Estimate, gained: Floats) -> Estimate:
    """The gain as a fraction of where it stands, where that has a meaning, else in units of the series."""
    low, middle, high = (float(x) for x in gained)
    positive = not curve.rising and now.low > 0.0 and float(curve.clean.min()) > 0.0
    if positive:
        return Estimate(middle / now.value, low / now.value, high / now.value, "fraction")
    return Estimate(middle, low, high, curve.series.name)


def _fan(curve: Curve, levels: Floats, at: int, horizon: int) -> Fan:
    step, kept = np.unique(np.rint(np.linspace(at, at + horizon, FAN)).astype(np.int64), return_index=True)
    low, middle, high = levels[kept].T
    return Fan(step, -middle, -high, -low) if curve.rising else Fan(step, middle, low, high)
