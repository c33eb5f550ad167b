"""What scenes work with: problems, descent, curvature, planes and names. They import no PyTorch."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from descentry import story
from descentry.core.data import Floats, Report
from descentry.core.errors import DescentryError
from descentry.web.lab import engine, failures, naming, problems, readings
from descentry.web.lab import plane as planes
from descentry.web.lab.engine import Descent
from descentry.web.lab.makers import Maker, OwnData
from descentry.web.lab.optimizers import Optimizer, optimizer
from descentry.web.lab.pictures import Ground, Path
from descentry.web.lab.surfaces import Surface

LONGEST = 20.0  # seconds of computing; the slowest scene at its dearest settings takes about 5
GRID = 61  # points a side of a drawn surface


class TooLongError(DescentryError):
    """An experiment was stopped because it took too long."""


class Bench(Maker):
    """One request's view of the engine.

    Args:
        stale: Whether nobody waits for the answer any more; the bench then raises ``Stale`` at the next step.
        own: The user's table, where one was dropped.
        longest: Seconds of computing until ``TooLongError`` is raised. What else the machine does is not
            counted, so that a scene ends alike on a busy one.
    """

    class Stale(Exception):  # noqa: N818 - no error: the user has moved on
        """Nobody waits for this any more."""

    def __init__(
        self, stale: Callable[[], bool] = lambda: False, own: OwnData | None = None, longest: float = LONGEST
    ) -> None:
        self._stale = stale
        self._longest = longest
        self._until = time.thread_time() + longest
        super().__init__(own)

    def check(self) -> None:
        """Called at every step.

        Raises:
            Stale: Nobody waits for the answer.
            TooLongError: It has taken too long.
        """
        if self._stale():
            raise Bench.Stale
        if time.thread_time() > self._until:
            raise TooLongError(
                f"the experiment was stopped after {self._longest:g} seconds of computing",
                where="lab",
                how="Take fewer steps, or less data.",
            )

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
                f"slice is off by {100 * float(np.median(apart)):.3g}% (median) and "
                f"{100 * float(apart.max()):.3g}% at most."
            ),
            labels=("first direction", "second direction"),
        )


@functools.lru_cache(maxsize=16)
def _grid(text: str, window: tuple[float, float, float, float]) -> Floats:
    # Keyed by the text of the loss, which is all that it depends on.
    surface = Surface("", "", text, (0.0, 0.0))
    problem = problems.OnSurface(surface.expression, torch.zeros(2, dtype=torch.float64))
    return planes.surface_grid(problem, window, GRID)
