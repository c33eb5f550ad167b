"""The lab's part of the site, with a real worker process behind it."""

import dataclasses
import json
import os
import subprocess
import sys

import pytest
from tests._awaiting import PATIENCE, awaited
from tests._processes import alive
from tests.unit.web.conftest import Running

from descentry.web.lab import frames, worker
from descentry.web.lab.process import Worker
from descentry.web.parts import Settings, make

pytestmark = pytest.mark.slow  # each starts a process that imports torch
POST = {"content-type": "application/json"}


def unpack(data):
    length = int.from_bytes(data[:4], "little")
    return json.loads(data[4 : 4 + length])


@pytest.fixture(scope="module")
def site():
    running = Running(make(["lab"], Settings()))
    yield running
    running.stop()


def ask(socket, id, scene, settings, **more):
    socket.send(json.dumps({"id": id, "scene": scene, "settings": settings, **more}))


def heard(socket, id, others=None):
    """Everything about one request until its last picture or an error; the rest goes to `others`."""
    found = []
    while True:
        message = socket.recv(timeout=PATIENCE)
        head = unpack(message) if isinstance(message, bytes) else json.loads(message)
        if head.get("id") != id:
            if others is not None:
                others.append(head)
            continue
        if "error" in head:
            return head["error"]
        found.append(head["picture"])
        if head["picture"]["whole"]:
            return found


def test_scenes_are_told_with_their_pages(site):
    scenes = site.ask("/api/lab/scenes").json()["scenes"]
    assert [s["number"] for s in scenes] == list(range(1, 10))
    assert all(s["page"] and s["controls"] and s["question"]["answers"] for s in scenes)


def test_a_run_streams_pictures_and_ends_with_a_whole_one(site):
    with site.socket("/api/lab/live") as socket:
        ask(socket, 1, "overshooting", {"multiple": 0.5})
        pictures = heard(socket, 1)
    assert pictures[-1]["told"]["verdict"] == "healthy"


def test_a_newer_request_takes_the_place_of_an_older_one(site):
    with site.socket("/api/lab/live") as socket:
        for id in range(1, 30):
            ask(socket, id, "iterative", {"steps": 1000, "rate": 1e-3 * id, "beside": "all"})
        ask(socket, 30, "overshooting", {})
        others = []
        heard(socket, 30, others)
    assert sum(head["picture"]["whole"] for head in others if "picture" in head) < 29


def test_mistakes_come_back_in_words(site):
    with site.socket("/api/lab/live") as socket:
        ask(socket, 1, "no-such-scene", {})
        assert "no scene" in heard(socket, 1)["what"]
        ask(socket, 2, "iterative", {"rate": "fast"})
        assert "no number" in heard(socket, 2)["what"]
        ask(socket, 3, "iterative", {"ground": "own", "expression": "__import__('os')"})
        assert "character" in heard(socket, 3)["what"]
        ask(socket, 4, "learning-rate", {"model": "own"})
        assert "CSV" in heard(socket, 4)["how"] or "data" in heard(socket, 4)["what"]


def test_two_tabs_have_answers_of_their_own(site):
    with site.socket("/api/lab/live") as one, site.socket("/api/lab/live") as two:
        ask(one, 7, "overshooting", {"multiple": 0.5})
        ask(two, 7, "overshooting", {"multiple": 2.5})
        assert heard(one, 7)[-1]["answer"] == "settles"
        assert heard(two, 7)[-1]["answer"] == "explodes"


def test_a_csv_is_taken_and_trained_on(site):
    text = "a,b,y\n" + "\n".join(f"{i},{i % 5},{2 * i}" for i in range(40))
    headers = {"content-type": "application/octet-stream"}
    table = site.ask("/api/lab/data", "POST", headers=headers, body=text.encode()).json()
    assert table["rows"] == 40
    with site.socket("/api/lab/live") as socket:
        ask(socket, 1, "learning-rate", {"model": "own", "rate": 0.1}, data=table["key"])
        assert heard(socket, 1)[-1]["answer"] == "learns"
    assert site.ask("/api/lab/data", "POST", headers=headers, body=b"nothing").status == 400
    assert site.ask("/api/lab/data", "POST", headers=headers, body=b"1" * (1 << 21)).status == 413


def test_a_script_is_python(site):
    def script(asked):
        return site.ask("/api/lab/script", "POST", headers=POST, body=json.dumps(asked).encode())

    compile(script({"scene": "failure", "settings": {"failure": "large"}}).body, "script.py", "exec")
    assert script([]).status == 400
    assert script({"scene": "failure", "settings": []}).status == 400
    assert script({"scene": "none", "settings": {}}).status == 404


def test_the_worker_comes_back_after_it_died():
    async def story():
        worker = Worker()
        await worker.start()
        first = worker.pid
        tab, inbox = worker.open()
        os.kill(first, 9)
        request = {"id": 1, "scene": "overshooting", "settings": {}}
        await worker.ask(tab, request)
        async for message in inbox:
            if isinstance(message, dict) and "error" in message:  # it was not yet noticed
                await worker.ask(tab, request)
            elif isinstance(message, bytes) and unpack(message)["picture"]["whole"]:
                break
        second = worker.pid
        await worker.stop()
        return first, second

    first, second = awaited(story())
    assert first != second
    assert not alive(second)


def test_a_worker_ends_with_what_started_it():
    process = subprocess.Popen(
        [sys.executable, "-m", "descentry.web.lab.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    head = process.stdout.read(frames.HEAD.size)  # it is ready
    assert frames.HEAD.unpack(head)[1] == 0
    process.stdin.close()
    assert process.wait(PATIENCE) == 0
    process.stdout.close()


def test_a_worker_that_needs_too_much_memory_says_so_and_lives(monkeypatch):
    written = []
    desk = worker.Desk()
    desk.put(1, {"id": 1})

    def greedy(settings, lab):
        raise MemoryError
        yield

    scene = dataclasses.replace(worker._entry.scene("overshooting"), run=greedy)
    monkeypatch.setattr(worker._entry, "scene", lambda id: scene)
    worker.answer(1, {"id": 1, "scene": "overshooting", "settings": {}}, desk, lambda *a: written.append(a))
    assert b"memory" in written[0][2]
    assert b"done" in written[-1][2]


def test_a_scene_that_asks_for_too_much_memory_meets_a_limit():
    code = (
        "from descentry.web.lab import worker\nimport torch\nworker._bound_memory()\n"
        "try:\n    torch.empty(1 << 31, dtype=torch.uint8)\n"
        "except (MemoryError, RuntimeError):\n    print('met')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert done.stdout.strip() == "met" or sys.platform != "linux"
