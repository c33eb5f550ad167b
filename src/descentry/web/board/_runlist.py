"""The list of runs below a folder: looked through and explained in the background, while it is watched."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from descentry.core.errors import DescentryError, NotFoundError
from descentry.web.board._errands import Worker, WorkerFailedError
from descentry.web.board._summary import named
from descentry.web.board._units import Unit

SCAN = 2.0  # seconds between looks at the folder
LINGER = 30.0  # seconds that the list is kept up after it was last asked for
SHARE = 5.0  # what took a second is not done again for five: no more than a sixth of a processor goes into it


@dataclass(eq=False)
class _Listed:
    """A unit in the list: its runs, as far as they have been explained."""

    unit: Unit
    runs: list[dict[str, Any]] = field(default_factory=list)
    explained: str = ""  # the state in which it was
    cost: float = 0.0
    at: float = 0.0
    trouble: str = ""

    @property
    def due(self) -> bool:
        """Whether it has changed, and was not explained a moment ago."""
        waits = SHARE * self.cost if self.explained else 0.0
        return self.explained != self.unit.state and time.monotonic() - self.at > waits


class RunList:
    """The runs below the folder of a worker.

    Args:
        worker: Reads and explains.
        changed: Called whenever the list has.

    Attributes:
        scanned: Whether the folder was looked through, ever.
        trouble: Why it could not be; empty where it could.
    """

    def __init__(self, worker: Worker, changed: Callable[[], None]) -> None:
        self.scanned = False
        self.trouble = ""
        self._worker, self._changed = worker, changed
        self._listed: dict[str, _Listed] = {}
        self._asked = -LINGER
        self._wake = asyncio.Event()

    def runs(self) -> list[dict[str, Any]]:
        """The lines of all runs that have been explained so far; to ask for them keeps them up to date."""
        self._asked = time.monotonic()
        self._wake.set()
        return [run for listed in self._listed.values() for run in listed.runs]

    def troubles(self) -> list[dict[str, str]]:
        """What was recognised and could not be read."""
        listed = self._listed.values()
        return [{"where": named(each.unit.where), "what": each.trouble} for each in listed if each.trouble]

    @property
    def pending(self) -> int:
        """How many logs wait to be explained for the first time."""
        return sum(each.explained == "" for each in self._listed.values())

    def unit(self, run_id: str) -> tuple[Unit, int]:
        """The unit of a run, and which run of it is meant.

        Raises:
            NotFoundError: There is no such run.
        """
        key, _, position = run_id.rpartition("-")
        listed = self._listed.get(key)
        if listed is None or not position.isdecimal() or len(position) > 6:
            raise NotFoundError("there is no such run", how="Was its log removed, or renamed?")
        return listed.unit, int(position)

    def latest(self, unit: Unit) -> Unit:
        """A unit with the files that it has now."""
        listed = self._listed.get(unit.key)
        return unit if listed is None else listed.unit

    def renew(self, unit: Unit, position: int, summary: dict[str, Any]) -> None:
        """Takes the line of a run that was read elsewhere meanwhile."""
        listed = self._listed.get(unit.key)
        if listed is not None and position < len(listed.runs):
            listed.runs[position] = summary
            self._changed()

    async def keep(self) -> None:
        """Keeps the list up to date, while it is asked for, until it is cancelled."""
        while True:
            if time.monotonic() - self._asked > LINGER:
                self._wake.clear()
                await self._wake.wait()
            began, took = time.monotonic(), 0.0
            try:
                await self.scan()
                took = time.monotonic() - began
                await self._explain_some()
            except (DescentryError, WorkerFailedError) as error:
                self.trouble = str(error).splitlines()[0]
                self._changed()
                took = LINGER / SHARE
            await asyncio.sleep(max(SCAN, SHARE * took))

    async def scan(self) -> None:
        """Looks which units there are.

        Raises:
            DescentryError: The folder cannot be looked through.
        """
        found = [Unit.of(unit) for unit in (await self._worker.ask("scan"))["units"]]
        changed = {unit.key for unit in found} != set(self._listed) or not self.scanned or self.trouble
        listed = {}
        for unit in found:
            listed[unit.key] = known = self._listed.get(unit.key) or _Listed(unit)
            known.unit = unit
        self._listed = listed
        self.scanned, self.trouble = True, ""
        if changed:
            self._changed()

    async def _explain_some(self) -> None:
        """Explains what is due, what is new and changed last first, until it is time to look again."""
        until = time.monotonic() + SCAN
        due = [each for each in self._listed.values() if each.due]
        due.sort(key=lambda each: (each.explained != "", -each.unit.modified))
        for each in due:
            began, unit = time.monotonic(), each.unit
            try:
                each.runs = (await self._worker.ask("explain", unit=unit.to_dict()))["runs"]
                each.trouble = ""
            except (DescentryError, WorkerFailedError) as error:
                each.trouble, each.runs = str(error).splitlines()[0], []
            each.explained, each.at = unit.state, time.monotonic()
            each.cost = each.at - began
            self._changed()
            if each.at > until:
                return
