"""A flat region: the gradient is next to nothing although the loss is high.

## What it is

The run rests on a plateau or near a saddle of the loss, where no direction leads down steeply. It is a
property of the place, and not of the rate.

## How it shows

As a loss that stays level, sometimes for long, and often falls all at once when the region is left.

## Why it happens

Near a saddle the slope is in proportion to the distance from it, so it takes long to get away. Symmetric
starts, units that have saturated and losses that level off far from the target make such regions.

## How to tell it apart

With *too low a rate* the gradient is as large as ever and only the steps are short. With *vanishing
gradients* the last layers have a gradient and the first have none. *Dead units* and *symmetric* starts show
in the layers. *No gradient* at all is a wire that was cut. At the end of a good run the gradient is small
too, but the loss has fallen before.

## What to do

Wait, if it has not been long. Take longer steps: the region is flat, and so it allows them. Momentum, or
Adam, which divides by the size of the gradient, crosses it sooner. Normalisation and another start avoid
it.

## When it is fine

Plateaus in the course of learning are common, and patience is a fair remedy.

## Limits

What "next to nothing" is depends on the scale of the weights; the gradient is compared with the loss.

## Sources

Dauphin et al. 2014 on saddle points; Saxe, McClelland and Ganguli 2014 on plateaus of deep linear networks;
Jin et al. 2017 on escaping saddles.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

CAUSE = Cause(
    id="flat-region",
    title="the run is in a flat region",
    concern="attention",
    clues=(
        Clue(curve.STUCK, (-0.4, 1.0)),
        Clue(curve.PLATEAU, (-0.1, 0.8)),
        Clue(curve.FALL, (0.0, 0.8, 0.4, 0.0, -0.5, -1.5)),
        Clue(curve.DIVERGENCE, (0.1, -2.0)),
        Clue(curve.NON_FINITE, (0.1, -2.5)),
        Clue(gradients.GRADIENT_SIZE, (2.5, 2.0, 0.3, -1.0, -1.5, -2.0)),
        Clue(gradients.PROFILE, (-1.5, -0.7, 0.0, 0.3, 0.1, -0.5, -1.0)),
        Clue(gradients.ZERO_GRADIENTS, (0.2, -0.7, -1.5)),
        Clue(rate.RATE, (-2.0, -1.5, -0.7, 0.3, 0.3, 0.2, 0.0)),
        Clue(rate.STABILITY, (0.8, 0.7, 0.2, -0.5, -1.5, -2.0, -2.0)),
        Clue(rate.OVERSHOOTS, (0.2, -0.5, -1.5, -2.0)),
        Clue(layers.DEAD, (0.2, 0.1, 0.0, -0.7, -1.5, -2.5)),
        Clue(layers.SYMMETRIC, (0.1, -0.7, -2.5)),
        Clue(layers.END_GUESS, (-2.0, -1.0, 0.7, 0.4, 0.2)),
    ),
    remedies=("wait", "raise-lr", "add-momentum", "switch-to-adam", "add-normalisation"),
    neighbours=(
        "lr-too-low",
        "vanishing-gradients",
        "no-gradient",
        "dead-units",
        "init-symmetric",
    ),
    seen_in=(
        Case(
            "level from the first step on, hardly any gradient",
            lambda: run(
                0.693 + white(400, 1e-4),
                {
                    "gradient-norm": 2e-5,
                    "sharpness/stability": 0.01,
                    "learning-rate": 0.05,
                    "output-check/loss-over-guess": 1.0,
                },
                optimizer="SGD",
            ),
        ),
        Case(
            "a plateau, then a fall",
            lambda: run(
                np.concatenate([1.0 + white(300, 1e-3), 1e-3 + descend(100, start=1.0, floor=0.3)]),
                {"gradient-norm": [5e-6] * 8 + [0.5, 0.2], "sharpness/stability": 0.02},
            ),
        ),
    ),
    quiet_on=(
        Case(
            "short steps down a slope",
            lambda: run(
                np.linspace(2.3, 2.29, 400),
                {"gradient-norm": 1.5, "sharpness/stability": 1e-4, "learning-rate": 1e-6},
                optimizer="SGD",
            ),
        ),
        Case(
            "vanishing gradients",
            lambda: run(
                2.3 + white(400, 1e-3),
                {
                    **{f"weights/scale/{i}.weight": 0.6 for i in range(6)},
                    **{f"gradient-norm/{i}.weight": 10.0 ** (i - 6) for i in range(6)},
                    "gradient-norm": 0.1,
                },
            ),
        ),
        Case("a run that has converged", lambda: run(descend(400), {"gradient-norm": 1e-4})),
        Case("a noisy fall", lambda: run(noisy(400))),
    ),
)
