"""The server's side of the worker: starts it when it is needed, asks it one thing at a time, and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from descentry.core.errors import DescentryError, TooLargeError, UnknownNameError
from descentry.web.board._worker import frame

PATIENCE = 300.0  # seconds for one thing; a worker that takes longer is ended, and a new one started
MOST = 256 << 20  # bytes of an answer


class WorkerFailedError(Exception):
    """The worker ended, was ended, or has a defect."""


def _heard(task: asyncio.Task[Any]) -> None:
    """Takes note of how a task ended, for whoever left before it did."""
    if not task.cancelled():
        task.exception()


class Worker:
    """A worker for the runs below a folder.

    Args:
        folder: Where the runs are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._stopped = False

    async def ask(self, do: str, **what: Any) -> dict[str, Any]:
        """Asks for one thing, after those that were asked for before.

        Raises:
            DescentryError: A mistake that the user can mend.
            TooLargeError: It takes too long.
            UnknownNameError: It is not there any more.
            WorkerFailedError: The worker could not do it.
        """
        answering = asyncio.create_task(self._answered({"do": do, **what}))
        answering.add_done_callback(_heard)
        # Whoever asked may leave; the answer is waited for all the same, or the next one would get it.
        found = await asyncio.shield(answering)
        if mistake := found.get("mistake"):
            if mistake.pop("missing", False):
                raise UnknownNameError(mistake["what"], where=mistake["where"], name="", known=())
            raise DescentryError(mistake["what"], where=mistake["where"], how=mistake["how"])
        if "defect" in found:
            raise WorkerFailedError(found["defect"])
        answer: dict[str, Any] = found["ok"]
        return answer

    async def _answered(self, message: dict[str, Any]) -> dict[str, Any]:
        """Asks, after those that were asked for before; a worker that fails is ended.

        Raises:
            TooLargeError: It takes too long.
            WorkerFailedError: The worker ended.
        """
        async with self._lock:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await self._asked(message)
            except TimeoutError:
                await self._end()
                raise TooLargeError("this took too long to read", how="Is it a log of training?") from None
            except (OSError, asyncio.IncompleteReadError) as error:
                await self._end()
                raise WorkerFailedError(f"the worker ended while it was at {message['do']!r}") from error

    async def _asked(self, message: dict[str, Any]) -> dict[str, Any]:
        """Sends a message and waits for the answer.

        Raises:
            OSError: The answer is longer than any is, or nobody is to answer any more.
        """
        if self._stopped:
            raise OSError("the server ends")
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(frame(message))
        await process.stdin.drain()
        length = int.from_bytes(await process.stdout.readexactly(4), "little")
        if length > MOST:
            raise OSError("too long an answer")
        found: dict[str, Any] = json.loads(await process.stdout.readexactly(length))
        return found

    async def _started(self) -> asyncio.subprocess.Process:
        # -P: a folder of runs may hold a numpy.py, which nobody asked to run.
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "descentry.web.board._worker",
            str(self._folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=sys.platform != "win32",  # Ctrl-C is the server's affair, which then ends it
        )

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    async def stop(self) -> None:
        """Ends the worker, whatever it is at; it is not started again."""
        self._stopped = True
        await self._end()
