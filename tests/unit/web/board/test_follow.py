"""What is read of the end of a log is what the whole log says."""

from __future__ import annotations

import json
from itertools import count

import numpy as np
import pytest

from descentry.store.writing import RunWriter
from descentry.web.board import _data, _units
from descentry.web.board._follow import LineFollower, StoredFollower, follower
from descentry.web.board._opened import Opened
from descentry.web.board._summary import keys
from descentry.web.board._worker import Work

HEAD = {"csv": "step,loss,acc\n"}
LINES = {
    "csv": lambda s: f"{s},{2 / (s + 1)},{s / 1000}\n",
    "jsonl": lambda s: json.dumps({"step": s, "loss": 2 / (s + 1), "acc": s / 1000}) + "\n",
    "log": lambda s: f"INFO: step {s} loss: {2 / (s + 1):.6f} acc: {s / 1000}\n",
}


NUMBERS = count()


def load(folder, tmp_path):
    """A run as the board opens it."""
    work = Work(folder)
    (unit,) = work.scan()["units"]
    path = tmp_path / f"{next(NUMBERS)}.bin"
    found = work.load(unit, 0, str(path))
    curves = _data.read(path, found.pop("index"))
    named = dict(zip(keys([c.name for c in curves]), curves, strict=True))
    known = _units.Unit.of(unit)
    follows = follower(folder, known, found.pop("place"), named, found.pop("runs"))
    run = Opened(known, 0)
    run.renew(known, found, named)
    run.follower = follows
    return run


def whole(run, key):
    return run.points(key, 0, run.count(key))


@pytest.fixture
def runs(tmp_path):
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("kind", list(LINES))
def test_lines_that_come_are_what_reading_all_gives(runs, tmp_path, kind):
    log = runs / f"a.{kind}"
    line = LINES[kind]
    log.write_text(HEAD.get(kind, "") + "".join(map(line, range(400))))
    run = load(runs, tmp_path)
    assert isinstance(run.follower, LineFollower)
    at = 400
    for many in (1, 1, 7, 300, 2):
        with log.open("a") as stream:
            stream.write("".join(map(line, range(at, at + many))))
        at += many
        assert run.append(run.follower.look())
    for key in ("loss", "acc"):
        for live, read in zip(whole(run, key), whole(load(runs, tmp_path), key), strict=True):
            np.testing.assert_array_equal(live, read)


@pytest.mark.parametrize("kind", list(LINES))
def test_half_a_line_waits_for_its_other_half(runs, tmp_path, kind):
    log = runs / f"a.{kind}"
    line = LINES[kind]
    log.write_text(HEAD.get(kind, "") + "".join(map(line, range(400))))
    run = load(runs, tmp_path)
    with log.open("a") as stream:
        stream.write(line(400)[:9])
    assert not run.append(run.follower.look())
    with log.open("a") as stream:
        stream.write(line(400)[9:])
    assert run.append(run.follower.look())
    assert whole(run, "loss")[0][-1] == 400


def test_nothing_new_is_nothing(runs, tmp_path):
    (runs / "a.csv").write_text("step,loss\n" + "".join(f"{s},{s}\n" for s in range(50)))
    run = load(runs, tmp_path)
    assert run.follower.look() == {}


def test_a_log_that_is_written_anew_is_read_anew(runs, tmp_path):
    log = runs / "a.csv"
    log.write_text("step,loss\n" + "".join(f"{s},{s}\n" for s in range(500)))
    run = load(runs, tmp_path)
    log.write_text("step,loss\n1,2\n")
    assert run.follower.look() is None


def test_a_new_metric_is_read_with_the_whole_log(runs, tmp_path):
    log = runs / "a.jsonl"
    log.write_text("".join(LINES["jsonl"](s) for s in range(100)))
    run = load(runs, tmp_path)
    with log.open("a") as stream:
        stream.write('{"step": 100, "loss": 1, "new": 2}\n')
    more = run.follower.look()
    assert run.follower.more_to_tell
    assert list(more) == ["loss"]


def test_a_log_without_steps_is_not_followed_by_its_lines(runs, tmp_path):
    (runs / "a.csv").write_text("loss,acc\n" + "".join(f"{1 / (s + 1)},{s}\n" for s in range(3000)))
    assert load(runs, tmp_path).follower is None


