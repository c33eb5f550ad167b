"""Use a loss that takes logits.

## What it changes

The loss function: softmax or sigmoid and the logarithm are computed together, where nothing rounds to zero.

## How it is sized

It is not.

## When not

Where the NaN comes from inside the model: `torch.autograd.detect_anomaly` names the operation.

## What to look for

The same loss at the start, and no NaN later.

## Sources

PyTorch documentation of `cross_entropy` and `binary_cross_entropy_with_logits`; Blanchard, Higham and
Higham 2021.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """The same for every run; it names the share of zeros where that was measured."""
    share = facts.peak("output-check/log-of-zero")
    beside = f" {share:.2g} of the logarithms were of zero or less." if share else ""
    return data.Remedy(
        "use-stable-loss",
        {"loss": "from logits"},
        "Give logits to cross_entropy or binary_cross_entropy_with_logits, and take no logarithm by hand."
        + beside,
        look_for="The same loss at the start, and no NaN later.",
        safety="advise",
    )


REMEDY = Remedy("use-stable-loss", "use a loss that takes logits", size)
