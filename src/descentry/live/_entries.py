"""Where a script asks PyTorch for gradients: ``backward``, ``torch.autograd.grad``; and scales a loss."""

from __future__ import annotations

import functools
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

_OURS = "descentry."


class Entries:
    """Calls ``before(losses, values)`` and ``after(what it returned)`` around each call that gives gradients.

    Only for scalars, and only the outermost call. ``values`` are the losses before they were scaled for
    automatic mixed precision.
    """

    def __init__(self, before: Callable[..., Any], after: Callable[[Any], None]) -> None:
        self._note, self._done = before, after
        self._depth = 0
        self._scaled: tuple[weakref.ref[Tensor], weakref.ref[Tensor], Tensor] | None = None
        self._originals: list[tuple[Any, str, Any]] = []
        # The method comes before any mode of PyTorch's that listens, the function may be called on its own.
        self._wrap(Tensor, "backward", self._backward)
        self._wrap(torch.autograd, "backward", self._backward)
        self._wrap(torch.autograd, "grad", self._grad)
        self._wrap(torch.amp.GradScaler, "scale", self._scale)

    def undo(self) -> None:
        """Puts back what was there."""
        for owner, name, original in self._originals:
            setattr(owner, name, original)

    def _wrap(self, owner: Any, name: str, around: Callable[..., Any]) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return around(original, *args, **kwargs)

        self._originals.append((owner, name, original))
        setattr(owner, name, wrapped)

    def _backward(self, original: Callable[..., Any], tensors: Any, *args: Any, **kwargs: Any) -> Any:
        return self._around(_scalars(tensors), original, tensors, *args, **kwargs)

    def _grad(self, original: Callable[..., Any], outputs: Any, *args: Any, **kwargs: Any) -> Any:
        # With a graph of its own it is part of a larger loss: a penalty, or an inner loop.
        part = len(args) > 1 or kwargs.get("grad_outputs") is not None or kwargs.get("create_graph")
        # Instruments ask for gradients too.
        caller = str(sys._getframe(2).f_globals.get("__name__"))
        ours = caller.startswith(_OURS) and caller != __name__  # one of these may be around another
        return self._around([] if part or ours else _scalars(outputs), original, outputs, *args, **kwargs)

    def _around(self, losses: Sequence[Tensor], call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self._depth or not losses:
            return call(*args, **kwargs)
        noted = self._note(losses, self._values(losses))
        self._depth += 1
        try:
            result = call(*args, **kwargs)
        finally:
            self._depth -= 1
        if noted is not None:
            self._done(noted)
        return result

    def _values(self, losses: Sequence[Tensor]) -> Sequence[Tensor]:
        """What a loss was before it was scaled."""
        scaled, self._scaled = self._scaled, None
        if scaled is None or len(losses) != 1 or scaled[0]() is not losses[0]:
            return losses
        value = scaled[1]()
        return [scaled[2] if value is None else value]

    def _scale(self, original: Callable[..., Any], scaler: Any, outputs: Any) -> Any:
        scaled = original(scaler, outputs)
        if isinstance(outputs, Tensor) and isinstance(scaled, Tensor) and outputs.numel() == 1:
            self._scaled = weakref.ref(scaled), weakref.ref(outputs), outputs.detach()
        return scaled


def _scalars(given: Any) -> list[Tensor]:
    """The losses in what is to be differentiated; none where it is not scalars only."""
    listed = [given] if isinstance(given, Tensor) else list(given) if isinstance(given, Sequence) else []
    return listed if all(isinstance(t, Tensor) and t.numel() == 1 for t in listed) else []
