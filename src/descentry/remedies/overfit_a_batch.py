"""Learn ten examples by heart first.

## What it changes

Nothing for good: the same model and loss are trained on ten examples, without regularisation.

## How it is sized

Ten examples, and a few hundred steps.

## When not

Where the run learns well.

## What to look for

A loss near zero within a few hundred steps. If it comes, model, loss and wiring are sound, and data or
capacity are the limit. If not, the fault lies in them.

## Sources

Karpathy 2019, *A Recipe for Training Neural Networks*; Goodfellow, Bengio and Courville 2016, section 11.5.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """The same for every run."""
    return data.Remedy(
        "overfit-a-batch",
        {"examples": 10},
        "Train on ten examples until the loss is near zero: if that fails, the fault is not in the data.",
        look_for="A loss near zero within a few hundred steps.",
        safety="advise",
    )


REMEDY = Remedy("overfit-a-batch", "learn ten examples by heart first", size)
