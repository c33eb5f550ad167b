"""What several scenes share: controls that look alike, numbers in sentences, how a curve ends."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeVar

import numpy as np

from descentry.core.data import Floats
from descentry.web.lab.controls import Choice, Slider
from descentry.web.lab.optimizers import OPTIMIZERS, Optimizer
from descentry.web.lab.pictures import Line, Role

T = TypeVar("T")


def last(found: Iterable[T]) -> T:
    """What comes last: the whole of a descent, where nobody waits for its parts.

    Raises:
        ValueError: Nothing comes.
    """
    *_, one = found
    return one


def optimizer_choice(*ids: str, default: str = "gd") -> Choice:
    """A choice among optimizers; all of them when none is named."""
    return Choice(
        "optimizer", "Optimizer", tuple((id, OPTIMIZERS[id].title) for id in (ids or OPTIMIZERS)), default
    )


def rate_slider(low: float, high: float, default: float) -> Slider:
    """The learning rate."""
    return Slider("rate", "Learning rate", low, high, default, log=True)


def short(value: float) -> str:
    """A number for a sentence: three digits."""
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "beyond all bounds"
    return f"{value:.3g}"


def curve(
    name: str, loss: Floats, role: Role = "other", *, behaviours: tuple[str, ...] = (), dashed: bool = False
) -> Line:
    """A loss by step."""
    return Line(name, np.arange(len(loss), dtype=np.float64), loss, role, behaviours, dashed)


def lost(loss: Floats) -> bool:
    """Whether a run has left all bounds, or ends above where it began by a thousandfold."""
    return not bool(np.isfinite(loss[-1])) or bool(loss[-1] > 1000 * max(abs(loss[0]), 1e-300))


def momentum(beta: float, *, nesterov: bool = False) -> Optimizer:
    """SGD with a momentum of one's own; plain gradient descent at 0."""
    if beta == 0:
        return OPTIMIZERS["gd"]
    options = {"momentum": beta} | ({"nesterov": True} if nesterov else {})
    return Optimizer("own-momentum", f"momentum {beta:g}", "SGD", options)
