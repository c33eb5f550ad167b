"""Regularise.

## What it changes

Weight decay, dropout or augmentation.

## How it is sized

A tenth to start with: a weight decay of 0.01 with AdamW, or a dropout of 0.1.

## When not

Where the training loss itself is too high.

## What to look for

The validation loss ends lower, while the training loss ends higher.

## Sources

Loshchilov and Hutter 2019; Srivastava et al. 2014.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """Where the run overfits, or where no validation loss could tell."""
    if facts.curve.validation is not None and not facts.has("overfitting"):
        return None
    return data.Remedy(
        "regularise",
        {"weight_decay": 0.01},
        "If the validation loss is above the training loss: a weight decay of 0.01, or a dropout of 0.1.",
        look_for="The validation loss ends lower.",
        safety="trial first",
    )


REMEDY = Remedy("regularise", "regularise", size)
