"""Weighs the fitted shapes by what they foretold, and draws levels and gains from their mixture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from descentry.core.data import Floats
from descentry.forecast._families import ACCELERATING, FAMILY, MEMBERS, NAMES, shapes
from descentry.forecast._fit import Fits

# Chosen on the development half of benchmarks/forecast.py: docs/decisions/0006-forecast.md.
RESOLUTION = 0.12  # of the pace: errors are judged beside this, not beside noise alone, as no shape is true
INDEPENDENT = 4.0  # forecasts from neighbouring origins share most of their data: they count as so many
FREEDOM = 2.0  # degrees of freedom of the errors' t distribution in the weights: a jump may spoil one origin
TAIL = 4  # degrees of freedom of a forecast; its quantiles then have a closed form
OWN = 0.25  # of the pace: standard deviation of a forecast that was never wrong before
LEARNT = 0.8  # share of the mean square of the earlier errors that is added to it
NEAR = (
    0.5  # share of the mean square of the nearest earlier errors, which slow wandering makes at any distance
)
BEYOND = 1.3  # errors grow with the binary logarithm of how far ahead, to this power
UNSURE = 0.2  # of the change foretold
UNSURE_GROWTH = 1.0  # of the change foretold where a fall gets faster: it has to end somewhere
NODES = 15  # points that stand for each forecast's distribution
UNTRIED = 0.25  # mean square error, in paces, where there was no origin to forecast from
NEGLIGIBLE = 1e-5  # weights below this are left out


@dataclass(frozen=True, eq=False)
class Mixture:
    """What the shapes foretell together.

    Attributes:
        weight: Of each shape, float64[k], adding up to 1.
        level: L of each.
        size: a of each.
        index: Which shape of the grid each is.
        learnt: Mean square of its earlier errors, in paces and by how far ahead they were.
        near: Mean square of those that were least far ahead, in paces.
        pace: How far the curve moved over the half before its end.
        noise: Standard error of where the curve stands at its end.
    """

    weight: Floats
    level: Floats
    size: Floats
    index: np.ndarray
    learnt: Floats
    near: Floats
    pace: float
    noise: float

    def draws(self, u: float) -> tuple[Floats, Floats, Floats]:
        """Levels at time ``u`` (at least 1), gains until then, and the weights of both: float64[d] each.

        They are the quantiles of every shape's forecast, not random numbers. The gain is surer than the
        level: where the curve stands now is in both.
        """
        f = shapes(np.array([1.0, u]))[self.index]
        gain = self.size * (f[:, 0] - f[:, 1])
        far = self.pace * _growth(np.array(u))
        unsure = np.where(ACCELERATING[self.index], UNSURE_GROWTH, UNSURE) * np.minimum(
            np.abs(gain), 20.0 * far
        )
        wandering = NEAR * self.near * self.pace**2
        variance = far**2 * (OWN**2 + LEARNT * self.learnt) + wandering + unsure**2
        now = self.level + self.size * f[:, 0]
        gains = gain[:, None] - np.sqrt(variance)[:, None] * _T
        levels = (now - gain)[:, None] + np.sqrt(variance + self.noise**2)[:, None] * _T
        return levels.ravel(), gains.ravel(), np.repeat(self.weight / NODES, NODES)

    @property
    def families(self) -> tuple[tuple[str, float], ...]:
        """The kinds of curve and their weights, the heaviest first."""
        total = np.bincount(FAMILY[self.index], self.weight, len(NAMES))
        return tuple((NAMES[i], float(total[i])) for i in np.argsort(-total, kind="stable"))


def mix(fits: Fits) -> Mixture:
    """The mixture of all shapes, each weighed by the likelihood of what it got wrong."""
    far = _growth(fits.ratio) * fits.pace
    score = -np.log1p(fits.misfit / (RESOLUTION * fits.end_pace) ** 2) - np.log(MEMBERS)
    learnt, near = np.full_like(score, UNTRIED), np.zeros_like(score)
    if len(far):
        z = np.square(fits.error) / (fits.noise**2 + (RESOLUTION * far) ** 2)
        score -= INDEPENDENT * (FREEDOM + 1.0) / 2.0 * np.log1p(z / FREEDOM).mean(-1)
        # What noise explains is no error of the shape, and must not be taken to grow with the horizon.
        wrong = np.maximum(np.square(fits.error) - fits.noise**2, 0.0)
        learnt = np.minimum(wrong.sum(-1) / np.square(far).sum(), 4.0)
        nearest = fits.ratio <= 1.01 * fits.ratio.min()
        near = np.minimum((wrong / np.square(fits.pace))[..., nearest].mean(-1), 4.0)
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    kept = weight > NEGLIGIBLE
    index = np.broadcast_to(np.arange(weight.shape[-1]), weight.shape)[kept]
    return Mixture(
        weight[kept] / weight[kept].sum(),
        fits.level[kept],
        fits.size[kept],
        index,
        learnt[kept],
        near[kept],
        fits.end_pace,
        fits.end_noise,
    )


def quantiles(values: Floats, weight: Floats, at: tuple[float, ...]) -> list[float]:
    """Weighted quantiles.

    >>> quantiles(np.array([3.0, 1.0, 2.0]), np.ones(3), (0.5,))
    [2.0]
    """
    order = np.argsort(values, kind="stable")
    weight = weight[order] / weight.sum()
    return [float(q) for q in np.interp(at, np.cumsum(weight) - 0.5 * weight, values[order])]


def _growth(ratio: Floats) -> Floats:
    return np.asarray(np.log2(ratio) ** BEYOND)


def _t4(p: Floats) -> Floats:
    """Quantiles of Student's t distribution with 4 degrees of freedom (Shaw 2006, equation 36)."""
    root = np.sqrt(4.0 * p * (1.0 - p))
    return np.asarray(
        np.sign(p - 0.5) * 2.0 * np.sqrt(np.cos(np.arccos(np.minimum(root, 1.0)) / 3.0) / root - 1.0)
    )


_T = _t4((np.arange(NODES) + 0.5) / NODES)
