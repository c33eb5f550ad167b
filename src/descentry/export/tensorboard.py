"""A TensorBoard log folder.

## What it is

A folder with one event file, as `tensorboard --logdir` takes it.

## What is written

An event for what was logged together, with its step and time, and each metric as a scalar of double
precision (a tensor, as TensorFlow 2 stores scalars), so that no digit is lost. NaN and infinities stay.

## Limits

The settings of the run are not in it. Without times TensorBoard shows the steps, but 1970 on its wall-clock
axis: no times are invented.

## Example

    descentry export runs/exp1 --to tensorboard -o logs/exp1
    tensorboard --logdir logs
"""

from __future__ import annotations

import struct
from pathlib import Path

from descentry.export._entry import Exporter
from descentry.export._table import Table
from descentry.readers import _protobuf as pb
from descentry.readers._tfrecord import frame

_DOUBLE = 2  # types.proto: DT_DOUBLE
_SCALARS = pb.encode(1, pb.encode(1, "scalars"))  # SummaryMetadata: the plugin that shows it
_VERSION = pb.encode(3, "brain.Event:2")


def _write(table: Table, path: Path) -> None:
    start = 0.0 if table.time is None else float(table.time[0])
    path.mkdir(parents=True)
    values = [_Value(name) for name in table.columns]
    with (path / f"events.out.tfevents.{int(start)}.descentry").open("wb") as stream:
        stream.write(frame(pb.encode(1, start) + _VERSION))
        for step, time, cells in table.rows():
            stamp = b"" if time is None else pb.encode(1, time)
            summary = b"".join(v.encode(c) for v, c in zip(values, cells, strict=True) if c is not None)
            stream.write(frame(stamp + pb.encode(2, step) + pb.encode(5, summary)))


class _Value:
    """The scalars of one tag: the same bytes but for the number, made once for the million of them."""

    def __init__(self, tag: str) -> None:
        tensor = pb.encode(1, _DOUBLE) + pb.encode(2, b"") + pb.encode(4, bytes(8))
        before = pb.encode(1, tag) + pb.encode(8, tensor)[:-8]
        whole = pb.encode(1, before + bytes(8) + pb.encode(9, _SCALARS))
        self._after = pb.encode(9, _SCALARS)
        self._before = whole[: len(whole) - len(self._after) - 8]

    def encode(self, number: float) -> bytes:
        """A value of the summary."""
        return self._before + struct.pack("<d", number) + self._after


EXPORTER = Exporter("tensorboard", "TensorBoard log folder", "", _write)
