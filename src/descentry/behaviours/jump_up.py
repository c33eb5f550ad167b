"""The loss jumps to a higher level and stays there for long.

## What it is

A rise within a few hundredths of the run that is not undone soon: afterwards the run continues from the
higher level.

## How it shows

As a step up. Coming back, if it does, takes many times longer than the rise did.

## How it is judged

Within 6% of the run the level rises by a tenth of the range and by six standard errors of a level, four
times as fast as before, and a tenth of the run later half of the rise is still there, or half of what had
been gained is still lost: spoilt labels throw a loss far up before it settles on its new level. At the very
start of a run nothing is asked of the rate before.

## When it is fine

When something was changed on purpose there: a larger rate after warm-up, new data, another loss weight, a
layer added or unfrozen.

## Sources

Thresholds: docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

import numpy as np

from descentry.behaviours._cases import bump, descend, noisy
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.behaviours._jumps import LONGEST, Jump
from descentry.behaviours._words import amount, change, found, metric, shown, span
from descentry.core.data import Finding
from descentry.core.ranks import median

SHARE = 0.1  # of the range
LASTS = 0.1  # of the run


def find(curve: Curve) -> list[Finding]:
    """Each jump, in order."""
    if curve.trend.flat:
        return []
    swings = curve.swings
    findings: list[Finding] = []
    for jump in [*_at_start(curve), *curve.jumps(+1)]:
        if jump.size < SHARE * curve.range or not _lasts(curve, jump):
            continue
        if findings and findings[-1].stop >= curve.step_at(jump.start):
            continue
        if swings is not None and swings.start <= jump.stop and swings.stop >= jump.start:
            continue
        size = change(curve, jump.before, jump.after, jump.error)
        verb = "falls" if curve.rising else "jumps up"
        sentence = (
            f"{metric(curve)} {verb} by {amount(size)} at {span(curve, jump.start, jump.stop)} "
            f"(from {shown(curve, jump.before)} to {shown(curve, jump.after)}) and does not come back soon."
        )
        findings.append(
            found(
                curve,
                "jump-up",
                (jump.start, jump.stop),
                sentence,
                margin=jump.margin,
                size=size,
                concern="attention",
            )
        )
    return findings


def _at_start(curve: Curve) -> list[Jump]:
    """A rise from the first points on: there is no rate before it to compare with."""
    level = curve.clean[: curve.body]
    reach = max(2, round(1.5 * LONGEST * len(curve.level)))
    if len(level) < 12:
        return []
    top = int(np.argmax(level[: reach + 1]))
    rise = float(level[top] - level[0])
    need = max(0.4 * curve.range, 6.0 * float(curve.level_noise[0]))
    # Nearly all of the curve has to lie above its start: a first point that happened to be low is noise.
    above = float((level[top:] > level[0] + 0.25 * rise).mean())
    return (
        [Jump(0, top, float(level[0]), float(level[top]), float(curve.level_noise[0]), rise / need)]
        if top > 0 and rise >= need and above >= 0.3
        else []
    )


def _lasts(curve: Curve, jump: Jump) -> bool:
    level = curve.clean[: curve.body]
    later = level[jump.stop : jump.stop + max(2, round(LASTS * len(curve.level))) + 1]
    if len(later) < 3:
        return False
    before = level[: jump.start + 1]
    gained = float(before.max() - before.min())
    much = min(jump.size, gained) if gained >= SHARE * curve.range else jump.size
    return float(median(later[-max(1, len(later) // 3) :])) - jump.before >= 0.5 * much


BEHAVIOUR = Behaviour(
    id="jump-up",
    title="the loss jumps to a higher level and stays there for long",
    find=find,
    precedence=4,
    advice=(
        "Look at what changed at that step: the learning rate or its schedule, the data, a resumed "
        "checkpoint."
    ),
    seen_in=(
        Case("a step up in the middle", lambda: descend(300) + bump(300, 200, 100, 0.8)),
        Case(
            "a step up that overshoots",
            lambda: noisy(500, sigma=0.03) + bump(500, 250, 250, 1.0) + bump(500, 250, 8, 4.0),
        ),
        Case("a step up in noise", lambda: noisy(2_000, sigma=0.05) + bump(2_000, 1_200, 800, 0.8)),
    ),
    quiet_on=(
        Case("a spike", lambda: noisy(400) + bump(400, 250, 2, 8.0)),
        Case("a noisy fall", lambda: noisy(600, sigma=0.3)),
        Case("an exponential fall", lambda: descend(300)),
    ),
)
