"""Warm the learning rate up.

## What it changes

The learning rate of the first steps: it grows in a straight line from near zero to its value.

## How it is sized

With Adam over 2/(1 − β₂) steps, 2,000 as it comes. Else over a twentieth of the run. Never over more than a
tenth of the run, and over ten steps at least.

## When not

Where the run fails late, or at a rate that stays beyond the edge after the start.

## What to look for

The loss falls from the first steps on, and does not jump when the full rate is reached.

## Sources

Ma and Yarats 2021, *On the adequacy of untuned warmup for adaptive optimization*; Goyal et al. 2017;
Gilmer et al. 2021 on sharpness early in training.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

BETA = 0.999
LEAST = 10


def size(facts: Facts) -> data.Remedy:
    """A number of steps, by the optimizer's memory and the length of the run."""
    span = max(facts.span, LEAST * 10)
    steps = span / 20
    if facts.adapts:
        betas = facts.config.get("betas")
        beta = betas[1] if isinstance(betas, (tuple, list)) and len(betas) > 1 else BETA
        steps = 2 / max(1 - float(beta), 1e-6)
    count = max(LEAST, round(min(steps, span / 10)))
    return data.Remedy(
        "warm-up",
        {"warmup_steps": count},
        f"Let the learning rate grow in a straight line over the first {count} steps.",
        look_for="The loss falls from the first steps on.",
        safety="trial first",
    )


REMEDY = Remedy("warm-up", "warm the learning rate up", size)
