"""Text tables: finds the delimiter and the header, and turns the cells into columns of numbers or of words.

Clean blocks of numbers go through numpy's parser; from the first cell on that it cannot take (an empty one,
a quoted one, a word), the csv module reads the rest.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator

import numpy as np

from descentry.core.data import Gap
from descentry.core.errors import DescentryError
from descentry.readers._cells import Cells, Table
from descentry.readers._draft import to_float
from descentry.readers._layout import SAMPLE, Layout, layout, split_rows, unique_names
from descentry.readers._source import Source

CHUNK = 1 << 15  # rows that are held as text at once
BLOCK = 1 << 22  # bytes that are held as text at once
_SHAPE = re.compile(r"^[-+]?\d+|\d")  # what must be alike in cells of one number of decimals
_CLEAN = b"0123456789+-. \r\n" + b"eEnNaAiIfFtTyY"  # digits, and the letters of 1e-3, NaN and Infinity


def read_table(source: Source) -> Table:
    """The table in a source that has a layout.

    Raises:
        DescentryError: The csv module cannot make sense of it, or a line is too long.
    """
    found = layout(source)
    if found is None:
        raise DescentryError("this is no table with a header", where=source.name)
    cells = [Cells(found.delimiter) for _ in found.names]
    gaps: list[Gap] = []
    length, start, skip = _read_clean(source, found, cells)
    rows = split_rows(
        (line for line in itertools.islice(source.lines(start), skip, None) if not line.startswith("#")),
        found.delimiter,
    )
    try:
        length = _read_rows(rows, _last_end(source), found, cells, length, gaps)
    except csv.Error as error:
        raise DescentryError(
            f"the table cannot be read past row {length:,}: {error}",
            where=source.name,
            how="Look for a stray quote there.",
        ) from None
    table = Table(length, gaps=gaps)
    for name, column in zip(found.names, cells, strict=True):
        column.finish(name, table)
    return table


def _read_clean(source: Source, found: Layout, cells: list[Cells]) -> tuple[int, int, int]:
    """Reads blocks of numbers; returns the rows read, and the byte and line at which the rest begins."""
    if source.encoding == "utf-16" or b"\n" not in source.head:
        return 0, 0, found.skip
    clean = _CLEAN + found.delimiter.encode()
    length = 0
    with source.open() as raw:
        for _ in range(found.skip):
            raw.readline()
        while True:
            start = raw.tell()
            block = raw.read(BLOCK)
            block += raw.readline(BLOCK)
            if not block.endswith(b"\n"):
                # The last row may be cut short: the careful way gets it, with some before it to compare.
                pieces = block.rsplit(b"\n", SAMPLE)
                block = pieces[0] + b"\n" if len(pieces) > SAMPLE else b""
            if not block.strip() or block.translate(None, clean):
                return length, start, 0
            empty = b"n" not in block.lower()  # so that every NaN in it will be an empty cell
            text = io.StringIO(
                (_with_nan(block, found.delimiter.encode()) if empty else block).decode("ascii")
            )
            try:
                data = np.loadtxt(text, delimiter=found.delimiter.strip(" ") or None, comments=None, ndmin=2)
            except ValueError:
                return length, start, 0
            if data.shape[1] != len(cells):
                return length, start, 0
            for j, column in enumerate(cells):
                value = np.ascontiguousarray(data[:, j])
                column.add_numbers(value, ~np.isnan(value) if empty else np.ones(len(value), dtype=np.bool_))
            length += len(data)
            raw.seek(start + len(block))


def _with_nan(block: bytes, delimiter: bytes) -> bytes:
    """Lines of numbers, with NaN in the empty cells."""
    if delimiter.isspace() and delimiter != b"\t":
        return block
    for _ in range(2):  # neighbours overlap
        block = block.replace(delimiter + delimiter, delimiter + b"nan" + delimiter)
    for end in (b"\n", b"\r\n"):
        block = block.replace(delimiter + end, delimiter + b"nan" + end)
    block = block.replace(b"\n" + delimiter, b"\nnan" + delimiter)
    return b"nan" + block if block.startswith(delimiter) else block


def _last_end(source: Source) -> str:
    """How the last row ends: with nothing, with a quote, or (empty) with a newline."""
    if source.ends_whole:
        return ""
    with source.open() as raw:
        raw.seek(-1, io.SEEK_END)
        return "quote" if raw.read() == b'"' else "nothing"


def _read_rows(
    rows: Iterator[list[str]], cut: str, found: Layout, cells: list[Cells], length: int, gaps: list[Gap]
) -> int:
    width = len(cells)
    ragged = 0
    chunk = list(itertools.islice(rows, CHUNK))
    while chunk:
        following = list(itertools.islice(rows, CHUNK))
        if not following and cut and _may_be_cut(chunk, quoted=cut == "quote"):
            chunk.pop()
            gaps.append(
                Gap("truncated", "the last row may be cut short (no newline ends it) and is left out")
            )
        if any(len(row) != width for row in chunk):
            chunk = [row for row in chunk if row and any(row)]
            # A delimiter at the end of every row makes an empty cell, which is nobody's mistake.
            ragged += sum(len(row) < width or any(row[width:]) for row in chunk)
            chunk = [(row + [""] * (width - len(row)))[:width] for row in chunk]
        # Launches that append to one file write the header again.
        if any(row[-1].strip() == found.names[-1] for row in chunk):
            chunk = [row for row in chunk if unique_names(row) != found.names]
        for column, texts in zip(cells, zip(*chunk, strict=True), strict=False):
            column.add(texts, length)
        length += len(chunk)
        chunk = following
    if ragged:
        gaps.append(
            Gap("ragged-rows", f"rows with more or fewer cells than the header has names: {ragged:,}", ragged)
        )
    return length


def _may_be_cut(chunk: list[list[str]], quoted: bool) -> bool:
    """Whether the last row, which no newline ends, may stop before the end of its last cell.

    A number cut short would be a wrong number: such a row is kept only if a quote closes it, or if its last
    cell has as many decimals as all others of that column, or is a word that stands there already.
    """
    last, before = chunk[-1], [row for row in chunk[-SAMPLE:-1] if row]
    if not before:
        return False
    if len(last) < len(before[-1]):
        return True
    end, ends = last[-1].strip(), {row[-1].strip() for row in before}
    if quoted or (to_float(end) is None and end in ends):
        return False
    shapes = {_SHAPE.sub("0", cell) for cell in [*ends, end]}
    return len(shapes) > 1 or "." not in end
