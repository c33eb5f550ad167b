"""The sign is wrong: the loss is being climbed.

## What it is

The steps go up the slope of what should be made small: the loss was negated, the update is added instead of
subtracted, or the optimizer is set to maximise.

## How it shows

As a loss that rises from the first step on, ever faster; or, if it was negated, one that falls below zero
and on without end.

## Why it happens

A likelihood that lacks its minus sign, a reward taken for a loss, an update by hand with the sign turned.

## How to tell it apart

*Too high a rate* overshoots, but each step begins downhill: the gradient promises a decrease. Here every
step goes uphill for the very batch it was computed on, however short it is.

## What to do

Turn the sign where it was lost: the loss, the update, or `maximize`.

## When it is fine

Where something is meant to be maximised: rewards, the discriminator's part of an adversarial training. Log
densities can be above zero, and their negative below.

## Limits

Momentum and noise take single steps uphill. Without the loss function it shows only in where the loss goes.

## Sources

None but the definition of gradient descent: Cauchy 1847.
"""

from __future__ import annotations

import math

import numpy as np

from descentry.causes import _signs_blow_up as blow_up
from descentry.causes import _signs_curve as curve
from descentry.causes import _signs_rate as rate
from descentry.causes._cases import descend, noisy, run, white
from descentry.causes._entry import Case, Cause, Clue, Sign
from descentry.core.ranks import median, spread
from descentry.facts import Facts


def _endless(facts: Facts) -> float | None:
    """Decades by which a negative loss ends further from zero than it began; −1 where it ends above zero."""
    value = facts.curve.finite
    if facts.curve.rising or len(value) < 8:
        return None
    late = float(median(spread(value[-max(1, len(value) // 10) :])))
    first = float(median(np.abs(value[:3])))
    return max(0.0, math.log10(-late / first)) if late < 0 < first else -1.0


ENDLESS = Sign(
    "endless",
    "how far below zero the loss goes",
    _endless,
    (-0.5, 0.3, 1.0),
    (
        "The loss stays above zero.",
        "The loss ends below zero, as some losses can.",
        "The loss falls below zero and on, to {power} times its first size.",
        "The loss falls below zero and on, to {power} times its first size.",
    ),
    "squared errors and cross-entropies end at zero",
    "by definition",
)

MAXIMISES = Sign(
    "maximises",
    "whether the optimizer is set to maximise",
    lambda facts: facts.number("maximize"),
    (0.5,),
    ("The optimizer is set to minimise.", "The optimizer is set to maximise."),
    "off",
    "torch.optim",
    "rate",
)

CAUSE = Cause(
    id="wrong-sign",
    title="the sign is wrong: the loss is climbed",
    concern="failing",
    clues=(
        Clue(rate.UPHILL, (-4.0, -2.0, 1.0, 4.0)),
        Clue(MAXIMISES, (-0.2, 3.0)),
        Clue(ENDLESS, (-0.3, 0.5, 2.0, 4.3)),
        Clue(curve.CLIMB, (-0.4, -0.6, 0.0, 0.8, 1.2)),
        Clue(curve.STUCK, (-0.2, 0.5)),
        Clue(curve.DIVERGENCE, (-0.3, 0.6)),
        Clue(blow_up.EARLY_RISE, (0.0, 0.3, 0.0, -0.4)),
        Clue(curve.NON_FINITE, (0.1, 0.2)),
        Clue(rate.RATE, (0.3, 0.3, 0.3, 0.2, -0.2, -0.5, -0.7)),
        Clue(rate.AGREEMENT, (-1.0, -0.5, 0.0, 0.2, 0.3, 0.0)),
    ),
    remedies=("flip-sign",),
    neighbours=("lr-too-high", "loss-mismatch", "label-error"),
    seen_in=(
        Case(
            "every step goes uphill",
            lambda: run(
                2.3 * np.exp(np.linspace(0, 3, 300)), {"after-step/promised": -0.02, "update-ratio": 1e-3}
            ),
        ),
        Case("a likelihood without its minus", lambda: run(-2.3 * np.exp(np.linspace(0, 6, 300)))),
    ),
    quiet_on=(
        Case(
            "too high a rate",
            lambda: run(
                [2.3, 40.0, 9e3, 7e6, 1e12, 4e19, *[float("nan")] * 30],
                {"after-step/promised": 5.0, "sharpness/stability": 60.0},
            ),
        ),
        Case("the negative logarithm of a density", lambda: run(descend(300, start=1.0, floor=-2.0))),
        Case(
            "momentum carries steps uphill now and then",
            lambda: run(1.0 + white(300, 0.1), {"after-step/promised": [0.01, 0.01, -0.01] * 4}),
        ),
        Case("a noisy fall", lambda: run(noisy(400), {"after-step/promised": 1e-3})),
    ),
)
