"""Makes of a call that was seen, ``cross_entropy(logits.view(-1, 10), y)``, a loss of the model's outputs."""

from __future__ import annotations

import functools
import inspect
import math
import re
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from descentry.instruments._undisturbed import mapped, tensors
from descentry.live._listening import LOSSES
from descentry.live._tape import Tape

_SAME_ORDER = {
    "Alias",
    "Clone",
    "Reshape",
    "ReshapeAlias",
    "Squeeze",
    "ToCopy",
    "UnsafeView",
    "Unsqueeze",
    "View",
}
_DEPTH = 8
MODEL = "model"  # what a loss function is called that is a part of the model
BY_HAND = "written by hand"  # and one that is none of the library's

Change = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Link:
    """How the loss follows from what the model returned.

    Attributes:
        loss_fn: ``loss_fn(outputs, targets)``.
        targets: What it was given beside the outputs, detached; ``()`` where the model computes its loss.
        name: Of the loss function.
        loss: What it returned, detached.
        returned: What it returned itself, as long as somebody else keeps it.
    """

    loss_fn: Callable[..., Any]
    targets: Any
    name: str
    loss: Tensor | None = None
    returned: weakref.ref[Tensor] | None = None


def of_function(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    outputs: Sequence[Tensor | None],
    loss: Tensor,
) -> Link | None:
    """A loss of ``torch.nn.functional`` on one of the outputs; None where its input is something else.

    Args:
        function: The function that was called.
        args: Its arguments.
        kwargs: Its arguments by name.
        outputs: The tensors that the model returned, in order; None where one is gone.
        loss: What it returned.
    """
    names = list(inspect.signature(function).parameters)
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    of, target = given.pop(names[0], None), given.pop(names[1], None)
    if not isinstance(of, Tensor) or not isinstance(target, Tensor) or target.requires_grad:
        return None
    if any(isinstance(v, Tensor) and v.requires_grad for v in given.values()):
        return None  # more than one output goes into it
    for index, output in enumerate(outputs):
        change = None if output is None else _change(output, of)
        if output is not None and change is not None:
            found, targets = change, target.detach()
            rows = of.shape[0] if of.ndim else 0
            if output.ndim > of.ndim and target.ndim and len(target) == rows != output.shape[0]:
                # Tokens in one row: parted into examples again, so that a part of the batch can be taken.
                inner = _flattened(output.shape, rows)
                targets = targets.reshape(*output.shape[:inner], *targets.shape[1:])
                found = _Flattened(change, inner)
            call = functools.partial(_called, function, dict(given), index, found)
            return Link(call, targets, function.__name__, loss.detach().clone(), weakref.ref(loss))
    return None


def of_module(
    module: nn.Module, args: tuple[Any, ...], outputs: Any, originals: Sequence[Tensor | None], loss: Any
) -> Link | None:
    """A loss function of the user's that is a module, called with the outputs as they are."""
    if len(args) != 2 or not isinstance(loss, Tensor):
        return None
    given = list(tensors(args[0]))
    if len(given) != len(originals) or any(a is not b for a, b in zip(given, originals, strict=True)):
        return None
    targets = mapped(args[1], Tensor.detach)
    return Link(module, targets, type(module).__name__, loss.detach().clone(), weakref.ref(loss))


def of_tape(tape: Tape, loss: Tensor) -> Link | None:
    """What was heard from the outputs to the loss: one function of the library's, or all that was done."""
    for done in reversed(tape._done):
        if any(made is loss for made in done.made):
            if getattr(done.function, "__name__", "") in LOSSES:
                link = of_function(done.function, done.args, done.kwargs, tape._outputs, loss)
                if link is not None:
                    return link
            break
    found = tape.ending_in(loss)
    if found is None:
        return None
    replay, _, targets = found
    return Link(replay, targets, BY_HAND, loss.detach().clone(), weakref.ref(loss))


def of_model(outputs: Any) -> Link | None:
    """The model returned its loss itself: the only number among its outputs that has a graph."""
    found = [i for i, t in enumerate(tensors(outputs)) if t.numel() == 1 and t.ndim == 0 and t.requires_grad]
    if len(found) != 1:
        return None
    loss = list(tensors(outputs))[found[0]]
    return Link(functools.partial(_returned, found[0]), (), MODEL, loss.detach().clone(), weakref.ref(loss))


def _returned(index: int, outputs: Any, _: Any) -> Tensor:
    return list(tensors(outputs))[index]


def _called(
    function: Callable[..., Tensor],
    given: dict[str, Any],
    index: int,
    change: Any,
    outputs: Any,
    targets: Tensor,
) -> Tensor:
    output = list(tensors(outputs))[index]
    if isinstance(change, _Flattened):
        return function(change(output), targets.flatten(0, change.inner - 1), **given)
    return function(change(output), targets, **given)


@dataclass(frozen=True, eq=False)
class _Flattened:
    """The first ``inner`` dimensions become one."""

    change: Change
    inner: int

    def __call__(self, output: Tensor) -> Tensor:
        return output.flatten(0, self.inner - 1)


def _flattened(shape: torch.Size, rows: int) -> int:
    for inner in range(2, len(shape) + 1):
        if math.prod(shape[:inner]) == rows:
            return inner
    return 1


def _change(output: Tensor, given: Tensor) -> Change | None:
    """What was done to an output before the loss function got it, where it moved values only."""
    if given is output:
        return _nothing
    if given.numel() != output.numel() or output.grad_fn is None:
        return None
    node, dims = given.grad_fn, None
    for _ in range(_DEPTH):
        if node is None:
            return None
        if node is output.grad_fn:
            break
        name = re.sub(r"Backward\d+$", "", node.name())
        dims = _order(name, node, output.ndim)
        if dims is None and name not in _SAME_ORDER:
            return None
        node = node.next_functions[0][0] if node.next_functions else None
    else:
        return None
    if dims is not None:
        # Right after the output, and nothing but precision has changed since.
        if [output.shape[d] for d in dims] != list(given.shape):
            return None
        return functools.partial(_permuted, tuple(dims), given.dtype)
    shape = list(given.shape)
    if output.ndim and given.ndim and given.shape[0] == output.shape[0]:
        shape[0] = -1
    return functools.partial(_reshaped, tuple(shape), given.dtype)


def _order(name: str, node: Any, ndim: int) -> list[int] | None:
    if name == "Transpose":
        dims = list(range(ndim))
        first, second = (_signed(d) % ndim for d in (node._saved_dim0, node._saved_dim1))
        dims[first], dims[second] = dims[second], dims[first]
        return dims
    if name == "Permute":
        return [_signed(d) % ndim for d in node._saved_dims]
    return None


def _signed(number: int) -> int:
    return number - 2**64 if number >= 2**63 else number


def _nothing(output: Tensor) -> Tensor:
    return output


def _reshaped(shape: tuple[int, ...], dtype: torch.dtype, output: Tensor) -> Tensor:
    return output.to(dtype).reshape(shape)


def _permuted(dims: tuple[int, ...], dtype: torch.dtype, output: Tensor) -> Tensor:
    return output.to(dtype).permute(dims)
