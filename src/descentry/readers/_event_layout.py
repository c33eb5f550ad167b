"""Where the numbers stand in one event of a TensorBoard file.

Events that were logged alike have the same layout: the same bytes but for the wall time, the step and the
values. So one event in a thousand is walked field by field, and the others are read by its layout.
The messages: ``event.proto``, ``summary.proto`` and ``tensor.proto`` of TensorFlow.
"""

from __future__ import annotations

from dataclasses import dataclass

from descentry.readers import _protobuf as pb

# Numbers with a fixed width are named by their numpy type; the others are varints: ``int``, or the bits of
# a 16-bit float.
FIXED_WIDTH = {"<f4": 4, "<f8": 8, "<f2": 2, "bfloat16": 2, "<i4": 4, "<i8": 8, "<i2": 2, "|i1": 1, "|u1": 1}

# tensor dtype (types.proto): kind in tensor_content, field that holds values otherwise, and their kind there
_DTYPES = {
    1: ("<f4", 5, "<f4"),
    2: ("<f8", 6, "<f8"),
    3: ("<i4", 7, "int"),
    4: ("|u1", 7, "int"),
    5: ("<i2", 7, "int"),
    6: ("|i1", 7, "int"),
    9: ("<i8", 10, "int"),
    14: ("bfloat16", 13, "bfloat16 bits"),
    19: ("<f2", 13, "half bits"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """A number in a record: where its bytes are, and what they are."""

    start: int
    stop: int
    kind: str

    @property
    def is_varint(self) -> bool:
        """Whether its length can change from event to event."""
        return self.kind not in FIXED_WIDTH


@dataclass(frozen=True, slots=True)
class Point:
    """A scalar in a record: its tag, where the bytes of the tag are, and its value."""

    tag: str
    tag_start: int
    tag_stop: int
    value: Span


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the numbers of an event are: wall time and step, and each tag with its value."""

    wall_time: Span | None
    step: Span | None
    points: tuple[Point, ...]

    @property
    def numbers(self) -> list[Span]:
        """Everything that may differ between two events with the same tags."""
        return [s for s in (self.wall_time, self.step) if s is not None] + [p.value for p in self.points]


def layout_of(record: bytes) -> Layout:
    """The layout of an event.

    Raises:
        ProtobufError: The record is not an event.
    """
    wall_time = step = None
    points: list[Point] = []
    for number, wire, start, stop in pb.fields(record):
        if number == 1 and wire == pb.FIXED64:
            wall_time = Span(start, stop, "<f8")
        elif number == 2 and wire == pb.VARINT:
            step = Span(start, stop, "int")
        elif number == 5 and wire == pb.BYTES:
            for inner, inner_wire, low, high in pb.fields(record, start, stop):
                if inner == 1 and inner_wire == pb.BYTES:
                    point = _point(record, low, high)
                    points.extend([] if point is None else [point])
    return Layout(wall_time, step, tuple(points))


def file_version(record: bytes) -> str:
    """What the first event of a file says of its format, such as ``brain.Event:2``; empty if it does not.

    Raises:
        ProtobufError: The record is not an event.
    """
    for number, wire, start, stop in pb.fields(record):
        if number == 3 and wire == pb.BYTES:
            return pb.text(record, start, stop)
    return ""


def _point(record: bytes, start: int, stop: int) -> Point | None:
    """The tag and value of a summary value, if it is a scalar."""
    plugin, tag_start, tag_stop = "", 0, 0
    value: Span | None = None
    for number, wire, low, high in pb.fields(record, start, stop):
        if number == 1 and wire == pb.BYTES:
            tag_start, tag_stop = low, high
        elif number == 2 and wire == pb.FIXED32:
            value = Span(low, high, "<f4")
        elif number == 8 and wire == pb.BYTES:
            value = _scalar(record, low, high)
        elif number == 9 and wire == pb.BYTES:
            plugin = _plugin(record, low, high)
    if value is None or plugin not in {"", "scalars"}:
        return None
    return Point(pb.text(record, tag_start, tag_stop), tag_start, tag_stop, value)


def _plugin(record: bytes, start: int, stop: int) -> str:
    for number, wire, low, high in pb.fields(record, start, stop):
        if number == 1 and wire == pb.BYTES:
            for inner, inner_wire, begin, end in pb.fields(record, low, high):
                if inner == 1 and inner_wire == pb.BYTES:
                    return pb.text(record, begin, end)
    return ""


def _scalar(record: bytes, start: int, stop: int) -> Span | None:
    """The one number of a tensor; None for a tensor of many, of none, or of text."""
    dtype = 0
    found: dict[int, tuple[int, int, int]] = {}
    for number, wire, low, high in pb.fields(record, start, stop):
        if number == 1 and wire == pb.VARINT:
            dtype = pb.unsigned(record, low, high)
        elif number == 2 and wire == pb.BYTES:
            if not _holds_one(record, low, high):
                return None
        else:
            found[number] = (wire, low, high)
    if dtype not in _DTYPES:
        return None
    in_content, field, in_field = _DTYPES[dtype]
    for number, kind in ((4, in_content), (field, in_field)):
        wire, low, high = found.get(number, (pb.BYTES, 0, 0))
        width = FIXED_WIDTH.get(kind)
        # Packed or not, one value is the same bytes; a longer list is no scalar.
        if high > low and (high - low == width if width else _is_one_varint(record, low, high)):
            return Span(low, high, kind)
    return None


def _holds_one(record: bytes, start: int, stop: int) -> bool:
    """Whether a tensor shape is that of one number: (), (1,), (1, 1)."""
    for number, wire, low, high in pb.fields(record, start, stop):
        if number == 2 and wire == pb.BYTES:
            size = 0
            for inner, inner_wire, begin, end in pb.fields(record, low, high):
                if inner == 1 and inner_wire == pb.VARINT:
                    size = pb.signed(record, begin, end)
            if size != 1:
                return False
        elif number == 3 and wire == pb.VARINT and pb.unsigned(record, low, high):
            return False
    return True


def _is_one_varint(record: bytes, start: int, stop: int) -> bool:
    return (
        record[stop - 1] < 0x80
        and all(byte >= 0x80 for byte in record[start : stop - 1])
        and stop - start <= 10
    )
