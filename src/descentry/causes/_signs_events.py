"""Signs of single events: points that stand alone, and where a run was joined together."""

from __future__ import annotations

import math

import numpy as np

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import CALIBRATED, DEFINITION
from descentry.core.ranks import median, stretches
from descentry.facts import Facts

LONE = 3  # points in a row that a single bad batch may spoil, with what it leaves in momentum
AROUND = 8  # points before and after that the lone ones are compared with
FAR = 12.0  # decades that stand for NaN and infinity
MOST = 256  # seams, and places at each, that are looked at
REACH = 0.005  # of the run: logs are seldom of every step
BY_NOISE = 4.0  # median differences, 2.6 standard errors: two medians of noise seldom lie further apart
FAR_STEP = 8.0  # median differences of neighbours, about 8 standard deviations of the noise


def _lone(facts: Facts) -> float | None:
    """Decades of noise by which the worst lone point leaves its surroundings, before and after alike."""
    value = facts.curve.series.value
    if facts.curve.rising or len(value) < 3 * AROUND:
        return None
    worst, finite = 0.0, value
    if facts.curve.reduced.bad:
        broken = ~np.isfinite(value)
        for start, stop in _runs(broken):
            before, after = value[max(0, start - AROUND) : start], value[stop : stop + AROUND]
            if stop - start <= LONE and len(before) >= 2 and np.isfinite(after).sum() >= AROUND // 2:
                worst = FAR
        finite = np.where(broken, np.nan, value)
    steps = np.abs(np.diff(stretches(finite), axis=1))
    noise = float(median(steps[~np.isnan(steps)])) if np.isfinite(steps).any() else 0.0
    if noise <= 0:
        return worst
    cells = facts.curve.reduced
    highest = int(np.argmax(cells.high))
    start = int(cells.cell_first[highest])
    top = start + int(np.nanargmax(finite[start : int(cells.cell_last[highest]) + 1]))
    before, after = finite[max(0, top - AROUND) : top], finite[top + LONE : top + LONE + AROUND]
    if len(before) >= 3 and np.isfinite(after).sum() >= 3:
        height = float(finite[top] - max(np.nanmax(before[:-1]), median(after[~np.isnan(after)])))
        worst = max(worst, math.log10(max(height / noise, 1.0)))
    return min(worst, FAR)


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Start and stop of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(int)))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def _leap(facts: Facts) -> float | None:
    """Decades by which one point leaves all before it behind, the first time that it is more than one."""
    curve = facts.curve
    if curve.rising or len(curve.series.value) < 3 * AROUND:
        return None
    # Of each fine cell (a point, in all but the longest runs) what is furthest from zero.
    known = np.maximum(np.abs(curve.reduced.high), np.abs(curve.reduced.low))
    if len(known) < 2 * AROUND:
        return None
    before = np.maximum.accumulate(known)[AROUND - 1 : -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        decades = np.log10(known[AROUND:] / before)
    far = np.flatnonzero(decades > 1.0)
    if len(far):
        return float(min(decades[far[0]], FAR))
    return None if curve.reduced.bad else 0.0  # what leads up to NaN is a sign of its own


LEAP = Sign(
    "leap",
    "how far a single step took the loss above all that was before",
    _leap,
    (0.5, 1.7, 3.5),
    (
        "No single step takes the loss far above what was before.",
        "A single step takes the loss to ten to the {value} times what was before.",
        "A single step takes the loss to ten to the {value} times what was before, out of a calm.",
        "A single step takes the loss to ten to the {value} times what was before: no run-up leads there.",
    ),
    "0; an unstable rate multiplies the loss by a steady factor at each step",
    CALIBRATED,
)

LONE_POINT = Sign(
    "lone-point",
    "whether single points leave the curve and the next are back",
    _lone,
    (1.2, 2.0, 3.0, 11.0),
    (
        "No single point stands out of the curve.",
        "A single point stands ten to the {value} noises out of the curve.",
        "A single point stands ten to the {value} noises out of the curve, and the next are back.",
        "A single point is far out of the curve (ten to the {value} noises), and the next are back.",
        "A single loss is NaN or infinite, and the next ones are numbers again.",
    ),
    "below 1.2: a normal value seldom lies more than 5 deviations away",
    DEFINITION,
)


def seams(facts: Facts) -> list[tuple[int, int]]:
    """Between which steps the run was joined: as the reader noted it, and as weights and optimizer show."""
    found = {(g.start, g.start) for g in facts.run.gaps if g.kind == "resume" and g.start is not None}
    ages, written = facts.measured.get("restarts/age"), facts.measured.get("restarts/written")
    if ages is not None:
        starts = ages.step - ages.value.astype(np.int64)
        began, times = np.unique(starts, return_counts=True)
        # Skipped steps put a beginning off, but only one that begins anew grows younger.
        again = starts[1:][np.diff(ages.value) < 0]
        found |= {(int(step), int(step)) for step in (*began[(times > 1) & (began > 1)], *again)}
    if written is not None:
        before = np.concatenate([written.step[:1] * 0, written.step[:-1]])
        windows = zip(before, written.step, written.value, strict=True)
        found |= {(int(start), int(stop)) for start, stop, count in windows if count > 0}
    return sorted(found)


def _seam(facts: Facts) -> float | None:
    """2 where the loss steps at a seam, 1 where there is a seam without a step, 0 where there is none."""
    found = seams(facts)
    if not found:
        return 0.0
    reach = max(2, round(REACH * facts.span))
    return 2.0 if any(_steps(facts, start - reach, stop + reach) for start, stop in found[:MOST]) else 1.0


def _steps(facts: Facts, start: int, stop: int) -> bool:
    """Whether medians before and after some point between two steps differ by far more than the noise."""
    series = facts.curve.series
    value = np.where(np.isfinite(series.value), series.value, np.nan)
    step = series.step
    places = np.flatnonzero((step >= start) & (step <= stop))
    for i in places[:: max(1, len(places) // MOST)]:
        before, after = value[max(0, i - AROUND) : i], value[i : i + AROUND]
        before, after = before[np.isfinite(before)], after[np.isfinite(after)][: AROUND // 2]
        if len(before) < AROUND // 2 or not len(after):
            continue
        level = float(median(before))
        noise = float(median(np.abs(np.diff(before)))) + 0.01 * abs(level)
        if abs(float(median(after)) - level) > FAR_STEP * noise:
            return True
    return False


SEAM = Sign(
    "seam",
    "whether the loss steps where the run was resumed",
    _seam,
    (0.5, 1.5),
    (
        "Nothing shows a place where the run was resumed.",
        "The run was resumed or its weights were replaced, and the loss went on as before.",
        "The loss steps just where the run was resumed, or its weights were replaced.",
    ),
    "no step at the seam: a resume that brings everything back cannot be seen",
    DEFINITION,
)


def _thrown_back(facts: Facts) -> float | None:
    """How much of what was gained by then the largest jump took back: 1 is back to the start."""
    value = facts.curve.clean
    if facts.curve.rising or len(value) < 20:
        return None
    reach = max(3, len(value) // 40)
    first = float(median(value[:reach]))
    middle = median(np.lib.stride_tricks.sliding_window_view(value, reach), axis=1)
    before, after = middle[: -reach - 1], middle[reach:-1]
    gained = first - before
    told = gained > 0.1 * facts.curve.range
    if not told.any():
        return None
    # What noise alone does to a difference of two medians is nothing that was lost.
    noise = BY_NOISE * float(median(np.abs(np.diff(value)))) / math.sqrt(reach)
    return float(np.max(np.maximum(after - before - noise, 0.0)[told] / gained[told]))


THROWN_BACK = Sign(
    "thrown-back",
    "how much of what had been gained a jump takes back at once",
    _thrown_back,
    (0.15, 0.5, 0.85, 1.3),
    (
        "Nothing of what was gained is lost at once.",
        "A jump takes back {value} of what had been gained.",
        "A jump takes back {value} of what had been gained.",
        "A jump takes back all that had been gained: the run begins anew.",
        "A jump takes the loss far above where it began.",
    ),
    "0; 1 where the run begins anew",
    CALIBRATED,
)
