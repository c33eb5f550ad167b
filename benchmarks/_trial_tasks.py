"""The tasks of `benchmarks.trials`: small networks on data of scikit-learn, one fault each or none."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine
from torch import Tensor, nn
from torch.nn import functional

BATCH = 32


@dataclass(frozen=True)
class Task:
    """A training with one known fault, and what cures it; no cure for a healthy one."""

    name: str
    right: frozenset[str]
    data: Callable[[], tuple[Any, Any]]
    make: Callable[[int], nn.Module]
    optimizer: Callable[[nn.Module], torch.optim.Optimizer]
    loss: Callable[[Any, Any], Tensor]
    zero: bool = True


def _loss(function: Callable[..., Tensor], **options: Any) -> Callable[[Any, Any], Tensor]:
    return lambda model, batch: function(model(batch[0]), batch[1], **options)


def _scaled(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(0)) / np.where(x.std(0) > 0, x.std(0), 1)


def _digits() -> tuple[Any, Any]:
    x, y = load_digits(return_X_y=True)
    return x / 16, y


def _diabetes() -> tuple[Any, Any]:
    x, y = load_diabetes(return_X_y=True)
    return _scaled(x), y[:, None].astype(np.float32)


def _even_diabetes() -> tuple[Any, Any]:
    x, y = _diabetes()
    return x, (y - y.mean()) / y.std()


def _cancer() -> tuple[Any, Any]:
    return load_breast_cancer(return_X_y=True)


def _wine() -> tuple[Any, Any]:
    return load_wine(return_X_y=True)


def _net(*sizes: int, act: type[nn.Module] = nn.ReLU, drop: float = 0, last: nn.Module | None = None) -> Any:
    def make(_: int) -> nn.Module:
        layers: list[nn.Module] = []
        for inputs, outputs in itertools.pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), act(), *([nn.Dropout(drop)] if drop else [])]
        kept = layers[: -2 if drop else -1]
        return nn.Sequential(*kept, *([last] if last is not None else []))

    return make


def _begun(
    make: Callable[[int], nn.Module], fill: Callable[[torch.Tensor], torch.Tensor]
) -> Callable[[int], nn.Module]:
    """The model with all parameters filled in another way."""

    def made(seed: int) -> nn.Module:
        model = make(seed)
        for parameter in model.parameters():
            fill(parameter)
        return model

    return made


def _sgd(lr: float, **more: Any) -> Callable[[nn.Module], torch.optim.Optimizer]:
    return lambda model: torch.optim.SGD(model.parameters(), lr, **more)


def _adam(lr: float, **more: Any) -> Callable[[nn.Module], torch.optim.Optimizer]:
    return lambda model: torch.optim.Adam(model.parameters(), lr, **more)


CE, MSE = _loss(functional.cross_entropy), _loss(functional.mse_loss)
DIGITS = _net(64, 64, 10)
FASTER = frozenset({"raise-lr", "switch-to-adam", "add-momentum"})
SLOWER = frozenset({"lower-lr", "clip-gradients", "warm-up"})


def _set(*ids: str) -> frozenset[str]:
    return frozenset(ids)


TASKS = (
    Task("wine", _set("standardise-inputs"), _wine, _net(13, 32, 3), _sgd(0.01), CE),
    Task("wine-adam", _set("standardise-inputs"), _wine, _net(13, 32, 3), _adam(1e-3), CE),
    Task("cancer", _set("standardise-inputs"), _cancer, _net(30, 32, 2), _sgd(1e-4, momentum=0.9), CE),
    Task(
        "diabetes-raw-targets",
        _set("standardise-targets", "lower-lr"),
        _diabetes,
        _net(10, 32, 1),
        _sgd(0.01),
        MSE,
    ),
    Task("digits-slow", FASTER, _digits, DIGITS, _sgd(1e-3), CE),
    Task("digits-slow-adam", _set("raise-lr"), _digits, DIGITS, _adam(1e-5), CE),
    Task("digits-fast", SLOWER, _digits, DIGITS, _sgd(5.0, momentum=0.9), CE),
    Task("digits-fast-adam", SLOWER, _digits, DIGITS, _adam(1.0), CE),
    Task(
        "digits-double-softmax",
        _set("use-logits"),
        _digits,
        _net(64, 64, 10, last=nn.Softmax(1)),
        _sgd(0.1, momentum=0.9),
        CE,
    ),
    Task(
        "digits-zeros",
        _set("reinitialise"),
        _digits,
        _begun(DIGITS, nn.init.zeros_),
        _sgd(0.1, momentum=0.9),
        CE,
    ),
    Task(
        "digits-normal-weights",
        _set("reinitialise"),
        _digits,
        _begun(_net(64, 128, 128, 10), nn.init.normal_),
        _sgd(0.01),
        CE,
    ),
    Task(
        "digits-summed",
        _set("use-mean-loss", "lower-lr"),
        _digits,
        DIGITS,
        _sgd(0.1, momentum=0.9),
        _loss(functional.cross_entropy, reduction="sum"),
    ),
    Task(
        "digits-deep-sigmoid",
        _set("change-activation", "switch-to-adam", "reinitialise"),
        _digits,
        _net(64, 32, 32, 32, 32, 10, act=nn.Sigmoid),
        _sgd(0.1),
        CE,
    ),
    Task("digits-decay", _set("lower-weight-decay"), _digits, DIGITS, _sgd(0.1, weight_decay=0.5), CE),
    Task(
        "digits-dropout",
        _set("lower-dropout"),
        _digits,
        _net(64, 64, 10, drop=0.95),
        _sgd(0.1, momentum=0.9),
        CE,
    ),
    Task("digits-not-zeroed", _set("zero-gradients"), _digits, DIGITS, _sgd(0.1), CE, zero=False),
    Task("digits-healthy", frozenset(), _digits, DIGITS, _sgd(0.1, momentum=0.9), CE),
    Task("digits-healthy-adam", frozenset(), _digits, DIGITS, _adam(3e-3), CE),
    Task("diabetes-healthy", frozenset(), _even_diabetes, _net(10, 32, 1), _sgd(0.01, momentum=0.9), MSE),
)


def _quietly(function: Callable[..., Tensor]) -> Callable[[Any, Any], Tensor]:
    """PyTorch warns of what this task is about."""

    def loss(model: Any, batch: Any) -> Tensor:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function(model(batch[0]), batch[1])

    return loss


def _pixels() -> tuple[Any, Any]:
    x, y = load_digits(return_X_y=True)
    return x * 255 / 16, y


def _raw_diabetes() -> tuple[Any, Any]:
    x, y = load_diabetes(return_X_y=True)
    return _scaled(x), y[:, None].astype(np.float32)


def _flat_diabetes() -> tuple[Any, Any]:
    x, y = _even_diabetes()
    return x, y[:, 0]


def _yes_no() -> tuple[Any, Any]:
    x, y = load_breast_cancer(return_X_y=True)
    return _scaled(x), y[:, None].astype(np.float32)


def _even_wine() -> tuple[Any, Any]:
    x, y = load_wine(return_X_y=True)
    return _scaled(x), y


def _last_only(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(list(model.children())[-1].parameters(), 0.01)


# Written when the trials were done, and run once.
NEW = (
    Task("digits-pixels-255", _set("standardise-inputs", "lower-lr"), _pixels, DIGITS, _sgd(0.1), CE),
    Task(
        "diabetes-tanh-output",
        _set("match-output-range", "standardise-targets"),
        _raw_diabetes,
        _net(10, 32, 1, last=nn.Tanh()),
        _sgd(1e-3),
        MSE,
    ),
    Task(
        "cancer-sigmoid-bce-with-logits",
        _set("use-logits"),
        _yes_no,
        _net(30, 32, 1, last=nn.Sigmoid()),
        _sgd(0.1, momentum=0.9),
        _loss(functional.binary_cross_entropy_with_logits),
    ),
    Task(
        "wine-nll-raw",
        _set("use-logits"),
        _even_wine,
        _net(13, 32, 3),
        _sgd(0.05),
        _loss(functional.nll_loss),
    ),
    Task(
        "diabetes-broadcast",
        _set("match-shapes"),
        _flat_diabetes,
        _net(10, 32, 1),
        _sgd(0.01, momentum=0.9),
        _quietly(functional.mse_loss),
    ),
    Task("digits-last-layer-only", _set("register-parameters"), _digits, _net(64, 8, 10), _last_only, CE),
    Task("wine-climbing", _set("flip-sign"), _even_wine, _net(13, 32, 3), _sgd(0.05, maximize=True), CE),
)
