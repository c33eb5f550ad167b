"""Folders that cannot be written, disks that fill up, other machines: a warning, never an error."""

import os
import sqlite3
import sys
import time
import warnings

import numpy as np
import pytest

from descentry.store import _disk, reading, writing
from descentry.store.writing import RunWriter


def test_a_folder_that_cannot_be_is_one_warning(tmp_path):
    (tmp_path / "runs").write_text("a file where a folder should be")
    with pytest.warns(RuntimeWarning, match="runs/exp cannot be written") as caught:
        writer = RunWriter.open(tmp_path / "runs" / "exp")
    for step in range(5000):
        writer.add(step, {"loss": step})
    assert writer.folder is None
    assert writer.snapshot().series["loss"].value.tolist() == list(range(5000))
    writer.close()
    assert writer.snapshot().series["loss"].value.tolist() == list(range(5000))
    assert len(caught) == 1
    assert "memory" in str(caught[0].message)


def test_nothing_is_raised_where_warnings_are_errors(tmp_path):
    (tmp_path / "runs").write_text("a file where a folder should be")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RunWriter.open(tmp_path / "runs" / "exp").close()


@pytest.mark.skipif(not hasattr(os, "setuid") or os.geteuid() != 0, reason="only root can become nobody")
def test_a_read_only_folder_is_one_warning_and_can_be_read(process, tmp_path):
    first = process(
        'w = RunWriter.open(sys.argv[1]); w.add(1, {"loss": 0.5}); w.flush(); said("ok"); time.sleep(600)',
        tmp_path / "run",
    )
    first.stdout.readline()
    first.kill()
    first.wait()
    assert (tmp_path / "run" / "run.sqlite-wal").exists()
    (tmp_path / "run" / "run.sqlite-shm").unlink()
    code = """
    import pathlib
    from descentry.store import reading
    os.setuid(65534)
    w = RunWriter.open(sys.argv[1], resume=True)
    w.add(2, {"loss": 0.25})
    there = reading.read(pathlib.Path(sys.argv[1]))
    said(w.folder, *(run.series["loss"].value.tolist() for run in (w.snapshot(), there)))
    """
    for folder in [tmp_path, *tmp_path.parents][:-2]:
        folder.chmod(0o755)
    out, errors = process(code, tmp_path / "run").communicate()
    assert out.strip() == "None [0.25] [0.5]", errors
    assert errors.count("RuntimeWarning") == 1


FILLING = """
import resource, signal, warnings
from descentry.store import writing
writing.RETRY = 0.0
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
warnings.simplefilter("always")
writer = RunWriter.open(sys.argv[1])
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

def log(start, stop):
    for step in range(start, stop):
        writer.add(step, {"loss": (step * 7919 % 1000) / 7})
        if step % 500 == 0:
            writer.flush()

log(0, 1000)
writer.flush()
used = os.path.getsize(os.path.join(sys.argv[1], "run.sqlite-wal"))
resource.setrlimit(resource.RLIMIT_FSIZE, (used + 5000, hard))  # the disk is full
log(1000, 20_000)
snapshot = writer.snapshot()
said(len(snapshot.series["loss"].step), len(set(snapshot.series["loss"].step.tolist())))
if sys.argv[2] == "freed":
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    log(20_000, 21_000)
    writer.flush()
said("end")
if sys.argv[2] == "killed":
    os.kill(os.getpid(), 9)
writer.close()
"""


def check(loss, at_least):
    assert len(loss.step) >= at_least
    np.testing.assert_array_equal(loss.step, np.arange(len(loss.step)))
    np.testing.assert_array_equal(loss.value, loss.step * 7919 % 1000 / 7)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("end", ["killed", "closed", "freed"])
def test_a_full_disk_is_one_warning_and_what_was_written_is_safe(process, tmp_path, end):
    child = process(FILLING, tmp_path / "run", end)
    out, errors = child.communicate()
    assert out.splitlines() == ["20000 20000", "end"], errors
    assert child.returncode == (-9 if end == "killed" else 0)
    assert errors.count("cannot be written") == 1
    check(reading.read(tmp_path / "run").series["loss"], 21_000 if end == "freed" else 1000)


def test_a_run_folder_that_is_removed_hurts_nobody(tmp_path):
    writer = RunWriter.open(tmp_path / "run")
    writer.add(1, {"loss": 1.0})
    writer.flush()
    for file in (tmp_path / "run").iterdir():
        file.unlink()
    (tmp_path / "run").rmdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in range(3000):
            writer.add(step, {"loss": 1.0})
        writer.flush()
        with pytest.raises(reading.DescentryError, match="cannot be read"):
            writer.snapshot()
        writer.close()


def test_a_disk_that_hangs_drops_what_memory_cannot_hold_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("descentry.store._intake.LIMIT", 100_000)
    writer = RunWriter.open(tmp_path / "run")
    with writer._writing:  # as a write that does not return
        for step in range(20_000):
            writer.add(step, {"loss": step})
        assert len(writer._rows) < 1000
    writer.close()
    stored = reading.read(tmp_path / "run")
    gaps = [line.data for line in stored.journal if line.kind == "gap"]
    assert {gap["kind"] for gap in gaps} == {"dropped"}
    assert sum(gap["count"] for gap in gaps) + len(stored.series["loss"].step) == 20_000


@pytest.fixture
def of_another_machine(tmp_path):
    """A run whose last writer was on another machine, and says nothing more."""
    writer = RunWriter.open(tmp_path / "run")
    writer.add(1, {"loss": 1.0})
    writer.close()

    def beat(age):
        connection = sqlite3.connect(tmp_path / "run" / "run.sqlite", isolation_level=None)
        connection.execute(
            "UPDATE launches SET ended = NULL, host = 'elsewhere', heartbeat = ?", (time.time() - age,)
        )
        connection.close()

    return beat


def test_another_machine_is_running_as_long_as_it_gives_signs_of_life(of_another_machine, tmp_path):
    of_another_machine(5)
    assert reading.read(tmp_path / "run").status == "running"
    of_another_machine(300)
    assert reading.read(tmp_path / "run").status == "died"


@pytest.mark.parametrize("alive", [True, False])
def test_a_run_of_another_machine_is_joined_once_it_is_dead(of_another_machine, tmp_path, monkeypatch, alive):
    monkeypatch.setattr(_disk, "_WAIT", 1.0)
    of_another_machine(1)
    if alive:
        monkeypatch.setattr(_disk.time, "sleep", lambda _: of_another_machine(0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        writer = RunWriter.open(tmp_path / "run", resume=True)
    writer.close()
    assert writer.folder.name == ("run-2" if alive else "run")


def test_a_journal_nobody_writes_is_bounded():
    writer = RunWriter.open(None)
    for number in range(30_000):
        writer.event("note", number)
    assert len(writer.snapshot().journal) == 10_000


def test_a_retry_brings_everything_to_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "RETRY", 0.0)
    writer = RunWriter.open(tmp_path / "run")
    write = writer._disk.write
    failures = iter([sqlite3.OperationalError("database or disk is full")] * 3)

    def unsure(rows, lines):
        for failure in failures:
            raise failure
        write(rows, lines)

    monkeypatch.setattr(writer._disk, "write", unsure)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for step in range(5):
            writer.add(step, {"loss": step * 0.5})
            writer.event("note", step)
            writer.flush()
    assert len(caught) == 1
    assert "disk is full" in str(caught[0].message)
    writer.close()
    stored = reading.read(tmp_path / "run")
    assert stored.series["loss"].step.tolist() == list(range(5))
    assert [line.data for line in stored.journal] == list(range(5))
