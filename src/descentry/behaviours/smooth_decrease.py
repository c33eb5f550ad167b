"""The loss falls, with little noise.

## What it is

The ordinary good case: steep at first, flatter and flatter towards the end.

## How it shows

As a line. Full-batch training, averages over an epoch and large batches give it.

## How it is judged

The run ends significantly below where it began, and the noise of a point is below about 1% of the fall. Only
whole runs that keep what they gained are called so.

## When it is fine

Always; but a smooth curve is no better than a noisy one, and smoothness is nothing to aim for.

## Sources

Thresholds: docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

from descentry.behaviours import _decrease
from descentry.behaviours._cases import descend, explosion, noisy, power_law, white
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.core.data import Finding


def find(curve: Curve) -> list[Finding]:
    """At most one, about the run as a whole."""
    if _decrease.kind(curve) != "smooth":
        return []
    jagged = _decrease.jaggedness(curve)
    return [
        _decrease.finding(
            curve,
            "smooth-decrease",
            ", smoothly",
            1.5 if jagged == 0 else min(4.0, _decrease.JAGGED / jagged),
        )
    ]


BEHAVIOUR = Behaviour(
    id="smooth-decrease",
    title="the loss falls, with little noise",
    find=find,
    seen_in=(
        Case("an exponential fall", lambda: descend(200)),
        Case("a power law with a trace of noise", lambda: power_law(500) + white(500, 0.002)),
    ),
    quiet_on=(
        Case("a noisy fall", lambda: noisy(500)),
        Case("a constant with noise", lambda: noisy(500, level=1.0)),
        Case(
            "an explosion long after a short fall",
            lambda: [*descend(20), *noisy(80, level=0.2, sigma=0.004), *explosion(20, start=0.2)],
        ),
    ),
)
