"""Add momentum.

## What it changes

Plain SGD gets a momentum of 0.9, so that steps in a lasting direction add up and steps to and fro cancel.

## How it is sized

0.9, at the rate as it is. In a lasting direction the steps become ten times as long, and the curvature they
can bear nearly doubles.

## When not

Where the optimizer has momentum, as Adam does, or the loss already runs away.

## What to look for

The loss falls faster, and bounces less.

## Sources

Polyak 1964; Sutskever et al. 2013; Goh 2017, *Why Momentum Really Works*.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

MOMENTUM = 0.9
ENOUGH = 0.5


def size(facts: Facts) -> data.Remedy | None:
    """None where there is momentum already."""
    present = facts.late("learning-rate/momentum") or facts.number("momentum") or 0.0
    if facts.adapts or present >= ENOUGH:
        return None
    return data.Remedy(
        "add-momentum",
        {"momentum": MOMENTUM},
        f"Add a momentum of {MOMENTUM} at the same learning rate.",
        look_for="The loss falls faster, and bounces less.",
        safety="trial first",
    )


REMEDY = Remedy("add-momentum", "add momentum", size)
