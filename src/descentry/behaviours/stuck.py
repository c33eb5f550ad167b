"""The loss does not improve at all: a plateau from the first step on.

## What it is

A run that never gets meaningfully below where it began.

## How it shows

As a flat band at the level of an untrained model (ln of the number of classes for a classifier), or as a
rise that is never made good.

## How it is judged

Either no slope can be told from zero and everything stays within the noise of a point, or the loss first
rose and at its end still stands above its start by more than noise.

## When it is fine

In the first steps of a long warm-up, and when the model starts from trained weights and has little to gain.

## Sources

Thresholds: docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

import numpy as np

from descentry.behaviours._cases import descend, noisy, white
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.behaviours._words import found, metric, shown, span
from descentry.core.data import Finding
from descentry.core.ranks import median


def find(curve: Curve) -> list[Finding]:
    """At most one, over the whole run."""
    m = len(curve.level)
    if curve.kept < m or curve.trend.falls or curve.swings is not None:
        return []
    trend = curve.trend
    whole = span(curve, 0, m - 1)
    if trend.flat:
        level = shown(curve, float(median(curve.clean)))
        if curve.series.value.min() == curve.series.value.max():
            sentence = f"{metric(curve)} is {level} over {whole}, always the same: nothing moves it."
        else:
            sentence = (
                f"{metric(curve)} stays at {level} over {whole}: no trend can be told from its noise. "
                "Either it never learnt, or it had learnt before this log begins."
            )
        return [found(curve, "stuck", (0, m - 1), sentence, margin=2.0, concern="attention")]
    lowest = float(curve.clean[max(1, m // 20) :].min())
    tolerance = max(4.0 * float(median(curve.level_noise)), 0.05 * curve.range)
    if lowest < trend.start - tolerance:
        return []
    sentence = (
        f"{metric(curve)} never gets past where it began ({shown(curve, trend.start)}) over {whole}: "
        f"it ends at {shown(curve, trend.end)}."
    )
    scale = 0.0 if trend.lost else tolerance
    lost = (trend.end - trend.start) / max(3.0 * float(median(curve.noise)), scale, 1e-300)
    return [
        found(
            curve,
            "stuck",
            (0, m - 1),
            sentence,
            margin=max(1.0, 1.0 + lost),
            concern="failing" if lost > 1 else "attention",
        )
    ]


BEHAVIOUR = Behaviour(
    id="stuck",
    title="the loss does not improve at all",
    find=find,
    precedence=2,
    advice=(
        "Check that the parameters are in the optimizer and receive gradients, that inputs are scaled "
        "and labels match; then try learning rates ten times smaller and larger on a short copy of "
        "the run."
    ),
    seen_in=(
        Case("a blow-up in the first steps", lambda: [2.3, 1e18, *noisy(200, level=2e4, sigma=4e3)]),
        Case("noise about a constant", lambda: noisy(400, level=2.3)),
        Case("exactly constant", lambda: np.full(60, 0.693147)),
        Case(
            "a rise that is never made good",
            lambda: 2.0 + 0.4 * (1 - np.exp(-np.arange(300) / 10)) + white(300, 0.02),
        ),
    ),
    quiet_on=(
        Case("a noisy fall", lambda: noisy(400)),
        Case("a slow fall in noise", lambda: np.linspace(2.0, 1.8, 2_000) + white(2_000, 0.1)),
        Case("a fall, then a floor", lambda: [*descend(40), *noisy(400, level=0.2, sigma=0.01)]),
    ),
)
