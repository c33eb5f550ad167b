"""The loss falls through its noise. This is what healthy mini-batch training looks like.

## What it is

A fall whose single points jump up and down because each is measured on another batch.

## How it shows

As a band that comes down. Neighbouring points often rise; the middle of the band does not.

## How it is judged

The run ends significantly below where it began, and the noise of a point is above about 1% of the fall.

## When it is fine

Always. The jaggedness is the batch, not the model: do not lower the learning rate because of it. A larger
batch or a running average makes the picture smoother, and changes nothing else by itself.

## Sources

Robbins and Monro 1951; Bottou, Curtis and Nocedal 2018, §4. Thresholds:
docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

from descentry.behaviours import _decrease
from descentry.behaviours._cases import descend, explosion, noisy
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.core.data import Finding


def find(curve: Curve) -> list[Finding]:
    """At most one, about the run as a whole."""
    if _decrease.kind(curve) != "noisy":
        return []
    lead = "; the jumps from point to point are mini-batch noise, which is normal"
    return [
        _decrease.finding(
            curve, "noisy-decrease", lead, min(4.0, _decrease.jaggedness(curve) / _decrease.JAGGED)
        )
    ]


BEHAVIOUR = Behaviour(
    id="noisy-decrease",
    title="the loss falls through its noise, as mini-batch training does",
    find=find,
    seen_in=(
        Case("a band that comes down", lambda: noisy(600)),
        Case("a band half as wide as the fall", lambda: noisy(3_000, sigma=0.5)),
    ),
    quiet_on=(
        Case("an exponential fall", lambda: descend(200)),
        Case("a constant with noise", lambda: noisy(500, level=1.0)),
        Case(
            "an explosion long after a short fall",
            lambda: [*descend(20), *noisy(80, level=0.2, sigma=0.05), *explosion(20, start=0.4)],
        ),
    ),
)
