"""Signs of where a curve has its heights and depths, for logs that hold little else.

Cuts are round numbers around which the trainings of the zoo divide; what each side is worth is fitted
(docs/decisions/0007-calibration.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import CALIBRATED
from descentry.core.data import Floats
from descentry.core.ranks import median
from descentry.facts import Facts

ENOUGH = 12  # levels, of which a tenth is more than one
EARLY = 0.2  # of the levels
SMALLEST = 1e-12


def _peak(facts: Facts) -> float | None:
    """Decades from the first level to the highest point."""
    curve = facts.curve
    if curve.rising or len(curve.level) < ENOUGH or curve.level[0] <= 0:
        return None
    return math.log10(max(float(np.max(curve.reduced.high)) / float(curve.level[0]), SMALLEST))


PEAK = Sign(
    "peak",
    "how far the loss got above its start",
    _peak,
    (0.02, 0.15, 0.6, 2.0, 5.0),
    (
        "The loss never gets above its start.",
        "The loss gets a little above its start.",
        "The loss gets to {power} times its start.",
        "The loss gets to {power} times its start.",
        "The loss gets far above its start, to {power} times that.",
        "The loss gets extremely far above its start, to {power} times that.",
    ),
    "1 time: a loss is usually highest where it begins",
    CALIBRATED,
)


def _where(facts: Facts, extreme: Callable[[Floats], np.intp]) -> float | None:
    """How far into the run the level has an extreme, as a share of it."""
    curve = facts.curve
    if curve.rising or len(curve.level) < ENOUGH or curve.range <= 0:
        return None
    return float(extreme(curve.clean)) / (len(curve.clean) - 1)


HIGHEST_AT = Sign(
    "highest-at",
    "where in the run the loss is highest",
    lambda facts: _where(facts, np.argmax),
    (0.02, 0.1, 0.5, 0.9),
    (
        "The loss is highest at the start.",
        "The loss is highest soon after the start.",
        "The loss is highest in the first half of the run, {percent} of the way in.",
        "The loss is highest in the second half of the run, {percent} of the way in.",
        "The loss is highest at the end.",
    ),
    "the start",
    CALIBRATED,
)


LOWEST_AT = Sign(
    "lowest-at",
    "where in the run the loss is lowest",
    lambda facts: _where(facts, np.argmin),
    (0.05, 0.5, 0.85, 0.97),
    (
        "The loss is lowest at the very start.",
        "The loss is lowest in the first half of the run, {percent} of the way in.",
        "The loss is lowest {percent} of the way in.",
        "The loss is lowest near the end.",
        "The loss is lowest at the end.",
    ),
    "the end, or anywhere on a floor that was reached",
    CALIBRATED,
)


def _early(facts: Facts) -> float | None:
    """Share of the way from the start to the lowest level that is done after a fifth of the run."""
    level = facts.curve.clean
    if facts.curve.rising or len(level) < ENOUGH:
        return None
    fall = float(level[0] - level.min())
    if fall <= 3.0 * float(median(facts.curve.level_noise)):
        return None
    return float(level[0] - level[round(EARLY * len(level))]) / fall


EARLY_FALL = Sign(
    "early-fall",
    "how much of the fall is done after a fifth of the run",
    _early,
    (0.0, 0.15, 0.4, 0.7, 0.93),
    (
        "After a fifth of the run the loss is above its start.",
        "After a fifth of the run hardly any of the fall is done ({percent}).",
        "After a fifth of the run {percent} of the fall is done, as of a straight line.",
        "After a fifth of the run {percent} of the fall is done.",
        "After a fifth of the run most of the fall is done ({percent}).",
        "After a fifth of the run all of the fall is done ({percent}).",
    ),
    "20% for a straight line, more for a fall that slows down",
    CALIBRATED,
)


def _late_noise(facts: Facts) -> float | None:
    """Standard deviation of single points in the last third, beside their level."""
    curve = facts.curve
    if curve.rising or len(curve.level) < ENOUGH:
        return None
    third = slice(-(len(curve.level) // 3), None)
    level = abs(float(median(curve.level[third])))
    return float(median(curve.noise[third])) / level if level > 0 else None


LATE_NOISE = Sign(
    "late-noise",
    "the noise of single points late in the run, beside the loss there",
    _late_noise,
    (0.002, 0.02, 0.08, 0.25, 0.6),
    (
        "Late in the run the loss has no noise.",
        "Late in the run the loss hardly varies ({percent} of its level).",
        "Late in the run the loss varies by {percent} of its level.",
        "Late in the run the loss varies by {percent} of its level.",
        "Late in the run the loss varies by {percent} of its level, which is much.",
        "Late in the run the loss varies by {percent} of its level: it is mostly noise.",
    ),
    "depends on the batch size; 0 for full batches",
    CALIBRATED,
)
