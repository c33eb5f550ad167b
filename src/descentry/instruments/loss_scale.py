"""Precision in force, and the loss scale of mixed precision: how often a step was skipped.

## What it is

The scale by which a `GradScaler` multiplies the loss, how many updates it has skipped so far, and how many
significant bits the weights and the computation have.

## How it is measured

The scale is read off the scaler the watch saw. It falls only where a gradient was not finite, which is
where the update was skipped:

    skips = log(scale after / scale before) / log(backoff factor), added up over the steps where it fell

Precision is counted in bits of the significand: 53 for float64, 24 for float32, 11 for float16, 8 for
bfloat16. `weight-bits` is that of the least precise parameter, `compute-bits` that of automatic mixed
precision where it is on; both are read when they change.

## Cost

A handful of operations on one number a step, where there is a scaler; nothing where there is none.

## How to read it

A few skips at the very start are the scaler finding its scale, and one every few thousand steps is it
trying a larger one. A skip every few steps, or a scale that falls below 1, means that gradients overflow
for a reason of their own: look at `gradient-norm`. With 8 bits a weight cannot change by less than a part
in 256, so updates smaller than that are lost unless the optimizer keeps a finer copy.

## Limits

Skips by hand, without a scaler, are not seen; nor is TF32, which computes float32 products with 11 bits.
Where several updates lie between two looks at the scale, and it grew between two skips, the skips before
that are counted from the ratio and can be one too few.

## Sources

Micikevicius et al. 2018, *Mixed Precision Training*; `torch.amp.GradScaler`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe


def measure(probe: Probe) -> list[Reading]:
    """The scale and the skips, where there is a scaler, and the precisions when they change."""
    readings = [*_scale(probe)]
    for name, dtype in (("weight-bits", _weights(probe)), ("compute-bits", _compute(probe))):
        if dtype is not None and probe.memory.get(name) != dtype:
            probe.memory[name] = dtype
            readings.append(Reading(name, bits(dtype), unit="bits"))
    return readings


def _scale(probe: Probe) -> list[Reading]:
    # The public `get_scale` waits for the device.
    scale = getattr(probe.scaler, "_scale", None)
    if not isinstance(scale, Tensor):
        return []
    memory = probe.memory
    last, skips = memory.get("scale", scale), memory.get("skips", torch.zeros_like(scale))
    fallen = (torch.log(scale / last) / math.log(probe.scaler.get_backoff_factor())).clamp_min(0).round()
    memory["scale"], memory["skips"] = scale.detach().clone(), skips + fallen
    return [Reading("", memory["scale"]), Reading("skips", memory["skips"], unit="steps")]


def _weights(probe: Probe) -> torch.dtype | None:
    return min((p.dtype for p in probe.parameters.values()), key=bits, default=None)


def _compute(probe: Probe) -> torch.dtype | None:
    return min(probe.batch.autocast.values(), key=bits, default=None) if probe.batch is not None else None


def bits(dtype: torch.dtype) -> float:
    """Bits of the significand, the hidden one too.

    >>> bits(torch.float32), bits(torch.bfloat16)
    (24.0, 8.0)
    """
    return 1.0 - math.log2(torch.finfo(dtype).eps)


INSTRUMENT = Instrument(
    id="loss-scale",
    title="precision in force, loss scale and skipped steps of mixed precision",
    unit="",
    cost=Cost(),
    moment="after",
    needs=frozenset(),
    how_often="every-step",
    measure=measure,
)
