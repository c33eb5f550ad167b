r"""Whether the loss grows with the batch: a sum where a mean was meant, or the other way round.

## What it is

The power of the batch size that the loss is proportional to: 0 for a mean over the examples, 1 for a sum.

## How it is measured

The loss function is called on the outputs of the whole batch and on those of either half, so that no
randomness of the model is in it:

$$p = \log_2 \frac{L(B)}{\frac12 (L(B_1) + L(B_2))}.$$

Of an odd number of examples the last is left out. `factor` is the loss that the training used over the loss
function's value on its outputs.

## Cost

Four calls of the loss function, without the model, and as many copies of the outputs.

## How to read it

Near 1, the gradient grows with the batch: a learning rate that suits a mean is too large by the batch size,
and a smaller last batch takes a smaller step. That is right where the rate was chosen for a sum, or where
`factor` is one over the batch size. A `factor` of ½, ¼, … is what accumulation over 2, 4, … batches needs.
Between 0 and 1: losses that compare the examples with each other (contrastive ones).

## Limits

Not examined (NaN) for losses that are zero or negative. A weighted mean, or one that leaves padding out,
gives values near 0 but not exactly 0. `factor` also holds penalties that the training adds, and whatever
else it does to the loss.

## Sources

Goyal et al. 2017, *Accurate, Large Minibatch SGD*, on normalising the loss by the batch. The formula
follows from the definition.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._loss_calls import copied, examinable
from descentry.instruments._probe import Probe, batch_size
from descentry.instruments._undisturbed import mapped


def measure(probe: Probe) -> list[Reading]:
    """The power under the empty name, and the factor; nothing where the batch cannot be halved.

    Raises:
        RuntimeError: The outputs are too many to examine.
    """
    if probe.loss_fn is None or probe.outputs is None or probe.targets is None:
        return []
    (outputs, targets), complete = examinable(probe)
    readings: list[Reading] = []
    if complete and probe.loss is not None:
        whole = _loss(probe, outputs, targets)
        readings.append(Reading("factor", probe.loss.detach().float().mean() / whole, unit="ratio"))
    size = batch_size(outputs)
    if size is None or size < 2 or batch_size(targets) != size:
        return readings
    half = size // 2
    first, second, both = (
        _loss(probe, _cut(outputs, size, rows), _cut(targets, size, rows))
        for rows in (slice(0, half), slice(half, 2 * half), slice(0, 2 * half))
    )
    mean = (first + second) / 2
    power = torch.where((both > 0) & (mean > 0), (both / mean).log2(), torch.nan)
    return [Reading("", power), *readings]


def _cut(value: Any, size: int, rows: slice) -> Any:
    def cut(tensor: Tensor) -> Tensor:
        return tensor[rows] if tensor.ndim and tensor.shape[0] == size else tensor

    return mapped(value, cut)


def _loss(probe: Probe, outputs: Any, targets: Any) -> Tensor:
    # A loss that is not reduced at all is averaged by the training, as far as can be told.
    loss: Tensor = probe.loss_between(copied(outputs), copied(targets))
    return loss.detach().float().mean()


INSTRUMENT = Instrument(
    id="loss-reduction",
    title="the power of the batch size that the loss grows with",
    unit="exponent",
    cost=Cost(gradients=0.1),
    moment="before",
    needs=frozenset({"outputs", "loss"}),
    how_often="once",
    measure=measure,
)
