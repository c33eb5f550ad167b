"""Switch to Adam.

## What it changes

The optimizer: Adam divides each step by the size of the gradient there, so that layers with small gradients
move as well.

## How it is sized

A rate of 0.001, its default.

## When not

Where the optimizer is adaptive already. Adam keeps two more numbers for each weight, and well-tuned SGD can
end up lower on images.

## What to look for

The first layers move too: their update ratios come near those of the last ones.

## Sources

Kingma and Ba 2015; Zhang et al. 2020, *Why are Adaptive Methods Good for Attention Models?*; Wilson et al.
2017 for the other side.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

RATE = 1e-3


def size(facts: Facts) -> data.Remedy | None:
    """None where the optimizer is adaptive already."""
    if facts.adapts:
        return None
    return data.Remedy(
        "switch-to-adam",
        {"optimizer": "Adam", "lr": RATE},
        f"Try Adam with a learning rate of {RATE:g}.",
        look_for="The layers move by similar shares of their size, and the loss falls.",
        safety="trial first",
    )


REMEDY = Remedy("switch-to-adam", "switch to Adam", size)
