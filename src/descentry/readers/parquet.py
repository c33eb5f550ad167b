"""Parquet tables, such as pandas, Polars, Arrow and data platforms write.

## What it is

A column store: one row a log, one column a metric, as in a CSV, but typed and compressed.

## How it is recognised

It begins with the bytes `PAR1`.

## What is read

Every column of numbers, as `csv` reads it: a step column is found by its name, a split column puts its word
before the metric, a run column makes one run of each name, and a long table is read as if each metric had a
column of its own. Columns of other types are not loaded. pandas writes NaN as null: where a metric's cells
stay null to the end of the run, the report says that they most likely were NaN.

## Limits

Needs pyarrow: `pip install 'descentry[parquet]'`. Nested columns are not read. A file whose end is missing
cannot be read, because Parquet keeps its directory there.

## Example

```python
import pandas as pd

pd.DataFrame({"step": [0, 10], "loss": [2.3026, 1.9441]}).to_parquet("history.parquet")
```
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from descentry.core.errors import DescentryError, MissingExtraError
from descentry.readers._cells import DISTINCT, Column, Table
from descentry.readers._columns import drafts
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._source import Source
from descentry.readers._vocabulary import tells

_INSTALL = "pip install 'descentry[parquet]'"
_CELLS = 1 << 19  # cells that are held twice, in Arrow's form and in numpy's
_BUFFER = 1 << 18


def _sniff(source: Source) -> float:
    return 0.95 if source.head.startswith(b"PAR1") else 0.0


def _read(source: Source) -> list[Draft]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError(
            "Parquet files need pyarrow, which is not installed", where=source.name, how=_INSTALL
        ) from None
    try:
        data = source.path or pa.BufferReader(source.read_bytes())
        # Buffered and not mapped: mapped pages would count as memory held, for as long as the file is read.
        with pq.ParquetFile(data, buffer_size=_BUFFER, pre_buffer=False) as file:
            return drafts(_load(file), source.name)
    except (pa.ArrowException, OSError) as error:
        how = "A file that is still being written, or was cut short, has no directory at its end."
        raise DescentryError(
            f"the Parquet file cannot be read: {str(error).splitlines()[0]}", where=source.name, how=how
        ) from None


def _load(file: Any) -> Table:
    """The columns worth having, a batch of rows at a time, so that little is held twice."""
    import pyarrow as pa

    table = Table(file.metadata.num_rows)
    numbers: dict[str, _Numbers] = {}
    words: dict[str, list[str | None]] = {}
    for field in file.schema_arrow:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            numbers[field.name] = _Numbers(kind, table.length)
        elif (pa.types.is_string(kind) or pa.types.is_large_string(kind)) and tells(field.name):
            words[field.name] = []
    wanted = [*numbers, *words]
    rows = max(1 << 12, _CELLS // max(1, len(wanted)))
    for batch in file.iter_batches(rows, columns=wanted) if wanted else ():
        for name, cells in zip(batch.schema.names, batch.columns, strict=True):
            if name in numbers:
                numbers[name].add(cells)
            else:
                words[name].extend(cells.to_pylist())
    columns = {name: Column(n.value, n.filled) for name, n in numbers.items()}
    table.numbers = {name: c for name, c in columns.items() if c.filled is None or c.filled.any()}
    for name, found in words.items():
        if len(set(found)) <= max(DISTINCT, table.length // 10):
            table.texts[name] = [w or "" for w in found]
    return table


class _Numbers:
    """A column of numbers that is filled batch by batch."""

    def __init__(self, kind: Any, length: int) -> None:
        import pyarrow as pa

        self._cast = pa.float64() if pa.types.is_decimal(kind) else None
        dtype = np.int64 if pa.types.is_integer(kind) else np.float64
        self.value: np.ndarray[Any, Any] = np.empty(length, dtype)
        self.filled: np.ndarray[Any, np.dtype[np.bool_]] | None = None
        self._at = 0

    def add(self, cells: Any) -> None:
        """Adds the next cells, an Arrow array."""
        import pyarrow as pa

        part = slice(self._at, self._at + len(cells))
        self._at = part.stop
        if self._cast is not None or pa.types.is_dictionary(cells.type):
            cells = cells.cast(pa.float64())
        if cells.null_count:
            if self.filled is None:
                self.filled = np.ones(len(self.value), dtype=np.bool_)
                self.value = self.value.astype(np.float64, copy=False)
            self.filled[part] = cells.is_valid().to_numpy(zero_copy_only=False)
        self.value[part] = cells.to_numpy(zero_copy_only=False)


def _write_sample(folder: Path, rows: Rows) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "history.parquet"
    columns = {
        "step": [step for step, _ in rows],
        "loss": [value for _, value in rows],
        "lr": [0.001] * len(rows),
    }
    pq.write_table(pa.table(columns), path)
    return path


READER = Reader(
    "parquet",
    "Parquet",
    _sniff,
    _read,
    _write_sample,
    exempt={"truncated": "Parquet keeps its directory at its end: nothing can be read without it"},
)
