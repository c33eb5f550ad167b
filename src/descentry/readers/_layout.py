"""Recognises text tables: which character parts the cells, and what the header names."""

from __future__ import annotations

import csv
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from descentry.core import metrics
from descentry.readers._cells import cell_number
from descentry.readers._draft import to_float
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source

LONGEST_NAME = 200
_CLOCK = Pattern(r"(?:\d{1,3}:)?\d{1,2}:\d\d(?:\.\d+)?")  # fastai prints how long an epoch took
SAMPLE = 40  # rows that decide what the delimiter and the header are


@dataclass(frozen=True, eq=False)
class Layout:
    """How a text table is laid out; a delimiter of one blank stands for any white space."""

    names: tuple[str, ...]
    delimiter: str
    skip: int  # lines before the first row
    rows: int  # how many rows the sample had


_layouts: weakref.WeakKeyDictionary[Source, Layout | None] = weakref.WeakKeyDictionary()


def layout(source: Source) -> Layout | None:
    """How the source is laid out as a table with a header; None when it is none. Never raises."""
    if source not in _layouts:
        _layouts[source] = _find_layout(source) if source.is_text else None
    return _layouts[source]


def header(source: Source) -> tuple[str, ...]:
    """The column names of a table, lower case; empty when the source is none."""
    found = layout(source)
    return tuple(name.lower() for name in found.names) if found else ()


def _find_layout(source: Source) -> Layout | None:
    comment, first = "", -1
    sample: list[str] = []
    for number, line in enumerate(source.head_lines):
        if line.startswith("#") and not sample:
            comment = line
        if not line.strip() or line.startswith("#"):
            continue
        first = number if first < 0 else first
        sample.append(line)
        if len(sample) > SAMPLE:
            break
    if not sample or sample[0].lstrip().startswith(("{", "[")):
        return None
    # What parts no cells of the first line parts none of its names; where that line is one name, any will do.
    present = [d for d in (",", ";", "\t", "|", " ") if d in sample[0] or d in comment]
    found = [f for d in present or [","] if (f := _laid_out(sample, comment, d, first))]
    return max(found, key=lambda f: (f.delimiter != " ", len(f.names)), default=None)


def split_rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    """The cells of every line."""
    if delimiter == " ":
        return (line.split() for line in lines)
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _laid_out(sample: list[str], comment: str, delimiter: str, first: int) -> Layout | None:
    try:
        rows = [[cell.strip() for cell in row] for row in split_rows(sample, delimiter) if row]
    except csv.Error:
        return None
    names, skip = rows[0], first + 1
    if all(to_float(cell) is not None for cell in names) and comment:
        # numpy.savetxt writes its header as a comment
        names, skip = next(split_rows([comment.lstrip("# ")], delimiter)), first
        rows.insert(0, names)
    body = rows[1:]
    if body and len(names) > 1 and all(len(row) == len(names) + 1 for row in body):
        names = ["", *names]  # R leaves the row names without a heading
    width = len(names)
    if any(_counts(cell, comma=delimiter == ";") for cell in names) or not any(
        c.isalpha() for c in "".join(names)
    ):
        return None
    known = any(
        metrics.step_rank(n) is not None or metrics.kind(n) in {"loss", "error", "rising"} for n in names
    )
    numeric = [
        sum(_counts(row[i], comma=delimiter == ";") for row in body if i < len(row)) for i in range(width)
    ]
    if width == 1 or delimiter == " ":
        # Words and blanks are everywhere: here every cell must speak for a table.
        if (
            not known
            or len(body) < 2
            or any(len(row) != width for row in body)
            or sum(numeric) < width * len(body)
        ):
            return None
    elif body:
        same = sum(len(row) == width for row in body)
        if same < 0.8 * (len(body) - 1) or same == 0 or not any(numeric):
            return None
    elif not known:
        return None
    return Layout(unique_names(names), delimiter, skip, len(body))


def _counts(cell: str, *, comma: bool) -> bool:
    """Whether a cell is what stands below the heading of a metric: a number, or how long something took."""
    return cell_number(cell, decimal_comma=comma) is not None or _CLOCK.fullmatch(cell) is not None


def clean_name(name: str) -> str:
    r"""A name that can be shown anywhere: nothing unprintable in it, and no longer than a line.

    >>> clean_name("lo\x1bss"), clean_name("a" * 500) == "a" * 199 + "…"
    ('lo�ss', True)
    """
    if not name.isprintable():
        name = "".join(c if c.isprintable() else "\ufffd" for c in name)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names without padding; one that comes again is numbered."""
    seen: dict[str, int] = {}
    unique = []
    for name in (clean_name(n.strip()) for n in names):
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}.{seen[name] - 1}")
    return tuple(unique)
