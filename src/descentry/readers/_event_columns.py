"""Reads events by the thousand: records of one length and one layout become numpy columns.

All records of one length are laid out as a matrix of bytes. The first is walked field by field, which
tells where its numbers and tags are. Every other that equals it outside of these has the same layout; they
are sorted by their tags, and each tag is read column by column. Then the first of those that are left is
walked, and so on. Odd records are simply layouts that fit once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from descentry.core.data import Floats, Ints
from descentry.core.errors import TooLargeError
from descentry.readers._crc32c import REACH, Bytes, crc32c, masked, of_rows, unmasked
from descentry.readers._draft import MAX_SERIES, Track
from descentry.readers._event_layout import Layout, Span, layout_of
from descentry.readers._protobuf import ProtobufError
from descentry.readers._tfrecord import FOOTER, Window

# Logs have a few layouts for each length; beyond so many, records are walked one by one.
MAX_ROUNDS = 64
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(eq=False)
class Columns:
    """The points of many events, and how many records were corrupt."""

    pieces: dict[str, list[tuple[Ints, Ints, Floats, Floats]]] = field(default_factory=dict)
    corrupt: int = 0

    def add(self, window: Window) -> None:
        """Adds the points in the records of a window.

        Raises:
            TooLargeError: There are more different tags than any log of training has.
        """
        # Rows are compared eight bytes at a time, which may look past the last record.
        data = np.frombuffer(window.data + bytes(8), np.uint8)
        order = np.argsort(window.length, kind="stable")
        lengths = window.length[order]
        for indices in np.split(order, np.flatnonzero(np.diff(lengths)) + 1):
            length = int(window.length[indices[0]])
            # Where nothing can be gained by likeness (graphs, images), one matrix a record saves memory.
            for part in [indices] if length <= REACH else np.split(indices, len(indices)):
                self._add_group(_matrix(data, window.start[part], length), window.first + part, length)

    def tracks(self) -> list[Track]:
        """One track a tag, each in the order of the file."""
        tracks = []
        for tag, pieces in self.pieces.items():
            row, step, value, time = (np.concatenate(column) for column in zip(*pieces, strict=True))
            order = np.argsort(row, kind="stable")
            stamped = not np.isnan(time).any()
            tracks.append(Track(tag, value[order], row[order], step[order], time[order] if stamped else None))
        return sorted(tracks, key=lambda t: int(t.row[0]) if t.row is not None else 0)

    def _add_group(self, records: Bytes, rows: Ints, length: int) -> None:
        """Adds records of one length: layout after layout, until none is left."""
        rounds = 0
        while len(records):
            layout = self._layout(records[0], length)
            if layout is None:
                records, rows = records[1:], rows[1:]
                continue
            rounds += 1
            numbers, skeleton = _masks(layout, records.shape[1], length)
            if rounds > MAX_ROUNDS:
                self._decode(records[:1], rows[:1], layout, numbers, length)
                records, rows = records[1:], rows[1:]
                continue
            alike = _alike(records, skeleton)
            left = [np.flatnonzero(~alike)]
            for members in _by_tag(records, np.flatnonzero(alike), numbers & ~skeleton):
                own = layout if members[0] == 0 else self._layout(records[members[0]], length)
                if own is None:
                    left.append(members[1:])
                    continue
                group = records[members]
                same = _alike(group, numbers)
                if not same.all():
                    left.append(members[~same])
                    group, members = group[same], members[same]
                self._decode(group, rows[members], own, numbers, length)
            rest = np.concatenate(left)
            records, rows = records[rest], rows[rest]

    def _layout(self, row: Bytes, length: int) -> Layout | None:
        """The layout of a record; None where it has no points, or is corrupt."""
        record, stored = row[:length].tobytes(), row[length : length + FOOTER].tobytes()
        try:
            layout = layout_of(record)
        except ProtobufError:
            self.corrupt += 1
            return None
        # A long record without a scalar is a graph or an image, and nothing of it is used.
        if not layout.points and len(record) > REACH:
            return None
        if masked(crc32c(record)) != int.from_bytes(stored, "little"):
            self.corrupt += 1
            return None
        return layout if layout.points else None

    def _decode(self, records: Bytes, rows: Ints, layout: Layout, mask: Bytes, length: int) -> None:
        """Adds records of one layout whose first is sound.

        Raises:
            TooLargeError: There are more different tags than any log of training has.
        """
        if len(records) > 1:
            stored = np.ascontiguousarray(records[:, length : length + FOOTER]).view("<u4")[:, 0]
            sums = unmasked(stored)
            columns = np.flatnonzero(mask[:length] != 0xFF).tolist()
            sound = of_rows(records, length, columns, int(sums[0])) == sums
            if not sound.all():
                self.corrupt += int((~sound).sum())
                records, rows = records[sound], rows[sound]
        step = _read(records, layout.step).astype(np.int64) if layout.step else np.zeros(len(rows), np.int64)
        time = np.full(len(rows), np.nan)
        if layout.wall_time:
            time = _read(records, layout.wall_time).astype(np.float64)
        for point in layout.points:
            if point.tag not in self.pieces and len(self.pieces) >= MAX_SERIES:
                raise TooLargeError(f"more than {MAX_SERIES:,} different metric names")
            value = _read(records, point.value).astype(np.float64)
            self.pieces.setdefault(point.tag, []).append((rows, step, value, time))


def _matrix(data: Bytes, starts: Ints, length: int) -> Bytes:
    """uint8[n, w]: the records and their checksums, w a multiple of eight."""
    width = (length + FOOTER + 7) // 8 * 8
    items = np.ndarray((len(data) - width + 1,), dtype=f"V{width}", buffer=data.data, strides=(1,))
    return items[starts].view(np.uint8).reshape(len(starts), width)


def _masks(layout: Layout, width: int, length: int) -> tuple[Bytes, Bytes]:
    """uint8[w] each: the bits that records with the same tags have in common, and with any tags."""
    mask = np.full(width, 0xFF, dtype=np.uint8)
    mask[length:] = 0
    for span in layout.numbers:
        # The top bit of a varint's bytes says where it ends, and so where everything after it stands.
        mask[span.start : span.stop] = 0x80 if span.is_varint else 0
    skeleton = mask.copy()
    for point in layout.points:
        skeleton[point.tag_start : point.tag_stop] = 0
    return mask, skeleton


def _by_tag(records: Bytes, chosen: Ints, tags: Bytes) -> list[Ints]:
    """The chosen records sorted by a short hash of their tags: some may stand together by chance."""
    words, common = records.view(np.uint64), tags.view(np.uint64)
    hashes = np.zeros(len(chosen), dtype=np.uint64)
    for column in np.flatnonzero(common):
        hashes ^= words[chosen, column] & common[column]
        hashes *= _MIX
    # Sixteen bits are sorted in linear time.
    short = (hashes >> np.uint64(48)).astype(np.uint16)
    if (short == short[0]).all():
        return [chosen]
    order = np.argsort(short, kind="stable")
    return [chosen[part] for part in np.split(order, np.flatnonzero(np.diff(short[order])) + 1)]


def _alike(records: Bytes, mask: Bytes) -> npt.NDArray[np.bool_]:
    """Which records equal the first under the mask."""
    words, common = records.view(np.uint64), mask.view(np.uint64)
    alike = np.ones(len(records), dtype=bool)
    for column in np.flatnonzero(common):
        alike &= ((words[:, column] ^ words[0, column]) & common[column]) == 0
    return alike


def _read(records: Bytes, span: Span) -> npt.NDArray[Any]:
    """The numbers of a column of records."""
    raw = np.ascontiguousarray(records[:, span.start : span.stop])
    if span.kind == "bfloat16":
        return (raw.view("<u2")[:, 0].astype(np.uint32) << 16).view(np.float32)
    if not span.is_varint:
        return raw.view(span.kind)[:, 0]
    whole = np.zeros(len(raw), dtype=np.uint64)
    for i in range(raw.shape[1]):
        whole |= (raw[:, i] & 0x7F).astype(np.uint64) << np.uint64(7 * i)
    if span.kind == "half bits":
        return whole.astype(np.uint16).view(np.float16)
    if span.kind == "bfloat16 bits":
        return (whole.astype(np.uint32) << 16).view(np.float32)
    return whole.view(np.int64)
