"""What a run folder promises when processes die, race and fork; every process here is a real one."""

import os
import signal
import sqlite3
import sys

import numpy as np
import pytest
from tests._awaiting import until

from descentry import readers
from descentry.store import reading
from descentry.store._lock import is_held

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks of POSIX")

ENDLESS = """
writer = RunWriter.open(sys.argv[1])
step = 0
while True:
    for _ in range(int(sys.argv[2])):
        writer.add(step, {"loss": step * 0.5, "lr": 0.1})
        step += 1
    writer.flush()
    said(step)
"""


def check_whole(stored, at_least):
    """All points from the first on, none wrong, none twice."""
    loss = stored.series["loss"]
    assert len(loss.step) >= at_least
    np.testing.assert_array_equal(loss.step, np.arange(len(loss.step)))
    np.testing.assert_array_equal(loss.value, loss.step * 0.5)
    np.testing.assert_array_equal(stored.series["lr"].step, loss.step)


@pytest.mark.parametrize(("chunk", "lines"), [(1, 1), (1, 40), (7, 25), (333, 10), (2500, 5)])
def test_kill_9_loses_nothing_that_was_flushed(process, tmp_path, chunk, lines):
    child = process(ENDLESS, tmp_path / "run", chunk)
    for _ in range(lines):
        flushed = int(child.stdout.readline())
    child.kill()
    child.wait()
    stored = reading.read(tmp_path / "run")
    assert stored.status == "died"
    check_whole(stored, flushed)
    (run,) = readers.read_all(tmp_path / "run")
    assert "was not closed" in next(g.what for g in run.gaps if g.kind == "died")


def test_what_is_logged_is_flushed_by_itself(process, tmp_path):
    code = """
    writer = RunWriter.open(sys.argv[1])
    for step in range(3):
        writer.add(step, {"loss": step * 0.5, "lr": 0.1})
    said("ok")
    time.sleep(600)
    """
    child = process(code, tmp_path / "run")
    child.stdout.readline()
    until(lambda: "loss" in reading.read(tmp_path / "run").series, "a flush without further calls")
    child.kill()
    child.wait()
    check_whole(reading.read(tmp_path / "run"), 3)


def test_a_run_is_read_while_it_is_written(process, tmp_path):
    child = process(ENDLESS, tmp_path / "run", 50)
    child.stdout.readline()
    lengths = []
    for _ in range(40):
        flushed = int(child.stdout.readline())
        stored = reading.read(tmp_path / "run")
        assert stored.status == "running"
        check_whole(stored, flushed)
        lengths.append(len(stored.series["loss"].step))
    assert lengths == sorted(lengths)
    assert lengths[-1] > lengths[0]
    (run,) = readers.read_all(tmp_path / "run")
    assert "running" in {g.kind for g in run.gaps}
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate()
    assert "RuntimeWarning" not in errors
    assert [line.data for line in reading.read(tmp_path / "run").journal if line.kind == "error"] == [
        "KeyboardInterrupt: "
    ]


def test_processes_that_start_at_once_get_folders_of_their_own(process, tmp_path):
    code = """
    sys.stdin.readline()
    with_id = int(sys.argv[2])
    writer = RunWriter.open(sys.argv[1])
    for step in range(500):
        writer.add(step, {"loss": with_id})
    said(writer.folder)
    sys.stdin.readline()
    """
    children = [process(code, tmp_path / "runs" / "exp", number) for number in range(6)]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    folders = [child.stdout.readline().strip() for child in children]
    for child in children:
        child.communicate("end\n")
    assert sorted(os.path.basename(f) for f in folders) == ["exp", *(f"exp-{n}" for n in range(2, 7))]
    for number, folder in enumerate(folders):
        stored = reading.read(tmp_path / folder)
        assert stored.status == "ended"
        assert stored.series["loss"].value.tolist() == [number] * 500


def test_a_run_that_is_being_written_cannot_be_joined(process, tmp_path):
    first = process(ENDLESS, tmp_path / "run", 10)
    first.stdout.readline()
    second = process(
        'w = RunWriter.open(sys.argv[1], resume=True); w.add(7, {"loss": 1}); said(w.folder)',
        tmp_path / "run",
    )
    out, errors = second.communicate()
    assert out.strip() == str(tmp_path / "run-2")
    assert "is not free to be joined" in errors
    assert reading.read(tmp_path / "run-2").series["loss"].step.tolist() == [7]
    assert len(reading.read(tmp_path / "run").launches) == 1


def test_the_lock_of_a_killed_process_is_taken_over(process, tmp_path):
    child = process(ENDLESS, tmp_path / "run", 10)
    flushed = int(child.stdout.readline())
    assert is_held(tmp_path / "run")
    child.kill()
    child.wait()
    assert not is_held(tmp_path / "run")
    code = 'w = RunWriter.open(sys.argv[1], resume=True); w.add(10**6, {"loss": 0.25}); said(w.folder)'
    out, _ = process(code, tmp_path / "run").communicate()
    assert out.strip() == str(tmp_path / "run")
    stored = reading.read(tmp_path / "run")
    assert len(stored.launches) == 2
    assert len(stored.series["loss"].step) > flushed
    assert stored.series["loss"].step[-1] == 10**6


