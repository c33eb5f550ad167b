"""The values to predict are not scaled: a fresh network's outputs are nowhere near them.

## What it is

Outputs begin near zero and of size one. Targets in the hundreds or millions, or far from zero beside their
spread, have to be reached by weights that were not made for them.

## How it shows

A first loss in the thousands and more. With plain gradient descent it explodes at a usual rate; with Adam
it falls in a straight line for very long, as each step is of a fixed size. Tiny targets end in a loss that
looks excellent and is no better than always predicting the mean.

## Why it happens

The gradient of a squared error is in proportion to the distance between output and target, so targets that
are a thousand times larger have gradients a thousand times larger. Among several targets, the widest takes
nearly all of the loss.

## How to tell it apart

*Too high a rate* with targets of size one begins at a loss of about one. *Unscaled features* show in the
inputs. Targets that the last function *cannot reach* (a sigmoid's 0 to 1) are a mismatched loss: there the
outputs have a bound. *Too low a rate* is likely where targets are of size one.

## What to do

Standardise the targets with mean and standard deviation of the training data, and turn predictions back.
Where they span decades, predict their logarithm. Setting the last bias to the mean helps with an offset.

## When it is fine

Where the last layer's weights and bias were initialised for the targets, or the model multiplies by a scale
itself.

## Limits

Only told where the loss is an error of values; the scale of class numbers means nothing.

## Sources

LeCun et al. 1998, *Efficient BackProp*; van Hasselt et al. 2016, *Learning values across many orders of
magnitude*; Karpathy 2019, *A Recipe for Training Neural Networks*, on the last bias.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_data as data
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_outputs as outputs
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import descend, noisy, run
from descentry.causes._entry import Case, Cause, Clue

PLAIN = {"target-scale/mean": 0.02, "target-scale/std": 1.0, "output-check/class-indices": 0.0}

CAUSE = Cause(
    id="target-scaling",
    title="the values to predict are not scaled",
    concern="attention",
    clues=(
        Clue(data.TARGET_SIZE, (1.8, 0.3, -1.5, 0.8, 2.5, 3.5, 4.0)),
        Clue(data.TARGET_OFFSET, (-0.4, 0.6, 1.5, 2.0)),
        Clue(data.TARGET_SPREAD, (-0.1, 1.0, 3.0)),
        Clue(curve.FIRST, (0.0, -0.8, -0.2, 0.7, 1.3, 1.6)),
        Clue(curve.LINEARITY, (-0.3, 0.0, 0.2, 0.5)),
        Clue(curve.DIVERGENCE, (-0.1, 0.3)),
        Clue(curve.NON_FINITE, (0.1, 0.2)),
        Clue(rate.RATE, (-0.5, -0.2, 0.0, 0.2, 0.0, -0.4, -0.7)),
        Clue(rate.TRAVEL, (0.0, 0.1, 0.1, 0.0, 0.0)),
        Clue(layers.START_GUESS, (-0.5, -0.5, 0.4, 0.8, 1.3)),
        Clue(layers.END_GUESS, (-0.7, -0.2, 0.4, 0.6, 0.8)),
        Clue(outputs.MISFIT, (0.1, -2.0, -2.0, -2.0, -2.0, -2.5)),
    ),
    remedies=("standardise-targets", "lower-lr"),
    neighbours=("lr-too-high", "lr-too-low", "feature-scaling", "loss-mismatch"),
    seen_in=(
        Case(
            "prices in dollars, plain gradient descent",
            lambda: run(
                [5e10, 3e12, 9e15, 2e22, *[float("nan")] * 30],
                {
                    "target-scale/mean": 2e5,
                    "target-scale/std": 9e4,
                    "output-check/class-indices": 0.0,
                    "output-check/loss-over-guess": [5.9, 4e2, 1e6],
                },
                optimizer="SGD",
                lr=0.01,
            ),
        ),
        Case(
            "an offset that Adam walks to in small steps",
            lambda: run(
                np.linspace(1e6, 9.7e5, 400),
                {
                    "target-scale/mean": 1e3,
                    "target-scale/std": 20.0,
                    "output-check/class-indices": 0.0,
                    "output-check/loss-over-guess": 2400.0,
                },
                optimizer="Adam",
                lr=1e-3,
            ),
        ),
    ),
    quiet_on=(
        Case(
            "too high a rate for targets of size one",
            lambda: run(
                [1.1, 40.0, 9e3, 7e6, 1e12, 4e19, *[float("nan")] * 30],
                {**PLAIN, "output-check/loss-over-guess": [1.1, 40.0, 9e3], "sharpness/stability": 60.0},
                optimizer="SGD",
                lr=3.0,
            ),
        ),
        Case(
            "targets beyond the range of the last function",
            lambda: run(
                descend(300, start=60.0, floor=50.0),
                {
                    "target-scale/mean": 6.0,
                    "target-scale/std": 3.0,
                    "output-check/class-indices": 0.0,
                    "output-check/targets-out-of-range": 0.97,
                    "output-check/loss-over-guess": 5.0,
                },
            ),
        ),
        Case(
            "class numbers under a cross-entropy",
            lambda: run(
                noisy(400),
                {
                    "target-scale/mean": 49.5,
                    "target-scale/std": 29.0,
                    "target-scale/integers": 1.0,
                    "examples/error": 0.2,
                },
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(400), {**PLAIN, "output-check/loss-over-guess": 0.4})),
    ),
)
