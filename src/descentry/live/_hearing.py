"""Finds out how a script computes its loss where it does so by hand, in the steps that are measured."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from descentry.instruments._undisturbed import tensors
from descentry.live._tape import Replay, Tape

_MOST = 16  # calls of the model in a step that are listened to


class Hearing:
    """Listens between what a model returns and the next ``backward``, while it is on."""

    def __init__(self, model: nn.Module) -> None:
        self._model = weakref.ref(model)
        self._hook: Any = None
        self._tape: Tape | None = None
        self._forwards = 0

    def turn(self, on: bool) -> None:
        """Waits for the model's next call, or listens no more."""
        self.stop()
        self._forwards = 0
        model = self._model()
        if on and self._hook is None and model is not None:
            self._hook = model.register_forward_hook(self._returned)
        elif not on and self._hook is not None:
            self._hook.remove()
            self._hook = None

    def stop(self) -> Tape | None:
        """Ends what is listened to, and hands it over."""
        tape, self._tape = self._tape, None
        if tape is not None:
            tape.stop()
        return tape

    def _returned(self, model: nn.Module, args: Any, outputs: Any) -> None:
        self.stop()
        self._forwards += 1
        # After the last step of a training the model may be called any number of times to evaluate it.
        if self._forwards > _MOST or not torch.is_grad_enabled() or not Tape.can_start():
            return
        if any(t.requires_grad for t in tensors(outputs)):
            self._tape = Tape(outputs)
            self._tape.start()

    def heard(self, losses: Sequence[Tensor]) -> tuple[Replay, Any, Any] | None:
        """The loss that ``backward`` is called on: a function, its outputs and targets; None if not heard."""
        tape = self.stop()
        return None if tape is None or len(losses) != 1 else tape.ending_in(losses[0])
