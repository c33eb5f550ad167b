"""Look at the labels.

## What it changes

Nothing yet: it is a look at the examples with the largest loss, beside their labels.

## How it is sized

The share of labels that the model contradicts says how many there are to find.

## When not

Where labels are soft or mixed on purpose.

## What to look for

Labels that belong to other inputs; classes that are numbered from 1; inputs and labels that were shuffled
or filtered apart.

## Sources

Karpathy 2019, *A Recipe for Training Neural Networks*; Northcutt, Jiang and Chuang 2021.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """The same for every run, with the share that is contradicted where it was measured."""
    share = facts.late("examples/contradicted")
    one = facts.typical("target-scale/commonest")
    beside = ""
    if one is not None and one > 0.999:
        beside = " All labels that were seen are the same."
    elif share is not None and share > 0.02:
        beside = f" The model contradicts {share:.0%} of them."
    return data.Remedy(
        "check-labels",
        {},
        "Look at twenty examples with the largest loss, beside their labels, as the loss function gets them."
        + beside,
        look_for="Labels that belong to other inputs, or are numbered differently from the outputs.",
        safety="advise",
    )


REMEDY = Remedy("check-labels", "look at the labels", size)
