"""Turn the sign.

## What it changes

The direction of the steps.

## How it is sized

It is not: `maximize` is switched off where the optimizer has it on; else the loss is negated.

## When not

Where something is meant to be maximised, such as a reward.

## What to look for

The loss falls from the first step on.

## Sources

None but the definition of gradient descent.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """By where the sign was lost, as far as that is known."""
    if facts.number("maximize"):
        change: dict[str, float | bool] = {"maximize": False}
        sentence = "Create the optimizer without maximize=True."
    else:
        change = {"loss_factor": -1.0}
        sentence = "Look for a minus sign that is missing, or one too many, in the loss or the update."
    return data.Remedy(
        "flip-sign", change, sentence, look_for="The loss falls from the first step on.", safety="advise"
    )


REMEDY = Remedy("flip-sign", "turn the sign", size)
