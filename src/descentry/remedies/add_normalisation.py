"""Add normalisation between the layers.

## What it changes

The model: each layer's output is brought to mean 0 and spread 1, so that signals and gradients keep their
size whatever the weights are.

## How it is sized

Batch normalisation with 16 examples in a batch or more; layer (or group) normalisation with fewer, or where
the batch size is not known.

## When not

Where the model has normalisation already. Batch normalisation behaves differently in training and in use.

## What to look for

Spreads of the layers' outputs near 1 throughout, and gradients of similar size in all layers.

## Sources

Ioffe and Szegedy 2015; Ba, Kiros and Hinton 2016; Wu and He 2018, *Group Normalization*, on small batches.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

ENOUGH = 16


def size(facts: Facts) -> data.Remedy:
    """A kind of normalisation, by the batch size."""
    batch = facts.batch_size
    kind = "batch" if batch is not None and batch >= ENOUGH else "layer"
    return data.Remedy(
        "add-normalisation",
        {"normalisation": kind},
        f"Put {kind} normalisation between the layers.",
        look_for="The layers' outputs have spreads near 1, and their gradients similar sizes.",
        safety="advise",
    )


REMEDY = Remedy("add-normalisation", "add normalisation between the layers", size)
