"""The board: which runs there are below a folder, which are open, and what has changed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from descentry.core.errors import DescentryError, NotFoundError
from descentry.web.board import _data, _units
from descentry.web.board._errands import Worker, WorkerFailedError
from descentry.web.board._follow import Follower, More, follower
from descentry.web.board._opened import Opened
from descentry.web.board._summary import keys, named
from descentry.web.board._units import Unit

LOOK = 0.15  # seconds between looks at the files of a run that is watched
SCAN = 2.0  # seconds between looks at the folder while somebody watches the list
LINGER = 30.0  # seconds that the list is kept up after it was last asked for
SOON, LATER = (
    0.5,
    5.0,
)  # seconds between readings of a whole run: where nothing else shows what came, and where
SHARE = 5.0  # … and so many times as long as a reading takes, whichever is more
MOST_OPEN = 48
MOST_WAITING = 200_000  # points behind a run's end before it is read whole again


@dataclass(eq=False)
class _Listed:
    """A unit in the list: its runs, as far as they have been explained."""

    unit: Unit
    runs: list[dict[str, Any]] = field(default_factory=list)
    explained: str = ""  # the state in which it was
    cost: float = 0.0
    at: float = 0.0
    trouble: str = ""


class Board:
    """The runs below a folder.

    Two workers read: one for whoever waits for a page, the other for the list.

    Args:
        folder: Where the runs are.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scanned = False
        self.trouble = ""
        self._front, self._back = Worker(folder), Worker(folder)
        self._listed: dict[str, _Listed] = {}
        self._opened: OrderedDict[str, Opened] = OrderedDict()
        self._watched: dict[str, int] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._read_at: dict[str, tuple[float, float]] = {}  # when a run was read whole, and how long it took
        self._listeners: set[asyncio.Event] = set()
        self._asked = -LINGER
        self._wake = asyncio.Event()
        self._numbers = itertools.count()
        self._place: Path | None = None

    async def start(self) -> None:
        """Begins to keep the list; nothing is read before somebody asks for it."""
        self._place = Path(tempfile.mkdtemp(prefix="descentry-board-"))
        self._tasks[""] = asyncio.create_task(self._keep_list())

    async def stop(self) -> None:
        """Ends the workers and removes what they wrote."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await asyncio.gather(self._front.stop(), self._back.stop())
        self._opened.clear()
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)

    # The list.

    def runs(self) -> list[dict[str, Any]]:
        """The lines of all runs that have been explained so far; to ask for them keeps them up to date."""
        self._asked = time.monotonic()
        self._wake.set()
        return [run for listed in self._listed.values() for run in listed.runs]

    def troubles(self) -> list[dict[str, str]]:
        """What was recognised and could not be read."""
        return [
            {"where": named(each.unit.where), "what": each.trouble}
            for each in self._listed.values()
            if each.trouble
        ]

    @property
    def pending(self) -> int:
        """How many logs wait to be explained."""
        return sum(each.explained == "" for each in self._listed.values())

    async def _keep_list(self) -> None:
        while True:
            if time.monotonic() - self._asked > LINGER:
                self._wake.clear()
                await self._wake.wait()
            took = 0.0
            try:
                began = time.monotonic()
                await self._scan()
                took = time.monotonic() - began
                await self._explain_some()
            except DescentryError as error:
                self.trouble = str(error).splitlines()[0]
                self._notify()
            except WorkerFailedError as error:
                self.trouble = f"the folder cannot be searched: {error}"
                self._notify()
                await asyncio.sleep(LINGER)
            await asyncio.sleep(max(SCAN, SHARE * took))

    async def _scan(self) -> None:
        found = [Unit.of(unit) for unit in (await self._back.ask("scan"))["units"]]
        changed = {unit.key for unit in found} != set(self._listed) or not self.scanned
        listed = {}
        for unit in found:
            known = self._listed.get(unit.key) or _Listed(unit)
            known.unit = unit
            listed[unit.key] = known
        self._listed = listed
        self.scanned, self.trouble = True, ""
        if changed:
            self._notify()

    async def _explain_some(self) -> None:
        """Explains what has changed, what changed last first, until it is time to look again."""
        until = time.monotonic() + SCAN
        now = time.monotonic()
        due = [
            each
            for each in self._listed.values()
            if each.explained != each.unit.state
            and now - each.at > (SHARE * each.cost if each.explained else 0)
        ]
        due.sort(key=lambda each: (each.explained != "", -each.unit.modified))
        for each in due:
            began, unit = time.monotonic(), each.unit
            try:
                each.runs = (await self._back.ask("explain", unit=unit.to_dict()))["runs"]
                each.trouble = ""
            except DescentryError as error:
                each.trouble, each.runs = str(error).splitlines()[0], []
            except WorkerFailedError as error:
                each.trouble, each.runs = str(error), []
            each.explained = unit.state
            each.at = time.monotonic()
            each.cost = each.at - began
            self._notify()
            if each.at > until:
                return

    # Runs that are open.

    def _unit(self, run_id: str) -> tuple[Unit, int]:
        """The unit of a run, and which run of it is meant.

        Raises:
            NotFoundError: There is no such run.
        """
        key, _, position = run_id.rpartition("-")
        listed = self._listed.get(key)
        if listed is None or not position.isdecimal() or len(position) > 6:
            raise NotFoundError("there is no such run", how="Was its log removed, or renamed?")
        return listed.unit, int(position)

    async def opened(self, run_id: str, *, fresh: bool = False) -> Opened:
        """A run with its points, read if need be.

        Args:
            run_id: Which.
            fresh: Read it again where its files have changed, unless that was done a moment ago.

        Raises:
            DescentryError: It cannot be read.
            NotFoundError: There is no such run.
        """
        if not self.scanned:
            self._asked = time.monotonic()
            await self._scan()
        async with self._locks.setdefault(run_id, asyncio.Lock()):
            run = self._opened.get(run_id)
            if run is None:
                try:
                    unit, position = self._unit(run_id)
                except NotFoundError:
                    self._locks.pop(run_id, None)
                    raise
                run = Opened(unit, position)
                await self._read(run_id, run)
            elif fresh and run_id not in self._watched and self._may_read(run_id, SOON):
                unit = await asyncio.to_thread(_units.touched, self.folder, run.unit)
                if unit.state != run.unit.state:
                    await self._read(run_id, run)
            self._opened[run_id] = run
            self._opened.move_to_end(run_id)
            self._forget()
            return run

    def _forget(self) -> None:
        for run_id in list(self._opened):
            if len(self._opened) <= MOST_OPEN:
                return
            if run_id not in self._watched:
                del self._opened[run_id]
                self._locks.pop(run_id, None)
                self._read_at.pop(run_id, None)

    def _may_read(self, run_id: str, least: float) -> bool:
        """Whether a run was not read a moment ago: reading takes up no more than a fifth of the time."""
        at, cost = self._read_at.get(run_id, (-LINGER, 0.0))
        return time.monotonic() - at > max(least, SHARE * cost)

    async def _read(self, run_id: str, run: Opened) -> None:
        """Reads a run whole.

        Raises:
            DescentryError: It cannot be read.
        """
        assert self._place is not None
        listed = self._listed.get(run.unit.key)
        unit = listed.unit if listed is not None else run.unit
        unit = await asyncio.to_thread(_units.touched, self.folder, unit)
        path = self._place / f"{next(self._numbers)}.bin"
        began = time.monotonic()
        try:
            found = await self._front.ask("load", unit=unit.to_dict(), position=run.position, path=str(path))
            curves = await asyncio.to_thread(_data.read, path, found.pop("index"))
        finally:
            self._read_at[run_id] = (time.monotonic(), time.monotonic() - began)
            if sys.platform != "win32":
                path.unlink(missing_ok=True)  # mapped, it lives until nobody uses it any more
        place, runs = found.pop("place"), found.pop("runs")
        named = dict(zip(keys([curve.name for curve in curves]), curves, strict=True))
        follows = await asyncio.to_thread(follower, self.folder, unit, place, named, runs)
        more = None if follows is None else await asyncio.to_thread(_looked, follows)
        run.follower = follows if more is not None else None
        run.renew(unit, found, named)
        run.append(more or {})
        if listed is not None and run.position < len(listed.runs):
            listed.runs[run.position] = found["summary"]
        self._notify()

    async def file(self, run_id: str, kind: str) -> tuple[Path, str]:
        """The report of a run as a page (``page``), or its points as CSV (``export``), and the run's name.

        Raises:
            DescentryError: It cannot be read.
        """
        assert self._place is not None
        run = await self.opened(run_id)
        unit = await asyncio.to_thread(_units.touched, self.folder, run.unit)
        path = self._place / f"{next(self._numbers)}.{kind}"
        # A table of ten million rows takes its time; pages are not to wait for it.
        found = await self._back.ask(kind, unit=unit.to_dict(), position=run.position, path=str(path))
        return path, str(found["name"])

    # Watching.

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[asyncio.Event]:
        """An event that is set whenever something has changed."""
        event = asyncio.Event()
        self._listeners.add(event)
        try:
            yield event
        finally:
            self._listeners.discard(event)

    def _notify(self) -> None:
        for event in self._listeners:
            event.set()

    async def watch(self, run_id: str) -> Opened:
        """Opens a run and follows it until ``unwatch``.

        Raises:
            DescentryError: It cannot be read.
        """
        run = await self.opened(run_id, fresh=True)
        self._watched[run_id] = self._watched.get(run_id, 0) + 1
        if run_id not in self._tasks:
            self._tasks[run_id] = asyncio.create_task(self._follow(run_id, run))
        return run

    def unwatch(self, run_id: str) -> None:
        """Ends one watch of a run."""
        left = self._watched.get(run_id, 0) - 1
        if left > 0:
            self._watched[run_id] = left
            return
        self._watched.pop(run_id, None)
        if task := self._tasks.pop(run_id, None):
            task.cancel()

    async def _follow(self, run_id: str, run: Opened) -> None:
        seen = run.unit.state
        stale = False
        while True:
            await asyncio.sleep(LOOK)
            state = (await asyncio.to_thread(_units.touched, self.folder, run.unit)).state
            if state == seen and not stale:
                continue
            if state != seen and run.follower is not None:
                more = await asyncio.to_thread(_looked, run.follower)
                if more is None:
                    run.follower = None
                elif run.append(more):
                    self._notify()
            seen = state
            stale = True
            least = SOON if run.follower is None or run.follower.more_to_tell else LATER
            if run.waiting > MOST_WAITING or self._may_read(run_id, least):
                async with self._locks.setdefault(run_id, asyncio.Lock()):
                    try:
                        await self._read(run_id, run)
                    except (DescentryError, WorkerFailedError):
                        continue  # half written, or removed: the next look tells
                stale = run.unit.state != state


def _looked(follows: Follower) -> Mapping[str, More] | None:
    """What came; None where the run has to be read whole, also because following it has a defect."""
    try:
        return follows.look()
    except Exception:  # noqa: BLE001 - the worker reads it too, and there a defect shows
        return None
