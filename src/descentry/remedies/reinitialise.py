"""Draw the initial weights anew.

## What it changes

The start: weights are drawn at random with the scale that keeps signals at their size.

## How it is sized

He's scale, √(2/fan in), where rectifiers were seen, and Glorot's otherwise. Beside it stands by how much
that differs from the scale that was measured.

## When not

For weights that were trained before. All that was learnt so far is lost.

## What to look for

A loss at the start that is about that of a blind guess, and spreads of the layers' outputs that neither
shrink nor grow.

## Sources

Glorot and Bengio 2010; He, Zhang, Ren and Sun 2015.
"""

from __future__ import annotations

from typing import Any

from descentry.core import data
from descentry.core.ranks import median
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """By the activation that was seen and the scale that was measured."""
    rectified = bool(facts.layers("dead-units"))
    kind, target = ("He", 2**0.5) if rectified else ("Glorot", 1.0)
    function = "kaiming_normal_" if rectified else "xavier_uniform_"
    scales = [float(s.value[0]) for s in facts.named("weights", "scale").values()][:-1]
    measured = float(median(scales)) if scales else 0.0
    change: dict[str, Any] = {"init": function}
    sentence = f"Draw the initial weights at random with {kind}'s scale (torch.nn.init.{function})"
    if measured > 0 and not 0.5 < target / measured < 2:
        change["scale_factor"] = target / measured
        sentence += f": they are {measured / target:.2g} times as large as that"
    return data.Remedy(
        "reinitialise",
        change,
        f"{sentence}.",
        look_for="The loss begins at about that of a blind guess and falls from there.",
        safety="advise",
        reversible=False,
    )


REMEDY = Remedy("reinitialise", "draw the initial weights anew", size)
