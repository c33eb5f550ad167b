"""Let the outputs reach the targets.

## What it changes

The last function of the model, or the range of the targets.

## How it is sized

It is not; the share of targets out of reach is named, and their range.

## When not

Where the bound is meant, such as for probabilities.

## What to look for

Outputs at both ends of the targets' range; a loss below the floor that it had.

## Sources

Bishop 2006, *Pattern Recognition and Machine Learning*, section 5.2.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """Where targets are out of reach, or where that was not looked at."""
    share = facts.typical("output-check/targets-out-of-range")
    if share == 0:
        return None
    low, high = facts.typical("target-scale/smallest"), facts.typical("target-scale/largest")
    beside = f" {share:.0%} of the targets are out of reach or not what the loss means" if share else ""
    if beside and low is not None and high is not None:
        beside += f"; they go from {low:.3g} to {high:.3g}"
    return data.Remedy(
        "match-output-range",
        {"outputs": "linear"},
        "Leave the last layer of a regression without an activation, or scale the targets into its range."
        + (beside + "." if beside else ""),
        look_for="Outputs reach both ends of the range of the targets.",
        safety="advise",
    )


REMEDY = Remedy("match-output-range", "let the outputs reach the targets", size)
