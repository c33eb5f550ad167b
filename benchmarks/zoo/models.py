"""Models for vectors and images, each written in several of the ways in which people write them."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.zoo.data import Data
from benchmarks.zoo.spec import ModelSpec

ACTS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "leaky": lambda: nn.LeakyReLU(0.1),
    "silu": nn.SiLU,
    "identity": nn.Identity,
}
CALLS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": functional.gelu,
    "leaky": lambda x: functional.leaky_relu(x, 0.1),
    "silu": functional.silu,
    "identity": lambda x: x,
}


def _norm(kind: str, width: int) -> list[nn.Module]:
    return {"batch": [nn.BatchNorm1d(width)], "layer": [nn.LayerNorm(width)]}.get(kind, [])


def _hidden(spec: ModelSpec, n_in: int, n_out: int) -> list[nn.Module]:
    drop = [nn.Dropout(spec.dropout)] if spec.dropout else []
    return [nn.Linear(n_in, n_out), *_norm(spec.norm, n_out), ACTS[spec.act](), *drop]


class Mlp(nn.Module):
    """Layers in a list, activations called in ``forward``."""

    def __init__(self, spec: ModelSpec, n_in: int, n_out: int) -> None:
        super().__init__()
        sizes = (n_in, *spec.widths)
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))
        self.norms = nn.ModuleList(m for width in spec.widths for m in _norm(spec.norm, width))
        self.head = nn.Linear(sizes[-1], n_out)
        self.act, self.p = CALLS[spec.act], spec.dropout

    def forward(self, x: Tensor) -> Tensor:
        """Logits or values."""
        x = x.flatten(1)
        for i, layer in enumerate(self.layers):
            x = layer(x)
            x = self.act(self.norms[i](x) if len(self.norms) else x)
            if self.p:
                x = functional.dropout(x, self.p, self.training)
        return self.head(x)


class ByHand(nn.Module):
    """Bare parameters and matrix products."""

    def __init__(self, spec: ModelSpec, n_in: int, n_out: int) -> None:
        super().__init__()
        sizes = (n_in, *spec.widths, n_out)
        self.weights = nn.ParameterList(torch.randn(a, b) * a**-0.5 for a, b in itertools.pairwise(sizes))
        self.biases = nn.ParameterList(torch.zeros(b) for b in sizes[1:])
        self.act = CALLS[spec.act]

    def forward(self, x: Tensor) -> Tensor:
        """Logits or values."""
        x = x.flatten(1)
        for i, (w, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = x @ w + b
            if i + 1 < len(self.weights):
                x = self.act(x)
        return x


class Residual(nn.Module):
    """Blocks that add to what they are given."""

    def __init__(self, spec: ModelSpec, n_in: int, n_out: int) -> None:
        super().__init__()
        width = spec.widths[0]
        self.stem = nn.Linear(n_in, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                *_norm(spec.norm, width), nn.Linear(width, width), ACTS[spec.act](), nn.Linear(width, width)
            )
            for _ in spec.widths
        )
        self.head = nn.Linear(width, n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Logits or values."""
        x = self.stem(x.flatten(1))
        for block in self.blocks:
            x = x + block(x)
        return self.head(x)


class Cnn(nn.Module):
    """Convolutions, pooling, and a linear head."""

    def __init__(self, spec: ModelSpec, side: int, n_out: int) -> None:
        super().__init__()
        self.convs, self.norms, channels = nn.ModuleList(), nn.ModuleList(), 1
        for width in spec.widths:
            self.convs.append(nn.Conv2d(channels, width, 3, padding=1))
            if spec.norm:
                self.norms.append(nn.BatchNorm2d(width))
            channels, side = width, side // 2
        self.act, self.p = CALLS[spec.act], spec.dropout
        self.head = nn.Linear(channels * side * side, n_out)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        for i, conv in enumerate(self.convs):
            x = conv(x)
            x = functional.max_pool2d(self.act(self.norms[i](x) if len(self.norms) else x), 2)
        return self.head(functional.dropout(x.flatten(1), self.p, self.training))


class Product(nn.Module):
    """A product of matrices: linear in its input, and with a saddle where the matrices are zero."""

    def __init__(self, spec: ModelSpec, n_in: int, n_out: int) -> None:
        super().__init__()
        sizes = (n_in, *spec.widths, n_out)
        self.factors = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in itertools.pairwise(sizes))
        for factor in self.factors:
            nn.init.xavier_normal_(factor.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Values."""
        x = x.flatten(1)
        for factor in self.factors:
            x = factor(x)
        return x


def _sequential(spec: ModelSpec, n_in: int, n_out: int, image: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Flatten()] if image else []
    for width in spec.widths:
        block = _hidden(spec, n_in, width)
        layers += [nn.Sequential(*block)] if spec.style == "blocks" else block
        n_in = width
    return nn.Sequential(*layers, nn.Linear(n_in, n_out))


def _cnn(spec: ModelSpec, side: int, n_out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 1
    for width in spec.widths:
        norm = [nn.BatchNorm2d(width)] if spec.norm else []
        layers += [nn.Conv2d(channels, width, 3, padding=1), *norm, ACTS[spec.act](), nn.MaxPool2d(2)]
        channels, side = width, side // 2
    drop = [nn.Dropout(spec.dropout)] if spec.dropout else []
    return nn.Sequential(*layers, nn.Flatten(), *drop, nn.Linear(channels * side * side, n_out))


def plain(spec: ModelSpec, data: Data) -> nn.Module:
    """The model, as its framework starts it."""
    n_in, n_out = data.x[0].numel(), data.outputs
    if spec.family == "cnn":
        side = data.x.shape[-1]
        return Cnn(spec, side, n_out) if spec.style == "class" else _cnn(spec, side, n_out)
    if spec.family == "product":
        return Product(spec, n_in, n_out)
    if spec.family == "residual":
        return Residual(spec, n_in, n_out)
    if spec.style == "by-hand":
        return ByHand(spec, n_in, n_out)
    if spec.style == "class":
        return Mlp(spec, n_in, n_out)
    return _sequential(spec, n_in, n_out, data.x.ndim > 2)


def start(model: nn.Module, init: str) -> None:
    """Initialises the matrices of linear layers and convolutions anew."""
    ways: dict[str, Callable[[Tensor], Tensor]] = {
        "he": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
        "glorot": nn.init.xavier_uniform_,
        "orthogonal": nn.init.orthogonal_,
    }
    if init in ways:
        for module in model.modules():
            if isinstance(module, nn.Linear | nn.Conv2d):
                ways[init](module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
