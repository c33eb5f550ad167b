"""A signal handler that strikes wherever Python looks for signals: no row is lost, and none comes twice."""

import contextlib
import dis
import functools
import sys

import pytest

from descentry.store import _intake, writing
from descentry.store.writing import RunWriter

FILES = {_intake.__file__, writing.__file__}
STEPS = 5


class Handled(Exception):
    """What a handler may raise: a time limit of the user's, say."""


@functools.cache
def looks(code):
    """Offsets of instructions after which Python looks for signals: calls, the beginning, jumps back."""
    kinds = ("CALL", "RESUME", "JUMP_BACKWARD", "PRECALL")
    return {i.offset for i in dis.get_instructions(code) if i.opname.startswith(kinds)}


def strike(at, handler, act):
    """Runs `act`, and `handler` where Python looks for signals after `at` times; whether it does so often."""
    count, last = 0, {}

    def look(frame, event, _):
        nonlocal count
        if frame.f_code.co_filename not in FILES:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            before, last[frame] = last.get(frame), frame.f_lasti
            if before in looks(frame.f_code):
                count += 1
                if count == at + 1:
                    sys.settrace(None)
                    handler()
        return look

    before = sys.gettrace()
    sys.settrace(look)
    try:
        act()
    finally:
        sys.settrace(before)
    return count > at


@pytest.fixture
def logging(monkeypatch):
    """Logs steps, each time with a handler that strikes one place later; yields writers and what they got."""
    monkeypatch.setattr(_intake, "ROWS", 2)  # so that logging flushes too

    def every(handler, raised=()):
        at, more = 0, True
        while more:
            writer, done = RunWriter.open(None), []

            def act(writer=writer, done=done):
                for step in range(STEPS):
                    writer.add(step, {"loss": step * 0.5})
                    done.append(step)
                    if step == 2:
                        writer.flush()

            with contextlib.suppress(*raised):
                more = strike(at, lambda writer=writer, done=done: handler(writer, done), act)
            yield writer, done
            at += 1
        assert at > 100

    return every


def stored(writer, name="loss"):
    series = writer.snapshot().series
    return sorted(series[name].step.tolist()) if name in series else []


def test_it_may_log_and_flush(logging):
    def handler(writer, _):
        writer.add(7, {"handled": 1.0})
        writer.add(8, {"loss": 4.0})
        writer.event("note", "handled")
        writer.flush()
        writer.add(9, {"handled": 1.0})

    *struck, (writer, _) = logging(handler)  # of the last one, nothing was left to strike at
    assert stored(writer) == list(range(STEPS))
    for writer, _ in struck:
        assert stored(writer) == [*range(STEPS), 8]
        assert stored(writer, "handled") == [7, 9]
        assert [line.data for line in writer.snapshot().journal] == ["handled"]


@pytest.mark.parametrize("error", [Handled, KeyboardInterrupt, SystemExit])
def test_it_may_raise(logging, error):
    def handler(writer, _):
        writer.add(7, {"handled": 1.0})
        raise error

    *struck, _ = logging(handler, (Handled, KeyboardInterrupt, SystemExit))
    for writer, done in struck:
        writer.add(STEPS, {"loss": 9.0})
        steps = stored(writer)
        # What was interrupted may have got in or not; what was logged before and after is there.
        assert steps[: len(done)] == done
        assert steps[-1] == STEPS
        assert len(done) + 1 <= len(steps) <= len(done) + 2
        assert len(set(steps)) == len(steps)
        assert stored(writer, "handled") == [7]


def test_it_may_close(logging):
    before = []

    def handler(writer, done):
        before.append(len(done))
        writer.close()

    *struck, _ = logging(handler)
    for (writer, _), done in zip(struck, before, strict=True):
        assert stored(writer)[:done] == list(range(done))
        writer.close()
        assert writer.snapshot().status == "ended"
