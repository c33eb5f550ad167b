"""Which losses of ``torch.nn.functional`` a loss function calls, and with what: it is listened to."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from torch import Tensor
from torch.overrides import TorchFunctionMode

from descentry.instruments._probe import Probe, batch_size
from descentry.instruments._tensors import wide
from descentry.instruments._undisturbed import mapped, tensors

REGRESSION = frozenset({"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"})
CLASSES = frozenset({"cross_entropy", "nll_loss"})
YES_NO = frozenset({"binary_cross_entropy_with_logits", "binary_cross_entropy"})
MARGIN = frozenset({"soft_margin_loss", "hinge_embedding_loss"})
LOSSES = REGRESSION | CLASSES | YES_NO | MARGIN

MOST_CALLS = 16
EXAMINED = 2**22  # entries of the outputs; of larger ones the first examples
TOO_MANY = 2**27

_SQUASHING = {"softmax": "softmax", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu"}
_DIFFERENCE = frozenset({"sub", "subtract", "__sub__", "__rsub__"})


@dataclass(frozen=True, eq=False)
class LossCall:
    """One call of a loss of ``torch.nn.functional``.

    Attributes:
        name: Of the function.
        input: Its first argument.
        target: Its second.
        made_by: The operation that its first argument comes out of; empty where it is not known.
        function: The function itself.
        arguments: All arguments by name.
    """

    name: str
    input: Tensor
    target: Tensor
    made_by: str
    function: Callable[..., Tensor]
    arguments: Mapping[str, Any]

    def mean(self, input: Tensor | None = None) -> Tensor:
        """Its value, with another first argument if one is given; the mean where it does not reduce."""
        changed = {} if input is None else {"input": input}
        return self.function(**{**self.arguments, **changed}).mean()


@dataclass(eq=False)
class Heard:
    """What a loss function did.

    Attributes:
        calls: Losses that it called, the first 16.
        log_softmax: What it took the logarithm of a softmax of, with the dimension.
        logs: What it took a logarithm of.
        repeats: Where outputs were compared with targets, 0 if they had one shape, else how many comparisons
            there were for each entry of the larger of the two.
    """

    calls: list[LossCall] = field(default_factory=list)
    log_softmax: list[tuple[Tensor, int]] = field(default_factory=list)
    logs: list[Tensor] = field(default_factory=list)
    repeats: list[float] = field(default_factory=list)


def heard(probe: Probe) -> Heard | None:
    """The loss function on this step's outputs and targets, listened to; None where either is absent.

    It is given copies, in float32 at least, and of very large outputs the first examples only.

    Raises:
        RuntimeError: The outputs are very large and cannot be cut.
    """
    if probe.loss_fn is None or probe.outputs is None or probe.targets is None:
        return None
    outputs, targets = (copied(value) for value in examinable(probe)[0])
    listener = _Listener(outputs, targets, probe.made_by)
    with listener:
        probe.loss_between(outputs, targets)
    return listener.heard


def copied(value: Any) -> Any:
    """A copy that a loss function may write to, in float32 at least."""

    def copy(tensor: Tensor) -> Tensor:
        own = tensor.detach().clone()
        return wide(own) if own.is_floating_point() else own

    return mapped(value, copy)


def examinable(probe: Probe) -> tuple[tuple[Any, Any], bool]:
    """Outputs and targets, of very large outputs the first examples only; and whether those are all.

    Raises:
        RuntimeError: The outputs are very large and cannot be cut.
    """
    outputs, targets = probe.outputs, probe.targets
    total = sum(t.numel() for t in tensors(outputs))
    if total <= EXAMINED:
        return (outputs, targets), True
    size = batch_size(outputs)
    rows = max(1, size * EXAMINED // total) if size else 0
    if not size or batch_size(targets) not in (size, None) or total // size * rows > TOO_MANY:
        raise RuntimeError(f"the outputs ({total:,} numbers) are too many to examine, and cannot be cut")

    def cut(tensor: Tensor) -> Tensor:
        return tensor[:rows] if tensor.ndim and tensor.shape[0] == size else tensor

    return (mapped(outputs, cut), mapped(targets, cut)), rows == size


class _Listener(TorchFunctionMode):
    def __init__(self, outputs: Any, targets: Any, made_by: str) -> None:
        super().__init__()
        self.heard = Heard()
        self._outputs = {_storage(t) for t in tensors(outputs)}
        self._targets = {_storage(t) for t in tensors(targets)}
        # Kept until the end, so that no storage is used again and taken for another.
        self._made: list[tuple[Tensor, str]] = [(t, made_by) for t in tensors(outputs)]

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        name = getattr(func, "__name__", "")
        if name in LOSSES:
            args, given = (), self._loss(name, func, args, given)
        elif name in _DIFFERENCE and len(args) == 2 and all(isinstance(a, Tensor) for a in args):
            self._difference(*args)
        elif name == "log" and args and isinstance(args[0], Tensor):
            self._keep(self.heard.logs, args[0])
        elif name == "log_softmax" and args and isinstance(args[0], Tensor):
            dim = given.get("dim", args[1] if len(args) > 1 else None)
            if isinstance(dim, int):
                self._keep(self.heard.log_softmax, (args[0], dim))
        result = func(*args, **given)
        if name in _SQUASHING and isinstance(result, Tensor):
            self._keep(self._made, (result, _SQUASHING[name]))
        return result

    def _keep(self, where: list[Any], what: Any) -> None:
        if len(where) < MOST_CALLS:
            where.append(what)

    def _loss(self, name: str, func: Any, args: tuple[Any, ...], given: dict[str, Any]) -> dict[str, Any]:
        arguments = inspect.signature(func).bind(*args, **given).arguments
        one, other = arguments["input"], arguments["target"]
        self._keep(self.heard.calls, LossCall(name, one, other, self._maker(one), func, {**arguments}))
        if name in REGRESSION:
            self._keep(self.heard.repeats, _repeats(one, other))
        if name in REGRESSION and one.shape != other.shape:
            # Of one shape, so that PyTorch does not warn a second time.
            shape = np.broadcast_shapes(one.shape, other.shape)
            arguments |= {"input": one.expand(shape), "target": other.expand(shape)}
        return arguments

    def _difference(self, one: Tensor, other: Tensor) -> None:
        sides = _storage(one), _storage(other)
        between = any(a in self._outputs and b in self._targets for a, b in (sides, sides[::-1]))
        if between:
            self._keep(self.heard.repeats, _repeats(one, other))

    def _maker(self, tensor: Tensor) -> str:
        storage = _storage(tensor)
        return next((name for made, name in reversed(self._made) if _storage(made) == storage), "")


def _repeats(one: Tensor, other: Tensor) -> float:
    if one.shape == other.shape or 1 in (one.numel(), other.numel()):
        return 0.0  # one number for all is meant
    larger = max(one.numel(), other.numel())
    return math.prod(np.broadcast_shapes(one.shape, other.shape)) / larger


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
