"""Signs that the loss curve itself gives, with or without a watch.

Cuts without a paper are round numbers around which the generated trainings divide; what each side is worth
is fitted (docs/decisions/0007-calibration.md).
"""

from __future__ import annotations

import math

import numpy as np

from descentry.causes._entry import Sign
from descentry.core.ranks import median, spread, stretches
from descentry.facts import Facts

DEFINITION = "by definition"
CALIBRATED = "benchmarks/calibrate.py"
TINY = 1e-300


def seen(behaviour: str, yes: str, no: str) -> Sign:
    """Whether a behaviour was found, as a sign."""
    return Sign(
        behaviour,
        f"whether the curve shows {behaviour}",
        lambda facts: float(facts.has(behaviour)),
        (0.5,),
        (no, yes),
        "not found in a curve that falls as it should",
        "the behaviour's page",
    )


NON_FINITE = seen("non-finite", "The loss becomes NaN or infinite.", "The loss stays finite.")
DIVERGENCE = seen("divergence", "The loss runs away and does not come back.", "The loss does not run away.")
OSCILLATION = seen("oscillation", "The loss swings up and down.", "The loss does not swing.")
SPIKE = seen("spike", "The loss jumps up and recovers.", "The loss has no spikes.")
JUMP_UP = seen("jump-up", "The loss steps up and stays up.", "The loss does not step up.")
SUDDEN_DROP = seen("sudden-drop", "The loss drops all at once.", "The loss does not drop all at once.")
PLATEAU = seen("plateau", "The loss rests on a plateau and moves on.", "There is no plateau on the way.")
STUCK = seen("stuck", "The loss never gets below where it began.", "The loss gets below where it began.")
SLOW = seen("slow-decrease", "The loss falls, but slowly.", "The loss does not fall slowly.")
NOISY = seen("noisy-decrease", "The loss falls in noise, which is normal.", "The fall is not noisy.")
SMOOTH = seen("smooth-decrease", "The loss falls smoothly.", "The loss does not fall smoothly.")


def _fall(facts: Facts) -> float | None:
    trend = facts.curve.trend if len(facts.curve.level) else None
    if trend is None or facts.curve.rising or trend.start <= 0:
        return None
    return trend.fall / trend.start


FALL = Sign(
    "fall",
    "how much of the loss is gone at the end",
    _fall,
    (-0.05, 0.01, 0.1, 0.4, 0.8),
    (
        "The loss ends higher than it began.",
        "The loss ends where it began.",
        "Only {percent} of the loss is gone at the end.",
        "{percent} of the loss is gone at the end.",
        "{percent} of the loss is gone at the end.",
        "{percent} of the loss is gone at the end, which is nearly all.",
    ),
    "how much is possible depends on the data; most of it in a run that fits",
    CALIBRATED,
)


def _linearity(facts: Facts) -> float | None:
    trend = facts.curve.trend if len(facts.curve.level) >= 8 else None
    return trend.linearity if trend is not None and trend.falls else None


LINEARITY = Sign(
    "linearity",
    "whether the fall slows down",
    _linearity,
    (0.1, 0.35, 0.7),
    (
        "The fall happened early and has ended.",
        "The fall slows down, as falls do.",
        "The second half still brings {value} times what the first half brought.",
        "The loss falls as fast at the end as at the start ({value} times): it is far from done.",
    ),
    "near 0 in a run that has arrived, 1 for a straight line",
    CALIBRATED,
)


def _jagged(facts: Facts) -> float | None:
    curve = facts.curve
    if len(curve.level) < 8 or curve.range <= 0:
        return None
    return float(median(curve.noise[: curve.body])) / curve.range


JAGGED = Sign(
    "jaggedness",
    "the noise of single points beside the whole range",
    _jagged,
    (0.01, 0.05, 0.2, 0.6),
    (
        "The curve has hardly any noise.",
        "The curve has little noise ({percent} of its range).",
        "The curve is noisy ({percent} of its range), which is normal for mini-batches.",
        "The noise is {percent} of the whole range.",
        "The noise ({percent} of the range) is about all there is.",
    ),
    "the range of the curve",
    CALIBRATED,
)


