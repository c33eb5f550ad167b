"""Carries out what the controller orders: between the training, the states that are kept, and the journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from descentry.control import journal
from descentry.control._controller import Controller
from descentry.control._orders import Orders, Settings
from descentry.control._rates import Rates
from descentry.control._ring import Ring, Weights
from descentry.core.data import Decision, Report
from descentry.live._scalars import one_number
from descentry.store.writing import RunWriter

Tell = Callable[[Decision], None]


class Helm:
    """The hands of a pilot. An error in here ends it, and never reaches the training.

    Args:
        model: The model.
        optimizer: Its optimizer.
        rates: Its rates.
        settings: What the pilot was told.
        others: What else goes back with the model.
        tell: Is called with each decision.
        together: Whether other processes train the same model: their losses are averaged, so that all decide
            alike.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Any,
        rates: Rates,
        settings: Settings,
        others: Sequence[Any],
        tell: Tell,
        *,
        together: bool,
    ) -> None:
        self.controller = Controller(settings)
        self.rates = rates
        self.examine: Callable[[], Report] | None = None
        self.put_back: Callable[[], None] | None = None
        self.on_loss: Callable[[float], None] | None = None
        self.off = False
        self.failure = ""
        self._optimizer, self._model = optimizer, model
        self._ring = Ring(model, optimizer, others)
        self._tell = tell
        self._together = together
        self._writer: RunWriter | None = None
        self._offered: Decision | None = None
        self._start = Weights(optimizer)

    def begin(self, writer: RunWriter) -> None:
        """Before the first step; what is decided goes into the journal of this run."""
        self._writer = writer
        journal.write_settings(self._writer, self.controller.settings)
        self._guarded(lambda: self._do(self.controller.begin()))

    def offered(self, step: int, loss: Any) -> None:
        """The gradients of this loss are in place, and the step with them has not been made."""
        if not self.off and not self._together:
            self._guarded(lambda: self._consider(step, loss))

    def stepped(self, step: int, loss: Any) -> None:
        """A step was made with this loss."""
        if not self.off:
            self._guarded(lambda: self._see(step, loss))

    @property
    def searching(self) -> bool:
        """Whether the next step is one of a trial at another rate."""
        return self.controller.searching and not self.off

    @property
    def rate(self) -> float:
        """The learning rate of the next step, of the first group that has one."""
        return self.rates.now(self._optimizer)

    def end(self) -> None:
        """At the end: weights that the last step broke are put back, and everything is let go."""
        if not self.off:
            self._guarded(self._last_look)
        self.leave()

    def leave(self) -> None:
        """Nothing more is done."""
        self.off = True
        self.rates.close()
        self._ring.clear()

    def stand_down(self, step: int, why: str) -> None:
        """Nothing more is done, for a reason."""
        if self.off:
            return
        self.leave()
        if self._writer is not None:
            journal.write_end(self._writer, step, why)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in here, the training goes on
            self.failure = f"{type(error).__name__}: {error}"
            # The rate stays what it was made: the one that was given may be why it was changed.
            self.off = True
            self._ring.clear()
            if self._writer is not None:
                what = f"the pilot ended by an error of its own ({self.failure}), and the training went on"
                self._writer.event("gap", {"kind": "pilot", "what": what})

    def _consider(self, step: int, loss: Any) -> None:
        number = self._number(loss)
        decision = self.controller.offer(step, number)
        self.rates.skip = decision is not None or self.controller.shields(number)
        self._offered = decision

    def _see(self, step: int, loss: Any) -> None:
        offered, self._offered = self._offered, None
        if offered is not None:
            self.controller.skipped(offered)
            self._note(offered)
            return
        number = self._number(loss)
        if self.on_loss is not None:
            self.on_loss(number)
            if self.off:
                return
        moved = None
        if self.controller.asks_how_far:
            moved = self._start.moved()
            journal.write_fact(self._writer, step, moved)
        self._do(self.controller.see(step, number, self.rates.base, moved))

    def _number(self, loss: Any) -> float:
        if isinstance(loss, Tensor):
            loss = one_number(loss).detach()
        if self._together:
            device = next(self._model.parameters()).device
            mean = torch.as_tensor(
                loss, dtype=torch.float64 if device.type != "mps" else None, device=device
            ).clone()
            torch.distributed.all_reduce(mean)
            return float(mean) / torch.distributed.get_world_size()
        return float(loss)

    def _do(self, orders: Orders) -> None:
        for label in orders.keep:
            self._ring.keep(label)
        if orders.restore is not None:
            self._ring.restore(orders.restore)
            if self.put_back is not None:
                self.put_back()
        self._ring.drop(orders.drop)
        self.rates.coming = self.controller.rate
        if orders.decision is not None:
            self._note(orders.decision)
            self._advise(orders.decision)

    def _advise(self, after: Decision) -> None:
        """Diagnoses the run where something is wrong with it; a tenth of a second."""
        found_none = after.policy == "find-rate" and not after.applied
        if self.examine is None or not (found_none or after.policy in ("roll-back", "hand-over")):
            return
        try:
            diagnoses = self.examine().diagnoses
        except Exception:  # noqa: BLE001 - without a diagnosis there is no advice, and the pilot goes on
            return
        if (advice := self.controller.advise(diagnoses)) is not None:
            self._note(advice)

    def _note(self, decision: Decision) -> None:
        assert self._writer is not None
        journal.write(self._writer, decision)
        if tried := int(decision.numbers.get("steps", 0)):
            start, stop = decision.step - tried + 1, decision.step
            what = (
                f"in steps {start:,} to {stop:,} a pilot tried learning rates: their losses are in trial-loss"
            )
            self._writer.event("gap", {"kind": "pilot", "what": what, "start": start, "stop": stop})
        self._tell(decision)

    def _last_look(self) -> None:
        finite = all(bool(torch.isfinite(p).all()) for p in self._model.parameters() if p.is_floating_point())
        if not finite:
            self._do(self.controller.end())
