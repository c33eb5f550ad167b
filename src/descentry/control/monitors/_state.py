"""What a watch knows, as JSON would keep it: numbers, lists and dictionaries; infinities by name."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any


def dump(thing: Any) -> dict[str, Any]:
    """The slots of an object by name, those of the objects that it holds included."""
    return {name: _plain(getattr(thing, name)) for name in _slots(type(thing))}


def fill(thing: Any, state: Mapping[str, Any]) -> Any:
    """Puts back what ``dump`` took; lists of objects are for their owner to make."""
    for name in _slots(type(thing)):
        kept, now = state[name], getattr(thing, name)
        if hasattr(now, "__slots__"):
            fill(now, kept)
        else:
            setattr(thing, name, float(kept) if isinstance(kept, str) else kept)
    return thing


def _slots(kind: type[Any]) -> tuple[str, ...]:
    return tuple(name for base in reversed(kind.__mro__) for name in getattr(base, "__slots__", ()))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if isfinite(value) else str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return dump(value) if hasattr(value, "__slots__") else value
