"""A loss that was computed once, as a function: the operations that led to it, done again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from descentry.instruments._undisturbed import mapped, tensors

# What treats the examples alike, whatever their number. `_cuts` looks at the numbers in it.
_POINTWISE = """
    abs add clamp clamp_max clamp_min clip contiguous cosine_similarity cross_entropy detach div divide double
    exp expm1 float gelu half hinge_embedding_loss huber_loss l1_loss lerp log log1p log2 log_softmax
    logaddexp logsigmoid logsumexp maximum mean minimum mse_loss mul multiply neg negative nll_loss norm
    permute pow
    binary_cross_entropy binary_cross_entropy_with_logits kl_div poisson_nll_loss gaussian_nll_loss
    reciprocal relu rsub sigmoid smooth_l1_loss soft_margin_loss softmax softplus sqrt square squeeze sub
    subtract sum tanh to transpose true_divide type type_as unsqueeze where __add__ __radd__ __sub__ __rsub__
    __mul__ __rmul__ __truediv__ __div__ __rdiv__ __pow__ __neg__ __abs__
"""
_ALIKE = frozenset(_POINTWISE.split())


@dataclass(frozen=True)
class _Place:
    """Where a tensor stood: ``output``, ``target`` or ``made``, and which of them."""

    kind: str
    index: int


@dataclass(frozen=True, eq=False)
class Done:
    """One operation as it was seen."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    inputs: list[Tensor]
    made: list[Tensor]
    with_gradient: bool


@dataclass(frozen=True, eq=False)
class Replay:
    """A loss as a function of outputs and targets: the operations that the script did.

    Numbers that the script took out of tensors (``.item()``) are what they were; so is a tensor of one entry
    that the outputs are no part of.

    Attributes:
        steps: Function, arguments with places for tensors, and where its results go.
        starts: Tensors that were there before and then added up in place, as they were.
        last: Where the loss is.
        shapes: Of the outputs that are used, by index.
        cuts: Whether it means the same for some of the examples as for all of them.
    """

    steps: tuple[tuple[Callable[..., Any], Any, Any, tuple[int, ...], bool], ...]
    starts: Mapping[int, Tensor]
    last: _Place
    shapes: Mapping[int, torch.Size]
    cuts: bool

    __name__ = "loss"

    def __call__(self, outputs: Any, targets: Any) -> Tensor:
        """The loss.

        Raises:
            RuntimeError: These are not all examples, and the script's loss was written for all of them.
        """
        given, meant = list(tensors(outputs)), list(tensors(targets))
        if not self.cuts and any(given[i].shape != shape for i, shape in self.shapes.items()):
            raise RuntimeError("the loss is written by hand for the whole batch, so it has none of a part")
        made: dict[int, Tensor] = {i: start.clone() for i, start in self.starts.items()}

        def put(value: Any) -> Any:
            if isinstance(value, _Place):
                if value.kind == "made":
                    return made[value.index]
                return (given if value.kind == "output" else meant)[value.index]
            if isinstance(value, Mapping):
                return {k: put(v) for k, v in value.items()}
            if isinstance(value, (list, tuple)):
                return type(value)(put(v) for v in value)
            return value

        for function, args, kwargs, places, with_gradient in self.steps:
            with contextlib.nullcontext() if with_gradient else torch.no_grad():
                result = function(*put(args), **put(kwargs))
            made.update(zip(places, tensors(result), strict=True))
        loss: Tensor = put(self.last)
        return loss.reshape(())


def replayed(
    given: Sequence[Tensor],
    live: Container[int],
    starts: Mapping[int, Tensor],
    steps: list[Done],
    loss: Tensor,
) -> tuple[Replay, Any, Any] | None:
    """The steps as a function of outputs and targets, with those that they were given.

    None where something with a gradient of its own besides the outputs is in it.

    Args:
        given: What the model returned.
        live: Identities of all tensors that come of it.
        starts: Tensors that were there before and then added up in place, as they were.
        steps: What was done, from the outputs to the loss.
        loss: The loss.
    """
    outputs = {id(t): i for i, t in enumerate(given)}
    made: dict[int, int] = {}
    targets: dict[int, int] = {}
    found: list[Tensor] = []
    used: dict[int, torch.Size] = {}

    def place(tensor: Tensor) -> Any:
        key = id(tensor)
        if key in outputs:
            used[outputs[key]] = tensor.shape
            return _Place("output", outputs[key])
        if key in live:
            return _Place("made", made.setdefault(key, len(made)))
        if tensor.requires_grad:
            raise LookupError
        if tensor.numel() == 1:
            return tensor
        if key not in targets:
            targets[key] = len(found)
            found.append(tensor.detach())
        return _Place("target", targets[key])

    try:
        written = tuple(
            (
                s.function,
                mapped(s.args, place),
                mapped(dict(s.kwargs), place),
                tuple(made.setdefault(id(t), len(made)) for t in s.made),
                s.with_gradient,
            )
            for s in steps
        )
        last = place(loss)
    except LookupError:
        return None
    starts = {made[key]: start for key, start in starts.items() if key in made}
    size = next((t.shape[0] for t in given if t.ndim), 0)
    replay = Replay(written, starts, last, used, not starts and _cuts(steps, size))
    return replay, given, found[0] if len(found) == 1 else tuple(found)


def _cuts(steps: Iterable[Done], size: int) -> bool:
    """Whether the operations know nothing of how many examples there are.

    They do where one of their numbers is a multiple of that, or one over it: ``sum() / 32``.
    """
    for step in steps:
        if getattr(step.function, "__name__", "") not in _ALIKE:
            return False
        if any(_counts(number, size) for number in _numbers([step.args, dict(step.kwargs)])):
            return False
    return True


def _counts(number: float, size: int) -> bool:
    if size < 2 or number == 0 or isinstance(number, bool):
        return False
    return any(abs(n) >= size and abs(n / size - round(n / size)) < 1e-6 for n in (number, 1 / number))


def _numbers(value: Any) -> Iterable[float]:
    if isinstance(value, (int, float)):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _numbers(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _numbers(item)
