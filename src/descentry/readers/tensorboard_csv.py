"""One scalar chart that TensorBoard exported as CSV.

## What it is

The download link below a scalar chart of TensorBoard writes the points of one run and one tag: wall time,
step, value.

## How it is recognised

The header is exactly `Wall time,Step,Value`.

## What is read

One series by step, with its times. TensorBoard names the file `run-RUN-tag-TAG.csv`: the tag becomes the
metric's name and the run's name the run's. Under any other name, the file's name is the metric's.

## Limits

TensorBoard exports a thousand points at most, picked at random from longer series, unless it was started
with `--samples_per_plugin`: short spikes can be missing. The event files themselves hold every point.

## Example

```
Wall time,Step,Value
1585769947.21,0,2.3025851249694824
1585769948.02,10,1.9441229104995728
```
"""

from __future__ import annotations

from pathlib import Path

from descentry.readers._columns import drafts
from descentry.readers._draft import Draft
from descentry.readers._entry import Reader, Rows
from descentry.readers._layout import header
from descentry.readers._pattern import Pattern
from descentry.readers._source import Source
from descentry.readers._table import read_table

_EXPORT = Pattern(r"run-(?P<run>.*?)-?tag-(?P<tag>.+)")


def _sniff(source: Source) -> float:
    return 0.95 if header(source) == ("wall time", "step", "value") else 0.0


def _read(source: Source) -> list[Draft]:
    found = drafts(read_table(source), source.name)
    run, tag = names(source)
    for draft in found:
        draft.name = run
        for track in draft.tracks:
            if track.name.lower() == "value":
                track.name = tag
    return found


def names(source: Source) -> tuple[str, str]:
    """The run and the tag that TensorBoard put into the file's name."""
    export = _EXPORT.fullmatch(source.stem)
    if export is None:
        return "", source.stem if source.path else "value"
    return export["run"].strip("-."), export["tag"]


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "run-exp1-tag-loss.csv"
    lines = [f"{1.7e9 + i!r},{step},{value!r}\n" for i, (step, value) in enumerate(rows)]
    path.write_text("Wall time,Step,Value\n" + "".join(lines), encoding="utf-8")
    return path


READER = Reader("tensorboard-csv", "a TensorBoard chart exported as CSV", _sniff, _read, _write_sample)
