"""A symmetric start: the units of a layer begin alike, so they get the same gradient and stay alike.

## What it is

All units of a hidden layer have the same weights, such as zero or any other constant. Nothing that gradient
descent does tells them apart: the layer is as good as one unit.

## How it shows

As a loss that does not move at all (zeros), or that falls to what one unit a layer can do and rests there.

## Why it happens

The gradient of a unit depends on its own weights, in and out. Where those are equal, so are gradients and
updates, step after step.

## How to tell it apart

*Initial weights that are too small* differ from each other, however small they are. A *flat region* or
*vanishing gradients* do not show in equal rows.

## What to do

Draw the initial weights at random, with He's or Glorot's scale. Biases may begin at zero.

## When it is fine

For linear and logistic regression, which have no hidden units; for the last layer; and where a branch is
meant to begin as nothing: the end of a residual block, an adapter, a gate.

## Limits

Only exactly equal rows count. Dropout, or different outgoing weights, part equal units in time.

## Sources

Rumelhart, Hinton and Williams 1986; Goodfellow, Bengio and Courville 2016, *Deep Learning*, section 8.4.
"""

from __future__ import annotations

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_layers as layers
from descentry.causes._cases import noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

ZEROS = {
    **{f"weights/alike/{i}.weight": 1.0 for i in (0, 2, 4)},
    **{f"weights/scale/{i}.weight": 0.0 for i in (0, 2, 4)},
}

CAUSE = Cause(
    id="init-symmetric",
    title="the units of a layer begin alike",
    concern="failing",
    clues=(
        Clue(layers.SYMMETRIC, (-4.0, -0.5, 5.0)),
        Clue(layers.WEIGHT_SCALE, (0.7, 0.2, 0.0, 0.0, 0.0, 0.0)),
        Clue(layers.START_GUESS, (-0.3, 0.2, 0.0, -0.2, -0.3)),
        Clue(layers.END_GUESS, (-0.7, -0.1, 0.5, 0.2, 0.1)),
        Clue(gradients.ZERO_GRADIENTS, (-0.1, 0.4, 0.6)),
        Clue(curve.STUCK, (-0.2, 0.4)),
        Clue(curve.PLATEAU, (0.0, 0.2)),
        Clue(curve.FALL, (0.0, 0.4, 0.3, 0.1, -0.2, -0.5)),
        Clue(curve.DIVERGENCE, (0.1, -1.5)),
        Clue(curve.NON_FINITE, (0.1, -2.0)),
    ),
    remedies=("reinitialise",),
    neighbours=("init-too-small", "flat-region", "vanishing-gradients", "no-gradient"),
    seen_in=(
        Case(
            "everything begins at zero",
            lambda: run(2.303 + white(300, 5e-3), {**ZEROS, "output-check/loss-over-guess": 1.0}),
        ),
        Case(
            "everything begins at one constant",
            lambda: run(
                noisy(300, level=1.9, sigma=0.02),
                {
                    **{f"weights/alike/{i}.weight": 1.0 for i in (0, 2)},
                    **{f"weights/scale/{i}.weight": 0.8 for i in (0, 2)},
                },
            ),
        ),
    ),
    quiet_on=(
        Case(
            "weights that are tiny but different",
            lambda: run(
                2.303 + white(300, 5e-3),
                {
                    **{f"weights/alike/{i}.weight": 0.0 for i in (0, 2, 4)},
                    **{f"weights/scale/{i}.weight": 1e-3 for i in (0, 2, 4)},
                },
            ),
        ),
        Case(
            "residual branches that begin as nothing",
            lambda: run(
                noisy(300),
                {
                    **{f"weights/alike/{i}.weight": float(i % 4 == 3) for i in range(8)},
                    "output-check/loss-over-guess": 0.3,
                },
            ),
        ),
        Case("logistic regression from zero", lambda: run(noisy(300), {"weights/alike/weight": 1.0})),
    ),
)
