"""The loss does not fit what the model gives out, or what the targets are.

## What it is

Each loss means something by its first argument: logits, log-probabilities, probabilities or values. Given
something else it computes a number without an error message, and that number is not what was meant.

## How it shows

The loss falls a little and stays high, though the accuracy may be fair (a softmax before a cross-entropy);
or stays at a constant (one output in a cross-entropy; a rectifier that cuts off what should be negative);
or falls below zero (a likelihood loss on raw outputs); or ends at the middle between classes (a squared
error on class numbers).

## Why it happens

A softmax of numbers between 0 and 1 can tell a class from nine others by a factor of e at most, so the loss
cannot fall below 1.46 for ten classes, and its slope is tiny. A sigmoid or tanh at the end of a regression
cannot reach targets beyond its range. Class numbers have no order and no distance.

## How to tell it apart

*Wrong labels* fit the loss and contradict the inputs. *Target scaling* has outputs that could get there.
*Shapes that are broadcast* show in the shapes. *Dead units* lie within the network, and not at its end.

## What to do

Give `CrossEntropyLoss` and `BCEWithLogitsLoss` the raw outputs of the last layer, without an activation.
Give `NLLLoss` a `log_softmax`. Use a cross-entropy for classes, and one output for each. For values, leave
the last layer linear, or scale the targets into its range.

## When it is fine

Least-squares GANs and Brier scores take a squared error on 0 and 1 on purpose, and counts are whole numbers
too. A temperature or a label smoothing is no mismatch.

## Limits

Losses written by hand are examined in part only. That the loss fits says nothing about whether it is the
right one for the task.

## Sources

PyTorch documentation of `CrossEntropyLoss`, `NLLLoss`, `BCELoss` and `BCEWithLogitsLoss`; Bishop 2006,
*Pattern Recognition and Machine Learning*, section 5.2, on losses and the activations that go with them.
"""

from __future__ import annotations

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_outputs as outputs
from descentry.causes import _signs_wiring as wiring
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

FITS = {"output-check/already-probabilities": 0.0, "output-check/clipped-logits": 0.0}

CAUSE = Cause(
    id="loss-mismatch",
    title="the loss does not fit the outputs or the targets",
    concern="attention",
    clues=(
        Clue(outputs.MISFIT, (-2.0, 6.0, 6.5, 6.5, 5.0, 5.0)),
        Clue(outputs.CLASS_INDICES, (-0.2, 1.5, 4.5)),
        Clue(outputs.BROADCAST, (0.1, 0.0, -1.0)),
        Clue(outputs.ERROR, (-0.3, 0.2, 0.2, 0.1, 0.2)),
        Clue(curve.BELOW_ZERO, (-0.1, 1.0)),
        Clue(curve.FALL, (0.3, 0.4, 0.4, 0.2, -0.3, -0.4)),
        Clue(curve.NON_FINITE, (0.1, -0.5)),
        Clue(curve.DIVERGENCE, (0.1, -0.3)),
        Clue(layers.END_GUESS, (-0.5, 0.3, 0.3, 0.3, 0.3)),
        Clue(wiring.CAN_LEARN, (-1.5, -0.5, 0.0, 0.0, 0.1)),
    ),
    remedies=("use-logits", "match-loss", "match-output-range", "check-labels"),
    neighbours=("label-error", "target-scaling", "shape-broadcast", "no-gradient", "capacity-or-data"),
    seen_in=(
        Case(
            "a softmax before a cross-entropy",
            lambda: run(
                descend(300, start=2.3, floor=1.6),
                {"output-check/already-probabilities": 1.0, "output-check/loss-over-guess": 0.75},
            ),
        ),
        Case(
            "one output in a cross-entropy",
            lambda: run([0.0] * 200, {"output-check/single-class": 1.0, "output-check/clipped-logits": 0.0}),
        ),
        Case(
            "a likelihood loss on raw outputs",
            lambda: run(
                1.0 - descend(300, start=0.0, floor=-40.0) * -1.0 - 40.0,
                {"output-check/not-log-probabilities": 1.0},
            ),
        ),
        Case(
            "a sigmoid at the end, and targets around six",
            lambda: run(
                descend(300, start=40.0, floor=30.0),
                {
                    "output-check/targets-out-of-range": 0.98,
                    "output-check/class-indices": 0.0,
                    "output-check/loss-over-guess": 8.0,
                },
            ),
        ),
        Case(
            "a squared error on class numbers",
            lambda: run(
                descend(300, start=28.0, floor=4.0),
                {"output-check/class-indices": 10.0, "output-check/loss-over-guess": 0.5},
            ),
        ),
    ),
    quiet_on=(
        Case(
            "wrong labels",
            lambda: run(
                2.25 + white(300, 0.02),
                {**FITS, "output-check/loss-over-guess": 0.98, "examples/contradicted": 0.4},
            ),
        ),
        Case(
            "targets that are not scaled",
            lambda: run(
                descend(300, start=4e4, floor=3e4),
                {"output-check/class-indices": 0.0, "output-check/loss-over-guess": 90.0},
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(400), {**FITS, "output-check/loss-over-guess": 0.3})),
    ),
)
