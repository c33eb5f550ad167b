"""The learning rate is too low: the steps are so short that the run ends before it gets anywhere.

## What it is

The direction is right and the loss falls, but the steps together do not reach the bottom in the time there
is.

## How it shows

As a slow, often smooth and nearly straight fall that has not slowed down at the end, or as no visible fall.

## Why it happens

Gradient descent covers a distance in proportion to η times the number of steps. Along a direction of
curvature λ it takes about 1/(ηλ) steps to come e times closer: when η·sharpness is far below 1, even the
steepest direction takes many, and the flat ones far more.

## How to tell it apart

In a *flat region* the gradient itself is next to nothing; here it is as large as ever. *No gradient*: the
weights do not move at all. A run that has *converged* fell early and then stopped. With *vanishing
gradients* only the first layers stand still.

## What to do

Raise the rate, threefold at a time, as long as a step still brings half of what it promises; or until
η·sharpness is near 1. Momentum or Adam helps where the directions differ in steepness. Only then train
longer.

## When it is fine

In fine-tuning, where the weights are meant to stay near their start, and at the end of a schedule.

## Limits

η·sharpness is small in flat regions too, and with Adam a small rate can be made up for by many steps.

## Sources

Bottou, Curtis and Nocedal 2018; LeCun et al. 1998, *Efficient BackProp*, on the rate that is best for a
quadratic; Smith 2017 on finding a rate by raising it.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_rate as rate
from descentry.causes import _signs_schedule as schedule
from descentry.causes import _signs_shape as shape
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

CAUSE = Cause(
    id="lr-too-low",
    title="the learning rate is too low",
    concern="attention",
    clues=(
        Clue(curve.SLOW, (-0.3, 1.0)),
        Clue(curve.LINEARITY, (-1.5, -0.5, 0.5, 1.3)),
        Clue(curve.FALL, (-1.0, 0.7, 0.8, 0.3, -0.7, -1.5)),
        Clue(curve.END, (-0.3, 0.0, 0.8, -1.2)),
        Clue(curve.NON_FINITE, (0.1, -3.0)),
        Clue(curve.DIVERGENCE, (0.1, -3.0)),
        Clue(rate.RATE, (2.5, 1.7, 0.7, -0.7, -1.5, -2.5, -3.0)),
        Clue(rate.STABILITY, (1.8, 0.8, 0.0, -1.0, -2.0, -2.5, -3.0)),
        Clue(rate.PROMISE, (1.3, 0.8, -0.5, -1.0, -1.5)),
        Clue(rate.TRAVEL, (0.5, 1.0, 0.0, -0.5, -1.0)),
        Clue(rate.STEP_RATIO, (-2.0, -2.0, -1.0, -0.3, 0.2, 0.5)),
        Clue(rate.AGREEMENT, (-1.5, -1.0, -0.2, 0.2, 0.6, 0.6)),
        Clue(gradients.GRADIENT_SIZE, (-2.5, -1.2, -0.3, 0.3, 0.3, 0.3)),
        Clue(shape.EARLY_FALL, (-0.5, 0.5, 0.7, -0.3, -1.0, -1.5)),
        Clue(schedule.IDLE, (0.0, 5.0)),
        Clue(shape.PEAK, (0.3, 0.1, -0.5, -1.5, -2.0, -2.0)),
    ),
    longer=(
        "The rate is the problem and not the number of epochs: at this rate doubling them is "
        "expected to gain {gain}."
    ),
    remedies=("stretch-schedule", "raise-lr", "add-momentum", "switch-to-adam", "wait"),
    neighbours=("flat-region", "no-gradient", "vanishing-gradients", "capacity-or-data", "healthy"),
    seen_in=(
        Case(
            "a straight line that hardly falls",
            lambda: run(
                np.linspace(2.3, 2.25, 400) + white(400, 0.002),
                {
                    "sharpness/stability": 4e-4,
                    "gradient-norm": 1.2,
                    "update-ratio": 2e-7,
                    "after-step/ratio": 0.999,
                    "after-step/promised": 1.4e-4,
                    "learning-rate": 1e-4,
                },
                optimizer="SGD",
            ),
        ),
        Case(
            "a schedule that is stepped at every batch",
            lambda: run(
                2.26 + 0.05 * np.exp(-np.arange(400) / 8) + white(400, 0.03),
                logged={"lr": [0.1 * 0.5**halvings for halvings in range(0, 400, 40)]},
            ),
        ),
        Case("a log with its rate", lambda: run(np.linspace(2.3, 2.0, 400), lr=1e-5, optimizer="SGD")),
    ),
    quiet_on=(
        Case(
            "a flat region",
            lambda: run(
                2.3 + white(400, 1e-4),
                {"sharpness/stability": 1e-3, "gradient-norm": 1e-6, "learning-rate": 0.05},
                optimizer="SGD",
            ),
        ),
        Case(
            "weights that get no gradient",
            lambda: run(
                2.3 + white(400, 0.01), {"update-ratio": 0.0, "learning-rate": 0.05}, optimizer="SGD"
            ),
        ),
        Case(
            "a run that has converged",
            lambda: run(descend(400, rate=30.0), {"sharpness/stability": 0.3, "update-ratio": 1e-4}),
        ),
        Case("a noisy fall", lambda: run(noisy(400))),
    ),
)
