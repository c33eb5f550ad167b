"""The watch on a script that knows nothing of it: attached from outside when the script has imported torch.

PyTorch's global optimizer hooks tell when a step is made, and by which optimizer; the scalar that
``backward`` was called on is the loss. Nothing here draws a random number, changes a tensor or keeps a
graph, and no error of ours reaches the script.
"""

from __future__ import annotations

import functools
import os
import sys
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from descentry.live import _ending, _models
from descentry.live._following import Following
from descentry.live._losses import Losses

MOST = 16  # optimizers that are watched; scripts that compare many settings make hundreds


def attach(options: Mapping[str, str]) -> Attached | None:
    """Begins to look for training; None in a worker that is not the first of a distributed run."""
    if os.environ.get("RANK", "0") != "0":
        return None
    return Attached(options)


_Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], Tensor]


class Attached:
    """What is watched of one script."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = options
        self.followed: list[Following] = []
        self.missed = 0
        self.problem = ""
        self._known: weakref.WeakKeyDictionary[Optimizer, _Steps] = weakref.WeakKeyDictionary()
        self._loss: Tensor | None = None  # of the backward calls since the last step
        self._last: Tensor | None = None  # what the last step was made with
        self._round = 0
        self._stepping = self._backward = 0
        self._losses = Losses(self._guarded(self._computed))
        self._calls: list[_Call] = []  # of loss functions since the last backward
        self._scaled: tuple[weakref.ref[Tensor], Tensor, weakref.ref[Tensor]] | None = None
        self._off = False
        self._ended = False
        self._undo: list[Callable[[], None]] = [
            register_optimizer_step_pre_hook(self._guarded(self._before)).remove,
            register_optimizer_step_post_hook(self._guarded(self._after)).remove,
            lambda: self._losses.turn(False),
        ]
        self._wrap_backward()
        self._wrap_scaler()
        _ending.hide_our_frames()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._leave)

    def _guarded(self, act: Callable[..., None]) -> Callable[..., None]:
        def guarded(*args: Any) -> None:
            if self._off:
                return
            try:
                act(*args)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong here is no concern of the script
                self._off = True
                self.problem = f"watching stopped: {type(error).__name__}: {error}"
                _ending.say(self.problem)

        return guarded

    def _wrap_backward(self) -> None:
        original = torch.autograd.backward
        note = self._guarded(self._note)

        @functools.wraps(original)
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._backward:
                note(tensors)
            self._backward += 1
            try:
                return original(tensors, *args, **kwargs)
            finally:
                self._backward -= 1

        torch.autograd.backward = backward
        self._undo.append(functools.partial(setattr, torch.autograd, "backward", original))

    def _wrap_scaler(self) -> None:
        """Remembers what a loss was before it was scaled for automatic mixed precision."""
        scaler = torch.amp.GradScaler
        original = scaler.scale
        note = self._guarded(self._note_scaled)

        @functools.wraps(original)
        def scale(of: Any, outputs: Any) -> Any:
            scaled = original(of, outputs)
            note(outputs, scaled)
            return scaled

        scaler.scale = scale  # type: ignore[method-assign, assignment]
        self._undo.append(functools.partial(setattr, scaler, "scale", original))

    def _note_scaled(self, outputs: Any, scaled: Any) -> None:
        if isinstance(outputs, Tensor) and isinstance(scaled, Tensor):
            self._scaled = weakref.ref(scaled), outputs.detach(), weakref.ref(outputs)

    def _note(self, tensors: Any) -> None:
        """The losses of several calls before one step add up, as their gradients do."""
        given = [tensors] if isinstance(tensors, Tensor) else tensors
        if not isinstance(given, Sequence) or not all(
            isinstance(t, Tensor) and t.numel() == 1 for t in given
        ):
            return
        if self._stepping and self._loss is not None:
            return  # a closure is called many times in a step: the first is at the weights before it
        for tensor in given:
            loss = tensor.detach().reshape(())
            if self._scaled is not None and self._scaled[0]() is tensor:
                loss = self._scaled[1].reshape(())
            self._loss = loss if self._loss is None else self._loss + loss
        if self._calls:
            self._tell(given)

    def _computed(self, *call: Any) -> None:
        """A loss function was called; there may be several before one of them turns out to be the loss."""
        if len(self._calls) < MOST:
            self._calls.append(call)

    def _tell(self, losses: Sequence[Tensor]) -> None:
        """Hands on the call that computed what backward is called on, where nothing else is in it."""
        calls, self._calls = self._calls, []
        for function, args, kwargs, value in calls:
            scaled = (
                self._scaled is not None and self._scaled[0]() is losses[0] and self._scaled[2]() is value
            )
            if len(losses) == 1 and (value is losses[0] or scaled):
                for following in self.followed:
                    following.loss_seen(function, args, kwargs, value)

    def _before(self, optimizer: Optimizer, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        steps = self._known.get(optimizer)
        if steps is None:
            steps = self._known[optimizer] = _Steps(self._begin(optimizer))
        if steps.armed:
            return  # a subclass calls the step of its base, or the last step raised
        steps.armed = True
        self._stepping += 1
        if kwargs.get("closure", args[1] if len(args) > 1 else None) is None:
            steps.loss = self._take(steps)
        else:
            self._loss = None  # it comes in the step

    def _after(self, optimizer: Optimizer, *_: Any) -> None:
        steps = self._known.get(optimizer)
        if steps is None or not steps.armed:
            return
        steps.armed = False
        self._stepping -= 1
        loss = self._take(steps) if steps.loss is None else steps.loss
        steps.loss = None
        if steps.following is not None:
            steps.following.step(loss)
        self._calls = []
        self._losses.turn(any(f.is_measuring for f in self.followed))

    def _take(self, steps: _Steps) -> Tensor | None:
        """The loss that a step is made with; two optimizers may step after one backward."""
        if self._loss is not None:
            self._last, self._loss = self._loss, None
            self._round += 1
        elif steps.round == self._round:
            return None
        steps.round = self._round
        return self._last

    def _begin(self, optimizer: Optimizer) -> Following | None:
        if not self.followed:
            _ending.end_when_terminated(self.end)
        if len(self.followed) >= MOST:
            self.missed += 1
            return None
        model = _models.model_of(optimizer)
        name = _script_name()
        if len(_models.optimizers()) > 1:
            name = f"{name}-{_models.name_of(model)}"
        following = Following(model, optimizer, name, self.options)
        self.followed.append(following)
        return following

    def _leave(self) -> None:
        """In a forked child, whose training is not this one."""
        self._off = self._ended = True
        for undo in self._undo:
            undo()
        _ending.leave()

    def end(self) -> None:
        """Says what was seen; only once, whichever way the script ends."""
        if self._ended:
            return
        self._ended = self._off = True
        try:
            _ending.report(self.followed, self.missed, self.options)
        except KeyboardInterrupt:
            _ending.say("interrupted; `descentry explain RUN` tells the story of a run at any time.")
        except Exception as error:  # noqa: BLE001 - the script's exit code is the script's
            _ending.say(f"no report: {type(error).__name__}: {error}")
        _ending.die_of_the_interrupt()


class _Steps:
    """Where one optimizer is."""

    __slots__ = ("armed", "following", "loss", "round")

    def __init__(self, following: Following | None) -> None:
        self.following = following
        self.armed = False
        self.loss: Tensor | None = None
        self.round = -1


def _script_name() -> str:
    """Of the script without its ending, or of the module or package that was run."""
    main = sys.modules["__main__"]
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name not in ("__main__",):
        return str(spec.name).removesuffix(".__main__").rpartition(".")[2]
    stem = os.path.splitext(os.path.basename(getattr(main, "__file__", "") or "script"))[0]
    return (
        stem
        if stem != "__main__"
        else os.path.basename(os.path.dirname(os.path.abspath(sys.argv[0]))) or "script"
    )
