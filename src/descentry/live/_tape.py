"""What a script does between the model's outputs and the loss, listened to so that it can be done again.

Losses are often written by hand: ``((model(x) - y) ** 2).mean() + penalty``. In the few steps that are
measured, the operations on what the model returned are noted until ``backward`` is called, and those that the
loss was made of become a function of outputs and targets, like a loss function.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode, _pop_mode, _push_mode

from descentry.instruments._undisturbed import mapped, tensors

MOST = 1000  # operations; a loss that takes more is not listened to
_LARGEST_START = 65_536  # entries of a tensor that is added up in place, of which a copy is kept

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
class _Done:
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


class Tape(TorchFunctionMode):
    """Notes what is done to ``outputs`` while it is on; changes nothing."""

    def __init__(self, outputs: Any) -> None:
        super().__init__()
        self._outputs = list(tensors(outputs))
        # Every tensor that comes of the outputs, kept so that no two have one identity.
        self._live = {id(t): t for t in self._outputs}
        self._starts: dict[int, Tensor] = {}
        self._done: list[_Done] = []
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
                self._note(_Done(func, args, given, inputs, list(tensors(result)), torch.is_grad_enabled()))
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

    def _note(self, done: _Done) -> None:
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
        return self._as_function(steps, loss)

    def _as_function(self, steps: list[_Done], loss: Tensor) -> tuple[Replay, Any, Any] | None:
        outputs = {id(t): i for i, t in enumerate(self._outputs)}
        made: dict[int, int] = {}
        targets: dict[int, int] = {}
        found: list[Tensor] = []
        used: dict[int, torch.Size] = {}

        def place(tensor: Tensor) -> Any:
            key = id(tensor)
            if key in outputs:
                used[outputs[key]] = tensor.shape
                return _Place("output", outputs[key])
            if key in self._live:
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
        starts = {made[key]: start for key, start in self._starts.items() if key in made}
        size = next((t.shape[0] for t in self._outputs if t.ndim), 0)
        replay = Replay(written, starts, last, used, not starts and _cuts(steps, size))
        return replay, self._outputs, found[0] if len(found) == 1 else tuple(found)


def _writes(name: str) -> bool:
    if name.startswith("__"):
        return name.startswith("__i") and name not in ("__int__", "__index__", "__invert__", "__iter__")
    return name.endswith("_") and name not in ("requires_grad_", "share_memory_")


def _cuts(steps: Iterable[_Done], size: int) -> bool:
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
