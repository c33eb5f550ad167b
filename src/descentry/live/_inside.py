"""What the layers of a compiled model give out: its call made once more, as it is written."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from descentry.instruments._probe import Batch
from descentry.instruments._undisturbed import as_it_was, eager, precision, tensors, untouched

Seen = dict[str, Tensor]


def look_inside(bare: nn.Module, batch: Batch, leaves: list[tuple[str, nn.Module]]) -> tuple[Seen, Seen]:
    """The first input and the first output of each leaf module, by its name.

    Compiled code passes the hooks of layers by, and hooks that are there when it is compiled are compiled
    into it. So the call is made again without compiling, with the same random numbers, and with buffers,
    attributes and hooks put back. Cost: a third of a gradient.

    Args:
        bare: The model as it was before it was compiled.
        batch: The call.
        leaves: Modules to look at.
    """
    inputs: Seen = {}
    outputs: Seen = {}
    devices = {p.device for p in bare.parameters()}
    state = {n: p.detach() for n, p in bare.named_parameters()}
    state |= {n: b.clone() for n, b in batch.buffers.items()}
    with (
        torch.no_grad(),
        untouched(bare),
        as_it_was(batch.random),
        precision(batch.autocast, devices),
        eager(),
    ):
        handles = [
            module.register_forward_hook(lambda _, *both, name=name: keep(inputs, outputs, name, *both))
            for name, module in leaves
        ]
        try:
            functional_call(bare, state, batch.args, dict(batch.kwargs), tie_weights=True)
        finally:
            for handle in handles:
                handle.remove()
    return inputs, outputs


def keep(inputs: Seen, outputs: Seen, name: str, given: Any, returned: Any) -> None:
    """Keeps the first tensor that a layer was given, and the first that it returned."""
    for kept, value in ((inputs, given), (outputs, returned)):
        first = next(tensors(value), None)
        if first is not None:
            kept[name] = first.detach()
