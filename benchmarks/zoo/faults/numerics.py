"""Formulas that are right on paper and overflow, or have no slope, in floating point."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from benchmarks.zoo.data import Data
from benchmarks.zoo.faults._kind import Kind, kind_of, plain_head, shape_of, whole_targets, with_loss
from benchmarks.zoo.losses import Ended
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training, in_steps


def _log_of_softmax(t: Training, strength: float) -> None:
    """Exponentials by hand; ``strength`` widens the logits, as a sure network has them."""

    def loss(out: Tensor, y: Tensor) -> Tensor:
        p = torch.exp(out) / torch.exp(out).sum(-1, keepdim=True)
        return -torch.log(p.gather(-1, y[:, None])).mean()

    _wider(t, strength)
    with_loss(t, loss)


def _log_of_sigmoid(t: Training, strength: float) -> None:
    def loss(out: Tensor, y: Tensor) -> Tensor:
        p = 1 / (1 + torch.exp(-out))
        return -(y * torch.log(p) + (1 - y) * torch.log(1 - p)).mean()

    _wider(t, strength)
    with_loss(t, loss)


def _wider(t: Training, strength: float) -> None:
    if strength > 1:
        t.model = Ended(t.model, lambda out: strength * out)


class RootHidden(nn.Module):
    """A square root, whose slope at 0 is infinite, of what a ReLU gives."""

    def forward(self, x: Tensor) -> Tensor:
        """√max(x, 0), its negative part masked out by a product."""
        return torch.sqrt(x * (x > 0))


def _root(t: Training, strength: float) -> None:
    assert isinstance(t.model, nn.Sequential)
    for i, layer in enumerate(t.model):
        if isinstance(layer, nn.ReLU | nn.Tanh | nn.GELU | nn.LeakyReLU):
            t.model[i] = RootHidden()
            return


def _root_of_error(t: Training, strength: float) -> None:
    """The error's length, with a slope that is undefined at 0, where some outputs are taken as right."""

    def loss(out: Tensor, y: Tensor) -> Tensor:
        gap = (out - y) * (torch.abs(out - y) > strength)
        return torch.sqrt((gap**2).sum(-1)).mean()

    with_loss(t, loss)


def _constant_column(data: Data, strength: float, rng: torch.Generator) -> Data:
    def widened(x: Tensor) -> Tensor:
        return torch.cat([x, torch.full_like(x[:, :1], strength)], 1)

    return in_steps(data, x=widened(data.x), x_val=widened(data.x_val))


class Standardised(nn.Module):
    """Divides by the spread of the batch, with nothing added to it."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body

    def forward(self, x: Tensor) -> Tensor:
        """The body's outputs for standardised inputs."""
        return self.body((x - x.mean(0)) / x.std(0))


def _by_spread(t: Training, strength: float) -> None:
    t.model = Standardised(t.model)


def _exponential_output(t: Training, strength: float) -> None:
    t.model = Ended(t.model, lambda out: torch.exp(strength * out))


def _power_loss(t: Training, strength: float) -> None:
    """Exponentials of errors, which overflow for all but small ones."""
    with_loss(t, lambda out, y: (torch.exp(strength * torch.abs(out - y)) - 1).mean())


def _of(kind: str) -> Callable[[Spec], bool]:
    return lambda spec: kind_of(spec) == kind and plain_head(spec) and whole_targets(spec)


def _row_of_layers(spec: Spec) -> bool:
    return spec.model.family in {"mlp", "autoencoder"} and spec.model.style == "sequential"


KINDS = (
    Kind(
        "log-of-softmax",
        ("unstable-numerics",),
        (3, 10, 30, 100, 300),
        ("init-too-large",),
        "numeric",
        _of("classes"),
        model=_log_of_softmax,
        weight=3,
    ),
    Kind(
        "log-of-sigmoid",
        ("unstable-numerics",),
        (3, 10, 30, 100),
        ("init-too-large",),
        "numeric",
        _of("binary"),
        model=_log_of_sigmoid,
        weight=4,
    ),
    Kind("root-of-zero", ("unstable-numerics",), (1,), (), "numeric", _row_of_layers, model=_root, weight=2),
    Kind(
        "root-of-error",
        ("unstable-numerics",),
        (1e-3, 1e-2, 0.1),
        (),
        "numeric",
        _of("values"),
        model=_root_of_error,
        weight=2,
    ),
    Kind(
        "no-spread",
        ("unstable-numerics",),
        (0.0, 1.0),
        (),
        "numeric",
        lambda s: shape_of(s) == "vector" and s.model.family not in {"autoencoder"} and s.batch != 1,
        data=_constant_column,
        model=_by_spread,
        weight=2,
    ),
    Kind(
        "exponential-output",
        ("unstable-numerics",),
        (2, 5),
        ("loss-mismatch", "lr-too-high", "exploding-gradients"),
        "numeric",
        _of("values"),
        model=_exponential_output,
    ),
    Kind(
        "exponential-loss",
        ("unstable-numerics",),
        (5, 15),
        ("lr-too-high", "exploding-gradients"),
        "numeric",
        _of("values"),
        model=_power_loss,
    ),
)
