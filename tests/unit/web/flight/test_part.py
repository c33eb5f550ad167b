"""The simulator behind a real server: what browsers may ask, and what they are not believed."""

import contextlib
import json
import subprocess
import sys

import pytest
from tests._awaiting import PATIENCE, awaited, until
from tests._processes import alive
from tests.unit.web.conftest import Running

from descentry.web.flight import part as hangars
from descentry.web.flight.seat import Seat
from descentry.web.parts import Settings, make

pytest.importorskip("starlette")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    running = Running(make(["flight"], Settings(data=tmp_path_factory.mktemp("data"))))
    yield running
    running.stop()


def hear(socket, what, most=5000):
    for _ in range(most):
        message = json.loads(socket.recv(timeout=PATIENCE))
        if message["say"] == what:
            return message
    raise AssertionError(f"nothing said {what}")


def tell(socket, do, **more):
    socket.send(json.dumps({"do": do, **more}))


def test_the_levels_say_what_they_ask(site):
    levels = site.ask("/api/flight/levels").json()
    assert levels[0]["id"] == "bowl"
    assert len(levels) == 8
    for one in levels:
        assert one["low"] < one["rate"] < one["high"]
        assert one["target"] > 0
        assert one["brief"]
        assert one["teaches"]


def test_the_leaderboard_is_asked_for_by_level_and_seed(site):
    assert site.ask("/api/flight/top?level=zen&seed=9").json() == []
    assert site.ask("/api/flight/top?level=moon&seed=9").status == 404
    for seed in ("", "-1", "1e3", "9" * 400, "' OR 1=1"):
        answer = site.ask(f"/api/flight/top?level=zen&seed={seed.replace(' ', '%20')}")
        assert answer.status == 400
        assert "seed" in answer.json()["error"]["what"]


def test_nobody_without_the_token_gets_in(site):
    assert site.ask("/api/flight/levels", token=False).status == 401


def test_the_server_itself_does_not_load_pytorch():
    code = "import sys, descentry.web.flight.part as p; p.levels(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_seats_are_limited(site, monkeypatch):
    monkeypatch.setattr(hangars, "SEATS", 0)
    with site.socket("/api/flight/seat") as socket:
        tell(socket, "takeoff", level="bowl", seed=1)
        assert "every seat is taken" in hear(socket, "wrong")["what"]


@pytest.mark.slow
def test_a_flight_over_the_wire_is_scored_by_the_server_alone(site):
    with site.socket("/api/flight/seat") as socket:
        hear(socket, "ready")
        tell(socket, "loop the loop")
        assert "no such control" in hear(socket, "wrong")["what"]
        tell(socket, "takeoff", level="bowl", seed=3)
        assert hear(socket, "flight")["level"] == "bowl"
        tell(socket, "speed", value=16)
        tell(socket, "rate", value=1.0)
        tell(socket, "sign", name="Too early")
        assert "no flight to sign" in hear(socket, "wrong")["what"]
        tell(socket, "landed", regret=-9, final=0, practice=False)  # a browser that makes up its score
        hear(socket, "wrong")
        landed = hear(socket, "landed")
        tell(socket, "sign", name="<b>Ada</b>")
        assert hear(socket, "signed")["place"] == 1
        tell(socket, "sign", name="Twice")
        hear(socket, "wrong")
        (row,) = site.ask("/api/flight/top?level=bowl&seed=3").json()
        assert row["name"] == "<b>Ada</b>"
        assert row["regret"] == landed["regret"]
        tell(socket, "race", flight=row["id"])
        while (ghost := hear(socket, "ghost"))["id"] != "rival":
            pass
        assert ghost["title"] == "<b>Ada</b>"
        assert ghost["final"] == landed["final"]
        tell(socket, "rewind", tick=10)
        assert hear(socket, "flight")["practice"]
        tell(socket, "land")
        hear(socket, "landed")
        tell(socket, "sign", name="Practice")
        assert "not rewound" in hear(socket, "wrong")["how"]


@pytest.mark.slow
def test_a_seat_ends_with_its_tab():
    async def sit():
        async with Seat() as seat:
            said = seat.said()
            assert (await anext(said))["say"] == "ready"
            return seat.pid

    pid = awaited(sit())
    until(lambda: not alive(pid), "the process ended")


@pytest.mark.slow
def test_the_server_leaves_no_seat_behind(tmp_path):
    running = Running(make(["flight"], Settings(data=tmp_path)))
    with running.socket("/api/flight/seat") as socket:
        hear(socket, "ready")
        running.stop()
        with contextlib.suppress(Exception):
            socket.recv(timeout=PATIENCE)
    # The thread of the server has ended, so its loop has waited for the process.
