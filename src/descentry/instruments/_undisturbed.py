"""Calling the user's model again unnoticed by the training: random streams, modes, hooks, attributes."""

from __future__ import annotations

import contextlib
import random as python_random
import sys
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def tensors(value: Any) -> Iterator[Tensor]:
    """Every tensor in nested arguments."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from tensors(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from tensors(item)


def mapped(value: Any, change: Any) -> Any:
    """The same nesting with ``change`` applied to every tensor; what is no tensor stays what it is."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, Mapping):
        changed = {k: mapped(v, change) for k, v in value.items()}
        # Dictionaries with attributes, such as the batches of tokenisers, are made again as what they are.
        return changed if type(value) is dict else _like(value, changed)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(mapped(v, change) for v in value))
    if isinstance(value, (list, tuple)):
        return type(value)(mapped(v, change) for v in value)
    return value


def _like(value: Mapping[Any, Any], changed: dict[Any, Any]) -> Any:
    try:
        return type(value)(changed)  # type: ignore[call-arg]
    except TypeError:
        return changed


def random_state(devices: Iterable[torch.device]) -> dict[str, Any]:
    """State of each random stream that a forward pass may draw from: Python's, numpy's, the CPU's, these."""
    state: dict[str, Any] = {
        "python": python_random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002 - the stream that a model may draw from is this one
        "cpu": torch.get_rng_state(),
    }
    for device in devices:
        if device.type in ("cuda", "xpu"):
            state[str(device)] = getattr(torch, device.type).get_rng_state(device)
        elif device.type == "mps":
            state[str(device)] = torch.mps.get_rng_state()
    return state


def set_random_state(state: Mapping[str, Any]) -> None:
    """Sets every random stream to what :func:`random_state` returned."""
    for name, value in state.items():
        if name == "python":
            python_random.setstate(value)
        elif name == "numpy":
            np.random.set_state(value)  # noqa: NPY002
        elif name == "cpu":
            torch.set_rng_state(value)
        elif name.startswith("mps"):
            torch.mps.set_rng_state(value)
        else:
            getattr(torch, name.partition(":")[0]).set_rng_state(value, name)


def _reseed(state: Mapping[str, Any], stream: int) -> None:
    seed = stream
    for name in sorted(state):
        if isinstance(state[name], Tensor):
            seed = zlib.crc32(state[name].numpy().tobytes(), seed)
            if name == "cpu":
                torch.default_generator.manual_seed(seed)
            elif name.startswith("mps"):
                torch.mps.manual_seed(seed)
            else:
                device = torch.device(name)
                getattr(torch, device.type).default_generators[device.index or 0].manual_seed(seed)
    python_random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002


@contextlib.contextmanager
def as_it_was(state: Mapping[str, Any], stream: int = 0) -> Iterator[None]:
    """Random streams as they were at the captured moment, put back afterwards.

    Args:
        state: What :func:`random_state` returned then.
        stream: When not 0, streams that follow from that state, each different: the parts of a batch must
            not share their dropout masks.
    """
    host = ("python", "numpy", "cpu")
    kept = random_state([torch.device(name) for name in state if name not in host])
    try:
        set_random_state(state)
        if stream:
            _reseed(state, stream)
        yield
    finally:
        set_random_state(kept)


@contextlib.contextmanager
def untouched(*roots: Any) -> Iterator[None]:
    """Modules whose attributes, modes and hooks are put back, and whose hooks stay silent meanwhile.

    Users count, log and store in hooks and in forward passes. Only the hooks of ``torch.nn.utils`` run, which
    compute weights (spectral and weight norm, pruning).
    """
    modules = [m for root in roots if isinstance(root, nn.Module) for m in root.modules()]
    kept = [(m.__dict__, dict(m.__dict__), dict(m._buffers)) for m in modules]
    try:
        for live, before, _ in kept:
            for name in _HOOKS:
                if before.get(name):
                    hooks = before[name].items()
                    live[name] = OrderedDict((k, h) for k, h in hooks if _computes_weights(h))
        yield
    finally:
        for live, before, buffers in kept:
            _restore(live, before)
            _restore(live["_buffers"], buffers)


def _computes_weights(hook: Any) -> bool:
    return type(hook).__module__.startswith("torch.nn.utils")


def _restore(live: dict[str, Any], before: dict[str, Any]) -> None:
    for name in live.keys() - before.keys():
        del live[name]
    for name, value in before.items():
        if live.get(name, live) is not value:
            live[name] = value


def autocast_state(devices: Iterable[torch.device]) -> dict[str, torch.dtype]:
    """Device types for which automatic mixed precision is on, and its precision."""
    types = {"cpu", *(device.type for device in devices)}
    return {t: torch.get_autocast_dtype(t) for t in sorted(types) if torch.is_autocast_enabled(t)}


@contextlib.contextmanager
def precision(captured: Mapping[str, torch.dtype], devices: Iterable[torch.device]) -> Iterator[None]:
    """Automatic mixed precision as it was at the captured moment."""
    with contextlib.ExitStack() as stack:
        for kind in sorted({"cpu", *(device.type for device in devices)}):
            if kind in captured or torch.is_autocast_enabled(kind):
                # No cache: it would keep our copies of the weights until the training leaves its own region.
                stack.enter_context(
                    torch.autocast(kind, captured.get(kind), enabled=kind in captured, cache_enabled=False)
                )
        yield


@contextlib.contextmanager
def eager() -> Iterator[None]:
    """Compiled modules run as they were written: nothing is compiled again, and twice differentiable."""
    compiler = sys.modules.get("torch._dynamo")
    stance = getattr(torch.compiler, "set_stance", None)
    if compiler is None or stance is None:
        yield
        return
    with stance("force_eager"):
        yield
