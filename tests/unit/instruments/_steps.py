"""One real step of a model, captured as the watch captures it: its outputs and what its layers gave out."""

from __future__ import annotations

from typing import Any

import torch
from tests._probes import Training
from torch import nn

from descentry.instruments._last_operation import last_operation


def probe(
    model: nn.Module, x: Any, y: Any, loss_fn: Any, memory: dict[str, Any] | None = None, **options: Any
):
    """The probe of one backward pass; the weights are not updated."""
    training = Training(model, torch.optim.SGD(model.parameters(), 0.1), loss_fn, (x,), y, **options)
    made: list[str] = []
    hooks = [
        *training._hooks(),
        model.register_forward_hook(lambda m, a, out: made.append(last_operation(out))),
    ]
    loss = training._gradients()
    for hook in hooks:
        hook.remove()
    found = training.probe(loss, memory)
    found.made_by = made[-1]
    return found


def read(instrument: Any, *arguments: Any, **options: Any) -> dict[str, float]:
    """What an instrument reads at such a step, as plain numbers by name."""
    return {r.name: float(r.value) for r in instrument.measure(probe(*arguments, **options))}
