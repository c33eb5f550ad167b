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
from descentry.core import metrics
from descentry.core.data import Estimate, Fan, Floats, Forecast, Ints, Series
from descentry.forecast import _say
from descentry.forecast._fit import fit
from descentry.forecast._mixture import Mixture, mix, quantiles

INTERVAL = (0.05, 0.5, 0.95)
EARLY = 0.05  # of the run: a fall from the very first points is part of the curve, not a change in it
SETTLED = 6  # levels after a sudden change before anything is forecast from them
FAN = 13  # times at which the forecast is drawn
# Losses that may fall below zero however positive they were so far.
_SIGNED = {"nll", "elbo", "energy", "objective", "deviance", "likelihood"}
_SHARES = {
    "acc", "accuracy", "auc", "auroc", "f1", "precision", "recall", "map", "iou", "miou", "dice", "top1",
    "top5", "success", "winrate", "em", "prec", "ap", "correct",
}  # fmt: skip


def forecast(curve: Curve, *, rate: Series | None = None, times: float = 2.0) -> Forecast:
    """What going on is expected to bring, until the run is ``times`` as long as it is.

    Cost: some 8 ms, whatever the length of the curve.

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
    length = int(step[-1]) - int(step[0]) + stride if len(step) else 0.0
    at, horizon = int(step[-1]) if len(step) else 0, max(1, round((times - 1.0) * length))
    since = _since(curve)
    why = _why_not(curve, since, length)
    if why:
        return Forecast(
            curve.series.name,
            at,
            horizon,
            None,
            None,
            None,
            None,
            0.0,
            "not examined",
            _say.not_examined(why),
        )
    time = _times(curve, step, stride)
    begin = float(time[since - 1]) if since else 0.0
    u = (time[since:] - begin) / (length - begin)
    mixture, centre, unit = _mixed(curve, u, since)
    ahead = np.linspace(1.0, (times * length - begin) / (length - begin), FAN)
    bound = _bound(curve)
    levels = np.empty((FAN, len(INTERVAL)))
    for i, when in enumerate(ahead):
        level, gain, weight = mixture.draws(float(when))
        levels[i] = quantiles(np.maximum(centre + unit * level, bound), weight, INTERVAL)
    # What could not be lost below a bound cannot be gained.
    gain = np.minimum(unit * gain, max(0.0, levels[0, 1] - bound))
    now, then = _estimate(curve, levels[0]), _estimate(curve, levels[-1])
    gained = quantiles(gain, weight, INTERVAL)
    size = curve.scale if not curve.trend.flat else max(curve.scale, float(np.median(curve.noise)))
    share = [x / size if size > 0.0 else 0.0 for x in gained]
    chance = float(weight[gain >= _say.WORTHWHILE * size].sum()) if size > 0.0 else 0.0
    shows = float(weight[gain >= _say.VISIBLE * size].sum()) if size > 0.0 else 0.0
    told = _gain(curve, now, gained)
    worth = _say.worth(chance, shows)
    return Forecast(
        series=curve.series.name,
        at=at,
        horizon=horizon,
        current=now,
        expected=then,
        gain=told,
        share=Estimate(share[1], share[0], share[2], "fraction of the scale"),
        chance=chance,
        worth=worth,
        sentence=_say.sentence(curve, times, horizon, now, then, told, worth),
        caveats=_say.caveats(curve, rate, since, mixture.families),
        fan=_fan(curve, levels, at, horizon),
        basis=mixture.families,
    )


def _why_not(curve: Curve, since: int, length: float) -> str:
    """Why nothing can be forecast; empty where it can."""
    m = len(curve.level)
    if m < MIN_POINTS:
        return f"{m} points are too few: {MIN_POINTS} are needed"
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


def _times(curve: Curve, step: Ints, stride: float) -> Floats:
    """When each level was, in steps since one before the first: float64[m]."""
    first, last = step[curve.reduced.first], step[curve.reduced.last]
    middle = (first - step[0]) / 2.0 + (last - step[0]) / 2.0 + stride
    # Points logged twice at one step may not make two levels at one time.
    return np.maximum.accumulate(middle + np.arange(len(middle)) * 1e-9 * stride)


def _mixed(curve: Curve, u: Floats, since: int) -> tuple[Mixture, float, float]:
    """The mixture, in units of the curve's scale about the median of its levels."""
    level, noise = curve.clean[since:], curve.level_noise[since:]
    centre = float(np.median(level))
    unit = curve.scale if curve.scale > 0.0 else max(float(np.median(noise)), 1e-300)
    return mix(fit(u, (level - centre) / unit, np.maximum(noise / unit, 1e-9))), centre, unit


def _bound(curve: Curve) -> float:
    """The level below which the metric cannot go, as far as its name and values so far tell; else −∞."""
    series = curve.series
    value = series.value[np.isfinite(series.value)]
    if not len(value) or float(value.min()) < 0.0:
        return -np.inf
    words, kind, top = set(metrics.words(series.name)), metrics.kind(series.name), float(value.max())
    if not curve.rising:
        return 0.0 if kind in {"loss", "error"} and not words & _SIGNED else -np.inf
    share = words & _SHARES or "".join(metrics.words(series.name)).endswith("accuracy")
    if not share or top > 100.0:
        return -np.inf
    return -1.0 if top <= 1.0 else -100.0


def _estimate(curve: Curve, level: Floats) -> Estimate:
    """A level with its interval, as the log has it."""
    low, middle, high = (float(x) for x in level)
    if curve.rising:
        return Estimate(-middle, -high, -low, curve.series.name)
    return Estimate(middle, low, high, curve.series.name)


def _gain(curve: Curve, now: Estimate, gained: list[float]) -> Estimate:
    """The gain as a fraction of where it stands, where that has a meaning, else in units of the series."""
    low, middle, high = gained
    positive = not curve.rising and now.low > 0.0 and float(curve.clean.min()) > 0.0
    if positive:
        return Estimate(middle / now.value, low / now.value, high / now.value, "fraction")
    return Estimate(middle, low, high, curve.series.name)


def _fan(curve: Curve, levels: Floats, at: int, horizon: int) -> Fan:
    step, kept = np.unique(np.rint(np.linspace(at, at + horizon, FAN)).astype(np.int64), return_index=True)
    low, middle, high = levels[kept].T
    return Fan(step, -middle, -high, -low) if curve.rising else Fan(step, middle, low, high)
