"""The verdict on the end of a run: has the loss stopped improving meaningfully, relative to its noise?"""

from __future__ import annotations

import numpy as np

from descentry.behaviours._curve import MIN_POINTS, Curve
from descentry.behaviours._trend import slope
from descentry.behaviours._words import amount, confidence, metric, span, steps
from descentry.core.data import Convergence, Estimate
from descentry.core.ranks import median

WINDOW = 0.25  # of the run: its last quarter
MEANINGFUL = 0.014  # of the curve's scale, per quarter of the run
HALVED = 0.5  # of what was left, between the first and the last third of the last quarter
DECADES = 100.0  # below where it began: from there on people look at a loss on a logarithmic scale
SIGMAS = 3.0  # standard errors before a change at the end is believed
# As MEANINGFUL: what the noise may hide. Of the runs of benchmarks/story.py that have converged, the upper
# bound of the last gain was 0.22 at most.
HIDDEN = 0.25

PROMISE = (
    "That is convergence in the practical sense: it is no promise of the best model, "
    "of a perfect solution or of a global optimum."
)


def convergence(curve: Curve) -> Convergence:
    """How the run stands at its end."""
    m = len(curve.level)
    if m < MIN_POINTS:
        few = "1 point is" if m == 1 else f"{m} points are"
        return Convergence(
            "undetermined",
            0.0,
            f"{few} too few to judge the end of the run: {MIN_POINTS} are needed.",
        )
    if curve.body < m or ends_not_finite(curve):
        return Convergence(
            "not-converging",
            0.95,
            "The run did not converge: it ended while running away, or in values that are not numbers.",
        )
    swings = curve.swings
    if swings is not None and swings.stop >= 0.9 * m and swings.amplitude >= 0.1 * curve.range:
        return Convergence(
            "not-converging", 0.8, "The run is not converging: it still swings up and down at its end."
        )
    trend = curve.trend
    if not trend.falls:
        return Convergence(
            "not-converging",
            0.7,
            "Nothing was gained over the run, so there is nothing that could have converged.",
        )
    return _end(curve)


def ends_not_finite(curve: Curve) -> bool:
    """Whether the log ends in values that are not numbers, or in empty cells that stand for them."""
    value = curve.series.value
    return bool(len(value)) and (
        not np.isfinite(value[-1]) or any(g.kind == "empty-cells" for g in curve.gaps)
    )


def _end(curve: Curve) -> Convergence:
    m = len(curve.level)
    start = _window_start(curve)
    share, z = _gain(curve, start)
    hidden = share.high
    if abs(z) < SIGMAS and share.high > MEANINGFUL and start > m // 2:
        # The last quarter alone cannot tell: ask the last half, if nothing sudden happened in it.
        wider = _window_start(curve, 2 * WINDOW)
        if wider < start:
            longer, surer = _gain(curve, wider)
            hidden = min(hidden, longer.high)
            # A fall that has ended within the half still slopes there: twice the gain is asked for.
            if abs(surer) >= SIGMAS and not 0 < longer.value < 2 * MEANINGFUL:
                start, share, z = wider, longer, surer
    where = span(curve, start, m - 1)
    if share.value > MEANINGFUL and z >= SIGMAS:
        unit = curve.scale
        rate = Estimate(unit * share.value, unit * share.low, unit * share.high, curve.series.name)
        sentence = (
            f"Still improving: over {where} {metric(curve)} {'rose' if curve.rising else 'fell'} "
            f"at a rate of {amount(rate)} per quarter of the run. "
            "Training longer will probably help; by how much, this curve cannot promise."
        )
        return Convergence("still-improving", confidence(share.value / MEANINGFUL), sentence)
    if share.value < -3 * MEANINGFUL and z <= -SIGMAS:
        return Convergence(
            "not-converging",
            0.7,
            f"The run is not converging: over {where} it lost some of what it had gained.",
        )
    if (fallen := _by_factors(curve, start)) is not None:
        sentence = (
            f"Still improving: over {where} {metric(curve)} fell by {fallen:.0%} of what was left, as a "
            "logarithmic scale shows. Training longer will probably help, if so small a loss still matters."
        )
        return Convergence("still-improving", confidence(1 + (fallen - HALVED)), sentence)
    if hidden > HIDDEN:
        return Convergence(
            "undetermined",
            0.0,
            f"Undetermined: over {where} the noise of {metric(curve)} could hide that it still "
            f"{'rises' if curve.rising else 'falls'} by {hidden:.0%} of its gain per quarter of the run. "
            "More steps would tell.",
        )
    since = _since(curve, start)
    at = steps(curve, curve.step_at(since), curve.step_at(since))
    sentence = f"Converged: {metric(curve)} has stopped improving meaningfully since {at}. {PROMISE}"
    return Convergence(
        "converged",
        confidence(1.5 + 2 * (1 - min(1.0, abs(share.value) / MEANINGFUL))),
        sentence,
        curve.step_at(since),
    )


def _by_factors(curve: Curve, start: int) -> float | None:
    """The share of a small positive loss that the end of the run took away, where it took most of it.

    A regression or a physics-informed loss may fall through the decades, and on a linear scale seem at rest.
    """
    level, noise = curve.level, curve.noise
    third = max(2, (len(level) - start) // 3)
    begin, end = float(median(level[start : start + third])), float(median(level[-third:]))
    if curve.rising or min(begin, end) <= 0 or end * DECADES > float(curve.level[:third].max()):
        return None
    error = float(median(noise[start:])) / np.sqrt(third)
    fallen = 1.0 - end / begin
    return fallen if fallen >= HALVED and begin - end > 2 * SIGMAS * error else None


def _gain(curve: Curve, start: int) -> tuple[Estimate, float]:
    """What a straight line from bin ``start`` on gains per quarter of the run, and in standard errors."""
    rate, error = slope(curve.clean[start:], curve.level_noise[start:])
    quarter = WINDOW * len(curve.level) / curve.scale if curve.scale > 0 else 0.0
    gain, half = -rate * quarter, 1.96 * error * quarter
    return Estimate(gain, gain - half, gain + half, "fraction"), -rate / max(error, 1e-300)


def _window_start(curve: Curve, window: float = WINDOW) -> int:
    """The last quarter (or ``window``), or what follows the last sudden drop in it when that is enough."""
    m = len(curve.level)
    start = m - max(6, round(window * m))
    for jump in curve.jumps(-1):
        after = jump.stop + max(2, m // 50)
        if after > start and m - after >= max(6, m // 20):
            start = after
    return max(0, start)


def _since(curve: Curve, start: int) -> int:
    """The first bin from which the level stays where it ended."""
    end = curve.trend.end
    near = max(0.02 * curve.range, 3.0 * float(median(curve.level_noise[start:])))
    away = np.flatnonzero(curve.clean > end + near)
    return min(int(away[-1]) + 1, len(curve.level) - 1) if len(away) else 0
