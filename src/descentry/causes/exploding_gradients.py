"""Exploding gradients: they grow from layer to layer, or from one time step back to the one before.

## What it is

The gradient is huge, for good or in bursts, because many layers or time steps multiply it.

## How it shows

As a loss that jumps or becomes NaN at rates that are common elsewhere; often after a sudden burst.

## Why it happens

Going back, the gradient is multiplied by each layer's weights. If a layer enlarges it on average, depth
enlarges it exponentially; recurrent networks multiply by the same matrix at every time step. The surface
then has cliffs, and one step off a cliff undoes many others.

## How to tell it apart

With *too high a rate* the gradient has a usual size at the start and grows because the weights are thrown
far; a smaller rate cures it. Here it is huge or bursts at any rate. *Initial weights that are too large*
show in their scale, and are one reason for it. *Unscaled features or targets* enlarge the gradient of all
layers alike, or of the first one only.

## What to do

Clip the gradient's norm at the typical one. Normalise between the layers, start from weights that keep
signals at their size, use gates or shorter stretches in recurrent networks.

## When it is fine

A burst now and then that is clipped, and from which the loss recovers.

## Limits

What is measured after clipping by hand looks tame. A summed loss has a large gradient too.

## Sources

Bengio, Simard and Frasconi 1994; Pascanu, Mikolov and Bengio 2013; Philipp, Song and Carbonell 2017.
"""

from __future__ import annotations

from descentry.causes import _signs_blow_up as blow_up
from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import noisy, run
from descentry.causes._entry import Case, Cause, Clue

DEPTH = 8
NAN = float("nan")

CAUSE = Cause(
    id="exploding-gradients",
    title="gradients explode",
    concern="failing",
    clues=(
        Clue(curve.DIVERGENCE, (-0.2, 0.5)),
        Clue(curve.NON_FINITE, (-0.2, 0.5)),
        Clue(blow_up.CLIMBED, (0.2, 0.3, 0.0, -0.3)),
        Clue(curve.SPIKE, (-0.1, 0.4)),
        Clue(curve.FALL, (0.5, 0.4, 0.1, 0.0, -0.5, -1.0)),
        Clue(gradients.PROFILE, (-1.0, -1.0, -0.5, -0.3, 0.5, 1.8, 3.0)),
        Clue(gradients.GRADIENT_SIZE, (-3.0, -2.0, -1.0, -0.3, 0.8, 1.6)),
        Clue(gradients.GRADIENT_PEAK, (-0.4, 0.1, 1.2, 2.2)),
        Clue(gradients.GRADIENT_GROWTH, (-0.7, -0.2, 0.0, 0.5, 0.7)),
        Clue(gradients.BROKEN_GRADIENT, (-0.2, 0.3, 0.7)),
        Clue(layers.SIGNAL, (-1.0, -0.7, -0.3, 0.7, 1.5, 2.5)),
        Clue(rate.RATE, (0.5, 0.5, 0.5, 0.4, 0.0, -0.7, -1.2)),
        Clue(rate.STABILITY_START, (-2.0, -1.0, -0.5, -0.2, 0.2, 0.5, 0.7)),
    ),
    remedies=("clip-gradients", "add-normalisation", "reinitialise", "residual-connections", "lower-lr"),
    neighbours=("lr-too-high", "init-too-large", "feature-scaling", "target-scaling", "loss-reduction"),
    seen_in=(
        Case(
            "a deep stack that enlarges signals",
            lambda: run(
                [90.0, 80.0, 2e3, 50.0, 7e4, 1e6, 3e8, 2e12, *[NAN] * 30],
                {
                    **{f"weights/scale/{i}.weight": 2.0 for i in range(DEPTH)},
                    **{f"gradient-norm/{i}.weight": 10.0 ** (6 - 0.7 * i) for i in range(DEPTH)},
                    **{f"activations/{i}/std": 2.0**i for i in range(DEPTH)},
                    "gradient-norm": [1e6, 1e6, 3e7, 1e9, 1e12, 1e15, NAN, NAN, NAN, NAN],
                    "learning-rate": 1e-3,
                },
                optimizer="SGD",
            ),
        ),
        Case(
            "bursts in a recurrent network",
            lambda: run(
                [*noisy(300, sigma=0.05), 40.0, 900.0, 2e6, *[NAN] * 40],
                {"gradient-norm": [1.0] * 15 + [3e2, 8e5, 1e6, NAN, NAN], "learning-rate": 0.01},
                optimizer="SGD",
            ),
        ),
    ),
    quiet_on=(
        Case(
            "too high a rate",
            lambda: run(
                [2.3, 40.0, 9e3, 7e6, 1e12, 4e19, *[NAN] * 30],
                {
                    **{f"weights/scale/{i}.weight": 0.58 for i in range(4)},
                    **{f"gradient-norm/{i}.weight": 1.0 for i in range(4)},
                    "sharpness/stability": 60.0,
                    "learning-rate": 30.0,
                },
                optimizer="SGD",
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(400), {"gradient-norm": 1.0})),
    ),
)
