"""What the cockpit shows: the instruments of live trainings, read at fixed steps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from descentry.core import catalog
from descentry.core.data import Run, Series
from descentry.instruments._entry import Instrument, Moment, Reading
from descentry.instruments._probe import Probe
from descentry.live import _settings
from descentry.web.flight._level import Level
from descentry.web.flight.world import Instant, World

# The first three are recorded at every step by hand; a rollback is no accident that has to be found out; the
# wiring of these models is known, and their precision is full.
_LEFT_OUT = {"gradient-norm", "batch-loss", "learning-rate", "restarts", "wiring", "loss-scale"}
_KNOWN: Mapping[str, Instrument] = catalog.entries("instruments")
INSTRUMENTS = tuple(i for i in _KNOWN.values() if i.id not in _LEFT_OUT)
_SHOWN = {
    "sharpness",
    "noise-scale",
    "gradient-agreement",
}  # at every look; of the rest every third is enough
_REST = 3
_ONCE = 4  # readings of what need not be read again


@dataclass(eq=False)
class Panel:
    """Reads the instruments every ``level.look`` steps, and one step later what compares two steps in a row.

    Readings change nothing in the training (the conformance tests of the instruments hold them to it), and
    depend on nothing but the flight.

    Attributes:
        level: What is flown.
        series: What was read, by name: tick and value.
    """

    level: Level
    series: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    _memory: dict[str, dict[str, Any]] = field(default_factory=dict)

    def wants(self, tick: int) -> bool:
        """Whether anything is read at this step."""
        return tick % self.level.look in (0, 1)

    def before(self, probe: Probe, tick: int) -> None:
        """Reads what is read before the update."""
        self._read(probe, tick, "before")

    def after(self, probe: Probe, tick: int) -> None:
        """Reads what is read after it."""
        self._read(probe, tick, "after")

    def last(self, name: str) -> float | None:
        """The last reading of a series."""
        return self.series[name][-1][1] if self.series.get(name) else None

    def noise(self) -> float | None:
        """The noise scale in examples, of signal and noise averaged over the last readings."""
        signal, noise = (self.series.get(f"noise-scale/{part}", [])[-5:] for part in ("signal", "noise"))
        down, up = sum(v for _, v in signal), sum(v for _, v in noise)
        return up / down if down > 0 else None

    def _read(self, probe: Probe, tick: int, moment: Moment) -> None:
        for instrument in INSTRUMENTS:
            if instrument.moment != moment or not self._due(instrument, tick):
                continue
            probe.memory = self._memory.setdefault(instrument.id, {})
            try:
                readings = list(instrument.measure(probe))
            except RuntimeError:  # a curvature that is not finite: nothing to show
                continue
            for reading in readings:
                self._keep(instrument, reading, tick)

    def _due(self, instrument: Instrument, tick: int) -> bool:
        look, after = divmod(tick, self.level.look)
        if after and (instrument.consecutive < 2 or after > 1):
            return False
        if instrument.how_often == "once":
            return look < _ONCE
        return instrument.id in _SHOWN or look % _REST == 0

    def _keep(self, instrument: Instrument, reading: Reading, tick: int) -> None:
        value = float(reading.value.detach()) if isinstance(reading.value, torch.Tensor) else reading.value
        name = f"{instrument.id}/{reading.name}" if reading.name else instrument.id
        self.series.setdefault(name, []).append((tick, value))


def run_of(world: World, panel: Panel, until: int | None = None) -> Run:
    """The flight up to a tick as a recorded run, which the same code explains as any other.

    Steps are ticks: a rollback is part of the story. Losses are those of the batches.
    """
    flown = world.flown if until is None else world.flown[:until]
    columns: dict[str, list[tuple[int, float]]] = {
        "loss": _column(flown, "loss"),
        "lr": _column(flown, "rate"),
        "gradient-norm": _column(flown, "norm"),
    }
    end = len(flown)
    columns |= {name: [pair for pair in pairs if pair[0] < end] for name, pairs in panel.series.items()}
    series = [
        Series(name, "", np.array([t for t, _ in pairs]), np.array([v for _, v in pairs]))
        for name, pairs in columns.items()
        if pairs
    ]
    settings = _settings.of_training(world.model, world.optimizer, world.problem.loss_fn, (), 0.0)
    config = {
        **settings,
        "lr": world.level.lr,
        "instruments": _KNOWN,
        "batch_size": flown[0].batch if flown else 0,
    }
    return Run(name=world.level.title, source="flight", series=tuple(series), config=config)


def _column(flown: Iterable[Instant], name: str) -> list[tuple[int, float]]:
    return [(i.tick, float(getattr(i, name))) for i in flown]