def _bounces(facts: Facts) -> float | None:
    """Lag-one autocorrelation of the differences' signs over the second half: −1 when up follows down."""
    value = facts.curve.finite
    part = np.diff(stretches(value[len(value) // 2 :]), axis=1)
    if part.size < 20:
        return None
    turns = float(np.mean(part[:, 1:] * part[:, :-1] < 0))
    return turns if np.any(part) else None


BOUNCES = Sign(
    "bounces",
    "how often the loss turns from one point to the next",
    _bounces,
    (0.15, 0.5, 0.8, 0.95),
    (
        "The loss hardly ever turns: it moves smoothly.",
        "The loss turns less often than noise would.",
        "The loss turns about as often as noise does ({percent} of the points).",
        "The loss turns more often than noise would ({percent} of the points).",
        "The loss turns at nearly every point ({percent}): it bounces.",
    ),
    "2/3 for independent noise (turning-point test, Bienaymé 1874)",
    "Bienaymé 1874; Kendall and Stuart 1966",
)


def _first(facts: Facts) -> float | None:
    value = facts.curve.series.value
    if facts.curve.rising or not len(value) or not np.isfinite(value[0]):
        return None
    return math.log10(max(abs(float(value[0])), 1e-12))


FIRST = Sign(
    "first-loss",
    "how large the loss is at the start",
    _first,
    (-1.5, 0.7, 1.5, 3.0, 5.0),
    (
        "The loss begins very low ({power}).",
        "The loss begins at a usual size ({power}).",
        "The loss begins high ({power}).",
        "The loss begins at {power}.",
        "The loss begins very high, at {power}.",
        "The loss begins extremely high, at {power}.",
    ),
    "ln 10 = 2.3 for ten classes; about 1 for standardised targets",
    "Karpathy 2019, A Recipe for Training Neural Networks",
)


STUCK_AT = Sign(
    "stuck-at",
    "how large the loss is that never gets lower",
    lambda facts: _first(facts) if facts.has("stuck") else None,
    (-1.0, -0.3),
    (
        "The loss never gets lower, and was low from the start ({power}): it may have arrived before.",
        "The loss never gets lower than it began, at {power}.",
        "The loss never gets lower than it began, which is as high as a blind guess has it ({power}).",
    ),
    "ln 2 = 0.7 for two classes, about 1 for standardised targets, lower where something was learnt before",
    "Karpathy 2019, A Recipe for Training Neural Networks",
)


def _below_zero(facts: Facts) -> float | None:
    value = facts.curve.finite
    if facts.curve.rising or not len(value):
        return None
    return float(median(spread(value[-max(1, len(value) // 4) :])) < 0)


BELOW_ZERO = Sign(
    "below-zero",
    "whether the loss ends below zero",
    _below_zero,
    (0.5,),
    ("The loss stays above zero.", "The loss falls below zero, where most losses cannot go."),
    "squared errors and cross-entropies are never negative",
    DEFINITION,
)


def _climb(facts: Facts) -> float | None:
    """Rank correlation of level and time."""
    level = facts.curve.level
    if len(level) < 8 or not np.ptp(level):
        return None
    ranks = np.argsort(np.argsort(level)).astype(float)
    return float(np.corrcoef(ranks, np.arange(len(level)))[0, 1])


CLIMB = Sign(
    "climb",
    "whether the loss rises or falls from beginning to end",
    _climb,
    (-0.7, -0.2, 0.2, 0.7),
    (
        "The loss falls from beginning to end.",
        "The loss falls by and large.",
        "The loss neither rises nor falls by and large.",
        "The loss rises by and large.",
        "The loss rises from beginning to end.",
    ),
    "Spearman's rank correlation with time: −1 falls throughout, +1 rises throughout",
    "Spearman 1904",
)


def _end(facts: Facts) -> float | None:
    order = {"not-converging": 0.0, "undetermined": 1.0, "still-improving": 2.0, "converged": 3.0}
    return order[facts.end.status]


END = Sign(
    "end",
    "how the run ended",
    _end,
    (0.5, 1.5, 2.5),
    (
        "The run did not converge.",
        "How the run ended could not be told.",
        "The run was still improving at its end.",
        "The loss had stopped improving at the end.",
    ),
    "the verdict on the end of the run",
    "docs/decisions/0005-story-thresholds.md",
)
