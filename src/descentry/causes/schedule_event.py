"""A schedule event: the loss stepped because a setting was changed there.

## What it is

The learning rate, the batch size, the momentum, the decay or the clipping was changed, by a schedule or by
hand, and the loss answered at once.

## How it shows

As a sudden drop where the rate was cut, or a step up where it was raised or restarted.

## Why it happens

At a constant rate the loss rests at a level that the noise of the steps keeps it at, in proportion to the
rate. Cutting the rate lets it fall to a lower one within some steps; raising it does the reverse.

## How to tell it apart

A drop by *learning* comes at a constant rate. A *resume* leaves a gap or repeated steps. An *instability*
rises with no setting changed.

## What to do

Nothing. Judge the run by the level after the change; and do not take the drop for a reason to cut the rate
early: what an early cut gains at once it often loses later.

## When it is fine

Nearly always: it is what schedules are for.

## Limits

It needs the rate in the log. Schedules that change at every step have no event, and a drop that falls
together with a cut by chance is taken for its effect.

## Sources

He et al. 2016, figure 4, on the drops at rate cuts; Loshchilov and Hutter 2017, *SGDR*; You et al. 2019,
*How Does Learning Rate Decay Help Modern Neural Networks?*
"""

from __future__ import annotations

import math

import numpy as np

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_schedule as schedule
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue, Sign
from descentry.core.data import Floats
from descentry.facts import Facts

SETTINGS = (
    "learning-rate/momentum",
    "learning-rate/weight-decay",
    "learning-rate/clipping",
    "batch-size",
    "batch_size",
)


def _other(facts: Facts) -> float | None:
    """Whether a setting other than the rate was changed within 2% of the run of a step of the loss."""
    series = [s for s in facts.run.series if s.name in SETTINGS and len(s)]
    events = facts.found("sudden-drop", "jump-up")
    if not series or not events:
        return None
    reach = max(1, round(0.02 * facts.span))
    return float(
        any(
            np.any(
                np.abs(s.step[1:][np.diff(s.value) != 0] - event.start) <= reach + event.stop - event.start
            )
            for s in series
            for event in events
        )
    )


OTHER_CHANGE = Sign(
    "other-change",
    "whether another setting was changed where the loss stepped",
    _other,
    (0.5,),
    (
        "No other setting was changed where the loss stepped.",
        "The batch size, momentum, decay or clipping was changed just where the loss stepped.",
    ),
    "no change",
    "by definition",
    "rate",
)


def _range(facts: Facts) -> float | None:
    value = facts.rate.value if facts.rate is not None else np.empty(0)
    value = value[np.isfinite(value) & (value > 0)]
    return math.log10(float(value.max() / value.min())) if len(value) else None


RATE_RANGE = Sign(
    "rate-range",
    "how far the learning rate was changed in all",
    _range,
    (0.05, 0.5),
    (
        "The learning rate is constant.",
        "The learning rate changes a little.",
        "The learning rate changes {power}-fold over the run.",
    ),
    "0 where it is constant",
    "by definition",
    "rate",
)


CUT = {"lr": [0.1] * 200 + [0.01] * 200}


def _drop(before: float, after: float) -> Floats:
    return np.concatenate([np.full(200, before), np.full(200, after)]) + white(400, 0.02)


CAUSE = Cause(
    id="schedule-event",
    title="a setting was changed where the loss stepped",
    concern="none",
    clues=(
        Clue(schedule.RATE_CHANGE, (-3.5, 1.0, 4.5)),
        Clue(schedule.RAISED, (-0.1, 1.5)),
        Clue(OTHER_CHANGE, (-0.5, 3.5)),
        Clue(RATE_RANGE, (-1.0, 0.1, 0.3)),
        Clue(curve.SUDDEN_DROP, (-0.5, 0.4)),
        Clue(curve.JUMP_UP, (-0.2, 0.3)),
        Clue(curve.DIVERGENCE, (0.1, -0.5)),
        Clue(curve.NON_FINITE, (0.1, 0.0)),
    ),
    remedies=(),
    neighbours=("healthy", "resume-artefact", "lr-too-high", "bad-batch"),
    seen_in=(Case("a drop where the rate is cut", lambda: run(_drop(1.0, 0.5), logged=CUT)),),
    quiet_on=(
        Case("a drop at a constant rate", lambda: run(_drop(1.0, 0.5), logged={"lr": [0.1] * 400})),
        Case("a drop, and no rate in the log", lambda: run(_drop(1.0, 0.5))),
        Case("a step up at a constant rate", lambda: run(_drop(0.5, 1.0), logged={"lr": [0.1] * 400})),
        Case("a smooth decay", lambda: run(descend(400), logged={"lr": list(np.linspace(0.1, 0.001, 400))})),
        Case("a noisy fall", lambda: run(noisy(400))),
    ),
)
