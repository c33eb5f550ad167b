"""What scenes work with: problems, descent, curvature, planes and names. They import no PyTorch."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from descentry import story
from descentry.core.data import Floats, Report
from descentry.core.errors import DescentryError
from descentry.web.lab import data, engine, failures, naming, problems, readings
from descentry.web.lab import plane as planes
from descentry.web.lab.engine import Descent
from descentry.web.lab.optimizers import Optimizer, optimizer
from descentry.web.lab.pictures import Ground, Path
from descentry.web.lab.surfaces import Surface

LONGEST = 20.0  # seconds for one request; the slowest scene at its dearest settings takes about 5
GRID = 61  # points a side of a drawn surface


class TooLongError(DescentryError):
    """An experiment was stopped because it took too long."""


@dataclass(frozen=True)
class OwnData:
    """A table of the user's: float64[n, columns], the last of them the target."""

    table: Floats
    names: tuple[str, ...]


class Bench:
    """One request's view of the engine.

    Args:
        stale: Whether nobody waits for the answer any more; the bench then raises ``Stale`` at the next step.
        own: The user's table, where one was dropped.
        longest: Seconds until ``TooLongError`` is raised.
    """

    class Stale(Exception):  # noqa: N818 - no error: the user has moved on
        """Nobody waits for this any more."""

    def __init__(
        self, stale: Callable[[], bool] = lambda: False, own: OwnData | None = None, longest: float = LONGEST
    ) -> None:
        self._stale = stale
        self._longest = longest
        self._until = time.perf_counter() + longest
        self.own = own

    def check(self) -> None:
        """Called at every step.

        Raises:
            Stale: Nobody waits for the answer.
            TooLongError: It has taken too long.
        """
        if self._stale():
            raise Bench.Stale
        if time.perf_counter() > self._until:
            raise TooLongError(
                f"the experiment was stopped after {self._longest:g} seconds",
                where="lab",
                how="Take fewer steps, or less data.",
            )

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

    def descend(
        self,
        problem: problems.Problem,
        how: str | Optimizer,
        rates: Sequence[float] | Floats,
        steps: int,
        *,
        start: Floats | None = None,
        keep: int | None = None,
        batches: Callable[[int], torch.Tensor | None] | None = None,
        factor: Callable[[int], float] | None = None,
    ) -> Iterator[Descent]:
        """As ``engine.descend``, with an optimizer by its id."""
        return engine.descend(
            problem,
            optimizer(how) if isinstance(how, str) else how,
            np.asarray(rates, dtype=np.float64),
            steps,
            start=None if start is None else torch.as_tensor(start, dtype=torch.float64),
            keep=keep,
            batches=batches,
            factor=factor,
            check=self.check,
        )

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

    def noise_scale(self, problem: problems.Network | problems.Tilted, point: Floats) -> float:
        """The simple noise scale at float64[d]: tr Σ/‖G‖² over all examples (McCandlish et al. 2018)."""
        each = engine.example_gradients(problem, torch.as_tensor(point, dtype=torch.float64))
        mean = each.mean(axis=0)
        spread = float(((each - mean) ** 2).sum() / len(each))
        return spread / max(float((mean**2).sum()), 1e-300)

    def sharpness(self, problem: problems.Problem, point: Floats | None = None) -> float:
        """The largest eigenvalue of the Hessian at float64[d]; at the start when not given."""
        at = problem.start if point is None else torch.as_tensor(point, dtype=torch.float64)
        return engine.sharpness(problem, at)

    def curvatures(self, problem: problems.Problem, point: Floats | None = None) -> Floats:
        """float64[d]: all eigenvalues of the Hessian, the smallest first; NaN where it is not finite."""
        at = problem.start if point is None else torch.as_tensor(point, dtype=torch.float64)
        found = engine.hessian(problem, at)
        if not bool(torch.isfinite(found).all()):
            return np.full(len(at), math.nan)
        return np.asarray(torch.linalg.eigvalsh((found + found.T) / 2).numpy(), dtype=np.float64)

    def gradients(self, problem: problems.Problem, points: Floats) -> Floats:
        """float64[m, d]: the gradient at each of float64[m, d] points."""
        return engine.gradients(problem, points)

    def losses(self, problem: problems.Problem, points: Floats) -> Floats:
        """float64[m]: the loss of all examples at each of float64[m, d] points."""
        return engine.losses_at(problem, points)

    def explained(self, loss: Floats, config: Mapping[str, Any] | None = None) -> Report:
        """The story of a curve, by the code that reads real runs."""
        self.check()
        return naming.explained(loss, config)

    def measured(
        self,
        problem: problems.Problem,
        how: str | Optimizer,
        rate: float,
        loss: Floats,
        path: Floats,
        *,
        noisy: bool = False,
    ) -> Report:
        """The story of a run that was looked at along its path, as a watch would have looked."""
        self.check()
        used = optimizer(how) if isinstance(how, str) else how
        return story.explain(readings.measured(problem, used, rate, loss, path, noisy=noisy))

    def trained(self, recipe: str, repaired: bool, steps: int) -> Iterator[Floats]:
        """The losses of a training of ``failures.py``, as they come in."""
        return (np.array(loss) for loss in failures.train(recipe, repaired, steps, self.check))

    def watched(self, recipe: str, repaired: bool, steps: int) -> Report:
        """The story of the same training under a real watch."""
        return failures.watched(recipe, repaired, steps, self.check)

    def edge(self, how: str | Optimizer) -> float | None:
        """η times sharpness at which a quadratic turns unstable; None where there is no such number."""
        return readings.edge(optimizer(how) if isinstance(how, str) else how)

    def status(self, loss: Floats) -> str:
        """The verdict on the end of a curve; some 10 ms."""
        self.check()
        return story.facts_of(naming.run_of(loss)).end.status

    def starts(self, sizes: Sequence[int], seeds: Sequence[int]) -> Floats:
        """float64[k, d]: the initial weights that each seed gives layers of these sizes."""
        return np.stack([problems.initial(sizes, seed).numpy() for seed in seeds])

    def behaviours(self, loss: Floats) -> tuple[str, ...]:
        """What a curve does, by id."""
        self.check()
        return naming.behaviours(loss)

    def grid(self, surface: Surface, window: tuple[float, float, float, float]) -> Floats:
        """float64[GRID, GRID]: the loss of a surface in a window; the last few are remembered."""
        return _grid(surface.text, window)

    def ground(
        self,
        surface: Surface,
        paths: Sequence[Path],
        *,
        window: tuple[float, float, float, float] | None = None,
        note: str = "",
        startable: bool = False,
    ) -> Ground:
        """A surface with paths on it."""
        seen = surface.window if window is None else window
        return Ground(
            surface.title,
            self.grid(surface, seen),
            seen,
            tuple(paths),
            surface.minima,
            note,
            startable=startable,
        )

    def plane(
        self, problem: problems.Problem, path: Floats, name: str, *, filter_normalised: bool = False
    ) -> Ground | None:
        """The loss on a plane through the trajectory; None where it left all bounds or never moved."""
        self.check()
        found = planes.plane(problem, path, filter_normalised=filter_normalised)
        if found is None:
            return None
        apart = np.abs(found.slice_loss - found.true_loss) / np.maximum(np.abs(found.true_loss), 1e-300)
        kind = "filter-normalised, " if filter_normalised else ""
        return Ground(
            "the loss on a plane through its own path",
            found.grid,
            found.window,
            (Path(name, found.path[:, 0], found.path[:, 1], "yours", found.true_loss),),
            note=(
                f"A slice of {path.shape[1]} dimensions ({kind}principal directions of the path): it "
                f"holds {100 * found.variance:.1f}% of the path's variance. Along the path the loss on the "
                f"slice is off by {100 * float(np.median(apart)):.2g}% (median) and "
                f"{100 * float(apart.max()):.2g}% at most."
            ),
            labels=("first direction", "second direction"),
        )


@functools.lru_cache(maxsize=16)
def _grid(text: str, window: tuple[float, float, float, float]) -> Floats:
    # Keyed by the text of the loss, which is all that it depends on.
    surface = Surface("", "", text, (0.0, 0.0))
    problem = problems.OnSurface(surface.expression, torch.zeros(2, dtype=torch.float64))
    return planes.surface_grid(problem, window, GRID)
