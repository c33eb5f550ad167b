"""Watches a live PyTorch training, and acts: ``descentry.pilot``."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Literal

import torch
from torch import Tensor, nn

from descentry.control._helm import Helm
from descentry.control._orders import Settings
from descentry.control._rates import Rates
from descentry.control._ring import state_bytes
from descentry.core.data import Decision
from descentry.core.errors import DescentryError
from descentry.live import _around
from descentry.live._clock import Clock
from descentry.live._ending import say
from descentry.live._session import Session
from descentry.live.watch import Watch, watch

MEMORY = 1 << 30
_SEARCH: dict[Any, Literal["always", "auto", "never"]] = {True: "always", False: "never", "auto": "auto"}


def pilot(
    model: nn.Module,
    optimizer: Any,
    *,
    total_steps: int | None = None,
    scheduler: Any = None,
    search: bool | Literal["auto"] = "auto",
    loss_fn: Callable[..., Any] | None = None,
    overhead: float = 0.02,
    run_dir: str | os.PathLike[str] | None = "runs",
    name: str | None = None,
    config: Any = None,
    resume: bool = False,
    scaler: Any = None,
    others: Sequence[Any] = (),
    memory: int = MEMORY,
    every: int = 50,
    interventions: int = 10,
    on_decision: Callable[[Decision], None] | None = None,
    _on_loss: Callable[[float], None] | None = None,
    _clock: Clock | None = None,
) -> Pilot:
    """Begins to watch a training and to act on it; call ``step(loss)`` on what it returns after each update.

    It goes back to an earlier state and lowers the rate when the loss runs away or breaks, looks for a rate
    where the given one does not work, cuts the rate on a plateau and says when to stop. Each decision is one
    line on standard error and an entry in the run's journal. While it decides nothing, the training is to the
    bit what it is without it; no error of its own reaches the loop.

    Args:
        model: As for :func:`descentry.watch`.
        optimizer: A PyTorch optimizer, which has step hooks.
        total_steps: Updates of the whole run. Given without a scheduler, the rate falls linearly to zero:
            from the end of a search on, or over the last fifth where none was made.
        scheduler: The training's own scheduler, where there is one: its rates are multiplied, and never
            written.
        search: Whether to look for a learning rate in the first steps: ``True`` at once, ``"auto"`` where the
            given rate makes the loss run away or not fall, ``False`` never. A search takes up to 100 steps of
            the loop.
        loss_fn: As for :func:`descentry.watch`, like those that follow up to ``scaler``.
        overhead: The share of the time that measuring may take. Kept states come on top.
        run_dir: The folder that holds runs; None keeps the run in memory.
        name: Of the run's folder.
        config: Settings worth knowing later.
        resume: Join the run ``name``.
        scaler: The ``GradScaler`` of mixed precision.
        others: What goes back with the model: an average of its weights, say. Not the scheduler.
        memory: Bytes that kept states may take, in the memory of the machine. A state takes up to four times
            the weights; with room for 11 a search is shorter.
        every: Steps between states that are kept.
        interventions: How many there may be; then the training is handed back.
        on_decision: Is called with each decision, in place of the line on standard error.

    Raises:
        DescentryError: An argument cannot be.
    """
    if search not in _SEARCH:
        raise DescentryError(f"search is {search!r}", where="pilot", how='Give True, False or "auto".')
    for what, number in (("every", every), ("interventions", interventions), ("total_steps", total_steps)):
        if number is not None and (not isinstance(number, int) or number < 1):
            raise DescentryError(
                f"{what} is {number!r}", where="pilot", how="Give a whole number above zero."
            )
    rates = Rates(optimizer)
    try:
        watching = watch(model, optimizer, loss_fn, overhead, run_dir, name, config, resume, scaler, _clock)
    except BaseException:
        rates.close()
        raise
    rates.follow(optimizer)
    around = _around.of(model)
    room = memory // max(1, state_bytes(around.bare, optimizer))
    settings = Settings(
        rate=rates.given,
        start=watching.updates,
        search=_SEARCH[search],
        total_steps=total_steps,
        scheduled=scheduler is not None or rates.scheduled,
        every=every,
        room=min(room, 64),
        most=interventions,
    )
    tell = on_decision or (_say if not around.rank else _nothing)
    together = (
        isinstance(model, nn.parallel.DistributedDataParallel) and torch.distributed.get_world_size() > 1
    )
    helm = Helm(around.bare, optimizer, rates, settings, others, tell, together=together)
    helm.on_loss = _on_loss
    if not room and not around.rank:
        _say_no_room(watching, memory)
    flown = Pilot(watching._session, helm)
    if not around.rank:
        helm.examine = flown.explain
    return flown


class Pilot(Watch):
    """Watches one training and acts on it; made by :func:`descentry.pilot`. Does all that a watch does."""

    def __init__(self, session: Session, helm: Helm) -> None:
        super().__init__(session)
        self._helm = helm
        self._told = session.updates
        helm.put_back = session.lab.put_back
        helm.begin(session.recorder._writer)
        session.stand_aside(helm.searching)

    def step(self, loss: Tensor | float | None = None) -> None:
        """Says that the optimizer has made a step with this loss; then does what has to be done, if anything.

        Some fifty microseconds, and never an error. A loss on a GPU is waited for.

        Args:
            loss: A tensor of one element, or a number. Without it nothing can be judged.
        """
        super().step(loss)
        updates = self._session.updates
        if loss is not None and updates != self._told and not self._session.closed:
            self._helm.stepped(updates - 1, loss)
            self._session.stand_aside(self._helm.searching)
        self._told = updates

    def check(self, loss: Tensor | float) -> None:
        """Between ``backward()`` and ``optimizer.step()``: has the step left out where its batch is bad.

        Without it a batch whose loss is no number costs the steps since the last kept state. Leaving out
        drops the gradients, so that the optimizer passes over all of its parameters. Not with several
        processes.

        Args:
            loss: The loss that the gradients are of.
        """
        if not self._session.closed:
            self._helm.offered(self._session.updates, loss)

    @property
    def should_stop(self) -> bool:
        """Whether the training may stop: it has converged, or the pilot has given up."""
        return self._helm.controller.should_stop

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What was decided so far."""
        return tuple(self._helm.controller.decisions)

    @property
    def rate(self) -> float:
        """The learning rate that the next step will be made with, of the first parameter group."""
        return self._helm.rate

    def stand_down(self, why: str) -> None:
        """Only watches from now on; the rate is the schedule's again, and the reason becomes a gap.

        Args:
            why: The rest of "the training was only watched from step N on, because".
        """
        self._helm.stand_down(self._session.updates, why)
        self._session.stand_aside(False)

    def close(self) -> None:
        """Ends the pilot, the watch and the run; the rate is the schedule's again.

        Weights that the last step broke are put back before.
        """
        self._end()
        super().close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        super().__exit__(kind, error, trace)

    def _end(self) -> None:
        if not self._session.closed:
            self._helm.end()

    def __repr__(self) -> str:
        return (
            super().__repr__().replace("Watch(", "Pilot(", 1)[:-1] + f", {len(self.decisions):,} decisions)"
        )


def _say(decision: Decision) -> None:
    say(f"step {decision.step:,}: {decision.because}")


def _say_no_room(watching: Watch, memory: int) -> None:
    what = (
        f"memory={memory:,} bytes have no room for one state of this training: "
        "nothing can be put back, and no rate searched for"
    )
    say(what)
    watching._recorder._writer.event("gap", {"kind": "pilot", "what": what})


def _nothing(_: Decision) -> None:
    pass
