"""TensorBoard event files, as TensorFlow, PyTorch, Keras, JAX and Lightning write them.

## What it is

What `SummaryWriter` leaves in its log folder: `events.out.tfevents.TIME.HOST…`, a file of records, each with
the wall time, the step and one or more tagged values. The files of one folder are one run: a new file is
begun at every start of the program.

## How it is recognised

By its first bytes, whatever the file is called: a TFRecord length with its checksum, then an event.

## What is read

Every point of every scalar, both those logged as `simple_value` and those that newer writers store as
tensors of one element (float, double, half, bfloat16, and the integers). The step is the event's own. NaN
and infinities stay what they are. TensorBoard itself shows a sample of the points of a tag, and drops what a
restart repeats; here nothing is dropped unseen.

## Limits

Images, graphs, histograms, text and hyperparameters are passed over. A file that ends inside a record is
read up to there; a record that does not match its checksum is left out; both are noted. A single-precision
value is read as the double nearest to it, so 0.1 shows as 0.10000000149.

## Example

    descentry explain runs/Nov24_10-00-00_host
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._source import Source


def _sniff(source: Source) -> float:
    if source.is_text:
        return 0.0
    from descentry.readers import _events

    return _events.sniff(source)


def _read(source: Source) -> list[Draft]:
    from descentry.readers import _events

    return _events.read(source)


def _write_sample(folder: Path, rows: Rows) -> Path:
    from descentry.readers import _events

    return _events.write_sample(folder, rows)


READER = Reader(
    id="tensorboard-events",
    title="TensorBoard event file",
    sniff=_sniff,
    read=_read,
    write_sample=_write_sample,
    together=True,
)
