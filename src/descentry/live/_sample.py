"""One step that is measured, from its forward pass to what the training says of its loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from descentry.instruments._probe import Probe, batch_size
from descentry.live import _settings
from descentry.live._account import Account, Rates
from descentry.live._capture import Capture
from descentry.live._lab import Lab

_FORWARD = 3.0  # how many forward passes a gradient takes


class Sample:
    """Made before the step begins, finished after it.

    Attributes:
        step: The number of the update.
        capture: What was seen of it.
        met: Whether the optimizer's step was seen to begin.
    """

    def __init__(
        self, lab: Lab, step: int, accounts: Sequence[Account], hooked: nn.Module, bare: nn.Module
    ) -> None:
        self.step = step
        self.met = False
        self._lab = lab
        self._left = list(accounts)
        self._probe: Probe | None = None
        self._started: tuple[float, float] | None = None
        self._early = [
            a for a in accounts if a.instrument.needs == {"activations"} and a.instrument.moment == "before"
        ]
        needs = {need for a in accounts for need in a.instrument.needs}
        self._inside = lab.compiled and "activations" in needs
        if self._inside:
            needs.add("batch")
        self.capture = Capture(
            hooked, bare, lab.loss_fn, needs, self._forward_began, self._forward_ended, lab.guarded
        )

    def _forward_began(self) -> None:
        if self._started is None or not self.capture.in_parts:
            self._started = self._lab.now(), self._lab.schedule.spent

    def _forward_ended(self) -> None:
        """Reads what layers gave out now, before the backward pass needs the memory."""
        lab, capture = self._lab, self.capture
        if capture.in_parts:
            return  # others may be called yet
        if not lab.rates.gradient:
            self._time(_FORWARD)
        model = lab.model
        if self._inside and model is not None:
            capture.look_inside(model[1])
        if self._early and model is not None:
            probe = self._new_probe(*model)
            for account in self._early:
                self._left.remove(account)
                lab.read(account, probe)
            self._early = []
        if not any("activations" in a.instrument.needs for a in self._left):
            capture.forget_activations()

    def before(self, optimizer: Any) -> None:
        """The gradients are in place, the weights are as they were."""
        self.met = True
        lab, capture, model = self._lab, self.capture, self._lab.model
        if self._started is not None:
            self._time(1.0)
        capture.remove()
        if model is None:
            return
        if capture.batch is not None:
            lab.find_scaler(autocast=bool(capture.batch.autocast))
        if capture.max_norm is not None:
            lab.max_norm = capture.max_norm
        lab.saw_forward = lab.saw_forward or capture.forwards > 0
        lab.saw_loss = lab.saw_loss or capture.link is not None
        lab.look_at(model[1], optimizer)
        self._probe = probe = self._new_probe(*model, optimizer)
        self._read("before")
        if any(self._needs_copies(a) for a in self._left):
            probe.before = {n: probe.parameters[n].detach().clone() for n in probe.trainable}
        probe.activations, probe.inputs = {}, {}
        capture.forget_activations()

    def after(self) -> None:
        """The weights have been changed."""
        if self._probe is not None:
            self._read("after")
            self._probe.before = {}
            self._probe.gradients = {}

    def finish(self, loss: Tensor | None) -> None:
        """The loss of the step is known, or will not be."""
        lab, capture, probe = self._lab, self.capture, self._probe
        capture.remove()
        if probe is not None:
            if loss is not None:
                probe.loss = loss
            for account in list(self._left):
                if "loss" in account.instrument.needs:
                    self._left.remove(account)
                    lab.read(account, probe)
        for account in self._left:  # not reached
            account.until = -1
        lab.learned(self._settings())

    def cancel(self) -> None:
        """The step came to nothing."""
        self.capture.remove()
        for account in self._left:
            account.until = -1

    def _read(self, moment: str) -> None:
        assert self._probe is not None
        for account in list(self._left):
            instrument = account.instrument
            if instrument.moment == moment and "loss" not in instrument.needs:
                self._left.remove(account)
                self._lab.read(account, self._probe)

    def _needs_copies(self, account: Account) -> bool:
        lab = self._lab
        return "weights-before" in account.instrument.needs and lab.schedule.can_pay(
            account, lab.elapsed, lab.rates
        )

    def _new_probe(self, hooked: nn.Module, bare: nn.Module, optimizer: Any = None) -> Probe:
        lab, capture, link = self._lab, self.capture, self.capture.link
        named = dict(bare.named_parameters())
        steps_by: Any = lab.optimizer() if optimizer is None else optimizer
        return Probe(
            self.step,
            bare,
            steps_by,
            {n: p for n, p in named.items() if p.is_floating_point()},
            loss=None if link is None else link.loss,
            gradients={n: p.grad for n, p in named.items() if p.grad is not None}
            if optimizer is not None
            else {},
            batch=capture.batch,
            outputs=capture.outputs,
            made_by=capture.made_by,
            behind=capture.behind,
            targets=None if link is None else link.targets,
            loss_fn=None if link is None else link.loss_fn,
            activations=capture.activations,
            inputs=capture.inputs,
            scaler=lab.scaler,
            max_norm=lab.max_norm,
            left_over=None if capture.leftover is None else capture.leftover.share(),
        )

    def _time(self, times: float) -> None:
        """How long a gradient takes: from the forward pass until now, but for what was ours."""
        assert self._started is not None
        began, spent = self._started
        lab = self._lab
        gone = lab.now() - began - (lab.schedule.spent - spent)
        known = lab.rates.gradient
        # The first steps are slow; what follows is never much faster than the fastest.
        seconds = max(0.0, gone) * times
        gradient = min(seconds, 1.5 * known) if known else seconds
        lab.rates = Rates(gradient, lab.rates.elementwise)

    def _settings(self) -> dict[str, Any]:
        lab, link = self._lab, self.capture.link
        size = batch_size(link.targets) if link is not None else None
        size = batch_size(self.capture.outputs) if size is None else size
        known = (link.name if link is not None else "", size)
        if known == lab.known or known == ("", None):
            return {}
        lab.known = known
        found: dict[str, Any] = {} if size is None else {"batch_size": size}
        if link is not None:
            found["loss_function"] = link.name if lab.loss_fn is None else _settings.name_of(lab.loss_fn)
        return found
