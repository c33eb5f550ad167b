"""Stop where the validation loss is lowest.

## What it changes

The end of the run, or the checkpoint that is kept.

## How it is sized

At the step where the validation loss turned.

## When not

Where the validation loss still falls, or was not logged.

## What to look for

The same validation loss, for less time.

## Sources

Prechelt 1998, *Early Stopping, but when?*
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """Only where the validation loss was seen to turn."""
    found = facts.found("overfitting")
    if not found and facts.curve.validation is not None:
        return None
    if not found:
        return data.Remedy(
            "stop-early",
            {},
            "Log a validation loss, and keep the checkpoint where it is lowest.",
            look_for="The same validation loss, for less time.",
            safety="advise",
        )
    step = found[0].start
    return data.Remedy(
        "stop-early",
        {"stop_at": step},
        f"Keep the checkpoint of about step {step:,}, where the validation loss is lowest.",
        look_for="The same validation loss, for less time.",
        safety="automatic",
    )


REMEDY = Remedy("stop-early", "stop where the validation loss is lowest", size)
