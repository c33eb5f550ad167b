"""What is wrapped around a model to distribute or compile it, and what that leaves to be measured."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from descentry.instruments._entry import Instrument


@dataclass(frozen=True)
class Around:
    """A model and what is around it.

    Attributes:
        hooked: The module whose call is seen: what is compiled is seen from outside.
        bare: The model itself.
        compiled: Whether it runs as compiled code, which shows nothing of its layers.
        rank: Of this process among those that train it together.
        objection: Why an instrument cannot be laid on; empty where it can.
    """

    hooked: nn.Module
    bare: nn.Module
    compiled: bool
    rank: int
    objection: Callable[[Instrument], str]


def of(model: nn.Module) -> Around:
    """Looks through DistributedDataParallel, DataParallel and ``torch.compile``."""
    hooked, compiled = model, False
    while True:
        if isinstance(model, (nn.parallel.DistributedDataParallel, nn.DataParallel)):
            model = model.module
        elif isinstance(inner := getattr(model, "_orig_mod", None), nn.Module):
            hooked, compiled, model = (hooked if compiled else model), True, inner
        else:
            break
        hooked = hooked if compiled else model
    rank = _rank()
    sharded = any(type(p).__name__ == "DTensor" for p in model.parameters()) or any(
        "FullyShardedDataParallel" in type(m).__name__ for m in model.modules()
    )
    talks = _distributed() and any(isinstance(m, nn.SyncBatchNorm) for m in model.modules())
    # Hooks on a model that is compiled in place would be compiled into it.
    blind = getattr(hooked, "_compiled_call_impl", None) is not None
    scripted = isinstance(hooked, torch.jit.ScriptModule)  # takes no hooks

    def objection(instrument: Instrument) -> str:
        if rank:
            return "only the first process of a distributed run measures"
        if sharded:
            return "the parameters are spread over several processes, which all would have to measure"
        if talks and "batch" in instrument.needs:
            return "synchronised batch normalisation would have all processes evaluate the batch again"
        if scripted and instrument.needs & {"batch", "outputs", "activations"}:
            return "a model of TorchScript cannot be seen; the Python that it was made of can"
        if blind and instrument.needs & {"batch", "outputs", "activations"}:
            return "a model that was compiled in place cannot be seen; torch.compile(model) can"
        return ""

    return Around(hooked, model, compiled, rank, objection)


def _distributed() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _rank() -> int:
    if _distributed():
        return torch.distributed.get_rank()
    # Started by torchrun, and not yet in its group.
    if "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("RANK", "").isdigit():
        return int(os.environ["RANK"])
    return 0