def test_rows_that_come_are_what_reading_all_gives(runs, tmp_path):
    writer = RunWriter.open(runs / "exp1")
    for step in range(1000):
        writer.add(step, {"loss": 2 / (step + 1), "lr": 0.1}, 1.7e9 + step)
    writer.flush()
    run = load(runs, tmp_path)
    assert isinstance(run.follower, StoredFollower)
    at = 1000
    for many in (1, 5, 3000, 1):
        for step in range(at, at + many):
            writer.add(step, {"loss": float("nan") if step % 7 == 0 else 1.0, "lr": 0.1}, 1.7e9 + step)
        writer.flush()
        at += many
        assert run.append(run.follower.look())
    assert run.follower.look() == {}
    for key in ("loss", "lr"):
        for live, read in zip(whole(run, key), whole(load(runs, tmp_path), key), strict=True):
            np.testing.assert_array_equal(live, read)
    writer.close()


def test_a_note_a_new_metric_and_the_end_do_not_hold_up_the_points(runs, tmp_path):
    writer = RunWriter.open(runs / "exp1")
    writer.add(0, {"loss": 1.0}, 1.7e9)
    writer.flush()
    tellings = [
        lambda: writer.event("note", "the rate was halved"),
        lambda: writer.add(1, {"val_loss": 1.0}, 1.7e9 + 1),
        lambda: writer.close(),
    ]
    for step, telling in enumerate(tellings, 1):
        run = load(runs, tmp_path)
        writer.add(step, {"loss": 1.0}, 1.7e9 + step)
        telling()
        writer.flush()
        assert list(run.follower.look()) == ["loss"]
        assert run.follower.more_to_tell
        assert run.follower.look() == {}


def test_a_new_launch_and_a_note_are_read_with_the_whole_run(runs, tmp_path):
    writer = RunWriter.open(runs / "exp1")
    for step in range(100):
        writer.add(step, {"loss": 1.0}, 1.7e9 + step)
    writer.flush()
    run = load(runs, tmp_path)
    writer.event("note", "the rate was halved")
    writer.close()
    run = load(runs, tmp_path)
    assert [line["data"] for line in run.detail["journal"] if line["kind"] == "note"] == [
        "the rate was halved"
    ]
    writer = RunWriter.open(runs / "exp1", resume=True)
    writer.add(50, {"loss": 2.0}, 1.7e9 + 200)
    writer.close()
    assert run.follower.look() is None


def test_a_run_that_is_gone_is_no_defect(runs, tmp_path):
    writer = RunWriter.open(runs / "exp1")
    writer.add(0, {"loss": 1.0}, 1.7e9)
    writer.close()
    run = load(runs, tmp_path)
    (runs / "exp1" / "run.sqlite").unlink()
    assert run.follower.look() is None


def test_pages_are_told_when_what_they_know_was_rewritten(runs, tmp_path):
    log = runs / "a.csv"
    log.write_text("step,loss\n" + "".join(f"{s},{s}\n" for s in range(50)))
    run = load(runs, tmp_path)

    def again(text):
        log.write_text("step,loss\n" + text)
        other = load(runs, tmp_path)
        run.renew(other.unit, other.detail, other._curves)
        return run.rewritten == run.generation

    assert not again("".join(f"{s},{s}\n" for s in range(60)))
    assert again("".join(f"{s},{s + 1}\n" for s in range(70)))


def test_a_tile_goes_on_from_what_was_read_to_what_came(runs, tmp_path):
    log = runs / "a.csv"
    log.write_text("step,loss\n" + "".join(f"{s},{s % 10}\n" for s in range(5000)))
    run = load(runs, tmp_path)
    with log.open("a") as stream:
        stream.write("".join(f"{s},{s % 10}\n" for s in range(5000, 9000)))
    run.append(run.follower.look())
    tile = run.tile("loss", 0, 8999, 100)
    assert tile["count"].sum() == 9000
    assert (np.diff(tile["start"]) > 0).all()
    assert run.extent("loss") == (0, 8999)
    assert run.outside("loss", 4990, 5009, 2, 7) == (4, 4)
