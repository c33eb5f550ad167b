"""Set gradients to zero at each step.

## What it changes

`optimizer.zero_grad()` is called once for each update, before `backward()`.

## How it is sized

It is not.

## When not

Between the batches of one accumulated update: there, once after the update.

## What to look for

The gradient norm no longer swells, and the loss stops swinging. A larger rate may be needed than the one
that was tuned to the sum.

## Sources

PyTorch documentation of `Optimizer.zero_grad`.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """The same for every run."""
    return data.Remedy(
        "zero-gradients",
        {"zero_grad": True},
        "Call optimizer.zero_grad() before each backward(), once for each update.",
        look_for="The gradient norm no longer swells from step to step, and the loss stops swinging.",
        safety="advise",
    )


REMEDY = Remedy("zero-gradients", "set gradients to zero at each step", size)
