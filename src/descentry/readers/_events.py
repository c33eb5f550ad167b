"""What is in a TensorBoard event file; imported for one only."""

from __future__ import annotations

import struct
from pathlib import Path

from descentry.core.data import Gap
from descentry.readers import _protobuf as pb
from descentry.readers._draft import Draft
from descentry.readers._entry import Rows
from descentry.readers._event_columns import Columns
from descentry.readers._event_layout import file_version, layout_of
from descentry.readers._source import Source
from descentry.readers._tfrecord import HEADER, Records, frame, header_holds

_USUAL_NAME = "events.out.tfevents"


def sniff(source: Source) -> float:
    """1 for a first record that names its version, less for one that is an event at least."""
    if not header_holds(source.head[:HEADER]):
        return 0.0
    length = int.from_bytes(source.head[:8], "little")
    record = source.head[HEADER : HEADER + length]
    if len(record) < length:
        return 0.9 if record.startswith(b"\x09") else 0.0
    try:
        if file_version(record).startswith("brain.Event"):
            return 1.0
        # Training data comes as TFRecord too; only an event starts with its wall time.
        return 0.9 if layout_of(record).wall_time is not None else 0.0
    except pb.ProtobufError:
        return 0.0


def read(source: Source) -> list[Draft]:
    """Every scalar in the file.

    Raises:
        TooLargeError: There are more different tags than any log of training has.
    """
    columns = Columns()
    with source.open() as stream:
        records = Records(stream)
        for window in records:
            columns.add(window)
    gaps = []
    if records.cut:
        gaps.append(
            Gap(
                "truncated",
                f"{source.name} ends inside a record: it is still being written, or was cut short; "
                f"its last {records.cut:,} bytes could not be read",
            )
        )
    if records.damaged:
        gaps.append(
            Gap("corrupt", f"{records.damaged:,} bytes of {source.name} are no records, and were passed over")
        )
    if columns.corrupt:
        what = f"{columns.corrupt:,} records of {source.name} are damaged, and were left out"
        gaps.append(Gap("corrupt", what, columns.corrupt))
    return [Draft(columns.tracks(), name=_name(source), gaps=gaps)]


def _name(source: Source) -> str:
    """The run's folder, since the file's name says only when and where it was written."""
    if source.path is None or _USUAL_NAME not in source.path.name:
        return ""
    before = source.path.name.partition(_USUAL_NAME)[0].rstrip("._-")
    return before or source.path.absolute().parent.name


def write_sample(folder: Path, rows: Rows) -> Path:
    """Scalars as TensorFlow 2 stores them: tensors, so that a double keeps its precision."""
    path = folder / f"{_USUAL_NAME}.1700000000.host.1.0"
    metadata = pb.encode(1, pb.encode(1, "scalars"))
    records = [pb.encode(1, 1.7e9) + pb.encode(3, "brain.Event:2")]
    for number, (step, value) in enumerate(rows):
        tensor = pb.encode(1, 2) + pb.encode(2, b"") + pb.encode(4, struct.pack("<d", value))
        summary = pb.encode(1, "loss") + pb.encode(8, tensor) + pb.encode(9, metadata)
        records.append(
            pb.encode(1, 1.7e9 + number) + pb.encode(2, step) + pb.encode(5, pb.encode(1, summary))
        )
    path.write_bytes(b"".join(map(frame, records)))
    return path
