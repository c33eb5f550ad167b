"""What is recorded at every step: the loss, and the learning rate where it has changed."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from descentry.instruments._entry import Instrument
from descentry.instruments._probe import Probe
from descentry.live._publishing import Publisher
from descentry.store.writing import RunWriter


class Scalars:
    """Takes losses and rates; a microsecond each, and nothing on a GPU is waited for."""

    def __init__(self, writer: RunWriter, publisher: Publisher, rate: Instrument) -> None:
        self._writer, self._ring = writer, publisher.ring
        self._publisher, self._instrument = publisher, rate
        self._memory: dict[str, Any] = {}
        self._rate: Any = None

    def loss(self, step: int, loss: Any, name: str = "loss") -> None:
        """The loss of a step: a number, or a tensor."""
        if type(loss) is float:
            self._writer.add(step, {name: loss})
        elif isinstance(loss, Tensor):
            loss = one_number(loss)
            if loss.is_cpu:
                self._writer.add(step, {name: loss.item()})
            else:
                self._ring.put(step, {name: loss})
        else:
            self._writer.add_any(step, {name: loss})

    def rate(self, step: int, optimizer: Any, max_norm: Any) -> None:
        """Learning rate, momentum, weight decay and clipping, where a learning rate has changed."""
        groups = optimizer.param_groups
        rate = groups[0].get("lr") if len(groups) == 1 else [g.get("lr") for g in groups]
        if rate is self._rate or _same(rate, self._rate):
            return
        self._rate = rate
        probe = Probe(step, None, optimizer, {}, memory=self._memory, max_norm=max_norm)  # type: ignore[arg-type]
        self._publisher.publish(self._instrument, list(self._instrument.measure(probe)), step, 0.0)


def one_number(loss: Tensor) -> Tensor:
    """A loss that is not reduced is averaged."""
    return loss if loss.numel() == 1 else loss.detach().float().mean()


def _same(one: Any, other: Any) -> bool:
    # A rate that is a tensor is changed in place, so it has to be read at every step.
    if isinstance(one, Tensor) or (isinstance(one, list) and any(isinstance(v, Tensor) for v in one)):
        return False
    return bool(one == other)
