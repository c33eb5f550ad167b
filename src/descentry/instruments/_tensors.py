"""Arithmetic on many tensors at once: norms and products that stay on their device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

_WIDE = (torch.float32, torch.float64)


def values(tensor: Tensor) -> Tensor:
    """The real numbers in it: of a sparse tensor each index once, of a complex one both parts."""
    tensor = tensor.detach()
    if tensor.layout != torch.strided:
        tensor = tensor.coalesce().values() if tensor.layout == torch.sparse_coo else tensor.values()
    return torch.view_as_real(tensor) if tensor.is_complex() else tensor


def wide(tensor: Tensor) -> Tensor:
    """In float32 at least."""
    return tensor if tensor.dtype in _WIDE else tensor.float()


def norms(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The Euclidean norm of each, accumulated in float32 at least, on its own device."""
    entries = {name: values(t) for name, t in tensors.items()}
    found: dict[str, Tensor] = {}
    groups: dict[tuple[torch.device, torch.dtype], list[str]] = {}
    for name, tensor in entries.items():
        groups.setdefault((tensor.device, tensor.dtype), []).append(name)
    for (_, dtype), names in groups.items():
        if dtype in _WIDE:
            found |= zip(names, torch._foreach_norm([entries[n] for n in names]), strict=True)
        else:
            found |= {n: torch.linalg.vector_norm(entries[n], dtype=torch.float32) for n in names}
    return {name: found[name] for name in tensors}


def together(parts: Sequence[Tensor]) -> Tensor:
    """The norm of everything whose norms these are; they may lie on several devices."""
    total: Tensor = torch.linalg.vector_norm(gathered(parts))
    return total


def gathered(parts: Sequence[Tensor]) -> Tensor:
    """Scalars from any device as one vector on the device of the first, without waiting for it."""
    device = parts[0].device
    return torch.stack([wide(p.reshape(())).to(device, non_blocking=True) for p in parts])


def dot(gradient: Tensor, dense: Tensor) -> Tensor:
    """The inner product of a gradient, sparse or not, with a dense tensor of its shape."""
    if gradient.layout == torch.sparse_coo:
        gradient = gradient.coalesce()
        rows = gradient.indices()
        dense = dense[tuple(rows)]
        gradient = gradient.values()
    elif gradient.layout != torch.strided:
        gradient = gradient.to_dense()
    return (wide(gradient) * wide(dense)).sum()


def flat(tensors: Sequence[Tensor]) -> Tensor:
    """One vector in float32 at least.

    Raises:
        RuntimeError: The tensors lie on several devices.
    """
    if len({t.device for t in tensors}) > 1:
        raise RuntimeError("the parameters are spread over several devices, and this needs them on one")
    dense = (t.detach() if t.layout == torch.strided else t.detach().to_dense() for t in tensors)
    return torch.cat([wide(t).reshape(-1) for t in dense])


def split(vector: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """The vector in the shapes and precisions of these tensors; what :func:`flat` joined."""
    parts = torch.split(vector, [t.numel() for t in like])
    return [part.view(t.shape).to(t.dtype) for part, t in zip(parts, like, strict=True)]
