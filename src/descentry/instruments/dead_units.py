"""Units of a rectified layer that are zero on every example seen, and so pass no gradient.

## What it is

For each layer with a ReLU after it, the share of its units (channels of a convolution) that gave zero for
every example of the last batches measured, and how many examples those were.

## How it is measured

A unit is alive in a batch if any example, at any position, makes it positive. Kept are one flag a unit for
each of the last 16 batches measured; dead is what was alive in none. `LAYER/examples` is the number of
examples in them. A ReLU without a module of its own is recognised where the next layer's input is exactly
the rectified output of this one, or its max-pooled maximum, and is read under this layer's name.

## Cost

A pass over the outputs of these layers; 16 bytes a unit are kept.

## How to read it

An upper bound: among n examples, a unit that responds to fewer than 3 in n may look dead (with 95%
confidence it is among those). A few percent on some thousand examples are usual, a quarter where examples
are few or inputs all positive. A share that climbs while the loss stalls, often after a spike or with a
large learning rate, is capacity being lost; one half and more from the start points to the initial weights
or biases, or to inputs that are not centred. A layer with all units dead passes nothing: everything below
it has stopped learning.

## Limits

The weights move between the batches: a unit that died 10 batches ago is counted when the batches in which
it lived have left. Dead inputs of the model (pixels that are always black) are not units and not counted.
Leaky rectifiers, GELU and SiLU do not die in this sense. Modules that are called several times in a step
show one of the calls. NaN (not examined): the values say that something else lies between the two layers.

## Sources

Lu et al. 2020, *Dying ReLU and Initialization*; Maas et al. 2013. The rule of three: Hanley and
Lippman-Hand 1983.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._layers import gaps, is_rectifier, outputs, units
from descentry.instruments._probe import Probe

BATCHES = 16


def measure(probe: Probe) -> list[Reading]:
    """The share of dead units and the number of examples it rests on, for each rectified layer."""
    readings: list[Reading] = []
    for name, alive, certain, examples in _alive(probe):
        seen = probe.memory.get(name)
        if seen is None or not seen.fits(alive):
            probe.memory[name] = seen = _Seen.of(alive)
        share, total = seen.add(alive, examples)
        if certain is not None:
            share = torch.where(certain, share, torch.nan)
        readings.append(Reading(name, share, bound="upper"))
        readings.append(Reading(f"{name}/examples" if name else "examples", float(total), unit="examples"))
    return readings


@dataclass(eq=False)
class _Seen:
    """Which units were alive in each of the last batches, and how many examples those had."""

    alive: Tensor
    examples: list[int]
    next: int = 0

    @classmethod
    def of(cls, alive: Tensor) -> _Seen:
        return cls(alive.new_zeros((BATCHES, len(alive))), [0] * BATCHES)

    def fits(self, alive: Tensor) -> bool:
        return self.alive.shape[1:] == alive.shape and self.alive.device == alive.device

    def add(self, alive: Tensor, examples: int) -> tuple[Tensor, int]:
        self.alive[self.next], self.examples[self.next] = alive, examples
        self.next = (self.next + 1) % BATCHES
        return (~self.alive.any(0)).float().mean(), sum(self.examples)


def _alive(probe: Probe) -> Iterator[tuple[str, Tensor, Tensor | None, int]]:
    modules = dict(probe.model.named_modules())
    for name, output in outputs(probe):
        if name in modules and is_rectifier(modules[name]):
            yield name, _positive(output), None, len(output)
    for gap in gaps(probe):
        rectified = gap.is_rectified()
        if rectified is not None:
            yield gap.name, _positive(gap.output), rectified, len(gap.output)


def _positive(output: Tensor) -> Tensor:
    # A unit that is not a number is not dead: that is another fault.
    return ~(units(output) <= 0).all(2).all(0)


INSTRUMENT = Instrument(
    id="dead-units",
    title="share of units that are zero on every example seen",
    unit="fraction",
    cost=Cost(gradients=0.1),
    moment="before",
    needs=frozenset({"activations"}),
    how_often="sampled",
    measure=measure,
)
