"""Gradients are not set to zero: each step uses the sum of all gradients so far.

## What it is

PyTorch adds each new gradient to the one in place, until it is set to zero. Without that, a step uses the
sum of the gradients of every batch since the start.

## How it shows

The loss often falls quickly at first, then swings widely and slowly, grows, or settles at a high level. The
gradient norm swells from the first steps on. With Adam it looks like a run that never settles.

## Why it happens

The sum remembers everything: it is momentum without friction. On a quadratic that is an oscillation whose
height does not shrink, and with batches of noise it grows.

## How to tell it apart

*Too high a rate* and *overshooting* use fresh gradients; they bounce from step to step, and do not swing
over many. *Momentum* of 0.99 swings too, but it is the optimizer's, and the gradient in place is fresh.
*Noise* has no direction.

## What to do

Call `optimizer.zero_grad()` before each `backward()`. Where several batches are meant to count together,
call it once after the step that uses them, and divide the loss by their number.

## When it is fine

Gradient accumulation over a few batches, with the gradients set to zero after each update.

## Limits

Told from two steps in a row, where the batch can be computed again. Where both gradients point the same
way, only their length tells.

## Sources

PyTorch documentation of `Optimizer.zero_grad`; Qian 1999, *On the momentum term in gradient descent
learning algorithms*, on oscillation without friction.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_rate as rate
from descentry.causes import _signs_wiring as wiring
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue


def _swing(steps: int) -> np.ndarray:
    t = np.arange(steps)
    return 1.2 + np.cos(t / 12.0) * np.minimum(1.0, 0.3 + t / steps) + white(steps, 0.03)


CAUSE = Cause(
    id="gradients-not-zeroed",
    title="gradients are not set to zero between steps",
    concern="attention",
    clues=(
        Clue(wiring.LEFT_OVER, (-4.0, 1.5, 6.5)),
        Clue(wiring.SWELLING, (-0.6, -0.3, 0.6, 1.0)),
        Clue(gradients.GRADIENT_GROWTH, (-0.7, -0.4, 0.0, 0.6, 0.5)),
        Clue(curve.OSCILLATION, (-0.1, 0.7)),
        Clue(curve.BOUNCES, (0.4, 0.3, 0.0, -0.4, -0.7)),
        Clue(curve.FALL, (0.4, 0.3, 0.1, 0.0, -0.3, -0.6)),
        Clue(curve.DIVERGENCE, (-0.1, 0.4)),
        Clue(curve.NON_FINITE, (0.1, 0.0)),
        Clue(rate.UPHILL, (-0.4, 0.5, 0.3, -0.7)),
        Clue(rate.AGREEMENT, (-0.7, -0.4, -0.1, 0.2, 0.5, 0.3)),
        Clue(rate.RATE, (-0.4, -0.2, 0.0, 0.2, 0.0, -0.3, -0.5)),
    ),
    remedies=("zero-gradients",),
    neighbours=("lr-too-high", "overshooting", "noise-dominated"),
    seen_in=(
        Case(
            "wide slow swings, and the old gradient in the new one",
            lambda: run(
                _swing(400),
                {
                    "wiring/left-over": [1.0],
                    "wiring/unexplained": [1e-4],
                    "wiring/multiple": [1.9],
                    "gradient-norm": np.geomspace(1.0, 30.0, 20),
                    "gradient-agreement": 0.9,
                },
                optimizer="SGD",
                lr=0.05,
            ),
        ),
        Case(
            "a full batch, whose gradients are parallel",
            lambda: run(
                _swing(400),
                {
                    "wiring/left-over": [float("nan")],
                    "wiring/unexplained": [float("nan")],
                    "wiring/multiple": [1.98],
                    "gradient-norm": np.geomspace(1.0, 30.0, 20),
                },
                optimizer="SGD",
                lr=0.05,
            ),
        ),
    ),
    quiet_on=(
        Case(
            "too high a rate",
            lambda: run(
                [2.3, 40.0, 9e3, 7e6, 1e12, 4e19, *[float("nan")] * 30],
                {"wiring/left-over": [0.0], "wiring/unexplained": [1e-5], "sharpness/stability": 60.0},
            ),
        ),
        Case(
            "overshooting, step by step",
            lambda: run(
                1.0 + 0.5 * (-1.0) ** np.arange(300) + white(300, 0.02),
                {"wiring/left-over": [0.0], "wiring/unexplained": [1e-5], "gradient-agreement": -0.8},
            ),
        ),
        Case(
            "accumulation over four batches",
            lambda: run(noisy(300), {"wiring/left-over": [0.4], "wiring/unexplained": [0.8]}),
        ),
        Case(
            "a smooth fall",
            lambda: run(descend(300), {"wiring/left-over": [1e-4], "wiring/unexplained": [1e-5]}),
        ),
    ),
)
