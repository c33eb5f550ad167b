"""How findings speak: numbers as people write them, ranges, shares, and the finding itself."""

from __future__ import annotations

import math

from descentry.behaviours._curve import Curve
from descentry.core.data import Concern, Estimate, Finding


def found(
    curve: Curve,
    behaviour: str,
    bins: tuple[int, int],
    sentence: str,
    *,
    margin: float,
    size: Estimate | None = None,
    concern: Concern = "none",
) -> Finding:
    """A finding over bins (inclusive). ``margin`` is the deciding statistic over its threshold."""
    start, stop = curve.step_at(bins[0]), curve.step_at(bins[1], last=True)
    return Finding(behaviour, curve.series.name, start, stop, size, confidence(margin), sentence, concern)


def confidence(margin: float) -> float:
    """From how clearly a threshold was passed to a confidence: 1 gives 0.5, 2 gives 0.8, 4 gives 0.94.

    >>> confidence(2.0)
    0.8
    """
    if not math.isfinite(margin):
        return 0.99
    margin = min(margin, 1e3)  # its square would leave the range of floats
    return round(min(0.99, margin**2 / (1.0 + margin**2)), 2)


def number(value: float) -> str:
    """A loss as people write it: four digits, no trailing zeros.

    >>> number(0.123456), number(12345.6), number(2.0), number(6.6e27)
    ('0.1235', '1.235e+04', '2', '6.6e+27')
    """
    return f"{value:.4g}"


def span(curve: Curve, start: int, stop: int) -> str:
    """The steps of bins start..stop in words."""
    a, b = curve.step_at(start), curve.step_at(stop, last=True)
    return steps(curve, a, b)


def steps(curve: Curve, a: int, b: int) -> str:
    """Steps a..b in words."""
    name = curve.series.step_name
    unit = {"row": "points", "epoch": "epochs"}.get(name, "steps")
    return f"{unit} {a:,}–{b:,}" if a != b else f"{unit.removesuffix('s')} {a:,}"


def percent(estimate: Estimate) -> str:
    """A fraction with the half-width of its interval."""
    half = 50 * (estimate.high - estimate.low)
    digits = 0 if abs(estimate.value) >= 0.1 and half >= 0.5 else 1
    return f"{100 * estimate.value:.{digits}f}% ± {half:.{digits}f}%"


def change(curve: Curve, begin: float, end: float, error: float) -> Estimate:
    """How much a level changed: as a fraction of where it began when that has a meaning, else in its units.

    A fraction is meant only for quantities that stay positive; a reward or a log-density may cross zero.
    """
    moved = abs(end - begin)
    if begin > 0 and end > 0 and not curve.rising:
        return Estimate(
            moved / begin, (moved - 1.96 * error) / begin, (moved + 1.96 * error) / begin, "fraction"
        )
    return Estimate(moved, moved - 1.96 * error, moved + 1.96 * error, curve.series.name)


def amount(estimate: Estimate) -> str:
    """``62% ± 3%``, or ``12.3 ± 0.4`` where a share has no meaning."""
    if estimate.unit == "fraction":
        return percent(estimate)
    return f"{number(estimate.value)} ± {(estimate.high - estimate.low) / 2:.1g}"


def shown(curve: Curve, level: float) -> str:
    """A level as the log has it (the sign turned back for metrics that rise)."""
    return number(-level if curve.rising else level)


def metric(curve: Curve) -> str:
    """What to call the series in a sentence."""
    return curve.series.name
