"""What is known of the training that is forked: its loss function, listened to on a few batches."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from descentry.core.errors import DescentryError
from descentry.instruments._undisturbed import eager, tensors
from descentry.trials._batches import Batches
from descentry.trials._losses import computing_the_loss
from descentry.trials._training import Cannot, Loss

LISTENED = 16  # batches
BROKEN = "the loss is not finite before any step, so there is nothing to compare"
MEND = """\
Begin from the model as it was before it broke: a checkpoint, or a new one. If it is new, look for NaN in
the data."""
LOSSES = frozenset(
    {
        "binary_cross_entropy",
        "binary_cross_entropy_with_logits",
        "cross_entropy",
        "huber_loss",
        "l1_loss",
        "mse_loss",
        "nll_loss",
        "smooth_l1_loss",
    }
)
SQUASHING = frozenset({"softmax", "sigmoid", "tanh", "relu", "log_softmax"})


@dataclass(eq=False)
class Heard:
    """What computing the loss of one batch did.

    Attributes:
        loss: Name of the first loss of ``torch.nn.functional`` that was called; empty where none was.
        given: What it was given: outputs and targets.
        squashed: Name of the operation that made those outputs, and the how-manieth of its kind it was.
    """

    loss: str = ""
    given: tuple[Tensor, Tensor] | None = None
    squashed: tuple[str, int] | None = None


@dataclass(eq=False)
class Fork:
    """A training and its batches, from which arms begin.

    Attributes:
        model: The user's model.
        optimizer: Its optimizer.
        compute_loss: ``compute_loss(model, batch)``.
        batches: Those of the trial.
        heard: What computing the loss of the first batch did.
        inputs: The model's first argument on the first batches.
        targets: What its outputs were compared with on them.
        writes_buffers: Whether computing the loss changes buffers of the model.
    """

    model: nn.Module
    optimizer: Any
    compute_loss: Loss
    batches: Batches
    heard: Heard = field(default_factory=Heard)
    inputs: list[Tensor] = field(default_factory=list)
    targets: list[Tensor] = field(default_factory=list)
    writes_buffers: bool = False

    @property
    def rate(self) -> float:
        """The largest learning rate of the groups."""
        return max(float(group["lr"]) for group in self.optimizer.param_groups)

    @property
    def adaptive(self) -> bool:
        """Whether the optimizer divides by the size of the gradient, as far as its settings show."""
        return any("eps" in group for group in self.optimizer.param_groups)

    def factor(self, change: Mapping[str, Any]) -> float:
        """What the rate is to be multiplied with.

        Raises:
            Cannot: The change names no rate, or the present rate is 0.
        """
        if "lr_factor" in change:
            return float(change["lr_factor"])
        if "lr" not in change or self.rate <= 0:
            raise Cannot("there is no rate to begin from")
        return float(change["lr"]) / self.rate

    def listen(self) -> None:
        """Computes the loss of the first batches; the caller puts back what that changes.

        Raises:
            DescentryError: Computing it fails, or gives no single number, or none that is finite.
        """
        finite = False
        hook = self.model.register_forward_pre_hook(self._saw)
        before = {n: (id(b), b._version) for n, b in self.model.named_buffers()}
        try:
            with computing_the_loss():
                for number, batch in enumerate(self.batches.training[:LISTENED]):
                    listener = Listener()
                    with eager(), listener, torch.enable_grad():
                        loss = self.compute_loss(self.model, batch)
                    finite |= _checked(loss)
                    if number == 0:
                        self.heard = listener.heard
                    if listener.heard.given is not None:
                        self.targets.append(listener.heard.given[1].detach())
        finally:
            hook.remove()
        if not finite:
            raise DescentryError(BROKEN, where="try_remedies", how=MEND)
        self.writes_buffers = before != {n: (id(b), b._version) for n, b in self.model.named_buffers()}

    def _saw(self, module: nn.Module, args: tuple[Any, ...]) -> None:
        if args and isinstance(args[0], Tensor) and len(self.inputs) < LISTENED:
            self.inputs.append(args[0].detach())


def _checked(loss: Any) -> bool:
    """Whether it is finite.

    Raises:
        DescentryError: It is no tensor of one element.
    """
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        what = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise DescentryError(
            f"the loss is no single number: {what}",
            where="compute_loss(model, batch)",
            how="Return a tensor of one element, with its graph: loss.mean(), and not loss.item().",
        )
    return math.isfinite(float(loss.detach()))


class Listener(TorchFunctionMode):
    """Hears which loss is called, and which operation made what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = Heard()
        self._counts: dict[str, int] = {}
        # Kept until the end, so that no storage is used again and taken for another.
        self._made: list[tuple[Tensor, str, int]] = []

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        name = getattr(func, "__name__", "").rstrip("_")
        if name in LOSSES and not self.heard.loss:
            self._loss(name, args, given)
        result = func(*args, **given)
        if name in SQUASHING and isinstance(result, Tensor):
            place = self._counts.get(name, 0)
            self._counts[name] = place + 1
            self._made.append((result, name, place))
        return result

    def _loss(self, name: str, args: tuple[Any, ...], given: Mapping[str, Any]) -> None:
        found = list(tensors([args, [given.get("input"), given.get("target")]]))
        self.heard.loss = name
        if len(found) >= 2:
            self.heard.given = (found[0], found[1])
            storage = _storage(found[0])
            for made, operation, place in reversed(self._made):
                if _storage(made) == storage:
                    self.heard.squashed = (operation, place)
                    break


class Rewriting(TorchFunctionMode):
    """Puts something else in the place of one call of an operation.

    Args:
        name: Of the operation.
        place: Which of its calls, counted from 0; every one when None.
        instead: Called with the operation and its arguments.
    """

    def __init__(self, name: str, place: int | None, instead: Callable[..., Any]) -> None:
        super().__init__()
        self._name, self._place, self._instead = name, place, instead
        self._count = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        given = dict(kwargs or {})
        if getattr(func, "__name__", "").rstrip("_") == self._name:
            self._count += 1
            if self._place is None or self._count == self._place + 1:
                return self._instead(func, *args, **given)
        return func(*args, **given)


def rewritten(compute_loss: Loss, name: str, place: int | None, instead: Callable[..., Any]) -> Loss:
    """The same loss with one operation in it exchanged, wherever in the model or the loss it is called."""

    def changed(model: Any, batch: Any) -> Any:
        with eager(), Rewriting(name, place, instead):
            return compute_loss(model, batch)

    return changed


def _storage(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
