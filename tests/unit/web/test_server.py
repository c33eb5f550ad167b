"""The server as its user meets it: addresses, ports, what it says, what it refuses, and how it ends."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import selectors
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from tests._awaiting import PATIENCE
from tests.unit.web.conftest import ECHO, TOKEN, Running

from descentry import cli
from descentry.core.errors import DescentryError, UnknownNameError
from descentry.web import parts, server
from descentry.web._static import FOLDER, table

OWN = "a-token-that-somebody-chose"


class Process:
    """`descentry WORDS` as a user starts it."""

    def __init__(self, *words):
        command = [sys.executable, "-m", "descentry.cli", *map(str, words), "--no-browser"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
        )
        self.said = ""
        with selectors.DefaultSelector() as ready:
            ready.register(self.process.stdout, selectors.EVENT_READ)
            until = time.monotonic() + PATIENCE
            while "Ctrl-C" not in self.said and time.monotonic() < until and self.process.poll() is None:
                if ready.select(timeout=0.2):
                    self.said += os.read(self.process.stdout.fileno(), 1 << 16).decode()
        self.url = re.search(r"http://\S+", self.said)[0]
        self.port = urlsplit(self.url).port

    def send(self, request):
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as line:
            line.sendall(request.encode())
            with contextlib.suppress(ConnectionResetError):
                return line.recv(1 << 16)
        return b""

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        self.said += self.process.stdout.read()
        self.process.stdout.close()
        return code


@pytest.fixture
def refused(capsys, monkeypatch):
    """What the command says when it refuses; nothing is served."""
    monkeypatch.setattr(server.uvicorn.Server, "run", lambda *_, **__: pytest.fail("it serves"))

    def call(*words):
        assert cli.main(["board", *map(str, words)]) == cli.USER_ERROR
        return capsys.readouterr().err

    return call


def test_it_prints_one_address_and_nothing_else_whatever_comes(tmp_path):  # CVE-2019-10255
    running = Process("board", tmp_path, "--port", "0")
    token = urlsplit(running.url).query.removeprefix("token=")
    assert len(token) >= 43  # 256 bits
    host = f"Host: 127.0.0.1:{running.port}\r\n"
    for request in (
        f"GET /?token={token} HTTP/1.1\r\n{host}\r\n",
        f"GET /?token={token} HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        f"GET /nowhere?token={token} HTTP/1.1\r\n{host}\r\n",
        f"GET /api/board/live?token={token} HTTP/1.1\r\n{host}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
        f"GET /?token={token} HTTP/9\r\n\r\n",
        f"nonsense {token}\r\n\r\n",
    ):
        running.send(request)
    assert running.end() == 0
    assert running.said.count(token) == 1
    assert running.said.splitlines() == [f"Open {running.url}", "Ctrl-C ends it."]


def test_a_port_that_is_taken_gets_the_next_one_and_says_so(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        running = Process("board", tmp_path, "--port", taken)
        assert running.port > taken
        assert f"Port {taken} is taken; this is port {running.port}." in running.said
        assert running.end(signal.SIGTERM) is not None


def test_every_start_has_a_token_of_its_own(tmp_path):
    first, second = Process("board", tmp_path, "--port", "0"), Process("board", tmp_path, "--port", "0")
    assert urlsplit(first.url).query != urlsplit(second.url).query
    first.end()
    second.end()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_other_machines_are_let_in_only_on_purpose(refused, monkeypatch, tmp_path, host):
    monkeypatch.delenv("DESCENTRY_TOKEN", raising=False)
    assert "other machines could reach this address" in refused(tmp_path, "--host", host)
    assert "DESCENTRY_TOKEN" in refused(tmp_path, "--host", host, "--expose", "gpu7.example.org")
    monkeypatch.setenv("DESCENTRY_TOKEN", OWN)
    assert "--expose NAME" in refused(tmp_path, "--host", host)
    monkeypatch.setenv("DESCENTRY_TOKEN", "short")
    assert "at least 20" in refused(tmp_path, "--host", host, "--expose", "gpu7.example.org")


def test_what_is_exposed_goes_by_its_name_and_no_other():
    running = Running([ECHO], hosts=["GPU7.example.org"])
    try:
        assert running.ask("/api/parts", host="gpu7.example.org:8765").status == 200
        assert running.ask("/api/parts", host="gpu8.example.org:8765").status == 421
        assert running.ask("/api/parts", host="evil.gpu7.example.org").status == 421
        own = {"Origin": "http://gpu7.example.org:8765"}
        assert running.ask("/api/parts", host="gpu7.example.org:8765", headers=own).status == 200
        assert running.ask("/api/parts", host="gpu7.example.org:8764", headers=own).status == 403
    finally:
        running.stop()


def test_a_token_of_ones_own_is_used(monkeypatch):
    said = []
    monkeypatch.setattr(server.uvicorn.Server, "run", lambda *_, **__: None)
    server.serve([ECHO], "127.0.0.1", 0, exposed_as=["gpu7.example.org"], token=OWN, say=said.append)
    assert re.fullmatch(rf"Open http://gpu7\.example\.org:\d+/\?token={OWN}", said[0])


def test_mistakes_are_told_in_the_users_words(refused, tmp_path):
    (tmp_path / "train.log").write_text("loss: 1\n")
    assert f"{tmp_path}/train.log: this is a file" in refused(tmp_path / "train.log")
    assert "no such folder" in refused(tmp_path / "nowhere")
    assert "a port is a number from 0 to 65535" in refused(tmp_path, "--port", "70000")
    assert "invalid int value" in refused(tmp_path, "--port", "http")


def test_an_address_of_another_machine_cannot_be_listened_at():
    with pytest.raises(DescentryError, match="cannot be listened at"):
        server.serve([ECHO], "203.0.113.7", 0, exposed_as=["x"], token=OWN)


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "websockets"])
def test_without_the_extra_the_command_says_what_to_install(tmp_path, missing):
    code = (
        f"import sys\nsys.modules[{missing!r}] = None\nfrom descentry import cli\n"
        f"sys.exit(cli.main(['board', {str(tmp_path)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == cli.USER_ERROR
    assert "pip install 'descentry[board]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_browser_is_shown_the_address_without_anybody_else_seeing_it(monkeypatch):
    opened = []

    def look(uri):
        page = Path(unquote(urlsplit(uri).path))
        assert stat.S_IMODE(page.parent.stat().st_mode) == 0o700
        opened.append((uri, page, page.read_text()))

    monkeypatch.setattr(server.webbrowser, "open", look)
    monkeypatch.setattr(server.uvicorn.Server, "run", lambda *_, **__: None)
    server.serve([ECHO], "127.0.0.1", 0, open_browser=True, token=TOKEN, say=lambda _: None)
    ((uri, page, text),) = opened
    assert TOKEN not in uri
    assert f"/?token={TOKEN}" in text
    assert not page.exists()


def test_no_browser_is_opened_where_nobody_sees_it(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    assert server.has_browser()
    monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")
    assert not server.has_browser()


# Pages and parts.


def test_the_first_page_is_where_it_leads(board):
    answer = board.ask("/")
    assert (answer.status, answer["location"]) == (303, "/board")
    assert board.ask("/board")["content-type"] == "text/html; charset=utf-8"


def test_files_are_packed_and_sent_once(board):
    plain = board.ask("/static/api.js")
    packed = board.ask("/static/api.js", headers={"Accept-Encoding": "gzip, br"})
    assert gzip.decompress(packed.body) == plain.body == (FOLDER / "api.js").read_bytes()
    assert len(packed.body) < len(plain.body)
    again = board.ask("/static/api.js", headers={"If-None-Match": plain["etag"]})
    assert (again.status, again.body) == (304, b"")


def test_only_kinds_that_pages_need_are_sent(tmp_path):
    for name in ("a.js", "b.py", "c.sqlite", ".hidden.js", "sub/d.css"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert set(table(tmp_path)) == {"a.js", "sub/d.css"}


def test_an_address_that_is_not_there_is_told_as_json(board):
    answer = board.ask("/api/board/nothing")
    assert answer.status == 404
    assert answer.json() == {"error": {"what": "there is nothing at this address", "where": "", "how": ""}}


def test_addresses_are_not_completed(board):
    assert board.ask("/board/").status == 404
    assert board.ask("/api/board/runs/").status == 404


def test_parts_are_found_by_their_folders(tmp_path):
    found = parts.names()
    assert "board" in found
    assert "static" not in found
    with pytest.raises(UnknownNameError, match="no part called 'bord'") as error:
        parts.make(["bord"], parts.Settings())
    assert error.value.suggestion == "board"


@pytest.mark.parametrize("name", parts.names())
def test_every_page_of_a_part_is_there(name, tmp_path):
    settings = parts.Settings(folder=tmp_path, data=tmp_path)
    (part,) = parts.make([name], settings)
    assert part.name == name
    files = table()
    for path, file in part.pages.items():
        assert path.startswith("/")
        assert file in files


def test_parts_are_started_and_stopped():
    happened = []

    async def start():
        happened.append("start")

    async def stop():
        happened.append("stop")

    running = Running([parts.Part("some", {}, start=start, stop=stop)])
    assert happened == ["start"]
    running.stop()
    assert happened == ["start", "stop"]


def test_what_outlives_the_server_is_kept_where_the_system_keeps_such(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert parts.data_folder() == tmp_path / "descentry"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert parts.data_folder() == Path.home() / ".local" / "share" / "descentry"


def test_many_tabs_share_one_server(board):
    cookie = board.cookie()
    answers = [board.ask("/api/parts", token=False, headers={"Cookie": cookie}).status for _ in range(20)]
    assert set(answers) == {200}
    assert board.cookie() == cookie


def test_servers_beside_each_other_do_not_take_each_others_cookies():
    one, two = Running([ECHO]), Running([ECHO])
    try:
        two.app._token, two.app.cookie = b"x" * 40, "descentry-other"
        assert one.cookie().partition("=")[0] != two.app.cookie
        both = f"{one.cookie()}; descentry-other={'x' * 40}"
        for running in (one, two):
            assert running.ask("/api/parts", token=False, headers={"Cookie": both}).status == 200
    finally:
        one.stop()
        two.stop()


def test_the_wheel_has_the_pages():
    # What is below the package is in the wheel, unless something keeps it out.
    project = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    assert 'packages = ["src/descentry"]' in project
    assert "exclude" not in project.partition("[tool.hatch")[2].partition("[tool.ruff")[0]
    assert os.path.commonpath([FOLDER, Path(server.__file__).parent]) == str(FOLDER.parent)
