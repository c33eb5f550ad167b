"""Whatever a user gives, as plain data: numbers, settings, JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

_DEPTH = 8
_ITEMS = 1000
_TEXT = 2000


def number(value: Any) -> float | None:
    """A number, or what holds a single one (a 0-d tensor or array); None for anything else.

    >>> number(3), number(True), number("3"), number([1.0, 2.0])
    (3.0, 1.0, None, None)
    """
    if value is None or isinstance(value, (str, bytes, bytearray)):
        return None
    try:
        # A tensor's item() knows nothing of gradients, where float() of it warns.
        return float(value.item() if hasattr(value, "item") else value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except Exception:  # noqa: BLE001 - objects of any library come here, with errors of their own
        return None


def whole(value: Any) -> int | None:
    """A whole number of 64 bits, however it comes; None for anything else.

    >>> whole(3.0), whole(2.5), whole("3")
    (3, None, None)
    """
    found = value if type(value) is int else number(value)
    if found is None or not math.isfinite(found) or found != int(found) or not -(2**63) <= found < 2**63:
        return None
    return int(found)


def described(value: Any) -> str:
    """What a value is, in a word or two.

    >>> described([1, 2]), described(None)
    ('a list', 'None')
    """
    if value is None:
        return "None"
    shape = getattr(value, "shape", None)
    kind = type(value).__name__
    return f"{'an' if kind[:1].lower() in 'aeiou' else 'a'} {kind}" + (
        f" of shape {tuple(shape)}" if isinstance(shape, tuple) else ""
    )


def settings(config: Any) -> dict[str, Any]:
    """Settings as JSON values: from a dict, a namespace or a dataclass; of other objects, their text."""
    if config is None:
        return {}
    try:
        plain = _plain(config, _DEPTH)
    except Exception:  # noqa: BLE001 - a setting whose text cannot be had does not stop a training
        return {}
    return plain if isinstance(plain, dict) else {"config": plain}


def dumps(data: Any) -> str:
    """Data as JSON; what JSON has no word for, as its text."""
    try:
        return json.dumps(_plain(data, _DEPTH))
    except Exception:  # noqa: BLE001 - as for settings
        return "null"


def _plain(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value[:_TEXT]
    if depth:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: _plain(getattr(value, f.name), depth - 1) for f in dataclasses.fields(value)}
        if isinstance(value, Mapping):
            return {str(k): _plain(v, depth - 1) for k, v in _first(value.items())}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [_plain(v, depth - 1) for v in _first(value)]
        if type(value).__name__ == "Namespace":  # argparse
            return _plain(vars(value), depth)
    found = number(value)
    return str(value)[:_TEXT] if found is None else found


def _first(items: Iterable[Any]) -> Iterable[Any]:
    return (item for _, item in zip(range(_ITEMS), items, strict=False))
