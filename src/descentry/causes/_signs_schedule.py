"""Signs of changes of the learning rate, and of what the loss does there."""

from __future__ import annotations

import math

import numpy as np

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import DEFINITION
from descentry.core.ranks import median
from descentry.facts import Facts

AT_ONCE = 0.17  # decades, a factor of 1.5, by which a rate changes from one logged value to the next
MOST = 256  # changes that are looked at
NARROW = 8  # points before and after a change that are compared, or a twentieth of the run
FAR_LEVEL = 5.0  # standard errors of a median by which two levels differ beyond doubt
LEFT = 0.3  # of the first loss: below it a rate that ran out may simply have done its work
FROM_MEDIAN = 1.4826  # standard deviation of normal noise over its median distance (Rousseeuw and Croux 1993)


def _changes(facts: Facts) -> tuple[np.ndarray, np.ndarray] | None:
    """Steps at which the rate was changed, and by how many decades; None where the rate is not known."""
    rate = facts.rate
    if rate is None or len(rate) < 2:
        return None
    with np.errstate(all="ignore"):
        return rate.step[1:], np.diff(np.log10(np.maximum(rate.value, 1e-12)))


def _stepped(facts: Facts, step: np.ndarray, change: np.ndarray) -> list[tuple[float, float]]:
    """Changes at once at which the loss has another level after than before: decades, and difference.

    A rise or fall that takes a while is no event of the curve; the place of a change of the rate is known.
    """
    found = []
    for i in np.flatnonzero(np.abs(change) >= AT_ONCE)[:MOST]:
        difference = _difference(facts, int(step[i]))
        if difference:
            found.append((float(change[i]), difference))
    return found


def _difference(facts: Facts, at: int) -> float:
    """By how much the level of the loss differs after a step; 0 where noise and drift could do that."""
    series = facts.curve.series
    middle = int(np.searchsorted(series.step, at))
    width = min(max(NARROW, len(series) // 20), middle // 2, len(series) - middle - 1)
    if width < NARROW // 2:
        return 0.0
    parts = [series.value[middle + k * width : middle + (k + 1) * width] for k in (-2, -1)]
    parts.append(series.value[middle + 1 : middle + 1 + width])
    kept = [part[np.isfinite(part)] for part in parts]
    if not all(map(len, kept)):
        return 0.0
    earlier, before, after = (float(median(part)) for part in kept)
    noise = FROM_MEDIAN * float(median(np.abs(kept[1] - before))) / math.sqrt(len(kept[1]))
    bound = max(FAR_LEVEL * noise, 2 * abs(before - earlier), 0.1 * abs(before))
    return after - before if abs(after - before) > bound else 0.0


def _change_at_step(facts: Facts) -> float | None:
    """Largest change of the rate, in decades, where the loss steps; None where the loss does not step."""
    changes = _changes(facts)
    if changes is None:
        return None
    step, change = changes
    events = facts.found("sudden-drop", "jump-up", "divergence")
    reach = max(1, round(0.02 * facts.span))
    near = [
        np.abs(change[np.abs(step - event.start) <= reach + max(0, event.stop - event.start)])
        for event in events
    ]
    stepped = [abs(decades) for decades, _ in _stepped(facts, step, change)]
    if not events and not stepped:
        return None
    return max([*(float(c.max()) for c in near if len(c)), *stepped], default=0.0)


RATE_CHANGE = Sign(
    "rate-change",
    "whether the learning rate was changed where the loss stepped",
    _change_at_step,
    (0.05, 0.17),
    (
        "The learning rate was not changed where the loss stepped.",
        "The learning rate was changed a little where the loss stepped.",
        "The learning rate was changed ({power}-fold) just where the loss stepped.",
    ),
    "0 where the rate is constant, 1 for a cut to a tenth",
    DEFINITION,
    "rate",
)


def _raised(facts: Facts) -> float | None:
    """Largest rise of the rate at once, in decades, after which the loss is higher; 0 where there is none."""
    changes = _changes(facts)
    if changes is None:
        return None
    up = 1 if not facts.curve.rising else -1
    return max(
        (d for d, difference in _stepped(facts, *changes) if d > 0 and up * difference > 0), default=0.0
    )


RAISED = Sign(
    "rate-raised",
    "whether the loss is higher after the learning rate was raised",
    _raised,
    (AT_ONCE,),
    (
        "No rise of the learning rate at once took the loss up.",
        "The learning rate was raised {power}-fold at once, and the loss is higher from there on.",
    ),
    "0; schedules raise a rate little by little",
    DEFINITION,
    "rate",
)


def _rising(facts: Facts) -> float | None:
    """Rate where the loss began to run away over the rate half way there, in decades."""
    rate, events = facts.rate, facts.found("divergence", "non-finite")
    if rate is None or len(rate) < 2 or not events:
        return None
    there = min(event.start for event in events)
    begin = int(facts.curve.series.step[0])
    at, half = (
        float(rate.value[max(0, int(np.searchsorted(rate.step, step, side="right")) - 1)])
        for step in (there, begin + (there - begin) / 2)
    )
    return (
        math.log10(at / half) if at > 0 and half > 0 and math.isfinite(at) and math.isfinite(half) else None
    )


RISING = Sign(
    "rate-rising",
    "whether the learning rate was rising when the loss ran away",
    _rising,
    (-0.05, 0.1),
    (
        "The learning rate had been lowered when the loss ran away.",
        "The learning rate was as it had been when the loss ran away.",
        "The learning rate was on its way up ({power} times that of half way) when the loss ran away.",
    ),
    "0 for a constant rate; a rate that rises passes the edge of stability at some step",
    "Smith 2017, Cyclical Learning Rates, section 3.3",
    "rate",
)


def _idle(facts: Facts) -> float | None:
    """The share of the run for which the rate was as good as nothing, where the loss is still high then."""
    level = facts.curve.clean
    if facts.idle is None or not len(level):
        return None
    start, end = (float(median(part)) for part in (level[:3], level[-max(3, len(level) // 10) :]))
    much_left = not facts.curve.rising and end > LEFT * start > 0
    return facts.idle[1] if much_left else 0.0


IDLE = Sign(
    "idle",
    "for how much of the run the rate was next to nothing",
    _idle,
    (0.5,),
    (
        "The rate did not run out long before the run ended.",
        "For {percent} of the run the rate was below a thousandth of its peak: these steps changed nothing.",
    ),
    "a fiftieth for a cosine; most of it where a schedule meant for epochs is stepped at every batch",
    DEFINITION,
    "rate",
)
