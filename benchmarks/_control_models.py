"""The models of ``_control_tasks``: plain enough for ``torch.func`` to train many copies at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

LETTERS = " abcdefghijklmnopqrstuvwxyz0123456789.,:-=()*\n/_"
WINDOW = 12  # letters that a model of text sees


def seeded(seed: int, make: Callable[[], nn.Module]) -> nn.Module:
    """A model whose initial weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def mlp(sizes: Sequence[int], act: type[nn.Module], gain: float) -> nn.Module:
    """Linear layers with activations between them; ``gain`` multiplies their initial weights."""
    layers: list[nn.Module] = []
    for i, (a, b) in enumerate(itertools.pairwise(sizes)):
        layers += [*([act()] if i else []), nn.Linear(a, b)]
        with torch.no_grad():
            layers[-1].weight.mul_(gain)
    return nn.Sequential(*layers)


def cnn() -> nn.Module:
    """Two convolutions and a linear layer, for pictures of 8 × 8."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)),
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


class Quadratic(nn.Module):
    """A quadratic of condition 1e4 in 50 dimensions, whose minimum each batch sees shifted."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(1 + 0.1 * torch.randn(50))
        self.register_buffer("curvature", torch.logspace(-2, 2, 50))

    def forward(self, shift: Tensor) -> Tensor:
        return 0.5 * (self.curvature * (self.w - 0.1 * shift).square()).sum(-1)


class Rosenbrock(nn.Module):
    """Rosenbrock's valley from its usual start, a little moved by each batch."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor([-1.2, 1.0]) + 0.05 * torch.randn(2))

    def forward(self, shift: Tensor) -> Tensor:
        a, b = (self.w - 0.01 * shift[:, :2]).unbind(-1)
        return (1 - a).square() + 100 * (b - a.square()).square()


class Residual(nn.Module):
    """Six residual blocks with layer normalisation."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.first = nn.Linear(64, width)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
            for _ in range(6)
        )
        self.last = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = x + block(x)
        return self.last(x)


class Gru(nn.Module):
    """A gated recurrent unit over letters."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.embed = nn.Embedding(len(LETTERS), width)
        self.inputs, self.state = nn.Linear(width, 3 * width), nn.Linear(width, 3 * width)
        self.last = nn.Linear(width, len(LETTERS))

    def forward(self, x: Tensor) -> Tensor:
        inputs = self.inputs(self.embed(x))
        h = torch.zeros_like(inputs[:, 0, : inputs.shape[-1] // 3])
        states = []
        for t in range(x.shape[1]):
            a, b, c = inputs[:, t].chunk(3, -1)
            u, v, w = self.state(h).chunk(3, -1)
            update = torch.sigmoid(a + u)
            h = update * h + (1 - update) * torch.tanh(c + torch.sigmoid(b + v) * w)
            states.append(h)
        return self.last(torch.stack(states, 1))


class Transformer(nn.Module):
    """Two blocks of causal attention, two heads, over letters."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.embed, self.place = (
            nn.Embedding(len(LETTERS), width),
            nn.Parameter(0.1 * torch.randn(WINDOW, width)),
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(4))
        self.mixes = nn.ModuleList(nn.Linear(width, 3 * width) for _ in range(2))
        self.outs = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.feeds = nn.ModuleList(
            nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
            for _ in range(2)
        )
        self.last = nn.Linear(width, len(LETTERS))
        self.register_buffer("mask", torch.full((WINDOW, WINDOW), -1e9).triu(1))

    def forward(self, x: Tensor) -> Tensor:
        h = self.embed(x) + self.place
        for i in range(2):
            n, t, width = h.shape
            mixed = self.mixes[i](self.norms[2 * i](h)).view(n, t, 3, 2, width // 2).permute(2, 0, 3, 1, 4)
            q, k, v = mixed[0], mixed[1], mixed[2]
            scores = q @ k.transpose(-1, -2) / math.sqrt(width // 2) + self.mask
            heads = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(n, t, width)
            h = h + self.outs[i](heads)
            h = h + self.feeds[i](self.norms[2 * i + 1](h))
        return self.last(h)
