"""Starts a script as ``python SCRIPT ARGS…`` would, with the watch waiting inside: ``descentry run``.

The process becomes a Python of its own that runs the script, so everything about it is Python's: arguments,
``__main__``, signals, exit code, tracebacks. The one thing added is a module that Python imports as it starts
(``_startup/sitecustomize.py``), which takes its own traces back before the script begins.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from descentry.core.errors import DescentryError

STARTUP = Path(__file__).parent / "_startup"
# Modules that start the script in processes of its own: those are watched, and not the launcher itself.
LAUNCHERS = ("torch.distributed.run", "torch.distributed.launch", "accelerate.commands.launch")
_UNSAFE = "\n\r"


@dataclass(frozen=True)
class Options:
    """How a script is to be watched.

    Attributes:
        run_dir: The folder that holds the runs.
        overhead: The share of the wall time that watching may take.
        quiet: Whether only the verdict is printed at the end.
        html: A page to write at the end; empty for none.
        pilot: Whether it is acted upon too.
        total_steps: Updates of the whole run, for a pilot; None where that is not known.
    """

    run_dir: str = "runs"
    overhead: float = 0.02
    quiet: bool = False
    html: str = ""
    pilot: bool = False
    total_steps: int | None = None

    def lines(self) -> dict[str, str]:
        """As words for the other side, with paths that a change of the working directory does not move."""
        told = {"run_dir": os.path.abspath(os.path.expanduser(self.run_dir)), "overhead": repr(self.overhead)}
        if self.quiet:
            told["quiet"] = "1"
        if self.pilot:
            told["pilot"] = "1"
            if self.total_steps is not None:
                told["total_steps"] = str(self.total_steps)
        if self.html:
            told["html"] = os.path.abspath(self.html)
        return told


def become(words: Sequence[str], options: Options) -> int:  # noqa: RET503 - exec does not return
    """Turns this process into the Python that runs the script; on Windows, waits for one.

    Args:
        words: ``[SCRIPT, ARGS…]`` or ``["-m", MODULE, ARGS…]``.
        options: How it is watched.

    Raises:
        DescentryError: There is no such script, or the options cannot be.
    """
    _check(words, options)
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    # With these, Python would not look where our startup module is.
    command = [sys.executable, *(f for f in flags if f not in ("-I", "-E", "-S")), *words]
    environment = _environment(words, options)
    if os.name == "nt":  # where exec ends the process that the shell waits for
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - the user's own script
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.execve(sys.executable, command, environment)  # noqa: S606


def _environment(words: Sequence[str], options: Options) -> dict[str, str]:
    environment = dict(os.environ)
    told = options.lines()
    if words[0] == "-m" and words[1] in LAUNCHERS:
        told["launcher"] = "1"
    before = environment.get("PYTHONPATH")
    if before is not None:
        told["PYTHONPATH"] = before
    environment["PYTHONPATH"] = f"{STARTUP}{os.pathsep}{before}" if before else str(STARTUP)
    environment["DESCENTRY_RUN"] = "\n".join(f"{name}={value}" for name, value in told.items())
    return environment


def _check(words: Sequence[str], options: Options) -> None:
    if not words or words == ["-m"]:
        raise DescentryError(
            "no SCRIPT to run",
            how="Name it: descentry run SCRIPT [ARGS...]\n`descentry run --help` shows examples.",
        )
    if words[0] not in ("-m", "-") and not Path(words[0]).exists():
        raise DescentryError(
            "there is no such script",
            where=words[0],
            how="Options of descentry stand before the script, those of the script after it.",
        )
    if not sys.executable:
        raise DescentryError("this Python does not know where its own program is, so it cannot start another")
    if not 0 <= options.overhead < 1:
        raise DescentryError(
            f"--overhead {options.overhead:g} is no share of the time",
            how="Give a number from 0 to below 1; the default, 0.02, is two percent.",
        )
    if options.total_steps is not None and (options.total_steps < 1 or not options.pilot):
        raise DescentryError(
            f"--total-steps {options.total_steps}: it has no use"
            if options.total_steps >= 1
            else f"--total-steps {options.total_steps} is no number of updates",
            how="Give a whole number above zero, together with --pilot.",
        )
    if any(c in path for path in (options.run_dir, options.html) for c in _UNSAFE):
        raise DescentryError("a path with a line break in it cannot be passed on", how="Name another.")
