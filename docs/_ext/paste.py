"""Keeps what the pages show of descentry's output true.

A block that begins with ``$ descentry …`` holds the real output of that command, run in the root of the
project. ``python docs/_ext/paste.py`` puts it there; a test checks that it still is. A line of ``[…]`` stands
for lines left out.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = ("README.md", "docs/cli.md", "docs/api.md")
BLOCK = re.compile(r"(?<=^```console\n)(\$ (descentry [^\n]*)\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
LEFT_OUT = "[…]\n"


def pasted(page: str) -> str:
    """The page with the output of every command as it is now."""
    return BLOCK.sub(lambda block: block[1] + _shortened(run(block[2]), block[3]), page)


def run(command: str) -> str:
    """What a command of descentry prints."""
    words = [sys.executable, "-m", "descentry.cli", *shlex.split(command)[1:]]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=True)
    return "".join(f"{line.rstrip()}\n" for line in done.stdout.splitlines())


def _shortened(output: str, before: str) -> str:
    """The output without the part that the page leaves out: up to the first line shown after it."""
    if LEFT_OUT not in before:
        return output
    head, _, tail = before.partition(LEFT_OUT)
    kept, resumes = head.count("\n"), tail.partition("\n")[0]
    lines = output.splitlines(keepends=True)
    at = next((i for i in range(kept, len(lines)) if resumes and lines[i].startswith(resumes)), len(lines))
    return "".join([*lines[:kept], LEFT_OUT, *lines[at:]])


if __name__ == "__main__":
    for name in PAGES:
        page = ROOT / name
        page.write_text(pasted(page.read_text(encoding="utf-8")), encoding="utf-8")
