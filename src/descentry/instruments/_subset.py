"""A fixed random subset of all entries: what an instrument may remember of a gradient of any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from descentry.instruments._tensors import wide

LIMIT = 65_536


@dataclass(eq=False)
class Subset:
    """Which entries of which dense tensors, each tensor in proportion to its size.

    Attributes:
        key: Names, sizes and devices that it was drawn for.
        indices: By name; None where all entries are taken.
        complete: Whether it leaves nothing out.
    """

    key: tuple[tuple[str, int, torch.device], ...]
    indices: Mapping[str, Tensor | None]
    complete: bool

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor], limit: int = LIMIT) -> Subset:
        """Drawn with a generator of its own; at most ``limit`` entries, and one of each tensor at least."""
        total = sum(t.numel() for t in tensors.values())
        if total <= limit:
            return cls(_key(tensors), dict.fromkeys(tensors), complete=True)
        generator = torch.Generator().manual_seed(0)
        indices = {}
        for name, tensor in tensors.items():
            count = min(tensor.numel(), max(1, limit * tensor.numel() // total))
            drawn = torch.randint(tensor.numel(), (count,), generator=generator)
            indices[name] = drawn.to(tensor.device, non_blocking=True)
        return cls(_key(tensors), indices, complete=False)

    def fits(self, tensors: Mapping[str, Tensor]) -> bool:
        """Whether it was drawn for tensors of these names, sizes and devices."""
        return self.key == _key(tensors)

    def take(self, tensors: Mapping[str, Tensor]) -> Tensor:
        """The chosen entries as one vector in float32 at least, on the device of the first tensor; a copy."""
        parts = []
        for name, index in self.indices.items():
            tensor = tensors[name].detach()
            parts.append(wide(tensor.reshape(-1) if index is None else tensor.take(index)))
        return torch.cat([p.to(parts[0].device, non_blocking=True) for p in parts])


def dense(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The real ones that have entries, without the sparse ones, whose entries have no fixed place."""
    real = {n: t for n, t in tensors.items() if t.is_floating_point() and t.numel()}
    return {n: t for n, t in real.items() if t.layout == torch.strided}


def _key(tensors: Mapping[str, Tensor]) -> tuple[tuple[str, int, torch.device], ...]:
    return tuple((n, t.numel(), t.device) for n, t in tensors.items())
