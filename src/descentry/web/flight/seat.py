"""The server's side of a seat: its worker process, which ends with the browser's tab."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

LARGEST = 8 << 20  # bytes of a line from the worker: a flight of many steps, or a report
FRUGAL = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Seat:
    """One worker process. Use it in an ``async with`` block; when that is left the process has ended."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Seat:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "descentry.web.flight.worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LARGEST,
            env={**os.environ, **FRUGAL},
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    @property
    def pid(self) -> int | None:
        """Of the process."""
        return self._process.pid if self._process is not None else None

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Hands on what the pilot does; waits where the worker is busy."""
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(ConnectionError, RuntimeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            await self._process.stdin.drain()

    async def said(self) -> AsyncIterator[dict[str, Any]]:
        """What the worker says, until it ends."""
        assert self._process is not None
        assert self._process.stdout is not None
        with contextlib.suppress(ConnectionError, asyncio.LimitOverrunError, ValueError):
            while line := await self._process.stdout.readline():
                yield json.loads(line)
