"""The board as a part of the site: its pages, and what their scripts ask for.

Below ``/api/board/``:

- ``runs``: the list: ``{"folder", "runs": [summary …], "pending", "scanned", "trouble", "troubles"}``
- ``runs/ID``: what the page of a run is told: ``{"summary", "report", "series", "phases", "journal",
  "generation"}``
- ``runs/ID/tile?series=KEY&low=&high=&columns=&scale=linear|log&x=step|time|KEY``: a series as it is drawn,
  packed as ``sockets.pack`` does. Columns: ``start stop low middle high count bad kind`` (``Pyramid.tile``).
  Head: ``exact`` (every column is one point), ``extent`` (the first and last x of all), ``points``,
  ``generation``; with ``bottom=`` and ``top=`` also ``above`` and ``below``: how many are off the scale
- ``runs/ID/points?series=KEY&from=&to=``: points as they are, by their number: ``step value time``
- ``runs/ID/report.json``, ``report.html``, ``data.csv``: to be saved
- ``live``: a WebSocket (``_live.py``)
"""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from descentry.core.errors import DescentryError
from descentry.web.answers import Json
from descentry.web.board._board import Board
from descentry.web.board._cuts import Scale
from descentry.web.board._live import live
from descentry.web.board._opened import MOST_POINTS, Opened
from descentry.web.parts import Part, Settings
from descentry.web.sockets import pack

PAGES = {"/board": "board.html", "/run": "run.html", "/compare": "compare.html"}
_PIECE = 1 << 18
_KINDS = {"page": ("text/html; charset=utf-8", ".html"), "export": ("text/csv; charset=utf-8", ".csv")}


def part(settings: Settings) -> Part:
    """The board of the runs below ``settings.folder``.

    Raises:
        DescentryError: No folder is given.
    """
    if settings.folder is None:
        raise DescentryError("the board needs a folder of runs", how="descentry board DIR")
    board = Board(settings.folder)
    answers = _Answers(board)

    async def talk(socket: WebSocket) -> None:
        await live(board, socket)

    routes = [
        Route("/runs", answers.runs),
        Route("/runs/{run}", answers.run),
        Route("/runs/{run}/tile", answers.tile),
        Route("/runs/{run}/points", answers.points),
        Route("/runs/{run}/report.json", answers.report_json),
        Route("/runs/{run}/report.html", answers.report_html),
        Route("/runs/{run}/data.csv", answers.data_csv),
        WebSocketRoute("/live", talk),
    ]
    return Part("board", PAGES, routes, board.start, board.stop, max_body=1 << 12)


class _Answers:
    """What the scripts of the pages are answered."""

    def __init__(self, board: Board) -> None:
        self._board = board

    async def runs(self, request: Request) -> Response:
        """The list."""
        known = self._board.list
        return Json(
            {
                "folder": self._board.folder.name,
                "runs": known.runs(),
                "pending": known.pending,
                "scanned": known.scanned,
                "trouble": known.trouble,
                "troubles": known.troubles(),
            }
        )

    async def _opened(self, request: Request, *, fresh: bool = False) -> Opened:
        return await self._board.opened(request.path_params["run"], fresh=fresh)

    async def run(self, request: Request) -> Response:
        """All of a run but its points."""
        run = await self._opened(request, fresh=True)
        series = [{**one, "points": run.count(one["key"])} for one in run.detail["series"]]
        return Json({**run.detail, "series": series, "generation": run.generation})

    async def tile(self, request: Request) -> Response:
        """A series as it is drawn."""
        run = await self._opened(request)
        asked = request.query_params
        key, along = asked.get("series", ""), asked.get("x", "step")
        scale: Scale = "log" if asked.get("scale") == "log" else "linear"
        extent = run.extent(key, along)
        first, last = extent or (0.0, 0.0)
        low, high = _number(asked, "low", first), _number(asked, "high", last)
        columns = run.tile(key, low, high, int(_number(asked, "columns", 1000)), scale, along)
        head: dict[str, Any] = {
            "series": key,
            "exact": bool((columns["count"] == 1).all()),
            "extent": extent,
            "points": run.count(key),
            "generation": run.generation,
        }
        if "bottom" in asked or "top" in asked:
            bottom, top = _number(asked, "bottom", -math.inf), _number(asked, "top", math.inf)
            head["above"], head["below"] = run.outside(key, low, high, bottom, top, along)
        return Response(pack(head, columns), media_type="application/octet-stream")

    async def points(self, request: Request) -> Response:
        """Points as they are."""
        run = await self._opened(request)
        asked = request.query_params
        key = asked.get("series", "")
        total = run.count(key)
        start = min(max(0, int(_number(asked, "from", 0))), total)
        stop = min(total, start + MOST_POINTS, max(start, int(_number(asked, "to", total))))
        step, value, time = run.points(key, start, stop)
        head = {"series": key, "from": start, "to": stop, "points": total, "generation": run.generation}
        return Response(
            pack(head, {"step": step, "value": value, "time": time}), media_type="application/octet-stream"
        )

    async def report_json(self, request: Request) -> Response:
        """The report as a file."""
        run = await self._opened(request, fresh=True)
        name = _file_name(run.detail["summary"]["name"], ".json")
        return Json(run.detail["report"], headers=_attached(name))

    async def report_html(self, request: Request) -> Response:
        """The report as a page to keep."""
        return await self._file(request, "page")

    async def data_csv(self, request: Request) -> Response:
        """The points as a table."""
        return await self._file(request, "export")

    async def _file(self, request: Request, kind: str) -> Response:
        path, name = await self._board.file(request.path_params["run"], kind)
        media, ending = _KINDS[kind]
        return StreamingResponse(_pieces(path), media_type=media, headers=_attached(_file_name(name, ending)))


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    """A file piece by piece; it is gone afterwards."""
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                yield piece
    finally:
        path.unlink(missing_ok=True)


def _attached(name: str) -> dict[str, str]:
    # Never shown in the origin of the board, whose cookie it would have.
    return {"content-disposition": f'attachment; filename="{name}"', "content-security-policy": "sandbox"}


def _file_name(name: str, ending: str) -> str:
    """A name for a file, of letters that no system minds."""
    return (re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "run")[:80] + ending


def _number(asked: Any, name: str, otherwise: float) -> float:
    """A finite number of an address.

    Raises:
        DescentryError: It is none.
    """
    text = asked.get(name)
    if text is None or text == "":
        return otherwise
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value) or abs(value) > 1e300:
        raise DescentryError(f"{name} is a number", where=f"{name}={text[:40]}")
    return value
