"""What a search for a learning rate found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from descentry.core import catalog


@dataclass(frozen=True, slots=True)
class RateTrial:
    """A short training at one rate.

    Attributes:
        rate: The learning rate.
        steps: How many were made.
        loss: The mean over its last quarter, three steps at least; infinite where it broke.
        broke: Whether the loss ran away or was no number.
    """

    rate: float
    steps: int
    loss: float
    broke: bool


@dataclass(frozen=True, slots=True)
class Terrain:
    """What was measured of the loss before training, where that was asked for.

    Attributes:
        sharpness: The largest eigenvalue of the Hessian on one batch; a lower bound on it.
        edge: The rate above which steps of this optimizer are not stable on a quadratic so sharp; None where
            the edge of this optimizer is not known.
        noise: Squared length of the noise in a batch's gradient over that of the gradient itself; infinite
            where the gradient is not told from noise.
    """

    sharpness: float
    edge: float | None
    noise: float


@dataclass(frozen=True, slots=True, eq=False)
class LRSuggestion:
    """A learning rate, the range in which training works, and what they were read from.

    Attributes:
        lr: The rate to use; of several parameter groups that of the first whose rate was not zero.
        lrs: The same for every group, in the ratio that they had.
        low: The smallest rate that was seen to work.
        high: The largest one.
        uncertainty: In decades: other rates within ``lr × 10^±uncertainty`` did about as well, or were not
            tried.
        breaks: Where a ramp of rates broke; the end of the ramp where none did.
        curve: The trials, by rate.
        ramp: Rate and loss of each step of the ramp.
        before: The loss before training, on the batches that the shortest trials are judged by.
        cost: In gradient evaluations; a loss without its gradient counts as a third of one.
        kept: Steps of the best trial that the model has kept; 0 where everything is as it was.
        scheduled: Whether a scheduler is attached: ``lr`` is then the highest rate that it should reach.
        terrain: Sharpness and gradient noise, where they were asked for.
        notes: What else has to be known to read it rightly.
    """

    lr: float
    lrs: tuple[float, ...]
    low: float
    high: float
    uncertainty: float
    breaks: float
    curve: tuple[RateTrial, ...]
    ramp: tuple[tuple[float, float], ...]
    before: float
    cost: float
    kept: int = 0
    scheduled: bool = False
    terrain: Terrain | None = None
    notes: tuple[str, ...] = ()

    def plot(self, ax: Any = None) -> Any:
        """Draws loss against rate: with matplotlib where it is installed, else in the terminal.

        Args:
            ax: Axes of matplotlib to draw on; a new figure when None.

        Returns:
            The axes, or None where it was drawn in the terminal.
        """
        return catalog.load("report", "learning_rate").plot(self, ax)

    def __str__(self) -> str:
        return str(catalog.load("report", "learning_rate").render(self))

    def _repr_html_(self) -> str:
        return str(catalog.load("report", "learning_rate").inline(self))

    def to_dict(self) -> dict[str, Any]:
        """Plain data: dicts, lists, strings, finite numbers and None."""
        data: dict[str, Any] = catalog.load("report", "learning_rate").to_dict(self)
        return data
