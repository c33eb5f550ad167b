"""The initial weights are too small: signals and gradients die out on their way through the layers.

## What it is

Each layer shrinks its signals, so that all inputs look the same at the output, and gradients shrink on the
way back just so.

## How it shows

As a plateau at the loss of a blind guess, longer the deeper the network is, and then often a sudden fall.

## Why it happens

At zero a network of several layers has a saddle: the gradient of one layer is in proportion to the weights
of all the others. From weights that are nearly zero, getting away takes long.

## How to tell it apart

A *symmetric* start has units that are exactly alike, and never parts them. *Vanishing gradients* by
saturation have weights of a usual scale and signals of a usual size. *Too low a rate* has a gradient of
usual size.

## What to do

Start again from He's (ReLU) or Glorot's (tanh) scale. Normalisation between the layers makes the scale
matter less, and Adam leaves the saddle sooner.

## When it is fine

In the last layer, and in branches that are meant to begin as nothing. In a network of one or two layers
small weights only cost some steps.

## Limits

The scale is that of the weight matrices at the first look, without embeddings. Normalised layers restore
the size of signals whatever the weights are.

## Sources

Glorot and Bengio 2010; He, Zhang, Ren and Sun 2015; Saxe, McClelland and Ganguli 2014.
"""

from __future__ import annotations

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

ROOM = range(4)

CAUSE = Cause(
    id="init-too-small",
    title="the initial weights are too small",
    concern="attention",
    clues=(
        Clue(layers.WEIGHT_SCALE, (2.8, 1.5, -1.8, -2.5, -3.0, -3.0)),
        Clue(layers.SIGNAL, (1.8, 1.0, -0.5, -1.0, -1.5, -2.0)),
        Clue(layers.START_GUESS, (-0.7, 0.4, -0.7, -1.2, -1.7)),
        Clue(layers.SATURATED_START, (0.1, -0.3, -0.7, -1.0, -1.5)),
        Clue(layers.SYMMETRIC, (0.1, -0.5, -2.5)),
        Clue(layers.END_GUESS, (-0.5, -0.2, 0.5, 0.2, 0.1)),
        Clue(gradients.GRADIENT_SIZE, (0.8, 0.7, 0.3, -0.3, -0.5, -0.7)),
        Clue(rate.STABILITY_START, (0.4, 0.3, 0.0, -0.2, -0.4, -0.6, -0.7)),
        Clue(curve.STUCK, (-0.2, 0.5)),
        Clue(curve.PLATEAU, (-0.1, 0.5)),
        Clue(curve.FALL, (0.0, 0.5, 0.3, 0.0, -0.2, -0.3)),
        Clue(curve.DIVERGENCE, (0.1, -1.5)),
        Clue(curve.NON_FINITE, (0.1, -2.0)),
    ),
    remedies=("reinitialise", "add-normalisation", "switch-to-adam", "wait"),
    neighbours=("init-symmetric", "vanishing-gradients", "flat-region", "lr-too-low"),
    seen_in=(
        Case(
            "a hundredth of what it should be",
            lambda: run(
                2.303 + white(300, 2e-3),
                {
                    **{f"weights/scale/{i}.weight": 0.01 for i in ROOM},
                    **{f"activations/{i}/std": 10.0 ** (-2 * i) for i in ROOM},
                    **{f"weights/alike/{i}.weight": 0.0 for i in ROOM},
                    "output-check/loss-over-guess": 1.0,
                    "gradient-norm": 1e-4,
                },
            ),
        ),
    ),
    quiet_on=(
        Case(
            "everything begins at zero",
            lambda: run(
                2.303 + white(300, 5e-3),
                {
                    **{f"weights/alike/{i}.weight": 1.0 for i in ROOM},
                    **{f"weights/scale/{i}.weight": 0.0 for i in ROOM},
                    "output-check/loss-over-guess": 1.0,
                },
            ),
        ),
        Case(
            "saturated units",
            lambda: run(
                2.303 + white(300, 5e-3),
                {
                    **{f"weights/scale/{i}.weight": 0.9 for i in ROOM},
                    "activations/0/saturated": 0.6,
                    "activations/1/mean": 0.0,
                    "gradient-norm": 1e-3,
                },
            ),
        ),
        Case(
            "a model with small weights that learns",
            lambda: run(
                noisy(300),
                {
                    **{f"weights/scale/{i}.weight": 0.16 for i in ROOM},
                    "output-check/loss-over-guess": [1.0, 1.0, 0.9, 0.5, *[0.2] * 6],
                },
            ),
        ),
    ),
)
