"""What the layers give out: mean, spread, saturation and zeros, layer by layer.

## What it is

The statistics of each layer's output on the batch, the share of saturated units after a squashing function,
and the share of zeros after a rectifier.

## How it is measured

Over all entries of the output: `mean` and `std` (dividing by n). `saturated`: the share of entries within
1% of the range from either bound of a tanh, sigmoid, hard tanh or hard sigmoid; beyond it their slope is
below 4% of its largest. `zeros`: the share of entries that are exactly zero after a ReLU. Functions without
a module of their own (`F.relu`, `torch.tanh`, `torch.sigmoid`) are recognised where the next layer's input
is exactly that function of this layer's output, and read under this layer's name. Of an output with more
than a million entries, evenly spaced examples are used.

## Cost

A few passes over the outputs of the layers. Nothing is kept.

## How to read it

A standard deviation that shrinks or grows by a steady factor from layer to layer, does so to signals and
gradients alike: the initial weights are too small or too large. Saturated units pass hardly any gradient: a
share above one half in a hidden layer slows everything below it. In the last layer it means sure
predictions, and in gates (of recurrent layers, of attention) saturation is how they work. About half of
zeros after a ReLU is usual, nine tenths is sparse but often fine; whether units are zero on every example
is another question: see `dead-units`.

## Limits

Modules that are called several times in a step show one of the calls. Layers that return several tensors
(recurrent ones, attention) are left out. What an in-place activation overwrote is read as it is afterwards.
NaN (not examined): the values say that something else lies between the two layers.

## Sources

Glorot and Bengio 2010, *Understanding the difficulty of training deep feedforward neural networks*; He et
al. 2015.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._layers import Gap, bounds, gaps, is_rectifier, outputs, some
from descentry.instruments._probe import Probe

MARGIN = 0.01  # of the range: the slope of tanh and sigmoid is below 4% of its largest there


def measure(probe: Probe) -> list[Reading]:
    """Mean and spread of each layer's output, then saturation and zeros where they apply."""
    modules = dict(probe.model.named_modules())
    readings: list[Reading] = []
    for name, output in outputs(probe):
        values = some(output)
        std, mean = torch.std_mean(values, correction=0)
        readings += [Reading(_of(name, "mean"), mean), Reading(_of(name, "std"), std)]
        module = modules.get(name)
        if module is None:
            continue
        between = bounds(module)
        if between is not None:
            readings.append(Reading(_of(name, "saturated"), _saturated(values, *between), unit="fraction"))
        elif is_rectifier(module):
            readings.append(Reading(_of(name, "zeros"), _zeros(values), unit="fraction"))
    for gap in gaps(probe):
        readings += _functional(gap)
    return readings


def _of(layer: str, what: str) -> str:
    return f"{layer}/{what}" if layer else what  # a model that is one layer has no name for it


def _functional(gap: Gap) -> Iterator[Reading]:
    values = some(gap.next_input) if gap.next_input.ndim else None
    tanh, sigmoid = gap.is_applied(torch.tanh), gap.is_applied(torch.sigmoid)
    if values is None or tanh is None or sigmoid is None:
        return
    nothing = torch.full_like(values.reshape(-1)[0], torch.nan)
    share = torch.where(sigmoid, _saturated(values, 0.0, 1.0), nothing)
    yield Reading(
        _of(gap.name, "saturated"), torch.where(tanh, _saturated(values, -1.0, 1.0), share), unit="fraction"
    )
    rectified = gap.is_applied(torch.relu)
    if rectified is not None:
        yield Reading(
            _of(gap.name, "zeros"), torch.where(rectified, _zeros(values), nothing), unit="fraction"
        )


def _saturated(values: Tensor, low: float, high: float) -> Tensor:
    margin = MARGIN * (high - low)
    return ((values < low + margin) | (values > high - margin)).float().mean()


def _zeros(values: Tensor) -> Tensor:
    return (values == 0).float().mean()


INSTRUMENT = Instrument(
    id="activations",
    title="mean, spread, saturation and zeros of what the layers give out",
    unit="activation",
    cost=Cost(gradients=0.2),
    moment="before",
    needs=frozenset({"activations"}),
    how_often="sampled",
    measure=measure,
)
