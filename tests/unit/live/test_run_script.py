"""`descentry run`, as a person meets it: a script finds everything as plain Python leaves it."""

import os
import re
from pathlib import Path

import pytest
from tests.unit.live._scripts import PLAIN, REPORT, TRAINING, WATCHED, call, same, values

pytest.importorskip("torch")
pytestmark = pytest.mark.slow


def test_a_training_prints_the_same_numbers_and_is_explained(script):
    train = script(TRAINING + "train(40)\nprint(torch.rand(3).tolist())\n")
    bare, watched = call(*PLAIN, train), call(*WATCHED, train)
    assert (watched.returncode, watched.stdout) == (bare.returncode, bare.stdout)
    assert REPORT.search(watched.stderr)
    assert "the run is in runs/train" in watched.stderr.replace(os.sep, "/")
    assert values() == [float(line) for line in bare.stdout.splitlines()[:40]]


SURROUNDINGS = """
import atexit, os, signal, sys
print(sys.argv, sys.path, __name__, __file__, __package__, __spec__, __builtins__)
print(os.getcwd(), sorted(os.environ.items()), sys.flags, sorted({*sys.modules} - {"sitecustomize"}))
print(signal.getsignal(signal.SIGTERM), sys.excepthook, sys.stdin.read())
atexit.register(print, "at the exit")
"""


def test_a_script_finds_everything_as_python_leaves_it(script):
    bare, watched, said = same(script(SURROUNDINGS), "--lr", "1", "-m", "--quiet", given="typed")
    # The loaders of __main__ are objects of one kind at two addresses.
    assert re.sub(r"0x\w+", "", watched) == re.sub(r"0x\w+", "", bare)
    assert "typed" in bare
    assert said == "descentry: nothing was watched: the script did not import torch.\n"


def test_modules_of_the_script_are_not_hidden_by_ours(script):
    for name in ("json", "signal", "dataclasses", "descentry_helper"):
        script(f"print('my own {name}')", f"code/{name}.py")
    bare, watched, _ = same(script("import json, signal, dataclasses, descentry_helper", "code/train.py"))
    assert watched == bare
    assert "my own json" in watched


def test_environment_of_children_is_untouched(script, monkeypatch):
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import os; print(os.environ)'])"
    for path in (
        os.environ.get("PYTHONPATH", ""),
        f"{os.environ.get('PYTHONPATH', '')}{os.pathsep}elsewhere",
    ):
        monkeypatch.setenv("PYTHONPATH", path)
        bare, watched, _ = same(script(child))
        assert watched == bare
        assert "DESCENTRY" not in watched


def test_a_module_of_a_package_runs(script):
    script("", "package/__init__.py")
    script(
        "import sys; print(sys.argv[1:], sys.path[0], __name__, __package__, __spec__.name)",
        "package/train.py",
    )
    bare, watched, _ = same("-m", "package.train", "--lr", "1")
    assert watched == bare
    assert watched.startswith("['--lr', '1']")
    assert "No module named" in call(*WATCHED, "-m", "package.trian").stderr


def test_a_script_from_standard_input_runs():
    bare, watched, _ = same("-", "word", given="import sys; print(sys.argv)")
    assert watched == bare == "['-', 'word']\n"


def test_what_cannot_be_run_is_said(script):
    for words, what in (
        ([], "no SCRIPT to run"),
        (["-m"], "no SCRIPT to run"),
        (["missing.py"], "missing.py: there is no such script"),
        (["--overhead", "2", script("")], "--overhead 2 is no share of the time"),
        (["--quite", script("")], "there is no option --quite"),
    ):
        done = call(*WATCHED, *words)
        assert done.returncode == 2
        assert done.stderr.startswith(f"descentry: {what}")
    assert "Did you mean --quiet?" in done.stderr


def test_a_change_of_the_working_directory_moves_neither_run_nor_page(script):
    text = "import os\nos.mkdir('deep')\nos.chdir('deep')\n" + TRAINING + "train(20)\nprint(os.getcwd())\n"
    done = call(*WATCHED, "--quiet", "--html=page.html", "--run-dir", "kept", script(text))
    assert done.stdout.splitlines()[-1].endswith("deep")
    assert len(values(folder="kept/train")) == 20
    assert "train" in Path("page.html").read_text(encoding="utf-8")
    verdict, *notes = done.stderr.splitlines()
    assert REPORT.match(verdict)
    assert len(notes) == 2


def test_a_folder_that_cannot_be_written_ends_neither_training_nor_report(script):
    script("not a folder", "taken")
    done = call(*WATCHED, "--run-dir", "taken", script(TRAINING + "train(20)\n"))
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 20
    assert REPORT.search(done.stderr)
    assert "kept in memory only" in done.stderr


def test_torch_without_training_is_said(script):
    done = call(*WATCHED, script("import torch\nprint(torch.__name__)\n"))
    assert (done.returncode, done.stdout) == (0, "torch\n")
    assert (
        done.stderr == "descentry: nothing was watched: no PyTorch optimizer made a step in this process.\n"
    )
