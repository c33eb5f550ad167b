"""Let the schedule of the learning rate last as long as the run.

## What it changes

How fast the rate is lowered: a schedule that is meant for epochs is stepped once an epoch, and one that
counts steps gets the number of steps that the run has.

## How it is sized

By when the rate came below a thousandth of its peak, beside the length of the run.

## When not

Where the loss had come to rest before the rate ran out.

## What to look for

The rate comes near zero in the last steps only, and the loss falls for longer.

## Sources

Li et al. 2020, *Budgeted Training*, and Defazio et al. 2023, arXiv 2310.07831: a rate that falls to zero at
the end of the budget, and not before, is hard to beat.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

SHARE = 0.5  # of the run without a rate: from here on it is no tail of a schedule


def size(facts: Facts) -> data.Remedy | None:
    """Where the rate ran out in the first half of the run."""
    if facts.idle is None or facts.idle[1] < SHARE:
        return None
    at, _ = facts.idle
    end = int(facts.curve.series.step[-1])
    return data.Remedy(
        "stretch-schedule",
        {"schedule_steps": end + 1},
        f"Let the schedule last as long as the run: the rate is gone by step {at:,} of {end:,}. Step it once "
        "an epoch where it is meant for epochs.",
        look_for="The rate comes near zero in the last steps only, and the loss falls for longer.",
        safety="advise",
    )


REMEDY = Remedy("stretch-schedule", "let the schedule last as long as the run", size)
