"""The labels are wrong: many of them say something else than the inputs.

## What it is

Targets that do not belong to their inputs: mixed up by a sort or a shuffle of one and not the other, given
by careless hands, encoded twice in different ways, or all the same.

## How it shows

The loss falls to a level well above zero and stays there, as half of the labels can be learned and the rest
contradict them; or stays at that of a blind guess when all are mixed up. A large model then learns the
labels by heart, while the validation loss rises.

## Why it happens

What contradicts itself cannot be predicted. With a share ε of random labels among C classes no model can do
better than the entropy of that noise, unless it remembers single examples.

## How to tell it apart

A *mismatched loss* shows in outputs, targets and loss, whatever the labels are. When *data or capacity* are
the problem, the model errs where it is unsure; with wrong labels it is sure, and contradicted. *No signal*
in the inputs and labels that are mixed up altogether look the same from the outside: there is nothing to
learn in either. *Noise-dominated* gradients come from small batches, and average out.

## What to do

Look at twenty examples with the largest loss, beside their labels. Check that inputs and labels are
shuffled and filtered together, and that classes are numbered in the same way everywhere. Train on ten
examples: a model that cannot learn those is not the labels' fault.

## When it is fine

A few percent of wrong labels are in nearly every data set and do little harm. Label smoothing, mixup and
distillation change labels on purpose.

## Limits

Labels that are wrong in a consistent way (two classes exchanged throughout) are learned like right ones. A
model that has learned wrong labels by heart contradicts none.

## Sources

Zhang et al. 2017, *Understanding deep learning requires rethinking generalization*; Arazo et al. 2019;
Northcutt, Athalye and Mueller 2021, *Pervasive Label Errors in Test Sets*.
"""

from __future__ import annotations

import numpy as np

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_data as data
from descentry.causes import _signs_layers as layers
from descentry.causes import _signs_learnt as learnt
from descentry.causes import _signs_outputs as outputs
from descentry.causes import _signs_rate as rate
from descentry.causes import _signs_validation as validation
from descentry.causes import _signs_wiring as wiring
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue

FITS = {"output-check/already-probabilities": 0.0, "wiring/can-learn": 1.0}

CAUSE = Cause(
    id="label-error",
    title="many labels are wrong",
    concern="attention",
    clues=(
        Clue(outputs.CONTRADICTED, (-0.7, 0.0, 2.2, 4.0)),
        Clue(learnt.SURE_ERRORS, (-1.5, -0.3, 1.2, 3.0)),
        Clue(outputs.ERROR, (-2.0, -0.7, 0.5, 0.8, 0.8)),
        Clue(data.COMMONEST, (-0.1, 0.0, 1.0, 7.0)),
        Clue(layers.END_GUESS, (-1.2, 0.4, 1.0, 0.3, 0.0)),
        Clue(learnt.IDLE, (-2.0, -0.7, 0.7, 1.8)),
        Clue(rate.NOISE, (-0.7, -0.2, 0.2, 0.5, 0.7)),
        Clue(rate.RATE, (-1.0, -0.5, 0.0, 0.3, 0.0, -0.5, -1.0)),
        Clue(rate.STABILITY, (-0.3, -0.1, 0.1, 0.2, 0.0, -0.5, -1.0)),
        Clue(outputs.MISFIT, (0.3, -3.0, -3.0, -3.0, -3.0, -2.0)),
        Clue(outputs.VARYING, (-2.0, -1.0, 0.0, 0.2)),
        Clue(wiring.CAN_LEARN, (-3.0, -1.0, 0.0, 0.0, 0.2)),
        Clue(validation.GAP, (0.8, -0.4, 0.1, 0.5, 0.8, 0.5)),
        Clue(curve.NON_FINITE, (0.1, -2.0)),
        Clue(curve.DIVERGENCE, (0.1, -2.0)),
        Clue(validation.FIRST_BESIDE, (0.2, 0.0, 0.0, 0.1, 0.2)),
        Clue(learnt.OVERSURE, (-0.5, -0.2, 0.2, 0.3, 0.3)),
        Clue(learnt.LEFT, (-1.0, -0.6, 0.3, 0.8, 1.0)),
    ),
    remedies=("check-labels", "overfit-a-batch"),
    neighbours=("loss-mismatch", "capacity-or-data", "noise-dominated"),
    seen_in=(
        Case(
            "four of ten labels mixed up",
            lambda: run(
                descend(300, start=2.3, floor=1.5) + white(300, 0.05),
                {
                    **FITS,
                    "examples/contradicted": 0.34,
                    "examples/error": 0.37,
                    "examples/worst-tenth": 0.35,
                    "examples/varying": 0.8,
                    "target-scale/commonest": 0.12,
                    "output-check/loss-over-guess": [1.0, 0.8, *[0.65] * 8],
                    "sharpness/stability": 0.6,
                },
                optimizer="SGD",
                lr=0.05,
            ),
        ),
        Case(
            "all labels mixed up",
            lambda: run(
                2.3 + white(300, 0.03),
                {
                    **FITS,
                    "examples/contradicted": 0.05,
                    "examples/error": 0.88,
                    "examples/varying": 0.4,
                    "target-scale/commonest": 0.14,
                    "output-check/loss-over-guess": 1.0,
                    "noise-scale/signal": 1e-5,
                    "noise-scale/noise": 0.5,
                    "batch-size": 32.0,
                    "sharpness/stability": 0.2,
                },
                optimizer="Adam",
                lr=1e-3,
            ),
        ),
    ),
    quiet_on=(
        Case(
            "a mismatched loss",
            lambda: run(
                descend(300, start=2.3, floor=1.6),
                {
                    "output-check/already-probabilities": 1.0,
                    "examples/error": 0.2,
                    "examples/contradicted": 0.0,
                    "target-scale/commonest": 0.15,
                    "output-check/loss-over-guess": 0.75,
                },
            ),
        ),
        Case(
            "too small a model",
            lambda: run(
                descend(300, start=1.1, floor=0.8),
                {
                    **FITS,
                    "examples/error": 0.3,
                    "examples/contradicted": 0.01,
                    "target-scale/commonest": 0.5,
                    "output-check/loss-over-guess": 0.75,
                },
            ),
        ),
        Case(
            "a fall in noise",
            lambda: run(
                noisy(400),
                {
                    **FITS,
                    "examples/error": np.linspace(0.9, 0.05, 10),
                    "examples/contradicted": 0.03,
                    "target-scale/commonest": 0.15,
                    "output-check/loss-over-guess": 0.2,
                },
            ),
        ),
    ),
)
