"""One training that is watched from outside, and the one warning that a person can act upon at once."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from descentry.live import _ending, _models
from descentry.live.watch import Watch, watch

Begin = Callable[..., Watch]

_LOOK = 2.0  # seconds between looks at a loss that is on a GPU


class Following:
    """A watch on one optimizer and its model.

    Attributes:
        watch: The watch.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        name: str,
        options: Mapping[str, str],
        begin: Begin = watch,
    ) -> None:
        self.watch: Watch = begin(
            model,
            optimizer,
            overhead=float(options["overhead"]),
            run_dir=options["run_dir"],
            name=name,
            config={"command": sys.argv},
        )
        self.watch._session.began_late()  # the optimizer is known when it makes its first step
        # The watch does not keep the model alive. The script does, but for what was put together here.
        self._kept = model if isinstance(model, (_models.Loose, _models.Parts)) else None
        self._bad = 0  # losses in a row that were no numbers
        self._looked = 0.0
        self._copy: tuple[Tensor, torch.cuda.Event] | None = None

    def offer(self, loss: Tensor | None) -> None:
        """An update is about to be made with this loss: whoever does more than watch may have it left out."""
        check = getattr(self.watch, "check", None)
        if check is not None and loss is not None:
            check(loss)

    def step(self, loss: Tensor | None) -> None:
        """One update was made with this loss; None where it is not known."""
        self.watch.step(loss)
        if loss is None or self._bad > 1 or hasattr(self.watch, "check"):
            return  # a pilot says itself what it sees
        if loss.device.type == "cpu":
            self._judge(loss.item())
        elif loss.device.type == "cuda":
            self._peek(loss)

    def _peek(self, loss: Tensor) -> None:
        """Has a loss copied from the GPU, and looks when it has come: nothing waits."""
        if self._copy is not None:
            copy, event = self._copy
            if event.query():  # type: ignore[no-untyped-call]
                self._copy = None
                self._judge(copy.item())
        elif time.monotonic() - self._looked > _LOOK and not torch.cuda.is_current_stream_capturing():
            self._looked = time.monotonic()
            copy = torch.empty((), dtype=loss.dtype, pin_memory=True)
            copy.copy_(loss, non_blocking=True)
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record(torch.cuda.current_stream(loss.device))
            self._copy = copy, event

    def _judge(self, loss: float) -> None:
        # One bad batch may pass; a second one says that the weights are gone.
        self._bad = 0 if math.isfinite(loss) else self._bad + 1
        if self._bad == 2:
            _ending.say(
                f"the loss is {loss} at step {self.watch.updates - 1}. Ctrl-C stops the run and explains it."
            )
