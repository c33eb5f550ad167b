"""What a server on one's own machine has to withstand, each a test. The numbers are of others who did not."""

from __future__ import annotations

import ast
import asyncio
import json
import re
import socket
import time
from pathlib import Path

import pytest
from starlette.routing import Mount, Route, WebSocketRoute
from tests.unit.web.conftest import ECHO, SECRET, TOKEN, Running, parse
from websockets.exceptions import ConnectionClosed, InvalidStatus

from descentry import web
from descentry.web import sockets
from descentry.web.app import create_app
from descentry.web.board import _worker

WEB = Path(web.__path__[0])


def addresses(app):
    """Every address that a server answers, with what parameters it takes filled in."""
    http, ws = [], []

    def walk(routes, prefix=""):
        for route in routes:
            if isinstance(route, Mount):
                walk(route.routes, prefix + route.path)
            elif isinstance(route, WebSocketRoute):
                ws.append(prefix + route.path)
            elif isinstance(route, Route):
                http.append(re.sub(r"{\w+}", "0", prefix + route.path))

    walk(app.app.routes)
    return http, ws


# Who asks: Host, Origin, token.


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil",
        "localhost.evil.example:80",
        "127.0.0.1.evil.example",
        "evil-localhost",
        "0.0.0.0",
        "0",
        "127.1",
        "2130706433",
        "[::]",
        "[::ffff:127.0.0.1]",
        "localhost.",
        "user@localhost",
        "localhost:80@evil.example",
        "localhost evil",
        "localhost:",
        "localhost:http",
        "/",
    ],
)
def test_no_other_host_is_answered(board, host):  # CVE-2025-14279, CVE-2025-66414
    for target in ("/", "/api/board/runs", f"/?token={TOKEN}"):
        answer = board.ask(target, host=host)
        assert answer.status in {400, 421}
        assert not answer["set-cookie"]
        assert not answer["location"]


def test_a_request_without_a_host_or_with_two_is_refused(board):
    auth = f"Authorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
    for hosts in (
        "",
        f"Host: {board.host}\r\nHost: evil.example\r\n",
        f"Host: {board.host}\r\nHost: {board.host}\r\n",
    ):
        answer = parse(board.raw(f"GET /api/parts HTTP/1.1\r\n{hosts}{auth}".encode()))
        assert answer.status in {400, 421}
    assert parse(board.raw(f"GET /api/parts HTTP/1.0\r\n{auth}".encode())).status in {400, 421}


