"""A training that goes wrong as many have: a small network on raw measurements of wines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from descentry.core.errors import MissingExtraError

RATE = 0.01
BATCH = 16
WIDTH = 32
SEED = 0


class Wines:
    """178 wines of three growers, by 13 measurements that are in units of their own; a quarter is held out.

    From the data that come with scikit-learn (Forina et al. 1991, UCI Wine). Made anew, it is the same to the
    bit.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """

    def __init__(self) -> None:
        torch.set_num_threads(1)  # so small a network gains nothing by more, and waits where cores are busy
        try:
            from sklearn.datasets import load_wine  # type: ignore[import-untyped]
        except ModuleNotFoundError:
            raise MissingExtraError(
                "scikit-learn is needed for its data, and is not installed",
                where="descentry demo",
                how="pip install scikit-learn",
            ) from None
        measured, grower = load_wine(return_X_y=True)
        stream = torch.Generator().manual_seed(SEED)
        mixed = torch.randperm(len(grower), generator=stream)
        x, y = torch.as_tensor(measured, dtype=torch.float32)[mixed], torch.as_tensor(grower)[mixed]
        out = len(y) // 4
        self.held_out = x[:out], y[:out]
        self.loader: DataLoader[Any] = DataLoader(
            TensorDataset(x[out:], y[out:]), BATCH, shuffle=True, generator=stream
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(SEED)
            self.model = nn.Sequential(nn.Linear(x.shape[1], WIDTH), nn.ReLU(), nn.Linear(WIDTH, 3))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=RATE)

    @staticmethod
    def compute_loss(model: Any, batch: Any) -> Tensor:
        """The cross-entropy of one batch."""
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    def train(self, steps: int, after: Callable[[int, Tensor], None]) -> None:
        """The loop as anybody writes it; ``after(step, loss)`` is called once a step is made."""
        for step, batch in zip(range(steps), self._batches(), strict=False):
            self.optimizer.zero_grad()
            loss = self.compute_loss(self.model, batch)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            after(step, loss.detach())

    def _batches(self) -> Iterator[Any]:
        while True:
            yield from self.loader

    def right(self) -> tuple[int, int]:
        """How many of the held out wines it names the grower of, and how many there are."""
        x, y = self.held_out
        with torch.no_grad():
            return int((self.model(x).argmax(1) == y).sum()), len(y)
