"""What the settings of a run are, read off the model, the optimizer and the batch."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from descentry.instruments._entry import Instrument

LAYERS = 200  # layers that are named


def of_training(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    loss_fn: Any,
    instruments: Iterable[Instrument],
    overhead: float,
) -> dict[str, Any]:
    """The optimizer and its settings, the layers and their number of parameters, the loss, the device.

    ``instruments`` maps each instrument's id to its unit: by it readings are told from the user's metrics.
    """
    parameters = list(model.parameters())
    first = next((p for p in parameters if p.is_floating_point()), None)
    found: dict[str, Any] = {
        "model": type(model).__name__,
        "optimizer": type(optimizer).__name__,
        **_plain(getattr(optimizer, "defaults", {})),
        **_plain(optimizer.param_groups[0]),
        "parameter_groups": len(optimizer.param_groups),
        "parameters": sum(_numel(p) for p in parameters),
        "layers": [list(layer) for layer in _layers(model)],
        "overhead": overhead,
        "instruments": {i.id: i.unit for i in instruments},
    }
    if first is not None:
        found |= {"device": str(first.device), "dtype": str(first.dtype).removeprefix("torch.")}
    if loss_fn is not None:
        found["loss_function"] = name_of(loss_fn)
    return found


def name_of(loss_fn: Any) -> str:
    """What a loss function is called."""
    if isinstance(loss_fn, nn.Module):
        return type(loss_fn).__name__
    return str(getattr(loss_fn, "__name__", type(loss_fn).__name__))


def _plain(settings: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, (bool, int, float, str)) or value is None:
            kept[name] = value
        elif isinstance(value, (list, tuple)) and all(isinstance(v, (int, float)) for v in value):
            kept[name] = list(value)
        elif isinstance(value, torch.Tensor) and value.numel() == 1 and value.device.type == "cpu":
            kept[name] = float(value)
    return kept


def _numel(parameter: nn.Parameter) -> int:
    try:
        return parameter.numel()
    except (RuntimeError, ValueError):  # not materialised yet
        return 0


def _layers(model: nn.Module) -> list[tuple[str, str]]:
    leaves = [(n, type(m).__name__) for n, m in model.named_modules() if not [*m.children()]]
    half = LAYERS // 2
    return leaves if len(leaves) <= LAYERS else [*leaves[:half], *leaves[-half:]]


def reduction_of(loss_fn: Any, keywords: Mapping[str, Any]) -> str:
    """``mean``, ``sum`` or ``none``, where it can be told."""
    named = keywords.get("reduction") or getattr(loss_fn, "reduction", None)
    if named is None:
        try:
            default = inspect.signature(loss_fn).parameters["reduction"].default
        except (KeyError, TypeError, ValueError):
            return ""
        named = default
    return named if isinstance(named, str) else ""
