"""Finds the entries of a room: one file, one constant, no central list.

A room such as ``behaviours`` is a package; each of its modules without a leading underscore defines one
constant (``BEHAVIOUR``). Other distributions add entries through the entry-point group ``descentry.<room>``.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

from descentry.core.errors import MissingExtraError, UnknownNameError

ROOMS: Mapping[str, str] = MappingProxyType(
    {
        "readers": "READER",
        "behaviours": "BEHAVIOUR",
        "instruments": "INSTRUMENT",
        "causes": "CAUSE",
        "remedies": "REMEDY",
        "export": "EXPORTER",
    }
)


@functools.cache
def entries(room: str) -> Mapping[str, Any]:
    """The entries of ``room`` by id, those of other distributions last.

    Raises:
        UnknownNameError: There is no such room.
        MissingExtraError: The room needs a library that is not installed.
        ValueError: Two entries that ship with descentry have one id.
    """
    if room not in ROOMS:
        raise UnknownNameError(f"there is no room called {room!r}", name=room, known=ROOMS)
    found: dict[str, Any] = {}
    for name, module in modules(room).items():
        entry = getattr(module, ROOMS[room])
        if entry.id in found:
            raise ValueError(f"two {room} are called {entry.id!r}; the second is {name}")
        found[entry.id] = entry
    for entry in _added(f"descentry.{room}"):
        found.setdefault(entry.id, entry)
    return MappingProxyType(found)


def _added(group: str) -> Iterator[Any]:
    """The entries that other distributions add; one that cannot be loaded is warned about and left out."""
    if f"[{group}]".encode() not in _entry_points(tuple(sys.path)):
        return
    # It takes 15 ms to import, which all would pay for the few who have such entries.
    import importlib.metadata

    for point in importlib.metadata.entry_points(group=group):
        try:
            yield point.load()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in the code of others
            warnings.warn(f"{point.value} ({group}) is left out: {error}", stacklevel=4)


@functools.cache
def _entry_points(path: tuple[str, ...]) -> bytes:
    """What the distributions on the path say of their entry points, where they name descentry."""
    pages = (page for folder in path for page in Path(folder or ".").glob("*-info/entry_points.txt"))
    return b"\n".join(text for text in (page.read_bytes() for page in pages) if b"[descentry." in text)


@functools.cache
def modules(room: str) -> Mapping[str, ModuleType]:
    """The entry modules of ``room`` that ship with descentry, by module name.

    Raises:
        MissingExtraError: They need a library that is not installed.
        ModuleNotFoundError: A module of descentry itself is missing.
    """
    package = importlib.import_module(f"descentry.{room}")
    names = sorted(m.name for m in pkgutil.iter_modules(package.__path__) if not m.name.startswith("_"))
    try:
        found = {name: importlib.import_module(f"descentry.{room}.{name}") for name in names}
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing != "torch":
            raise
        how = "pip install 'descentry[torch]'"
        raise MissingExtraError("PyTorch is needed, and is not installed", where=room, how=how) from None
    return MappingProxyType(found)


def entry(room: str, id: str) -> Any:
    """One entry of ``room``.

    Raises:
        UnknownNameError: The room has no such entry; the nearest is suggested.
    """
    known = entries(room)
    if id not in known:
        raise UnknownNameError(f"{room} has no entry called {id!r}", name=id, known=sorted(known))
    return known[id]


def page(room: str, id: str) -> str:
    """The page of an entry: the docstring of its module; empty for those of other distributions."""
    module = modules(room).get(id.replace("-", "_"))
    return (module.__doc__ or "") if module is not None else ""


def load(room: str, name: str) -> ModuleType:
    """A module of a room by name, for callers that may not import the room themselves."""
    return importlib.import_module(f"descentry.{room}.{name}")
