"""Overshooting: steps go past the minimum along their way, so the loss bounces and does not settle.

## What it is

The rate is near the edge of stability: along the steepest direction each step lands on the other wall of
the valley, about as high as it started. The loss neither runs away nor comes to rest.

## How it shows

As a loss that goes up and down from step to step above a level that it does not get below.

## Why it happens

On a quadratic with curvature λ a step multiplies the distance to the minimum by 1 − ηλ: between η = 1/λ and
2/λ the sign changes at every step, and near 2/λ hardly anything is gained by it.

## How to tell it apart

*A rate that is too high* is beyond the edge, and the loss explodes. *Noise* of small batches jags too, but
then gradients of successive steps have little to do with each other, and each step lowers the loss of its
own batch. Here successive gradients point against each other, and steps raise the loss of the very batch
that they were computed on.

## What to do

Lower the rate to half, or let it decay over the run; momentum averages the bouncing out. If the loss falls
in the long run, decay at the end is enough.

## When it is fine

Full-batch training often settles at the edge of stability by itself and goes on falling there. It is
trouble only where the loss has stopped falling.

## Limits

With small batches sharpness on a batch is larger than on the data, so a stability around 2 may be less. A
log with one point an epoch does not show bouncing.

## Sources

Cohen et al. 2021, *Gradient Descent on Neural Networks Typically Occurs at the Edge of Stability*; Xing et
al. 2018, *A Walk with SGD*; LeCun, Simard and Pearlmutter 1993.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

CAUSE = Cause(
    id="overshooting",
    title="the steps overshoot: the loss bounces and does not settle",
    concern="attention",
    clues=(
        Clue(curve.BOUNCES, (-0.7, -0.3, -0.3, 0.7, 1.7)),
        Clue(curve.OSCILLATION, (-0.3, 0.8)),
        Clue(curve.DIVERGENCE, (0.2, -1.0)),
        Clue(curve.NON_FINITE, (0.1, -1.0)),
        Clue(curve.END, (0.7, 0.2, -0.3, -0.5)),
        Clue(curve.FALL, (-0.3, 0.4, 0.5, 0.4, 0.0, -0.7)),
        Clue(rate.RATE, (-2.5, -1.5, -0.7, 0.0, 0.6, 1.0, 0.7)),
        Clue(rate.STABILITY, (-3.0, -2.0, -1.0, 0.2, 1.2, 1.5, 0.5)),
        Clue(rate.OVERSHOOTS, (-1.2, 0.2, 1.2, 1.5)),
        Clue(rate.STEP_RATIO, (0.7, 1.0, 0.7, -0.7, -1.5, -2.0)),
        Clue(rate.AGREEMENT, (2.0, 1.0, -0.3, -1.0, -1.5, -2.0)),
        Clue(rate.UPDATE, (-1.5, -0.7, -0.3, 0.0, 0.5, 0.5)),
    ),
    longer="At this rate more epochs will not help the loss to settle: expected gain {gain}.",
    remedies=("lower-lr", "decay-lr", "add-momentum"),
    neighbours=("lr-too-high", "noise-dominated", "healthy"),
    seen_in=(
        Case(
            "up and down at every step, at the edge",
            lambda: run(
                1.0 + 0.3 * (-1.0) ** np.arange(400) + white(400, 0.02),
                {
                    "sharpness/stability": 2.1,
                    "after-step/ratio": [-0.1, 0.05] * 5,
                    "gradient-agreement": -0.8,
                    "update-ratio": 0.02,
                },
            ),
        ),
    ),
    quiet_on=(
        Case(
            "noise of mini-batches",
            lambda: run(
                1.0 + white(400, 0.3),
                {"sharpness/stability": 0.4, "after-step/ratio": 0.7, "gradient-agreement": 0.02},
            ),
        ),
        Case(
            "a blow-up",
            lambda: run(
                [2.3, 40.0, 9e3, 7e6, 1e12, 4e19, *[float("nan")] * 30],
                {"sharpness/stability": 60.0, "after-step/ratio": -40.0, "update-ratio": 0.6},
            ),
        ),
        Case(
            "a fall at the edge of stability",
            lambda: run(
                descend(400) + white(400, 0.01),
                {"sharpness/stability": 1.9, "after-step/ratio": 0.4, "gradient-agreement": 0.1},
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(400))),
    ),
)
