"""Whether a step's gradients begin from nothing, or on top of those of the step before.

PyTorch adds what ``backward`` computes to what is in place. So it is enough to look at what is in place when
the first ``backward`` of a step begins: nothing or zeros where gradients were set to zero; where they were
not, the very tensors of the step before, which nobody has written to since. Nothing is computed again, and
it does not matter how many losses there are or what they are made of.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping

import torch
from torch import Tensor, nn

_Mark = tuple[weakref.ref[Tensor], int]  # a gradient, and how often it had been written to


class Leftover:
    """Looks at the gradients of a model from the end of one step to the next; does not keep it alive.

    Args:
        model: The model, once the step before has been made.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = weakref.ref(model)
        self._before = self._marks()
        self._begun: Mapping[int, _Mark] = {}
        self._after: Mapping[int, _Mark] = {}
        self._old: dict[int, Tensor] = {}  # lengths of gradients of the step before that are still in place
        self._from: dict[int, tuple[int, Tensor | None]] = {}  # entries, and what they began from

    def begins(self) -> None:
        """A backward pass begins."""
        self._begun = self._marks()
        self._old = {}
        kept = {k: mark[0]() for k, mark in self._begun.items() if self._before.get(k) == mark}
        dense = {k: g for k, g in kept.items() if g is not None and g.layout == torch.strided}
        if dense:
            with torch.no_grad():
                self._old = dict(zip(dense, torch._foreach_norm(list(dense.values())), strict=True))

    def ended(self) -> None:
        """It has ended: what it wrote to began from what was in place before."""
        after = self._marks()
        for key, mark in after.items():
            begun = self._begun.get(key)
            if begun == mark:
                continue  # it did not get there
            if key in self._old or key not in self._from or begun != self._after.get(key):
                gradient = mark[0]()
                size = 0 if gradient is None else gradient.numel()
                self._from[key] = size, self._old.get(key)
        self._begun, self._after, self._old = {}, after, {}

    def share(self) -> Tensor | None:
        """Of the entries that got a gradient, those that got it on top of an old one; None where none did."""
        total = sum(size for size, _ in self._from.values())
        if not total:
            return None
        old = [(length > 0).double() * n for n, length in self._from.values() if length is not None]
        by_device: dict[torch.device, Tensor] = {}
        for size in old:
            by_device[size.device] = by_device.get(size.device, size.new_zeros(())) + size
        found = list(by_device.values())
        if not found:
            return torch.zeros(())
        return sum((f.to(found[0].device) for f in found[1:]), found[0]) / total

    def _marks(self) -> dict[int, _Mark]:
        model = self._model()
        held = () if model is None else ((id(p), p.grad) for p in model.parameters())
        return {k: (weakref.ref(g), g._version) for k, g in held if g is not None}
