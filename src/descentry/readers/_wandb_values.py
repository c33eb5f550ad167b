"""The values in the rows of a ``.wandb`` file: numbers, JSON, and dictionaries of both.

Old writers store every value as JSON text; new ones may store numbers as such.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from descentry.core.errors import TooLargeError
from descentry.readers import _protobuf as pb
from descentry.readers._draft import to_float
from descentry.readers._source import parse_json

_DEEPEST = 16
# Strings stand for these where the writer's JSON has no other way.
_SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def numbers_in(record: bytes, start: int, stop: int) -> Iterable[tuple[str, float]]:
    """The numbers in one entry of a row, with their names.

    Raises:
        ProtobufError: The entry is no message.
    """
    key, value = named(record, start, stop)
    if isinstance(value, str):
        number = to_float(value)
        if number is not None:
            return [(key, number)]
        value = parsed(value)
    return _numbers(key, value)


def named(record: bytes, start: int, stop: int) -> tuple[str, Any]:
    """The name of an entry and its value: a number, or JSON as text.

    Raises:
        ProtobufError: The entry is no message.
    """
    keys: list[str] = []
    value: Any = None
    for number, wire, low, high in pb.fields(record, start, stop):
        if wire == pb.BYTES:
            if number in (1, 2):
                keys.append(pb.text(record, low, high))
            elif number in (8, 16):
                value = pb.text(record, low, high)
            elif number == 7:
                value = _SPELLED.get(pb.text(record, low, high))
        elif wire == pb.VARINT and number == 5:
            value = pb.zigzag(record, low, high)
        elif wire == pb.FIXED64 and number == 6:
            value = pb.double(record, low)
    return ".".join(keys), value


def parsed(text: str) -> Any:
    """A JSON value; None where it is none, or too deep."""
    try:
        return parse_json(text, "")
    except (ValueError, TooLargeError):
        return None


def _numbers(name: str, value: Any, depth: int = 0) -> Iterator[tuple[str, float]]:
    """The numbers in a value; those of dictionaries under their path."""
    if isinstance(value, str):
        value = _SPELLED.get(value)
    if isinstance(value, dict) and "_type" not in value and depth < _DEEPEST:
        for key, inner in value.items():
            yield from _numbers(f"{name}.{key}", inner, depth + 1)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            yield name, float(value)
        except OverflowError:
            yield name, math.inf if value > 0 else -math.inf
