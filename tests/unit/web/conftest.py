"""A real server in a thread, asked byte by byte: no client is polite enough to attack it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
import threading
from dataclasses import dataclass

import pytest
from tests._awaiting import PATIENCE, until

pytest.importorskip("starlette", reason="pip install 'descentry[board]'")
pytest.importorskip("uvicorn")
pytest.importorskip("websockets")

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route, WebSocketRoute
from websockets.sync.client import connect

from descentry.web.app import create_app
from descentry.web.parts import Part, Settings, make
from descentry.web.server import configured
from descentry.web.sockets import messages, send

TOKEN = "t0ken-of-the-tests-that-nobody-guesses"
SECRET = "the secret that no answer may hold"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def __getitem__(self, name):
        return ", ".join(value for key, value in self.headers if key == name)

    def json(self):
        return json.loads(self.body)


class Running:
    """A server, and ways to ask it."""

    def __init__(self, parts, hosts=()):
        self.app = create_app(parts, token=TOKEN, hosts=hosts)
        self.parts = parts
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        self.origin = f"http://{self.host}"
        self._server = uvicorn.Server(configured(self.app))

        def run():
            with contextlib.closing(listener):
                asyncio.run(self._server.serve(sockets=[listener]))

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        until(lambda: self._server.started or not self._thread.is_alive(), "the server started")

    def stop(self):
        self._server.should_exit = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def raw(self, request, *, wait=PATIENCE):
        """The bytes that come back for some bytes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as line:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                line.sendall(request)
            answer = b""
            with contextlib.suppress(ConnectionResetError):
                while piece := line.recv(1 << 16):
                    answer += piece
        return answer

    def ask(self, target, method="GET", *, headers=(), body=b"", host=None, token=True):
        """The answer to a request; `host=""` sends none, `headers` come on top of host and token."""
        lines = [f"{method} {target} HTTP/1.1"]
        if host != "":
            lines.append(f"Host: {host or self.host}")
        if token:
            lines.append(f"Authorization: Bearer {TOKEN if token is True else token}")
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        if body or method not in {"GET", "HEAD"}:
            lines.append(f"Content-Length: {len(body)}")
        lines += ["Connection: close", "", ""]
        return parse(self.raw("\r\n".join(lines).encode("latin-1") + body))

    def cookie(self):
        """The cookie that an address with the token is answered with."""
        answer = self.ask(f"/?token={TOKEN}", token=False)
        assert answer.status == 303
        return answer["set-cookie"].partition(";")[0]

    def socket(self, path, *, origin="same", token=True, **options):
        """A WebSocket of this server."""
        headers = {"Authorization": f"Bearer {TOKEN}"} if token else {}
        return connect(
            f"ws://{self.host}{path}",
            origin=self.origin if origin == "same" else origin,
            additional_headers={**headers, **options.pop("headers", {})},
            compression=None,
            open_timeout=PATIENCE,
            ping_interval=None,  # a machine that stands still for a while is still there
            **options,
        )


def parse(raw):
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = [(k.lower(), v) for k, _, v in (line.partition(": ") for line in lines)]
    if ("transfer-encoding", "chunked") in headers:
        body = unchunked(body)
    found = re.match(r"HTTP/1\.1 (\d+)", first)
    return Answer(int(found[1]) if found else 0, headers, body)


def unchunked(body):
    out = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        n = int(size, 16)
        out, body = out + rest[:n], rest[n + 2 :]
    return out


async def echo(request: Request):
    return JSONResponse({"bytes": len(await request.body())})


async def repeat(socket):
    async for message in messages(socket):
        await send(socket, message)


ECHO = Part(
    "echo",
    {"/board": "board.html"},
    [Route("/", echo, methods=["GET", "POST"]), WebSocketRoute("/ws", repeat)],
    max_body=1000,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Runs with names that want something, beside a secret that is none of their business."""
    from descentry import record

    home = tmp_path_factory.mktemp("home")
    (home / "secret.txt").write_text(SECRET)
    runs = home / "runs"
    (home / "runs-of-others").mkdir()
    (home / "runs-of-others" / "loss.csv").write_text(f"step,loss,{SECRET}\n1,2,3\n2,3,4\n")
    config = {
        "name": "../../secret.txt",
        "artifact_uri": (home / "secret.txt").as_uri(),
        "resume": str(home / "secret.txt"),
        "note": "</script><script>alert(1)</script>",
    }
    with record(runs / "plain", config=config) as recorder:
        for step in range(300):
            recorder.log(step, loss=2.0 / (step + 1), **{"<img src=x onerror=alert(1)>": 1.0, "{{7*7}}": 2.0})
    lines = "".join(f"{step},{3 / (step + 1)}\n" for step in range(200))
    (runs / "<svg onload=alert(1)>.csv").write_text("step,loss\n" + lines)
    return runs


@pytest.fixture(scope="module")
def board(folder):
    """A server with a board, and a part that tells what it got."""
    running = Running([*make(["board"], Settings(folder=folder)), ECHO])
    yield running
    running.stop()


@pytest.fixture(scope="module")
def listed(board):
    """The runs in the list, once all are explained."""

    def explained():
        answer = board.ask("/api/board/runs").json()
        return answer["scanned"] and not answer["pending"] and answer["runs"]

    return until(explained, "the runs explained")
