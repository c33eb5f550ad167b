"""What a server on one's own machine has to withstand: addresses as paths, and text as code."""

from __future__ import annotations

import ast
import re
import socket
from pathlib import Path

import pytest
from tests.unit.web.conftest import SECRET, TOKEN

from descentry import web
from descentry.web.board import _worker

WEB = Path(web.__path__[0])


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
