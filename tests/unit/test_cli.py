"""The command line, as a person or a CI job meets it."""

import dataclasses
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import descentry
from descentry import cli
from descentry.commands import explain as explaining

EXAMPLES = Path(__file__).parents[2] / "examples"
RUN = [sys.executable, "-m", "descentry.cli"]


def write_csv(path, values, name="loss", step="step"):
    rows = "".join(f"{i},{v}\n" for i, v in enumerate(values))
    path.write_text(f"{step},{name}\n{rows}", encoding="utf-8")
    return str(path)


def healthy_values(n=400):
    rng = np.random.default_rng(0)
    return 3 * np.exp(-np.arange(n) / 60) + 0.5 + 0.01 * rng.standard_normal(n)


@pytest.fixture
def good(tmp_path):
    return write_csv(tmp_path / "good.csv", healthy_values())


@pytest.fixture
def bad(tmp_path):
    values = healthy_values()
    values[300:] = np.nan
    return write_csv(tmp_path / "bad.csv", values)


@pytest.fixture
def short(tmp_path):
    return write_csv(tmp_path / "short.csv", [1.0, 0.9])


@pytest.fixture
def run(capsys):
    """Runs a command; returns its exit code, what it printed, and what it complained of."""

    def call(*words):
        code = cli.main([str(w) for w in words])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_a_run_is_explained_verdict_first(run, good, bad):
    code, out, err = run("explain", good)
    assert (code, err) == (0, "")
    assert out.startswith("✓ HEALTHY  good\n")
    code, out, _ = run("explain", bad)
    assert code == 0
    assert out.startswith("✗ FAILING  bad\n")


def test_several_paths_or_a_folder_are_compared(run, good, bad, tmp_path):
    for words in ([good, bad], [tmp_path]):
        code, out, _ = run("explain", *words)
        assert code == 0
        assert out.startswith("✗ 2 runs: 1 failing, 1 healthy.")


def test_the_command_for_one_run_in_full_can_be_pasted(run, good, bad, tmp_path):
    (tmp_path / "my runs").mkdir()
    for path in (good, bad):
        Path(path).rename(tmp_path / "my runs" / Path(path).name)
    _, out, _ = run("explain", tmp_path / "my runs", "--width", "140")
    assert f"descentry explain '{tmp_path / 'my runs'}' --run NAME" in " ".join(out.split())


def test_one_run_of_several_can_be_named(run, good, bad, tmp_path):
    code, out, _ = run("explain", tmp_path, "--run", "good")
    assert (code, out.splitlines()[0]) == (0, "✓ HEALTHY  good")


def test_a_run_that_is_not_there_is_answered_with_the_nearest(run, good, bad, tmp_path):
    code, out, err = run("explain", tmp_path, "--run", "goood")
    assert (code, out) == (2, "")
    assert "there is no run called 'goood'" in err
    assert "Did you mean 'good'?" in err


def test_metric_and_step_can_be_named(run, tmp_path):
    path = tmp_path / "log.csv"
    rows = "".join(f"{i},{i * 10},{3 - i / 100},{i / 300}\n" for i in range(200))
    path.write_text(f"step,images,loss,quality\n{rows}", encoding="utf-8")
    _, out, _ = run("explain", path, "--metric", "quality", "--step", "images", "--json")
    main = json.loads(out)["main"]
    assert (main["name"], main["step_name"], main["last"]["step"]) == ("quality", "images", 1990)
    code, _, err = run("explain", path, "--metric", "qualty")
    assert code == 2
    assert "Did you mean 'quality'?" in err


def test_the_way_up_can_be_said(run, tmp_path):
    path = write_csv(tmp_path / "x.csv", 10 - healthy_values(), name="quantity")
    _, risen, _ = run("explain", path, "--metric", "quantity", "--higher-is-better", "--json")
    _, fallen, _ = run("explain", path, "--metric", "quantity", "--lower-is-better", "--json")
    assert json.loads(risen)["verdict"] == "healthy"
    assert json.loads(fallen)["verdict"] != "healthy"
    code, _, err = run("explain", path, "--higher-is-better", "--lower-is-better")
    assert code == 2
    assert "not allowed with" in err


