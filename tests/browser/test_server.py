"""The guard of the server as a real browser meets it."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests._awaiting import until

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def server(shared):
    return shared("board", EXAMPLES)


def test_the_token_leaves_the_address_and_scripts_cannot_read_the_cookie(server, page):
    page.goto(server.url)
    assert "token" not in page.url
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert page.evaluate("fetch('/api/parts').then(r => r.status)") == 200


def test_a_link_to_a_page_keeps_the_rest_of_its_address(server, page):
    page.goto(server.address("/board?view=a%20b"))
    parts = urlsplit(page.url)
    assert (parts.path, parts.query) == ("/board", "view=a+b")


def test_a_browser_without_the_token_is_told_where_it_is(server, page):
    answer = page.goto(f"{server.base}/board")
    assert answer.status == 401
    assert "address that descentry printed" in page.inner_text("body")
    page.witness.wrong.clear()  # the browser reports the 401


def test_a_link_on_a_page_elsewhere_opens_the_page(server, page, tmp_path):
    page.goto(server.url)
    link = tmp_path / "link.html"
    link.write_text(f'<!doctype html><link rel="icon" href="data:,"><a href="{server.base}/board">board</a>')
    page.route("file:///**", lambda route: route.continue_())
    page.goto(link.as_uri())
    page.click("a")
    page.wait_for_url("**/board")
    page.wait_for_selector("script[src]", state="attached")  # not the page that asks again, with the cookie
    assert page.evaluate("fetch('/api/parts').then(r => r.status)") == 200


def test_a_page_whose_name_was_made_to_point_here_gets_nothing(server, launch):
    """DNS rebinding: for the browser, this server and the page have one origin."""
    browser = launch("--host-resolver-rules=MAP evil.example 127.0.0.1")
    try:
        page = browser.new_page()
        port = urlsplit(server.base).port
        for path in ("/board", "/api/board/runs", f"/?token={server.token}"):
            answer = page.goto(f"http://evil.example:{port}{path}")
            assert answer.status == 421
            assert page.inner_text("body").startswith("This server does not go by that name.")
        assert page.evaluate("fetch('/api/board/runs').then(r => r.status)") == 421
        opened = page.evaluate(
            """() => new Promise(done => {
                 const socket = new WebSocket(`ws://${location.host}/api/board/live`);
                 socket.onopen = () => done("open");
                 socket.onerror = () => done("refused");
               })"""
        )
        assert opened == "refused"
        assert page.context.cookies() == []
    finally:
        browser.close()


@pytest.fixture
def stranger():
    """A page of another program, on another port of this machine."""

    class Blank(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b'<!doctype html><link rel="icon" href="data:,"><p>hello')

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Blank) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()
        thread.join()


def test_a_page_on_another_port_of_this_machine_gets_nothing(server, stranger, page):
    """Another port is the same site: the browser sends our cookie along, and only the origin tells."""
    page.goto(server.url)  # from here on the browser has the cookie
    page.goto(stranger)
    ask = """base => fetch(base + "/api/board/runs", {credentials: "include"})
             .then(answer => answer.text(), () => "refused")"""
    assert page.evaluate(ask, server.base) == "refused"
    opened = page.evaluate(
        """base => new Promise(done => {
             const socket = new WebSocket(base.replace("http", "ws") + "/api/board/live");
             socket.onopen = () => done("open");
             socket.onerror = () => done("refused");
           })""",
        server.base,
    )
    assert opened == "refused"
    loaded = page.evaluate(
        """base => new Promise(done => {
             const script = document.createElement("script");
             script.src = base + "/static/early.js";
             script.onload = () => done("loaded");
             script.onerror = () => done("refused");
             document.head.append(script);
           })""",
        server.base,
    )
    assert loaded == "refused"
    shown = page.evaluate(
        """base => new Promise(done => {
             const frame = document.createElement("iframe");
             frame.src = base + "/board";
             frame.onload = () => done(frame.contentDocument ? "open" : "sealed");
             document.body.append(frame);
           })""",
        server.base,
    )
    assert shown == "sealed"
    assert any("403" in wrong for wrong in page.witness.wrong)
    page.witness.wrong.clear()  # the browser reports each refusal


def children(pid):
    """The processes that a process started, where the system lists them as files."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to see processes")
def test_a_server_that_ends_leaves_no_process_behind(serve, page, tmp_path):
    (tmp_path / "a.csv").write_text("step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99)))
    server = serve("board", tmp_path)
    page.goto(server.url)
    page.wait_for_function(
        "fetch('/api/board/runs').then(r => r.json()).then(list => list.runs.length === 1)"
    )
    workers = children(server.process.pid)
    assert workers
    page.goto("about:blank")
    assert server.stop() == "Ctrl-C ends it.\n"
    until(lambda: not [pid for pid in workers if Path(f"/proc/{pid}").exists()], "no process is left")
