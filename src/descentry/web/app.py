"""The application: pages and static files, the parts below ``/api/``, all of it behind the guard."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection, Sequence

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, Router

from descentry.core.errors import DescentryError, NotFoundError, UnknownNameError
from descentry.web import _static
from descentry.web._guard import Guard
from descentry.web.answers import Json
from descentry.web.parts import Part


def create_app(parts: Sequence[Part], *, token: str, hosts: Collection[str] = ()) -> Guard:
    """An ASGI application that serves some parts.

    ``/`` leads to the first page of the first part; ``/api/parts`` tells which parts there are. Errors of
    ``/api/`` are JSON: ``{"error": {"what": …, "where": …, "how": …}}``.

    Args:
        parts: What is served.
        token: What a browser has to know: in the address of a page (``?token=``), from then on in a cookie.
        hosts: Names that this server is called by, beside those of the machine itself.
    """
    files = _static.table()
    pages = {path: file for part in parts for path, file in part.pages.items()}
    home = next(iter(pages), None)
    routes: list[BaseRoute] = [Route(f"/static/{name}", file.answer) for name, file in files.items()]
    routes.append(Route("/favicon.ico", files["icon.svg"].answer))  # asked for by browsers on their own
    routes += [Route(path, files[file].answer) for path, file in pages.items() if path != "/"]
    if home is not None:
        routes.append(Route("/", files[pages["/"]].answer if "/" in pages else _leads_to(home)))

    async def listed(request: Request) -> Response:
        return Json([{"name": part.name, "pages": list(part.pages)} for part in parts])

    routes.append(Route("/api/parts", listed))
    # An address is right or wrong; none is completed, or leads elsewhere.
    routes += [
        Mount(f"/api/{part.name}", app=Router(list(part.routes), redirect_slashes=False)) for part in parts
    ]

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            for part in parts:
                if part.stop is not None:
                    stack.push_async_callback(part.stop)
                if part.start is not None:
                    await part.start()
            yield

    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={DescentryError: _mistake, HTTPException: _refused},
    )
    app.router.redirect_slashes = False
    return Guard(
        app,
        token=token,
        hosts=hosts,
        pages=["/", *pages],
        limits={f"/api/{part.name}/": part.max_body for part in parts},
    )


def _leads_to(page: str) -> RedirectResponse:
    return RedirectResponse(page, 303)


def _mistake(request: HTTPConnection, error: Exception) -> Response:
    """A mistake in the user's own words."""
    if not isinstance(error, DescentryError):
        raise error
    said = {"what": error.what, "where": error.where, "how": error.how}
    return Json({"error": said}, 404 if isinstance(error, (NotFoundError, UnknownNameError)) else 400)


def _refused(request: HTTPConnection, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    what = {404: "there is nothing at this address", 405: "this cannot be done here"}
    said = {"what": what.get(error.status_code, error.detail), "where": "", "how": ""}
    return Json({"error": said}, error.status_code)
