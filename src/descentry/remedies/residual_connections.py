"""Add residual connections.

## What it changes

The model: layers add to their input instead of replacing it, so that gradients have a way around them.

## How it is sized

It is not. Around every one or two layers of the same width is usual.

## When not

In networks of a few layers, which do not need them.

## What to look for

Gradients of similar size in the first and in the last layers.

## Sources

He et al. 2016, *Deep Residual Learning for Image Recognition*; Hochreiter and Schmidhuber 1997 for networks
in time.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """The same for every run."""
    return data.Remedy(
        "residual-connections",
        {"residual": True},
        "Add residual connections around every one or two layers; in recurrent networks, use LSTM or GRU.",
        look_for="The gradients of the first and of the last layers have similar sizes.",
        safety="advise",
    )


REMEDY = Remedy("residual-connections", "add residual connections", size)
