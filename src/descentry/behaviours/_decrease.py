"""The main fall of a run, which smooth-decrease, noisy-decrease and slow-decrease share between them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from descentry.behaviours._curve import Curve
from descentry.behaviours._trend import slope
from descentry.behaviours._words import amount, change, found, metric, shown, span
from descentry.core.data import Finding
from descentry.core.ranks import median

JAGGED = 0.011  # noise of a point over the scale of the curve
STRAIGHT = (
    0.75  # fall of the second half over that of the first: an exponential approach has well below a half
)
LONG = 0.3  # of what came before a divergence
SMALL = 3.0  # standard deviations of a point: a fall that a plot of raw points hardly shows


def kind(curve: Curve) -> Literal["smooth", "noisy"] | None:
    """Which decrease the run as a whole is, if any.

    A fall that was over long before the run ran away is no longer its story, and one that happened in the
    midst of wide swings was no descent: neither is called a decrease.
    """
    if not curve.trend.falls:
        return None
    if curve.body < len(curve.level) and arrival(curve) < LONG * curve.body:
        return None
    swings = curve.swings
    if swings is not None and swings.amplitude > 0.3 * curve.range:
        return None
    return "noisy" if jaggedness(curve) > JAGGED else "smooth"


def slowness(curve: Curve) -> float:
    """How nearly the fall is a straight line, where that tells that it has only begun; else 0."""
    trend = curve.trend
    if trend.fall <= 0:
        return 0.0
    late = slice(curve.kept // 2, curve.kept)
    rate, error = slope(curve.clean[late], curve.level_noise[late])
    if -rate < 3.0 * error:
        return 0.0  # it may have ended long ago
    if trend.linearity >= STRAIGHT and _even(curve):
        return trend.linearity
    hidden = trend.fall < SMALL * float(median(curve.noise)) and trend.linearity > STRAIGHT / 2
    return trend.linearity if hidden else 0.0


def jaggedness(curve: Curve) -> float:
    """Noise of a point relative to the fall, neither dominated nor blind to the first few points."""
    return float(median(curve.noise[: curve.body]) / curve.scale) if curve.scale > 0 else 0.0


def _even(curve: Curve) -> bool:
    """Whether no short stretch does a large part of the falling."""
    part = curve.clean
    width = max(2, len(part) // 10)
    falls = part[:-width] - part[width:]
    return bool(falls.max() <= 2.5 * curve.range * width / len(part) + 2 * float(median(curve.level_noise)))


def arrival(curve: Curve) -> int:
    """The first bin at which the fall is over but for a twentieth of it."""
    part = curve.clean[: curve.kept]
    goal = (
        curve.trend.end
        + 0.05 * (float(part.max()) - curve.trend.end)
        + 2.0 * float(median(curve.level_noise[: curve.body]))
    )
    return int(np.flatnonzero(part <= goal)[0]) if (part <= goal).any() else curve.kept


def finding(curve: Curve, behaviour: str, lead: str, margin: float) -> Finding:
    """The fall in words: how much, over which steps, and how long nothing has changed since."""
    trend = curve.trend
    m = len(curve.level)
    peak = int(np.argmax(curve.clean[: max(1, m // 2)])) if trend.fall <= 0.1 * curve.range else 0
    begin = float(curve.clean[peak]) if peak else trend.start
    arrived = arrival(curve)
    end, error, stop = trend.end, trend.error, curve.kept - 1
    if peak < arrived < 0.9 * curve.kept:
        # What is said of these steps is where they led to, and not what came of the run in the end.
        stop, end = arrived, float(curve.clean[arrived])
        error = float(np.hypot(error, curve.level_noise[arrived]))
    size = change(curve, begin, end, error)
    verb = "rose" if curve.rising else "fell"
    sentence = (
        f"{metric(curve)} {verb} by {amount(size)} over {span(curve, peak, stop)} "
        f"(from {shown(curve, begin)} to {shown(curve, end)}){lead}."
    )
    return found(curve, behaviour, (peak, stop), sentence, margin=margin, size=size)
