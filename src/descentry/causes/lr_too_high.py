"""The learning rate is too high: steps go so far past the minimum that the loss grows.

## What it is

Each step is computed from the slope where it begins. A step that is much longer than the slope holds for
ends higher than it began, where the slope is steeper, and the next step is longer still.

## How it shows

The loss explodes within some ten steps, or becomes NaN, or jumps to a high level in the first steps and
stays there.

## Why it happens

On a quadratic with curvature λ, gradient descent with rate η multiplies the distance to the minimum by 1 −
ηλ: beyond η = 2/λ it grows. What is borderline for one model or data set is far too much for another; there
is no rate that is good everywhere.

## How to tell it apart

*Overshooting* bounces and does not run away: its rate is near the edge and not beyond it. *Exploding
gradients* come from the network's depth, and stay when the rate is cut. *Unscaled features* lower the edge
for one direction: their cure is scaling, since the rate that is stable then is too small for all others. *A
bad batch* breaks a run that was going well, out of nowhere.

## What to do

Lower the rate below 2/sharpness where that was measured; else try a third, then a tenth. Start again from
before the rise: weights that were thrown far seldom come back. Warm-up helps where only the first steps are
too sharp. More epochs do not cure it.

## When it is fine

A loss that rises for some steps at the start and then falls lower than before may be the fastest way there
is.

## Limits

Sharpness is that of a batch, and a lower bound. From a log alone, a rate that is too high and gradients
that explode for another reason look alike.

## Sources

LeCun, Simard and Pearlmutter 1993; Cohen et al. 2021, *Gradient Descent on Neural Networks Typically Occurs
at the Edge of Stability*; Lewkowycz et al. 2020 on the catapult at large rates.
"""

from __future__ import annotations

from descentry.causes import _signs_blow_up as blow_up
from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_rate as rate
from descentry.causes import _signs_schedule as schedule
from descentry.causes import _signs_shape as shape
from descentry.causes._cases import descend, noisy, run
from descentry.causes._entry import Case, Cause, Clue

CAUSE = Cause(
    id="lr-too-high",
    title="the learning rate is too high",
    concern="failing",
    clues=(
        Clue(curve.DIVERGENCE, (-0.5, 1.5)),
        Clue(curve.NON_FINITE, (-0.5, 1.0)),
        Clue(curve.STUCK, (0.0, 0.5)),
        Clue(blow_up.EARLY_RISE, (-0.7, 0.5, 1.5, 2.0)),
        Clue(blow_up.RUN_UP, (-1.5, 0.0, 1.0, 1.5)),
        Clue(blow_up.CLIMBED, (-1.5, 0.0, 1.2, 1.5)),
        Clue(schedule.RISING, (-1.0, 0.0, 2.0)),
        Clue(rate.RATE, (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 2.5)),
        Clue(rate.STABILITY_START, (-3.0, -2.0, -1.0, -0.5, 0.7, 1.5, 2.0)),
        Clue(rate.OVERSHOOTS, (-1.5, -0.5, 0.7, 1.5)),
        Clue(layers.WEIGHT_SCALE, (0.2, 0.2, 0.2, -0.3, -0.8, -1.2)),
        Clue(layers.SIGNAL, (0.1, 0.1, 0.1, -0.4, -0.8, -1.2)),
        Clue(rate.UPDATE, (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0)),
        Clue(shape.PEAK, (-0.5, -0.2, 0.2, 0.5, 0.8, 1.0)),
        Clue(shape.LATE_NOISE, (-0.7, -0.4, 0.0, 0.1, 0.4, 0.6)),
    ),
    longer="At this rate more epochs will not help: expected gain {gain}.",
    remedies=("lower-lr", "clip-gradients", "warm-up"),
    neighbours=("overshooting", "exploding-gradients", "feature-scaling", "bad-batch", "unstable-numerics"),
    seen_in=(
        Case(
            "a blow-up in the first steps, steps beyond the edge",
            lambda: run(
                [2.3, 40.0, 9e3, 7e6, 1e12, 4e19, *[float("nan")] * 30],
                {"sharpness/stability": 60.0, "after-step/ratio": -40.0, "update-ratio": 0.6},
                optimizer="SGD",
                lr=3.0,
            ),
        ),
    ),
    quiet_on=(
        Case("a noisy fall", lambda: run(noisy(400), {"sharpness/stability": 0.7, "after-step/ratio": 0.6})),
        Case(
            "a value out of nowhere in a run that went well",
            lambda: run(
                [*descend(300), *[float("nan")] * 30], {"sharpness/stability": 0.5, "update-ratio": 1e-3}
            ),
        ),
    ),
)
