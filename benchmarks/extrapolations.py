"""Simple ways to forecast a curve, to compare ours with: each sees times and levels, and tells another."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks._nouns import Array
from descentry.behaviours._curve import Curve

Range = tuple[float, float, float]  # low, middle, high
Rule = Callable[[Array, Array, float], float]


def persistence(t: Array, y: Array, goal: float) -> float:
    """It stays where it is."""
    return float(np.median(y[-max(3, len(y) // 10) :]))


def power_law(t: Array, y: Array, goal: float) -> float:
    """The best L + a·t^-c by least squares."""
    best, told = np.inf, float(y[-1])
    for c in np.linspace(0.05, 3.0, 60):
        f = (t / t[-1]) ** -c
        (level, size), left, *_ = np.linalg.lstsq(np.stack([np.ones_like(f), f], 1), y, rcond=None)
        if len(left) and left[0] < best:
            best, told = float(left[0]), float(level + size * (goal / t[-1]) ** -c)
    return told


def log_linear(t: Array, y: Array, goal: float) -> float:
    """A straight line over log t, through the last half."""
    late = t >= t[-1] / 2
    slope, level = np.polyfit(np.log(t[late]), y[late], 1)
    return float(level + slope * np.log(goal))


PEERS: dict[str, Rule] = {
    "as it stands": persistence,
    "power law": power_law,
    "line over log t": log_linear,
}


def peer(curve: Curve, rule: Rule, times: float) -> Range:
    """What a rule tells, with an interval from its errors from the first half of the curve as far ahead."""
    step = curve.series.step
    t = (
        (step[curve.reduced.first] + step[curve.reduced.last]) / 2.0
        - step[0]
        + max(1.0, float(step[-1] - step[0]) / len(step))
    )
    y = curve.clean
    told = rule(t, y, times * float(t[-1]))
    errors = []
    for share in np.linspace(0.3, 0.9, 7):
        n = int(np.searchsorted(t, share * t[-1]))
        goal = min(times * float(t[n - 1]), float(t[-1])) if n >= 5 else 0.0
        if goal > t[n - 1]:
            wrong = float(np.interp(goal, t, y)) - rule(t[:n], y[:n], goal)
            errors.append(wrong * np.log(times) / np.log(goal / t[n - 1]))
    spread = 1.645 * float(np.sqrt(np.mean(np.square(errors)))) if errors else float(np.ptp(y))
    return told - spread, told, told + spread
