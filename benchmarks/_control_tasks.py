"""Small real trainings on which ways to set the learning rate are compared: 22 tasks, in pairs.

One task of each pair, by the toss of a seeded coin, is for choosing the design, the other for reporting.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn import datasets
from torch import Tensor, nn

from benchmarks import _control_models as models


class Data(NamedTuple):
    """Training inputs and targets, then held-out ones; a row is an example."""

    x: Tensor
    y: Tensor
    held_x: Tensor
    held_y: Tensor


@dataclass(frozen=True)
class Task:
    """A training: model and data by seed, a loss of outputs and targets, and how long it goes on.

    Attributes:
        name: Data and model.
        model: Makes the model from a seed, with its initial weights.
        data: Makes the data.
        loss: Of outputs and targets, the mean over a batch.
        steps: How many updates the training has.
        batch: Examples in a batch.
        decay: Weight decay that both optimizers are given.
    """

    name: str
    model: Callable[[int], nn.Module]
    data: Callable[[], Data]
    loss: Callable[[Tensor, Tensor], Tensor]
    steps: int
    batch: int = 32
    decay: float = 0.0

    def rows(self, seed: int, steps: int) -> Tensor:
        """int64[steps, batch]: which examples each step sees."""
        generator = torch.Generator().manual_seed(1000 + seed)
        return torch.randint(len(self.data().x), (steps, self.batch), generator=generator)


def _split(x: Any, y: Any, seed: int = 0) -> Data:
    order = np.random.default_rng(seed).permutation(len(x))
    cut = len(x) * 3 // 4
    x, y = torch.as_tensor(np.asarray(x), dtype=torch.float32), torch.as_tensor(np.asarray(y))
    y = y.float() if y.is_floating_point() else y.long()
    train, held = torch.as_tensor(order[:cut]), torch.as_tensor(order[cut:])
    return Data(x[train], y[train], x[held], y[held])


def _scaled(x: Any) -> Any:
    return (x - x.mean(0)) / (x.std(0) + 1e-9)


@functools.cache
def digits() -> Data:
    x, y = datasets.load_digits(return_X_y=True)
    return _split(x / 16, y)


@functools.cache
def turned_digits() -> Data:
    """The digits turned by a quarter: what a net trained on upright ones is tuned to."""
    x, y = datasets.load_digits(return_X_y=True)
    turned = np.rot90(x.reshape(-1, 8, 8) / 16, axes=(1, 2)).reshape(-1, 64).copy()
    return _split(turned, y, seed=1)


@functools.cache
def pictures() -> Data:
    x, _ = datasets.load_digits(return_X_y=True)
    return _split(x / 16, x / 16)


@functools.cache
def wine() -> Data:
    return _split(*datasets.load_wine(return_X_y=True))


@functools.cache
def diabetes() -> Data:
    x, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    return _split(x, y.astype(float)[:, None])


@functools.cache
def products() -> Data:
    """Diabetes, standardised, with all products of two features: an ill-conditioned regression."""
    x, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    x = _scaled(x)
    pairs = [x[:, i] * x[:, j] for i in range(x.shape[1]) for j in range(i + 1)]
    return _split(np.column_stack([x, *pairs]), _scaled(y.astype(float))[:, None])


@functools.cache
def cancer() -> Data:
    x, y = datasets.load_breast_cancer(return_X_y=True)
    return _split(_scaled(x), y)


@functools.cache
def moons() -> Data:
    return _split(*datasets.make_moons(800, noise=0.15, random_state=0))


@functools.cache
def shifts() -> Data:
    """Where each batch sees the minimum; training and held-out loss are those without a shift."""
    x = np.random.default_rng(0).normal(size=(2048, 50))
    none = torch.zeros(1, 50)
    return Data(torch.as_tensor(x, dtype=torch.float32), torch.zeros(2048), none, torch.zeros(1))


@functools.cache
def text(part: int = 0) -> Data:
    """Windows of characters of the descriptions that come with scikit-learn's data sets."""
    loaders = (datasets.load_wine, datasets.load_diabetes, datasets.load_breast_cancer, datasets.load_digits)
    pages = [loader().DESCR.lower() for loader in loaders]
    chosen = pages[3] if part else "".join(pages[:3])
    code = np.array([models.LETTERS.find(c) if c in models.LETTERS else 0 for c in chosen])
    windows = np.lib.stride_tricks.sliding_window_view(code, models.WINDOW + 1)[::3]
    return _split(windows[:, :-1].copy(), windows[:, 1:].copy())


def _letters() -> Data:
    d = text()
    return Data(d.x.long(), d.y, d.held_x.long()[:200], d.held_y[:200])


