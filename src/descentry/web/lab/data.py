"""The examples that networks of the lab learn from. Each recipe stands alone: scripts carry it along."""

from __future__ import annotations

import torch
from torch import Tensor


def two_columns(n: int, spread: float, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """A straight line through two inputs, the second measured in units ``spread`` times smaller."""
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 2, generator=g, dtype=torch.float64)
    y = 1.5 * x[:, 0] - x[:, 1] + noise * torch.randn(n, generator=g, dtype=torch.float64)
    return x * torch.tensor([1.0, spread], dtype=torch.float64), y


def wave(n: int, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """A wave over one input."""
    g = torch.Generator().manual_seed(seed)
    x = 2 * torch.rand(n, 1, generator=g, dtype=torch.float64) - 1
    y = torch.sin(4 * x[:, 0]) + noise * torch.randn(n, generator=g, dtype=torch.float64)
    return x, y


def two_rings(n: int, noise: float, seed: int) -> tuple[Tensor, Tensor]:
    """Two classes, one around the other."""
    g = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    turn = 6.2831853 * torch.rand(n, generator=g, dtype=torch.float64)
    radius = 0.6 + 0.9 * y + noise * torch.randn(n, generator=g, dtype=torch.float64)
    return torch.stack([radius * torch.cos(turn), radius * torch.sin(turn)], dim=1), y


def two_clouds(n: int, apart: float, seed: int) -> tuple[Tensor, Tensor]:
    """Two classes that overlap, their middles ``apart`` standard deviations from each other."""
    g = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    x = torch.randn(n, 2, generator=g, dtype=torch.float64)
    x[:, 0] += apart * (y - 0.5)
    return x, y


def tilts(n: int, size: float, seed: int) -> Tensor:
    """Slopes that differ from example to example, and cancel over all of them."""
    g = torch.Generator().manual_seed(seed)
    slopes = size * torch.randn(n, 2, generator=g, dtype=torch.float64)
    return slopes - slopes.mean(0)


def clouds_then_wrong(n: int, apart: float, wrong: float, seed: int) -> tuple[Tensor, Tensor]:
    """Two classes, and then the same ``n`` examples again with a share of the labels wrong."""
    g = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    x = torch.randn(n, 2, generator=g, dtype=torch.float64)
    x[:, 0] += apart * (y - 0.5)
    flipped = torch.rand(n, generator=g) < wrong
    return torch.cat([x, x]), torch.cat([y, torch.where(flipped, 1 - y, y)])
