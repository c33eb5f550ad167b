"""One training that is watched: when a step is made, and which steps are measured."""

from __future__ import annotations

import functools
import os
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from descentry.core import catalog
from descentry.instruments._entry import Instrument
from descentry.live import _around, _settings
from descentry.live._clock import Clock, WallClock
from descentry.live._hooks import Held, with_closure
from descentry.live._lab import Lab
from descentry.live._making import Making
from descentry.live._sample import Sample
from descentry.live._scalars import Scalars, one_number
from descentry.recorder import Recorder

NOTE_EVERY = 60.0  # seconds between notes in the journal on what watching has cost
HOOKS = 2e-6  # seconds of the optimizer's two hooks at a step that is not measured
TRIAL_LOSS = "trial-loss"  # losses of steps that a pilot makes at rates on trial
_BY_HAND = ("batch-loss", "learning-rate")  # read at every step by `Scalars`
_UNSEEN = 3  # steps to be measured of which the optimizer's hooks told nothing
_LATER = 1000  # steps until it is tried again after an error of ours

_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


class Session:
    """What stands between the training and the instruments. Nothing it does raises into the training.

    It does not keep the model or the optimizer alive; the optimizer keeps it, whatever becomes of the watch.

    Args:
        model: As for :func:`descentry.watch`, like those that follow.
        optimizer: Its optimizer.
        loss_fn: Its loss function.
        scaler: Its ``GradScaler``.
        overhead: The share of the time.
        recorder: Where everything goes.
        clock: None for that of the machine.
        began: When watching began, by that clock.
        first: Number of the first step.

    Attributes:
        updates: Steps that were made.
        sample: The coming step, or the one that is being made, where it is measured.
        recorder: As above.
        lab: Where instruments are read.
        closed: Whether it has ended.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Any,
        loss_fn: Any,
        scaler: Any,
        overhead: float,
        recorder: Recorder,
        clock: Clock | None,
        began: float,
        first: int,
    ) -> None:
        clock = clock or WallClock()
        around = _around.of(model)
        known: Mapping[str, Instrument] = catalog.entries("instruments")
        self.updates = self._told = first
        self.sample: Sample | None = None
        self.recorder = recorder
        self.closed = False
        self._handles: list[Any] = []
        self._writer = recorder._writer
        self._now = clock.now
        self._tick = getattr(clock, "counts_work", False)
        self._making = Making()
        self._aside = False
        self._unseen = 0
        self._look_step: float = 0
        self._look_time: float = 0
        sampled = [i for i in known.values() if i.id not in _BY_HAND]
        self.lab = Lab(around, optimizer, loss_fn, scaler, sampled, overhead, self._writer, clock)
        if around.rank:
            self.lab.schedule.overhead = 0.0
        self._scalars = Scalars(self._writer, self.lab.publisher, known["learning-rate"])
        kept = [i for i in known.values() if i.id != "batch-loss"]
        self._writer.configure(_settings.of_training(around.bare, optimizer, loss_fn, kept, overhead))
        if hasattr(optimizer, "register_step_pre_hook"):
            self._handles = [
                optimizer.register_step_pre_hook(Held(self, Session._before)),
                optimizer.register_step_post_hook(Held(self, Session._after)),
            ]
        if not self._tick:
            self.lab.began -= time.perf_counter() - began
        self.lab.schedule.other = self.lab.elapsed
        self._noted = self._now()
        _sessions.add(self)
        self._prepare()

    # What the training calls

    def stepped(self, loss: Any) -> None:
        """The training made a step with this loss, or says that it did."""
        if self.closed:
            return
        start = self._now()
        lab = self.lab
        try:
            step = self.updates - 1
            if self.updates == self._told:
                step = self._not_seen()
            self._told = self.updates
            self._making.told()
            if loss is not None:
                self._scalars.loss(step, loss, TRIAL_LOSS if self._aside else "loss")
            if self.sample is not None:
                lab.guarded(self._finish, loss.detach() if isinstance(loss, Tensor) else None, loss is None)
            elif self.updates >= self._look_step or start >= self._look_time:
                self._prepare()
            else:
                lab.schedule.other += self._now() - start + HOOKS
        except Exception as error:  # noqa: BLE001 - the training goes on whatever happens here
            lab.failed(error)

    def began_late(self) -> None:
        """Watching began while a step was being made: that one is not measured, but the next."""
        if self.sample is not None:
            self.sample.cancel()
            self.sample = None
        self._look_step = 0

    def stand_aside(self, aside: bool) -> None:
        """Whether the coming steps are trials, which are no part of the run.

        Their losses are a series of their own, and nothing else of them is recorded or measured.
        """
        if aside == self._aside:
            return
        self._aside = aside
        if not self.closed:
            self._prepare()

    def loss_returned(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], loss: Tensor
    ) -> None:
        """This call gave the loss that the gradients are of."""
        if self.sample is None or self.closed:
            return
        capture = self.sample.capture
        if isinstance(args[0], Tensor):
            self.lab.guarded(capture.loss_computed, function, args, kwargs, loss)
        else:
            self.lab.guarded(capture.loss_known, functools.partial(function, **kwargs), args[1], loss)

    def bring(self) -> None:
        """Brings over what is still on a device, now."""
        self.lab.bring(wait=True)

    def close(self) -> None:
        """Brings everything over and takes all hooks away; the recorder is closed by whoever has it."""
        if self.closed:
            return
        try:
            if self.sample is not None:
                self.sample.cancel()
                self.sample = None
            self.lab.guarded(self.lab.last_look, self.updates)
            self.lab.schedule.settle()
            self.bring()
            for gap in self.lab.not_read():
                self._writer.event("gap", gap)
            self._note_spent()
        except Exception as problem:  # noqa: BLE001 - as above
            self.lab.failed(problem)
        finally:
            self.leave()

    def leave(self) -> None:
        """Nothing more is done: the run is closed, or this is a forked child."""
        self.closed = self.lab.off = True
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def __del__(self) -> None:
        if not getattr(self, "closed", True):
            self.close()

    # What the optimizer's hooks call

    def _before(self, optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not self._making.begins(optimizer):
            return None
        if self._tick:
            self.lab.clock.trained()
        sample = self.sample
        if sample is None:
            return None
        if sample.met:  # the last step was not finished: it raised, or nobody said that it was made
            self.lab.guarded(self._finish, None)
            return None
        before = functools.partial(self.lab.guarded, sample.before, optimizer)
        changed = with_closure(args, kwargs, before)
        if changed is None:
            before()
        return changed

    def _after(self, optimizer: Any, _: Any, __: Any) -> None:
        if not self._making.ended():
            return
        step = self.updates
        self.updates = step + 1
        try:
            if not self._aside:
                self._scalars.rate(step, optimizer, self.lab.max_norm)
            if self.lab.scaler is not None and self.sample is None:
                self.lab.guarded(self.lab.read_scaler, step, optimizer)
        except Exception as error:  # noqa: BLE001 - as above
            self.lab.failed(error)
        if self.sample is not None:
            self.lab.guarded(self.sample.after)
            if self._making.untold:
                self.lab.guarded(self._finish, None, True)
        elif self._making.untold and (step >= self._look_step or self._now() >= self._look_time):
            self._prepare()

    # What they do

    def _not_seen(self) -> int:
        """The step that a loss belongs to when the optimizer's hooks told of none."""
        if self._making.fired or self.lab.scaler is not None:
            return self.updates  # it was skipped: this is the loss of a step still to be made
        self.updates += 1
        if self._tick:
            self.lab.clock.trained()
        self._unseen += self.sample is not None
        if self._unseen == _UNSEEN:
            self.lab.give_up("the steps of the optimizer cannot be seen")
        return self.updates - 1

    def _finish(self, loss: Tensor | None, untold: bool = False) -> None:
        """The measured step is over; where nobody tells its loss, the one that was seen is recorded."""
        sample, self.sample = self.sample, None
        if sample is not None:
            sample.finish(None if loss is None else one_number(loss))
            seen = None if sample.capture.link is None else sample.capture.link.loss
            if untold and seen is not None:
                self._scalars.loss(sample.step, seen)
        self._decide()

    def _prepare(self) -> None:
        self.lab.guarded(self._decide)

    def _decide(self) -> None:
        """Decides whether the coming step is measured, and prepares for it; or when to ask again."""
        self._look_step, self._look_time = self.updates + _LATER, float("inf")
        lab, schedule = self.lab, self.lab.schedule
        if self.sample is not None:
            self.sample.cancel()
            self.sample = None
        schedule.settle()
        lab.bring()
        step, elapsed, model = self.updates, lab.elapsed, lab.model
        if self._now() - self._noted > NOTE_EVERY:
            self._noted = self._now()
            self._note_spent()
        chosen = (
            schedule.choose(step, elapsed, lab.rates)
            if schedule.overhead and model and not self._aside
            else []
        )
        if chosen and model is not None:
            self.sample = Sample(lab, step, chosen, *model)
        else:
            self._look_step, wait = schedule.next_look(step, elapsed, lab.rates)
            self._look_time = lab.began + wait

    def _note_spent(self) -> None:
        self._writer.event("watching", self.spent(), step=self.updates)

    def spent(self) -> dict[str, Any]:
        """What watching has cost so far."""
        return self.lab.schedule.account_of_all(self.lab.elapsed)


def _leave_all() -> None:
    for session in list(_sessions):
        session.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all)
