"""The loss drops all at once, after a slower stretch.

## What it is

A fall within a few hundredths of the run that is several times faster than the curve just before it.

## How it shows

As a cliff. The first fall of a run is none: there is nothing slower before it.

## How it is judged

Within 6% of the run the level falls by 3% of the range or more, by six standard errors of a level, and four
times as fast as over the tenth of the run before.

## When it is fine

Nearly always. A cut of the learning rate, the decay phase of a schedule, a plateau that ends and a skill
that is learnt all look like this.

## Sources

He et al. 2016, figure 4; Hu et al. 2024 (MiniCPM), §4. Thresholds: docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

from descentry.behaviours._cases import descend, noisy, power_law, staircase
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.behaviours._jumps import Jump
from descentry.behaviours._words import amount, change, found, metric, shown, span
from descentry.core.data import Finding

EARLIEST = 0.1  # of the run


def find(curve: Curve) -> list[Finding]:
    """Each drop, in order."""
    if curve.trend.flat:
        return []
    swings = curve.swings
    findings = []
    for jump in curve.jumps(-1):
        if jump.start < EARLIEST * len(curve.level) or curve.step_share(0, jump.start) < EARLIEST / 2:
            continue
        if swings is not None and swings.start <= jump.stop and swings.stop >= jump.start:
            continue
        if not _new_low(curve, jump):
            continue
        size = change(curve, jump.before, jump.after, jump.error)
        verb = "rises" if curve.rising else "drops"
        sentence = (
            f"{metric(curve)} {verb} suddenly by {amount(size)} at {span(curve, jump.start, jump.stop)} "
            f"(from {shown(curve, jump.before)} to {shown(curve, jump.after)})."
        )
        findings.append(
            found(curve, "sudden-drop", (jump.start, jump.stop), sentence, margin=jump.margin, size=size)
        )
    return findings


def _new_low(curve: Curve, jump: Jump) -> bool:
    """A drop goes below everything before it; coming back from a rise is a recovery."""
    return jump.after < float(curve.clean[: jump.start].min()) - 0.5 * jump.size


BEHAVIOUR = Behaviour(
    id="sudden-drop",
    title="the loss drops all at once, after a slower stretch",
    find=find,
    seen_in=(
        Case("a cliff after a shelf", lambda: staircase(600)),
        Case("a cliff in noise", lambda: staircase(3_000, sigma=0.05)),
    ),
    quiet_on=(
        Case("an exponential fall", lambda: descend(300)),
        Case("a power law", lambda: power_law(1_000)),
        Case("a noisy fall", lambda: noisy(600)),
    ),
)
