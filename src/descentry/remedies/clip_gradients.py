"""Clip the norm of the gradient.

## What it changes

Gradients longer than a limit are shortened to it before the step; their direction stays.

## How it is sized

To the norm that nine in ten gradients stayed below before the trouble began. To 1, a common limit, where no
norm was measured by then.

## When not

Where the gradient is large throughout: the limit then only stands for a smaller rate, and scaling inputs,
targets or weights is the cure.

## What to look for

Bursts of the gradient no longer leave a trace in the loss. About one step in ten is clipped, and not all.

## Sources

Pascanu, Mikolov and Bengio 2013, which takes the limit from the norms of a number of steps.
"""

from __future__ import annotations

from descentry.core import data
from descentry.core.ranks import quantile
from descentry.facts import START, Facts
from descentry.remedies import _settings
from descentry.remedies._entry import Remedy

QUANTILE = 0.9
COMMON = 1.0


def size(facts: Facts) -> data.Remedy:
    """From the norms before the trouble where there are any."""
    norms = _settings.norms(facts)
    limit = float(quantile(norms, QUANTILE)) if len(norms) >= START else 0.0
    if limit > 0:
        sentence = f"Clip the gradient's norm at {limit:.2g}: nine in ten were below it before the trouble."
    else:
        limit = COMMON
        sentence = "Clip the gradient's norm at 1, and log the norm to choose a better limit."
    return data.Remedy(
        "clip-gradients",
        {"max_grad_norm": limit},
        sentence,
        look_for="The loss no longer jumps after a burst of the gradient.",
        safety="automatic",
    )


REMEDY = Remedy("clip-gradients", "clip the norm of the gradient", size)
