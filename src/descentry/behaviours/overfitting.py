"""The validation loss turns up while the training loss goes on falling.

## What it is

A growing generalization gap: the model fits its training set better and everything else worse.

## How it shows

As two curves that part. Needs a validation loss beside the training loss.

## How it is judged

The validation loss ends above its best level by more than four standard errors and by a twentieth of its
range, its best lies well before the end, and the training loss is no higher at the end than it was then.

## When it is fine

When the score that matters (accuracy, say) still improves: a classifier's loss can rise because it grows
surer of its mistakes. Models that are later averaged or calibrated mind less.

## Sources

Prechelt 1998 (early stopping). Thresholds: docs/decisions/0005-story-thresholds.md.
"""

from __future__ import annotations

import numpy as np

from descentry.behaviours._cases import descend, noisy, white
from descentry.behaviours._curve import Curve
from descentry.behaviours._entry import Behaviour, Case
from descentry.behaviours._words import found, metric, shown, steps
from descentry.core.data import Estimate, Finding
from descentry.core.ranks import median

RISE = 0.05  # of the validation range
LATEST = 0.9  # of the run: a best this late is the end


def find(curve: Curve) -> list[Finding]:
    """At most one: from the best validation loss to the end."""
    twin = curve.validation
    if twin is None or len(twin.level) < 5 or curve.body < len(curve.level):
        return []
    level = twin.clean
    best = int(np.argmin(level))
    end = float(median(level[-max(1, len(level) // 20) :]))
    rise = end - float(level[best])
    # Of many noisy evaluations the lowest is low by chance: its neighbours say where the curve was.
    around = float(median(level[max(0, best - len(level) // 20) : best + len(level) // 20 + 1]))
    error = float(median(twin.level_noise))
    settled = float(np.ptp(level[len(level) // 20 :]))
    need = max(4.0 * error, RISE * settled)
    if end - around < need or best > LATEST * len(level) or not _training_went_on(curve, twin.step_at(best)):
        return []
    start, stop = twin.step_at(best), twin.step_at(len(level) - 1, last=True)
    verb = "falls" if twin.rising else "rises"
    sentence = (
        f"{metric(twin)} is best at {steps(twin, start, start)} ({shown(twin, float(level[best]))}) "
        f"and {verb} to {shown(twin, end)} by {steps(twin, stop, stop)}, "
        f"while {metric(curve)} does not get worse: from there on the model fits its training data only."
    )
    size = Estimate(rise, rise - 2 * error, rise + 2 * error, twin.series.name)
    finding = found(
        twin,
        "overfitting",
        (best, len(level) - 1),
        sentence,
        margin=(end - around) / need,
        size=size,
        concern="attention",
    )
    return [finding]


def _training_went_on(curve: Curve, step: int) -> bool:
    steps_of_bins = curve.series.step[curve.reduced.first]
    then = int(np.searchsorted(steps_of_bins, step, side="right")) - 1
    then = min(max(then, 0), len(curve.clean) - 1)
    at_best = float(median(curve.clean[max(0, then - 2) : then + 3]))
    return curve.trend.end <= at_best + 2.0 * float(median(curve.level_noise))


BEHAVIOUR = Behaviour(
    id="overfitting",
    title="the validation loss turns up while the training loss goes on falling",
    find=find,
    precedence=5,
    advice=(
        "Keep the checkpoint with the best validation loss; more data, augmentation, weight decay or "
        "a smaller model narrow the gap."
    ),
    seen_in=(
        Case(
            "a validation loss that turns",
            lambda: descend(200, floor=0.0),
            validation=lambda: (
                descend(200, floor=0.5) + 0.004 * np.maximum(0, np.arange(200) - 60) + white(200, 0.01)
            ),
        ),
    ),
    quiet_on=(
        Case(
            "a validation loss that stays",
            lambda: descend(200, floor=0.0),
            validation=lambda: descend(200, floor=0.5) + white(200, 0.01),
        ),
        Case("no validation loss", lambda: noisy(200)),
    ),
)
