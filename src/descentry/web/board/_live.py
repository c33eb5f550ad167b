"""The WebSocket of the board: new points and new verdicts, as they come.

A page says what it wants; until it says otherwise it gets

- after ``{"type": "list"}``: ``{"type": "runs", "runs": […], "gone": […], "pending": n,
  "scanned": bool, "trouble": text}``, at first with all runs, then with those that have changed;
- after ``{"type": "watch", "run": id, "series": [key, …]}`` (all series where none are named):
  ``{"type": "watching", "run": id, "counts": {key: n}}``; then, packed as ``sockets.pack`` does,
  ``{"type": "points", "run": id, "series": [{"key", "from", "total"}, …]}`` with the columns ``0.step``,
  ``0.value``, ``0.time``, ``1.step`` …; ``{"type": "skipped", "run": id, "series": [key, …]}`` where it was
  too slow for all of them, and asks for tiles instead; and ``{"type": "run", "run": id, "summary": …,
  "rewritten": bool}`` when the run was told anew: points known before may have changed where it was
  rewritten;
- ``{"type": "unwatch", "run": id}`` ends that.

What a page has got is remembered as a number for each series, so a slow page costs no more than a quick one.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import numpy as np
from starlette.websockets import WebSocket

from descentry.core.errors import DescentryError
from descentry.web.board._board import Board
from descentry.web.board._errands import WorkerFailedError
from descentry.web.board._opened import Opened
from descentry.web.sockets import close, messages, pack, send

PACE = 0.05  # seconds between two messages at least
KEEP_UP = 10.0  # seconds between two looks at the list at most
MOST_AT_ONCE = 20_000  # points of a series in one message
MOST_WATCHED = 32
MOST_SERIES = 500


class _Watched:
    """A run that a page watches, and how much of it the page has got."""

    def __init__(self, run: Opened, wanted: list[str] | None) -> None:
        self.run = run
        self._wanted = wanted
        self._generation = run.generation
        self.sent = {key: run.count(key) for key in self._keys()}

    def _keys(self) -> list[str]:
        return [k for k in self.run.keys if self._wanted is None or k in self._wanted][:MOST_SERIES]

    def told_anew(self) -> dict[str, Any] | None:
        """What to say when the run was read whole since the last time."""
        if self.run.generation == self._generation:
            return None
        rewritten = self.run.rewritten > self._generation
        self._generation = self.run.generation
        if rewritten:
            self.sent = {key: self.run.count(key) for key in self._keys()}
        return {"type": "run", "summary": self.run.detail["summary"], "rewritten": rewritten}

    def news(self, run_id: str) -> list[dict[str, Any] | bytes]:
        """The points that the page has not got."""
        heads: list[dict[str, Any]] = []
        columns: dict[str, Any] = {}
        skipped = []
        for key in self._keys():
            total, got = self.run.count(key), self.sent.get(key, 0)
            if total <= got:
                continue
            self.sent[key] = total
            if total - got > MOST_AT_ONCE:
                skipped.append(key)
                continue
            step, value, time = self.run.points(key, got, total)
            prefix = len(heads)
            heads.append({"key": key, "from": got, "total": total})
            columns |= {f"{prefix}.step": step, f"{prefix}.value": value}
            if not np.isnan(time).all():
                columns[f"{prefix}.time"] = time
        out: list[dict[str, Any] | bytes] = []
        if heads:
            out.append(pack({"type": "points", "run": run_id, "series": heads}, columns))
        if skipped:
            out.append({"type": "skipped", "run": run_id, "series": skipped})
        return out


class _Page:
    """One connection."""

    def __init__(self, board: Board, socket: WebSocket) -> None:
        self._board, self._socket = board, socket
        self._watched: dict[str, _Watched] = {}
        self._known: dict[str, Any] | None = None
        self._state: dict[str, Any] = {}

    async def talk(self) -> None:
        """Until the page leaves."""
        async with self._board.listening() as changed:
            sender: asyncio.Task[None] | None = None
            try:
                async for message in messages(self._socket):
                    if sender is None:
                        sender = asyncio.create_task(self._send(changed))
                    await self._said(message)
                    changed.set()
            finally:
                if sender is not None:
                    sender.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await sender
                for run_id in self._watched:
                    self._board.unwatch(run_id)

    async def _said(self, message: dict[str, Any]) -> None:
        kind, run_id = message.get("type"), str(message.get("run", ""))
        if kind == "list":
            self._known, self._state = {}, {}
        elif kind == "watch":
            await self._watch(run_id, message.get("series"))
        elif kind == "unwatch" and run_id in self._watched:
            del self._watched[run_id]
            self._board.unwatch(run_id)

    async def _watch(self, run_id: str, series: Any) -> None:
        if run_id not in self._watched and len(self._watched) >= MOST_WATCHED:
            await self._trouble(run_id, f"no more than {MOST_WATCHED} runs can be watched at once")
            return
        wanted = list(map(str, series[:MOST_SERIES])) if isinstance(series, list) else None
        try:
            run = await self._board.watch(run_id)
        except (DescentryError, WorkerFailedError) as error:
            await self._trouble(run_id, error.what if isinstance(error, DescentryError) else str(error))
            return
        if run_id in self._watched:
            self._board.unwatch(run_id)
        watched = _Watched(run, wanted)
        await send(self._socket, {"type": "watching", "run": run_id, "counts": watched.sent})
        self._watched[run_id] = watched

    async def _trouble(self, run_id: str, what: str) -> None:
        await send(self._socket, {"type": "trouble", "run": run_id, "what": what})

    async def _send(self, changed: asyncio.Event) -> None:
        try:
            while True:
                # A list that is watched asks for itself, so that it is kept up.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(KEEP_UP):
                        await changed.wait()
                changed.clear()
                for message in self._news():
                    if not await send(self._socket, message):
                        return
                await asyncio.sleep(PACE)
        except Exception:
            await close(self._socket, 1011, "a defect of the server")  # the page would wait for ever
            raise

    def _news(self) -> list[dict[str, Any] | bytes]:
        out: list[dict[str, Any] | bytes] = []
        if self._known is not None:
            now = {run["id"]: run for run in self._board.list.runs()}
            more = [run for run_id, run in now.items() if self._known.get(run_id) is not run]
            gone = [run_id for run_id in self._known if run_id not in now]
            state = {
                "pending": self._board.list.pending,
                "scanned": self._board.list.scanned,
                "trouble": self._board.list.trouble,
            }
            if more or gone or self._state != state:
                self._state = state
                out.append({"type": "runs", "runs": more, "gone": gone, **state})
            self._known = now
        for run_id, watched in self._watched.items():
            if told := watched.told_anew():
                out.append({**told, "run": run_id})
            out.extend(watched.news(run_id))
        return out


async def live(board: Board, socket: WebSocket) -> None:
    """Talks with a page until it leaves."""
    await _Page(board, socket).talk()
