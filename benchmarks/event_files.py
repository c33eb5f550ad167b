"""How fast event files are read, beside TensorBoard's own EventAccumulator told to keep every point.

Writes an event file of one run of many points with TensorBoard's own record writer, in both ways in which
scalars are stored, reads it with both, checks that they read the same points, and prints the times.

    python benchmarks/event_files.py --points 1000000

Needs the ``bench`` extra (tensorboard). Where TensorFlow is installed, TensorBoard uses its reader.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import tempfile
import time
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat import tf
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.plugins.scalar.metadata import create_summary_metadata
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_ndarray, make_tensor_proto

import descentry

TAGS = ("train/loss", "train/accuracy", "lr", "grad_norm")


def write(path: Path, points: int, *, as_tensors: bool) -> None:
    """An event a point: the tags take turns at each step, some values are NaN."""
    metadata = create_summary_metadata(display_name="", description="")
    with path.open("wb") as stream:
        writer = RecordWriter(stream)
        writer.write(Event(wall_time=1.7e9, file_version="brain.Event:2").SerializeToString())
        for i in range(points):
            step, which = divmod(i, len(TAGS))
            value = math.nan if step % 1000 == 999 else math.exp(-step / points) * (which + 1)
            event = Event(wall_time=1.7e9 + i * 1e-3, step=step)
            summary = event.summary.value.add(tag=TAGS[which])
            if as_tensors:
                summary.tensor.CopyFrom(make_tensor_proto(np.float32(value)))
                summary.metadata.CopyFrom(metadata)
            else:
                summary.simple_value = value
            writer.write(event.SerializeToString())


def by_tensorboard(path: Path) -> tuple[float, dict[str, np.ndarray]]:
    start = time.perf_counter()
    accumulator = EventAccumulator(str(path), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    took = time.perf_counter() - start
    tags = accumulator.Tags()
    found = {tag: np.array([(e.step, e.value) for e in accumulator.Scalars(tag)]) for tag in tags["scalars"]}
    for tag in tags["tensors"]:
        events = accumulator.Tensors(tag)
        found[tag] = np.array([(e.step, make_ndarray(e.tensor_proto).item()) for e in events])
    return took, found


def by_descentry(path: Path) -> tuple[float, dict[str, np.ndarray]]:
    start = time.perf_counter()
    run = descentry.read(path)
    took = time.perf_counter() - start
    return took, {s.name: np.column_stack([s.step, s.value]) for s in run.series}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--points", type=int, default=1_000_000, help="points in the file (default: %(default)s)"
    )
    points = parser.parse_args().points
    logging.disable(logging.WARNING)
    reader = "in pure Python" if "stub" in tf.__version__ else f"that of TensorFlow {tf.__version__}"
    print(f"{points:,} points in {len(TAGS)} tags; {os.cpu_count()} cores; TensorBoard's reader is {reader}")
    with tempfile.TemporaryDirectory() as folder:
        for as_tensors in (False, True):
            path = Path(folder) / f"events.out.tfevents.{as_tensors:d}.host"
            write(path, points, as_tensors=as_tensors)
            ours, mine = min((by_descentry(path) for _ in range(3)), key=lambda pair: pair[0])
            theirs, expected = by_tensorboard(path)
            same = mine.keys() == expected.keys()
            same = same and all(np.array_equal(mine[t], expected[t], equal_nan=True) for t in mine)
            read = sum(len(table) for table in mine.values())
            print(
                f"{'tensors' if as_tensors else 'simple values'}, {path.stat().st_size / 2**20:.0f} MiB: "
                f"tensorboard {theirs:.2f} s, descentry {ours:.2f} s, {theirs / ours:.0f} times faster; "
                f"{read:,} points read, {'the same as' if same else 'NOT THE SAME AS'} TensorBoard's"
            )
            path.unlink()


if __name__ == "__main__":
    main()
