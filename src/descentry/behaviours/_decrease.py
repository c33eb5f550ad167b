"""The main fall of a run, which smooth-decrease, noisy-decrease and slow-decrease share between them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from descentry.behaviours import _swings
from descentry.behaviours._curve import Curve
from descentry.behaviours._words import amount, change, found, metric, shown, span
from descentry.core.data import Finding

JAGGED = 0.011  # noise of a point over the scale of the curve
STRAIGHT = 0.75  # fall of the second half over that of the first: an exponential approach has well below a half
SMALL = 3.0  # standard deviations of a point: a fall that a plot of raw points hardly shows


def kind(curve: Curve) -> Literal["smooth", "noisy", "slow"] | None:
    """Which of the three decreases the run as a whole is, if any.

    A run that ends in a divergence keeps nothing of what it gained, and one whose fall happened in the
    midst of wide swings did not descend: neither is called a decrease.
    """
    if curve.body < len(curve.level) or not curve.trend.falls:
        return None
    swings = _swings.widest(curve)
    if swings is not None and swings.amplitude > 0.3 * curve.range:
        return None
    trend = curve.trend
    typical = float(np.median(curve.noise))
    if trend.linearity >= STRAIGHT and trend.fall > 0 and _even(curve):
        return "slow"
    if trend.fall < SMALL * typical and trend.fall > 0 and trend.linearity > 0.4:
        return "slow"
    return "noisy" if jaggedness(curve) > JAGGED else "smooth"


def jaggedness(curve: Curve) -> float:
    """Noise of a point relative to the fall, neither dominated nor blind to the first few points."""
    return float(np.median(curve.noise[: curve.body]) / curve.scale) if curve.scale > 0 else 0.0


def _even(curve: Curve) -> bool:
    """Whether no short stretch does a large part of the falling."""
    part = curve.clean
    width = max(2, len(part) // 10)
    falls = part[:-width] - part[width:]
    return bool(falls.max() <= 2.5 * curve.range * width / len(part) + 2 * float(np.median(curve.level_noise)))


def finding(curve: Curve, behaviour: str, lead: str, margin: float) -> Finding:
    """The fall in words: how much, over which steps, and how long nothing has changed since."""
    trend = curve.trend
    m = len(curve.level)
    peak = int(np.argmax(curve.clean[: max(1, m // 2)])) if trend.fall <= 0.1 * curve.range else 0
    begin = float(curve.clean[peak]) if peak else trend.start
    goal = trend.end + max(0.03 * (begin - trend.end), 2.0 * float(np.median(curve.level_noise[-max(1, m // 20) :])))
    arrived = np.flatnonzero(curve.clean[peak:] <= goal)
    stop = peak + int(arrived[0]) if len(arrived) and peak + arrived[0] < 0.9 * m else m - 1
    size = change(curve, begin, trend.end, trend.error)
    verb = "rose" if curve.rising else "fell"
    sentence = f"{metric(curve)} {verb} by {amount(size)} over {span(curve, peak, stop)} (from {shown(curve, begin)} to {shown(curve, trend.end)}){lead}."
    return found(curve, behaviour, (peak, stop), sentence, margin=margin, size=size)
