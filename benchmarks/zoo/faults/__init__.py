"""What can be done to a training: one file for each sort of thing, all of them in ``KINDS``."""

from __future__ import annotations

from benchmarks.zoo.faults import (
    events,
    harmless,
    initial,
    lookalikes,
    mismatches,
    numerics,
    rates,
    regularised,
    samples,
    scales,
    signal,
    wiring,
)
from benchmarks.zoo.faults._kind import Kind

_ROOMS = (
    harmless,
    lookalikes,
    rates,
    signal,
    initial,
    scales,
    mismatches,
    samples,
    wiring,
    regularised,
    numerics,
    events,
)
KINDS: dict[str, Kind] = {kind.id: kind for room in _ROOMS for kind in room.KINDS}

__all__ = ["KINDS", "Kind"]
