"""Models for sequences: recurrent networks, a small transformer, and a network over a window."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.zoo.data import Data
from benchmarks.zoo.models import ACTS
from benchmarks.zoo.spec import ModelSpec


class _Inputs(nn.Module):
    """Tokens become vectors; vectors stay or are mapped to the width."""

    def __init__(self, data: Data, width: int) -> None:
        super().__init__()
        tokens = data.vocabulary > 0
        self.map = nn.Embedding(data.vocabulary, width) if tokens else nn.Linear(data.x.shape[-1], width)

    def forward(self, x: Tensor) -> Tensor:
        return self.map(x)


class Recurrent(nn.Module):
    """An embedding, a recurrent network, and a head on its last state or on all of them."""

    def __init__(self, spec: ModelSpec, data: Data) -> None:
        super().__init__()
        width, layers = spec.widths[0], len(spec.widths)
        self.inputs = _Inputs(data, width)
        cell = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[spec.family]
        self.rnn = cell(width, width, num_layers=layers, batch_first=True)
        self.head = nn.Linear(width, data.outputs)
        self.every = data.shape == "tokens" and data.y.ndim == 2

    def forward(self, x: Tensor) -> Tensor:
        """Logits or values; for each time where each time has a target."""
        states, _ = self.rnn(self.inputs(x))
        return self.head(states if self.every else states[:, -1])


class HandRnn(nn.Module):
    """A recurrent network whose loop over time is written out."""

    def __init__(self, spec: ModelSpec, data: Data) -> None:
        super().__init__()
        width = spec.widths[0]
        self.inputs = _Inputs(data, width)
        self.recurrent = nn.Linear(width, width)
        self.head = nn.Linear(width, data.outputs)
        self.every = data.shape == "tokens" and data.y.ndim == 2

    def forward(self, x: Tensor) -> Tensor:
        """Logits or values; for each time where each time has a target."""
        seen, states = self.inputs(x), []
        state = torch.zeros_like(seen[:, 0])
        for t in range(seen.shape[1]):
            state = torch.tanh(seen[:, t] + self.recurrent(state))
            states.append(state)
        return self.head(torch.stack(states, 1) if self.every else state)


class _Block(nn.Module):
    """Attention and a network, each after a layer norm and added to what came in."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.p = dropout

    def forward(self, x: Tensor, causal: bool) -> Tensor:
        q, k, v = self.qkv(self.before(x)).chunk(3, -1)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        if causal:
            ahead = torch.ones(scores.shape[-2:], dtype=torch.bool).triu(1)
            scores = scores.masked_fill(ahead, float("-inf"))
        x = x + functional.dropout(self.out(scores.softmax(-1) @ v), self.p, self.training)
        return x + functional.dropout(self.mlp(self.between(x)), self.p, self.training)


class Transformer(nn.Module):
    """A small transformer; causal where each time has a target that the next input shows."""

    def __init__(self, spec: ModelSpec, data: Data) -> None:
        super().__init__()
        width = spec.widths[0]
        self.inputs = _Inputs(data, width)
        self.place = nn.Parameter(0.1 * torch.randn(data.x.shape[1], width))
        self.by_hand = spec.style == "by-hand"
        self.blocks = nn.ModuleList(
            _Block(width, spec.dropout)
            if self.by_hand
            else nn.TransformerEncoderLayer(width, 2, 2 * width, spec.dropout, batch_first=True)
            for _ in spec.widths
        )
        self.head = nn.Linear(width, data.outputs)
        self.every = data.shape == "tokens" and data.y.ndim == 2
        # Where the targets are the inputs one later, looking ahead would be reading the answer.
        self.causal = self.every and bool((data.x[:, 1:] == data.y[:, :-1]).all())

    def forward(self, x: Tensor) -> Tensor:
        """Logits or values; for each time where each time has a target."""
        h = self.inputs(x) + self.place
        ahead = torch.ones(h.shape[1], h.shape[1], dtype=torch.bool).triu(1) if self.causal else None
        for block in self.blocks:
            h = block(h, self.causal) if self.by_hand else block(h, src_mask=ahead)
        return self.head(h if self.every else h.mean(1))


def _window(spec: ModelSpec, data: Data) -> nn.Sequential:
    """A multilayer perceptron over all times at once."""
    width = spec.widths[0]
    sizes = (data.x.shape[1] * width, *spec.widths)
    layers: list[nn.Module] = [_Inputs(data, width), nn.Flatten()]
    for a, b in itertools.pairwise(sizes):
        layers += [nn.Linear(a, b), ACTS[spec.act]()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], data.outputs))


def sequence(spec: ModelSpec, data: Data) -> nn.Module:
    """The model, as its framework starts it."""
    if spec.family == "transformer":
        return Transformer(spec, data)
    if spec.family == "window":
        return _window(spec, data)
    if spec.family == "rnn" and spec.style == "by-hand":
        return HandRnn(spec, data)
    return Recurrent(spec, data)
