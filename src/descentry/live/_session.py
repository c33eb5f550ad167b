"""One training that is watched: when a step is made, and which steps are measured."""

from __future__ import annotations

import functools
import os
import time
import weakref
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from descentry.core import catalog
from descentry.live import _around, _settings
from descentry.live._capture import Hook
from descentry.live._clock import Clock, WallClock
from descentry.live._lab import Lab
from descentry.live._sample import Sample
from descentry.store.writing import RunWriter

NOTE_EVERY = 60.0  # seconds between notes in the journal on what watching has cost
HOOKS = 2e-6  # seconds of the optimizer's two hooks at a step that is not measured
_BY_HAND = ("batch-loss", "learning-rate")  # read at every step, without a probe where nothing has changed
_UNSEEN = 3  # steps to be measured of which the optimizer's hooks told nothing

_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


class Session:
    """What stands between the training and the instruments. Nothing it does raises into the training.

    It does not keep the model or the optimizer alive; the optimizer keeps it.

    Attributes:
        updates: Steps that were made.
        sample: The coming step, or the one that is being made, where it is measured.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Any,
        loss_fn: Any,
        scaler: Any,
        overhead: float,
        writer: RunWriter,
        clock: Clock | None,
        began: float,
    ) -> None:
        clock = clock or WallClock()
        around = _around.of(model)
        known = catalog.entries("instruments")
        self.updates = 0
        self.sample: Sample | None = None
        self._writer = writer
        self._now = clock.now
        self._tick = getattr(clock, "counts_work", False)
        self._depth = 0  # of optimizer steps within each other
        self._fired = False  # whether the optimizer's hooks ever did
        self._waiting = False  # whether a step was made that `stepped` was not told of
        self._silent = False  # whether nobody calls `stepped`
        self._told = 0
        self._lr: Any = None
        self._unseen = 0
        self._look_step: float = 0
        self._look_time: float = 0
        self._off = False
        sampled = [i for i in known.values() if i.id not in _BY_HAND]
        self._rate = known["learning-rate"]
        self._rate_memory: dict[str, Any] = {}
        self.lab = Lab(around, optimizer, loss_fn, scaler, sampled, overhead, writer, clock)
        if around.rank:
            self.lab.schedule.overhead = 0.0
        kept = [i for i in known.values() if i.id != "batch-loss"]
        writer.configure(_settings.of_training(around.bare, optimizer, loss_fn, kept, overhead))
        self._handles = self._install(optimizer)
        if not self._tick:
            self.lab.began -= time.perf_counter() - began
        self.lab.schedule.other = self.lab.elapsed
        self._noted = self._now()
        _sessions.add(self)
        self._guarded_arm()

    # What the training calls

    def stepped(self, loss: Any) -> None:
        """The training made a step with this loss, or says that it did."""
        if self._off:
            return
        start = self._now()
        lab = self.lab
        try:
            step = self.updates - 1
            if self.updates == self._told:
                step = self._not_seen()
            self._told = self.updates
            self._waiting = self._silent = False
            self._depth = 0
            if loss is not None:
                self._note_loss(step, loss)
            if self.sample is not None:
                tensor = loss if isinstance(loss, Tensor) else None
                lab.guarded(self._finish, _scalar(tensor))
            elif self.updates >= self._look_step or start >= self._look_time:
                self._guarded_arm()
            else:
                lab.schedule.other += self._now() - start + HOOKS
        except Exception as error:  # noqa: BLE001 - the training goes on whatever happens here
            lab.failed(error)

    def note_loss_function(
        self, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], loss: Tensor
    ) -> None:
        """This call of a loss function gave the loss that the gradients are of."""
        if self.sample is None or self._off:
            return
        capture = self.sample.capture
        if isinstance(args[0], Tensor):
            self.lab.guarded(capture.loss_computed, function, args, kwargs, loss)
        else:
            self.lab.guarded(capture.loss_known, functools.partial(function, **kwargs), args[1], loss)

    def bring(self) -> None:
        """What is still on a device, now."""
        self.lab.publisher.ring.bring(wait=True)
        if self.lab.publisher.news:
            self._writer.configure(self.lab.publisher.settings())

    def close(self, error: BaseException | None = None) -> None:
        """Brings everything over and takes all hooks away."""
        if self._off:
            return
        try:
            if self.sample is not None:
                self.sample.cancel()
                self.sample = None
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
        self._off = self.lab.off = True
        for handle in self._handles:
            handle.remove()
        self._handles = []

    # What the optimizer's hooks call

    def _install(self, optimizer: Any) -> list[Any]:
        if not hasattr(optimizer, "register_step_pre_hook"):
            return []
        # These hold the session: it lives as long as the optimizer, whatever becomes of the watch.
        return [
            optimizer.register_step_pre_hook(_Held(self, Session._before)),
            optimizer.register_step_post_hook(_Held(self, Session._after)),
        ]

    def _before(self, optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._depth += 1
        if self._depth > 1:
            return None  # a subclass calls the step of its base
        if self._tick:
            self.lab.clock.trained()
        if self._waiting:
            self._silent = True
        sample = self.sample
        if sample is None:
            return None
        if sample.met:  # the last step was not finished: it raised, or nobody said that it was made
            self._guarded_arm()
            return None
        closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
        if closure is None:
            self.lab.guarded(sample.before, optimizer)
            return None
        measured = _Closure(closure, self.lab, sample, optimizer)
        if "closure" in kwargs:
            return args, {**kwargs, "closure": measured}
        return (args[0], measured, *args[2:]), kwargs

    def _after(self, optimizer: Any, _: Any, __: Any) -> None:
        self._depth = max(0, self._depth - 1)
        if self._depth:
            return
        self._fired = self._waiting = True
        step = self.updates
        self.updates = step + 1
        groups = optimizer.param_groups
        rate = groups[0]["lr"] if len(groups) == 1 else [g["lr"] for g in groups]
        if rate is not self._lr and not _same(rate, self._lr):
            self._lr = rate
            self.lab.guarded(self._note_rate, step, optimizer)
        if self.sample is not None:
            self.lab.guarded(self.sample.after)
            if self._silent:
                self.lab.guarded(self._finish, None)
        elif self._silent and (step >= self._look_step or self._now() >= self._look_time):
            self._guarded_arm()

    # What they do

    def _not_seen(self) -> int:
        """The step that a loss belongs to when the optimizer's hooks told of none."""
        if self._fired or self.lab.scaler is not None:
            return self.updates  # it was skipped: this is the loss of a step still to be made
        self.updates += 1
        if self._tick:
            self.lab.clock.trained()
        self._unseen += self.sample is not None
        if self._unseen == _UNSEEN:
            for account in self.lab.schedule.accounts.values():
                account.given_up = account.given_up or "the steps of the optimizer cannot be seen"
        return self.updates - 1

    def _note_loss(self, step: int, loss: Any) -> None:
        if type(loss) is float:
            self._writer.add(step, {"loss": loss})
        elif isinstance(loss, Tensor):
            if loss.numel() != 1:
                loss = loss.detach().float().mean()
            if loss.is_cpu:
                self._writer.add(step, {"loss": loss.item()})
            else:
                self.lab.publisher.ring.put(step, {"loss": loss})
        else:
            self._writer.add_any(step, {"loss": loss})

    def _note_rate(self, step: int, optimizer: Any) -> None:
        from descentry.instruments._probe import Probe

        probe = Probe(step, None, optimizer, {}, memory=self._rate_memory, max_norm=self.lab.max_norm)  # type: ignore[arg-type]
        self.lab.publisher.publish(self._rate, list(self._rate.measure(probe)), step, 0.0)

    def _finish(self, loss: Tensor | None) -> None:
        sample, self.sample = self.sample, None
        if sample is not None:
            sample.finish(loss)
        self._arm()

    def _guarded_arm(self) -> None:
        self.lab.guarded(self._arm)

    def _arm(self) -> None:
        """Decides whether the coming step is measured, and prepares for it; or when to ask again."""
        lab, schedule = self.lab, self.lab.schedule
        if self.sample is not None:
            self.sample.cancel()
            self.sample = None
        schedule.settle()
        step, elapsed, model = self.updates, lab.elapsed, lab.model
        if self._now() - self._noted > NOTE_EVERY:
            self._noted = self._now()
            self._note_spent()
        chosen = schedule.choose(step, elapsed, lab.rates) if schedule.overhead and model else []
        if chosen and model is not None:
            self.sample = Sample(lab, step, chosen, *model)
            return
        self._look_step, wait = schedule.next_look(step, elapsed, lab.rates)
        self._look_time = lab.began + wait

    def _note_spent(self) -> None:
        self._writer.event("watching", self.spent(), step=self.updates)

    def spent(self) -> dict[str, Any]:
        """What watching has cost so far."""
        schedule, elapsed = self.lab.schedule, self.lab.elapsed
        return {
            "seconds": schedule.spent,
            "elapsed": elapsed,
            "share": schedule.spent / elapsed if elapsed > 0 else 0.0,
            "instruments": {n: a.spent for n, a in schedule.accounts.items() if a.readings},
            "readings": {n: a.readings for n, a in schedule.accounts.items() if a.readings},
        }


class _Held(Hook):
    """A hook of the optimizer, which keeps the session alive."""

    def __init__(self, session: Session, act: Callable[..., Any]) -> None:
        super().__init__(session, act)
        self._session = session


class _Closure:
    """The closure of a step that is measured: after its first call the gradients are in place."""

    def __init__(self, closure: Callable[[], Any], lab: Lab, sample: Sample, optimizer: Any) -> None:
        self._closure, self._lab, self._sample, self._optimizer = closure, lab, sample, optimizer

    def __call__(self) -> Any:
        result = self._closure()
        if not self._sample.met:
            self._lab.guarded(self._sample.before, self._optimizer)
        return result


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return False
    if isinstance(one, list) and any(isinstance(v, Tensor) for v in one):
        return False
    return bool(one == other)


def _scalar(loss: Tensor | None) -> Tensor | None:
    return (
        None
        if loss is None
        else loss.detach().reshape(-1).float().mean()
        if loss.numel() != 1
        else loss.detach()
    )


def _leave_all() -> None:
    for session in list(_sessions):
        session.leave()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all)
