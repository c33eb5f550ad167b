"""Nothing is wrong: the run does what gradient descent does.

## What it is

A run whose loss falls as far as its model and data allow, or is on its way there, at a reasonable pace.

## How it shows

As a fall, smooth or noisy, that slows down. Plateaus on the way, spikes that recover, jagged losses of
small batches and a slow start all belong to it.

## Why it happens

The rate is large enough to get somewhere in the steps that there are, and small enough not to throw away
what was gained.

## How to tell it apart

Every cause that could explain trouble has something against it, and the loss itself has no trouble to
explain.

## What to do

Nothing, or let it run on while it improves. A curve need not be smooth, and a better one may exist: whether
the result is good enough is a question for the validation data.

## When it is fine

Always; that is what it says.

## Limits

It speaks of the optimisation and not of the model: a loss can fall well on the wrong data. What was not
measured was not examined.

## Sources

Bottou, Curtis and Nocedal 2018, *Optimization Methods for Large-Scale Machine Learning*; Smith et al. 2017
on noise that helps.
"""

from __future__ import annotations

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_events as events
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_learnt as learnt
from descentry.causes import _signs_outputs as outputs
from descentry.causes import _signs_rate as rate
from descentry.causes import _signs_schedule as schedule
from descentry.causes import _signs_shape as shape
from descentry.causes import _signs_validation as validation
from descentry.causes import _signs_wiring as wiring
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

CAUSE = Cause(
    id="healthy",
    title="nothing is wrong with the optimisation",
    concern="none",
    base=0.0,
    clues=(
        Clue(curve.DIVERGENCE, (0.2, -4.0)),
        Clue(curve.NON_FINITE, (0.2, -4.0)),
        Clue(curve.STUCK, (0.3, -2.5)),
        Clue(curve.OSCILLATION, (0.1, -1.0)),
        Clue(curve.JUMP_UP, (0.1, -1.0)),
        Clue(curve.FALL, (-3.0, -2.0, -0.5, 0.5, 1.0, 1.0)),
        Clue(curve.LINEARITY, (0.3, 0.5, 0.0, -1.0)),
        Clue(curve.END, (-1.5, 0.0, 0.5, 0.5)),
        Clue(curve.STUCK_AT, (1.5, 0.3, -1.0)),
        Clue(curve.FIRST, (0.0, 0.3, -0.3, -1.0, -1.5, -2.0)),
        Clue(events.LONE_POINT, (0.1, 0.0, -0.3, -1.5, -2.5)),
        Clue(events.THROWN_BACK, (0.1, -0.3, -1.0, -2.0, -2.0)),
        Clue(schedule.RAISED, (0.0, -2.5)),
        Clue(schedule.IDLE, (0.0, -2.5)),
        Clue(validation.RISEN, (0.1, 0.0, -0.8, -1.5)),
        Clue(rate.RATE, (-2.0, -1.0, 0.0, 0.3, 0.0, -0.7, -1.5)),
        Clue(rate.STABILITY, (-1.5, -0.5, 0.2, 0.3, 0.0, -0.5, -1.5)),
        Clue(rate.OVERSHOOTS, (0.3, 0.0, -0.5, -1.5)),
        Clue(rate.PROMISE, (-1.5, -0.7, 0.3, 0.3, 0.2)),
        Clue(rate.UPDATE, (-2.0, -1.0, 0.0, 0.3, -0.5, -1.5)),
        Clue(rate.UPHILL, (0.1, 0.0, -1.0, -3.0)),
        Clue(gradients.PROFILE, (-2.5, -1.0, 0.0, 0.1, 0.0, -0.5, -1.5)),
        Clue(layers.WEIGHT_SCALE, (-1.0, -0.3, 0.1, -0.3, -0.7, -1.2)),
        Clue(layers.SYMMETRIC, (0.1, 0.0, -3.0)),
        Clue(layers.DEAD, (0.1, 0.1, 0.0, -0.5, -1.5, -2.5)),
        Clue(layers.END_GUESS, (1.0, 0.4, -1.5, -1.5, -1.0)),
        Clue(learnt.SURE_ERRORS, (0.2, 0.0, -0.7, -2.5)),
        Clue(learnt.IDLE, (-1.0, -1.0, -1.0, -1.5)),
        Clue(outputs.MISFIT, (0.3, -6.0, -6.0, -6.0, -5.0, -5.0)),
        Clue(outputs.CLASS_INDICES, (0.1, -0.7, -4.0)),
        Clue(outputs.BROADCAST, (0.1, -2.5, -6.0)),
        Clue(outputs.CONTRADICTED, (0.2, 0.0, -2.0, -3.5)),
        Clue(wiring.CAN_LEARN, (-6.0, -1.5, -0.7, 0.1, 0.2)),
        Clue(wiring.OUT_OF_REACH, (0.1, -0.7, -2.0)),
        Clue(wiring.WITHOUT_GRADIENT, (0.1, -1.5)),
        Clue(wiring.LEFT_OVER, (0.2, -1.5, -5.0)),
        Clue(shape.HIGHEST_AT, (0.1, 0.1, -0.2, -0.5, -2.0)),
        Clue(shape.LOWEST_AT, (-1.5, -0.7, 0.0, 0.3, 0.3)),
        Clue(validation.GONE, (-1.5, -0.7, -0.5, 0.0, 0.4, 0.5)),
    ),
    remedies=(),
    neighbours=("noise-dominated", "lr-too-low", "capacity-or-data"),
    seen_in=(
        Case("a noisy fall", lambda: run(noisy(400), {"sharpness/stability": 0.7, "update-ratio": 2e-3})),
        Case("a smooth fall", lambda: run(descend(400))),
    ),
    quiet_on=(
        Case("noise about where it began", lambda: run(2.3 + white(400, 0.02))),
        Case("a run that ends in NaN", lambda: run([*descend(200), *[float("nan")] * 50])),
    ),
)
