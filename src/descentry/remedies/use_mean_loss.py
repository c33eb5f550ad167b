"""Take the mean of the loss.

## What it changes

The reduction of the loss, from a sum to a mean; or the learning rate, divided by the size of the batch,
which is the same for plain gradient descent.

## How it is sized

The rate for a sum is the rate over the batch size that was measured.

## When not

Where the rate was chosen for a sum.

## What to look for

A loss that does not depend on the batch size, and steps below the edge of stability.

## Sources

Goyal et al. 2017, *Accurate, Large Minibatch SGD*.
"""

from __future__ import annotations

from descentry.core import data
from descentry.facts import Facts
from descentry.remedies._entry import Remedy


def size(facts: Facts) -> data.Remedy:
    """With the rate that would do the same, where rate and batch size are known."""
    rate, batch = facts.peak_rate, facts.batch_size
    change: dict[str, object] = {"reduction": "mean"}
    sentence = "Take the mean of the loss over the batch"
    if rate and batch and batch > 1:
        change["lr_for_sum"] = rate / batch
        sentence += f"; or keep the sum, and set the rate to {rate / batch:.2g} ({rate:.2g} / {batch:.0f})"
    return data.Remedy(
        "use-mean-loss",
        change,
        sentence + ".",
        look_for="A loss that does not depend on the batch size, and falls from the first steps on.",
        safety="advise",
    )


REMEDY = Remedy("use-mean-loss", "take the mean of the loss", size)
