"""Trainings of every kind that an instrument must get along with, each made anew from one seed."""

from __future__ import annotations

import functools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from tests._probes import Training
from torch import Tensor, nn
from torch.nn import functional as F

NETS: dict[str, Callable[[], Training]] = {}


def net(make: Callable[[], Training]) -> Callable[[], Training]:
    @functools.wraps(make)
    def seeded() -> Training:
        torch.manual_seed(0)
        random.seed(0)
        np.random.seed(0)  # noqa: NPY002 - the stream that a model may draw from
        return make()

    NETS[make.__name__.replace("_", " ")] = seeded
    return seeded


def mlp(*, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    return nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 3)).to(dtype)


def classes(model: nn.Module, optimizer: torch.optim.Optimizer, **more: Any) -> Training:
    x, y = torch.randn(12, 6), torch.randint(3, (12,))
    return Training(model, optimizer, F.cross_entropy, (x,), y, **more)


def sgd(model: nn.Module, **more: Any) -> torch.optim.SGD:
    return torch.optim.SGD(model.parameters(), **{"lr": 0.1, **more})


class Counting(nn.Module):
    """Counts its calls and keeps what it returned, as modules of users do."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.calls, self.last = inner, 0, None

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.last = self.inner(x)
        return self.last


@net
def dropout_and_batch_norm() -> Training:
    model = nn.Sequential(
        nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), Counting(nn.Linear(16, 3))
    )
    model.register_forward_hook(lambda module, args, out: out + torch.rand(()))
    return classes(model, sgd(model, momentum=0.9))


@net
def convolutions() -> Training:
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.ConvTranspose2d(4, 2, 2),
        nn.Flatten(),
        nn.Linear(98, 3),
    )
    x, y = torch.randn(8, 1, 8, 8), torch.randint(3, (8,))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, amsgrad=True)
    return Training(model, optimizer, nn.CrossEntropyLoss(), (x,), y)


@net
def groups_with_a_frozen_layer_and_one_outside() -> Training:
    model = nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 3))
    model[1].requires_grad_(False)
    groups = [{"params": model[0].parameters(), "lr": 0.01}, {"params": model[3].parameters()}]
    return classes(model, torch.optim.Adam(groups, lr=1e-3))


@net
def sparse_embedding() -> Training:
    model = nn.Sequential(nn.Embedding(50, 8, sparse=True), nn.Flatten(), nn.Linear(32, 3))
    return Training(
        model, sgd(model), F.cross_entropy, (torch.randint(50, (12, 4)),), torch.randint(3, (12,))
    )


@net
def only_a_sparse_embedding() -> Training:
    model = nn.Sequential(nn.EmbeddingBag(50, 3, sparse=True))
    optimizer = torch.optim.SparseAdam(model.parameters())
    return Training(model, optimizer, F.cross_entropy, (torch.randint(50, (12, 4)),), torch.randint(3, (12,)))


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 6)
        self.out = nn.Linear(6, 10, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.embed(x).tanh())


@net
def tied_weights() -> Training:
    model = Tied()
    y = torch.randint(10, (12,))
    return Training(model, torch.optim.RMSprop(model.parameters(), centered=True), F.cross_entropy, (y,), y)


@net
def bfloat16() -> Training:
    model = mlp(dtype=torch.bfloat16)
    training = classes(model, sgd(model, momentum=0.9, nesterov=True))
    training.args = (training.args[0].bfloat16(),)
    return training


@net
def float16() -> Training:
    model = mlp(dtype=torch.float16)
    x = torch.randn(12, 6, dtype=torch.float16)
    return Training(model, sgd(model), nn.MSELoss(), (x,), torch.randn(12, 3, dtype=torch.float16))


@net
def float64() -> Training:
    model = mlp(dtype=torch.float64)
    x = torch.randn(12, 6, dtype=torch.float64)
    return Training(
        model, torch.optim.Adagrad(model.parameters()), F.cross_entropy, (x,), torch.randint(3, (12,))
    )


class Odd(nn.Module):
    """A complex parameter, an integer one, one that is not used, an empty one and layers without any."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 4)
        self.phase = nn.Parameter(torch.randn(4, dtype=torch.complex64))
        self.count = nn.Parameter(torch.arange(3), requires_grad=False)
        self.unused = nn.Parameter(torch.randn(5))
        self.empty = nn.Parameter(torch.empty(0, 4))
        self.scale = nn.Parameter(torch.tensor(1.0))
        self.register_buffer("nothing", None)
        self.last = nn.Linear(4, 3)

    def forward(self, x: Tensor, *, factor: float) -> Tensor:
        hidden = torch.fft.fft(self.first(x)) * self.phase
        return self.last(self.scale * factor * hidden.abs()) + 0 * self.empty.sum()


class WithFactor(Odd):
    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        return super().forward(x, factor=0.5)


@net
def odd_parameters() -> Training:
    model = WithFactor()
    used = [p for p in model.parameters() if p.is_floating_point() or p.is_complex()]
    return classes(model, torch.optim.Adam(used))


@net
def closure() -> Training:
    model = mlp()
    return classes(model, torch.optim.LBFGS(model.parameters(), max_iter=3), closure=True)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.recur = nn.LSTM(6, 8, 2, dropout=0.5, batch_first=True)
        self.out = nn.utils.spectral_norm(nn.Linear(8, 3))

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"logits": self.out(self.recur(x)[0][:, -1])}


@net
def recurrent_with_spectral_norm() -> Training:
    model = Recurrent()

    def loss_fn(outputs: dict[str, Tensor], targets: dict[str, Tensor]) -> Tensor:
        return F.cross_entropy(outputs["logits"], targets["label"])

    x, y = torch.randn(12, 5, 6), {"label": torch.randint(3, (12,))}
    return Training(model, torch.optim.Adam(model.parameters()), loss_fn, (x,), y)


@net
def attention() -> Training:
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True)
    model = nn.Sequential(nn.Linear(6, 8), layer, nn.Linear(8, 3))
    x, y = torch.randn(6, 5, 6), torch.randn(6, 5, 3)
    return Training(model, torch.optim.AdamW(model.parameters()), nn.MSELoss(), (x,), y)


@net
def mixed_precision() -> Training:
    model = mlp()

    def context() -> Any:
        return torch.autocast("cpu", torch.bfloat16)

    return classes(model, sgd(model), context=context, scaler=torch.amp.GradScaler("cpu"))


@net
def compiled() -> Training:
    # The backend runs what was traced as it is, so that no C++ compiler is needed.
    model = torch.compile(
        nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.BatchNorm1d(8), nn.Linear(8, 3)), backend="eager"
    )
    return classes(model, sgd(model))


@net
def a_batch_of_one_number() -> Training:
    model = nn.Linear(1, 1)
    return Training(model, sgd(model), F.mse_loss, (torch.randn(1, 1),), torch.randn(1, 1))


@net
def evaluation_mode() -> Training:
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)).eval()
    return classes(model, sgd(model, weight_decay=0.1, maximize=True))
