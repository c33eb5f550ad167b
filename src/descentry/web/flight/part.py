"""The flight simulator as a part of the site: its page, levels, leaderboard, and a WebSocket a seat."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from descentry.core.errors import DescentryError, MissingExtraError
from descentry.web import sockets
from descentry.web.flight._level import FLOOR, Level, level, levels
from descentry.web.flight.leaderboard import Leaderboard, Row
from descentry.web.flight.log import log_of, seed_of
from descentry.web.flight.scoring import target
from descentry.web.flight.searched import SEED, known
from descentry.web.flight.seat import Seat
from descentry.web.parts import Part, Settings

SEATS = 8  # each is a process of some 250 MB
VERBS = {"takeoff", "rate", "batch", "rollback", "pause", "speed", "land", "rewind", "rival"}


class Hangar:
    """What the routes share: the leaderboard, and how many seats are taken."""

    def __init__(self, settings: Settings) -> None:
        self._board = Leaderboard(settings.data / "flights.sqlite")
        self._taken = 0
        self._flying: set[asyncio.Task[Any]] = set()

    async def levels(self, request: Request) -> Response:
        """Every level, for the page to show."""
        return JSONResponse([_plain(one) for one in levels().values()])

    async def top(self, request: Request) -> Response:
        """The best flights of ``?level=bowl&seed=1``.

        Raises:
            DescentryError: There is no such level, or that is no seed.
        """
        asked = request.query_params
        chosen, seed = level(asked.get("level", "")), _seed(asked.get("seed", ""))
        rows = await anyio.to_thread.run_sync(self._board.top, chosen.id, seed)
        return JSONResponse([_shown(row) for row in rows])

    async def fly(self, socket: WebSocket) -> None:
        """A seat: what the browser says goes to its worker, what the worker says to the browser."""
        messages = sockets.messages(socket)
        if self._taken >= SEATS or importlib.util.find_spec("torch") is None:
            async for _ in messages:
                await sockets.send(socket, _wrong(_no_seat(self._taken >= SEATS)))
            return
        self._taken += 1
        task = asyncio.current_task()
        assert task is not None
        self._flying.add(task)
        try:
            async with Seat() as seat:
                pilot = Pilot(self._board, socket, seat)
                heard = asyncio.ensure_future(pilot.hear())
                try:
                    async for message in messages:
                        await pilot.answer(message)
                finally:
                    heard.cancel()
                    await asyncio.gather(heard, return_exceptions=True)
        finally:
            self._taken -= 1
            self._flying.discard(task)

    async def stop(self) -> None:
        """Ends every seat."""
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)


class Pilot:
    """One browser tab and its worker."""

    def __init__(self, board: Leaderboard, socket: WebSocket, seat: Seat) -> None:
        self._board, self._socket, self._seat = board, socket, seat
        self._landed: dict[str, Any] | None = None

    async def hear(self) -> None:
        """Hands on what the worker says; notes how flights ended, since no browser is believed in that."""
        async for message in self._seat.said():
            if message["say"] == "landed":
                self._landed = message
            elif message["say"] == "flight":
                self._landed = None
            if not await sockets.send(self._socket, message):
                return
        await sockets.close(self._socket, 1011, "the worker process ended")

    async def answer(self, message: dict[str, Any]) -> None:
        """What the browser says."""
        do = message.get("do")
        try:
            if do == "sign":
                await self._sign(message.get("name"))
            elif do == "race":
                name, log = await anyio.to_thread.run_sync(self._board.log, _count(message.get("flight")))
                await self._seat.tell({"do": "rival", "name": name, "log": log.to_dict()})
            elif do in VERBS:
                await self._seat.tell(message)
            else:
                await sockets.send(self._socket, _wrong(DescentryError("the cockpit has no such control")))
        except DescentryError as error:
            await sockets.send(self._socket, _wrong(error))

    async def _sign(self, name: Any) -> None:
        landed = self._landed
        if landed is None or landed["practice"] or landed["regret"] is None:
            raise DescentryError(
                "there is no flight to sign",
                how="Only flights that landed in one piece, and were not rewound, go on the leaderboard.",
            )
        log = log_of(landed["log"])
        place = await anyio.to_thread.run_sync(self._board.sign, name, log, landed["regret"], landed["final"])
        self._landed = None
        await sockets.send(self._socket, {"say": "signed", "place": place})


def part(settings: Settings) -> Part:
    """The flight simulator; its leaderboard is kept in ``settings.data``."""
    hangar = Hangar(settings)
    routes = [
        Route("/levels", hangar.levels),
        Route("/top", hangar.top),
        WebSocketRoute("/seat", hangar.fly),
    ]
    return Part("flight", {"/flight": "flight.html"}, routes, stop=hangar.stop)


def _plain(one: Level) -> dict[str, Any]:
    found = known(one)
    best, initial = found["schedules"][0]["final"], found["initial"]
    return {
        "id": one.id,
        "title": one.title,
        "brief": one.brief,
        "teaches": one.teaches,
        "steps": one.steps,
        "pace": one.pace,
        "rate": one.lr,
        "low": one.low,
        "high": one.high,
        "batch": one.batch,
        "batches": list(one.batches),
        "within": one.within,
        "floor": FLOOR * initial,
        "initial": initial,
        "target": target(one, best, initial),
        "rollback": one.rollback_cost,
        "seed": SEED,
    }


def _shown(row: Row) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, "regret": row.regret, "final": row.final, "landed": row.landed}


def _wrong(error: DescentryError) -> dict[str, Any]:
    return {"say": "wrong", "what": error.what, "how": error.how}


def _no_seat(full: bool) -> DescentryError:
    if full:
        return DescentryError("every seat is taken", how=f"Close one of the {SEATS} other tabs, and reload.")
    return MissingExtraError("PyTorch is needed, and is not installed", how="pip install 'descentry[torch]'")


def _seed(text: str) -> int:
    with contextlib.suppress(ValueError):
        return seed_of(int(text[:10]))
    raise DescentryError("a seed is a whole number from 0 to 999,999")


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise DescentryError("a flight has a number")
    return value
