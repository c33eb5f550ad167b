"""The losses, in the ways in which people write them, and how the outputs are to be read for scoring."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.zoo.data import Data

Loss = Callable[[Tensor, Tensor], Tensor]


def _every_time(loss: Loss) -> Loss:
    """For outputs (n, time, classes) and targets (n, time)."""
    return lambda out, y: loss(out.flatten(0, 1), y.flatten())


def cross_entropy_by_hand(out: Tensor, y: Tensor) -> Tensor:
    """The mean negative log-probability, from logits."""
    return -out.log_softmax(-1).gather(-1, y[:, None]).mean()


def binary_by_hand(out: Tensor, y: Tensor) -> Tensor:
    """The mean logistic loss, from logits."""
    return (functional.softplus(out) - y * out).mean()


def entropy(out: Tensor, y: Tensor) -> Tensor:
    """PyTorch's loss of probabilities; NaN for NaN, where it would end the program with an error."""
    return functional.binary_cross_entropy(out, y) if bool(torch.isfinite(out).all()) else out.sum()


def square_by_hand(out: Tensor, y: Tensor) -> Tensor:
    """The mean squared error."""
    return ((out - y) ** 2).mean()


_LOSSES: dict[str, dict[str, Callable[[], Loss]]] = {
    "classes": {
        "module": nn.CrossEntropyLoss,
        "function": lambda: functional.cross_entropy,
        "by-hand": lambda: cross_entropy_by_hand,
        "log-softmax": nn.NLLLoss,
    },
    "binary": {
        "module": nn.BCEWithLogitsLoss,
        "function": lambda: functional.binary_cross_entropy_with_logits,
        "by-hand": lambda: binary_by_hand,
        "log-softmax": lambda: entropy,
    },
    "values": {
        "module": nn.MSELoss,
        "function": lambda: functional.mse_loss,
        "by-hand": lambda: square_by_hand,
        "log-softmax": nn.SmoothL1Loss,
    },
}


def loss_for(data: Data, how: str) -> Loss:
    """The right loss for the data."""
    loss = _LOSSES[data.kind][how]()
    return _every_time(loss) if data.y.ndim == 2 and data.kind == "classes" else loss


class Ended(nn.Module):
    """A network and what comes last."""

    def __init__(self, body: nn.Module, last: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.body, self.last = body, last

    def forward(self, x: Tensor) -> Tensor:
        """What comes out."""
        return self.last(self.body(x))


def ended(model: nn.Module, last: nn.Module, call: Callable[[Tensor], Tensor]) -> nn.Module:
    """With one more operation: a layer where the model is a list of layers, otherwise a call."""
    return nn.Sequential(*model, last) if isinstance(model, nn.Sequential) else Ended(model, call)


def end_for(model: nn.Module, data: Data, how: str) -> tuple[nn.Module, str]:
    """The model with the end that the right loss needs, and how its outputs are read."""
    if how != "log-softmax" or data.kind == "values":
        return model, "values" if data.kind == "values" else "logits"
    if data.kind == "classes":
        return ended(model, nn.LogSoftmax(-1), lambda x: functional.log_softmax(x, -1)), "logits"
    return ended(model, nn.Sigmoid(), torch.sigmoid), "probabilities"


def shortfall(out: Tensor, y: Tensor, kind: str, reads: str) -> float:
    """How far the outputs are from the truth: 0 is perfect, 1 what a guess gives that knows no inputs.

    The cross-entropy over that of the class frequencies, or 1 − R²; at most 2, and 2 where outputs are not
    finite. Outputs that are no probabilities (``index``) count their mistakes. A loss that trains well makes
    it small, whichever loss that is, so it compares trainings with different losses.
    """
    if not bool(torch.isfinite(out).all()):
        return 2.0
    if kind == "values":
        y, out = y.double(), out.double().reshape(len(y), -1)
        out = out if out.shape == y.shape else out[:, :1].expand_as(y)
        return min(2.0, float(((out - y) ** 2).sum() / ((y - y.mean(0)) ** 2).sum()))
    classes = y.flatten().long()
    share = torch.bincount(classes).double() / len(classes)
    if reads == "index":
        out = out.reshape(len(classes), -1)
        said = out[:, 0].round() if out.shape[1] == 1 else out.argmax(1)
        return float((said != classes).double().mean() / (1 - share.max()))
    guess = float(-(share[share > 0] * share[share > 0].log()).sum())
    if kind == "binary":
        flat = out.double().flatten()[: len(classes)]
        p = flat.sigmoid() if reads == "logits" else flat
        right = torch.where(classes == 1, p, 1 - p).clamp(1e-4, 1)
    else:
        rows = out.double().reshape(len(classes), -1)
        p = rows.softmax(1) if reads == "logits" else rows
        right = p.gather(1, classes[:, None].clamp(max=p.shape[1] - 1)).clamp(1e-4, 1)
    return min(2.0, float(-right.log().mean()) / max(guess, math.log(2) / 10))
