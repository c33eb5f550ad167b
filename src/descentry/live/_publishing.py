"""From readings to series: their names, which of many layers are kept, and when their values are known."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from descentry.core.data import Measurement
from descentry.core.readings import ERROR
from descentry.instruments._entry import Instrument, Reading
from descentry.live._ring import Ring
from descentry.store.writing import RunWriter

# A model of a thousand layers would have some ten thousand series otherwise, each with a row a reading.
LAYERS = 48
_ALIASES = {("learning-rate", ""): "lr", ("batch-loss", ""): "loss"}

_About = tuple[str, str, Literal["", "lower", "upper"], float]  # instrument, unit, bound, seconds


class Publisher:
    """Writes what instruments read into the run.

    Args:
        writer: Of the run.
        layers: Names that may stand in names of readings, modules and parameters, in the model's order.

    Attributes:
        latest: The last reading of each series whose value has come over.
        news: Units and bounds of series that the run's settings do not hold yet.
    """

    def __init__(self, writer: RunWriter, layers: Iterable[str]) -> None:
        self._writer = writer
        self.ring = Ring(self._take)
        self.latest: dict[str, Measurement] = {}
        self.news = False
        self._units: dict[str, str] = {}
        self._bounds: dict[str, str] = {}
        self._about: dict[str, _About] = {}
        self._layers = set(layers)
        self._kept: dict[str, set[str]] = {}  # layers by instrument
        self.left_out: dict[str, int] = {}

    def publish(self, instrument: Instrument, readings: Sequence[Reading], step: int, seconds: float) -> None:
        """Keeps readings of one instrument at one step, together."""
        readings = self._limited(instrument.id, readings)
        if not readings:
            return
        here: dict[str, float] = {}
        there: dict[str, Tensor] = {}
        for reading in readings:
            name = self._name(instrument, reading, seconds / len(readings))
            for series, value in ((name, reading.value), (name + ERROR, reading.error)):
                if isinstance(value, Tensor):
                    there[series] = value
                elif value is not None:
                    here[series] = float(value)
        on_cpu = {n: v for n, v in there.items() if v.device.type == "cpu"}
        if on_cpu:
            stacked = torch.stack([v.detach().reshape(()).double() for v in on_cpu.values()])
            here |= zip(on_cpu, stacked.tolist(), strict=True)
            there = {n: v for n, v in there.items() if n not in on_cpu}
        if here:
            self._take(step, here, time.time())
        if there:
            self.ring.put(step, there)

    def settings(self) -> dict[str, Any]:
        """Units (where they are not the instrument's) and bounds of the series so far."""
        self.news = False
        return {"units": dict(self._units), "bounds": dict(self._bounds)}

    def _name(self, instrument: Instrument, reading: Reading, seconds: float) -> str:
        name = f"{instrument.id}/{reading.name}" if reading.name else instrument.id
        name = _ALIASES.get((instrument.id, reading.name), name)
        unit = instrument.unit if reading.unit is None else reading.unit
        if name not in self._about:
            if unit != instrument.unit:
                self._units[name] = unit
                self.news = True
            if reading.bound:
                self._bounds[name] = reading.bound
                self.news = True
        self._about[name] = (instrument.id, unit, reading.bound, seconds)
        return name

    def _take(self, step: int, values: dict[str, float], when: float) -> None:
        self._writer.add(step, values, when)
        for name, value in values.items():
            about = self._about.get(name)
            if about is not None:
                instrument, unit, bound, seconds = about
                self.latest[name] = Measurement(
                    instrument, name, step, value, values.get(name + ERROR), unit, seconds, bound
                )

    def _limited(self, instrument: str, readings: Sequence[Reading]) -> Sequence[Reading]:
        """All, or of very many layers the first, the last and evenly spaced ones between; always the same."""
        if len(readings) <= LAYERS:
            return readings
        of = {r.name: self._layer(r.name) for r in readings}
        layers = list(dict.fromkeys(layer for layer in of.values() if layer))
        if len(layers) <= LAYERS:
            return readings
        kept = self._kept.get(instrument)
        if kept is None:
            places = {round(i * (len(layers) - 1) / (LAYERS - 1)) for i in range(LAYERS)}
            kept = self._kept[instrument] = {layers[p] for p in places}
            self.left_out[instrument] = len(layers) - len(kept)
        return [r for r in readings if not of[r.name] or of[r.name] in kept]

    def _layer(self, name: str) -> str:
        return next((part for part in name.split("/") if part in self._layers), "")
