"""What comes live from a board, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from tests._awaiting import PATIENCE, until
from tests.unit.web.board._boards import named, unpacked
from tests.unit.web.conftest import Running

from descentry import record
from descentry.web.parts import Settings, make


class Page:
    """What a page hears."""

    def __init__(self, socket):
        self.socket = socket
        self.heard = []

    def say(self, **message):
        self.socket.send(json.dumps(message))

    def watch(self, run, **more):
        """Follows a run; the answer."""
        self.say(type="watch", run=run["id"], **more)
        return self.hear(lambda head, _: head["type"] == "watching")[0]

    def hear(self, wanted):
        """The first message from now on that is wanted."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                message = self.socket.recv(end - time.monotonic())
            except TimeoutError:
                break
            heard = unpacked(message) if isinstance(message, bytes) else (json.loads(message), {})
            self.heard.append(heard)
            if wanted(*heard):
                return heard
        pytest.fail(f"not heard; only {[h for h, _ in self.heard]}"[:2000])


def points(head, _):
    return head["type"] == "points"


def test_a_run_that_is_written_is_followed(site, tmp_path):
    recorder = record(tmp_path / "exp1")
    for step in range(100):
        recorder.log(step, loss=1.0)
    recorder._writer.flush()
    server = site(tmp_path)
    run = named(server, "exp1")
    assert run["running"]
    with server.socket("/api/board/live") as socket:
        page = Page(socket)
        head = page.watch(run, series=["loss"])
        assert head["counts"] == {"loss": 100}
        for step in range(100, 110):
            recorder.log(step, loss=float(step), lr=0.1)
            recorder._writer.flush()
        seen = []
        while len(seen) < 10:
            head, columns = page.hear(points)
            (series,) = head["series"]
            assert series["key"] == "loss"
            assert series["from"] == 100 + len(seen)
            seen += columns["0.step"].tolist()
        assert seen == list(range(100, 110))
        # The run tells a new metric, and in the end that it has ended.
        recorder.close()
        page.hear(lambda head, _: head["type"] == "run" and not head["summary"]["running"])
        assert not any(head.get("rewritten") for head, _ in page.heard)
    assert {s["key"] for s in server.ask(f"/api/board/runs/{run['id']}").json()["series"]} == {"loss", "lr"}


def test_a_log_that_has_to_be_read_whole_is_followed_too(site, tmp_path):
    log = tmp_path / "a.csv"
    log.write_text("loss,acc\n" + "".join(f"{1 / (s + 1)},0.5\n" for s in range(3000)))  # rows are its steps
    server = site(tmp_path)
    run = named(server, "a.csv")
    with server.socket("/api/board/live") as socket:
        page = Page(socket)
        page.watch(run, series=["loss"])
        with log.open("a") as stream:
            stream.write("7.0,0.5\n8.0,0.5\n")
        _, columns = page.hear(points)
        assert columns["0.value"].tolist() == [7.0, 8.0]
        assert columns["0.step"].tolist() == [3000, 3001]


def test_the_list_hears_of_runs_that_come_change_and_go(site, tmp_path):
    log = tmp_path / "a.csv"
    log.write_text("step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99)))
    server = site(tmp_path)
    with server.socket("/api/board/live") as socket:
        page = Page(socket)
        page.say(type="list")
        head, _ = page.hear(lambda head, _: head["type"] == "runs" and head["runs"])
        assert [run["where"] for run in head["runs"]] == ["a.csv"]
        with log.open("a") as stream:
            stream.write("".join(f"{s},{1.2**s}\n" for s in range(99, 300)))
        page.hear(lambda head, _: any(run["verdict"] == "failing" for run in head.get("runs", [])))
        (tmp_path / "b.csv").write_text(log.read_text())
        head, _ = page.hear(lambda head, _: any(run["where"] == "b.csv" for run in head.get("runs", [])))
        gone = next(run["id"] for run in head["runs"] if run["where"] == "b.csv")
        (tmp_path / "b.csv").unlink()
        page.hear(lambda head, _: gone in head.get("gone", []))


def highest(server, run):
    query = "tile?series=loss"
    answer = server.ask(f"/api/board/runs/{run['id']}/{query}")
    return unpacked(answer.body)[1]["high"].max() if answer.status == 200 else None


def test_a_log_that_starts_over_is_read_anew_by_the_page(site, tmp_path):
    log = tmp_path / "a.csv"
    log.write_text("step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99)))
    server = site(tmp_path)
    run = named(server, "a.csv")
    with server.socket("/api/board/live") as socket:
        page = Page(socket)
        page.watch(run)
        log.write_text("step,loss\n" + "".join(f"{s},{7 / (s + 1)}\n" for s in range(120)))
        page.hear(lambda head, _: head["type"] == "run" and head["rewritten"])
    # The page may have asked while half of the log was written.
    until(lambda: highest(server, run) == 7, "the new log")


def test_a_page_that_lags_behind_is_told_to_ask_for_tiles(site, tmp_path, monkeypatch):
    from descentry.web.board import _live

    monkeypatch.setattr(_live, "MOST_AT_ONCE", 50)
    log = tmp_path / "a.csv"
    log.write_text("step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99)))
    server = site(tmp_path)
    run = named(server, "a.csv")
    with server.socket("/api/board/live") as socket:
        page = Page(socket)
        page.watch(run)
        with log.open("a") as stream:
            stream.write("".join(f"{s},1\n" for s in range(99, 400)))
        head, _ = page.hear(lambda head, _: head["type"] == "skipped")
        assert head["series"] == ["loss"]


def test_many_pages_share_one_watch_and_the_last_one_ends_it(site, tmp_path):
    (tmp_path / "a.csv").write_text("step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99)))
    server = site(tmp_path)
    run = named(server, "a.csv")
    board = server.parts[0].start.__self__
    with server.socket("/api/board/live") as one, server.socket("/api/board/live") as two:
        for socket in (one, two):
            page = Page(socket)
            page.watch(run)
        assert board._watched == {run["id"]: 2}
    until(lambda: not board._watched and not board._following, "the watch ended")


def test_a_worker_that_dies_is_replaced(examples):
    run = named(examples, "bad.csv")
    board = examples.parts[0].start.__self__
    examples.ask(f"/api/board/runs/{run['id']}")
    os.kill(board._front._process.pid, signal.SIGKILL)
    until(lambda: examples.ask(f"/api/board/runs/{run['id']}/data.csv").status == 200, "a worker again")


def test_nothing_is_left_behind(tmp_path):
    (tmp_path / "a.csv").write_text("step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99)))
    server = Running(make(["board"], Settings(folder=tmp_path)))
    run = named(server, "a.csv")
    server.ask(f"/api/board/runs/{run['id']}")
    board = server.parts[0].start.__self__
    workers = [worker._process.pid for worker in (board._front, board._back)]
    place = board._place
    assert place.exists()
    server.stop()
    assert not place.exists()
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv"]


def test_a_worker_ends_with_the_server_however_that_ends(tmp_path):
    command = [sys.executable, "-P", "-m", "descentry.web.board._worker", str(tmp_path)]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    worker.stdin.close()
    assert worker.wait(PATIENCE) == 0
    worker.stdout.close()
