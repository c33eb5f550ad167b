"""The loss of a model on a plane through its own trajectory.

The plane goes through the end of the path; its directions are the two along which the path spreads most
(the principal components of its points about the end: Li et al. 2018, "Visualizing the loss landscape of
neural nets", section 7). A slice of many dimensions can mislead, so what share of the path's variance lies
in it is stated, and beside the true loss the loss of the slice at the path's shadow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from descentry.core.data import Floats
from descentry.web.lab import engine
from descentry.web.lab.problems import Problem

SIDE = 33  # points a side of the picture
MARGIN = 0.25  # of the path's extent, on each side
MOST_POINTS = 400  # of the path, which are enough to find its directions


@dataclass(frozen=True)
class Plane:
    """A slice of the loss.

    Attributes:
        directions: float64[2, d].
        origin: float64[d]: the end of the path.
        window: Left, right, bottom, top: multiples of the directions.
        grid: float64[SIDE, SIDE]: the loss, row by row from the bottom.
        path: float64[m, 2]: the shadow of the path on the plane, by least squares.
        variance: The share of the path's variance about its end that lies in the plane.
        true_loss: float64[m]: the loss on the path.
        slice_loss: float64[m]: the loss of its shadow.
    """

    directions: Floats
    origin: Floats
    window: tuple[float, float, float, float]
    grid: Floats
    path: Floats
    variance: float
    true_loss: Floats
    slice_loss: Floats


def plane(problem: Problem, path: Floats, *, filter_normalised: bool = False) -> Plane | None:
    """The plane of a path; None where the path leaves all bounds or does not move.

    Costs a thin singular value decomposition of [m, d] and ``SIDE² + 2m`` losses.

    Args:
        problem: What was descended.
        path: float64[m, d].
        filter_normalised: Whether each direction gets, unit by unit, the length of the weights at the end
            (Li et al. 2018, section 4), so that flat and sharp can be compared between models. The
            directions are then oblique, and the shadow is the nearest point of the plane.
    """
    points = path[np.isfinite(path).all(axis=1)]
    if len(points) > MOST_POINTS:
        points = points[np.linspace(0, len(points) - 1, MOST_POINTS).astype(int)]
    if len(points) < 3:
        return None
    origin = points[-1]
    moved = points - origin
    scale = float(np.abs(moved).max())
    if not 0 < scale < 1e100:
        return None
    _, _, rows = np.linalg.svd(moved, full_matrices=False)
    directions = rows[:2]
    if len(directions) < 2:
        return None
    directions = (
        directions * np.where(directions.sum(axis=1) < 0, -1.0, 1.0)[:, None]
    )  # a sign that is repeatable
    if filter_normalised:
        directions = _normalised(directions, origin, problem.filters())
    shadow = np.linalg.lstsq(directions.T, moved.T, rcond=None)[0].T
    kept = shadow @ directions
    variance = float((kept**2).sum() / (moved**2).sum())
    window = _window(shadow)
    across = np.linspace(window[0], window[1], SIDE)
    up = np.linspace(window[2], window[3], SIDE)
    mesh = np.stack(np.meshgrid(across, up), axis=-1).reshape(-1, 2)
    grid = engine.losses_at(problem, origin + mesh @ directions).reshape(SIDE, SIDE)
    return Plane(
        directions,
        origin,
        window,
        grid,
        shadow,
        variance,
        engine.losses_at(problem, points),
        engine.losses_at(problem, origin + kept),
    )


def _normalised(directions: Floats, weights: Floats, filters: list[slice]) -> Floats:
    out = directions.copy()
    for direction in out:
        for part in filters:
            length = float(np.linalg.norm(direction[part]))
            if length > 0:
                direction[part] *= np.linalg.norm(weights[part]) / length
    return out


def _window(shadow: Floats) -> tuple[float, float, float, float]:
    low, high = shadow.min(axis=0), shadow.max(axis=0)
    extent = float((high - low).max())
    # A path that is nearly a line is still shown in a plane, a third as high as it is wide at least.
    half = np.maximum((high - low) / 2, extent / 6) + MARGIN * extent
    middle = (high + low) / 2
    (left, bottom), (right, top) = middle - half, middle + half
    return float(left), float(right), float(bottom), float(top)


def surface_grid(problem: Problem, window: tuple[float, float, float, float], side: int = 61) -> Floats:
    """float64[side, side]: the loss of a problem of two parameters, row by row from the bottom."""
    left, right, bottom, top = window
    mesh = np.stack(np.meshgrid(np.linspace(left, right, side), np.linspace(bottom, top, side)), axis=-1)
    with torch.no_grad():
        return engine.losses_at(problem, mesh.reshape(-1, 2)).reshape(side, side)
