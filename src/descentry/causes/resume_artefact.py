"""A resume that did not bring everything back: the loss jumps where the run was joined together.

## What it is

A checkpoint holds more than weights: the optimizer's moments, the schedule, the loss scale, the random
streams and the place in the data. Whatever is missing begins anew.

## How it shows

As a step up, or a spike, at the seam. Without moments it comes down again within the steps that the moments
remember. With a schedule that begins anew it takes as long as the warm-up. Back at the loss of the very
first step, the weights were not loaded.

## Why it happens

Adam without its second moments takes steps of full length in every direction at once. A schedule that
begins anew takes a rate that was meant for the start. Data that begin anew are seen twice, which makes the
loss fall without a reason.

## How to tell it apart

*Instability* has steps beyond the edge, and happens where nothing was resumed. A *change of the rate* has
its step in the schedule. A *bad batch* is over at the next step.

## What to do

Save and load the state of optimizer, scheduler, scaler and data loader beside the weights. Where the
moments are lost, warm up for a few hundred steps at a lower rate. Compare the loss of one batch before
saving and after loading: they must be equal.

## When it is fine

A small bump that is gone after some hundred steps does no harm. A new optimizer for fine-tuning is meant.

## Limits

Where the log has no seam, only the shape speaks for it. Duplicated steps are joined by the reader, which
says so.

## Sources

PyTorch tutorial, *Saving and loading a general checkpoint*; Kingma and Ba 2015, section 3, on the moments
at the start.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_events as events
from descentry.causes import _signs_rate as rate
from descentry.causes import _signs_schedule as schedule
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue
from descentry.core.data import Gap


def _seam(step: int) -> list[Gap]:
    return [Gap("resume", f"the run was resumed at step {step}", 1, "", step, step)]


def _joined(steps: int, at: int, height: float) -> np.ndarray:
    loss = descend(steps, start=2.3, floor=0.3) + white(steps, 0.01)
    loss[at:] += height * np.exp(-np.arange(steps - at) / (0.12 * steps))
    return loss


CAUSE = Cause(
    id="resume-artefact",
    title="the resume did not bring everything back",
    concern="attention",
    clues=(
        Clue(events.SEAM, (-0.8, -2.5, 5.0)),
        Clue(events.THROWN_BACK, (-1.2, 0.2, 1.2, 2.2, 0.2)),
        Clue(curve.JUMP_UP, (-0.4, 1.0)),
        Clue(curve.SPIKE, (0.0, 0.2)),
        Clue(curve.OSCILLATION, (0.1, -1.0)),
        Clue(curve.DIVERGENCE, (0.1, -0.8)),
        Clue(curve.NON_FINITE, (0.1, -1.5)),
        Clue(rate.STABILITY, (0.2, 0.2, 0.2, 0.1, -0.3, -0.8, -1.2)),
        Clue(rate.OVERSHOOTS, (0.2, 0.0, -0.8, -1.2)),
        Clue(schedule.RATE_CHANGE, (0.3, 0.1, -0.8)),
    ),
    remedies=("restore-optimizer-state", "warm-up"),
    neighbours=("lr-too-high", "schedule-event", "bad-batch"),
    seen_in=(
        Case(
            "a bump at the seam",
            lambda: run(_joined(600, 350, 0.9), gaps=_seam(350)),
        ),
        Case(
            "no seam in the log, but an optimizer that began anew",
            lambda: run(
                _joined(600, 350, 0.9),
                {"restarts/age": [*np.linspace(0, 599, 10)[:6], *(np.linspace(0, 599, 10)[6:] - 350)]},
            ),
        ),
        Case(
            "back to the very start",
            lambda: run(
                [*descend(300, start=2.3, floor=0.2), *descend(300, start=2.3, floor=0.2)], gaps=_seam(300)
            ),
        ),
    ),
    quiet_on=(
        Case("a resume that cannot be seen", lambda: run(noisy(600), gaps=_seam(300))),
        Case(
            "a jump by a rate that was raised",
            lambda: run(
                _joined(600, 350, 0.9),
                logged={"lr": [0.01] * 350 + [0.3] * 250},
            ),
        ),
        Case(
            "a jump by instability",
            lambda: run(
                [*descend(300, start=2.3, floor=0.3), *(1.8 + white(300, 0.2))],
                {"sharpness/stability": 9.0, "after-step/ratio": -2.0},
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(400))),
    ),
)
