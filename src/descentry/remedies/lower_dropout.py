"""Lower dropout.

## What it changes

The probability with which dropout sets units to zero.

## How it is sized

To 0.2, from whatever above 0.3 was found.

## When not

Where the training loss falls well and the validation loss needs it.

## What to look for

The training loss falls further.

## Sources

Srivastava et al. 2014, which keeps at least half of the hidden units and more of the inputs.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

USUAL = 0.2
MUCH = 0.3


def size(facts: Facts) -> data.Remedy | None:
    """None where there is no dropout, or little."""
    share = facts.typical("regularisation/dropout")
    if share is None:
        share = facts.number("dropout")
    if share is None or share <= MUCH:
        return None
    return data.Remedy(
        "lower-dropout",
        {"dropout": USUAL},
        f"Lower dropout from {share:.2g} to {USUAL}.",
        look_for="The training loss falls further.",
        safety="advise",
    )


REMEDY = Remedy("lower-dropout", "lower dropout", size)
