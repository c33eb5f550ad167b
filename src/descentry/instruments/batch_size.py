"""How many examples a batch holds.

## What it is

The number of examples that the loss of a step is computed on.

## How it is measured

The first dimension of the targets; of the outputs where there are no targets with a dimension. Where the
targets hold more numbers than examples, as the tokens of a text, `targets` is how many they are. Each is
read when it has changed.

## Cost

Nothing: shapes are known without looking at the data.

## How to read it

Beside the gradient noise scale, which says how large a batch is worth its price, and as an event in time: a
loss that jumps where the batch size changed has its reason there. A smaller last batch of each epoch is
common, and noisier.

## Limits

Where gradients are accumulated or computed on several devices, it is one part of the whole batch. Where the
first dimension is not the batch (time first), it is what the first dimension is.

## Sources

None: it is read off.
"""

from __future__ import annotations

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe, batch_size
from descentry.instruments._undisturbed import tensors


def measure(probe: Probe) -> list[Reading]:
    """The number of examples under the empty name, and of targets; only where it is new."""
    size = batch_size(probe.targets)
    if size is None:
        size = batch_size(probe.outputs)
    if size is None:
        return []
    sizes = {"": size}
    count = sum(t.numel() for t in tensors(probe.targets))
    if count > size or "targets" in probe.memory:
        sizes["targets"] = count
    changed = {n: v for n, v in sizes.items() if probe.memory.get(n) != v}
    probe.memory.update(changed)
    return [Reading(n, float(v), unit=n or None) for n, v in changed.items()]


INSTRUMENT = Instrument(
    id="batch-size",
    title="number of examples in the batch",
    unit="examples",
    cost=Cost(),
    moment="before",
    needs=frozenset({"outputs"}),
    how_often="sampled",
    measure=measure,
)