async def _asked(guard, headers, raw=b"/api/parts"):
    """What the guard alone answers, without a server that has looked at the request before."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": "GET", "path": "/api/parts", "raw_path": raw, "query_string": b""}
    await guard({**scope, "headers": headers}, receive, send)
    return sent[0]["status"]


def test_the_guard_does_not_trust_the_server_before_it():
    guard = create_app([ECHO], token=TOKEN)
    own, auth = (b"host", b"localhost"), (b"authorization", f"Bearer {TOKEN}".encode())
    assert asyncio.run(_asked(guard, [own, auth])) == 200
    for hosts in ([], [own, own], [own, (b"host", b"evil.example")], [(b"host", b"localhost,evil.example")]):
        assert asyncio.run(_asked(guard, [*hosts, auth])) == 421
    for raw in (
        b"//etc",
        b"/static/../x",
        b"/static/%2e%2e/x",
        b"/a%00",
        b"/a\\b",
        b"/a%5cb",
        b"x",
        b"/.git",
    ):
        assert asyncio.run(_asked(guard, [own, auth], raw)) == 400, raw


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_this_machine_is_answered_through_a_tunnel_too(board, host):
    assert board.ask("/api/parts", host=host).status == 200
    assert board.ask("/api/parts", host=f"{host}:9999").status == 200


def foreign(board):
    other = board.port + 1
    return [
        "http://evil.example",
        "null",
        f"http://127.0.0.1:{other}",  # another port of the same machine: the same site, another origin
        "http://127.0.0.1",
        f"http://localhost:{board.port}",
        f"http://{board.host}.evil.example",
        f"http://evil.example/{board.host}",
        f"http://{board.host}@evil.example",
        f"ftp://{board.host}",
        f"http://{board.host}/",
        "",
    ]


def test_a_websocket_of_another_origin_is_refused(board):  # CVE-2026-21883
    for origin in [*foreign(board), None]:
        headers = {"Origin": ""} if origin == "" else {}
        token = origin is not None  # who shows the token itself is no page, and need not say its origin
        cookie = {} if token else {"Cookie": board.cookie()}
        with pytest.raises(InvalidStatus) as refused:
            board.socket("/api/board/live", origin=origin or None, token=token, headers={**headers, **cookie})
        assert refused.value.response.status_code == 403, origin


def test_a_request_of_another_origin_is_refused(board):
    for origin in foreign(board):
        for target in ("/api/board/runs", "/api/echo/"):
            answer = board.ask(target, headers={"Origin": origin, "Cookie": board.cookie()}, token=False)
            assert answer.status == 403, origin


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_scripts_and_images_of_another_site_get_nothing(board, site):
    for target in ("/api/board/runs", "/static/api.js"):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Cookie": board.cookie()}
        assert board.ask(target, headers=headers, token=False).status == 403
    # … nor does a link to an address below /api/
    headers |= {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert board.ask("/api/board/runs", headers=headers, token=False).status == 403


def test_no_address_answers_without_the_token(board):  # CVE-2026-39987
    http, ws = addresses(board.app)
    assert len(http) > 10
    assert len(ws) >= 2
    for target in http:
        for token in (False, "wrong", TOKEN[:-1], TOKEN + "x"):
            for method in ("GET", "HEAD"):
                assert board.ask(target, method, token=token).status == 401, target
        assert board.ask(target, headers={"Cookie": "descentry=x; descentry-0=y"}, token=False).status == 401
        assert board.ask(f"{target}?token=wrong", token=False).status == 401
    for target in ws:
        with pytest.raises(InvalidStatus) as refused:
            board.socket(target, token=False)
        assert refused.value.response.status_code == 401


def test_what_is_not_there_is_not_told_to_strangers(board):
    assert board.ask("/nothing", token=False).status == board.ask("/api/parts", token=False).status == 401


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_form_of_another_page_changes_nothing(board, kind):  # CVE-2025-1473
    headers = {"Content-Type": kind} if kind else {}
    cookie = {"Cookie": board.cookie()}
    body = b'{"a": 1}'
    without_origin = board.ask("/api/echo/", "POST", headers=headers | cookie, body=body, token=False)
    assert without_origin.status == 403
    own = headers | cookie | {"Origin": board.origin}
    assert board.ask("/api/echo/", "POST", headers=own, body=body, token=False).status == 415


def test_a_script_of_our_own_page_may_send_json(board):
    headers = {
        "Cookie": board.cookie(),
        "Origin": board.origin,
        "Content-Type": "application/json; charset=utf-8",
    }
    answer = board.ask("/api/echo/", "POST", headers=headers, body=b'{"a": 1}', token=False)
    assert answer.json() == {"bytes": 8}


def test_nothing_is_ever_allowed_to_other_origins(board):
    preflight = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    answers = [
        board.ask("/api/board/runs", "OPTIONS", headers=preflight),
        board.ask("/api/board/runs", headers={"Origin": "http://evil.example"}),
        board.ask("/api/board/runs", headers={"Origin": board.origin}),
        board.ask("/static/api.js"),
    ]
    assert [a.status for a in answers] == [405, 403, 200, 200]
    for answer in answers:
        assert not [name for name, _ in answer.headers if name.startswith("access-control")]


def test_every_answer_forbids_scripts_of_others_framing_and_guessing(board):
    http, _ = addresses(board.app)
    for target in [*http, "/nothing", "/api/nothing"]:
        for answer in (board.ask(target), board.ask(target, token=False), board.ask(target, host="evil")):
            policy = answer["content-security-policy"]
            assert policy == "sandbox" or "default-src 'none'" in policy, target
            assert policy == "sandbox" or "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer["x-content-type-options"] == "nosniff"
            assert answer["referrer-policy"] == "no-referrer"
            assert answer["x-frame-options"] == "DENY"
            assert answer["cross-origin-resource-policy"] == "same-origin"
            assert not answer["server"]


@pytest.mark.parametrize("place", ["iframe", "frame", "embed", "object"])
def test_no_page_is_shown_inside_another(board, place):
    headers = {"Sec-Fetch-Dest": place, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin"}
    assert board.ask("/api/parts", headers=headers).status == 403


# Paths.


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/static/../secret.txt",
        "/static/../../../../../../etc/passwd",
        "/static/%2e%2e%2f%2e%2e%2fetc/passwd",
        "/static/..%2f..%2fsecret.txt",
        "/static/%2e%2e/%2e%2e/secret.txt",
        "/static/..%5c..%5csecret.txt",
        "/static/..\\..\\secret.txt",
        "/static//etc/passwd",
        "//etc/passwd",
        "//proc/self/root/etc/passwd",
        "/static/api.js%00.txt",
        "/static/%00",
        "/static/.%2e/api.js",
        "/static/.git/config",
        "/static/..%252f..%252fetc/passwd",
        "/static/..;/secret.txt",
        "/static/%c0%ae%c0%ae/secret.txt",
        "/static",
        "/static/",
        "/staticsecret.txt",
        "/api/board/runs/../../secret.txt",
        "/api/board/runs/..%2f..%2fsecret.txt",
        "/api/board/runs/%2fetc%2fpasswd",
        "/api/board/runs/..-0",
        "/api/board/runs-of-others/loss.csv",
        "/api/board/../runs-of-others/loss.csv",
        "/api/board/runs/secret.txt/data.csv",
        "/api/board/runs/0/points?series=../../secret.txt",
        "http://evil.example/static/api.js",
        "file:///etc/passwd",
        "/api/board/runs#../../secret.txt",
        "/api/board/runs/#/etc/passwd",
    ],
)  # CVE-2023-1177, CVE-2023-51449, CVE-2023-29159, CVE-2024-1483, CVE-2024-3848
def test_no_address_is_a_path(board, listed, path):
    answer = board.ask(path)
    assert answer.status in {400, 404}
    assert SECRET.encode() not in answer.body
    assert b"root:" not in answer.body
    assert not answer["location"]


def test_what_a_log_says_is_never_a_path(board, listed, folder):  # CVE-2024-6396, CVE-2024-8769
    answers = [board.ask("/api/board/runs")]
    for run in listed:
        assert re.fullmatch(r"[0-9a-f]{16}-\d+", run["id"])
        address = f"/api/board/runs/{run['id']}"
        answers += [board.ask(address + what) for what in ("", "/report.json", "/report.html", "/data.csv")]
    for answer in answers:
        assert answer.status == 200
        assert SECRET.encode() not in answer.body
        name = re.fullmatch(r'attachment; filename="([^"]*)"', answer["content-disposition"])
        assert not answer["content-disposition"] or re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", name[1])
    assert sorted(p.name for p in folder.rglob("*") if p.is_file() and p.name != "run.lock") == [
        "<svg onload=alert(1)>.csv",
        "run.sqlite",
    ]


def test_folders_beside_the_one_that_is_served_are_not_listed(board, listed):
    assert {run["where"] for run in listed} == {"plain", "<svg onload=alert(1)>.csv"}


# Text of others.


def test_names_with_scripts_in_them_stay_text(board, listed):  # CVE-2015-6938
    for run in listed:
        for what, kind in (("", "application/json"), ("/report.json", "application/json")):
            answer = board.ask(f"/api/board/runs/{run['id']}{what}")
            assert answer["content-type"] == kind
        page = board.ask(f"/api/board/runs/{run['id']}/report.html")
        assert page["content-disposition"].startswith("attachment")
        assert page["content-security-policy"] == "sandbox"
        for text in (b"<script>alert", b"<svg onload", b"<img src=x"):
            assert text not in page.body
    names = {s["name"] for run in listed for s in board.ask(f"/api/board/runs/{run['id']}").json()["series"]}
    assert "{{7*7}}" in names  # nothing takes names for templates


def test_pages_have_no_scripts_or_styles_of_their_own_and_load_nothing_from_elsewhere():
    for page in (WEB / "static").rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for script in re.findall(r"<script\b[^>]*>", text):
            assert re.search(r"""src="/static/""", script), page
        assert not re.search(r"<style\b|\sstyle=|\son\w+=|javascript:", text), page
        for link in re.findall(r"""(?:src|href)=["']([^"']*)""", text):
            assert not re.match(r"(?:[a-z]+:)?//", link), f"{page}: {link}"


