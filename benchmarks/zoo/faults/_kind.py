"""What a kind of fault is, and the few things that several of them need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from benchmarks.zoo.data import TASKS, Data
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training

EACH_TIME = frozenset({"text-sequence", "zen-sequence", "reverse"})  # with a target for each time


def always(spec: Spec) -> bool:
    """It can be done to any training."""
    return True


@dataclass(frozen=True)
class Kind:
    """Something that can be done to a training.

    Attributes:
        id: Its name.
        causes: What a diagnosis should say, if the proof holds.
        strengths: How much of it to try.
        also: Causes that may be named as well: what it leads to, or what it is like from the outside.
        proof: How the label is settled, by name (``proofs.py``).
        fits: Whether it makes sense for a spec.
        setting: Changes the settings.
        data: Changes the data; draws from the generator.
        model: Changes model or loss, before there is an optimizer.
        loop: Changes the optimizer or the loop.
        weight: How often it is chosen, relative to the others.
    """

    id: str
    causes: tuple[str, ...]
    strengths: tuple[float, ...] = (1.0,)
    also: tuple[str, ...] = ()
    proof: str = "worse"
    fits: Callable[[Spec], bool] = always
    setting: Callable[[Spec, float], Spec] | None = None
    data: Callable[[Data, float, torch.Generator], Data] | None = None
    model: Callable[[Training, float], None] | None = None
    loop: Callable[[Training, float], None] | None = None
    weight: float = 1.0


def kind_of(spec: Spec) -> str:
    """Whether its targets are classes, two classes or values."""
    return TASKS[spec.task].kind


def shape_of(spec: Spec) -> str:
    """Whether its inputs are vectors, images, tokens or series."""
    return TASKS[spec.task].shape


def numbers(spec: Spec) -> bool:
    """The inputs are numbers, not tokens."""
    return shape_of(spec) != "tokens"


def whole_targets(spec: Spec) -> bool:
    """One target an example."""
    return spec.task not in EACH_TIME


def matrices(model: nn.Module) -> list[nn.Parameter]:
    """Its weight matrices and kernels, in order; embeddings are left out."""
    tables = {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding)}
    return [p for p in model.parameters() if p.ndim > 1 and id(p) not in tables]


def biases(model: nn.Module) -> Iterator[nn.Parameter]:
    """The biases of linear layers and convolutions but the last."""
    found = [m.bias for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d) and m.bias is not None]
    found += list(getattr(model, "biases", []))
    yield from found[:-1]


def with_loss(training: Training, loss: Callable[[Tensor, Tensor], Tensor], reads: str = "") -> None:
    """Another loss, and if it is named, how outputs are read then."""
    training.loss_fn = loss
    training.reads = reads or training.reads


def plain_head(spec: Spec) -> bool:
    """The model ends in logits or values, and the loss takes them."""
    return spec.loss != "log-softmax"
