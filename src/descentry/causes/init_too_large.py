"""The initial weights are too large: the network starts out sure, saturated and wrong.

## What it is

Each layer enlarges its signals, so that outputs are far larger than targets, squashing functions are
saturated, and the loss begins far above that of a blind guess.

## How it shows

As a very high loss at the start that collapses within a few steps, and often rests above what others reach;
or as a blow-up.

## Why it happens

A layer with n inputs and weights of standard deviation σ multiplies signals by about σ√n (half of the
square for ReLU). Unless that is near 1, depth turns it into a power.

## How to tell it apart

*Unscaled features* or *targets* give the same large losses with weights of a usual scale. *Exploding
gradients* may be the consequence. *Too high a rate* starts at a usual loss and leaves it.

## What to do

Start again from He's (ReLU) or Glorot's (tanh) scale, with the last layer smaller still. Lowering the rate
makes it survive, but not learn well.

## When it is fine

Where a normalisation follows each layer the scale does not matter for the signals; it only makes the steps
smaller.

## Limits

The scale is that of the weight matrices at the first look, without embeddings. Pretrained weights can be
larger.

## Sources

Glorot and Bengio 2010; He, Zhang, Ren and Sun 2015; Karpathy 2019, *A Recipe for Training Neural Networks*.
"""

from __future__ import annotations

from descentry.causes import _signs_blow_up as blow_up
from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import descend, noisy, run
from descentry.causes._entry import Case, Cause, Clue

CAUSE = Cause(
    id="init-too-large",
    title="the initial weights are too large",
    concern="attention",
    clues=(
        Clue(layers.WEIGHT_SCALE, (-3.0, -2.5, -1.8, 1.0, 1.8, 2.3)),
        Clue(layers.SIGNAL, (-1.5, -1.0, -0.3, 0.7, 1.2, 1.7)),
        Clue(layers.START_GUESS, (-1.5, -1.0, 0.2, 0.8, 1.3)),
        Clue(layers.SATURATED_START, (-0.5, 0.0, 0.5, 0.8, 1.0)),
        Clue(curve.FIRST, (-0.5, -0.3, 0.2, 0.4, 0.5, 0.5)),
        Clue(blow_up.EARLY_RISE, (0.1, 0.0, -0.2, -0.3)),
        Clue(curve.DIVERGENCE, (0.1, 0.0)),
        Clue(curve.NON_FINITE, (0.1, 0.0)),
        Clue(rate.RATE, (0.2, 0.2, 0.2, 0.2, 0.0, -0.4, -0.7)),
        Clue(rate.STABILITY_START, (-0.5, -0.3, -0.1, 0.0, 0.2, 0.4, 0.5)),
        Clue(gradients.GRADIENT_GROWTH, (0.4, 0.2, 0.0, -0.2, -0.3)),
    ),
    remedies=("reinitialise", "add-normalisation", "clip-gradients"),
    neighbours=("exploding-gradients", "feature-scaling", "target-scaling", "lr-too-high"),
    seen_in=(
        Case(
            "eight times too large",
            lambda: run(
                descend(300, start=180.0, floor=2.0, rate=40.0),
                {
                    **{f"weights/scale/{i}.weight": 8.0 for i in range(4)},
                    **{f"activations/{i}/std": 5.0 * 6.0**i for i in range(4)},
                    "output-check/loss-over-guess": 70.0,
                },
            ),
        ),
        Case(
            "saturated from the start",
            lambda: run(
                descend(300, start=9.0, floor=1.5),
                {
                    **{f"weights/scale/{i}.weight": 10.0 for i in range(4)},
                    "activations/0/saturated": 0.8,
                    "activations/1/saturated": 0.85,
                    "activations/2/mean": 0.0,
                    "output-check/loss-over-guess": 4.5,
                },
            ),
        ),
    ),
    quiet_on=(
        Case(
            "features that are not scaled",
            lambda: run(
                descend(300, start=180.0, floor=2.0),
                {
                    **{f"weights/scale/{i}.weight": 0.58 for i in range(4)},
                    "output-check/loss-over-guess": 70.0,
                    "input-scale/spread": 1e4,
                },
            ),
        ),
        Case(
            "large weights with a normalisation after each",
            lambda: run(
                noisy(300),
                {
                    **{f"weights/scale/{i}.weight": 3.0 for i in range(4)},
                    **{f"activations/{i}/std": 3.0 for i in range(4)},
                    "output-check/loss-over-guess": 1.1,
                },
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(400))),
    ),
)
