"""The loss is a sum over the batch, where the learning rate was meant for a mean.

## What it is

A sum over the examples grows with the batch, and its gradient with it. A rate that is common for a mean is
then too large by the size of the batch.

## How it shows

Losses in the hundreds from the start, and a run that explodes, bounces or settles nowhere at a usual rate.
Its loss changes with the batch size, and the smaller last batch of an epoch looks better than all others.

## Why it happens

`reduction="sum"`, a `.sum()` in place of a `.mean()`, or losses of single examples that are added up. With
plain gradient descent the step is the rate times the gradient, so a sum over B examples is a rate B times
as high.

## How to tell it apart

*Too high a rate* on a mean has a loss that does not depend on the batch size. *Target scaling* has a mean
of large squares. A *broadcast* multiplies the comparisons and not the examples.

## What to do

Take the mean; or keep the sum and divide the rate by the batch size. With a decay or a clipping beside it,
the mean is the safer of the two.

## When it is fine

Where the rate was chosen for a sum, as in much of the older literature and in energy models. With Adam and
its kin the scale of the loss hardly matters.

## Limits

Read off the loss function; a training that divides by the batch size afterwards is taken into account, one
that divides elsewhere is not.

## Sources

Goyal et al. 2017, *Accurate, Large Minibatch SGD*, on normalising by the batch.
"""

from __future__ import annotations

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_outputs as outputs
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import descend, noisy, run
from descentry.causes._entry import Case, Cause, Clue

SUM = {"loss-reduction": [1.0], "loss-reduction/factor": [1.0], "batch-size": [64.0]}
MEAN = {"loss-reduction": [0.0], "loss-reduction/factor": [1.0], "batch-size": [64.0]}

CAUSE = Cause(
    id="loss-reduction",
    title="a summed loss, with a rate that was meant for a mean",
    concern="attention",
    clues=(
        Clue(outputs.SUMMED, (-4.0, 0.5, 2.5, 3.2)),
        Clue(outputs.SCALE_FREE, (0.4, -3.0)),
        Clue(outputs.STABLE_AS_MEAN, (-1.2, 0.0, 1.5, -1.0)),
        Clue(rate.STABILITY_START, (-2.5, -2.0, -1.0, -0.3, 0.7, 1.2, 1.2)),
        Clue(rate.OVERSHOOTS, (-0.7, 0.0, 0.5, 0.7)),
        Clue(rate.RATE, (-2.0, -1.5, -0.7, 0.5, 0.3, -0.3, -0.7)),
        Clue(curve.FIRST, (-0.7, -0.7, 0.3, 0.5, 0.3, 0.0)),
        Clue(curve.FALL, (0.6, 0.5, 0.2, 0.0, -0.6, -1.0)),
        Clue(curve.DIVERGENCE, (-0.2, 0.5)),
        Clue(curve.NON_FINITE, (-0.2, 0.5)),
    ),
    remedies=("use-mean-loss", "lower-lr"),
    neighbours=("lr-too-high", "target-scaling", "shape-broadcast"),
    seen_in=(
        Case(
            "a sum over 64 examples at a common rate",
            lambda: run(
                [64.0, 4e3, 8e6, 9e11, 1e22, *[float("nan")] * 30],
                {**SUM, "sharpness/stability": 40.0, "after-step/ratio": -20.0},
                optimizer="SGD",
                lr=0.05,
            ),
        ),
        Case(
            "a sum that bounces",
            lambda: run(
                noisy(300, sigma=0.2) * 60 + 90, {**SUM, "sharpness/stability": 9.0}, optimizer="SGD", lr=0.03
            ),
        ),
    ),
    quiet_on=(
        Case(
            "too high a rate on a mean",
            lambda: run(
                [2.3, 40.0, 9e3, 7e6, 1e12, 4e19, *[float("nan")] * 30],
                {**MEAN, "sharpness/stability": 60.0, "after-step/ratio": -40.0},
                optimizer="SGD",
                lr=3.0,
            ),
        ),
        Case(
            "a sum, and a rate that was meant for it",
            lambda: run(
                descend(400, start=147.0, floor=3.0),
                {**SUM, "sharpness/stability": 0.3, "after-step/ratio": 0.9},
                optimizer="SGD",
                lr=2e-4,
            ),
        ),
        Case(
            "a sum under Adam",
            lambda: run(
                descend(400, start=147.0, floor=3.0),
                {**SUM, "sharpness/stability": 0.8},
                optimizer="Adam",
                lr=1e-3,
            ),
        ),
        Case("a noisy fall", lambda: run(noisy(400), {**MEAN, "sharpness/stability": 0.7})),
    ),
)
