"""Dead units: rectified units that are zero on every example, and get no gradient to come back by.

## What it is

Where the input of a ReLU is negative for all examples, its output and its slope are zero: the unit says
nothing and learns nothing. With many such units a layer loses its capacity; with all of them, everything
below it stands still.

## How it shows

As a loss that stays where a blind guess would be, from the start or after one large step.

## Why it happens

A step that was too long pushes biases far down; inputs that are all positive or far off-centre, or biases
that begin strongly negative, do it from the start.

## How to tell it apart

*Vanishing gradients* get smaller layer by layer without being exactly zero. A *flat region* has units that
respond. Where *the rate is too high*, dead units are what it leaves behind: lower it too.

## What to do

Start again with a lower rate or warm-up, and He's initialisation; use a leaky ReLU, GELU or SiLU, which let
a gradient through; centre the inputs.

## When it is fine

Sparse layers work: that most units are zero on *one* example is usual, and a few percent that are zero on
all of them cost nothing. Few examples make units look dead that are not.

## Limits

An upper bound: units that respond to one example in a hundred look dead when few were seen. Leaky
rectifiers are not examined; they do not die.

## Sources

Lu et al. 2020, *Dying ReLU and Initialization*; Maas, Hannun and Ng 2013; He et al. 2015.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_blow_up as blow_up
from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

CAUSE = Cause(
    id="dead-units",
    title="units are dead: zero on every example",
    concern="failing",
    clues=(
        Clue(layers.DEAD, (-3.0, -1.5, -0.3, 1.3, 2.3, 3.3)),
        Clue(layers.DYING, (-0.4, 0.0, 0.6, 1.2)),
        Clue(layers.SYMMETRIC, (0.0, -0.7, -3.0)),
        Clue(layers.END_GUESS, (-1.2, -0.4, 0.7, 0.4, 0.2)),
        Clue(gradients.ZERO_GRADIENTS, (-0.4, 0.7, 1.0)),
        Clue(gradients.GRADIENT_SIZE, (0.6, 0.4, 0.1, 0.0, 0.0, -0.2)),
        Clue(curve.STUCK, (-0.2, 0.5)),
        Clue(curve.FALL, (0.2, 0.7, 0.4, 0.0, -0.5, -1.0)),
        Clue(blow_up.EARLY_RISE, (0.0, 0.2, 0.4, 0.4)),
        Clue(curve.DIVERGENCE, (0.1, -0.5)),
        Clue(curve.NON_FINITE, (0.1, -1.0)),
        Clue(rate.RATE, (-0.7, -0.4, -0.1, 0.0, 0.2, 0.4, 0.4)),
    ),
    remedies=("change-activation", "reinitialise", "lower-lr", "warm-up"),
    neighbours=("vanishing-gradients", "flat-region", "lr-too-high", "feature-scaling"),
    seen_in=(
        Case(
            "all dead after a large step",
            lambda: run(
                np.concatenate([[2.3, 60.0, 8.0], 2.3 + white(300, 0.01)]),
                {
                    "dead-units/1": [0.1, 0.1, *[1.0] * 8],
                    "dead-units/1/examples": 1024.0,
                    "weights/scale/0.weight": 0.58,
                    "weights/scale/2.weight": 0.58,
                    "gradient-norm/0.weight": 0.0,
                    "gradient-norm/2.weight": 0.0,
                    "output-check/loss-over-guess": 1.0,
                },
            ),
        ),
        Case(
            "most units dead from the start",
            lambda: run(
                2.3 + white(300, 0.01),
                {
                    "dead-units/1": 0.97,
                    "dead-units/1/examples": 2000.0,
                    "gradient-norm": 1e-3,
                    "output-check/loss-over-guess": 1.0,
                },
            ),
        ),
    ),
    quiet_on=(
        Case(
            "vanishing gradients",
            lambda: run(2.3 + white(300, 0.01), {"gradient-norm": 1e-3, "output-check/loss-over-guess": 1.0}),
        ),
        Case(
            "a sparse layer in a good run",
            lambda: run(
                noisy(400),
                {
                    "dead-units/1": 0.65,
                    "dead-units/1/examples": 1000.0,
                    "output-check/loss-over-guess": 0.2,
                },
            ),
        ),
        Case("few examples", lambda: run(noisy(400), {"dead-units/1": 0.95, "dead-units/1/examples": 32.0})),
    ),
)
