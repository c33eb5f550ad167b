"""Decorrelate the inputs.

## What it changes

The inputs: features that repeat each other are combined into ones that do not (principal components, each
over its standard deviation), or all but one of them are dropped.

## How it is sized

It applies where the condition number stays above a thousand after standardising, which is what it can
remove.

## When not

Where standardising is enough; with more features than examples, where small components are noise; for
images, whose neighbourhood a convolution needs.

## What to look for

Plain gradient descent takes fewer steps; with Adam there is little to see.

## Sources

LeCun et al. 1998, *Efficient BackProp*, section 4.3; LeCun, Kanter and Solla 1991.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

LARGE = 1e3  # plain gradient descent takes steps in proportion to it


def size(facts: Facts) -> data.Remedy | None:
    """Only where standardising leaves a large condition number, or where none is known."""
    left = facts.late("input-scale/condition-standardised")
    if left is not None and left < LARGE:
        return None
    measured = f" The condition number stays {left:.2g} after standardising." if left is not None else ""
    return data.Remedy(
        "decorrelate-inputs",
        {"inputs": "decorrelate"},
        "Combine features that repeat each other, or drop all but one of them." + measured,
        look_for="Plain gradient descent takes fewer steps.",
        safety="advise",
    )


REMEDY = Remedy("decorrelate-inputs", "decorrelate the inputs", size)
