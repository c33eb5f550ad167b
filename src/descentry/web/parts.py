"""What a part of the site is, and how the server finds the parts that there are."""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.routing import BaseRoute

from descentry import web
from descentry.core.errors import UnknownNameError

MAX_BODY = 1 << 20


def data_folder() -> Path:
    """Where a program of this user keeps what outlives it, as the system has it; not made by this."""
    if sys.platform == "win32":
        home = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "descentry"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the parts are told when they are made.

    Attributes:
        folder: The folder of runs that is served; None where none is.
        data: Where a part keeps what outlives the server. It may not exist yet.
    """

    folder: Path | None = None
    data: Path = field(default_factory=data_folder)


@dataclass(frozen=True)
class Part:
    """A part of the site: pages, and what their scripts ask for.

    Everything is behind the guard of the server: a request that comes here has the right host, origin and
    token, and a body no larger than ``max_body``.

    Attributes:
        name: Its name, which is its folder in ``web/`` too.
        pages: The file in ``static/`` for each path: ``{"/lab": "lab.html"}``.
        routes: What its scripts ask for, mounted under ``/api/<name>/``.
        start: Awaited before the first request.
        stop: Awaited when the server ends: closes processes, files and threads.
        max_body: Bytes that a request may bring along.
    """

    name: str
    pages: Mapping[str, str]
    routes: Sequence[BaseRoute] = ()
    start: Callable[[], Awaitable[None]] | None = None
    stop: Callable[[], Awaitable[None]] | None = None
    max_body: int = MAX_BODY


def names() -> list[str]:
    """The parts there are: the folders of ``web/`` with a ``part.py``; nothing of theirs is imported."""
    folders = [Path(place) for place in web.__path__]
    return sorted(
        m.name
        for m in pkgutil.iter_modules(web.__path__)
        if m.ispkg and any((folder / m.name / "part.py").is_file() for folder in folders)
    )


def make(wanted: Iterable[str], settings: Settings) -> list[Part]:
    """The parts of these names.

    Raises:
        UnknownNameError: There is none of that name.
    """
    known = names()
    parts: list[Part] = []
    for name in wanted:
        if name not in known:
            raise UnknownNameError(f"the site has no part called {name!r}", name=name, known=known)
        parts.append(importlib.import_module(f"descentry.web.{name}.part").part(settings))
    return parts
