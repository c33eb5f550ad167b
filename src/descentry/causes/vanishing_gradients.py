"""Vanishing gradients: the signal that says what to change gets lost on its way to the first layers.

## What it is

The gradient shrinks by a factor at each layer (or each step back in time), so that the first layers hardly
learn while the last ones do.

## How it shows

As a loss that stays level, or falls to what the last layers can do by themselves and rests there.

## Why it happens

Going back, the gradient is multiplied by each layer's weights and by the slope of its activation. A
sigmoid's slope is a quarter at most, and near zero once saturated; a product of many such factors is next
to nothing.

## How to tell it apart

*Dead units* give exactly zero, and in rectified layers only. *A flat region* has a small gradient in all
layers alike. *Initial weights that are too small* show in their scale, and signals die out with them on the
way forward. *Too low a rate* moves all layers alike.

## What to do

Use ReLU or a relative instead of sigmoid or tanh, an initialisation that keeps signals at their size,
normalisation between the layers, or residual connections. For recurrent networks: gates, or shorter
sequences. Adam makes up for some of it, since it divides by the size of the gradient.

## When it is fine

Differences of a factor of ten between layers are common, and harmless with an adaptive optimizer. In
fine-tuning the first layers need not move.

## Limits

The profile is drawn over weight matrices in the order in which the model holds them, which branches make
no sense of. For recurrent layers it does not see the steps in time.

## Sources

Hochreiter 1991; Bengio, Simard and Frasconi 1994; Glorot and Bengio 2010; He et al. 2016 on residual
networks.
"""

from __future__ import annotations

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_gradients as gradients
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

DEPTH = 6

CAUSE = Cause(
    id="vanishing-gradients",
    title="gradients vanish on their way to the first layers",
    concern="failing",
    clues=(
        Clue(curve.STUCK, (-0.3, 0.7)),
        Clue(curve.PLATEAU, (0.0, 0.3)),
        Clue(curve.FALL, (0.0, 0.6, 0.4, 0.0, -0.7, -1.2)),
        Clue(curve.DIVERGENCE, (0.1, -1.5)),
        Clue(curve.NON_FINITE, (0.1, -2.0)),
        Clue(gradients.PROFILE, (3.2, 2.0, 0.5, -1.5, -2.0, -2.5, -3.0)),
        Clue(gradients.GRADIENT_SIZE, (0.6, 0.5, 0.2, -0.2, -0.5, -0.7)),
        Clue(gradients.ZERO_GRADIENTS, (0.1, -0.3, -1.0)),
        Clue(rate.OVERSHOOTS, (0.1, -0.3, -0.7, -1.0)),
        Clue(layers.SATURATED, (-0.4, 0.0, 0.5, 1.0, 1.4)),
        Clue(layers.SIGNAL, (0.3, 0.4, 0.0, -0.3, -0.7, -1.0)),
        Clue(layers.WEIGHT_SCALE, (-1.2, -0.6, 0.2, 0.0, -0.4, -0.5)),
        Clue(layers.DEAD, (0.1, 0.0, 0.0, -0.5, -1.0, -2.0)),
        Clue(layers.END_GUESS, (-1.0, -0.3, 0.6, 0.3, 0.1)),
    ),
    remedies=(
        "change-activation",
        "add-normalisation",
        "residual-connections",
        "reinitialise",
        "switch-to-adam",
    ),
    neighbours=("flat-region", "dead-units", "init-too-small", "lr-too-low"),
    seen_in=(
        Case(
            "six sigmoid layers",
            lambda: run(
                2.3 + white(400, 5e-3),
                {
                    **{f"weights/scale/{i}.weight": 0.58 for i in range(DEPTH)},
                    **{f"gradient-norm/{i}.weight": 10.0 ** (i - DEPTH) for i in range(DEPTH)},
                    "gradient-norm": 0.15,
                    "output-check/loss-over-guess": 1.0,
                },
            ),
        ),
    ),
    quiet_on=(
        Case(
            "dead units",
            lambda: run(
                2.3 + white(400, 5e-3),
                {
                    **{f"weights/scale/{i}.weight": 0.58 for i in range(DEPTH)},
                    **{f"gradient-norm/{i}.weight": 0.0 if i < 3 else 0.1 for i in range(DEPTH)},
                    "dead-units/2": 1.0,
                    "dead-units/2/examples": 1000.0,
                },
            ),
        ),
        Case(
            "a flat region",
            lambda: run(
                2.3 + white(400, 1e-3),
                {
                    **{f"weights/scale/{i}.weight": 0.58 for i in range(DEPTH)},
                    **{f"gradient-norm/{i}.weight": 1e-5 for i in range(DEPTH)},
                    "gradient-norm": 3e-5,
                },
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(400))),
    ),
)