def test_a_child_that_outlives_the_writer_does_not_keep_the_lock(process, tmp_path):
    code = """
    writer = RunWriter.open(sys.argv[1])
    child = os.fork()
    if child == 0:
        time.sleep(600)
    writer.add(1, {"loss": 1.0})
    writer.flush()
    said(child)
    time.sleep(600)
    """
    writer = process(code, tmp_path / "run")
    orphan = int(writer.stdout.readline())
    assert is_held(tmp_path / "run")
    writer.kill()
    writer.wait()
    try:
        os.kill(orphan, 0)  # is alive
        until(lambda: not is_held(tmp_path / "run"), "the lock free")
        os.kill(orphan, 0)
    finally:
        os.kill(orphan, signal.SIGKILL)


@pytest.mark.parametrize("leave", ["os._exit(0)", "sys.exit(0)", "raise SystemExit"])
def test_a_forked_child_writes_nothing(process, tmp_path, leave):
    code = f"""
    import threading
    writer = RunWriter.open(sys.argv[1])
    for step in range(3000):
        writer.add(step, {{"loss": step * 0.5, "lr": 0.1}})
        if step % 300 == 150:
            child = os.fork()
            if child == 0:
                for more in range(2000):
                    writer.add(more, {{"loss": -1.0, "lr": -1.0}})
                writer.event("note", "from the child")
                writer.flush()
                writer.close()
                {leave}
            os.waitpid(child, 0)
    writer.close()
    """
    child = process(code, tmp_path / "run")
    _, errors = child.communicate()
    assert child.returncode == 0, errors
    stored = reading.read(tmp_path / "run")
    assert stored.status == "ended"
    assert not stored.journal
    check_whole(stored, 3000)
    with sqlite3.connect(tmp_path / "run" / "run.sqlite") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_a_child_may_record_a_run_of_its_own(process, tmp_path):
    code = """
    writer = RunWriter.open(sys.argv[1])
    writer.add(1, {"loss": 1.0})
    child = os.fork()
    own = RunWriter.open(sys.argv[1]) if child == 0 else writer
    own.add(2, {"loss": 2.0 + (child == 0)})
    if child:
        os.waitpid(child, 0)
    """
    child = process(code, tmp_path / "run")
    _, errors = child.communicate()
    assert child.returncode == 0, errors
    assert reading.read(tmp_path / "run").series["loss"].value.tolist() == [1.0, 2.0]
    assert reading.read(tmp_path / "run-2").series["loss"].value.tolist() == [3.0]


def test_a_forgotten_close_loses_nothing(process, tmp_path):
    process('w = RunWriter.open(sys.argv[1]); w.add(1, {"loss": 1.0})', tmp_path / "run").communicate()
    stored = reading.read(tmp_path / "run")
    assert (stored.status, stored.series["loss"].value.tolist()) == ("ended", [1.0])
    assert sorted(os.listdir(tmp_path / "run")) == ["run.lock", "run.sqlite"]


def test_an_error_that_nobody_caught_is_what_the_run_died_of(process, tmp_path):
    code = 'w = RunWriter.open(sys.argv[1]); w.add(1, {"loss": 1.0}); raise ValueError("bad batch")'
    child = process(code, tmp_path / "run")
    child.communicate()
    assert child.returncode == 1
    assert reading.read(tmp_path / "run").status == "died"
    (run,) = readers.read_all(tmp_path / "run")
    assert [g.what for g in run.gaps] == ["the run ended with ValueError: bad batch"]


def test_a_signal_handler_may_log_and_close_in_the_middle_of_anything(process, tmp_path):
    code = """
    import signal
    writer = RunWriter.open(sys.argv[1])
    handled, armed = 0, False
    def handler(*_):
        global handled, armed
        mine = handled
        handled += 1
        armed = False
        writer.add(mine, {"handled": 1.0})
        writer.event("note", "signal")
        if mine % 3 == 0:
            writer.flush()
    signal.signal(signal.SIGALRM, handler)
    # The loop winds the clock up again, and not the clock itself: a handler may take longer than it.
    for step in range(20_000):
        if step % 10 == 0 and not armed:
            armed = True
            signal.setitimer(signal.ITIMER_REAL, 0.0001)
        writer.add(step, {"loss": step * 0.5, "lr": 0.1})
        if step % 5000 == 0:
            writer.flush()
    signal.setitimer(signal.ITIMER_REAL, 0)
    def last(*_):
        writer.close()
        sys.exit(0)
    signal.signal(signal.SIGTERM, last)
    said(handled)
    while True:
        writer.flush()
        writer.add(0, {"other": 1.0})
    """
    child = process(code, tmp_path / "run")
    handled = int(child.stdout.readline())
    child.send_signal(signal.SIGTERM)
    _, errors = child.communicate(timeout=300)
    assert child.returncode == 0, errors
    assert handled > 0
    stored = reading.read(tmp_path / "run")
    assert stored.status == "ended"
    check_whole(stored, 20_000)
    assert sorted(stored.series["handled"].step.tolist()) == list(range(handled))
