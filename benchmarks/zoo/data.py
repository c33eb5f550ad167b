"""What a task is, and how its data become tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

Kind = Literal["classes", "binary", "values"]
Shape = Literal["vector", "image", "tokens", "series"]

ROWS = 700  # enough to learn something from, few enough for thousands of trainings


@dataclass(frozen=True)
class Data:
    """Inputs and targets, for training and for validation.

    Attributes:
        x: float[n, features], float[n, 1, side, side], int[n, time] or float[n, time, channels].
        y: int[n] classes (or int[n, time]), float[n, 1] for two classes, float[n, outputs] for values.
        x_val: As ``x``.
        y_val: As ``y``.
        kind: What the targets are.
        shape: What the inputs are.
        outputs: Outputs that the model needs.
        vocabulary: How many different tokens there are; 0 where there are none.
    """

    x: Tensor
    y: Tensor
    x_val: Tensor
    y_val: Tensor
    kind: Kind
    shape: Shape
    outputs: int
    vocabulary: int = 0

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Task:
    """A data set by its name; ``make`` returns inputs and targets as arrays, in a fixed random order."""

    name: str
    kind: Kind
    shape: Shape
    make: Callable[[], tuple[Any, Any]]


TASKS: dict[str, Task] = {}


def task(name: str, kind: Kind, shape: Shape = "vector") -> Callable[..., Callable[[], tuple[Any, Any]]]:
    """Puts a data set into ``TASKS``."""

    def put(make: Callable[[], tuple[Any, Any]]) -> Callable[[], tuple[Any, Any]]:
        TASKS[name] = Task(name, kind, shape, make)
        return make

    return put


@functools.cache
def load(name: str) -> Data:
    """The data of a task; vectors and values to predict are standardised."""
    chosen = TASKS[name]
    x, y = (np.asarray(part) for part in chosen.make())
    order = np.random.default_rng(0).permutation(len(x))[: ROWS + ROWS // 3]
    x, y = x[order], y[order]
    if chosen.shape == "vector":
        x = (x - x.mean(0)) / (x.std(0) + 1e-9)
    if chosen.kind == "values":
        y = y.reshape(len(y), -1)
        y = (y - y.mean(0)) / (y.std(0) + 1e-9)
    inputs = torch.tensor(x, dtype=torch.long if chosen.shape == "tokens" else torch.float32)
    if chosen.kind == "binary":
        targets = torch.tensor(y.reshape(-1, 1), dtype=torch.float32)
    else:
        targets = torch.tensor(y, dtype=torch.long if chosen.kind == "classes" else torch.float32)
    outputs = int(targets.max()) + 1 if chosen.kind == "classes" else targets.shape[1]
    cut = int(0.75 * len(x))
    vocabulary = int(inputs.max()) + 1 if chosen.shape == "tokens" else 0
    return Data(
        inputs[:cut],
        targets[:cut],
        inputs[cut:],
        targets[cut:],
        chosen.kind,
        chosen.shape,
        outputs,
        vocabulary,
    )
