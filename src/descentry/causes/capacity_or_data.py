"""The optimiser is not the problem: data, capacity or regularisation set the limit.

## What it is

The run has arrived where it can get. The loss is high because the inputs do not hold the answer, the model
cannot express it, or what it learned does not carry over to new data.

## How it shows

An orderly fall that ends on a level that is too high. Or a training loss that goes on falling, while the
validation loss turns up. Or a loss at that of a blind guess, with everything in order.

## Why it happens

No optimiser gets below what the best model of its kind could do on these data. A model with more freedom
than there are examples learns the examples by heart.

## How to tell it apart

*Too low a rate* still falls at the end. *Wrong labels* are contradicted by a model that is sure. *No
gradient* and a *mismatched loss* show in the wiring and the outputs. *Over-regularised* runs have a decay
or a dropout that holds them back. A *healthy* run ends where it should.

## What to do

Train on ten examples first: a model that cannot learn those by heart has a fault elsewhere. If it can, a
larger model tells whether capacity was the limit. Where validation turns up: stop there, get more data or
augment, then regularise. Where nothing is learned: look for inputs that hold the answer.

## When it is fine

Noise in the targets sets a floor that nobody gets below, and a gap between training and validation is
normal.

## Limits

Without a validation loss overfitting cannot be seen. That a level is too high is the user's judgement: what
is possible is not known from the run.

## Sources

Goodfellow, Bengio and Courville 2016, *Deep Learning*, chapters 5 and 11; Ng 2018, *Machine Learning
Yearning*, on bias and variance; Karpathy 2019, *A Recipe for Training Neural Networks*.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_blow_up as blow_up
from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_learnt as learnt
from descentry.causes import _signs_outputs as outputs
from descentry.causes import _signs_rate as rate
from descentry.causes import _signs_validation as validation
from descentry.causes import _signs_wiring as wiring
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

SOUND = {"output-check/already-probabilities": 0.0, "wiring/can-learn": 1.0}

CAUSE = Cause(
    id="capacity-or-data",
    title="data, capacity or regularisation are the limit, not the optimiser",
    concern="attention",
    base=-2.5,
    clues=(
        Clue(validation.OVERFITTING, (-0.3, 2.5)),
        Clue(validation.GAP, (-0.7, -0.5, 0.2, 1.0, 1.8, 2.5)),
        Clue(validation.RISEN, (-0.4, 0.3, 1.5, 2.3)),
        Clue(curve.END, (-0.6, 0.0, -0.4, 0.8)),
        Clue(curve.FALL, (-0.7, 0.2, 0.7, 0.4, -0.3, -0.8)),
        Clue(curve.NON_FINITE, (0.1, -3.0)),
        Clue(blow_up.EARLY_RISE, (0.1, -0.4, -0.8, -1.2)),
        Clue(curve.DIVERGENCE, (0.1, -2.0)),
        Clue(layers.END_GUESS, (-1.2, 0.7, 1.0, -0.5, -0.8)),
        Clue(learnt.IDLE, (-2.0, -0.7, 0.7, 1.8)),
        Clue(learnt.SURE_ERRORS, (0.5, 0.2, -0.5, -1.5)),
        Clue(learnt.STRAIGHT, (1.0, 0.0, -0.1)),
        Clue(outputs.ERROR, (-0.7, -0.2, 0.8, 0.9, 1.0)),
        Clue(outputs.VARYING, (-2.0, -1.0, 0.0, 0.1)),
        Clue(outputs.CONTRADICTED, (0.2, 0.1, -0.5, -1.0)),
        Clue(outputs.MISFIT, (0.3, -3.0, -3.0, -3.0, -3.0, -2.5)),
        Clue(wiring.CAN_LEARN, (-4.0, -1.0, -0.2, 0.0, 0.2)),
        Clue(rate.RATE, (-1.2, -0.8, -0.2, 0.3, 0.0, -0.6, -1.0)),
        Clue(rate.STABILITY, (-0.5, -0.2, 0.2, 0.4, 0.1, -0.7, -1.2)),
        Clue(learnt.LEFT, (-0.8, -0.4, 0.2, 0.5, 0.6)),
    ),
    remedies=("overfit-a-batch", "more-capacity", "more-data", "regularise", "stop-early"),
    neighbours=("healthy", "lr-too-low", "label-error", "loss-mismatch", "over-regularised"),
    seen_in=(
        Case(
            "learned by heart",
            lambda: run(
                descend(300, start=1.0, floor=0.01),
                logged={
                    "val_loss": 0.4
                    + 0.6 * np.exp(-np.arange(100) / 15)
                    + 0.006 * np.maximum(0, np.arange(100) - 40)
                },
            ),
        ),
        Case(
            "a line for what is no line",
            lambda: run(
                descend(400, start=0.7, floor=0.6, rate=30.0) + white(400, 0.004),
                {
                    **SOUND,
                    "examples/error": 0.36,
                    "examples/contradicted": 0.0,
                    "target-scale/commonest": 0.52,
                    "output-check/loss-over-guess": 0.87,
                    "sharpness/stability": 0.6,
                },
                optimizer="SGD",
                lr=0.05,
            ),
        ),
        Case(
            "inputs that know nothing",
            lambda: run(
                1.0 + 0.02 * np.exp(-np.arange(400) / 20) + white(400, 0.003),
                {**SOUND, "output-check/loss-over-guess": 1.0, "sharpness/stability": 0.5},
                optimizer="SGD",
                lr=0.02,
            ),
        ),
    ),
    quiet_on=(
        Case(
            "too low a rate",
            lambda: run(
                np.linspace(2.3, 2.2, 400),
                {**SOUND, "sharpness/stability": 1e-4, "output-check/loss-over-guess": 0.97},
                optimizer="SGD",
                lr=1e-5,
            ),
        ),
        Case(
            "a mismatched loss",
            lambda: run(
                descend(300, start=2.3, floor=1.6),
                {"output-check/already-probabilities": 1.0, "output-check/loss-over-guess": 0.75},
            ),
        ),
        Case(
            "layers that cannot learn",
            lambda: run(
                2.3 + white(300, 0.01), {"wiring/can-learn": 0.0, "output-check/loss-over-guess": 1.0}
            ),
        ),
        Case(
            "a noisy fall",
            lambda: run(noisy(400), {**SOUND, "output-check/loss-over-guess": 0.1, "examples/error": 0.02}),
        ),
    ),
)
