"""Give outputs and targets one shape.

## What it changes

The shape of the targets or of the outputs, so that each output meets its own target.

## How it is sized

It is not; how often each target was compared is named.

## When not

Where one target is meant for several outputs.

## What to look for

No warning about sizes, and a loss that falls below the variance of the targets.

## Sources

PyTorch documentation, *Broadcasting semantics*.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """The same for every run, with the number of comparisons where it was measured."""
    times = facts.typical("output-check/broadcast")
    beside = f" Each is compared with {times:.0f} outputs as it is." if times and times > 1 else ""
    return data.Remedy(
        "match-shapes",
        {"targets": "unsqueeze(1)"},
        "Give the targets the shape of the outputs (targets.unsqueeze(1), or outputs.squeeze(1))." + beside,
        look_for="A loss that falls below the variance of the targets.",
        safety="advise",
    )


REMEDY = Remedy("match-shapes", "give outputs and targets one shape", size)
