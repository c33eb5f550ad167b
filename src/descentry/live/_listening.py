"""Hears losses being computed, ``backward`` being called and gradients being clipped, while someone listens.

What does that in PyTorch is wrapped when the first listener comes and put back when the last one goes, which
is for the steps that are measured. Losses and clipping that a script imported by name are not heard here.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn import utils as nn_utils

from descentry.instruments._unwatched import looks_away
from descentry.live._entries import Entries

LOSSES = (
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


class Listener(Protocol):
    """Who hears; what it raises is not let through."""

    def loss_computed(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], loss: Tensor
    ) -> None:
        """A loss was computed by a function of ``torch.nn.functional``."""

    def backward_begins(self, losses: Sequence[Tensor], values: Sequence[Tensor]) -> None:
        """Gradients of these losses are about to be computed; ``values`` are they before scaling."""

    def backward_ended(self) -> None:
        """They have been computed."""

    def clipped(self, parameters: Any, max_norm: Any) -> None:
        """The gradients of these parameters were clipped to this norm."""


_listeners: list[Listener] = []
_put_back: list[Callable[[], None]] = []
_inside = threading.local()
_changing = threading.RLock()


def listen(listener: Listener) -> None:
    """Begins to tell a listener."""
    with _changing:
        if not _listeners:
            for name in LOSSES:
                _wrap(functional, name, _loss)
            _wrap(nn_utils, "clip_grad_norm_", _clipping)
            _put_back.append(Entries(_backward_begins, _backward_ended).undo)
        _listeners.append(listener)


def stop(listener: Listener) -> None:
    """Tells it no more."""
    with _changing:
        if listener in _listeners:
            _listeners.remove(listener)
        if not _listeners:
            while _put_back:
                _put_back.pop()()


def _wrap(module: Any, name: str, make: Callable[[Any], Any]) -> None:
    original = vars(module).get(name)
    if original is None:
        return
    wrapper = make(original)
    setattr(module, name, wrapper)

    def put_back() -> None:
        if vars(module)[name] is wrapper:  # nobody has put something else there meanwhile
            setattr(module, name, original)

    _put_back.append(put_back)


def _loss(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def function(*args: Any, **kwargs: Any) -> Any:
        if torch.compiler.is_compiling() or getattr(_inside, "it", False) or looks_away():
            return original(*args, **kwargs)
        with _not_twice():
            value = original(*args, **kwargs)
        if isinstance(value, Tensor) and value.requires_grad:
            for listener in tuple(_listeners):
                with contextlib.suppress(Exception):
                    listener.loss_computed(original, args, kwargs, value)
        return value

    return function


def _backward_begins(losses: Sequence[Tensor], values: Sequence[Tensor]) -> bool | None:
    if torch.compiler.is_compiling() or looks_away():
        return None
    for listener in tuple(_listeners):
        with contextlib.suppress(Exception):
            listener.backward_begins(losses, values)
    return True


def _backward_ended(_: bool) -> None:
    for listener in tuple(_listeners):
        with contextlib.suppress(Exception):
            listener.backward_ended()


def _clipping(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def function(parameters: Any, max_norm: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(parameters, Iterator):
            parameters = list(parameters)
        result = original(parameters, max_norm, *args, **kwargs)
        for listener in () if looks_away() else tuple(_listeners):
            with contextlib.suppress(Exception):
                listener.clipped(parameters, max_norm)
        return result

    return function


@contextlib.contextmanager
def _not_twice() -> Iterator[None]:
    """Some of them call others."""
    _inside.it = True
    try:
        yield
    finally:
        _inside.it = False
