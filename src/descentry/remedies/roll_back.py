"""Go back to before the trouble.

## What it changes

The run goes on from a checkpoint that was taken before the trouble began, with other batches next.

## How it is sized

To the last checkpoint at least a hundredth of the run before the first sign of trouble.

## When not

Where the trouble began in the first steps: there is nothing to go back to.

## What to look for

The run passes the place without trouble. If it does not, the cause is not the batch.

## Sources

Chowdhery et al. 2022, *PaLM*, section 5.1, which goes back about a hundred steps and skips some hundred
batches.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies import _settings
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """A step to go back before; None where there was no trouble, or no run before it."""
    first = _settings.trouble(facts)
    start = int(facts.curve.series.step[0]) if len(facts.curve.series) else 0
    if first is None:
        return None
    step = first - max(1, facts.span // 100)
    if step <= start:
        return None
    return data.Remedy(
        "roll-back",
        {"restore_before_step": step},
        f"Go on from a checkpoint of before step {step:,}, and skip the batches that came next.",
        look_for="The run passes the place without trouble.",
        safety="automatic",
    )


REMEDY = Remedy("roll-back", "go back to before the trouble", size)
