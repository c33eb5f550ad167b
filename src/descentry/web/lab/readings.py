"""What the instruments of a watch would read along a path, worked out exactly: the problems are small.

The series have the instruments' names, so that causes weigh them as they weigh those of a watched run.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from descentry.core.data import Floats, Run, Series
from descentry.web.lab import engine
from descentry.web.lab.optimizers import Optimizer
from descentry.web.lab.problems import Network, Problem

READ = 12  # points along the path at which the Hessian is formed
BEYOND = 1e100  # a parameter out there has left all bounds; its squares would overflow
REST = 1e-5  # of the weights: below, a step hardly moves them (the page of update-ratio)
UNITS: Mapping[str, str] = {
    "after-step": "fraction",
    "gradient-agreement": "cosine",
    "gradient-norm": "norm",
    "learning-rate": "",
    "regularisation": "ratio",
    "sharpness": "curvature",
    "update-ratio": "fraction",
}


def edge(how: Optimizer) -> float | None:
    """η times sharpness at which a quadratic turns unstable; None where the optimizer scales by gradients.

    2 for gradient descent, 2(1 + β) with momentum β, 2(1 + β)/(1 + 2β) with Nesterov's (Cohen et al. 2021,
    appendix B).
    """
    if how.torch_name != "SGD":
        return None
    beta = float(how.options.get("momentum", 0.0))
    return 2 * (1 + beta) / (1 + 2 * beta) if how.options.get("nesterov") else 2 * (1 + beta)


def measured(
    problem: Problem, how: Optimizer, rate: float, loss: Floats, path: Floats, *, noisy: bool = False
) -> Run:
    """The run of one path, with what a watch would have read.

    Costs a gradient at each point, and ``READ`` Hessians.

    Args:
        problem: What was descended.
        how: The optimizer.
        rate: The learning rate.
        loss: float64[n]: as it was logged.
        path: float64[n + 1, d].
        noisy: Whether batches were drawn: then only curvature and the length of the steps are read.
    """
    series = [Series("loss", "train", np.arange(len(loss)), loss)]
    with np.errstate(invalid="ignore"):
        left = ~(np.abs(path) < BEYOND).all(axis=1)
    whole = int(np.argmax(left)) if left.any() else len(path)
    whole = _moving(path[:whole])
    if whole >= 2:
        series += _read(problem, how, rate, loss, path[:whole], noisy)
    config = {
        "optimizer": how.torch_name,
        "lr": rate,
        "instruments": dict(UNITS),
        **{name: value for name, value in how.options.items() if name in ("momentum", "nesterov")},
    }
    return Run("lab", "lab", tuple(series), config)


def _moving(path: Floats) -> int:
    """How many points there are before the run comes to rest.

    What is read at rest says nothing of the training: a run at its minimum would be taken for one that cannot
    move. One that hardly moves from its first steps on is read whole.
    """
    with np.errstate(all="ignore"):
        ratio = np.linalg.norm(np.diff(path, axis=0), axis=1) / np.linalg.norm(path, axis=1).max()
    moves = np.flatnonzero(ratio > REST)
    return int(moves[-1]) + 2 if len(moves) >= READ else len(path)


def _read(
    problem: Problem, how: Optimizer, rate: float, loss: Floats, path: Floats, noisy: bool
) -> list[Series]:
    found: list[Series] = []

    def add(name: str, step: np.ndarray, value: Floats) -> None:
        found.append(Series(name, "", step, value))

    steps = np.arange(min(len(path) - 1, len(loss)))
    with np.errstate(all="ignore"):
        moved = np.diff(path, axis=0)[: len(steps)]
        decay = float(how.options.get("weight_decay", 0.01 if how.torch_name == "AdamW" else 0.0))
        add("learning-rate", steps[:1], np.array([rate]))
        add("learning-rate/weight-decay", steps[:1], np.array([decay]))
        if not decay:
            add("regularisation/pull", steps, np.zeros(len(steps)))
        if isinstance(
            problem, Network
        ):  # the parameters of a surface are a place, and its origin means nothing
            size = np.linalg.norm(path[: len(steps)], axis=1)
            add("regularisation/shrunk", steps, size / size[0])
            add("update-ratio", steps, np.linalg.norm(moved, axis=1) / size)
        points = np.unique(np.linspace(0, len(steps) - 1, READ).astype(int))
        sharp = np.array([engine.sharpness(problem, torch.as_tensor(path[i])) for i in points])
        add("sharpness", points, sharp)
        bound = edge(how)
        if bound is not None:
            add("sharpness/stability", points, rate * sharp * 2 / bound)
        if noisy:
            return found
        gradient = engine.gradients(problem, path[: len(steps)])
        norm = np.linalg.norm(gradient, axis=1)
        add("gradient-norm", steps, norm)
        promised = -(gradient * moved).sum(axis=1)
        after = np.append(loss[1 : len(steps)], np.nan)
        add(
            "after-step/ratio", steps, np.where(promised > 0, (loss[: len(steps)] - after) / promised, np.nan)
        )
        cosine = (gradient[1:] * gradient[:-1]).sum(axis=1) / (norm[1:] * norm[:-1])
        add("gradient-agreement", steps[1:], cosine)
    return found
