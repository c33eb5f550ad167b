"""Runs the site on this machine: finds a port, prints the address, ends what was started."""

from __future__ import annotations

import contextlib
import errno
import html
import os
import secrets
import socket
import sys
import tempfile
import webbrowser
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import uvicorn
import websockets  # noqa: F401 - uvicorn asks for it when the first page connects, which is late
from starlette.types import ASGIApp

from descentry.core.errors import DescentryError
from descentry.web.app import create_app
from descentry.web.parts import Part
from descentry.web.sockets import MAX_MESSAGE

PORT = 8765
TRIES = 50
SHORTEST = 20  # characters of a token that somebody chose
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    parts: Sequence[Part],
    host: str = "127.0.0.1",
    port: int = PORT,
    *,
    open_browser: bool = False,
    exposed_as: Collection[str] = (),
    token: str | None = None,
    say: Callable[[str], object] = print,
) -> None:
    """Serves the parts until it is interrupted.

    Args:
        parts: What is served; all tabs share it.
        host: The address to listen at; others than this machine's own need ``exposed_as`` and ``token``.
        port: The port; the next free one where it is taken, any where it is 0.
        open_browser: Show the first page in the user's browser.
        exposed_as: The names by which other machines will call this one.
        token: What a browser must know; made up where it is not given.
        say: Shows a line to the user.

    Raises:
        DescentryError: The address may not, or cannot, be listened at.
    """
    _allowed(host, exposed_as, token)
    secret = token or secrets.token_urlsafe(32)
    with contextlib.closing(_listening(host, port)) as listener:
        found = int(listener.getsockname()[1])
        names = sorted(exposed_as) or [f"[{host}]" if ":" in host else host]
        url = f"http://{names[0]}:{found}/?token={secret}"
        if port not in (0, found):
            say(f"Port {port} is taken; this is port {found}.")
        say(f"Open {url}")
        say("Ctrl-C ends it.")
        app = create_app(parts, token=secret, hosts=exposed_as)
        with (
            _shown(url) if open_browser else contextlib.nullcontext(),
            contextlib.suppress(KeyboardInterrupt),
        ):
            uvicorn.Server(configured(app)).run(sockets=[listener])


def configured(app: ASGIApp) -> uvicorn.Config:
    """How the application is run: bounded in every way, and silent about addresses."""
    return uvicorn.Config(
        app,
        # Nothing that names an address is ever logged: the token may be in it.
        log_config=None,
        log_level="error",
        access_log=False,
        http="h11",
        ws="websockets-sansio",
        ws_max_size=MAX_MESSAGE,
        ws_per_message_deflate=False,
        h11_max_incomplete_event_size=16 << 10,
        limit_concurrency=500,
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )


def has_browser() -> bool:
    """Whether a browser that is opened here would be seen by the user."""
    if not sys.stdout.isatty() or os.environ.get("SSH_CONNECTION"):
        return False
    return sys.platform in {"win32", "darwin"} or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )


def _allowed(host: str, exposed_as: Collection[str], token: str | None) -> None:
    """Whether the address may be listened at.

    Raises:
        DescentryError: Others could reach it, and nothing says that they should.
    """
    if token is not None and len(token) < SHORTEST:
        raise DescentryError(
            f"a token needs at least {SHORTEST} characters",
            where="DESCENTRY_TOKEN",
            how="Make one: python -c 'import secrets; print(secrets.token_urlsafe())'",
        )
    if host in _LOOPBACK or (exposed_as and token):
        return
    raise DescentryError(
        "other machines could reach this address",
        where=f"--host {host}",
        how="Leave --host out, and forward the port instead: ssh -L 8765:localhost:8765 MACHINE\n"
        "To open it to others all the same, say by which name they will call it (--expose NAME), and put a "
        "token of your own into DESCENTRY_TOKEN. The traffic is not encrypted.",
    )


def _listening(host: str, port: int) -> socket.socket:
    """A socket at the first port that is free.

    Raises:
        DescentryError: There is no such address, or no port is free.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + TRIES, 65_536)) if port else [0]:
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            if sys.platform != "win32":  # there it would let two servers share a port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, candidate))
            listener.listen(128)
            return listener
        except OSError as error:
            listener.close()
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise DescentryError(
                    f"this address cannot be listened at: {error.strerror or error}", where=f"--host {host}"
                ) from None
    raise DescentryError(
        f"none of the ports {port} to {port + TRIES - 1} is free",
        where=f"--port {port}",
        how="--port 0 takes any that is.",
    )


@contextlib.contextmanager
def _shown(url: str) -> Iterator[None]:
    """Opens the user's browser by way of a file: everybody on the machine can read a command line."""
    with tempfile.TemporaryDirectory(prefix="descentry-") as folder:
        page = Path(folder) / "open.html"
        page.write_text(
            '<!doctype html><meta charset="utf-8"><title>descentry</title>'
            f'<meta http-equiv="refresh" content="0; url={html.escape(url)}">',
            encoding="utf-8",
        )
        webbrowser.open(page.as_uri())
        yield
