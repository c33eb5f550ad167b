"""What a script does between the model's outputs and the loss, listened to so that it can be done again.

Losses are often written by hand: ``((model(x) - y) ** 2).mean() + penalty``. In the few steps that are
measured, the operations on what the model returned are noted until ``backward`` is called, and those that the
loss was made of become a function of outputs and targets, like a loss function.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, _pop_mode, _push_mode

from descentry.instruments._undisturbed import tensors
from descentry.live._replay import Done, Replay, replayed

MOST = 1000  # operations; a loss that takes more is not listened to
_LARGEST_START = 65_536  # entries of a tensor that is added up in place, of which a copy is kept


class Tape(TorchFunctionMode):
    """Notes what is done to ``outputs`` while it is on; changes nothing."""

    def __init__(self, outputs: Any) -> None:
        super().__init__()
        self._outputs = list(tensors(outputs))
        # Every tensor that comes of the outputs, kept so that no two have one identity.
        self._live = {id(t): t for t in self._outputs}
        self._starts: dict[int, Tensor] = {}
        self._done: list[Done] = []
        self._lost = False

    @staticmethod
    def can_start() -> bool:
        """Not among modes of the script's, nor where it compiles: code would be compiled again for it."""
        compiler = sys.modules.get("torch._dynamo.eval_frame")
        if any(backend is not None for backend in getattr(compiler, "cached_backends", {}).values()):
            return False
        modes = (torch._C._get_function_stack_at(i) for i in range(torch._C._len_torch_function_stack()))
        return all(isinstance(mode, Tape) for mode in modes)

    def start(self) -> None:
        """Begins to listen."""
        _push_mode(self)  # type: ignore[no-untyped-call]

    def stop(self) -> None:
        """Ends it, wherever it stands among modes that the script has put on meanwhile."""
        above = []
        while torch._C._len_torch_function_stack():
            top = _pop_mode()  # type: ignore[no-untyped-call]
            if top is self:
                break
            above.append(top)
        for mode in reversed(above):
            _push_mode(mode)  # type: ignore[no-untyped-call]

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if self._lost:
            return func(*args, **given)
        try:
            inputs = list(tensors([args, given]))
            concerned = any(id(t) in self._live for t in inputs)
            if concerned:
                self._expect(func, args, given)
        except Exception:  # noqa: BLE001 - what cannot be listened to is not examined
            concerned, self._lost = False, True
        result = func(*args, **given)
        if concerned and not self._lost:
            try:
                self._note(Done(func, args, given, inputs, list(tensors(result)), torch.is_grad_enabled()))
            except Exception:  # noqa: BLE001
                self._lost = True
        return result

    def _expect(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        """Looks at an operation that writes to a tensor before it does."""
        name = getattr(func, "__name__", "")
        if name in ("__set__", "__setitem__") or isinstance(kwargs.get("out"), Tensor):
            self._lost = True
        elif _writes(name) and isinstance(args[0], Tensor):
            target = args[0]
            views = any(t._is_view() and t._base is target for t in self._live.values())
            if target._is_view() or views or any(target is t for t in self._outputs):
                self._lost = True
            elif id(target) not in self._live:
                if target.requires_grad or target.numel() > _LARGEST_START:
                    self._lost = True
                self._starts[id(target)] = target.detach().clone()

    def _note(self, done: Done) -> None:
        if not done.made:
            return
        self._lost = len(self._done) >= MOST
        self._done.append(done)
        self._live.update((id(t), t) for t in done.made)

    def ending_in(self, loss: Tensor) -> tuple[Replay, Any, Any] | None:
        """The function that computed ``loss``, with the outputs and targets it was given.

        None where it was not heard from beginning to end, or where something with a gradient of its own
        besides the outputs is in it: weights, or what another model returned.
        """
        if self._lost or id(loss) not in self._live:
            return None
        needed, steps = {id(loss)}, []
        for done in reversed(self._done):
            if any(id(t) in needed for t in done.made):
                steps.append(done)
                needed.update(id(t) for t in done.inputs)
        steps.reverse()
        if any(t.requires_grad for done in steps if not done.with_gradient for t in done.made):
            return None  # the inside of a custom function, whose backward is not that of its operations
        return replayed(self._outputs, self._live, self._starts, steps, loss)


def _writes(name: str) -> bool:
    if name.startswith("__"):
        return name.startswith("__i") and name not in ("__int__", "__index__", "__invert__", "__iter__")
    return name.endswith("_") and name not in ("requires_grad_", "share_memory_")
