"""Losses written by hand are not listened to in a process that compiles: each test begins without."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def nothing_compiled():
    compiler = sys.modules.get("torch._dynamo")
    if compiler is not None:
        compiler.reset()


@pytest.fixture
def script(tmp_path, monkeypatch):
    """Writes a script into a folder of its own, where the test is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8")

    def write(text, name="train.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    return write
