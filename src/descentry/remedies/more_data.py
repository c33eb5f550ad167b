"""Get more data, or augment.

## What it changes

The training data.

## How it is sized

Twice as many examples show what more would bring: compare with a run on half of them.

## When not

Where training and validation loss are together and high: more of the same data will not help.

## What to look for

Training and validation loss come closer to each other.

## Sources

Goodfellow, Bengio and Courville 2016, section 11.3; Hestness et al. 2017 on learning curves.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """The same for every run."""
    return data.Remedy(
        "more-data",
        {"examples_factor": 2},
        "Train on half of the data for comparison: if the whole does better, more data will help.",
        look_for="Training and validation loss come closer to each other.",
        safety="advise",
    )


REMEDY = Remedy("more-data", "get more data, or augment", size)
