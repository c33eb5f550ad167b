"""The scripts of the pages: their types and their tests, where node and the TypeScript compiler are."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = (20, 19)  # takes a .js file with `import` in it for a module


def run(*command):
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def node():
    path = shutil.which("node")
    if path is None:
        pytest.skip("node is not installed")
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    if tuple(map(int, re.findall(r"\d+", said)[:2])) < NODE:
        pytest.skip(f"node {said.strip()} is too old: 20.19 or newer is needed")
    return path


def test_scripts_do_what_their_tests_say():
    run(node(), "--test")


@pytest.mark.slow
def test_scripts_are_typed():
    compiler = HERE / "node_modules" / "typescript" / "bin" / "tsc"
    if not compiler.is_file():
        pytest.skip("the TypeScript compiler is not installed: npm install --prefix tests/js")
    run(node(), str(compiler), "--project", ".")
