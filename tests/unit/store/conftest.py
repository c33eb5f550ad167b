"""Writers in processes of their own, to be killed, forked and raced."""

import subprocess
import sys
import textwrap

import pytest

PRELUDE = """
import os, sys, time
from descentry.store.writing import RunWriter

def said(*words):
    print(*words, flush=True)
"""


@pytest.fixture
def process():
    """Starts Python with some code; whatever still runs at the end of the test is killed."""
    started = []

    def start(code, *arguments, flags=()):
        command = [sys.executable, *flags, "-c", PRELUDE + textwrap.dedent(code), *map(str, arguments)]
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()
