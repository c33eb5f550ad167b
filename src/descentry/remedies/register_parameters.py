"""Give the optimizer all parameters.

## What it changes

What the optimizer is made from, and how the model keeps its layers.

## How it is sized

It is not; what is missing is counted.

## When not

Parts that another optimizer trains, or that are to stay as they are.

## What to look for

Every layer's update ratio is above zero.

## Sources

PyTorch documentation of `nn.ModuleList` and `torch.optim`.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """Where parameters are missing from the optimizer, or where that was not looked at."""
    missing, strange = facts.typical("wiring/not-in-optimizer"), facts.typical("wiring/not-in-model")
    share = facts.typical("wiring/out-of-reach")
    if missing == 0 and not strange and not share and not facts.out_of_gear:
        return None
    if strange:
        sentence = (
            "Make the optimizer after the model, from model.parameters(): it holds those of another one."
        )
    elif facts.out_of_gear:
        sentence = (
            "Make the optimizer from the parameters of the model that computes the loss: no gradient comes "
            "to those that it holds."
        )
    elif not missing and share:
        sentence = "Keep layers in nn.ModuleList: a plain list or dict hides them from parameters()."
    else:
        sentence = "Make the optimizer from model.parameters(), so that it holds all that should learn."
    return data.Remedy(
        "register-parameters",
        {"parameters": "all"},
        sentence,
        look_for="The update ratio of every layer is above zero.",
        safety="advise",
    )


REMEDY = Remedy("register-parameters", "give the optimizer all parameters", size)
