"""Sees the loss functions of ``torch.nn.functional`` at work, in the steps that are measured only."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

NAMES = (
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "gaussian_nll_loss",
    "hinge_embedding_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "smooth_l1_loss",
    "soft_margin_loss",
)

Seen = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any], Tensor], None]


class Losses:
    """Calls ``seen(function, args, kwargs, loss)`` for each loss that is computed while it is on."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._originals: dict[str, Any] = {}
        self._wrappers: dict[str, Any] = {}
        self._inside = False  # some of them call others

    def turn(self, on: bool) -> None:
        """Puts wrappers around the functions, or takes them off."""
        if on == bool(self._originals):
            return
        if on:
            self._originals = {n: vars(functional)[n] for n in NAMES if n in vars(functional)}
            self._wrappers = {n: self._wrapped(f) for n, f in self._originals.items()}
            vars(functional).update(self._wrappers)
        else:
            for name, original in self._originals.items():
                if vars(functional)[name] is self._wrappers[name]:  # nobody has put something there meanwhile
                    setattr(functional, name, original)
            self._originals = {}

    def _wrapped(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def function(*args: Any, **kwargs: Any) -> Any:
            if self._inside or torch.compiler.is_compiling():
                return original(*args, **kwargs)
            self._inside = True
            try:
                value = original(*args, **kwargs)
            finally:
                self._inside = False
            if isinstance(value, Tensor) and value.requires_grad:
                self._seen(original, args, kwargs, value)
            return value

        return function
