"""Gradient noise dominates: the steps follow the batch they happen to see, more than the loss.

## What it is

At this batch size and rate the random part of the gradient is so large that what one step gains the next
one loses again. The loss settles at a level set by the noise, above what the model could reach.

## How it shows

As a jagged loss that falls at first and then stays level, at a height in proportion to the rate.

## Why it happens

With gradient G, noise Σ and batch size B, a step gains about η|G|² and loses about ½ η² tr(HΣ)/B by its
noise. As the loss falls |G|² shrinks and the noise stays, until both are equal.

## How to tell it apart

*Overshooting* bounces on one and the same batch: steps raise the loss of the batch that they were computed
on, and successive gradients point against each other. Here each step helps its own batch, and successive
gradients have nothing to do with each other. A *healthy* noisy run still falls when it is averaged.

## What to do

Let the rate decay, or enlarge the batch towards the noise scale, or average the weights at the end. A rate
that is k times smaller has about the effect of a batch that is k times larger.

## When it is fine

Nearly always: a jagged loss is what mini-batches give, and noise helps to find good places. It is in the
way only where progress has stopped too early.

## Limits

The noise scale grows as the loss falls, so a large one late in a run is no fault by itself. For batches of
one it cannot be measured. How much the noise undoes is overestimated, as sharpness is its steepest
direction's.

## Sources

Robbins and Monro 1951; McCandlish et al. 2018, *An Empirical Model of Large-Batch Training*; Bottou, Curtis
and Nocedal 2018; Smith et al. 2018, *Don't Decay the Learning Rate, Increase the Batch Size*.
"""

from __future__ import annotations

import math

import numpy as np

from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue, Sign
from descentry.facts import Facts


def _undone(facts: Facts) -> float | None:
    """Decades of ½ η² λ tr Σ / B over η |G|²: what the noise of a step loses over what the step gains."""
    stability, over_batch = facts.late("sharpness/stability"), rate.NOISE.value(facts)
    if stability is None or stability <= 0 or over_batch is None:
        return None
    return math.log10(stability / 2) + over_batch


UNDONE = Sign(
    "noise-undoes",
    "what the noise of a step loses beside what the step gains",
    _undone,
    (-1.0, 0.0, 1.0, 2.0),
    (
        "The noise of a step undoes hardly anything of what it gains.",
        "The noise of a step undoes a part of what it gains.",
        "The noise of a step undoes about what it gains ({power} times that, at most).",
        "The noise of a step undoes more than it gains ({power} times that, at most).",
        "The noise of a step undoes far more than it gains ({power} times that, at most).",
    ),
    "1 (0 powers of ten), where the expected loss no longer falls; an upper bound",
    "McCandlish et al. 2018, equation 2.7",
    "watch",
)


def _batch(facts: Facts) -> float | None:
    size = facts.batch_size
    return math.log2(size) if size and size > 0 else None


BATCH = Sign(
    "small-batch",
    "how many examples a batch holds",
    _batch,
    (1.5, 3.5, 6.5),
    (
        "A batch holds one or two examples.",
        "A batch holds few examples.",
        "A batch holds some dozens of examples.",
        "A batch holds many examples.",
    ),
    "two to the 5, or 32, is common",
    "Masters and Luschi 2018",
    "rate",
)

CAUSE = Cause(
    id="noise-dominated",
    title="the noise of small batches holds the loss up",
    concern="attention",
    clues=(
        Clue(curve.JAGGED, (-1.5, -1.0, -0.3, 0.7, 1.3)),
        Clue(curve.BOUNCES, (-1.0, -0.3, 0.4, -0.2, -1.5)),
        Clue(curve.FALL, (0.0, 0.4, 0.4, 0.2, -0.3, -0.7)),
        Clue(curve.END, (0.7, 0.2, -0.5, -0.4)),
        Clue(curve.DIVERGENCE, (0.1, -1.5)),
        Clue(curve.NON_FINITE, (0.1, -1.5)),
        Clue(rate.NOISE, (-3.0, -1.5, -0.3, 0.8, 1.5)),
        Clue(UNDONE, (-2.0, -0.7, 0.3, 1.0, 1.4)),
        Clue(BATCH, (1.0, 0.5, -0.2, -1.0)),
        Clue(rate.AGREEMENT, (-1.5, -0.5, 0.6, -0.7, -1.5, -2.0)),
        Clue(rate.OVERSHOOTS, (0.3, 0.1, -0.5, -1.2)),
        Clue(rate.RATE, (-2.0, -1.2, -0.5, 0.1, 0.3, 0.3, 0.0)),
    ),
    longer=(
        "At this rate and batch size more epochs will not help much: expected gain {gain}. "
        "Let the rate decay."
    ),
    remedies=("decay-lr", "larger-batch", "lower-lr"),
    neighbours=("overshooting", "healthy", "bad-batch"),
    seen_in=(
        Case(
            "level and jagged, nearly all noise, one example a step",
            lambda: run(
                np.concatenate([descend(40, start=3.0, floor=1.0), np.full(360, 1.0)]) + white(400, 0.5),
                {
                    "noise-scale/signal": 1e-4,
                    "noise-scale/noise": 0.5,
                    "batch-size": 1.0,
                    "sharpness/stability": 0.9,
                    "gradient-agreement": 0.02,
                    "after-step/ratio": 0.6,
                },
            ),
        ),
    ),
    quiet_on=(
        Case(
            "overshooting",
            lambda: run(
                1.0 + 0.3 * (-1.0) ** np.arange(400) + white(400, 0.02),
                {
                    "sharpness/stability": 2.1,
                    "after-step/ratio": [-0.1, 0.05] * 5,
                    "gradient-agreement": -0.8,
                    "noise-scale/signal": 0.5,
                    "noise-scale/noise": 0.5,
                    "batch-size": 64.0,
                },
            ),
        ),
        Case(
            "a noisy fall",
            lambda: run(
                noisy(400),
                {
                    "noise-scale/signal": 0.01,
                    "noise-scale/noise": 1.0,
                    "batch-size": 32.0,
                    "sharpness/stability": 0.6,
                    "gradient-agreement": 0.1,
                },
            ),
        ),
        Case("a log of a noisy fall", lambda: run(noisy(400, sigma=0.3))),
    ),
)
