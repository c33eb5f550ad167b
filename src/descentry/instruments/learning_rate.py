"""The learning rate in force, with momentum, weight decay and clipping.

## What it is

What the optimizer is set to at this step, for each of its parameter groups.

## How it is measured

Read off `optimizer.param_groups`: `lr`, `momentum` (the first of the `betas` where there are betas),
`weight_decay`. The norm that the gradients are clipped to is read where the optimizer has it as a setting,
or where the watch saw the clipping. Each number is read at the first step and whenever it changed.

## Cost

A few comparisons a step, on the CPU.

## How to read it

As the time line to lay beside the loss: a change of the loss at the step where the rate changed is the
schedule's doing. Several groups are told apart by a number, `lr/1`, the first group being without one.

## Limits

The rate in the settings is not the length of a step: see `update-ratio`. Clipping by hand leaves no trace
here; a gradient norm that is the same at every step tells it. A rate that is kept as a tensor on a GPU is
read at every step, since to compare it would mean to wait for the device.

## Sources

None: it is read off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from descentry.instruments._entry import Cost, Instrument, Reading
from descentry.instruments._probe import Probe

_CLIPS = ("max_norm", "max_grad_norm", "clip_grad_norm")


def measure(probe: Probe) -> list[Reading]:
    """What is new or has changed since the last step; the rate of the first group under the empty name."""
    readings = []
    for name, value in _settings(probe).items():
        if isinstance(value, Tensor) and value.device.type != "cpu":
            readings.append(Reading(name, value.detach().clone()))
            continue
        number = float(value)
        if probe.memory.get(name) != number:
            probe.memory[name] = number
            readings.append(Reading(name, number))
    return readings


def _settings(probe: Probe) -> dict[str, float | Tensor]:
    found: dict[str, float | Tensor] = {}
    for index, group in enumerate(probe.optimizer.param_groups):
        for name, value in _of(group):
            if isinstance(value, (int, float)) or (isinstance(value, Tensor) and value.numel() == 1):
                found[f"{name or 'lr'}/{index}" if index else name] = value
    if probe.max_norm is not None:
        found["clipping"] = probe.max_norm
    return found


def _of(group: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield "", group.get("lr")
    betas = group.get("betas")
    yield "momentum", betas[0] if isinstance(betas, (list, tuple)) and betas else group.get("momentum")
    yield "weight-decay", group.get("weight_decay")
    yield "clipping", next((group[k] for k in _CLIPS if k in group), None)


INSTRUMENT = Instrument(
    id="learning-rate",
    title="learning rate, momentum, weight decay and clipping in force",
    unit="",
    cost=Cost(),
    moment="before",
    needs=frozenset(),
    how_often="every-step",
    measure=measure,
)
