"""Use the loss that belongs to the targets.

## What it changes

The loss function, and where needed the number of outputs.

## How it is sized

By the number of classes where class numbers were seen.

## When not

Counts and ratings are whole numbers whose distance means something: keep the squared error.

## What to look for

The loss begins at the logarithm of the number of classes; the accuracy rises.

## Sources

Bishop 2006, *Pattern Recognition and Machine Learning*, section 5.2.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """A cross-entropy for classes; of what was measured where something was."""
    kinds = facts.typical("output-check/class-indices")
    single = facts.typical("output-check/single-class")
    if single:
        change: dict[str, object] = {"loss": "binary_cross_entropy_with_logits"}
        sentence = (
            "With one output use BCEWithLogitsLoss; or give CrossEntropyLoss one output for each class."
        )
    elif kinds:
        change = {"loss": "cross_entropy", "outputs": round(kinds)}
        sentence = (
            f"Use CrossEntropyLoss with {round(kinds)} outputs: the values to predict are class numbers."
        )
    elif kinds is None and single is None:
        change = {"loss": "by the targets"}
        sentence = (
            "Use the loss that belongs to the targets: a cross-entropy for classes, "
            "a squared error for values."
        )
    else:
        return None
    return data.Remedy(
        "match-loss",
        change,
        sentence,
        look_for="The loss begins at the logarithm of the number of classes, and falls from there.",
        safety="advise",
    )


REMEDY = Remedy("match-loss", "use the loss that belongs to the targets", size)
