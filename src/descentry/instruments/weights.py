"""The weights at the start: rows that are alike, zeros, and the scale of the initialisation.

## What it is

For each weight matrix: the share of rows that another row repeats exactly, the share of entries that are
exactly zero, and the size of the weights relative to what keeps signals at their size.

## How it is measured

A row holds the weights of one unit. Rows are sorted by a random projection and neighbours compared entry by
entry, so rows that are alike are found whatever their order.

    alike/NAME = rows that equal another row / rows
    zeros/NAME = entries that are 0 / entries
    scale/NAME = root mean square of the entries · √fan_in

Kernels of convolutions count as one row for each output channel. Of matrices with more than 4,096 rows the
first 4,096 are compared.

## Cost

A few passes over the weights, once.

## How to read it

`alike`: 0 in every usual initialisation. Near 1: all units of the layer compute the same, get the same
gradient and stay the same; the layer is as good as one unit. `scale`: He's initialisation gives √2,
Glorot's about 1, PyTorch's own for linear layers and convolutions 0.58. Above about 5 a layer multiplies
signals by as much, and a stack of such layers saturates or overflows; below about 0.1 signals and gradients
die out. `zeros` near 1: the layer gives nothing but its bias.

## Limits

Zeros, and rows alike, are meant where a branch is to start as nothing: the last layer of a residual block,
an adapter, a gate. They are harmless in the last layer of a network too. Units with equal weights and
different outgoing weights part in time. The scale says nothing about layers that are normalised right
after, and is not read for embeddings, whose rows are looked up and not multiplied.

## Sources

Glorot and Bengio 2010; He, Zhang, Ren and Sun 2015; Goodfellow, Bengio and Courville 2016, section 8.4
(symmetry).
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe
from descentry.instruments._tensors import wide

ROWS = 4_096
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_LOOKED_UP = (nn.Embedding, nn.EmbeddingBag)


def measure(probe: Probe) -> list[Reading]:
    """Three readings for each weight matrix."""
    return [
        reading
        for name, parameter in probe.parameters.items()
        if parameter.ndim >= 2 and parameter.numel()
        for reading in _of(name, parameter.detach(), _owner(probe.model, name))
    ]


def _of(name: str, weight: Tensor, owner: nn.Module | None) -> Iterator[Reading]:
    yield Reading(f"zeros/{name}", (weight == 0).sum() / weight.numel())
    if isinstance(owner, _LOOKED_UP):
        return
    if len(weight) > 1:
        yield Reading(f"alike/{name}", _alike(weight[:ROWS].reshape(min(len(weight), ROWS), -1)))
    fan_in = weight[:, 0].numel() if isinstance(owner, _TRANSPOSED) else weight[0].numel()
    size = torch.linalg.vector_norm(weight, dtype=wide(weight[:1]).dtype)
    yield Reading(f"scale/{name}", size * (fan_in / weight.numel()) ** 0.5, unit="")


def _alike(rows: Tensor) -> Tensor:
    """The share of rows that another row equals: equal rows are neighbours once sorted by a projection."""
    generator = torch.Generator().manual_seed(0)
    direction = torch.randn(rows.shape[1], generator=generator).to(rows.device, non_blocking=True)
    ordered = rows[torch.argsort((wide(rows) * direction).sum(1))]
    same = (ordered[1:] == ordered[:-1]).all(1)
    none = same.new_zeros(1)
    return (torch.cat([none, same]) | torch.cat([same, none])).sum() / len(rows)


def _owner(model: nn.Module, name: str) -> nn.Module | None:
    path, _, _ = name.rpartition(".")
    try:
        return model.get_submodule(path)
    except AttributeError:
        return None


INSTRUMENT = Instrument(
    id="weights",
    title="rows that are alike, zeros and the scale of the weights at the start",
    unit="fraction",
    cost=Cost(passes=8),
    moment="before",
    needs=frozenset(),
    how_often="once",
    measure=measure,
    information=3.0,
)
