"""What every command must do: be found by its file, cost nothing until it runs, and help whoever asks."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from descentry import cli, commands
from descentry.commands._entry import GROUPS

NAMES = commands.names()
HEAVY = {"numpy", "rich", "torch", "sqlite3", "pyarrow", "descentry.story", "descentry.readers"}


def loaded_after(code):
    """The modules that are imported once ``code`` has run in a process of its own."""
    code = f"{code}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def module_of(name):
    return f"descentry.commands.{name.replace('-', '_')}"


@pytest.fixture(params=NAMES)
def command(request):
    return commands.load(request.param)


def test_it_is_named_as_its_file_is(request, command):
    assert command.name == request.node.callspec.params["command"]


def test_its_module_says_what_it_is(command):
    page = sys.modules[module_of(command.name)].__doc__
    assert page.startswith(f"``descentry {command.name}``: ")


def test_its_summary_is_a_line_in_the_help_of_all(command, capsys):
    assert cli.main([]) == 0
    line = re.search(rf"^  {re.escape(command.call)} +(.*)$", capsys.readouterr().out, re.MULTILINE)
    assert line
    assert line[1] == command.summary
    assert len(line[0]) <= 100
    assert command.group in GROUPS


def test_its_help_shows_how_it_is_called_and_its_description(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        cli.main([command.name, "--help"])
    out = capsys.readouterr().out
    assert out.startswith(f"usage: descentry {command.call}")
    assert command.description in out
    assert "--debug" in out
    assert command.epilog in out


def test_an_option_that_it_does_not_have_is_a_mistake_and_no_defect(command, capsys):
    code = cli.main([command.name, "--no-such-option"])
    assert code == cli.USER_ERROR
    assert "Traceback" not in capsys.readouterr().err


def test_the_help_of_all_commands_loads_nothing_that_takes_time():
    assert not HEAVY & loaded_after("from descentry import cli; cli.main([])")


@pytest.mark.parametrize("name", NAMES)
def test_running_one_command_imports_no_other(name):
    loaded = loaded_after(
        f"from descentry import cli\ntry: cli.main([{name!r}, '--help'])\nexcept SystemExit: pass"
    )
    others = {module_of(other) for other in NAMES if other != name}
    assert not loaded & others
