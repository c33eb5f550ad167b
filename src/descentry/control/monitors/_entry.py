"""What a monitor is: the record that every monitor file defines as ``MONITOR``, and what its watch says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from descentry.core.data import Floats

MakeValues = Callable[[], Sequence[float] | Floats]
State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Alarm:
    """What a monitor has noticed.

    Attributes:
        monitor: Its id.
        step: The step at which it was noticed.
        onset: The step at which it seems to have begun; an estimate, with no error bar.
        evidence: Natural logarithm of the e-value (or of 1/p), and ``needed`` what it had to reach: log(1/α)
            and what was set aside for the other times at which an alarm could have begun.
        needed: See ``evidence``. Both are infinite where a value is not finite, which needs no test.
        sentence: The same in plain words.
    """

    monitor: str
    step: int
    onset: int
    evidence: float
    needed: float
    sentence: str


class Watch(Protocol):
    """One monitor on one stream of numbers; made by ``Monitor.start``."""

    def update(self, step: int, value: float) -> Alarm | None:
        """Take the next value in; an alarm where there is one. Never raises for any float."""

    def to_dict(self) -> State:
        """All that the watch knows, as JSON would keep it; ``Monitor.restore`` goes on from there."""


@dataclass(frozen=True)
class Case:
    """A stream on which the monitor must alarm, or must not.

    Attributes:
        name: What the stream is.
        values: Makes it; any randomness is seeded inside.
        from_step: In a stream with an alarm, the first step at which it is not too early.
    """

    name: str
    values: MakeValues
    from_step: int = 0


@dataclass(frozen=True)
class Monitor:
    """Something to watch for in a stream of numbers, one at a time.

    Attributes:
        id: The name in alarms.
        title: What it watches for, in a few words.
        start: Makes a watch. ``alpha`` is the probability that it ever alarms in a run in which there is
            nothing to alarm of, under the assumptions that the monitor's page states.
        restore: Makes a watch from what ``to_dict`` returned.
        alarms_on: Streams on which it must alarm.
        quiet_on: Its confusables, on which it must not.
        null: Makes a stream from a seed under the assumptions of the monitor's promise.
        exempt: Conformance checks that cannot apply, each with the reason.
    """

    id: str
    title: str
    start: Callable[..., Watch]
    restore: Callable[[Mapping[str, Any]], Watch]
    alarms_on: tuple[Case, ...]
    quiet_on: tuple[Case, ...]
    null: Callable[[int], Floats]
    exempt: dict[str, str] = field(default_factory=dict)
