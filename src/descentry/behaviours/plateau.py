"""The loss stops changing for a while, and moves on later.

## What it is

A stretch in the middle of the run with no meaningful change relative to its noise.

## How it shows

As a shelf before a fall, or between a fall and an explosion. A flat end of a run is no `plateau` here
but the run's convergence, and a flat run from the first step on is `stuck`.

## How it is judged

On the straight pieces of the curve: neighbouring pieces that together stay within three standard deviations
of a point (or 8% of the range), gain less than one, and last for a tenth of the run or more, both in points
and in steps, with something else after them.

## When it is fine

Often. Saddle points, features that are learnt one after another, and a learning rate that waits for its next
cut all make plateaus that end by themselves.

## Sources

Saxe, McClelland and Ganguli 2014; Fukumizu and Amari 2000. Thresholds:
docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

from descentry.behaviours._cases import descend, noisy, staircase
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.behaviours._words import found, metric, shown, span
from descentry.core.data import Finding
from descentry.core.ranks import median

LASTING = 0.10  # of the run
BAND = 0.08  # of the range
SIGMAS = 3.0


def find(curve: Curve) -> list[Finding]:
    """Each shelf, in order."""
    if curve.trend.flat or (curve.body == len(curve.level) and not curve.trend.falls):
        return []
    swings = curve.swings
    findings = []
    for start, stop in shelves(curve):
        if swings is not None and not swings.bounce and start <= swings.stop and stop >= swings.start:
            continue
        level = float(median(curve.clean[start : stop + 1]))
        after = (
            "then moves on"
            if curve.body == len(curve.level) or stop < curve.body - 1
            else "until it runs away"
        )
        sentence = (
            f"{metric(curve)} stays at about {shown(curve, level)} over {span(curve, start, stop)}, {after}."
        )
        margin = 1.0 + curve.step_share(start, stop) / LASTING / 2
        findings.append(found(curve, "plateau", (start, stop), sentence, margin=margin))
    return findings


def shelves(curve: Curve) -> list[tuple[int, int]]:
    """Bins of every flat stretch that has a fall before it and something else after it."""
    level, body, m = curve.clean, curve.body, len(curve.level)
    kept = []
    for start, stop in flat_stretches(curve):
        lasts = (stop - start + 1) / m >= LASTING and curve.step_share(start, stop) >= LASTING
        if not lasts:
            continue
        rest = level[stop + 1 : body]
        here = float(median(level[start : stop + 1]))
        need = max(0.04 * curve.range, 3.0 * float(median(curve.noise[start : stop + 1])))
        moves_on = len(rest) >= 2 and here - float(median(rest[-max(1, len(rest) // 4) :])) >= need
        if moves_on or (body < m and stop >= body - max(3, m // 10)):
            kept.append((start, stop))
    return kept


def flat_stretches(curve: Curve) -> list[tuple[int, int]]:
    """Neighbouring straight pieces that together do not change, as long as can be, from left to right."""
    pieces = curve.segments
    stretches = []
    i = 0
    while i < len(pieces):
        j = i
        while j < len(pieces) and _flat(curve, i, j):
            j += 1
        if j > i:
            stretches.append((pieces[i].start, pieces[j - 1].stop))
            i = j
        else:
            i += 1
    return stretches


def _flat(curve: Curve, i: int, j: int) -> bool:
    pieces = curve.segments[i : j + 1]
    ends = [e for p in pieces for e in (p.begin, p.end)]
    sigma = float(median(curve.noise[pieces[0].start : pieces[-1].stop + 1]))
    band = max(BAND * curve.range, SIGMAS * sigma)
    gain = pieces[0].begin - pieces[-1].end
    return max(ends) - min(ends) <= band and gain <= max(1.0 * sigma, 0.01 * curve.range)


BEHAVIOUR = Behaviour(
    id="plateau",
    title="the loss stops changing for a while, and moves on later",
    find=find,
    seen_in=(
        Case("a shelf between two falls", lambda: staircase(600)),
        Case("a noisy shelf", lambda: staircase(3_000, sigma=0.05)),
    ),
    quiet_on=(
        Case("an exponential fall", lambda: descend(300)),
        Case("a noisy fall to a floor", lambda: noisy(600)),
        Case("a constant with noise", lambda: noisy(600, level=1.0)),
    ),
)
