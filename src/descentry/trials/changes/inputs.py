"""Inputs brought to a common scale by a fixed affine layer in front of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from descentry.core.data import Remedy
from descentry.trials._fork import Fork
from descentry.trials._training import Cannot, Training
from descentry.trials.changes._entry import Change, Variant, at_rates

RATES = (10.0, 100.0)  # a rate that was stable on raw inputs is far too small on others
FEATURES = 512  # at most, to be decorrelated
FLAT = 1e-6  # of the largest spread of all features: below it a feature is constant


class Affine:
    """``(x − mean) · scale`` on the model's first argument, or ``(x − mean) @ matrix``.

    Mean and spread are over all but the channels: the second dimension of pictures, the last of all else.
    """

    def __init__(self, inputs: Sequence[Tensor], decorrelate: bool = False) -> None:
        x = torch.cat([_rows(i) for i in inputs]).double()
        x = x[torch.isfinite(x).all(1)]  # the training data may have holes; they stay
        self.mean = x.mean(0)
        spread = x.std(0, correction=0)
        constant = spread <= FLAT * spread.max()
        self.factor = torch.where(constant, 1.0, 1.0 / spread.clamp_min(torch.finfo(torch.float64).tiny))
        self.matrix: Tensor | None = None
        if decorrelate:
            z = (x - self.mean) * self.factor
            values, vectors = torch.linalg.eigh(z.T @ z / len(z))
            kept = values > FLAT * values.max()
            scales = torch.where(kept, values.clamp_min(FLAT * values.max()).rsqrt(), 0.0)
            self.matrix = self.factor[:, None] * (vectors * scales) @ vectors.T

    def __call__(self, _: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """As a hook before the forward pass."""
        if not args or not isinstance(args[0], Tensor):
            return args
        x = args[0]
        shape = [1] * x.ndim
        shape[1 if x.ndim == 4 else -1] = len(self.mean)
        moved = x - self.mean.to(x).view(shape)
        if self.matrix is not None:
            return (moved @ self.matrix.to(x), *args[1:])
        return (moved * self.factor.to(x).view(shape), *args[1:])


def _rows(x: Tensor) -> Tensor:
    return (x.movedim(1, -1) if x.ndim == 4 else x).reshape(-1, x.shape[1 if x.ndim == 4 else -1])


def _variants(remedy: Remedy, fork: Fork) -> Sequence[Variant]:
    if not fork.inputs:
        raise Cannot(
            "the model's first argument is no tensor, so there is nothing to put a layer in front of"
        )
    if not all(x.is_floating_point() and x.ndim >= 2 for x in fork.inputs):
        raise Cannot("the inputs are no real numbers in columns (indices of tokens, for instance)")
    decorrelate = remedy.change.get("inputs") == "decorrelate"
    if decorrelate and (fork.inputs[0].ndim == 4 or fork.inputs[0].shape[-1] > FEATURES):
        raise Cannot(f"only up to {FEATURES} features are decorrelated, and no pictures")
    affine = Affine(fork.inputs, decorrelate)

    def install(training: Training) -> None:
        training.before_forward(affine)

    word = "decorrelating" if decorrelate else "standardising"
    variant = Variant(
        f"{word} the inputs",
        install,
        forward=f"inputs {word}",
        by_hand="The layer in front is a hook, and in no state_dict: do the same to the data, "
        "at training and wherever the model is used.",
    )
    return at_rates(variant, () if fork.adaptive else RATES, fork)


CHANGE = Change(("standardise-inputs", "decorrelate-inputs"), _variants)
