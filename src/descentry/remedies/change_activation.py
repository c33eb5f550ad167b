"""Change the activation function.

## What it changes

The function between the layers: to one whose slope does not die where the units are.

## How it is sized

A leaky ReLU where units are dead; ReLU where tanh or sigmoid is saturated or gradients vanish.

## When not

In gates, whose saturation is how they work, and in a last layer that has to give a probability.

## What to look for

Gradients of similar size in all layers; no more dead or saturated units.

## Sources

Glorot, Bordes and Bengio 2011; Maas, Hannun and Ng 2013.
"""

from __future__ import annotations

import numpy as np

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy

DEAD = 0.5


def size(facts: Facts) -> data.Remedy:
    """By what is wrong with the present one."""
    shares = [s.value for name, s in facts.layers("dead-units").items() if not name.endswith("examples")]
    dead = any(np.nanmax(value) > DEAD for value in shares if np.isfinite(value).any())
    if dead:
        change, sentence = "LeakyReLU", "Use a leaky ReLU, or GELU: units that are zero can come back."
    else:
        change, sentence = "ReLU", "Use ReLU or GELU between the layers instead of sigmoid or tanh."
    return data.Remedy(
        "change-activation",
        {"activation": change},
        sentence,
        look_for="The gradients of all layers have similar sizes.",
        safety="advise",
    )


REMEDY = Remedy("change-activation", "change the activation function", size)
