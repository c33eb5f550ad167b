"""The inputs are not scaled: features differ by orders of magnitude, lie far from zero, or are huge.

## What it is

The first layer multiplies the inputs by weights that were initialised for numbers around zero and of size
one. Features on other scales make the loss steep along some weights and flat along others.

## How it shows

At a usual rate the loss jumps about, explodes, or falls at once to a level and then hardly moves. At a rate
that is small enough for the steepest direction the rest takes for ever. Raw pixels from 0 to 255 saturate
or kill hidden units.

## Why it happens

For a linear model the Hessian of a squared error is the second moment of the inputs. The largest eigenvalue
bounds the rate, the smallest one sets the pace, and their ratio is how many steps it takes. A feature with
a thousand times the spread makes the ratio a million times larger. An offset does the same as a large
feature.

## How to tell it apart

*Too high a rate* blows up in the same way, but there the features are of one size, and a smaller rate cures
it; here a rate that is stable is too small for all other features. *Initial weights that are too large*
show in the weights. *Target scaling* concerns the values to predict. *Exploding gradients* grow over the
layers.

## What to do

Standardise each feature with mean and standard deviation of the training data; divide pixels by 255. Keep
the numbers and use them on new data. Where features repeat each other, decorrelate them, or use an
optimizer with momentum or second moments.

## When it is fine

Adam and its kin bear some spread. A normalisation as the first layer does the scaling. Features that are
seldom on (counts, one-hot) have small spreads that are no mistake.

## Limits

What is measured is what the first layer is given. Token ids have no scale.

## Sources

LeCun et al. 1998, *Efficient BackProp*, section 4.3; LeCun, Kanter and Solla 1991 on eigenvalues of the
input covariance.
"""

from __future__ import annotations

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_data as data
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_outputs as outputs
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

PLAIN = {"input-scale/spread": 1.3, "input-scale/offset": 0.2, "input-scale/size": 1.0}

CAUSE = Cause(
    id="feature-scaling",
    title="the inputs are not scaled",
    concern="attention",
    clues=(
        Clue(data.INPUT_SPREAD, (-1.2, -0.5, 0.7, 2.5, 4.0)),
        Clue(data.INPUT_OFFSET, (-0.7, 0.3, 1.5, 3.0)),
        Clue(data.INPUT_SIZE, (2.0, 0.7, -0.7, 1.0, 2.7, 3.7)),
        Clue(data.CONDITION, (-0.7, 0.3, 1.2, 2.0)),
        Clue(curve.FALL, (0.5, 0.5, 0.3, 0.1, -0.4, -0.8)),
        Clue(curve.DIVERGENCE, (-0.1, 0.3)),
        Clue(curve.NON_FINITE, (0.1, 0.2)),
        Clue(rate.RATE, (-0.5, -0.2, 0.1, 0.3, 0.0, -0.5, -0.8)),
        Clue(rate.STABILITY_START, (-0.5, -0.3, -0.2, -0.1, 0.3, 0.6, 0.6)),
        Clue(outputs.SCALE_FREE, (0.2, -0.3)),
        Clue(layers.START_GUESS, (-0.3, -0.2, 0.3, 0.7, 1.0)),
        Clue(layers.SATURATED_START, (-0.1, 0.0, 0.4, 0.6, 0.8)),
        Clue(layers.WEIGHT_SCALE, (-0.3, 0.0, 0.2, -0.5, -1.0, -1.5)),
    ),
    longer="More epochs are the expensive cure for unscaled inputs: expected gain {gain}.",
    remedies=("standardise-inputs", "decorrelate-inputs", "switch-to-adam", "add-normalisation"),
    neighbours=("lr-too-high", "exploding-gradients", "target-scaling", "init-too-large"),
    seen_in=(
        Case(
            "features of very different units",
            lambda: run(
                [5e4, 3e6, 2e8, 9e9, 8e11, *[float("nan")] * 30],
                {
                    "input-scale/spread": 4e4,
                    "input-scale/offset": 6.0,
                    "input-scale/size": 900.0,
                    "input-scale/condition": 1e10,
                    "input-scale/condition-standardised": 40.0,
                    "sharpness/stability": 3e4,
                },
                optimizer="SGD",
                lr=0.01,
            ),
        ),
        Case(
            "pixels from 0 to 255, all alike",
            lambda: run(
                2.3 + white(300, 0.05),
                {
                    "input-scale/spread": 2.5,
                    "input-scale/offset": 1.5,
                    "input-scale/size": 110.0,
                    "output-check/loss-over-guess": [9.0, 6.0, 3.0, *[1.0] * 7],
                    "sharpness/stability": 40.0,
                },
                optimizer="SGD",
                lr=0.01,
            ),
        ),
        Case(
            "stable, and far too slow",
            lambda: run(
                descend(400, start=3.0, floor=1.9),
                {
                    "input-scale/spread": 800.0,
                    "input-scale/offset": 2.0,
                    "input-scale/size": 150.0,
                    "input-scale/condition": 1e7,
                    "input-scale/condition-standardised": 20.0,
                    "sharpness/stability": 0.5,
                },
                optimizer="SGD",
                lr=1e-6,
            ),
        ),
    ),
    quiet_on=(
        Case(
            "too high a rate on scaled features",
            lambda: run(
                [2.3, 40.0, 9e3, 7e6, 1e12, 4e19, *[float("nan")] * 30],
                {**PLAIN, "sharpness/stability": 60.0, "update-ratio": 0.6},
                optimizer="SGD",
                lr=3.0,
            ),
        ),
        Case(
            "gradients that explode over the layers",
            lambda: run(
                [3e4, 9e8, *[float("nan")] * 30],
                {
                    **PLAIN,
                    **{f"weights/scale/{i}.weight": 3.0 for i in range(8)},
                    **{f"gradient-norm/{i}.weight": 10.0 ** (8 - i) for i in range(8)},
                },
                optimizer="SGD",
                lr=0.01,
            ),
        ),
        Case(
            "a bad batch",
            lambda: run([*descend(300), *[float("nan")] * 30], {**PLAIN, "sharpness/stability": 0.5}),
        ),
        Case("a noisy fall", lambda: run(noisy(400), {**PLAIN, "sharpness/stability": 0.7})),
    ),
)
