"""States of a training in memory, by label: what a pilot goes back to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import hypot
from typing import Any

import torch
from torch import Tensor, nn

from descentry.control._orders import Label
from descentry.instruments._undisturbed import random_state, set_random_state
from descentry.trials.snapshot import Snapshot


class Ring:
    """Keeps snapshots. On a GPU they are kept in the memory of the machine.

    Going back puts back weights, buffers, gradients, and the optimizer's memory. Random streams go on, so
    that the same draws, and the batch that did the harm, do not come again; and so do the settings of the
    optimizer, which are the schedule's.

    Cost of a state: what one copy of weights, gradients and optimizer memory takes.

    Args:
        model: The model.
        optimizer: Its optimizer.
        others: What else is to go back with them.
    """

    def __init__(self, model: nn.Module, optimizer: Any, others: Sequence[Any]) -> None:
        self._things = model, optimizer, *others
        self._optimizer = optimizer
        self._kept: dict[Label, Snapshot] = {}
        devices = {p.device for p in model.parameters()} | {b.device for b in model.buffers()}
        self._devices = devices
        self._where = None if devices <= {torch.device("cpu")} else torch.device("cpu")

    def keep(self, label: Label) -> None:
        """Keeps the present state; one of that label is replaced."""
        model, optimizer, *others = self._things
        self._kept[label] = Snapshot.take(model, optimizer, *others, device=self._where)

    def restore(self, label: Label) -> None:
        """Puts a kept state back, as often as needed."""
        streams = random_state(self._devices)
        settings = [_settings(g) for g in self._optimizer.param_groups]
        try:
            self._kept[label].restore()
        finally:
            for group, now in zip(self._optimizer.param_groups, settings, strict=True):
                _put(group, now)
            set_random_state(streams)

    def drop(self, labels: Iterable[Label]) -> None:
        """Forgets these, where they are kept."""
        for label in labels:
            self._kept.pop(label, None)

    def clear(self) -> None:
        """Forgets all."""
        self._kept.clear()

    @property
    def nbytes(self) -> int:
        """Bytes of memory that all kept states take."""
        return sum(s.nbytes for s in self._kept.values())


class Weights:
    """Where the weights of an optimizer are, to tell later how far they have moved; as large as they are."""

    def __init__(self, optimizer: Any) -> None:
        self._held = [p for g in optimizer.param_groups for p in g["params"] if p.is_floating_point()]
        self._then = [p.detach().clone() for p in self._held]

    def moved(self) -> float:
        """Their distance from where they were, over their size there; one pass over them."""
        pairs = zip(self._held, self._then, strict=True)
        apart = [float(torch.linalg.vector_norm(p.detach() - t)) for p, t in pairs]
        size = [float(torch.linalg.vector_norm(t)) for t in self._then]
        there, was = hypot(*apart), hypot(*size)
        return there / was if was > 0.0 else there


def state_bytes(model: nn.Module, optimizer: Any) -> int:
    """Bytes that a state will take once the optimizer has its memory: at most two numbers beside each weight.

    Known before the first step, so that the same states are kept in every run of a training.
    """
    weights = {id(p): p for g in optimizer.param_groups for p in g["params"]}
    weights |= {id(p): p for p in model.parameters()}
    own = sum(_bytes(p) for p in weights.values()) + sum(_bytes(b) for b in model.buffers())
    learnt = sum(_bytes(p) for p in weights.values() if p.requires_grad)
    return own + 3 * learnt  # a gradient and two moments


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    return {k: v.clone() if isinstance(v, Tensor) else v for k, v in group.items() if k != "params"}


def _put(group: dict[str, Any], settings: dict[str, Any]) -> None:
    for key, value in settings.items():
        now = group.get(key)
        if isinstance(value, Tensor) and isinstance(now, Tensor):
            now.copy_(value)  # whoever holds the tensor of a rate goes on holding the one in force
        else:
            group[key] = value
