"""The scale of the targets: mean, spread, range, and whether they are whole numbers.

## What it is

What the loss function is asked to meet: how large the targets are and how far they spread, or how many
kinds there are.

## How it is measured

Over all targets of the batch: `mean`, `std` (dividing by n), `smallest`, `largest`; `integers`, the share
of targets that are whole numbers; `distinct`, the number of different values; `commonest`, the share of the
most frequent one. For targets of several columns, `spread`: the standard deviation of the widest column
over that of the narrowest that is not constant. Of more than 65,536 targets, `distinct` and `commonest` use
that many, evenly spaced, so that `distinct` is a lower bound.

## Cost

Some passes over the targets, and a sort.

## How to read it

For a squared error, a fresh network's outputs are near 0 and of the order of 1: targets with a mean or a
spread in the hundreds give a loss and gradients larger by the square, and a learning rate that is common
elsewhere diverges. Standardise them, and turn predictions back. A `spread` of 10 between columns lets the
widest one take 99% of the loss. Class indices have a scale without a meaning: there, `distinct` and
`commonest` tell the number of classes in the batch and how uneven they are.

## Limits

It is one batch. Targets that stand for padding (−100) are counted like any other. Targets that consist of
several tensors are not examined.

## Sources

Standardised targets: LeCun et al. 1998, *Efficient BackProp*; van Hasselt et al. 2016, *Learning values
across many orders of magnitude*.
"""

from __future__ import annotations

import torch
from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe
from descentry.instruments._runs_of_values import commonest, distinct, sample
from descentry.instruments._tensors import wide
from descentry.instruments._undisturbed import tensors


def measure(probe: Probe) -> list[Reading]:
    """Mean, spread and kinds of the targets; nothing where they are not one tensor of real numbers."""
    found = list(tensors(probe.targets))
    if len(found) != 1 or not found[0].numel() or found[0].is_complex() or found[0].layout != torch.strided:
        return []
    target = found[0].detach()
    numbers = wide(target)
    std, mean = torch.std_mean(numbers, correction=0)
    few, complete = sample(target)
    readings = [
        Reading("mean", mean),
        Reading("std", std),
        Reading("smallest", numbers.amin()),
        Reading("largest", numbers.amax()),
        Reading("integers", (numbers == numbers.round()).float().mean(), unit="fraction"),
        Reading("distinct", distinct(few), bound="" if complete else "lower", unit="values"),
        Reading("commonest", commonest(few), unit="fraction"),
    ]
    if target.is_floating_point() and target.ndim > 1 and target.shape[-1] > 1:
        readings.append(Reading("spread", _spread(numbers), unit="ratio"))
    return readings


def _spread(numbers: Tensor) -> Tensor:
    widths = numbers.reshape(-1, numbers.shape[-1]).std(0, correction=0)
    return widths.amax() / torch.where(widths > 0, widths, torch.inf).amin()


INSTRUMENT = Instrument(
    id="target-scale",
    title="mean, spread and range of the targets, and how many values they take",
    unit="target",
    cost=Cost(gradients=0.05),
    moment="before",
    needs=frozenset({"outputs"}),
    how_often="once",
    measure=measure,
)
