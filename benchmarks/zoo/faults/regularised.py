"""Regularisation that leaves nothing to learn with."""

from __future__ import annotations

from benchmarks.zoo.faults._kind import Kind, matrices
from benchmarks.zoo.spec import Spec
from benchmarks.zoo.training import Training


def _decay(spec: Spec, strength: float) -> Spec:
    # Decoupled, it acts by the rate times itself; as much as for a rate of 0.1 is meant.
    decoupled = spec.optimizer == "adamw"
    return spec.with_(decay=strength * (0.1 / spec.rate if decoupled else 1))


def _dropout(spec: Spec, strength: float) -> Spec:
    return spec.with_model(dropout=strength, style=spec.model.style.replace("by-hand", "sequential"))


def _absolute(t: Training, strength: float) -> None:
    weights = matrices(t.model)
    t.penalty = lambda: strength * sum(w.abs().sum() for w in weights)  # type: ignore[return-value]


def _squares(t: Training, strength: float) -> None:
    weights = matrices(t.model)
    t.penalty = lambda: strength * sum((w * w).sum() for w in weights)  # type: ignore[return-value]


KINDS = (
    Kind(
        "weight-decay",
        ("over-regularised",),
        (0.1, 0.3, 1, 3),
        fits=lambda s: s.optimizer != "adagrad",
        setting=_decay,
        weight=4,
    ),
    Kind(
        "dropout",
        ("over-regularised",),
        (0.9, 0.95, 0.98),
        fits=lambda s: s.model.family in {"mlp", "cnn", "transformer", "autoencoder"},
        setting=_dropout,
        weight=3,
    ),
    Kind("l1", ("over-regularised",), (0.01, 0.1, 1), model=_absolute),
    Kind("l2-by-hand", ("over-regularised",), (0.1, 1), model=_squares),
)
