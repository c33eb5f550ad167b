"""What is kept of one step while it is made: by hooks that are there for this step only."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Collection, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from descentry.instruments._graph import parameters_behind
from descentry.instruments._last_operation import last_operation
from descentry.instruments._probe import Batch
from descentry.instruments._undisturbed import mapped, tensors
from descentry.live import _linking, _listening
from descentry.live._hooks import Hook, nothing
from descentry.live._inside import keep, look_inside
from descentry.live._leftover import Leftover
from descentry.live._linking import Link
from descentry.live._models import Parts
from descentry.live._tape import Tape

MOST = 16  # forward passes in a step that are listened to: afterwards it may be an evaluation without end


class Capture:
    """One step's forward pass, loss and clipping.

    Args:
        hooked: The module that the training calls.
        bare: The model itself, without what is around it to distribute or compile it.
        loss_fn: The loss function, where it was given.
        needs: What the instruments of this step need.
        began: Called when a forward pass begins.
        ended: Called when it has ended.
        guard: Runs what hooks do, so that no error leaves it.

    Attributes:
        batch: The last call of the model that had gradients.
        outputs: What it returned, detached.
        made_by: The last operation of it.
        behind: The parameters that it depends on; None where nobody needs them.
        link: How the loss follows from it.
        activations: What each leaf module gave out.
        inputs: What each leaf module was given.
        forwards: Forward passes so far.
        max_norm: What gradients were clipped to.
        leftover: What the gradients began from; None where nobody needs the batch.
        in_parts: Whether the model is several modules, of which the last that is called gives the outputs.
    """

    def __init__(
        self,
        hooked: nn.Module,
        bare: nn.Module,
        loss_fn: Any,
        needs: Collection[str],
        began: Callable[[], None],
        ended: Callable[[], None],
        guard: Callable[..., None],
    ) -> None:
        self.batch: Batch | None = None
        self.outputs: Any = None
        self.made_by = ""
        self.behind: tuple[nn.Parameter, ...] | None = None
        self.link: Link | None = None
        self.activations: dict[str, Tensor] = {}
        self.inputs: dict[str, Tensor] = {}
        self.forwards = 0
        self.max_norm: Any = None
        self.leftover: Leftover | None = None
        self.in_parts = isinstance(hooked, Parts)
        self._bare = weakref.ref(bare)
        self._loss_fn = loss_fn
        self._needs = set(needs)
        self._began, self._ended, self._guard = began, ended, guard
        self._originals: list[weakref.ref[Tensor]] = []
        self._handles: list[Any] = []
        self._leaves: list[Any] = []
        self._listening = False
        self._tape: Tape | None = None
        self._settled = False  # whether backward was called on the loss of the last forward pass
        self._install(hooked, bare)

    def _install(self, hooked: nn.Module, bare: nn.Module) -> None:
        if "activations" in self._needs and hooked is bare:
            for name, module in _leaves(bare):
                act = functools.partial(Capture._leaf_ran, name=name)
                self._leaves.append(module.register_forward_hook(Hook(self, act)))
        if self._needs & {"batch", "outputs", "activations", "loss"}:  # after those of a model that is a leaf
            for called in hooked.parts if isinstance(hooked, Parts) else [hooked]:
                self._handles += [
                    called.register_forward_pre_hook(Hook(self, Capture._forward_begins), with_kwargs=True),
                    called.register_forward_hook(Hook(self, Capture._forward_ended)),
                ]
        if self._needs & {"batch", "outputs", "loss"}:
            if isinstance(self._loss_fn, nn.Module):
                self._handles.append(
                    self._loss_fn.register_forward_hook(Hook(self, Capture._loss_module_ran))
                )
            self.leftover = Leftover(bare)
            _listening.listen(self)
            self._listening = True

    def remove(self) -> None:
        """Takes the hooks away; what was captured stays."""
        for handle in (*self._handles, *self._leaves):
            handle.remove()
        self._handles, self._leaves = [], []
        self._stop_tape()
        self._began = self._ended = nothing  # they hold what holds this
        if self._listening:
            _listening.stop(self)
            self._listening = False

    def forget_activations(self) -> None:
        """They are large, and hold up memory that the backward pass would free."""
        for handle in self._leaves:
            handle.remove()
        self._leaves = []
        self.activations, self.inputs = {}, {}

    def look_inside(self, bare: nn.Module) -> None:
        """What the layers of a compiled model give out, seen by making the call again."""
        if self.batch is not None:
            self.inputs, self.activations = look_inside(bare, self.batch, _leaves(bare))

    def _stop_tape(self) -> Tape | None:
        tape, self._tape = self._tape, None
        if tape is not None:
            tape.stop()
        return tape

    def _forward_begins(self, _: nn.Module, args: Any, kwargs: Any) -> None:
        if torch.is_grad_enabled():
            self._guard(self._begin, args, kwargs)

    def _begin(self, args: Any, kwargs: Any) -> None:
        bare = self._bare()
        self._began()
        self._stop_tape()
        self._settled = False
        if not self.in_parts:
            self.activations, self.inputs = {}, {}
        self.outputs, self.link, self.made_by, self._originals = None, None, "", []
        if bare is not None and self._needs & {"batch", "outputs"} and not self.in_parts:
            self.batch = Batch.of(bare, args, kwargs)

    def _forward_ended(self, _: nn.Module, __: Any, outputs: Any) -> None:
        if torch.is_grad_enabled():
            self._guard(self._end, outputs)

    def _end(self, outputs: Any) -> None:
        self.forwards += 1
        self.outputs = mapped(outputs, Tensor.detach)
        self.made_by = last_operation(outputs)
        self.behind = parameters_behind(outputs) if "graph" in self._needs else None
        self._originals = [weakref.ref(t) for t in tensors(outputs)]
        self.link = _linking.of_model(outputs)
        self._ended()
        if self.forwards > MOST:
            self.remove()
        elif self._listening and any(t.requires_grad for t in tensors(outputs)) and Tape.can_start():
            self._tape = Tape(outputs)
            self._tape.start()

    def _leaf_ran(self, _: nn.Module, inputs: Any, outputs: Any, *, name: str) -> None:
        if torch.is_grad_enabled():
            keep(self.inputs, self.activations, name, inputs, outputs)

    def loss_computed(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], loss: Tensor
    ) -> None:
        """A loss of ``torch.nn.functional`` was computed, perhaps on the outputs."""
        if self.outputs is None or (self.link is not None and self.link.name != _linking.MODEL):
            return
        originals = [ref() for ref in self._originals]
        self.link = _linking.of_function(function, args, kwargs, originals, loss) or self.link

    def backward_begins(self, losses: Sequence[Tensor], values: Sequence[Tensor]) -> None:
        """Gradients of the loss are about to be computed: how it follows from the outputs is known now."""
        self._guard(self._find_link, values)
        if self.leftover is not None:
            self._guard(self.leftover.begins)

    def backward_ended(self) -> None:
        """They have been computed."""
        if self.leftover is not None:
            self._guard(self.leftover.ended)

    def _find_link(self, values: Sequence[Tensor]) -> None:
        tape = self._stop_tape()
        if self._settled or self.outputs is None:
            return
        link, self.link = self.link, None
        if len(values) != 1:
            return
        loss = values[0]
        if link is not None and link.returned is not None and link.returned() is loss:
            self.link = link
        elif tape is not None:
            self.link = _linking.of_tape(tape, loss)
        self._settled = self.link is not None

    def loss_known(self, function: Callable[..., Any], targets: Any, loss: Tensor) -> None:
        """Somebody knows that the loss is ``function(outputs, targets)``."""
        name = str(getattr(function, "__name__", type(function).__name__))
        targets = mapped(targets, Tensor.detach)
        self.link = Link(function, targets, name, loss.detach().clone(), weakref.ref(loss))

    def _loss_module_ran(self, module: nn.Module, args: Any, loss: Any) -> None:
        originals = [ref() for ref in self._originals]
        found = _linking.of_module(module, args, self.outputs, originals, loss)
        self.link = found or self.link

    def clipped(self, parameters: Any, max_norm: Any) -> None:
        """Gradients were clipped, perhaps those of this model."""
        bare = self._bare()
        given = [parameters] if isinstance(parameters, Tensor) else parameters
        own = {id(p) for p in bare.parameters()} if bare is not None else set()
        if any(id(p) in own for p in given):
            self.max_norm = max_norm


def _leaves(model: nn.Module, prefix: str = "") -> list[tuple[str, nn.Module]]:
    """Modules without modules in them, but for what is compiled: hooks inside would be compiled with it."""
    if is_compiled(model) or isinstance(model, torch.jit.ScriptModule):
        return []
    children = list(model.named_children())
    if not children:
        return [(prefix, model)]
    return [leaf for n, m in children for leaf in _leaves(m, f"{prefix}.{n}" if prefix else n)]


def is_compiled(module: nn.Module) -> bool:
    """Whether a module runs as compiled code."""
    return hasattr(module, "_orig_mod") or getattr(module, "_compiled_call_impl", None) is not None