def test_an_address_with_a_token_leads_to_pages_of_our_own_only(board):
    for target in (
        f"//evil.example?token={TOKEN}",
        f"//evil.example/..?token={TOKEN}",
        f"/\\evil.example?token={TOKEN}",
        f"/https://evil.example?token={TOKEN}",
        f"/api/board/runs?token={TOKEN}",
        f"/nowhere?token={TOKEN}",
    ):
        answer = board.ask(target, token=False)
        assert answer.status in {400, 401}
        assert not answer["location"]
    answer = board.ask(f"/?next=//evil.example&token={TOKEN}%0d%0aX:y", token=False)
    assert answer.status == 401
    answer = board.ask(f"/?next=%2f%2fevil.example%0d%0aX:y&token={TOKEN}", token=False)
    assert answer["location"] == "/?next=%2F%2Fevil.example%0D%0AX%3Ay"


def test_the_token_is_taken_out_of_the_address(board):  # CVE-2019-10255
    answer = board.ask(f"/?token={TOKEN}", token=False)
    assert answer.status == 303
    assert TOKEN not in answer["location"]
    assert answer["cache-control"] == "no-store"
    cookie = answer["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert board.ask("/api/parts", token=False, headers={"Cookie": cookie.partition(";")[0]}).status == 200


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
        assert json.loads(ours.recv(5))["a"]
        ours.send(json.dumps({"a": "x" * sockets.MAX_MESSAGE}))
        with pytest.raises(ConnectionClosed) as closed:
            ours.recv(5)
        assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize("text", ["nonsense", "[1]", '"x"', "1", "[" * 50_000, "{", b"\x00\xff"])
def test_a_message_that_is_no_object_ends_the_socket(board, text):
    with board.socket("/api/board/live") as ours:
        ours.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            ours.recv(5)
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
        until = time.monotonic() + 10
        while json.loads(ours.recv(until - time.monotonic()))["type"] != "runs":
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
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.sendall(
                f"GET /api/flood/ws HTTP/1.1\r\nHost: {server.host}\r\nAuthorization: Bearer {TOKEN}\r\n"
                f"Connection: Upgrade\r\nUpgrade: websocket\r\n{key}\r\n".encode()
            )
            assert b" 101 " in line.recv(1000)
            line.sendall(b"\x81\x82\x00\x00\x00\x00{}")
            until = time.monotonic() + 10
            before = -1
            while before != len(sent) and time.monotonic() < until:
                before = len(sent)
                time.sleep(0.5)
            assert len(sent) < 20  # what fits into the buffers of the system, and no more
            while server.app._sockets and time.monotonic() < until:
                time.sleep(0.05)
            assert server.app._sockets == 0
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


# What is not done at all.


def test_nothing_unpickles_evaluates_or_asks_a_shell():
    forbidden = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
    for path in WEB.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {(getattr(node, "module", None) or a.name).partition(".")[0] for a in node.names}
                assert not names & forbidden, path
            if isinstance(node, ast.Call):
                called = getattr(node.func, "id", "")
                assert called not in {"eval", "exec", "compile", "__import__"}, path
                assert not any(k.arg == "shell" for k in node.keywords), path


def test_reading_runs_opens_no_connection(folder, monkeypatch):
    def refuse(*_):
        raise AssertionError("something was asked for elsewhere")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    work = _worker.Work(folder)
    for unit in work.scan()["units"]:
        assert work.explain(unit)["runs"]


def test_a_pickle_among_the_runs_is_not_opened(tmp_path):
    (tmp_path / "loss.pkl").write_bytes(b"cos\nsystem\n(S'touch " + bytes(tmp_path / "ran") + b"'\ntR.")
    (tmp_path / "loss.csv").write_bytes(b"\x80\x04cos\nsystem\n.")
    work = _worker.Work(tmp_path)
    assert work.scan()["units"] == []
    assert not (tmp_path / "ran").exists()
