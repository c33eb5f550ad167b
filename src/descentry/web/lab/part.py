"""The lab's part of the site: its page, its scenes, the quiz, data of one's own, and a WebSocket a tab."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import itertools
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from descentry.core.errors import DescentryError, MissingExtraError
from descentry.web import sockets
from descentry.web.lab import _entry, own_data, quiz
from descentry.web.lab.optimizers import OPTIMIZERS
from descentry.web.lab.process import Inbox, Worker
from descentry.web.lab.surfaces import SURFACES
from descentry.web.parts import Part, Settings

MOST_TABLES = 8  # of users' own; the oldest is forgotten


class Lab:
    """What the routes share: the worker, and the tables that were dropped."""

    def __init__(self) -> None:
        self.worker = Worker()
        self._tables: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._numbers = itertools.count(1)

    async def scenes(self, request: Request) -> Response:
        """Every scene, and what they share."""
        return JSONResponse(
            {
                "scenes": [scene.plain() for scene in _entry.scenes().values()],
                "optimizers": {one.id: {"title": one.title, "idea": one.idea} for one in OPTIMIZERS.values()},
                "surfaces": {one.id: {"title": one.title, "lesson": one.lesson} for one in SURFACES.values()},
            }
        )

    async def script(self, request: Request) -> Response:
        """One experiment as a PyTorch script.

        Raises:
            DescentryError: There is no such scene, or it cannot be set so.
        """
        asked = await _json(request)
        scene = _entry.scene(str(asked.get("scene", "")))
        settings = scene.read(_settings(asked))
        return PlainTextResponse(await anyio.to_thread.run_sync(scene.script, settings))

    async def data(self, request: Request) -> Response:
        """Takes a CSV file, and says what was read of it.

        Raises:
            DescentryError: It holds no table of numbers.
        """
        body = await request.body()
        if len(body) > own_data.LARGEST:
            raise DescentryError("the file is too large", where="data", how="Up to 1 MiB is read.")
        text = body.decode("utf-8-sig", errors="replace")
        table, names, notes = await anyio.to_thread.run_sync(own_data.read_csv, text)
        key = str(next(self._numbers))
        self._tables[key] = {"table": table.tolist(), "names": names}
        while len(self._tables) > MOST_TABLES:
            self._tables.popitem(last=False)
        return JSONResponse({"key": key, "names": names, "rows": len(table), "notes": notes})

    async def quiz(self, request: Request) -> Response:
        """The recorded curves of the quiz; what they do is told with them, as the page marks the answers."""
        return JSONResponse(await anyio.to_thread.run_sync(quiz.questions))

    async def live(self, socket: WebSocket) -> None:
        """One tab: settings come in, pictures go out."""
        place = self.worker.open()
        if place is None:
            await sockets.close(socket, 1013, "too many tabs are open")
            return
        tab, inbox = place
        giving = asyncio.create_task(_give(socket, inbox))
        try:
            async for message in sockets.messages(socket):
                try:
                    await self.worker.ask(tab, self._request(message))
                except DescentryError as error:
                    said = {"what": error.what, "where": error.where, "how": error.how}
                    inbox.put({"id": message.get("id"), "error": said})
        finally:
            self.worker.close(tab)
            giving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await giving

    def _request(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """What the worker is asked, checked.

        Raises:
            DescentryError: It is no request.
            MissingExtraError: PyTorch is missing.
        """
        id = message.get("id")
        if isinstance(id, bool) or not isinstance(id, int) or not 0 <= id < 2**53:
            raise DescentryError("a request needs a number", where="id")
        if importlib.util.find_spec("torch") is None:
            raise MissingExtraError(
                "PyTorch is needed, and is not installed", where="lab", how="pip install 'descentry[lab]'"
            )
        scene = _entry.scene(str(message.get("scene", "")))
        asked = {"id": id, "scene": scene.id, "settings": scene.read(_settings(message))}
        own = self._tables.get(str(message.get("data", "")))
        return asked | ({"own": own} if own is not None else {})


def part(settings: Settings) -> Part:
    """The lab, for the server."""
    lab = Lab()
    return Part(
        "lab",
        {"/lab": "lab.html"},
        [
            Route("/scenes", lab.scenes),
            Route("/script", lab.script, methods=["POST"]),
            Route("/data", lab.data, methods=["POST"]),
            Route("/quiz", lab.quiz),
            WebSocketRoute("/live", lab.live),
        ],
        start=lab.worker.start if importlib.util.find_spec("torch") else None,
        stop=lab.worker.stop,
        max_body=own_data.LARGEST + 1024,
    )


async def _give(socket: WebSocket, inbox: Inbox) -> None:
    async for message in inbox:
        if not await sockets.send(socket, message):
            return


async def _json(request: Request) -> Mapping[str, Any]:
    """The body as a JSON object.

    Raises:
        DescentryError: It is none.
    """
    try:
        value = await request.json()
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise DescentryError("the request is no JSON object", where="body")
    return value


def _settings(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of a request.

    Raises:
        DescentryError: They are no object.
    """
    settings = asked.get("settings", {})
    if not isinstance(settings, dict):
        raise DescentryError("settings are an object: a value for each control", where="settings")
    return settings
