"""Trainings for pilots: small, real, and the same each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from descentry.control.pilot import Pilot, pilot

_DATA: list[Tensor] = []


def digits() -> tuple[Tensor, Tensor]:
    if not _DATA:
        data = load_digits()
        _DATA.extend([torch.tensor(data.data, dtype=torch.float32) / 16, torch.tensor(data.target)])
    return _DATA[0], _DATA[1]


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def made(model: nn.Module, kind: str, rate: float) -> torch.optim.Optimizer:
    if kind == "adam":
        return torch.optim.Adam(model.parameters(), lr=rate)
    return torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)


class Loop:
    """One training; ``before`` may change a batch, ``after`` is called with the number of each step made."""

    def __init__(self, kind: str = "sgd", rate: float = 0.1, *, watched: bool = True, **options: Any) -> None:
        torch.set_num_threads(1)
        self.model = net()
        self.optimizer = made(self.model, kind, rate)
        self.told: list[Any] = []
        self.losses: list[float] = []
        given = {"run_dir": None, "overhead": 0, "on_decision": self.told.append, **options}
        self.pilot: Pilot | None = pilot(self.model, self.optimizer, **given) if watched else None
        self._draws = torch.Generator().manual_seed(1)

    def train(
        self,
        steps: int,
        before: Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor]] = lambda step, x, y: (x, y),
        after: Callable[[int], object] = lambda step: None,
        *,
        checked: bool = False,
    ) -> Loop:
        x, y = digits()
        for _ in range(steps):
            step = len(self.losses)
            rows = torch.randint(len(x), (64,), generator=self._draws)
            inputs, targets = before(step, x[rows], y[rows])
            self.optimizer.zero_grad()
            loss = F.cross_entropy(self.model(inputs), targets)
            loss.backward()
            if checked and self.pilot is not None:
                self.pilot.check(loss)
            self.optimizer.step()
            if self.pilot is not None:
                self.pilot.step(loss)
                assert not self.pilot._helm.failure
            self.losses.append(loss.item())
            after(step)
        return self

    def loss(self) -> float:
        x, y = digits()
        with torch.no_grad():
            return F.cross_entropy(self.model(x), y).item()

    def weights(self) -> Tensor:
        return torch.cat([p.detach().flatten() for p in self.model.parameters()])

    def policies(self) -> list[str]:
        assert self.pilot is not None
        return [d.policy for d in self.pilot.decisions if d.policy != "advise"]


def broken(at: range | tuple[int, ...]) -> Callable[[int, Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Batches that are not numbers, at some steps."""
    return lambda step, x, y: (x * float("nan") if step in at else x, y)
