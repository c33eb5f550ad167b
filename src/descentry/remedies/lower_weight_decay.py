"""Lower the weight decay.

## What it changes

The weight decay of every parameter group, by one factor.

## How it is sized

Where its pull was measured: to a tenth of the pull of the data. Else to a tenth of what it is.

## When not

Where the validation loss is better with it. Where there is none.

## What to look for

The training loss falls further, and the weights no longer shrink.

## Sources

Loshchilov and Hutter 2019; Krogh and Hertz 1991. A tenth is a margin.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies import _settings
from descentry.remedies._entry import Remedy

SHARE = 0.1


def size(facts: Facts) -> data.Remedy | None:
    """By the measured pull; None where there is no decay."""
    decay, pull = _settings.decay(facts), facts.typical("regularisation/pull")
    if not decay or (pull is not None and pull == 0):
        return None
    factor = SHARE / max(pull, 1.0) if pull is not None else SHARE
    beside = f": it pulls {pull:.2g} times as hard as the data" if pull is not None else ""
    return data.Remedy(
        "lower-weight-decay",
        {"weight_decay": decay * factor},
        f"Lower the weight decay from {decay:.2g} to {decay * factor:.2g}{beside}.",
        look_for="The training loss falls further, and the weights no longer shrink.",
        safety="trial first",
    )


REMEDY = Remedy("lower-weight-decay", "lower the weight decay", size)
