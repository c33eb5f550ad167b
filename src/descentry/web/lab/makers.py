"""Makes the problems of scenes: surfaces, networks on examples, batches and starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from descentry.core.data import Floats
from descentry.core.errors import DescentryError
from descentry.web.lab import data, problems
from descentry.web.lab.surfaces import Surface


@dataclass(frozen=True)
class OwnData:
    """A table of the user's: float64[n, columns], the last of them the target."""

    table: Floats
    names: tuple[str, ...]


class Maker:
    """Makes problems.

    Args:
        own: The user's table, where one was dropped.
    """

    def __init__(self, own: OwnData | None = None) -> None:
        self.own = own

    def surface(self, surface: Surface, start: Sequence[float] | None = None) -> problems.OnSurface:
        """A loss of two parameters."""
        begin = torch.tensor(surface.start if start is None else tuple(start), dtype=torch.float64)
        return problems.OnSurface(surface.expression, begin)

    def network(
        self,
        recipe: str,
        arguments: Mapping[str, Any],
        sizes: Sequence[int],
        *,
        seed: int = 0,
        loss: str = "mse",
        activation: str = "tanh",
    ) -> problems.Network:
        """A straight line or small network on a recipe's examples, or on the user's own (``own``).

        Raises:
            DescentryError: ``own`` was asked for, and nothing was dropped.
        """
        if recipe == "own":
            if self.own is None:
                raise DescentryError(
                    "there are no data of your own yet", where="data", how="Drop a CSV file on the page."
                )
            table = torch.tensor(self.own.table, dtype=torch.float64)
            table = (table - table.mean(0)) / table.std(0, correction=0)
            x, y = table[:, :-1], table[:, -1]
            sizes = (x.shape[1], *sizes[1:])
        else:
            x, y = getattr(data, recipe)(**arguments)
        return problems.Network(x, y, tuple(sizes), problems.initial(sizes, seed), loss, activation)

    def draws(self, problem: problems.Network, size: int, seed: int) -> Callable[[int], torch.Tensor]:
        """Batches of ``size`` examples drawn with replacement, as a script with this seed draws them."""
        generator = torch.Generator().manual_seed(seed)
        n = len(problem.x)
        return lambda _: torch.randint(n, (size,), generator=generator)

    def draws_of_two(
        self, problem: problems.Network, size: int, seed: int, when: int
    ) -> Callable[[int], torch.Tensor]:
        """As ``draws``, from the first half of the examples before step ``when``, then from the second."""
        generator = torch.Generator().manual_seed(seed)
        half = len(problem.x) // 2
        return lambda t: torch.randint(half, (size,), generator=generator) + half * (t >= when)

    def scaled(self, problem: problems.Network, factor: float) -> Floats:
        """float64[d]: the initial weights, all of them times a factor."""
        return np.asarray((factor * problem.start).numpy(), dtype=np.float64)

    def tilted(self, surface: Surface, examples: int, tilt: float, seed: int) -> problems.Tilted:
        """A surface that every example tilts another way, by ``tilt`` typically."""
        tilts = data.tilts(examples, tilt, seed)
        return problems.Tilted(surface.expression, tilts, torch.tensor(surface.start, dtype=torch.float64))

    def batched(
        self, problem: problems.Network | problems.Tilted, sizes: Sequence[int], seed: int
    ) -> tuple[problems.Batched, Callable[[int], torch.Tensor]]:
        """Runs with batches of different sizes, and what draws them: each row as a script of its own would.

        Batches are drawn with replacement; one of all examples is all of them.
        """
        draws = [torch.Generator().manual_seed(seed) for _ in sizes]
        n, largest = len(problem.x), max(sizes)

        def drawn(_: int) -> torch.Tensor:
            rows = torch.zeros(len(sizes), largest, dtype=torch.int64)
            for row, size, generator in zip(rows, sizes, draws, strict=True):
                row[:size] = torch.arange(n) if size == n else torch.randint(n, (size,), generator=generator)
            return rows

        return problems.Batched(problem, tuple(sizes)), drawn

    def starts(self, sizes: Sequence[int], seeds: Sequence[int]) -> Floats:
        """float64[k, d]: the initial weights that each seed gives layers of these sizes."""
        return np.stack([problems.initial(sizes, seed).numpy() for seed in seeds])
