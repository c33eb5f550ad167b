"""Standardise the inputs.

## What it changes

The inputs: each feature minus its mean, over its standard deviation, both from the training data.

## How it is sized

Not by a number; what was measured (how far spreads lie apart, how far from zero, how large) is named, and
what is left to gain in the condition number.

## When not

Features that are seldom on: divide those by their largest value only, so that zeros stay zeros. Token ids.
Where a normalisation comes first already.

## What to look for

η·sharpness falls at the same rate, so that a larger rate is stable; the loss falls in far fewer steps.

## Sources

LeCun et al. 1998, *Efficient BackProp*, section 4.3.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

PIXELS = (60.0, 260.0)  # root mean square and offset of raw pixels, whatever the pictures are


def size(facts: Facts) -> data.Remedy:
    """Standardise, or divide by 255 what looks like raw pixels; with what was measured."""
    spread, offset = facts.late("input-scale/spread"), facts.late("input-scale/offset")
    large = facts.late("input-scale/size")
    found = [
        f"the spreads of the features differ {spread:.2g} times" if spread and spread > 10 else "",
        f"one lies {offset:.2g} of its spreads from zero" if offset and offset > 4 else "",
        f"their size is {large:.2g}" if large and not 0.1 < large < 10 else "",
    ]
    measured = ", ".join(text for text in found if text)
    raw, after = facts.late("input-scale/condition"), facts.late("input-scale/condition-standardised")
    gain = raw / after if raw and after else 0.0
    sentence = "Standardise each feature with mean and standard deviation of the training data"
    sentence += f": {measured}." if measured else "."
    if large is not None and PIXELS[0] < large < PIXELS[1] and (spread or 1.0) < 100:
        sentence += " If these are pixels from 0 to 255, dividing by 255 does most of it."
    if gain > 10:
        sentence += f" It makes the inputs {gain:.2g} times better conditioned."
    return data.Remedy(
        "standardise-inputs",
        {"inputs": "standardise"},
        sentence,
        look_for="A larger rate is stable, and the loss falls in far fewer steps.",
        safety="advise",
    )


REMEDY = Remedy("standardise-inputs", "standardise the inputs", size)
