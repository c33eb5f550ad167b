"""One bad batch: a run that goes well is thrown off at a single step by its data.

## What it is

A batch with a NaN in it, a value that is a thousand times too large, a target that is corrupt. Nothing in
the run leads up to it.

## How it shows

As a single point that is NaN, infinite or far out of the curve. The next ones are back, if the step that
used it was skipped or small; or else everything is NaN from there on, out of nowhere.

## Why it happens

The gradient of one example is not bounded. A NaN in one input makes the loss and all gradients NaN, and one
step with those makes all weights NaN, for good.

## How to tell it apart

*Too high a rate* grows step by step before it breaks, and shows in the first steps. *Exploding gradients*
come back again and again. *Unstable numerics* have finite data and break at the model's own extremes. A
*resume* or a *change of the rate* at that step explains a jump that lasts.

## What to do

Find the batch: test inputs and targets for NaN and for values far out, at that step of the data order. Skip
steps whose loss or gradient is not finite, and clip gradients, so that one batch can do no more than
another. After NaN weights go back to a checkpoint from before.

## When it is fine

A spike that recovers at once, once in thousands of steps, is common in large trainings.

## Limits

From the curve alone, a lone NaN could also be the model's numerics. A point that is logged seldom may stand
for many steps.

## Sources

Chowdhery et al. 2022, *PaLM*, section 5.1, on spikes that skipping batches removes; Pascanu, Mikolov and
Bengio 2013 on clipping.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_blow_up as blow_up
from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_events as events
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_rate as rate
from descentry.causes import _signs_schedule as schedule
from descentry.causes._cases import descend, noisy, run
from descentry.causes._entry import Case, Cause, Clue


def _with_point(value: float) -> np.ndarray:
    loss = noisy(400).copy()
    loss[260] = value
    return loss


CAUSE = Cause(
    id="bad-batch",
    title="a bad batch threw the run off",
    concern="attention",
    clues=(
        Clue(events.LONE_POINT, (-0.8, 0.2, 1.5, 3.0, 4.5)),
        Clue(events.LEAP, (-0.5, 0.5, 2.0, 3.2)),
        Clue(blow_up.RUN_UP, (2.0, 0.5, -1.0, -2.0)),
        Clue(blow_up.CLIMBED, (1.0, 0.5, -1.5, -2.0)),
        Clue(blow_up.BROKE_AT, (0.3, -0.7, 0.8, 1.8)),
        Clue(blow_up.EARLY_RISE, (0.1, -0.3, -0.7, -1.2)),
        Clue(curve.OSCILLATION, (0.1, -0.7)),
        Clue(curve.DIVERGENCE, (0.1, -0.7)),
        Clue(curve.NON_FINITE, (0.1, 0.3)),
        Clue(gradients.GRADIENT_PEAK, (-0.3, 0.0, 0.6, 1.0)),
        Clue(gradients.BROKEN_GRADIENT, (0.0, 0.4, -1.2)),
        Clue(rate.STABILITY, (0.3, 0.3, 0.2, 0.1, -0.3, -1.0, -1.5)),
        Clue(rate.OVERSHOOTS, (0.3, 0.0, -0.7, -1.2)),
        Clue(schedule.RATE_CHANGE, (0.1, -0.3, -1.5)),
        Clue(events.SEAM, (0.0, 0.1, -2.0)),
    ),
    remedies=("guard-batches", "clip-gradients"),
    neighbours=(
        "lr-too-high",
        "exploding-gradients",
        "unstable-numerics",
        "resume-artefact",
        "schedule-event",
    ),
    seen_in=(
        Case(
            "a lone NaN",
            lambda: run(_with_point(float("nan")), {"sharpness/stability": 0.5, "after-step/ratio": 0.7}),
        ),
        Case("a lone huge loss", lambda: run(_with_point(4e5), {"sharpness/stability": 0.5})),
        Case(
            "NaN for good, out of nowhere",
            lambda: run(
                [*descend(300), *[float("nan")] * 100],
                {"sharpness/stability": 0.5, "after-step/ratio": 0.8, "gradient-norm": 0.4},
            ),
        ),
    ),
    quiet_on=(
        Case(
            "too high a rate",
            lambda: run(
                [2.3, 40.0, 9e3, 7e6, 1e12, 4e19, *[float("nan")] * 30],
                {"sharpness/stability": 60.0, "after-step/ratio": -40.0},
            ),
        ),
        Case(
            "gradients that explode again and again",
            lambda: run(
                noisy(400, sigma=0.1) + np.where(np.arange(400) % 13 == 0, 3.0, 0.0),
                {"gradient-norm": [1.0, 80.0] * 10},
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(400), {"sharpness/stability": 0.7, "after-step/ratio": 0.6})),
        Case("a smooth fall", lambda: run(descend(400))),
    ),
)
