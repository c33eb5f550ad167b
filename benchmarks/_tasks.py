"""Small models to train for real: nets with a hand-written backward pass, test functions, and a bandit.

Each task is one family of the evaluation set: one data set (or function) and one model.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from benchmarks._nouns import Array

Params = list[Array]
Batch = Any


class Task(Protocol):
    """Something that gradient descent can be run on.

    ``sample`` draws a batch (0 means all of the data), ``loss_grad`` gives its loss and gradients.
    """

    @property
    def name(self) -> str: ...
    def init(self, rng: np.random.Generator) -> Params: ...
    def sample(self, rng: np.random.Generator, size: int, step: int, ordered: bool) -> Batch: ...
    def loss_grad(self, params: Params, batch: Batch) -> tuple[float, Params]: ...
    def full(self, params: Params) -> float: ...


@dataclass(frozen=True)
class Net:
    """A multilayer perceptron; without hidden layers it is linear, logistic or softmax regression.

    Attributes:
        name: Data set and model.
        data: Training inputs and targets, then validation inputs and targets.
        hidden: Widths of the hidden layers.
        act: ``relu``, ``tanh`` or ``linear``.
        head: ``softmax`` (targets are classes) or ``mse``.
        gain: Standard deviation of the initial weights times the root of the fan-in.
    """

    name: str
    data: tuple[Array, Array, Array, Array]
    hidden: tuple[int, ...] = ()
    act: str = "tanh"
    head: str = "softmax"
    gain: float = 1.0

    @functools.cached_property
    def sizes(self) -> tuple[int, ...]:
        """Widths from the inputs to the outputs."""
        x, y = self.data[:2]
        out = int(max(y.max(), self.data[3].max())) + 1 if self.head == "softmax" else y.shape[1]
        return (x.shape[1], *self.hidden, out)

    def init(self, rng: np.random.Generator) -> Params:
        """Weights and biases of each layer, in turn."""
        params: Params = []
        for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False):
            params += [rng.normal(0, self.gain / np.sqrt(n_in), (n_in, n_out)), np.zeros(n_out)]
        return params

    def sample(self, rng: np.random.Generator, size: int, step: int, ordered: bool) -> Batch:
        """A batch drawn at random, or the next one in the order of the data."""
        x, y = self.data[:2]
        if not size:
            return x, y
        rows = (np.arange(size) + step * size) % len(x) if ordered else rng.integers(0, len(x), size)
        return x[rows], y[rows]

    def outputs(self, params: Params, x: Array) -> list[Array]:
        """The activations of each layer, the inputs first and the logits last."""
        layers = [x]
        for i in range(0, len(params), 2):
            z = layers[-1] @ params[i] + params[i + 1]
            if i + 2 < len(params):
                z = np.maximum(z, 0) if self.act == "relu" else np.tanh(z) if self.act == "tanh" else z
            layers.append(z)
        return layers

    def loss_grad(self, params: Params, batch: Batch) -> tuple[float, Params]:
        """Mean loss of the batch and its gradient."""
        x, y = batch
        layers = self.outputs(params, x)
        loss, delta = self._head(layers[-1], y)
        grads: Params = [np.empty(0)] * len(params)
        for i in range(len(params) - 2, -1, -2):
            below = layers[i // 2]
            grads[i], grads[i + 1] = below.T @ delta, delta.sum(0)
            if i:
                delta = delta @ params[i].T
                if self.act == "relu":
                    delta = delta * (below > 0)
                elif self.act == "tanh":
                    delta = delta * (1 - below**2)
        return loss, grads

    def _head(self, z: Array, y: Array) -> tuple[float, Array]:
        n = len(z)
        if self.head == "mse":
            error = z - y
            return float(0.5 * np.mean(np.sum(error**2, 1))), error / n
        z = z - z.max(1, keepdims=True)
        p = np.exp(z)
        p /= p.sum(1, keepdims=True)
        rows, classes = np.arange(n), y.astype(np.int64)
        loss = float(-np.mean(z[rows, classes] - np.log(np.exp(z).sum(1))))
        p[rows, classes] -= 1
        return loss, p / n

    def full(self, params: Params) -> float:
        """Loss on all of the training data."""
        x, y = self.data[:2]
        return self._head(self.outputs(params, x)[-1], y)[0]

    def validate(self, params: Params) -> float:
        """Loss on the validation data."""
        x, y = self.data[2:]
        return self._head(self.outputs(params, x)[-1], y)[0]

    def accuracy(self, params: Params, batch: Batch) -> float:
        """Share of the batch that is classified rightly."""
        x, y = batch
        return float(np.mean(self.outputs(params, x)[-1].argmax(1) == y))


@dataclass(frozen=True)
class Function:
    """A test function whose argument is shifted by noise: each batch sees the minimum at another place.

    Attributes:
        name: Name of the function.
        start: Where descent begins.
        f_grad: The function and its gradient.
        noise: Standard deviation of the shift for a batch of one.
    """

    name: str
    start: Array
    f_grad: Callable[[Array], tuple[float, Array]]
    noise: float

    def init(self, rng: np.random.Generator) -> Params:
        """The starting point, a little moved."""
        return [self.start * (1 + 0.05 * rng.normal(size=self.start.shape))]

    def sample(self, rng: np.random.Generator, size: int, step: int, ordered: bool) -> Batch:
        """The shift; none at all for a full batch."""
        if ordered:
            return self.noise * np.sin(2 * np.pi * step / size) * np.ones_like(self.start)
        return (
            self.noise / np.sqrt(size) * rng.normal(size=self.start.shape)
            if size
            else np.zeros_like(self.start)
        )

    def loss_grad(self, params: Params, batch: Batch) -> tuple[float, Params]:
        """Value and gradient at the shifted point."""
        value, grad = self.f_grad(params[0] - batch)
        return value, [grad]

    def full(self, params: Params) -> float:
        """Value without noise."""
        return self.f_grad(params[0])[0]


@dataclass(frozen=True)
class Bandit:
    """A softmax policy over arms, trained by REINFORCE; its loss is the negative mean reward of the batch."""

    name: str
    means: Array
    spread: float

    def init(self, rng: np.random.Generator) -> Params:
        """Indifference, a little moved."""
        return [0.01 * rng.normal(size=len(self.means))]

    def sample(self, rng: np.random.Generator, size: int, step: int, ordered: bool) -> Batch:
        """The random numbers that choose the arms and their rewards."""
        size = size or 4000
        return rng.random(size), self.spread * rng.normal(size=size)

    def loss_grad(self, params: Params, batch: Batch) -> tuple[float, Params]:
        """Negative mean reward, and the score-function gradient with the mean as its baseline."""
        p = np.exp(params[0] - params[0].max())
        p /= p.sum()
        arms = np.searchsorted(np.cumsum(p), batch[0]).clip(0, len(p) - 1)
        reward = self.means[arms] + batch[1]
        advantage = reward - reward.mean()
        score = np.zeros(len(p))
        np.add.at(score, arms, advantage)
        return -float(reward.mean()), [-(score - advantage.sum() * p) / len(arms)]

    def full(self, params: Params) -> float:
        """Negative expected reward."""
        p = np.exp(params[0] - params[0].max())
        return -float(self.means @ p / p.sum())


def sharpness(task: Task, params: Params) -> float:
    """The largest Hessian eigenvalue of the full loss, by power iteration on differences of gradients."""
    rng = np.random.default_rng(0)
    batch = task.sample(rng, 0, 0, False)
    base = task.loss_grad(params, batch)[1]
    v = [rng.normal(size=p.shape) for p in params]
    top = 1.0
    for _ in range(60):
        norm = np.sqrt(sum(float((a * a).sum()) for a in v))
        v = [a / norm for a in v]
        moved = task.loss_grad([p + 1e-4 * a for p, a in zip(params, v, strict=True)], batch)[1]
        hv = [(m - b) / 1e-4 for m, b in zip(moved, base, strict=True)]
        top = float(sum((a * b).sum() for a, b in zip(v, hv, strict=True)))
        v = hv
    return abs(top)
