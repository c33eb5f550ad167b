"""Use a larger model.

## What it changes

Width or depth of the model, or the features that it is given.

## How it is sized

Twice as wide, to see whether the level falls.

## When not

Where the validation loss is far above the training loss: the model is large enough.

## What to look for

A training loss that ends lower. If it does not, capacity was not the limit.

## Sources

Goodfellow, Bengio and Courville 2016, section 11.4.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """Unless the run overfits."""
    if facts.has("overfitting"):
        return None
    return data.Remedy(
        "more-capacity",
        {"width_factor": 2},
        "Try a model that is twice as wide, or one layer deeper, and see whether the level falls.",
        look_for="A training loss that ends lower; if it does not, capacity was not the limit.",
        safety="trial first",
    )


REMEDY = Remedy("more-capacity", "use a larger model", size)
