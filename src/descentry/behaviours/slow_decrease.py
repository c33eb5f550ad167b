"""The loss falls steadily, but only a small part of the way.

## What it is

A fall that shows no sign of slowing down when the log ends, or one so small that it hides in the noise.

## How it shows

As a nearly straight line: a run that approaches a floor bends towards it, a run at the beginning of its way
does not.

## How it is judged

The second half of the run gains at least three quarters of what the first half gained, evenly; or the whole
fall, though significant, is below three standard deviations of a point.

A qualifier: the same fall is also a smooth or noisy decrease.

## When it is fine

At the start of a long run, in warm-up, in fine-tuning with a small rate on purpose. Otherwise the usual
reason is a learning rate that is too small; more epochs at the same rate take proportionally longer.

## Sources

Goodfellow, Bengio and Courville 2016, §8.3 and figure 11.1. Thresholds:
docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

import numpy as np

from descentry.behaviours import _decrease
from descentry.behaviours._cases import descend, noisy, white
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.behaviours._words import found, metric, span
from descentry.core.data import Finding


def find(curve: Curve) -> list[Finding]:
    """At most one, about the run as a whole; it qualifies the smooth or noisy decrease found beside it."""
    slowness = _decrease.slowness(curve) if _decrease.kind(curve) else 0.0
    if slowness == 0.0:
        return []
    last = curve.body - 1
    sentence = (
        f"The fall of {metric(curve)} over {span(curve, 0, last)} is nearly a straight line: "
        f"the second half gained {100 * slowness:.0f}% of what the first half did. "
        "It was still at the beginning of its way."
    )
    return [found(curve, "slow-decrease", (0, last), sentence, margin=1.0 + slowness)]


BEHAVIOUR = Behaviour(
    id="slow-decrease",
    title="the loss falls steadily, but only a small part of the way",
    find=find,
    advice=(
        "If this is not the start of a long run, try a learning rate three to ten times larger on a "
        "short copy of it; more epochs at this rate take proportionally longer."
    ),
    seen_in=(
        Case("a straight line", lambda: descend(300, rate=0.05)),
        Case("a straight line in noise", lambda: np.linspace(2.0, 1.8, 2_000) + white(2_000, 0.1)),
    ),
    quiet_on=(
        Case("an exponential fall", lambda: descend(200)),
        Case("a constant with noise", lambda: noisy(500, level=1.0)),
    ),
)