def _other_letters() -> Data:
    d = text(1)
    return Data(d.x.long(), d.y, d.held_x.long()[:200], d.held_y[:200])


def _characters(out: Tensor, y: Tensor) -> Tensor:
    return nn.functional.cross_entropy(out.reshape(-1, out.shape[-1]), y.reshape(-1))


def _value(out: Tensor, _: Tensor) -> Tensor:
    return out.mean()


def _mlp(*sizes: int, act: type[nn.Module] = nn.ReLU, gain: float = 1.0) -> Callable[[int], nn.Module]:
    return lambda seed: models.seeded(seed, lambda: models.mlp(sizes, act, gain))


def _made(make: Callable[[], nn.Module]) -> Callable[[int], nn.Module]:
    return lambda seed: models.seeded(seed, make)


def _tuned(
    make: Callable[[int], nn.Module], task: Callable[[], Task], steps: int
) -> Callable[[int], nn.Module]:
    """A model that was trained on another task first."""

    @functools.cache
    def weights(seed: int) -> dict[str, Tensor]:
        other, model = task(), make(seed)
        optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
        data = other.data()
        for row in other.rows(seed + 50, steps):
            optimizer.zero_grad()
            other.loss(model(data.x[row]), data.y[row]).backward()
            optimizer.step()
        return {k: v.detach().clone() for k, v in model.state_dict().items()}

    def load(seed: int) -> nn.Module:
        model = make(seed)
        model.load_state_dict(weights(seed))
        return model

    return load


CE = nn.functional.cross_entropy
MSE = nn.functional.mse_loss
_DIGITS_MLP = Task("digits-mlp", _mlp(64, 32, 10), digits, CE, 400)
_LETTERS = Task("char-transformer", _made(models.Transformer), _letters, _characters, 300, 8)

PAIRS: tuple[tuple[Task, Task], ...] = (
    (
        Task("digits-softmax", _mlp(64, 10), digits, CE, 400),
        Task("cancer-logistic", _mlp(30, 2), cancer, CE, 400, decay=1e-3),
    ),
    (_DIGITS_MLP, Task("moons-mlp", _mlp(2, 24, 24, 2, act=nn.Tanh), moons, CE, 600)),
    (
        Task("digits-cnn", _made(models.cnn), digits, CE, 300),
        Task("digits-autoencoder", _mlp(64, 32, 8, 32, 64, act=nn.Tanh), pictures, MSE, 500),
    ),
    (
        Task("wine-raw", _mlp(13, 16, 3), wine, CE, 500),
        Task("diabetes-raw", _mlp(10, 16, 1), diabetes, MSE, 500),
    ),
    (
        Task("cancer-mlp", _mlp(30, 16, 2), cancer, CE, 300),
        Task("digits-narrow", _mlp(64, 6, 6, 10, act=nn.Tanh), digits, CE, 600),
    ),
    (
        Task("quadratic", _made(models.Quadratic), shifts, _value, 500),
        Task("rosenbrock", _made(models.Rosenbrock), shifts, _value, 800, 128),
    ),
    (Task("char-gru", _made(models.Gru), _letters, _characters, 300, 8), _LETTERS),
    (
        Task("digits-wide", _mlp(64, 512, 10), digits, CE, 300),
        Task("digits-deep", _mlp(64, *[32] * 8, 10, act=nn.Tanh), digits, CE, 400),
    ),
    (
        Task("tuned-digits", _tuned(_mlp(64, 64, 64, 10), lambda: _TO_TUNE, 400), turned_digits, CE, 300),
        Task(
            "tuned-transformer",
            _tuned(_made(models.Transformer), lambda: _LETTERS, 400),
            _other_letters,
            _characters,
            300,
            8,
        ),
    ),
    (
        Task("digits-long", _mlp(64, 32, 32, 10, act=nn.Tanh), digits, CE, 2000),
        Task("products-long", _mlp(65, 1), products, MSE, 2000),
    ),
    (
        Task("digits-residual", _made(models.Residual), digits, CE, 300),
        Task("digits-large-init", _mlp(64, 48, 10, gain=4.0), digits, CE, 400),
    ),
)
_TO_TUNE = Task("", _mlp(64, 64, 64, 10), digits, CE, 400)


def _halves() -> tuple[tuple[Task, ...], tuple[Task, ...]]:
    coin = random.Random(5)
    tossed = [pair if coin.random() < 0.5 else pair[::-1] for pair in PAIRS]
    return tuple(a for a, _ in tossed), tuple(b for _, b in tossed)


CHOOSING, REPORTING = _halves()
TASKS = {task.name: task for task in (*CHOOSING, *REPORTING)}
