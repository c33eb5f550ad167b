"""Standardise the targets.

## What it changes

The targets: minus their mean, over their standard deviation. Predictions are turned back afterwards.

## How it is sized

With the mean and the standard deviation that were measured on the training batches.

## When not

Class numbers, which have no scale. Where targets span decades, take their logarithm instead.

## What to look for

A first loss of about 1, and a usual rate that is stable.

## Sources

LeCun et al. 1998, *Efficient BackProp*; van Hasselt et al. 2016.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """By the mean and the standard deviation that were measured."""
    mean, std = facts.typical("target-scale/mean"), facts.typical("target-scale/std")
    change: dict[str, object] = {"targets": "standardise"}
    sentence = "Standardise the targets, and turn predictions back"
    if mean is not None and std:
        change |= {"mean": mean, "std": std}
        sentence += f": (y − {mean:.3g}) / {std:.3g}, with mean and spread of all training data"
    apart = facts.typical("target-scale/spread")
    if apart is not None and apart > 5:
        sentence += f"; each column by itself, as their spreads differ {apart:.2g} times"
    return data.Remedy(
        "standardise-targets",
        change,
        sentence + ".",
        look_for="The first loss is about 1, and a usual learning rate is stable.",
        safety="advise",
    )


REMEDY = Remedy("standardise-targets", "standardise the targets", size)
