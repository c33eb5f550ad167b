"""Lower the learning rate.

## What it changes

The learning rate of every parameter group, by one factor.

## How it is sized

Where η·sharpness was measured above 2: to 0.7 · 2/sharpness, so that the steps are stable with something to
spare. Else to a third, with a tenth to try next.

## When not

Where one direction alone is too steep (unscaled features) or one batch is bad: a smaller rate then makes
everything else slow.

## What to look for

The loss falls within the first steps and no longer jumps; a step brings a third to all of the decrease that
it promises.

## Sources

The edge at 2/sharpness: Cohen et al. 2021. The margin of 0.7 is a margin, as sharpness is a lower bound.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

EDGE = 2.0
MARGIN = 0.7
STEP_DOWN = 3.0


def size(facts: Facts) -> data.Remedy:
    """From the measured edge where there is one; else a third."""
    rate = facts.peak_rate
    product = facts.start("sharpness/stability")
    if rate is not None and product is not None and product > EDGE:
        lower = rate * MARGIN * EDGE / product
        sentence = (
            f"Set the learning rate to {lower:.2g}: {MARGIN} × 2/sharpness. "
            f"At {rate:.2g} η·sharpness was {product:.2g}, and 2 is the edge."
        )
        change = {"lr": lower}
    elif rate is not None:
        sentence = (
            f"Lower the learning rate from {rate:.2g} to {rate / STEP_DOWN:.2g}, then to {rate / 10:.2g}."
        )
        change = {"lr": rate / STEP_DOWN}
    else:
        sentence = "Lower the learning rate to a third, then to a tenth."
        change = {"lr_factor": 1 / STEP_DOWN}
    return data.Remedy(
        "lower-lr",
        change,
        sentence,
        look_for="The loss falls within the first steps and no longer jumps.",
        safety="automatic",
    )


REMEDY = Remedy("lower-lr", "lower the learning rate", size)
