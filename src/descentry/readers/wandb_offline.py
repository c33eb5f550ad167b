"""Weights & Biases runs recorded offline: the `.wandb` file of a run.

## What it is

What `wandb` keeps of a run on the machine it ran on, in `wandb/offline-run-TIME-ID/run-ID.wandb` (and in
`wandb/run-…` for runs that were online): a log of records, one for each call of `log()`, and others for
settings and console.

## How it is recognised

By the seven bytes that every such file begins with.

## What is read

Every number of every `log()` call, with its step and time. Keys inside dictionaries are joined with dots, as
on the web site. NaN and infinities stay what they are. The step is W&B's own, unless the run says that
everything is counted by another metric (`define_metric("*", step_metric=…)`, as Lightning and Transformers
do). The settings of the run and its name are kept.

## Limits

Images, tables, histograms, texts and flags are passed over, as are the summary and the system metrics. A
file that ends inside a record is read up to there; damaged blocks are left out; both are noted.

## Example

    descentry explain wandb/offline-run-20240101_100000-a1b2c3d4/run-a1b2c3d4.wandb
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from descentry.core import metrics
from descentry.core.data import Gap
from descentry.core.errors import NoCurveError, listed
from descentry.readers import _protobuf as pb
from descentry.readers._draft import Collector, Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._source import Source
from descentry.readers._wandb_log import PREAMBLE, LogRecords, write
from descentry.readers._wandb_values import named, numbers_in, parsed

_HISTORY, _CONFIG, _METRIC, _RUN = 2, 5, 12, 17
_KINDS = {
    _HISTORY: "history", 3: "summary", 4: "console output", _CONFIG: "config", 6: "files",
    7: "system metrics", 8: "artifact", 10: "alert", 11: "telemetry",
    _METRIC: "metric definition", 13: "console output", _RUN: "run", 18: "exit", 26: "environment",
}  # fmt: skip
_OWN = {"_step", "_timestamp", "_runtime", "_wandb"}


def sniff(source: Source) -> float:
    """1 for W&B's own preamble."""
    return float(source.head.startswith(PREAMBLE))


def read(source: Source) -> list[Draft]:
    """The run in the file.

    Raises:
        NoCurveError: No number was logged.
        TooLargeError: There are more different metric names than any log of training has.
    """
    run = _Run()
    with source.open() as stream:
        records = LogRecords(stream)
        for record in records:
            run.add(record)
    log = run.log
    if records.cut:
        log.gaps.append(
            Gap("truncated", "the file ends inside a record: the run goes on, or was cut short there")
        )
    if records.damaged or run.unreadable:
        what = f"{records.damaged:,} bytes and {run.unreadable:,} records are damaged, and were left out"
        log.gaps.append(Gap("corrupt", what, max(run.unreadable, 1)))
    if not len(log):
        found = [f"{kind} ({count})" for kind, count in run.kinds.most_common()]
        raise NoCurveError(
            "the run logged no numbers",
            where=source.name,
            how=f"It holds records of: {listed(found)}." if found else "It holds no records at all.",
            found=list(run.kinds),
        )
    return [log.draft(run.name, run.step_metric or "step")]


class _Run:
    """What the records say so far."""

    def __init__(self) -> None:
        self.log = Collector()
        self.name = ""
        self.kinds: Counter[str] = Counter()
        self.unreadable = 0
        self.step_metric = ""
        self._step: int | None = None
        self._row = 0

    def add(self, record: bytes) -> None:
        """Adds a record; one that makes no sense is counted."""
        try:
            for number, wire, start, stop in pb.fields(record):
                if wire != pb.BYTES:
                    continue
                if number in _KINDS:
                    self.kinds[_KINDS[number]] += 1
                if number == _HISTORY:
                    self._history(record, start, stop)
                elif number == _CONFIG:
                    self._config(record, start, stop)
                elif number == _RUN:
                    self._about(record, start, stop)
                elif number == _METRIC:
                    self._definition(record, start, stop)
        except pb.ProtobufError:
            self.unreadable += 1

    def _history(self, record: bytes, start: int, stop: int) -> None:
        values: dict[str, float] = {}
        step: int | None = None
        for number, wire, low, high in pb.fields(record, start, stop):
            if number == 1 and wire == pb.BYTES:
                values.update(numbers_in(record, low, high))
            elif number == 2 and wire == pb.BYTES:
                step = 0
                for inner, inner_wire, begin, end in pb.fields(record, low, high):
                    if inner == 1 and inner_wire == pb.VARINT:
                        step = pb.signed(record, begin, end)
        if self.step_metric:
            self._step = step = _whole(values.get(self.step_metric), self._step)
        else:
            step = _whole(values.get("_step"), step)
        time = values.get("_timestamp")
        skipped = _OWN | {self.step_metric}
        self.log.add(self._row, ((k, v) for k, v in values.items() if k not in skipped), step=step, time=time)
        self._row += 1

    def _config(self, record: bytes, start: int, stop: int) -> None:
        for number, wire, low, high in pb.fields(record, start, stop):
            if number == 1 and wire == pb.BYTES:
                key, value = named(record, low, high)
                if key != "_wandb" and isinstance(value, str):
                    self.log.config[key] = parsed(value)

    def _about(self, record: bytes, start: int, stop: int) -> None:
        identity = shown = ""
        for number, wire, low, high in pb.fields(record, start, stop):
            if number == 1 and wire == pb.BYTES:
                identity = pb.text(record, low, high)
            elif number == 8 and wire == pb.BYTES:
                shown = pb.text(record, low, high)
            elif number == 4 and wire == pb.BYTES:
                self._config(record, low, high)
        self.name = shown or identity or self.name

    def _definition(self, record: bytes, start: int, stop: int) -> None:
        """Takes note of the metric that all others are counted by, where it counts steps."""
        texts = {
            number: pb.text(record, low, high)
            for number, wire, low, high in pb.fields(record, start, stop)
            if wire == pb.BYTES and number in (2, 4)
        }
        counter = texts.get(4, "")
        if (
            texts.get(2) == "*"
            and metrics.step_rank(counter) is not None
            and "epoch" not in metrics.words(counter)
        ):
            self.step_metric = counter


def _whole(value: float | None, otherwise: int | None) -> int | None:
    """A step as a whole number, where it is one."""
    return int(value) if value is not None and abs(value) < 2**62 and value == int(value) else otherwise


def write_sample(folder: Path, rows: Rows) -> Path:
    """A run as W&B writes it, with its steps, times and settings."""
    path = folder / "run-a1b2c3d4.wandb"
    config = pb.encode(1, pb.encode(1, "batch_size") + pb.encode(16, "32"))
    about = pb.encode(1, "a1b2c3d4") + pb.encode(4, config) + pb.encode(8, "sample")
    records = [pb.encode(_RUN, about)]
    for number, (step, value) in enumerate(rows):
        entries = {"loss": value, "_timestamp": 1.7e9 + number, "_step": step}
        items = (pb.encode(1, pb.encode(1, key) + pb.encode(16, json.dumps(v))) for key, v in entries.items())
        records.append(pb.encode(_HISTORY, b"".join(items) + pb.encode(2, pb.encode(1, step))))
    path.write_bytes(write(records))
    return path


READER = Reader(
    id="wandb-offline",
    title="Weights & Biases offline run",
    sniff=sniff,
    read=read,
    write_sample=write_sample,
)
