"""What a server on one's own machine has to withstand: whoever asks and is not the user's own page."""

from __future__ import annotations

import re

import pytest
from starlette.routing import Mount, Route, WebSocketRoute
from tests._awaiting import awaited
from tests.unit.web.conftest import ECHO, TOKEN, parse
from websockets.exceptions import InvalidStatus

from descentry.web.app import create_app
from descentry.web.parts import Settings, make, names


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


async def _asked(guard, headers, raw=b"/api/parts", kind="http"):
    """What the guard alone answers, without a server that has looked at the request before."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": b""}

    scope = {"type": kind, "method": "GET", "path": "/api/parts", "raw_path": raw, "query_string": b""}
    scope |= {"headers": headers, "extensions": {"websocket.http.response": {}}}
    await guard(scope, receive, send)
    return sent[0]["status"]


def test_the_guard_does_not_trust_the_server_before_it():
    guard = create_app([ECHO], token=TOKEN)
    own, auth = (b"host", b"localhost"), (b"authorization", f"Bearer {TOKEN}".encode())
    assert awaited(_asked(guard, [own, auth])) == 200
    for hosts in ([], [own, own], [own, (b"host", b"evil.example")], [(b"host", b"localhost,evil.example")]):
        assert awaited(_asked(guard, [*hosts, auth])) == 421
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
        assert awaited(_asked(guard, [own, auth], raw)) == 400, raw


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


def test_no_address_of_any_part_answers_strangers(tmp_path):
    every = make(names(), Settings(folder=tmp_path, data=tmp_path))
    guard = create_app(every, token=TOKEN)
    http, ws = addresses(guard)
    assert {part.name for part in every} >= {path.split("/")[2] for path in ws}
    own, auth = (b"host", b"localhost:1"), (b"authorization", f"Bearer {TOKEN}".encode())
    same, other = (b"origin", b"http://localhost:1"), (b"origin", b"http://localhost:2")
    for paths, kind in ((http, "http"), (ws, "websocket")):
        for path in paths:
            assert awaited(_asked(guard, [own, same], path.encode(), kind)) == 401
            assert awaited(_asked(guard, [own, auth, other], path.encode(), kind)) == 403
            assert awaited(_asked(guard, [(b"host", b"evil"), auth], path.encode(), kind)) == 421


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
