"""Parquet, for pandas, Polars, DuckDB and data platforms.

## What it is

A column store: the same table as in CSV, but typed and compressed.

## What is written

The step as int64, the time and every metric as float64. A cell is null where the metric was not logged; NaN
is NaN.

## Limits

Needs pyarrow: `pip install 'descentry[parquet]'`. The settings of the run are not in it. Times are left out
where not every metric has them. pandas takes null and NaN for the same.

## Example

    descentry export runs/exp1 --to parquet
"""

from __future__ import annotations

from pathlib import Path

from descentry.core.errors import MissingExtraError
from descentry.export._entry import Exporter
from descentry.export._table import TIME, Table

_INSTALL = "pip install 'descentry[parquet]'"


def _write(table: Table, path: Path) -> None:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise MissingExtraError("Parquet needs pyarrow, which is not installed", how=_INSTALL) from None
    columns = {table.step_name: pa.array(table.step)}
    if table.time is not None:
        columns[TIME] = pa.array(table.time)
    for name, column in table.columns.items():
        columns[name] = pa.array(column.value, mask=~column.filled)
    pq.write_table(pa.table(columns), path)


EXPORTER = Exporter("parquet", "Parquet table", ".parquet", _write)
