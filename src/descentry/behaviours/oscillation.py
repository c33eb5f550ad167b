"""The loss swings up and down instead of settling.

## What it is

Sustained ups and downs that noise does not explain: slow swings of the whole level, or bounces from one
point to the next.

## How it shows

As waves or a sawtooth. The typical picture of a step that overshoots: the run goes past the valley's floor
and back again.

## How it is judged

Slow swings: at least six turning points with reversals of a tenth of the range and six standard errors,
three bins or more from one to the next, over 15% of the run. Bounces: in a block of 64 points nearly nine
in ten neighbouring changes have opposite signs; white noise has two thirds.

## When it is fine

At the edge of stability full-batch training bounces and still gets better. A cyclic schedule swings on
purpose. Losses of adversarial games swing by nature.

## Sources

Cohen et al. 2021 (edge of stability). The share 2/3 is that of a random permutation's turning points
(Bienaymé 1874). Thresholds: docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

import numpy as np

from descentry.behaviours import _swings
from descentry.behaviours._cases import descend, noisy
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.behaviours._words import found, metric, number, span
from descentry.core.data import Estimate, Finding
from descentry.core.ranks import median


def find(curve: Curve) -> list[Finding]:
    """At most one: the widest stretch of swings."""
    swings = curve.swings
    if swings is None:
        return []
    how = (
        "bounces from point to point"
        if swings.bounce
        else f"swings up and down ({swings.turns} turning points)"
    )
    where = span(curve, swings.start, swings.stop)
    sentence = (
        f"{metric(curve)} {how} by about {number(swings.amplitude)} over {where}: more than noise would."
    )
    noise = float(median(curve.level_noise))
    size = Estimate(
        swings.amplitude, swings.amplitude - 2 * noise, swings.amplitude + 2 * noise, curve.series.name
    )
    margin = 1.2 * swings.turns / _swings.REVERSALS
    return [
        found(
            curve,
            "oscillation",
            (swings.start, swings.stop),
            sentence,
            margin=min(4.0, margin),
            size=size,
            concern="attention",
        )
    ]


BEHAVIOUR = Behaviour(
    id="oscillation",
    title="the loss swings up and down instead of settling",
    find=find,
    precedence=3,
    advice=(
        "Try half the learning rate, or less momentum: swings of this kind come from steps that overshoot."
    ),
    seen_in=(
        Case("slow swings", lambda: 1.0 + 0.5 * np.sin(np.arange(400) / 12) + 0.01 * noisy(400, level=0.0)),
        Case("bounces from point to point", lambda: descend(300) + 0.3 * (-1.0) ** np.arange(300)),
    ),
    quiet_on=(
        Case("mini-batch noise", lambda: noisy(2_000, sigma=0.3)),
        Case("noise about a constant, few points", lambda: noisy(60, level=1.0)),
        Case("an exponential fall", lambda: descend(300)),
    ),
    exempt={"subsampling": "bounces from point to point are gone when every other point is"},
)
