"""How many different values a tensor holds, without waiting for the device as ``torch.unique`` does."""

from __future__ import annotations

import torch
from torch import Tensor

EXAMINED = 65_536


def sample(values: Tensor) -> tuple[Tensor, bool]:
    """At most 65,536 entries, evenly spaced, as a vector; and whether that leaves nothing out."""
    flat = values.detach().reshape(-1)
    stride = -(-flat.numel() // EXAMINED)
    return flat[:: max(1, stride)], stride <= 1


def distinct(values: Tensor) -> Tensor:
    """How many different values there are in a vector of one entry at least."""
    ordered = values.sort().values
    return (ordered[1:] != ordered[:-1]).sum() + 1


def commonest(values: Tensor) -> Tensor:
    """The share of the most frequent value in a vector of one entry at least."""
    ordered = values.sort().values.contiguous()
    count = torch.searchsorted(ordered, ordered, right=True) - torch.searchsorted(ordered, ordered)
    return count.amax() / len(ordered)