def test_standard_input_is_read(good):
    done = subprocess.run(
        [*RUN, "explain", "-"], input=Path(good).read_bytes(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "✓ HEALTHY" in done.stdout.decode("utf-8")


# What is printed.


def test_a_pipe_gets_plain_text(good):
    done = subprocess.run([*RUN, "explain", good], capture_output=True, check=False, encoding="utf-8")
    assert "\x1b" not in done.stdout + done.stderr
    assert "│" in done.stdout


def test_color_can_be_forced_and_refused(good):
    def printed(*options, **env):
        clean = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "TERM"}}
        command = [*RUN, "explain", good, *options]
        return subprocess.run(
            command, capture_output=True, check=True, env=clean | env, encoding="utf-8"
        ).stdout

    assert "\x1b[" in printed(FORCE_COLOR="1", TERM="xterm")
    assert "\x1b" not in printed(FORCE_COLOR="1", NO_COLOR="1", TERM="xterm")
    assert "\x1b" not in printed("--no-color", FORCE_COLOR="1", TERM="xterm")


def test_a_stream_of_ascii_only_is_no_reason_to_fail(good):
    env = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([*RUN, "explain", good], capture_output=True, check=False, env=env)
    assert done.returncode == 0
    assert done.stdout.startswith(b"+ HEALTHY")


def test_the_width_can_be_chosen(run, good):
    _, out, _ = run("explain", good, "--width", "130")
    assert 120 < max(map(len, out.splitlines())) <= 130


def test_json_goes_to_standard_output_alone(run, good, bad, tmp_path):
    code, out, err = run("explain", good, "--json", f"--html={tmp_path / 'page.html'}")
    assert code == 0
    assert json.loads(out)["schema"] == "descentry.report/1"
    assert "page.html" in err
    _, out, _ = run("explain", good, bad, "--json")
    assert json.loads(out)["schema"] == "descentry.comparison/1"


def test_quiet_is_one_line_a_run(run, good, bad):
    _, out, err = run("explain", good, bad, "-q")
    first, second = out.splitlines()
    assert first.startswith("✓ HEALTHY  good: ")
    assert second.startswith("✗ FAILING  bad: ")
    assert err == ""


# The page.


