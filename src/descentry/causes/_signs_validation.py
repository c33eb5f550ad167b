"""Signs of the validation loss beside the training loss."""

from __future__ import annotations

import math

from descentry.causes._entry import Sign
from descentry.causes._signs_curve import CALIBRATED, seen
from descentry.core.ranks import median
from descentry.facts import Facts

OVERFITTING = seen(
    "overfitting",
    "The validation loss rises while the training loss falls.",
    "The validation loss does not rise.",
)


def _gap(facts: Facts) -> float | None:
    """Validation over training loss at the end."""
    twin = facts.curve.validation
    if twin is None or facts.curve.rising or len(twin.level) < 3 or len(facts.curve.level) < 3:
        return None
    ours, theirs = (float(median(c.level[-max(1, len(c.level) // 10) :])) for c in (facts.curve, twin))
    return theirs / ours if ours > 0 else None


GAP = Sign(
    "generalization-gap",
    "the validation loss beside the training loss",
    _gap,
    (0.8, 1.15, 1.6, 3.0, 30.0),
    (
        "The validation loss ends below the training loss, at {value} times.",
        "Validation and training loss end together.",
        "The validation loss ends at {value} times the training loss.",
        "The validation loss ends at {value} times the training loss.",
        "The validation loss ends far above the training loss, at {value} times.",
        "The validation loss ends {value} times as high as the training loss, which is next to nothing.",
    ),
    "1 where nothing is overfitted; below it, dropout or wrong labels make training the harder part",
    CALIBRATED,
    "validation",
)


def _risen(facts: Facts) -> float | None:
    """The validation loss at the end over the lowest that it was."""
    twin = facts.curve.validation
    if twin is None or facts.curve.rising or len(twin.level) < 4:
        return None
    lowest = float(twin.level.min())
    return float(median(twin.level[-max(2, len(twin.level) // 10) :])) / lowest if lowest > 0 else None


RISEN = Sign(
    "validation-risen",
    "how far the validation loss has risen from its lowest",
    _risen,
    (1.15, 1.5, 3.0),
    (
        "The validation loss ends at its lowest, or nearly.",
        "The validation loss ends at {value} times its lowest.",
        "The validation loss has risen to {value} times its lowest: the data are learnt by heart.",
        "The validation loss has risen to {value} times its lowest: the data are learnt by heart.",
    ),
    "1; it rises where a model learns its training data by heart",
    "Prechelt 1998, Early Stopping: But When?",
    "validation",
)


def _gone(facts: Facts) -> float | None:
    """How much of the validation loss is gone at the end."""
    twin = facts.curve.validation
    if twin is None or facts.curve.rising or len(twin.level) < 4 or twin.level[0] <= 0:
        return None
    end = float(median(twin.level[-max(1, len(twin.level) // 10) :]))
    return 1 - end / float(twin.level[0])


GONE = Sign(
    "validation-gone",
    "how much of the validation loss is gone at the end",
    _gone,
    (-0.5, -0.03, 0.03, 0.3, 0.8),
    (
        "The validation loss ends far higher than it began.",
        "The validation loss ends higher than it began.",
        "The validation loss ends where it began.",
        "Only {percent} of the validation loss is gone at the end.",
        "{percent} of the validation loss is gone at the end.",
        "{percent} of the validation loss is gone at the end, which is nearly all.",
    ),
    "as much as of the training loss, or nearly",
    CALIBRATED,
    "validation",
)


def _beside(facts: Facts) -> float | None:
    """Decades from the training loss at the start to the first validation loss."""
    twin = facts.curve.validation
    if twin is None or facts.curve.rising or not len(twin.level) or not len(facts.curve.level):
        return None
    ours, theirs = float(facts.curve.level[0]), float(twin.level[0])
    return math.log10(theirs / ours) if ours > 0 and theirs > 0 else None


FIRST_BESIDE = Sign(
    "validation-at-first",
    "the first validation loss beside the training loss at the start",
    _beside,
    (-0.7, -0.15, 0.05, 0.4),
    (
        "The first validation loss is far below the training loss at the start ({power} times that).",
        "The first validation loss is below the training loss at the start ({power} times that).",
        "The first validation loss is that of training at the start.",
        "The first validation loss is above the training loss at the start ({power} times that).",
        "The first validation loss is far above the training loss at the start ({power} times that).",
    ),
    "1 time where it is taken at the same step, below it after an epoch that taught something",
    CALIBRATED,
    "validation",
)
