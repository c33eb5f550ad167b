"""`descentry run`: however a script ends, it ends as under plain Python, and leaves its run."""

import os
import signal

import pytest
from tests._awaiting import until
from tests.unit.live._scripts import (
    PATIENCE,
    PLAIN,
    REPORT,
    TRAINING,
    WATCHED,
    call,
    same,
    start,
    stored,
    values,
)

pytest.importorskip("torch")
pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "ending",
    [
        "",
        "import sys; sys.exit()",
        "import sys; sys.exit(3)",
        "import sys; sys.exit('said at the end')",
        "raise SystemExit(None)",
        "def f():\n    raise KeyError('lost')\nf()",
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise RuntimeError('twice') from error",
        "raise KeyboardInterrupt",
        "this is no python",
        "import os; os._exit(5)",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    ],
)
def test_exit_code_and_traceback_are_those_of_python(script, ending):
    bare, watched, _ = same(script(ending))
    assert watched == bare


def test_an_error_in_training_is_told_as_python_tells_it_and_the_run_explained(script):
    train = script(TRAINING + "train(12)\nloss = model(x).sum()\nloss.backward()\nloss.backward()\n")
    bare, watched = call(*PLAIN, train), call(*WATCHED, train)
    assert watched.returncode == bare.returncode == 1
    assert watched.stdout == bare.stdout
    assert watched.stderr.startswith(bare.stderr)
    assert "backward through the graph a second time" in bare.stderr
    assert REPORT.search(watched.stderr)


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_training_is_explained_and_ends_as_python_does(script, number):
    train = script(TRAINING + "import time\ntrain(10**6, lambda step: step > 20 and time.sleep(0.01))\n")
    codes = []
    for words in (PLAIN, WATCHED):
        process = start(*words, train)
        for _ in range(30):
            process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE)
        codes.append(process.returncode)
        assert ("KeyboardInterrupt" in err) == (number == signal.SIGINT)
        assert "descentry/live" not in err.replace(os.sep, "/")
    assert codes == [-number, -number]
    assert REPORT.search(err)
    assert len(values()) >= 29


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_a_script_keeps_its_own_handlers(script):
    own = "import os, signal\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(9))\n"
    done = call(*WATCHED, script(TRAINING + own + "train(10)\nos.kill(os.getpid(), signal.SIGTERM)\n"))
    assert done.returncode == 9
    assert REPORT.search(done.stderr)


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
def test_a_script_that_catches_the_interrupt_goes_on_and_is_explained(script):
    own = "try:\n    train(10**6)\nexcept KeyboardInterrupt:\n    print('caught')\ntrain(5)\n"
    process = start(*WATCHED, script(TRAINING + own))
    for _ in range(30):
        process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert out.partition("caught\n")[2].count("\n") == 5
    assert REPORT.search(err)


@pytest.mark.skipif(os.name == "nt", reason="Windows cannot become another process")
def test_a_killed_training_leaves_its_run(script):
    train = script(TRAINING + "import time\ntrain(10**6, lambda step: step > 20 and time.sleep(0.01))\n")
    process = start(*WATCHED, train)
    until(lambda: len(stored()) >= 25, "a flush while it trains")
    process.kill()
    process.communicate(timeout=PATIENCE)
    assert len(values()) >= 25


def test_a_process_that_ends_at_once_leaves_its_run(script):
    process = start(*WATCHED, script(TRAINING + "train(20)\nimport os\nsys.stdin.readline()\nos._exit(5)\n"))
    until(lambda: len(stored()) == 20, "a flush though the script waits")
    process.communicate("end now\n", timeout=PATIENCE)
    assert process.returncode == 5
    assert len(values()) == 20