def test_the_page_is_written_where_it_says(run, good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("explain", good, "--html")
    assert code == 0
    assert out.startswith("✓ HEALTHY")
    assert "report.html" in err
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run("explain", good, "--html")[0] == 0  # its own page may be written anew


def test_a_log_is_never_taken_for_the_name_of_the_page(run, good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = Path(good).read_text(encoding="utf-8")
    code, out, _ = run("explain", "--html", good)
    assert code == 0
    assert "good" in out
    assert Path(good).read_text(encoding="utf-8") == before
    assert (tmp_path / "report.html").exists()


def test_a_page_of_another_tool_is_left_alone(run, good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.html").write_text("<h1>Coverage</h1>", encoding="utf-8")
    code, _, err = run("explain", good, "--html")
    assert code == 2
    assert "descentry: report.html: " in err
    assert "--html=" in err
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "<h1>Coverage</h1>"


def test_a_page_that_cannot_be_written_is_said_so(run, good, tmp_path):
    code, _, err = run("explain", good, f"--html={tmp_path / 'none' / 'page.html'}")
    assert code == 2
    assert re.search(r"^descentry: .*page\.html: the page cannot be written: ", err)


# Exit codes.


@pytest.mark.parametrize(
    ("log", "verdicts", "code"),
    [
        ("good", ["attention"], 0),
        ("good", ["failing", "not-examined"], 0),
        ("bad", [], 0),
        ("bad", ["failing"], 1),
        ("bad", ["attention"], 1),
        ("bad", ["not-examined"], 0),
        ("short", ["attention"], 0),
        ("short", ["failing", "not-examined"], 1),
    ],
)
def test_fail_on(run, request, log, verdicts, code):
    options = [word for verdict in verdicts for word in ("--fail-on", verdict)]
    assert run("explain", request.getfixturevalue(log), *options)[0] == code


def test_one_bad_run_among_good_ones_is_enough(run, good, bad):
    assert run("explain", good, bad, "--fail-on", "failing")[0] == 1


def test_the_rest_is_explained_when_one_path_is_wrong(run, good, tmp_path):
    code, out, err = run("explain", good, tmp_path / "gone.csv", "--fail-on", "failing")
    assert code == 2
    assert "✓ HEALTHY" in out
    assert "gone.csv" in err


# Mistakes.


def test_a_misspelt_file_is_answered_with_the_nearest(run, good):
    code, out, err = run("explain", good.replace("good", "goood"))
    assert (code, out) == (2, "")
    assert err.startswith(f"descentry: {good.replace('good', 'goood')}: no such file or folder\n")
    assert f"Did you mean {good}?" in err
    assert "Traceback" not in err


def test_a_link_that_leads_nowhere_is_said_to_be_one(run, tmp_path):
    try:
        (tmp_path / "run.csv").symlink_to("moved.csv")
    except OSError:
        pytest.skip("links cannot be made here")
    code, _, err = run("explain", str(tmp_path / "run.csv"))
    assert code == 2
    assert err.endswith("run.csv: this is a link to what is not there\n  It leads to moved.csv.\n")


def test_a_misspelt_command_is_answered_with_the_nearest(run):
    code, _, err = run("explian", "x.csv")
    assert code == 2
    assert "there is no command 'explian'" in err
    assert "Did you mean 'explain'?" in err


def test_a_path_in_place_of_a_command_is_understood(run, good):
    code, _, err = run(good)
    assert code == 2
    assert f"descentry explain {good}" in err


def test_a_misspelt_option_is_answered_with_the_nearest(run, good):
    code, _, err = run("explain", good, "--metrik", "loss")
    assert code == 2
    assert "there is no option --metrik" in err
    assert "Did you mean --metric?" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["explain"], "no PATH to explain"),
        (["explain", "x.csv", "--fail-on", "bad"], "invalid choice: 'bad'"),
        (["explain", "x.csv", "--width", "wide"], "invalid int value: 'wide'"),
        (["explain", "x.csv", "--metric"], "expected one argument"),
        (["--verison"], "there is no option --verison"),
    ],
)
def test_other_slips_are_said_in_the_same_way(run, words, said):
    code, out, err = run(*words)
    assert (code, out) == (2, "")
    assert err.startswith("descentry: ")
    assert said in err
    assert "--help" in err


def test_a_file_that_is_no_log_says_what_is_read(run, tmp_path):
    path = tmp_path / "notes.bin"
    path.write_bytes(bytes(range(256)) * 10)
    code, _, err = run("explain", path)
    assert code == 2
    assert "no reader recognises this" in err


def explain_by(action, monkeypatch):
    """Lets `explain` do something else."""
    monkeypatch.setattr(explaining, "COMMAND", dataclasses.replace(explaining.COMMAND, run=action))


