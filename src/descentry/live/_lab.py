"""Where instruments are read: what they share from step to step, and what reading them costs."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from descentry.instruments._entry import Instrument
from descentry.instruments._probe import Probe
from descentry.instruments._undisturbed import precision
from descentry.live import _not_read
from descentry.live._account import FAILURES, Account, Rates
from descentry.live._around import Around
from descentry.live._clock import Clock
from descentry.live._device_time import DeviceTime
from descentry.live._publishing import Publisher
from descentry.live._schedule import Schedule
from descentry.store.writing import RunWriter

# Bytes a second of an elementwise pass, and seconds for each tensor; only until costs have been measured.
_BANDWIDTH = {"cpu": 5e9}
_ACCELERATED = 5e11
_EACH_TENSOR = 3e-6
_NOTED = 100  # kinds of things that went wrong
_NOTHING = 8  # readings that may come to nothing before an instrument is left alone


class Lab:
    """The model, the instruments and their accounts.

    Attributes:
        around: Where the model's call is seen; None once the model is gone.
        off: Nothing is measured any more.
        rates: What a gradient and a pass take.
        scaler: The ``GradScaler`` of the training.
        max_norm: What gradients were clipped to when that was last seen.
        saw_forward: Whether the model was ever seen to be called, in a step that was measured.
        compiled: Whether the model runs as compiled code.
        saw_loss: Whether it was ever seen how the loss follows from what it returned.
    """

    def __init__(
        self,
        around: Around,
        optimizer: Any,
        loss_fn: Any,
        scaler: Any,
        instruments: Iterable[Instrument],
        overhead: float,
        writer: RunWriter,
        clock: Clock,
    ) -> None:
        bare = around.bare
        self.clock = clock
        self.now = clock.now
        self.began = clock.now()
        self.writer = writer
        self.loss_fn = loss_fn
        self.scaler = scaler
        self.max_norm: Any = None
        self.off = False
        self.saw_forward = self.saw_loss = False
        self.compiled = around.compiled
        self.rates = Rates(0.0, _pass_of(bare))
        self.schedule = Schedule(instruments, overhead)
        for account in self.schedule.accounts.values():
            account.given_up = around.objection(account.instrument)
        names = [n for n, _ in (*bare.named_modules(), *bare.named_parameters()) if n]
        self.publisher = Publisher(writer, names)
        self._hooked, self._bare = weakref.ref(around.hooked), weakref.ref(bare)
        self.optimizer: weakref.ref[Any] = weakref.ref(optimizer)
        self._memory: dict[str, dict[str, Any]] = {}
        self._made_of: Any = None
        self._said: set[str] = set()
        self._looked_for_scaler = scaler is not None
        device = next((p.device for p in bare.parameters()), None)
        self._device_time = DeviceTime(device)
        # A thread that waits for a device is not kept from working by others.
        self._worked = clock.worked if device is None or device.type == "cpu" else clock.now
        self._guarding = False
        self.known: tuple[str, int | None] | None = None  # loss function and batch size

    @property
    def model(self) -> tuple[nn.Module, nn.Module] | None:
        """What is hooked, and the model; None once it is gone."""
        hooked, bare = self._hooked(), self._bare()
        return None if hooked is None or bare is None else (hooked, bare)

    @property
    def elapsed(self) -> float:
        """Seconds since watching began."""
        return self.now() - self.began

    def guarded(self, act: Callable[..., Any], *args: Any) -> Any:
        """Acts, so that no error gets to the training and its time is counted."""
        if self.off or self._device_time.capturing:
            return None
        schedule, start, outermost = self.schedule, self.now(), not self._guarding
        before, worked = schedule.spent, self._worked() if outermost else 0.0
        self._guarding = True
        try:
            return act(*args)
        except Exception as error:  # noqa: BLE001 - whatever goes wrong here is no concern of the training
            self.failed(error)
            return None
        finally:
            passed = self.now() - start
            schedule.pending += passed - (schedule.spent - before)
            if outermost:
                self._guarding = False
                schedule.crowd.met(passed, self._worked() - worked)

    def failed(
        self, error: Exception, what: str = "a step was not measured", step: int | None = None
    ) -> None:
        """Notes in the run what went wrong, once for each kind of thing."""
        if what not in self._said and len(self._said) < _NOTED:
            self._said.add(what)
            gap = {"kind": "not-measured", "what": f"{what}: {_brief(error)}", "start": step, "stop": step}
            self.writer.event("gap", gap, step=step)

    def read(self, account: Account, probe: Probe) -> None:
        """One reading, if it can be paid."""
        if account.given_up or not self.schedule.can_pay(account, self.elapsed, self.rates):
            account.until = -1
            return
        self._take(account, probe)

    def _take(self, account: Account, probe: Probe) -> None:
        schedule, instrument = self.schedule, account.instrument
        probe.memory = self._memory.setdefault(instrument.id, {})
        start, mark = self.now(), self._device_time.start()
        try:
            with torch.enable_grad(), precision({}, {p.device for p in probe.parameters.values()}):
                readings = list(instrument.measure(probe))
            self._device_time.stop(mark, account, self.now() - start)
            self.clock.measured(instrument.cost)
            account.failures = 0
            account.found += len(readings)
            if not account.found and account.readings >= _NOTHING:
                account.given_up = self._nothing(account)
            self.publisher.publish(instrument, readings, probe.step, self.now() - start)
        except Exception as error:  # noqa: BLE001 - one instrument that fails costs its own reading only
            account.failures += 1
            if account.failures >= FAILURES or isinstance(error, torch.OutOfMemoryError):
                account.given_up = _brief(error)
            self.failed(error, f"{instrument.id} could not be read", probe.step)
        finally:
            schedule.took(account, self.now() - start)

    def read_scaler(self, step: int, optimizer: Any) -> None:
        """The scale of mixed precision, whose falls between two readings would not be seen."""
        account, model = self.schedule.accounts.get("loss-scale"), self.model
        if account is not None and model is not None and self.schedule.overhead:
            self.read(account, Probe(step, model[1], optimizer, {}, scaler=self.scaler))

    def put_back(self) -> None:
        """Whoever watches has put the training back, which is no write from outside."""
        self._memory["restarts"] = {"put back": True}

    def give_up(self, why: str) -> None:
        """Nothing more is read."""
        for account in self.schedule.accounts.values():
            account.given_up = account.given_up or why

    def bring(self, *, wait: bool = False) -> None:
        """Brings over what is on a device, or what has come by now."""
        self.publisher.ring.bring(wait=wait)
        self._device_time.learn()
        self.learned({})

    def _nothing(self, account: Account) -> str:
        """Why an instrument came to nothing."""
        if account.instrument.needs & {"batch", "outputs", "activations"} and not self.saw_forward:
            return "the model was not seen to be called"
        if account.instrument.needs & {"batch", "outputs"} and not self.saw_loss:
            return "how the loss follows from what the model returns was not seen"
        return _not_read.NOTHING_HERE

    def look_at(self, model: nn.Module, optimizer: Any) -> None:
        """What is measured once is measured again when the model or its optimizer changes."""
        made_of = (
            tuple((id(p), p.requires_grad) for p in model.parameters()),
            tuple(len(g["params"]) for g in optimizer.param_groups),
        )
        if self._made_of is not None and made_of != self._made_of:
            for account in self.schedule.accounts.values():
                if account.instrument.how_often == "once":
                    account.readings = 0
                    self._memory.pop(account.instrument.id, None)
        self._made_of = made_of

    def find_scaler(self, *, autocast: bool) -> None:
        """Looks once for the ``GradScaler`` of a training in mixed precision: hundredths of a second."""
        if autocast and not self._looked_for_scaler:
            self._looked_for_scaler = True
            found = [o for o in gc.get_objects() if issubclass(type(o), torch.amp.GradScaler)]
            enabled = [s for s in found if s.is_enabled()]
            self.scaler = enabled[0] if len(enabled) == 1 else None

    def learned(self, settings: dict[str, Any]) -> None:
        """Settings that are known now."""
        if self.publisher.news:
            settings = {**settings, **self.publisher.settings()}
        if settings:
            self.writer.configure(settings)

    def last_look(self, step: int) -> None:
        """At the end of the run: what happened since it was last looked, for which nothing is captured."""
        account, model, optimizer = self.schedule.accounts.get("restarts"), self.model, self.optimizer()
        if account is not None and account.readings and model is not None and optimizer is not None:
            self._take(account, Probe(step, model[1], optimizer, {}))  # it costs next to nothing

    def not_read(self) -> list[dict[str, Any]]:
        """For the report: instruments that were not read, and why."""
        schedule, left_out = self.schedule, self.publisher.left_out
        accounts = schedule.accounts.values() if schedule.overhead else ()
        return _not_read.gaps(accounts, self.rates, self._nothing, max(left_out.values(), default=0))


def _pass_of(model: nn.Module) -> float:
    total, tensors, device = 0, 0, "cpu"
    for parameter in model.parameters():
        if not isinstance(parameter, nn.UninitializedParameter):
            total += parameter.numel() * parameter.element_size()
            tensors += 1
            device = parameter.device.type
    return total / _BANDWIDTH.get(device, _ACCELERATED) + tensors * _EACH_TENSOR


def _brief(error: Exception) -> str:
    text = str(error).strip().partition("\n")[0][:200]
    return text if type(error) is RuntimeError and text else f"{type(error).__name__}: {text}"
