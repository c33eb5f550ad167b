"""Wait.

## What it changes

Nothing; the run goes on.

## How it is sized

For as many steps as it has had.

## When not

Where nothing moves: no gradient, equal units, a rate that is orders of magnitude too small.

## What to look for

The loss leaves its level. If it has not by then, change something.

## Sources

Saxe, McClelland and Ganguli 2014, on how long plateaus last; Power et al. 2022 on learning that comes late.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """As long again as the run has been; None for a run that has ended in NaN."""
    if facts.has("non-finite", "divergence") or facts.span <= 0:
        return None
    return data.Remedy(
        "wait",
        {"steps": facts.span},
        f"Let it run for {facts.span:,} steps more before you change anything else.",
        look_for="The loss leaves its level.",
        safety="automatic",
    )


REMEDY = Remedy("wait", "wait", size)
