"""The server's side of the worker: starts it, hands requests on, gives each tab its pictures, and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from descentry.web.lab import frames

PATIENCE = 120.0  # seconds without a sign of life at work; the bench stops after 20 of computing
START = 120.0  # seconds until it must be ready: importing PyTorch on a cold disk takes long
MOST_TABS = 64

Message = bytes | dict[str, Any]


class Inbox:
    """What a tab has yet to be sent: the newest picture, as each is whole, and every message."""

    def __init__(self) -> None:
        self._some = asyncio.Event()
        self._messages: list[dict[str, Any]] = []
        self._picture: bytes | None = None

    def put(self, message: Message) -> None:
        """A picture takes the place of the one that waits."""
        if isinstance(message, bytes):
            self._picture = message
        else:
            self._messages = [*self._messages[-9:], message]
        self._some.set()

    async def __aiter__(self) -> AsyncIterator[Message]:
        while True:
            await self._some.wait()
            self._some.clear()
            messages, self._messages = self._messages, []
            picture, self._picture = self._picture, None
            for message in messages:
                yield message
            if picture is not None:
                yield picture


class Worker:
    """One worker process for all tabs; started when it is first needed, or by ``start``."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._inboxes: dict[int, Inbox] = {}
        self._asked: dict[int, tuple[int, float]] = {}  # tab: id, when
        self._heard = 0.0
        self._ready = False
        self._numbers = itertools.count(1)
        self._starting = asyncio.Lock()
        self._closed = False

    @property
    def pid(self) -> int | None:
        """Of the process; None where there is none."""
        return self._process.pid if self._process is not None else None

    async def start(self) -> None:
        """Starts the process, unless it runs."""
        async with self._starting:
            if self._closed or (self._process is not None and self._process.returncode is None):
                return
            self._ready = False
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "descentry.web.lab.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=frames.LARGEST,
            )
            self._heard = time.monotonic()
            self._keep(self._read(self._process))
            self._keep(self._guard(self._process))

    async def stop(self) -> None:
        """Ends the process and everything that waits for it."""
        self._closed = True
        process, self._process = self._process, None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def open(self) -> tuple[int, Inbox] | None:
        """A place for a tab; None where there are too many."""
        if len(self._inboxes) >= MOST_TABS:
            return None
        tab = next(self._numbers)
        self._inboxes[tab] = Inbox()
        return tab, self._inboxes[tab]

    def close(self, tab: int) -> None:
        """The tab is gone."""
        self._inboxes.pop(tab, None)
        self._asked.pop(tab, None)
        self._send(tab, {"leave": True})

    async def ask(self, tab: int, request: Mapping[str, Any]) -> None:
        """Hands a request on; an older one of the same tab is given up."""
        await self.start()
        if not self._ready and tab in self._inboxes:
            self._inboxes[tab].put(
                {"waiting": "The lab is being set up: PyTorch takes a few seconds to start."}
            )
        self._asked[tab] = (int(request["id"]), time.monotonic())
        self._send(tab, request)

    def _send(self, tab: int, message: Mapping[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdin.is_closing():
            return
        with contextlib.suppress(OSError, RuntimeError):
            process.stdin.write(frames.frame(tab, frames.JSON, json.dumps(message).encode()))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length, tab, kind = frames.HEAD.unpack(await process.stdout.readexactly(frames.HEAD.size))
                body = await process.stdout.readexactly(length)
                self._heard = time.monotonic()
                if kind == frames.PICTURE:
                    self._give(tab, body)
                else:
                    self._hear(tab, json.loads(body))
        if not self._closed:
            await process.wait()
            self._tell_lost()

    def _give(self, tab: int, message: Message) -> None:
        if tab in self._inboxes:
            self._inboxes[tab].put(message)

    def _hear(self, tab: int, message: dict[str, Any]) -> None:
        if "ready" in message:
            self._ready = True
        elif "done" in message:
            if self._asked.get(tab, (0, 0.0))[0] == message["done"]:
                self._asked.pop(tab, None)
        else:
            self._give(tab, message)

    async def _guard(self, process: asyncio.subprocess.Process) -> None:
        """Ends a worker that no longer answers; the next request starts another."""
        while process.returncode is None:
            await asyncio.sleep(1.0)
            patience = PATIENCE if self._ready else START
            asked = max((when for _, when in self._asked.values()), default=0.0)
            silent = time.monotonic() - max(self._heard, asked)
            if self._asked and silent > patience:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                return

    def _tell_lost(self) -> None:
        how = "Try again; where it happens again, take fewer steps or less data."
        said = {"what": "the worker process ended, and is started anew", "where": "lab", "how": how}
        for tab, (id, _) in self._asked.items():
            if tab in self._inboxes:
                self._inboxes[tab].put({"id": id, "error": said})
        self._asked.clear()

    def _keep(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
