"""Let frozen parameters learn.

## What it changes

`requires_grad` of parameters that are frozen.

## How it is sized

It is not; how many are frozen is named.

## When not

Fine-tuning and adapters, where freezing is meant. Unfreeze the last layers first there, at a tenth of the
rate.

## What to look for

The update ratio of those layers is above zero, and the loss falls further.

## Sources

Howard and Ruder 2018, *Universal Language Model Fine-tuning*, on unfreezing step by step.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """Where something is frozen, or where that was not looked at."""
    count = facts.typical("wiring/frozen")
    if count == 0:
        return None
    what = f"the {count:.0f} frozen parameter tensors" if count else "frozen parameters"
    return data.Remedy(
        "unfreeze",
        {"requires_grad": True},
        f"Let {what} learn again (requires_grad_(True)), unless freezing them is meant.",
        look_for="The update ratio of those layers is above zero, and the loss falls further.",
        safety="advise",
    )


REMEDY = Remedy("unfreeze", "let frozen parameters learn", size)
