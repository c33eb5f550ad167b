"""The board: the list of runs, the runs that are open, and who is told when something changes."""

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
from pathlib import Path

from descentry.core.errors import DescentryError
from descentry.web.board import _data, _units
from descentry.web.board._errands import Worker, WorkerFailedError
from descentry.web.board._follow import Follower, More, follower
from descentry.web.board._opened import Opened
from descentry.web.board._runlist import SHARE, RunList
from descentry.web.board._summary import keys
from descentry.web.board._units import Unit

LOOK = 0.15  # seconds between looks at the files of a run that is watched
SOON = 0.5  # seconds between two readings of a whole run at least, where nothing else shows what came
LATER = 5.0  # … and where its points are followed, so that only its story waits
MOST_OPEN = 48


class Board:
    """The runs below a folder.

    Two workers read: one for whoever waits for a page, the other for the list and for files to be saved.

    Args:
        folder: Where the runs are.

    Attributes:
        folder: The same.
        list: What is known of all runs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._front, self._back = Worker(folder), Worker(folder)
        self.list = RunList(self._back, self._notify)
        self._opened: OrderedDict[str, Opened] = OrderedDict()
        self._watched: dict[str, int] = {}
        self._following: dict[str, asyncio.Task[None]] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._read_at: dict[str, tuple[float, float]] = {}  # when a run was read whole, and how long it took
        self._listeners: set[asyncio.Event] = set()
        self._keeping: asyncio.Task[None] | None = None
        self._numbers = itertools.count()
        self._place: Path | None = None

    async def start(self) -> None:
        """Begins to keep the list; nothing is read before somebody asks for it."""
        self._place = Path(tempfile.mkdtemp(prefix="descentry-board-"))
        self._keeping = asyncio.create_task(self.list.keep())

    async def stop(self) -> None:
        """Ends the workers and removes what they wrote."""
        tasks = [*self._following.values(), *([self._keeping] if self._keeping else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(self._front.stop(), self._back.stop())
        self._opened.clear()
        if self._place is not None:
            shutil.rmtree(self._place, ignore_errors=True)

    # Runs that are open.

    async def opened(self, run_id: str, *, fresh: bool = False) -> Opened:
        """A run with its points, read if need be.

        Args:
            run_id: Which.
            fresh: Read it again where its files have changed, unless that was done a moment ago.

        Raises:
            DescentryError: It cannot be read.
            NotFoundError: There is no such run.
        """
        if not self.list.scanned:
            self.list.runs()  # asked for: it is kept up from now on
            await self.list.scan()
        if run_id not in self._opened:
            self.list.unit(run_id)
        async with self._locks.setdefault(run_id, asyncio.Lock()):
            run = self._opened.get(run_id)
            if run is None:
                run = Opened(*self.list.unit(run_id))
                await self._read(run_id, run)
            elif fresh and await self._is_behind(run_id, run):
                await self._read(run_id, run)
            self._opened[run_id] = run
            self._opened.move_to_end(run_id)
            self._forget()
            return run

    async def _is_behind(self, run_id: str, run: Opened) -> bool:
        """Whether a run that nobody follows has changed since it was read, and may be read again."""
        if run_id in self._watched or not self._may_read(run_id, SOON):
            return False
        return (await self._now(run)).state != run.unit.state

    def _forget(self) -> None:
        for run_id in list(self._opened):
            if len(self._opened) <= MOST_OPEN:
                return
            if run_id not in self._watched:
                del self._opened[run_id]
                self._locks.pop(run_id, None)
                self._read_at.pop(run_id, None)

    def _may_read(self, run_id: str, least: float) -> bool:
        """Whether a run was not read a moment ago."""
        at, cost = self._read_at.get(run_id, (-least, 0.0))
        return time.monotonic() - at > max(least, SHARE * cost)

    async def _now(self, run: Opened) -> Unit:
        """The logs of a run in the state that they are in."""
        return await asyncio.to_thread(_units.touched, self.folder, self.list.latest(run.unit))

    async def _read(self, run_id: str, run: Opened) -> None:
        """Reads a run whole.

        Raises:
            DescentryError: It cannot be read.
            WorkerFailedError: The worker could not do it.
        """
        assert self._place is not None
        unit = await self._now(run)
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
        self.list.renew(unit, run.position, found["summary"])
        self._notify()

    async def file(self, run_id: str, kind: str) -> tuple[Path, str]:
        """The report of a run as a page (``page``), or its points as CSV (``export``), and the run's name.

        Raises:
            DescentryError: It cannot be read.
            WorkerFailedError: The worker could not do it.
        """
        assert self._place is not None
        run = await self.opened(run_id)
        unit = await self._now(run)
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
            WorkerFailedError: The worker could not do it.
        """
        run = await self.opened(run_id, fresh=True)
        self._watched[run_id] = self._watched.get(run_id, 0) + 1
        if run_id not in self._following:
            self._following[run_id] = asyncio.create_task(self._follow(run_id, run))
        return run

    def unwatch(self, run_id: str) -> None:
        """Ends one watch of a run."""
        left = self._watched.get(run_id, 0) - 1
        if left > 0:
            self._watched[run_id] = left
            return
        self._watched.pop(run_id, None)
        if task := self._following.pop(run_id, None):
            task.cancel()

    async def _follow(self, run_id: str, run: Opened) -> None:
        seen, stale = run.unit.state, False
        while True:
            await asyncio.sleep(LOOK)
            state = (await self._now(run)).state
            if state == seen and not stale:
                continue
            if state != seen and run.follower is not None:
                more = await asyncio.to_thread(_looked, run.follower)
                if more is None:
                    run.follower = None
                elif run.append(more):
                    self._notify()
            seen, stale = state, True
            least = SOON if run.follower is None or run.follower.more_to_tell else LATER
            if self._may_read(run_id, least):
                async with self._locks.setdefault(run_id, asyncio.Lock()):
                    # Half written, or removed: the next look tells.
                    with contextlib.suppress(DescentryError, WorkerFailedError, OSError, ValueError):
                        await self._read(run_id, run)
                        stale = run.unit.state != state


def _looked(follows: Follower) -> Mapping[str, More] | None:
    """What came; None where the run has to be read whole, also because following it has a defect."""
    try:
        return follows.look()
    except Exception:  # noqa: BLE001 - the worker reads it too, and there a defect shows
        return None
