"""The points of a run in a file that two processes share: one writes it, the other maps it.

A run of ten million points is read and summed up by the worker, and costs the server no memory of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from descentry.core.data import Floats, Ints, Run
from descentry.web.board._pyramid import Level, Pyramid, levels_of

_LEVEL = ("low", "middle", "high", "bad", "kind")


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A series as it is drawn: its points, their times where it has them, and its sums."""

    name: str
    split: str
    step_name: str
    points: Pyramid
    time: Floats | None

    @property
    def step(self) -> Ints:
        """int64[n]."""
        return np.asarray(self.points.x, np.int64)


def write(run: Run, path: Path) -> list[dict[str, Any]]:
    """Writes the series of a run, and returns where what stands in the file.

    Memory: the sums of one series at a time.

    Raises:
        OSError: There is no room for it.
    """
    places: dict[tuple[int, int, str], dict[str, Any]] = {}
    index = []
    with path.open("wb") as stream:

        def put(array: npt.NDArray[Any]) -> dict[str, Any]:
            array = np.ascontiguousarray(array)
            # Metrics that were logged together share their steps and times.
            key = (array.__array_interface__["data"][0], len(array), array.dtype.str)
            if key not in places:
                stream.write(bytes(-stream.tell() % 8))
                places[key] = {"at": stream.tell(), "n": len(array), "type": array.dtype.str}
                array.tofile(stream)
            return places[key]

        for series in run.series:
            sums = levels_of(series.value)
            index.append(
                {
                    "name": series.name,
                    "split": series.split,
                    "step_name": series.step_name,
                    "step": put(series.step),
                    "value": put(series.value),
                    "time": None if series.time is None else put(series.time),
                    "levels": [{name: put(getattr(level, name)) for name in _LEVEL} for level in sums],
                }
            )
            for level in sums:  # what stood at their addresses may soon be something else
                for name in _LEVEL:
                    array = getattr(level, name)
                    places.pop((array.__array_interface__["data"][0], len(array), array.dtype.str), None)
    return index


def read(path: Path, index: Sequence[Mapping[str, Any]]) -> list[Curve]:
    """The series in a file, mapped: pages of it are in memory while they are used.

    Raises:
        OSError: It cannot be mapped.
    """
    whole = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)

    def get(place: Mapping[str, Any]) -> npt.NDArray[Any]:
        kind = np.dtype(place["type"])
        return np.asarray(whole[place["at"] : place["at"] + place["n"] * kind.itemsize]).view(kind)

    return [_curve(entry, get) for entry in index]


def _curve(entry: Mapping[str, Any], get: Callable[[Mapping[str, Any]], npt.NDArray[Any]]) -> Curve:
    levels = [Level(**{name: get(level[name]) for name in _LEVEL}) for level in entry["levels"]]
    return Curve(
        entry["name"],
        entry["split"],
        entry["step_name"],
        Pyramid(get(entry["step"]), get(entry["value"]), levels),
        None if entry["time"] is None else get(entry["time"]),
    )
