"""Raise the learning rate.

## What it changes

The learning rate of every parameter group, by one factor.

## How it is sized

Where η·sharpness was measured: so that it comes to ½, a quarter of the edge of stability, and by no more
than a hundredfold at once. Else, where the update ratio was measured: so that it comes to a thousandth.
Else threefold.

## When not

Where η·sharpness is above ½ already, or where steps raise the loss of their own batch. In fine-tuning,
where the weights are to stay near their start.

## What to look for

The loss falls faster and does not jump; a step still brings at least half of the decrease that it promises.

## Sources

The edge at 2/sharpness: Cohen et al. 2021. A thousandth of the weights a step: Karpathy, CS231n notes. A
quarter of the edge is a margin, since sharpness grows when the rate is small (Cohen et al. 2021).
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

TARGET = 0.5  # of η·sharpness
USUAL = 1e-3  # update ratio
MOST, LEAST = 100.0, 3.0


def size(facts: Facts) -> data.Remedy | None:
    """From the distance to the edge, or from the size of the steps; None where there is no room."""
    product, moved = facts.late("sharpness/stability"), facts.typical("update-ratio")
    if product is not None and product > 0:
        factor, why = TARGET / product, f"η·sharpness is {product:.2g} and could be {TARGET}"
    elif moved is not None and moved > 0:
        factor, why = USUAL / moved, f"a step moves the weights by {moved:.1g} of their size"
    else:
        factor, why = LEAST, "one step at a time"
    if factor <= 1:
        return None
    factor = min(factor, MOST)
    rate = facts.peak_rate
    if rate is None:
        change, sentence = {"lr_factor": factor}, f"Raise the learning rate {factor:.2g} times: {why}."
    else:
        change = {"lr": rate * factor}
        sentence = f"Raise the learning rate from {rate:.2g} to {rate * factor:.2g}: {why}."
    return data.Remedy(
        "raise-lr",
        change,
        sentence,
        look_for="The loss falls faster, and steps do not raise the loss of their own batch.",
        safety="trial first",
    )


REMEDY = Remedy("raise-lr", "raise the learning rate", size)
