"""What is descended: surfaces, straight lines and small networks, for a whole table of parameters at once.

A problem's parameters are one flat vector; its loss takes a table of them, a row for each run, and gives a
loss a row. So dozens of runs cost little more than one, and every optimizer, curvature and plane below
works for all problems.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from descentry.web.lab.expression import Expression

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
}


class Problem(Protocol):
    """What can be descended."""

    @property
    def start(self) -> Tensor:
        """float64[d]."""

    def losses(self, parameters: Tensor, rows: Tensor | None) -> Tensor:
        """float64[k] at float64[k, d], of the examples ``rows``: int64[b] or [k, b]; None for all."""

    def filters(self) -> list[slice]:
        """The parameters that feed one unit, for planes that are normalised by filters."""


@dataclass(frozen=True)
class OnSurface:
    """A loss of two parameters."""

    expression: Expression
    start: Tensor

    def losses(self, parameters: Tensor, rows: Tensor | None = None) -> Tensor:
        """As for Problem; a surface has no examples."""
        x, y = parameters.unbind(-1)
        loss: Tensor = self.expression(x, y, torch)
        return loss

    def filters(self) -> list[slice]:
        """As for Problem."""
        return [slice(0, 2)]


@dataclass(frozen=True)
class Network:
    """A multilayer perceptron (or, with two sizes, a straight line) on examples.

    Attributes:
        x: float64[n, inputs].
        y: float64[n] targets, or int64[n] classes.
        sizes: Units by layer: inputs, hidden …, outputs.
        start: float64[d]: weights and biases, layer by layer, as ``parameters_to_vector`` gives them.
        loss: ``mse``, ``cross-entropy``, or ``bce`` (one output, classes 0 and 1).
        activation: Between the layers.
    """

    x: Tensor
    y: Tensor
    sizes: tuple[int, ...]
    start: Tensor
    loss: str = "mse"
    activation: str = "tanh"

    def outputs(self, parameters: Tensor, x: Tensor) -> Tensor:
        """float64[k, b, outputs], from inputs [b, i] or [k, b, i]."""
        k = len(parameters)
        value = x.expand(k, *x.shape) if x.dim() == 2 else x
        at = 0
        for layer, (before, after) in enumerate(itertools.pairwise(self.sizes)):
            if layer:
                value = ACTIVATIONS[self.activation](value)
            weight = parameters[:, at : at + before * after].view(k, after, before)
            at += before * after
            bias = parameters[:, at : at + after].view(k, 1, after)
            at += after
            value = torch.baddbmm(bias, value, weight.transpose(1, 2))
        return value

    def each(self, parameters: Tensor, rows: Tensor | None = None) -> Tensor:
        """float64[k, b]: the loss of every example."""
        x, y = (self.x, self.y) if rows is None else (self.x[rows], self.y[rows])
        out = self.outputs(parameters, x)
        y = y.expand(out.shape[:2])
        if self.loss == "cross-entropy":
            return nn.functional.cross_entropy(out.transpose(1, 2), y, reduction="none")
        if self.loss == "bce":
            return nn.functional.binary_cross_entropy_with_logits(
                out.squeeze(2), y.to(out.dtype), reduction="none"
            )
        return (out.squeeze(2) - y) ** 2

    def losses(self, parameters: Tensor, rows: Tensor | None = None) -> Tensor:
        """As for Problem: the mean over the batch."""
        return self.each(parameters, rows).mean(1)

    def filters(self) -> list[slice]:
        """As for Problem: a slice for each row of each weight matrix, and for each layer's biases."""
        found, at = [], 0
        for before, after in itertools.pairwise(self.sizes):
            found += [slice(at + i * before, at + (i + 1) * before) for i in range(after)]
            at += before * after
            found.append(slice(at, at + after))
            at += after
        return found


@dataclass(frozen=True)
class Tilted:
    """A surface that every example tilts another way; over all examples the tilts cancel.

    Attributes:
        expression: The surface.
        tilts: float64[n, 2]: what each example adds to the gradient.
        start: float64[2].
    """

    expression: Expression
    tilts: Tensor
    start: Tensor

    @property
    def x(self) -> Tensor:
        """The examples."""
        return self.tilts

    def each(self, parameters: Tensor, rows: Tensor | None = None) -> Tensor:
        """float64[k, b]: the loss of every example."""
        tilts = self.tilts if rows is None else self.tilts[rows]
        x, y = parameters.unbind(-1)
        level: Tensor = self.expression(x, y, torch)
        return level[:, None] + (tilts * parameters[:, None, :]).sum(2)

    def losses(self, parameters: Tensor, rows: Tensor | None = None) -> Tensor:
        """As for Problem: the mean over the batch."""
        return self.each(parameters, rows).mean(1)

    def filters(self) -> list[slice]:
        """As for Problem."""
        return [slice(0, 2)]


@dataclass(frozen=True)
class Batched:
    """A problem whose runs have batches of different sizes: row k counts its first ``sizes[k]`` examples."""

    problem: Network | Tilted
    sizes: tuple[int, ...]

    @property
    def start(self) -> Tensor:
        """As for Problem."""
        return self.problem.start

    def losses(self, parameters: Tensor, rows: Tensor | None) -> Tensor:
        """As for Problem; ``rows`` is int64[k, largest size]."""
        if rows is None:
            return self.problem.losses(parameters)
        size = torch.tensor(self.sizes)[:, None]
        counted = (torch.arange(rows.shape[1]) < size).to(torch.float64)
        return (self.problem.each(parameters, rows) * counted).sum(1) / size[:, 0]

    def filters(self) -> list[slice]:
        """As for Problem."""
        return self.problem.filters()


def initial(sizes: Sequence[int], seed: int) -> Tensor:
    """The parameters that ``nn.Linear`` layers of these sizes begin with after ``manual_seed(seed)``."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [nn.Linear(a, b, dtype=torch.float64) for a, b in itertools.pairwise(sizes)]
    return nn.utils.parameters_to_vector(p for layer in layers for p in layer.parameters()).detach()
