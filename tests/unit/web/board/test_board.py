"""The board as its pages see it: the list, runs, tiles, files, and what comes live."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from tests.unit.web.conftest import Running

from descentry import readers, record
from descentry.story import explain
from descentry.web.board._units import Scanner, read
from descentry.web.parts import Settings, make

WAIT = 30.0


def unpacked(data):
    """As static/api.js does it."""
    length = int.from_bytes(data[:4], "little")
    head = json.loads(data[4 : 4 + length])
    at, columns = 4 + length, {}
    assert at % 8 == 0
    for name, n in head["columns"]:
        columns[name] = np.frombuffer(data, "<f8", n, at)
        at += 8 * n
    assert at == len(data)
    return head, columns


def until(found, wait=WAIT):
    """The first answer that is not empty."""
    end = time.monotonic() + wait
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.05)
    pytest.fail("it did not come")


def settled(server):
    def look():
        answer = server.ask("/api/board/runs").json()
        return answer if answer["scanned"] and not answer["pending"] else None

    return until(look)


@pytest.fixture
def site():
    """Starts boards that end with the test."""
    running = []

    def start(folder):
        running.append(Running(make(["board"], Settings(folder=folder))))
        return running[-1]

    yield start
    for server in running:
        server.stop()


@pytest.fixture(scope="module")
def examples(tmp_path_factory):
    """A board of a few runs that do not change."""
    folder = tmp_path_factory.mktemp("runs")
    rng = np.random.default_rng(0)
    n = 50_000
    loss = np.exp(-np.arange(n) / 5e3) + 0.05 * rng.normal(size=n)
    loss[[100, 20_000, 40_000]] = [9.0, np.nan, np.inf]
    with record(folder / "long", config={"batch_size": 32}) as recorder:
        for step in range(n):
            recorder.log(step, loss=loss[step], tokens=128.0 * step)
    (folder / "bad.csv").write_text("step,loss\n" + "".join(f"{s},{1.1**s}\n" for s in range(300)))
    (folder / "notes.txt").write_text("nothing to see here\n")
    for split in ("train", "validation"):
        (folder / "split" / split).mkdir(parents=True)
        text = "".join(f"{s},{2 / (s + 1)}\n" for s in range(200))
        (folder / "split" / split / "log.csv").write_text("step,loss\n" + text)
    server = Running(make(["board"], Settings(folder=folder)))
    server.loss, server.folder = loss, folder
    yield server
    server.stop()


def named(server, where):
    return next(run for run in settled(server)["runs"] if run["where"] == where)


def tile(server, run, **asked):
    query = "&".join(f"{k}={v}" for k, v in asked.items())
    return unpacked(server.ask(f"/api/board/runs/{run['id']}/tile?series=loss&{query}").body)


def test_the_list_says_of_each_run_what_explaining_it_says(examples):
    runs = {run["where"]: run for run in settled(examples)["runs"]}
    assert set(runs) == {"long", "bad.csv", "split"}
    for where, run in runs.items():
        report = explain(readers.read(examples.folder / where))
        assert run["verdict"] == report.verdict
        assert run["headline"] == report.headline
        assert run["points"] == sum(map(len, report.run.series))
        assert run["main"]["name"] == report.main.name
    assert runs["bad.csv"]["verdict"] == "failing"


def test_a_sparkline_keeps_the_spike_and_counts_what_is_not_finite(examples):
    spark = named(examples, "long")["main"]["spark"]
    assert max(spark["high"]) == 9.0
    assert sum(spark["bad"]) == 2
    assert len(spark["step"]) <= 90


def test_a_run_is_told_as_its_report_tells_it(examples):
    run = named(examples, "long")
    told = examples.ask(f"/api/board/runs/{run['id']}").json()
    assert told["summary"]["id"] == run["id"]
    assert told["report"]["verdict"] == run["verdict"]
    assert {s["key"]: s["points"] for s in told["series"]} == {"loss": 50_000, "tokens": 50_000}
    assert [s["key"] for s in told["series"] if s["main"]] == ["loss"]
    assert told["report"]["run"]["config"] == {"batch_size": 32}


def test_a_tile_of_all_has_every_point_in_some_column(examples):
    head, columns = tile(examples, named(examples, "long"), columns=500)
    assert head["points"] == columns["count"].sum() == 50_000
    assert head["extent"] == [0, 49_999]
    assert not head["exact"]
    assert len(columns["low"]) <= 503
    assert np.nanmax(columns["high"]) == 9.0
    assert columns["bad"].sum() == 2
    assert set(columns["kind"]) == {0, 1, 2}


def test_a_tile_of_few_points_is_the_points(examples):
    head, columns = tile(examples, named(examples, "long"), low=19_990, high=20_010, columns=100)
    assert head["exact"]
    assert columns["start"][0] == 19_989
    assert columns["stop"][-1] == 20_011
    expected = np.where(np.isfinite(examples.loss), examples.loss, np.nan)[19_989:20_012]
    np.testing.assert_array_equal(columns["middle"], expected)


def test_values_off_the_scale_are_counted(examples):
    head, _ = tile(examples, named(examples, "long"), bottom=-1, top=5)
    assert (head["above"], head["below"]) == (1, 0)


def test_a_curve_is_drawn_over_time_or_over_another_metric(examples):
    run = named(examples, "long")
    head, columns = tile(examples, run, x="tokens", columns=100)
    assert head["extent"] == [0, 128 * 49_999]
    assert columns["count"].sum() == 50_000
    head, columns = tile(examples, run, x="time", columns=100)
    assert head["extent"][1] == pytest.approx(time.time(), abs=3600)
    answer = examples.ask(f"/api/board/runs/{named(examples, 'bad.csv')['id']}/tile?series=loss&x=time")
    assert answer.status == 400
    assert "does not say the times" in answer.json()["error"]["what"]


def test_points_come_by_their_number(examples):
    run = named(examples, "long")
    answer = examples.ask(f"/api/board/runs/{run['id']}/points?series=loss&from=49990")
    head, columns = unpacked(answer.body)
    assert (head["from"], head["to"]) == (49_990, 50_000)
    np.testing.assert_array_equal(columns["value"], examples.loss[49_990:])


def test_a_name_that_is_not_there_gets_the_nearest_one(examples):
    run = named(examples, "long")
    answer = examples.ask(f"/api/board/runs/{run['id']}/tile?series=los")
    assert answer.status == 404
    assert "Did you mean 'loss'?" in answer.json()["error"]["how"]
    assert examples.ask("/api/board/runs/0123456789abcdef-0").status == 404


def test_a_run_is_saved_as_table_page_and_data(examples, tmp_path):
    run = named(examples, "long")
    table = examples.ask(f"/api/board/runs/{run['id']}/data.csv")
    (tmp_path / "long.csv").write_bytes(table.body)
    back = readers.read(tmp_path / "long.csv")
    np.testing.assert_array_equal(back["loss"].value, examples.loss)
    page = examples.ask(f"/api/board/runs/{run['id']}/report.html")
    assert page.body.startswith(b"<!doctype html>")
    assert 'filename="long.html"' in page["content-disposition"]
    data = examples.ask(f"/api/board/runs/{run['id']}/report.json").json()
    assert data["schema"].startswith("descentry.report/")


def test_links_keep_their_meaning_after_a_restart(examples, site):
    again = site(examples.folder)
    run = named(examples, "long")
    assert again.ask(f"/api/board/runs/{run['id']}").json()["summary"]["name"] == "long"


def test_a_log_that_cannot_be_read_is_named_and_the_others_are_shown(site, tmp_path):
    (tmp_path / "good.csv").write_text("step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99)))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.sqlite").write_bytes(
        b"SQLite format 3\x00" + bytes(52) + b"DSNT" + bytes(2000)
    )
    answer = settled(site(tmp_path))
    assert [run["where"] for run in answer["runs"]] == ["good.csv"]
    assert [trouble["where"] for trouble in answer["troubles"]] == ["broken"]


def test_a_folder_that_is_called_as_a_split_is_a_folder_like_others(site, tmp_path):
    folder = tmp_path / "test"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.csv").write_text(
            "step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99))
        )
    assert [run["where"] for run in settled(site(folder))["runs"]] == ["a.csv", "b.csv"]


def falling(n=99):
    return "step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(n))


def test_a_folder_that_is_a_run_is_a_board_of_one(site, tmp_path):
    with record(tmp_path / "exp1") as recorder:
        for step in range(99):
            recorder.log(step, loss=1 / (step + 1))
    server = site(tmp_path / "exp1")
    (run,) = settled(server)["runs"]
    assert (run["name"], run["where"]) == ("exp1", "exp1")
    assert server.ask(f"/api/board/runs/{run['id']}").status == 200


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="names of files are text there")
def test_a_name_that_is_no_text_is_no_defect(site, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\xfe.csv"
    with open(path, "w") as stream:
        stream.write(falling())
    server = site(tmp_path)
    (run,) = settled(server)["runs"]
    for what in ("", "/report.json", "/report.html", "/data.csv"):
        assert server.ask(f"/api/board/runs/{run['id']}{what}").status == 200


def test_a_log_is_looked_at_again_until_its_beginning_is_there(tmp_path):
    scanner = Scanner(tmp_path)
    log = tmp_path / "train.txt"
    log.write_text("starting\n")
    assert scanner.scan() == []
    log.write_text("starting\n" + "loss: 1.0\n" * 9)
    assert [unit.reader for unit in scanner.scan()] == ["generic-text"]
    log.write_text("".join(json.dumps({"step": s, "loss": 1 / (s + 1)}) + "\n" for s in range(99)))
    assert [unit.reader for unit in scanner.scan()] == ["jsonl"]


def test_checkpoints_of_one_run_are_one_run(tmp_path):
    history = [{"step": s, "epoch": s / 10, "loss": 1 / s} for s in range(1, 40)]
    for last in (20, 39):
        folder = tmp_path / "out" / f"checkpoint-{last}"
        folder.mkdir(parents=True)
        state = {"global_step": last, "log_history": history[:last]}
        (folder / "trainer_state.json").write_text(json.dumps(state))
    (unit,) = Scanner(tmp_path).scan()
    (run,) = read(tmp_path, unit)
    assert len(run["loss"]) == 39


def test_an_empty_folder_is_no_trouble(site, tmp_path):
    answer = settled(site(tmp_path))
    assert answer["runs"] == []
    assert not answer["trouble"]


# Live.


class Page:
    """What a page hears."""

    def __init__(self, socket):
        self.socket = socket
        self.heard = []

    def say(self, **message):
        self.socket.send(json.dumps(message))

    def hear(self, wanted, wait=WAIT):
        """The first message from now on that is wanted."""
        end = time.monotonic() + wait
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
        page.say(type="watch", run=run["id"], series=["loss"])
        head, _ = page.hear(lambda head, _: head["type"] == "watching")
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
        page.say(type="watch", run=run["id"], series=["loss"])
        page.hear(lambda head, _: head["type"] == "watching")
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


def test_a_log_that_starts_over_is_read_anew_by_the_page(site, tmp_path):
    log = tmp_path / "a.csv"
    log.write_text("step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99)))
    server = site(tmp_path)
    run = named(server, "a.csv")
    with server.socket("/api/board/live") as socket:
        page = Page(socket)
        page.say(type="watch", run=run["id"])
        page.hear(lambda head, _: head["type"] == "watching")
        log.write_text("step,loss\n" + "".join(f"{s},{7 / (s + 1)}\n" for s in range(120)))
        page.hear(lambda head, _: head["type"] == "run" and head["rewritten"])
    assert tile(server, run)[1]["high"].max() == 7


def test_a_page_that_lags_behind_is_told_to_ask_for_tiles(site, tmp_path, monkeypatch):
    from descentry.web.board import _live

    monkeypatch.setattr(_live, "MOST_AT_ONCE", 50)
    log = tmp_path / "a.csv"
    log.write_text("step,loss\n" + "".join(f"{s},{1 / (s + 1)}\n" for s in range(99)))
    server = site(tmp_path)
    run = named(server, "a.csv")
    with server.socket("/api/board/live") as socket:
        page = Page(socket)
        page.say(type="watch", run=run["id"])
        page.hear(lambda head, _: head["type"] == "watching")
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
            page.say(type="watch", run=run["id"])
            page.hear(lambda head, _: head["type"] == "watching")
        assert board._watched == {run["id"]: 2}
    until(lambda: not board._watched)
    assert not board._following


def test_a_worker_that_dies_is_replaced(examples):
    run = named(examples, "bad.csv")
    board = examples.parts[0].start.__self__
    examples.ask(f"/api/board/runs/{run['id']}")
    os.kill(board._front._process.pid, signal.SIGKILL)
    until(lambda: examples.ask(f"/api/board/runs/{run['id']}/data.csv").status == 200, 20)


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
    assert worker.wait(20) == 0
    worker.stdout.close()
