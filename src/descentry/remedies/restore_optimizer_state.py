"""Bring back all that a checkpoint should hold.

## What it changes

What is saved and loaded: the states of optimizer, scheduler, loss scaler, random streams and data loader,
beside the weights.

## How it is sized

It is not; the step of the seam is named.

## When not

A new optimizer that is meant, as for fine-tuning.

## What to look for

The loss of one batch is the same to the last digit before saving and after loading, and after the next step
too.

## Sources

PyTorch tutorial, *Saving and loading a general checkpoint*.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """The same for every run, with the step of the first seam."""
    seams = [g.start for g in facts.run.gaps if g.kind == "resume" and g.start is not None]
    where = f" The run was resumed at step {min(seams):,}." if seams else ""
    return data.Remedy(
        "restore-optimizer-state",
        {"restore": ["model", "optimizer", "scheduler", "scaler"]},
        "Load the states of optimizer, scheduler and scaler beside the weights." + where,
        look_for="One batch has the same loss before saving and after loading.",
        safety="advise",
    )


REMEDY = Remedy("restore-optimizer-state", "bring back all that a checkpoint should hold", size)
