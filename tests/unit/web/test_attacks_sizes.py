"""What a server on one's own machine has to withstand: too much, too long, too slow."""

from __future__ import annotations

import json
import socket

import pytest
from starlette.routing import WebSocketRoute
from tests._awaiting import PATIENCE, until
from tests.unit.web.conftest import ECHO, TOKEN, Running, parse
from websockets.exceptions import ConnectionClosed, InvalidStatus

from descentry.web import sockets

# Sizes and rates.


def test_a_thousand_ranges_are_one_answer(board):  # CVE-2025-62727
    ranges = "bytes=" + ",".join(f"{i}-{i}" for i in range(1000))
    answer = board.ask("/static/api.js", headers={"Range": ranges})
    assert answer.status == 200
    assert "multipart" not in answer["content-type"]


@pytest.mark.parametrize("length", ["1001", "99999999999999999999", "-1", "x"])
def test_a_body_that_is_too_long_is_not_read(board, length):  # CVE-2025-54121
    request = (
        f"POST /api/echo/ HTTP/1.1\r\nHost: {board.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    answer = parse(board.raw(request.encode()))
    assert answer.status in {400, 413}


def test_a_body_of_unknown_length_is_cut_off(board):
    head = (
        f"POST /api/echo/ HTTP/1.1\r\nHost: {board.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    piece = b"100\r\n" + b"x" * 256 + b"\r\n"
    answer = parse(board.raw(head.encode() + 5 * piece + b"0\r\n\r\n"))
    assert answer.status == 413
    assert parse(board.raw(head.encode() + 3 * piece + b"0\r\n\r\n")).json() == {"bytes": 768}


def test_long_heads_are_refused(board):
    answer = parse(board.raw(b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n"))
    assert answer.status == 400


def test_a_frame_that_is_too_large_ends_the_socket(board):
    with board.socket("/api/echo/ws") as ours:
        ours.send(json.dumps({"a": "x" * 1000}))
        assert json.loads(ours.recv(PATIENCE))["a"]
        ours.send(json.dumps({"a": "x" * sockets.MAX_MESSAGE}))
        with pytest.raises(ConnectionClosed) as closed:
            ours.recv(PATIENCE)
        assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize("text", ["nonsense", "[1]", '"x"', "1", "[" * 50_000, "{", b"\x00\xff"])
def test_a_message_that_is_no_object_ends_the_socket(board, text):
    with board.socket("/api/board/live") as ours:
        ours.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            ours.recv(PATIENCE)
    assert closed.value.rcvd.code == 1007


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"type": "watch"},
        {"type": "watch", "run": "../../secret.txt"},
        {"type": "watch", "run": {"a": 1}, "series": 5},
        {"type": "watch", "run": "0-99999999999999999999", "series": [[]] * 1000},
        {"type": "unwatch", "run": "nothing"},
        {"type": ["list"]},
        {"type": "list", "run": "x" * 10_000},
    ],
)
def test_an_odd_message_does_no_harm(board, listed, message):
    with board.socket("/api/board/live") as ours:
        ours.send(json.dumps(message))
        ours.send(json.dumps({"type": "list"}))
        while json.loads(ours.recv(PATIENCE))["type"] != "runs":
            pass


def test_a_reader_that_takes_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr(sockets, "PATIENCE", 0.2)
    sent = []

    async def flood(ours):
        async for _ in sockets.messages(ours):
            while await sockets.send(ours, b"x" * (1 << 20)):
                sent.append(1)
                assert len(sent) < 200

    part = type(ECHO)("flood", {}, [WebSocketRoute("/ws", flood)])
    server = Running([part])
    try:
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(
                f"GET /api/flood/ws HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
                f"Connection: Upgrade\r\nUpgrade: websocket\r\n{key}\r\n".encode()
            )
            assert b" 101 " in line.recv(1000)
            line.sendall(b"\x81\x82\x00\x00\x00\x00{}")
            until(lambda: not server.app._sockets, "the reader let go")
            assert len(sent) < 20  # what fits into the buffers of the system, and no more
    finally:
        server.stop()


def test_too_many_requests_are_put_off_and_strangers_cannot_use_them_up(monkeypatch):
    from descentry.web import _guard

    monkeypatch.setattr(_guard, "BURST", 20.0)
    monkeypatch.setattr(_guard, "RATE", 0.001)
    server = Running([ECHO])
    try:
        for _ in range(40):
            assert server.ask("/api/parts", token=False).status == 401
        answers = [server.ask("/api/parts").status for _ in range(25)]
        assert answers[:20] == [200] * 20
        assert 429 in answers[20:]
    finally:
        server.stop()


def test_too_many_sockets_are_refused(board, monkeypatch):
    from descentry.web import _guard

    until(lambda: not board.app._sockets, "sockets of other tests closed")
    monkeypatch.setattr(_guard, "SOCKETS", 3)
    with board.socket("/api/echo/ws"), board.socket("/api/echo/ws"), board.socket("/api/echo/ws"):
        with pytest.raises(InvalidStatus) as refused:
            board.socket("/api/echo/ws")
        assert refused.value.response.status_code == 429


@pytest.mark.parametrize(
    "query",
    [
        "low=nan",
        "low=1e400",
        "columns=x",
        "series=none",
        "x=none",
        "x=time&low=inf",
        "columns=1e300&scale=cubic",
    ],
)
def test_odd_numbers_in_an_address_are_mistakes_and_no_defects(board, listed, query):
    run = next(r["id"] for r in listed if r["where"] == "plain")
    answer = board.ask(f"/api/board/runs/{run}/tile?series=loss&{query}")
    assert answer.status in {200, 400, 404}
    assert len(answer.body) < 200_000
