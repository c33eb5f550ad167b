"""NumPy files: `.npy` and `.npz`.

## What it is

What `numpy.save("losses.npy", losses)` and `numpy.savez("history.npz", loss=…, val_loss=…)` leave.

## How it is recognised

By the first bytes of a `.npy` file, or of an archive whose members are such files.

## What is read

One dimension is one curve, named after the file or after the array in the archive. Of a matrix each column
is a curve, named by its number; the first counts the steps where it rises in whole numbers. A structured
array has its fields for columns. In an archive, an array called `step`, `iteration`, `epoch` … counts the
steps of those of its length.

## Limits

Arrays of Python objects are pickles, which are never opened: save the numbers as an array of floats.
Arrays of text, of single numbers or of three dimensions and more are no curves, and are passed over.

## Example

```python
import numpy as np

import descentry

np.save("losses.npy", 2.3 * 0.98 ** np.arange(200))
print(descentry.explain("losses.npy").verdict)
```
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from descentry.core.data import Gap
from descentry.core.errors import NoCurveError, TooLargeError, UnknownFormatError
from descentry.readers._cells import counts_steps
from descentry.readers._draft import MAX_SERIES, Draft, Track
from descentry.readers._entry import Reader, Rows
from descentry.readers._layout import clean_name
from descentry.readers._source import MAX_DOCUMENT, Source

_NPY = b"\x93NUMPY"
_ZIP = b"PK\x03\x04"
_NAME_LENGTH = slice(26, 28)  # in the head of a member of an archive; the name stands at byte 30
_LARGEST = 4 * MAX_DOCUMENT


def _sniff(source: Source) -> float:
    head = source.head
    if head.startswith(_NPY):
        return 1.0
    if not head.startswith(_ZIP):
        return 0.0
    length = int.from_bytes(head[_NAME_LENGTH], "little")
    return float(head[30 : 30 + length].endswith(b".npy"))


def _read(source: Source) -> list[Draft]:
    import zipfile  # and what it imports: only archives wait for it

    gaps: list[Gap] = []
    try:
        if source.head.startswith(_NPY):
            arrays = {source.stem: _array(source.read_bytes(_LARGEST), source.name)}
        else:
            arrays = dict(_members(source, gaps))
    except (ValueError, EOFError, OSError, zipfile.BadZipFile, zipfile.LargeZipFile) as error:
        raise UnknownFormatError(f"the NumPy file cannot be read: {error}", where=source.name) from None
    tracks = [track for name, array in arrays.items() for track in _tracks(name, array, gaps)]
    if not tracks:
        shapes = [f"{name} {array.dtype} {array.shape}" for name, array in arrays.items()]
        raise NoCurveError(
            "no array in it is a curve",
            where=source.name,
            how="A curve is an array of numbers with one dimension." if shapes else "It holds no array.",
            found=shapes,
        )
    return [Draft(tracks, gaps=gaps)]


def _array(data: bytes, where: str) -> npt.NDArray[Any]:
    """The array in a `.npy` file.

    Raises:
        NoCurveError: It holds Python objects.
        ValueError: It is damaged.
    """
    try:
        array: npt.NDArray[Any] = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    except ValueError as error:
        if "allow_pickle" not in str(error):
            raise
        raise NoCurveError(
            "it holds Python objects, which are a pickle and are never opened",
            where=where,
            how="Save the numbers: numpy.save(path, numpy.asarray(losses, dtype=float))",
        ) from None
    return array


def _members(source: Source, gaps: list[Gap]) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """The arrays of an archive by name.

    Raises:
        TooLargeError: They are larger than any log.
    """
    import zipfile

    with source.open() as stream, zipfile.ZipFile(stream) as archive:
        members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
        if sum(m.file_size for m in members) > _LARGEST or len(members) > MAX_SERIES:
            raise TooLargeError("the arrays in it are larger than a log", where=source.name)
        for member in members:
            name = clean_name(member.filename.removesuffix(".npy"))
            try:
                yield name, _array(archive.read(member), source.name)
            except NoCurveError as error:
                gaps.append(Gap("unreadable", f"{name}: {error.what}"))


def _tracks(name: str, array: npt.NDArray[Any], gaps: list[Gap]) -> Iterator[Track]:
    if array.dtype.names and array.ndim == 1:
        for field in array.dtype.names:
            yield from _tracks(clean_name(field), array[field], gaps)
    elif array.dtype.kind not in "fiub" or array.ndim not in (1, 2) or array.size < 2:
        gaps.append(Gap("no-curve", f"{name} is no curve ({array.dtype}, shape {array.shape}): passed over"))
    elif array.ndim == 1 or 1 in array.shape:
        yield Track(name, array.astype(np.float64).ravel())
    elif array.shape[1] > MAX_SERIES:
        raise TooLargeError(f"{array.shape[1]:,} columns of numbers are no log of training")
    else:
        counted = counts_steps(array[:, 0].astype(np.float64))
        step = array[:, 0].astype(np.int64) if counted else None
        for i in range(int(counted), array.shape[1]):
            yield Track(f"{name} column {i + 1}", array[:, i].astype(np.float64), step=step)


def _write_sample(folder: Path, rows: Rows) -> Path:
    path = folder / "history.npz"
    step, value = zip(*rows, strict=True)
    np.savez(path, step=np.array(step), loss=np.array(value, dtype=np.float64))
    return path


READER = Reader(
    "numpy",
    "NumPy arrays (.npy, .npz)",
    _sniff,
    _read,
    _write_sample,
    exempt={"truncated": "an archive keeps its directory at its end: nothing can be read without it"},
)
