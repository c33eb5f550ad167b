"""Stands before everything: only the user's own browser, at this very address, gets an answer.

A server on one's own machine is open to every page that one's browser shows, and to everybody who has an
account on the machine. What is checked, in this order, for HTTP and WebSocket alike:

1. *Host*: there is exactly one, and it names this machine (or what ``--expose`` names). A page of a foreign
   name that was made to point here (DNS rebinding) has its own name in it.
2. *Path*: as a browser writes it; nothing encoded that a browser would not encode.
3. *Origin*: where a browser sends one it is this very origin, port included. Needed for WebSockets and for
   everything that changes something. Another port of the same machine is a stranger too, though cookies and
   ``SameSite`` think otherwise, so ``Sec-Fetch-Site`` is looked at as well.
4. *Token*: 256 random bits, in the address that was printed once, and in a cookie from then on.
5. *Size* of what is sent, and *rate* of requests.

No header for other origins (CORS) is ever sent.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from descentry.web._headers import with_headers

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
SAFE = frozenset({"GET", "HEAD"})
METHODS = SAFE | {"POST", "PUT", "DELETE"}
# What a form of another page cannot send without asking first.
CONTENT = frozenset({"application/json", "application/octet-stream"})
RATE, BURST = 200.0, 600.0  # requests a second, and at once; a page asks for some twenty when it is opened
SOCKETS = 100  # open at once; a tab needs one

_HOST = re.compile(r"(?P<name>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?", re.ASCII)
_PATH = re.compile(rb"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]*)+", re.ASCII)
_AGAIN = (
    '<!doctype html><meta charset="utf-8"><title>descentry</title><meta http-equiv="refresh" content="0">'
)
STRANGER = (
    "This page opens with the whole address that descentry printed when it was started, ?token= included.\n"
    "Copy it from that terminal."
)


class RefusedError(Exception):
    """A request that gets no further."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Guard:
    """The application behind its guard.

    Args:
        app: What answers the requests that may pass.
        token: What the user's browser knows, and nobody else.
        hosts: Names of hosts that are this server, beside those of the machine itself.
        pages: Paths of pages: where an address with a token may lead.
        limits: Bytes that a request may bring along, by the beginning of its path.
        default_limit: The same for other paths.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        token: str,
        hosts: Collection[str] = (),
        pages: Iterable[str] = (),
        limits: Mapping[str, int] | None = None,
        default_limit: int = 1 << 16,
    ) -> None:
        self.app = app
        self.hosts = LOOPBACK | {h.lower() for h in hosts}
        self.pages = frozenset(pages)
        self.limits = dict(limits or {})
        self.default_limit = default_limit
        self._token = token.encode()
        # Cookies are shared by all ports of a host: servers beside each other must not take each other's.
        self.cookie = "descentry-" + hashlib.sha256(self._token).hexdigest()[:12]
        self._budget, self._at = BURST, time.monotonic()
        self._sockets = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers the request, or lets it pass."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        send = with_headers(send, api=scope["path"].startswith("/api/"))
        try:
            answer = self._checked(scope)
        except RefusedError as refusal:
            answer = PlainTextResponse(f"{refusal.why}\n", refusal.status)
        if answer is not None:
            await answer(scope, receive, send)
        elif scope["type"] == "websocket":
            self._sockets += 1
            try:
                await self.app(scope, receive, send)
            finally:
                self._sockets -= 1
        else:
            await self._limited(scope, receive, send)

    def _checked(self, scope: Scope) -> Response | None:
        """An answer of the guard's own, or None where the request may pass.

        Raises:
            RefusedError: It may not.
        """
        headers = Headers(scope=scope)
        socket = scope["type"] == "websocket"
        host = self._host(headers)
        raw = scope.get("raw_path") or scope["path"].encode()
        if not _PATH.fullmatch(raw) or b"//" in raw or b"/." in raw:
            raise RefusedError(400, "This address is not one that a page here has.")
        method = "GET" if socket else scope["method"]
        if method not in METHODS:
            raise RefusedError(405, "This cannot be done here.")
        answer = None if socket else self._arrival(scope, method)
        if answer is not None:
            return answer
        bearer = self._bearer(headers)
        self._from_here(scope, headers, host, socket=socket, safe=method in SAFE, bearer=bearer)
        if not bearer and not self._has_cookie(scope):
            if _navigates(headers) and headers.get("sec-fetch-site") == "cross-site" and not socket:
                # The browser keeps the cookie back when a link elsewhere led here. Asked by us, it sends it.
                return Response(_AGAIN, media_type="text/html")
            raise RefusedError(401, STRANGER)
        if method not in SAFE and int(headers.get("content-length") or 0) > 0:
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind not in CONTENT:
                raise RefusedError(415, "Only application/json and application/octet-stream are taken.")
        self._paced()
        return None

    def _host(self, headers: Headers) -> str:
        """The host that was asked for.

        Raises:
            RefusedError: It is not this one.
        """
        given = headers.getlist("host")
        found = _HOST.fullmatch(given[0].lower()) if len(given) == 1 else None
        if found is None or found["name"] not in self.hosts:
            raise RefusedError(421, "This server does not go by that name. Where it should: --expose NAME.")
        return given[0].lower()

    def _arrival(self, scope: Scope, method: str) -> Response | None:
        """Takes the token out of the address: the page it leads to, and a cookie in its place.

        Raises:
            RefusedError: The token is not that of this server.
        """
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        tokens = [value for key, value in query if key == "token"]
        if not tokens:
            return None
        if method != "GET" or scope["path"] not in self.pages or not self._is_token(tokens[0].encode()):
            raise RefusedError(401, STRANGER)
        rest = urlencode([(k, v) for k, v in query if k != "token"])
        answer = RedirectResponse(scope["path"] + ("?" + rest if rest else ""), 303)
        answer.set_cookie(self.cookie, tokens[0], httponly=True, samesite="strict", path="/")
        answer.headers["cache-control"] = "no-store"
        return answer

    def _from_here(
        self, scope: Scope, headers: Headers, host: str, *, socket: bool, safe: bool, bearer: bool
    ) -> None:
        """Whether a page of this server asks, or the user.

        Raises:
            RefusedError: It is a page of another origin.
        """
        origins = headers.getlist("origin")
        if origins:
            if len(origins) > 1 or origins[0].lower() not in {f"http://{host}", f"https://{host}"}:
                raise RefusedError(403, "Pages of other origins get no answer here.")
        elif (socket or not safe) and not bearer:
            raise RefusedError(403, "Where this request comes from is not said.")
        site = headers.get("sec-fetch-site", "none")
        if site not in {"same-origin", "none"}:
            page = _navigates(headers) and safe and not scope["path"].startswith("/api/")
            if not page:
                raise RefusedError(403, "Pages of other origins get no answer here.")
        if headers.get("sec-fetch-dest") in {"iframe", "frame", "embed", "object"}:
            raise RefusedError(403, "This cannot be shown inside another page.")

    def _bearer(self, headers: Headers) -> bool:
        kind, _, value = headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and self._is_token(value.strip().encode())

    def _has_cookie(self, scope: Scope) -> bool:
        value = HTTPConnection(scope).cookies.get(self.cookie, "")
        return self._is_token(value.encode())

    def _is_token(self, given: bytes) -> bool:
        return hmac.compare_digest(given, self._token)

    def _paced(self) -> None:
        """Counts the request.

        Raises:
            RefusedError: There are too many.
        """
        now = time.monotonic()
        self._budget = min(BURST, self._budget + RATE * (now - self._at))
        self._at = now
        if self._budget < 1 or self._sockets >= SOCKETS:
            raise RefusedError(429, "Too many requests at once. Try again in a moment.")
        self._budget -= 1

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes the request on, and no more of its body than it may have."""
        path = scope["path"]
        limit = next((n for start, n in self.limits.items() if path.startswith(start)), self.default_limit)
        declared = Headers(scope=scope).get("content-length", "0")
        too_long = f"This is longer than the {limit:,} bytes that are taken here."
        if not declared.isdecimal() or int(declared) > limit:
            await PlainTextResponse(f"{too_long}\n", 413)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise HTTPException(413, too_long)
            return message

        await self.app(scope, counted, send)


def _navigates(headers: Headers) -> bool:
    """Whether the user goes to a page, in a tab of its own."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
