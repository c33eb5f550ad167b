"""A table that a user drops on the page: numbers only, the last column the target, of bounded size."""

from __future__ import annotations

import csv
import io
import math

import numpy as np

from descentry.core.data import Floats
from descentry.core.errors import DescentryError, TooLargeError

LARGEST = 1 << 20  # bytes
MOST_ROWS = 2000  # the rest is left out: one step of all rates together stays a matter of milliseconds
MOST_COLUMNS = 13  # twelve inputs and the target
FEWEST_ROWS = 8


class NoTableError(DescentryError):
    """The file holds no table that a model could learn from."""

    def __init__(self, what: str) -> None:
        how = f"Wanted: at least {FEWEST_ROWS} rows, one input or more, and the target in the last column."
        super().__init__(what, where="data", how=how)


def read_csv(text: str) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """The numbers of a CSV file, the names of its columns, and what had to be left out.

    Columns that are not all numbers, or do not vary, are left out; rows with an empty or non-finite cell too.

    Returns:
        float64[n, columns], the target last; their names; and sentences for the user.

    Raises:
        TooLargeError: It is too large.
        NoTableError: No two columns of numbers are in it.
    """
    if len(text) > LARGEST:
        raise TooLargeError(
            f"the file holds {len(text) / 2**20:.1f} MiB",
            where="data",
            how="Up to 1 MiB is read: a few thousand rows.",
        )
    try:
        dialect = csv.Sniffer().sniff(text[:4096], delimiters=",;\t")
        rows = [row for row in csv.reader(io.StringIO(text), dialect) if row]
    except csv.Error:
        try:
            rows = [row for row in csv.reader(io.StringIO(text)) if row]
        except csv.Error as error:
            raise NoTableError(str(error)) from None
    if not rows:
        raise NoTableError("the file is empty")
    width = len(rows[0])
    named = any(_number(cell) is None and cell.strip() for cell in rows[0])
    names = [cell.strip()[:40] or f"column {i + 1}" for i, cell in enumerate(rows[0])]
    if not named:
        names = [f"column {i + 1}" for i in range(width)]
    body = [row for row in (rows[1:] if named else rows) if len(row) == width]
    columns = [[_number(row[i]) for row in body] for i in range(width)]
    # A column counts as numbers where nine in ten of its cells are.
    kept = [i for i in range(width) if sum(v is not None for v in columns[i]) >= max(1, 0.9 * len(body))]
    whole = [r for r in range(len(body)) if all(columns[i][r] is not None for i in kept)]
    table = np.array([[columns[i][r] for i in kept] for r in whole], dtype=np.float64).reshape(
        len(whole), len(kept)
    )
    varies = [j for j in range(len(kept)) if len(table) and np.ptp(table[:, j]) > 0]
    notes = []
    if len(varies) < width:
        notes.append(f"{width - len(varies)} of {width} columns are no numbers, or do not vary: left out.")
    if len(whole) < len(rows) - named:
        notes.append(f"{len(rows) - named - len(whole)} rows with empty or odd cells are left out.")
    table, names = table[:, varies], [names[kept[j]] for j in varies]
    if table.shape[1] < 2 or len(table) < FEWEST_ROWS:
        raise NoTableError(f"{table.shape[1]} columns of numbers with {len(table)} rows were found")
    if table.shape[1] > MOST_COLUMNS:
        notes.append(f"Only the first {MOST_COLUMNS - 1} inputs are used.")
        pick = [*range(MOST_COLUMNS - 1), table.shape[1] - 1]
        table, names = table[:, pick], [names[j] for j in pick]
    if len(table) > MOST_ROWS:
        notes.append(f"Only the first {MOST_ROWS:,} of {len(table):,} rows are used.")
        table = table[:MOST_ROWS]
    return table, tuple(names), tuple(notes)


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 1e100 else None
