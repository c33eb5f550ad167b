"""Keep the way from the loss to the weights.

## What it changes

The places where the graph is cut: `detach()`, `.data`, `.item()`, `.numpy()`, `torch.no_grad()`, `argmax`,
rounding, and a new tensor made from an old one.

## How it is sized

It is not; how many parameters have no gradient is named.

## When not

Where the cut is meant: targets of a bootstrap, frozen encoders, the discriminator's turn of a GAN.

## What to look for

After `backward()` no parameter that should learn has `grad` None.

## Sources

PyTorch documentation, *Autograd mechanics*.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """Where parameters have no gradient, or where that was not looked at."""
    count = facts.typical("wiring/without-gradient")
    if count == 0:
        return None
    where = f": {count:.0f} parameter tensors get no gradient" if count else ""
    return data.Remedy(
        "keep-graph",
        {},
        f"Look for what cuts the graph (detach, .data, .item, no_grad, argmax, a missing backward){where}.",
        look_for="After backward() every parameter that should learn has a gradient.",
        safety="advise",
    )


REMEDY = Remedy("keep-graph", "keep the way from the loss to the weights", size)
