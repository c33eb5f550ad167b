"""Give the loss raw outputs.

## What it changes

The softmax or sigmoid before the loss is dropped, since the loss applies its own. It is applied to
predictions only.

## How it is sized

It is not. It does not apply where outputs were measured to be raw already.

## When not

With `NLLLoss` and `BCELoss`, which apply none: change those for `CrossEntropyLoss` and `BCEWithLogitsLoss`.

## What to look for

The loss falls below the floor that it had, 1.46 for ten classes.

## Sources

PyTorch documentation of `CrossEntropyLoss` and `BCEWithLogitsLoss`.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy | None:
    """Where the outputs are squashed before the loss squashes them, or where that was not looked at."""
    squashed = facts.typical("output-check/already-probabilities")
    clipped = facts.typical("output-check/clipped-logits")
    raw = facts.typical("output-check/not-log-probabilities")
    if squashed or (squashed is None and clipped is None and raw is None):
        last = "softmax or sigmoid"
    elif clipped:
        last = "rectifier or tanh"
    elif raw:
        return data.Remedy(
            "use-logits",
            {"loss": "cross_entropy"},
            "Use CrossEntropyLoss on the raw outputs, or put a log_softmax before NLLLoss.",
            look_for="The loss begins at the logarithm of the number of classes, and is never negative.",
            safety="advise",
        )
    else:
        return None
    return data.Remedy(
        "use-logits",
        {"outputs": "logits"},
        f"Take the {last} out of the end of the model: the loss wants the raw outputs.",
        look_for="The loss falls below the floor that it had.",
        safety="advise",
    )


REMEDY = Remedy("use-logits", "give the loss raw outputs", size)
