"""What a scene shows: charts with named phases, the surface with paths, sentences; and how they travel.

Every picture is whole: a later one of the same request replaces the earlier, so that one that is not drawn
in time can be left out.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from descentry.core.data import Floats

Role = Literal["yours", "other", "repair", "reference"]


@dataclass(frozen=True)
class Line:
    """One curve of a chart.

    Attributes:
        name: What it is called where it ends and in the table.
        x: float64[n].
        y: float64[n]; NaN and infinities stay, and are marked.
        role: ``yours`` is drawn strongest, ``other`` grey.
        behaviours: What it does, by id; empty while that is not known.
        dashed: Whether it is drawn with dashes.
        dots: Whether its points are drawn as dots, and not joined.
    """

    name: str
    x: Floats
    y: Floats
    role: Role = "other"
    behaviours: tuple[str, ...] = ()
    dashed: bool = False
    dots: bool = False


@dataclass(frozen=True)
class Mark:
    """A line across a chart at one value, with its name: a bound, a step at which something was changed."""

    at: float
    name: str
    axis: Literal["x", "y"] = "x"


@dataclass(frozen=True)
class Chart:
    """Curves over one axis."""

    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    log_x: bool = False
    log_y: bool = True
    marks: tuple[Mark, ...] = ()
    phases: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Path:
    """Where a run went on the ground.

    Attributes:
        name: As its curve is called.
        x: float64[m]; one more than steps.
        y: float64[m].
        role: As for Line.
        loss: float64[m], where it is known.
        slope_x: float64[m]: the gradient at each point, where it is to be shown.
        slope_y: The same along y.
    """

    name: str
    x: Floats
    y: Floats
    role: Role = "other"
    loss: Floats | None = None
    slope_x: Floats | None = None
    slope_y: Floats | None = None


@dataclass(frozen=True)
class Ground:
    """The loss seen from above.

    Attributes:
        title: What it is.
        grid: float64[side, side], row by row from the bottom.
        window: Left, right, bottom, top.
        paths: What went over it.
        minima: Known minima.
        note: What to keep in mind: what share of a path's variance a slice shows.
        labels: Names of the two axes.
        startable: Whether a click may set the start (settings ``start_x`` and ``start_y``).
    """

    title: str
    grid: Floats
    window: tuple[float, float, float, float]
    paths: tuple[Path, ...] = ()
    minima: tuple[tuple[float, float], ...] = ()
    note: str = ""
    labels: tuple[str, str] = ("x", "y")
    startable: bool = False


@dataclass(frozen=True)
class Picture:
    """What is shown of one experiment.

    Attributes:
        chart: In the middle.
        ground: On the right: the surface and the path.
        side: A second chart, where there is no surface, or below it.
        panels: Small charts beside each other, in place of the one in the middle.
        facts: Names and values, such as ("η × sharpness", "2.3, and 2 is the edge").
        told: What the code that reads real runs says of the chosen curve (``naming.told``).
        happened: What happened, in a sentence or two.
        answer: Which answer of the scene's question came true; empty while that is open.
        whole: Whether this is the last picture of the request.
    """

    chart: Chart | None = None
    ground: Ground | None = None
    side: Chart | None = None
    panels: tuple[Chart, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    happened: str = ""
    answer: str = ""
    whole: bool = False


def parts(picture: Picture) -> tuple[dict[str, Any], dict[str, Floats]]:
    """The picture as JSON and the arrays it refers to, as ``{"$": name}``."""
    arrays: dict[str, Floats] = {}
    plain = _plain(picture, arrays)
    assert isinstance(plain, dict)
    return plain, arrays


def _plain(value: Any, arrays: dict[str, Floats]) -> Any:
    if isinstance(value, np.ndarray):
        name = str(len(arrays))
        arrays[name] = np.ascontiguousarray(value, dtype=np.float64).ravel()
        return {"$": name}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item, arrays) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, arrays) for item in value]
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, np.integer):
        return int(value)
    return value
