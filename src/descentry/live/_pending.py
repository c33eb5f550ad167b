"""Which losses the next step of each optimizer is made with: those whose backward changed its gradients."""

from __future__ import annotations

from torch import Tensor
from torch.optim import Optimizer

_LOOKED_AT = 4  # parameters of an optimizer, evenly spaced

Mark = list[tuple[Tensor | None, int]]


class Pending:
    """The loss that one optimizer's gradients hold so far.

    Losses of several calls of ``backward`` add up, as their gradients do. A gradient that was None before a
    call says that what came earlier is gone: the step was made, or skipped.

    Attributes:
        loss: So far; None where no call changed a gradient.
        thrown: How often gradients of a loss were thrown away, and no step made with them.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        held = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        count = min(_LOOKED_AT, len(held))
        self._parameters = [held[i * (len(held) - 1) // max(1, count - 1)] for i in range(count)]
        self.loss: Tensor | None = None
        self.thrown = 0

    def mark(self) -> Mark:
        """What the gradients are before a call of ``backward``."""
        grads = [p.grad for p in self._parameters]
        return [(g, -1 if g is None else g._version) for g in grads]

    def add(self, loss: Tensor, before: Mark) -> bool:
        """Counts the loss in if its call changed a gradient, and says whether it did."""
        after = self.mark()
        if not any(a is not b or v != w for (a, v), (b, w) in zip(after, before, strict=True)):
            return False
        fresh = all(gradient is None for gradient, _ in before)
        self.thrown += fresh and self.loss is not None
        self.loss = loss if self.loss is None or fresh else self.loss + loss
        return True

    def take(self) -> Tensor | None:
        """The loss that the step is made with; the next begins anew."""
        loss, self.loss = self.loss, None
        return loss
