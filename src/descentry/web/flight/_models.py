"""The models of the levels; imported only where a level is flown, since it needs torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from descentry.core.data import Floats, Ints
from descentry.web.flight._level import Problem


def half_squared_error(outputs: Tensor, targets: Tensor) -> Tensor:
    """Half the mean squared error: its Hessian in a linear model is the covariance of the inputs."""
    return 0.5 * (outputs - targets).square().mean()


def per_token(outputs: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy of every place in every sequence, in nats a token."""
    return functional.cross_entropy(outputs.flatten(0, 1), targets.flatten())


def seeded(seed: int, make: Callable[[], nn.Module]) -> nn.Module:
    """A model whose first weights the seed decides; the process's own random numbers are left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def quadratic(seed: int, eigenvalues: Sequence[float]) -> Problem:
    """Linear regression without noise whose Hessian has these eigenvalues, in directions that the seed turns.

    The start is about as far from the minimum in each direction, so that the flat ones matter.
    """
    generator = torch.Generator().manual_seed(seed)
    count = len(eigenvalues)
    turn, _ = torch.linalg.qr(torch.randn(count, count, generator=generator, dtype=torch.float64))
    inputs = (count * torch.tensor(eigenvalues, dtype=torch.float64)).sqrt()[:, None] * turn.T
    away = 0.5 + torch.rand(count, generator=generator, dtype=torch.float64)
    targets = inputs @ (turn @ away)
    model = nn.Linear(count, 1, bias=False)
    nn.init.zeros_(model.weight)
    return Problem(model, inputs.float(), targets.float()[:, None], half_squared_error)


def classifier(seed: int, make: Callable[[], nn.Module], inputs: Floats, classes: Ints) -> Problem:
    """A model that tells classes apart, with cross-entropy."""
    x = torch.from_numpy(inputs).float()
    return Problem(seeded(seed, make), x, torch.from_numpy(classes), functional.cross_entropy)


def images(seed: int, make: Callable[[], nn.Module], pixels: Floats, classes: Ints) -> Problem:
    """The same, of square images with one channel."""
    side = int(pixels.shape[1] ** 0.5)
    return classifier(seed, make, pixels.reshape(-1, 1, side, side), classes)


class Reader(nn.Module):
    """Reads images row by row with a recurrent network, and judges from its last state."""

    def __init__(self, side: int, width: int, classes: int) -> None:
        super().__init__()
        self.body = nn.GRU(side, width, batch_first=True)
        self.head = nn.Linear(width, classes)

    def forward(self, rows: Tensor) -> Tensor:
        """Logits [n, classes] of images [n, side, side]."""
        states, _ = self.body(rows)
        logits: Tensor = self.head(states[:, -1])
        return logits


class Characters(nn.Module):
    """A small causal transformer over characters, normalised before each block."""

    def __init__(self, alphabet: int, length: int, width: int, blocks: int) -> None:
        super().__init__()
        self.token = nn.Embedding(alphabet, width)
        self.place = nn.Parameter(0.02 * torch.randn(length, width))
        self.blocks = nn.ModuleList(Block(width, 4) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, alphabet)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits [n, length, alphabet] for what follows each of the tokens [n, length]."""
        hidden = self.token(tokens) + self.place
        for block in self.blocks:
            hidden = block(hidden)
        logits: Tensor = self.head(self.norm(hidden))
        return logits


class Block(nn.Module):
    """Attention to what came before, then two layers at each place."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asked = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, hidden: Tensor) -> Tensor:
        """Hidden states [n, length, width] to the same."""
        n, length, width = hidden.shape
        parts = self.asked(self.first(hidden)).view(n, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=True)
        hidden = hidden + self.joined(seen.transpose(1, 2).reshape(n, length, width))
        fed: Tensor = hidden + self.feed(self.second(hidden))
        return fed