def test_a_defect_of_ours_asks_to_be_reported(run, good, monkeypatch):
    monkeypatch.delenv("DESCENTRY_DEBUG", raising=False)
    explain_by(lambda args: 1 // 0, monkeypatch)
    code, _, err = run("explain", good)
    assert code == 3
    assert "unexpected ZeroDivisionError" in err
    assert "Please report it" in err
    assert "Traceback" not in err
    with pytest.raises(ZeroDivisionError):
        cli.main(["explain", good, "--debug"])
    monkeypatch.setenv("DESCENTRY_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main(["explain", good])


def test_ctrl_c_is_quiet(run, good, monkeypatch):
    def interrupted(args):
        raise KeyboardInterrupt

    explain_by(interrupted, monkeypatch)
    assert run("explain", good) == (130, "", "")


def test_a_reader_who_has_seen_enough_is_no_error_and_the_verdict_still_counts(tmp_path, bad):
    for i in range(150):
        write_csv(tmp_path / f"run{i}.csv", healthy_values(40))
    command = [*RUN, "explain", str(tmp_path), bad, "--json", "--fail-on", "failing"]
    # Unbuffered, Python drops the rest of a broken write without a word, and there is nothing to test.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
        process.stdout.read(10)
        process.stdout.close()
        err = process.stderr.read()
        code = process.wait()
    assert (code, err) == (1, b"")


# Help and lists.


def test_help_shows_how_to_begin(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--help"])
    out = capsys.readouterr().out
    assert "descentry explain train.log" in out
    assert "list [ROOM]" in out


def test_no_command_at_all_shows_the_help(run):
    code, out, _ = run()
    assert code == 0
    assert "descentry explain train.log" in out


def test_help_of_explain_tells_every_option_and_exit_code(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["explain", "--help"])
    out = capsys.readouterr().out
    for option in (
        "--metric",
        "--step",
        "--run",
        "--html",
        "--json",
        "--fail-on",
        "--width",
        "--no-color",
        "--quiet",
    ):
        assert option in out
    assert re.search(r"exit codes:\s+0 .*\n\s+1 .*\n\s+2 .*\n\s+3 ", out)


def test_version(capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main(["--version"])
    assert capsys.readouterr().out == f"descentry {descentry.__version__}\n"


def test_rooms_and_their_entries_are_listed(run):
    _, out, _ = run("list")
    assert re.search(r"^readers +\d+ entries$", out, re.MULTILINE)
    code, out, _ = run("list", "behaviours")
    assert code == 0
    assert re.search(r"^spike +\S.*$", out, re.MULTILINE)


def test_where_torch_is_missing_the_list_says_how_to_get_it():
    def listed(*words):
        code = (
            f"import sys; sys.modules['torch'] = None; from descentry import cli; sys.exit(cli.main({words}))"
        )
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    done = listed("list", "instruments")
    assert (done.returncode, done.stdout) == (2, "")
    assert "PyTorch is needed" in done.stderr
    assert "pip install 'descentry[torch]'" in done.stderr
    done = listed("list")
    assert done.returncode == 0
    assert re.search(r"^readers +\d+ entries$", done.stdout, re.MULTILINE)
    assert re.search(r"^instruments .*pip install 'descentry\[torch\]'", done.stdout, re.MULTILINE)


def test_a_misspelt_room_is_answered_with_the_nearest(run):
    code, _, err = run("list", "reader")
    assert code == 2
    assert "Did you mean 'readers'?" in err


# Progress.


class Terminal(io.StringIO):
    def isatty(self):
        return True


def progress_of(stream, monkeypatch, *, after):
    from descentry import _terminal

    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(_terminal, "BAR_AFTER", after)
    with _terminal.Progress() as progress:
        for i in range(3):
            progress(i, 3, f"run\x1b[2J{i}")
    return stream.getvalue()


def test_a_bar_is_shown_on_a_terminal_when_work_takes_long(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    shown = progress_of(Terminal(), monkeypatch, after=0.0)
    assert "2/3" in shown
    assert "\x1b[2J" not in shown


def test_no_bar_where_work_is_short_or_nobody_looks(monkeypatch):
    assert progress_of(Terminal(), monkeypatch, after=60.0) == ""
    assert progress_of(io.StringIO(), monkeypatch, after=0.0) == ""


@pytest.mark.parametrize(
    "name", ["digits-healthy.csv", "digits-lr-too-large.csv", "digits-plateau-and-drop.csv"]
)
def test_the_shipped_examples_are_explained(run, name):
    code, out, _ = run("explain", EXAMPLES / name)
    assert code == 0
    assert out[0] in "✓!✗"
