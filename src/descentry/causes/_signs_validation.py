"""Signs of the validation loss beside the training loss."""

from __future__ import annotations

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
