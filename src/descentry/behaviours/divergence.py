"""The loss runs away and does not come back.

## What it is

A rise that takes the loss far above where it began and is still going on, or has ended at a level that no
earlier part of the run knows, when the log ends.

## How it shows

As a curve that bends upwards, often by powers of ten; on a linear plot everything before it looks flat.

## How it is judged

The end of the run lies above its start by more than half of what the run had fallen before (and by more than
eight standard deviations of a point), and either the last eighth still climbs or the rise is over twenty
times the earlier fall. A rise that comes back down is a spike; one that stays up on a level is a jump.

## When it is fine

Losses that are meant to rise: the generator of a GAN, a value loss while rewards still grow, a penalty that
is being phased in. Say `--higher-is-better` for metrics that should rise.

## Sources

Gradient descent on a quadratic diverges when the rate exceeds 2/sharpness (Nesterov 2004, §1.2.3; Cohen et
al. 2021). Thresholds: docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

from descentry.behaviours._cases import bump, descend, explosion, noisy
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.behaviours._words import found, metric, number, shown, span
from descentry.core.data import Estimate, Finding
from descentry.core.ranks import median


def find(curve: Curve) -> list[Finding]:
    """At most one: the end of the run."""
    body, m = curve.body, len(curve.level)
    if body >= m:
        return []
    before = curve.clean[:body]
    base = float(median(before[-max(1, min(5, body)) :]))
    top = float(curve.level[body:].max())
    rise = top - base
    fallen = float(before[0]) - float(before.min())
    scale = max(fallen, 8.0 * float(median(curve.noise[:body])), 1e-300)
    factor = (
        f", {number(top / base)} times as high"
        if base > 0 and not curve.rising and 1.5 < top / base < 1e6
        else ""
    )
    direction = "falls" if curve.rising else "rises"
    sentence = (
        f"{metric(curve)} {direction} from {shown(curve, base)} to {shown(curve, top)} "
        f"over {span(curve, body, m - 1)}{factor}, and does not come back."
    )
    size = Estimate(rise, rise - 2 * curve.level_noise[0], rise + 2 * curve.level_noise[0], curve.series.name)
    return [
        found(
            curve,
            "divergence",
            (body, m - 1),
            sentence,
            margin=1 + rise / scale,
            size=size,
            concern="failing",
        )
    ]


BEHAVIOUR = Behaviour(
    id="divergence",
    title="the loss runs away and does not come back",
    find=find,
    precedence=0,
    advice=(
        "Lower the learning rate (try a third, then a tenth) or clip the gradient norm, and restart "
        "from before the rise. More epochs will not cure it."
    ),
    seen_in=(
        Case("grows by a tenth at every step", lambda: explosion(80, start=0.5, factor=1.1)),
        Case("falls, then explodes", lambda: [*descend(100), *explosion(20, start=0.2)]),
    ),
    quiet_on=(
        Case("a spike that recovers", lambda: noisy(200) + bump(200, 120, 3, 30.0)),
        Case("noise about a constant", lambda: noisy(300, level=1.0)),
        Case("a falling curve", lambda: descend(100)),
    ),
)
