"""Loops to be watched, small enough to be watched at every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from descentry.live._clock import VirtualClock
from descentry.live.watch import Watch, watch


def mlp(*sizes: int) -> nn.Sequential:
    torch.manual_seed(0)
    first, *rest = sizes or (6, 16, 3)
    layers: list[nn.Module] = []
    for size in rest:
        layers += [nn.Linear(first, size), nn.Tanh()]
        first = size
    return nn.Sequential(*layers[:-1])


def batch(rows: int = 12) -> tuple[Tensor, Tensor]:
    return torch.randn(rows, 6), torch.randint(3, (rows,))


def watched(model: nn.Module, optimizer: Any, **options: Any) -> Watch:
    """In memory, by a clock that counts work."""
    return watch(model, optimizer, **{"run_dir": None, "_clock": VirtualClock(), **options})


def train(
    model: nn.Module,
    optimizer: Any,
    one: Watch | None,
    steps: int,
    loss_of: Callable[[nn.Module], Tensor] = lambda model: F.cross_entropy(*_called(model)),
) -> list[float]:
    """The losses."""
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        optimizer.step()
        if one is not None:
            one.step(loss)
        losses.append(loss.item())
    return losses


def _called(model: nn.Module) -> tuple[Tensor, Tensor]:
    x, y = batch()
    return model(x), y


def sgd(model: nn.Module, **more: Any) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), **{"lr": 0.1, **more})
