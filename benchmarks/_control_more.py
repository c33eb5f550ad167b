"""Further trainings on which the design of the search was chosen; none of them is reported.

Eleven of a pair each are few to choose by, and the other half has to stay unseen. These are of the same
kinds, on other data: separable classes, whose loss falls exponentially; noise floors; depth; small batches;
fine-tuning.
"""

from __future__ import annotations

import functools

import numpy as np
import torch
from sklearn import datasets
from torch import nn

from benchmarks import _control_models as models
from benchmarks import _control_tasks as tasks
from benchmarks._control_tasks import CE, MSE, Data, Task, _made, _mlp, _scaled, _split, _tuned


@functools.cache
def scaled_wine() -> Data:
    x, y = datasets.load_wine(return_X_y=True)
    return _split(_scaled(x), y)


@functools.cache
def scaled_diabetes() -> Data:
    x, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    return _split(_scaled(x), _scaled(y.astype(float))[:, None])


@functools.cache
def parity() -> Data:
    x, y = datasets.load_digits(return_X_y=True)
    return _split(x / 16, y % 2)


@functools.cache
def turned_pictures() -> Data:
    d = tasks.turned_digits()
    return Data(d.x, d.x, d.held_x, d.held_x)


@functools.cache
def turned_parity() -> Data:
    d = tasks.turned_digits()
    return Data(d.x, d.y % 2, d.held_x, d.held_y % 2)


@functools.cache
def spirals() -> Data:
    """Two spirals of one turn and a half each, with a little noise."""
    random = np.random.default_rng(0)
    turn = np.sqrt(random.uniform(size=800)) * 3 * np.pi
    side = random.integers(0, 2, 800)
    x = np.column_stack([np.cos(turn), np.sin(turn)]) * (turn / 10 * (1 - 2 * side))[:, None]
    return _split(x + random.normal(0, 0.02, x.shape), side)


class Ellipse(nn.Module):
    """A quadratic of condition 100 in 30 dimensions, whose minimum each batch sees a little shifted."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(30))
        self.register_buffer("curvature", torch.logspace(-1, 1, 30))

    def forward(self, shift: torch.Tensor) -> torch.Tensor:
        return 0.5 * (self.curvature * (self.w - 0.01 * shift[:, :30]).square()).sum(-1)


_PARITY = Task("", _mlp(64, 64, 64, 2), parity, CE, 400)
_PICTURES = Task("", _mlp(64, 32, 16, 64), tasks.pictures, MSE, 400)

MORE: tuple[Task, ...] = (
    Task("wine-softmax", _mlp(13, 3), scaled_wine, CE, 400),
    Task("wine-mlp", _mlp(13, 16, 3), scaled_wine, CE, 300),
    Task("parity-mlp", _mlp(64, 32, 2), parity, CE, 400),
    Task("parity-small-batch", _mlp(64, 24, 2, act=nn.Tanh), parity, CE, 800, 4),
    Task("diabetes-mlp", _mlp(10, 32, 1), scaled_diabetes, MSE, 500),
    Task("moons-deep", _mlp(2, *[16] * 6, 2), tasks.moons, CE, 400),
    Task("spirals-long", _mlp(2, 32, 32, 2, act=nn.Tanh), spirals, CE, 1500),
    Task("ellipse", _made(Ellipse), tasks.shifts, tasks._value, 400),
    Task("tuned-pictures", _tuned(_mlp(64, 32, 16, 64), lambda: _PICTURES, 400), turned_pictures, MSE, 300),
    Task("tuned-parity", _tuned(_mlp(64, 64, 64, 2), lambda: _PARITY, 400), turned_parity, CE, 300),
    Task("parity-long", _mlp(64, 32, 32, 2, act=nn.Tanh), parity, CE, 2000),
    Task("moons-long", _mlp(2, 24, 24, 2, act=nn.Tanh), tasks.moons, CE, 2000),
    Task("turned-cnn", _made(models.cnn), tasks.turned_digits, CE, 300),
    Task("turned-residual", _made(lambda: models.Residual(16)), tasks.turned_digits, CE, 300),
)
