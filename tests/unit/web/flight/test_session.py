"""A pilot's seat: what is said back to what is done."""

import dataclasses
import math

import pytest
import torch

from descentry.web.flight import session as seats
from descentry.web.flight._level import level
from descentry.web.flight.log import log_of
from descentry.web.flight.world import replay

torch.set_num_threads(1)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1e-4
        return self.now


class Seat:
    """A session that is turned by hand, as fast as it goes."""

    def __init__(self):
        self.said, self.clock, self.flown = [], Clock(), 0
        self.session = seats.Session(self.hear, self.clock)

    def hear(self, message):
        self.said.append(message)
        self.flown += len(message.get("rows", ()))

    def tell(self, do, **more):
        self.session.tell({"do": do, **more})

    def until(self, what, most=100_000):
        for _ in range(most):
            for message in self.said:
                if message["say"] == what:
                    return message
            self.clock.now += self.session.work()
        raise AssertionError(f"nothing said {what}: {[m['say'] for m in self.said]}")

    def ticks(self, count):
        for _ in range(100_000):
            if self.flown >= count:
                return
            self.clock.now += self.session.work()
        raise AssertionError(f"{self.flown} steps were flown and no more")

    def all(self, what):
        if what == "steps":
            return [row for m in self.said if m["say"] == "steps" for row in m["rows"]]
        return [m for m in self.said if m["say"] == what]


def airborne(name="bowl", seed=1):
    seat = Seat()
    seat.tell("takeoff", level=name, seed=seed)
    return seat


def test_a_flight_from_take_off_to_the_debrief():
    seat = airborne()
    seat.ticks(10)
    seat.tell("rate", value=1.5)
    landed = seat.until("landed")
    assert [row[0] for row in seat.all("steps")] == list(range(level("bowl").steps))
    assert landed["passed"] == (landed["regret"] <= level("bowl").within)
    assert set(landed["against"]) == {"nothing", "constant", "oracle", "pilot"}
    assert landed["against"]["nothing"] < 0 <= landed["regret"]
    seat.until("debriefed")
    assert seat.all("story")[0]["report"]["schema"] == "descentry.report/1"
    assert len(seat.all("moment")) >= 4
    log = log_of(landed["log"])
    again = replay(log.level, log.seed, log.moves, log.ticks)
    assert again.full_loss() == landed["final"]
    assert [i.loss for i in again.flown] == [row[3] for row in seat.all("steps")]


def test_the_pace_is_the_clocks_and_not_the_machines():
    seat = airborne()
    for _ in range(200):
        seat.session.work()  # the clock hardly moves
    assert seat.flown <= 2
    seat.clock.now += 1.0
    for _ in range(200):
        seat.session.work()
    assert seat.flown <= 4


def test_a_pause_holds_everything_but_the_ghosts():
    seat = airborne()
    seat.ticks(5)
    seat.tell("pause", on=True)
    flown = seat.flown
    for _ in range(3000):
        seat.clock.now += 0.05
        seat.session.work()
    assert seat.flown == flown
    assert {m["id"] for m in seat.all("ghost")} >= {"nothing", "constant", "oracle"}
    seat.tell("pause", on=False)
    seat.ticks(flown + 1)


def test_a_crash_waits_for_a_rollback():
    seat = airborne()
    seat.ticks(8)
    seat.tell("rate", value=10.0)
    crash = seat.until("crash")
    assert seat.all("steps")[-1][3] is None or seat.all("steps")[-1][4] is None
    flown = seat.flown
    for _ in range(500):
        seat.clock.now += 0.1
        seat.session.work()
    assert seat.flown == flown
    seat.tell("rollback")
    back = seat.all("rolled back")[0]
    assert back["value"] == crash["checkpoint"]
    assert back["spent"] > flown
    seat.tell("rate", value=0.5)
    seat.ticks(flown + 3)


def test_a_crash_that_is_landed_has_no_score_but_a_debrief():
    seat = airborne()
    seat.tell("rate", value=10.0)
    seat.until("crash")
    seat.tell("land")
    landed = seat.until("landed")
    assert landed["final"] is None
    assert landed["regret"] is None
    assert not landed["passed"]
    seat.until("debriefed")
    assert seat.all("story")[0]["report"]["verdict"] == "failing"


def test_a_flight_can_be_rewound_and_is_practice_then():
    seat = airborne()
    seat.ticks(20)
    seat.tell("rate", value=1.0)
    seat.ticks(40)
    before = seat.all("steps")
    seat.said.clear()
    seat.tell("rewind", tick=15)
    again = seat.all("flight")[0]
    assert again["practice"]
    assert again["steps"] == before[:15]
    assert again["moves"] == []
    assert seat.all("paused")[0]["on"]
    seat.tell("pause", on=False)
    seat.until("steps")
    assert seat.all("steps")[0][:4] == before[15][:4]
    seat.tell("land")
    assert seat.until("landed")["practice"]


def test_a_rival_flies_again_from_a_log():
    seat = airborne()
    seat.tell("rate", value=1.2)
    log = seat.until("landed")["log"]
    other = airborne()
    other.tell("rival", name="Ada", log=log)
    ghost = next(m for m in iter(lambda: other.until("ghost"), None))
    assert ghost["id"] == "rival"
    assert ghost["title"] == "Ada"
    assert len(ghost["loss"]) == log["ticks"]
    other.tell("rival", name="Ada", log={**log, "seed": 5})
    assert "somewhere else" in other.all("wrong")[0]["what"]
    other.said.clear()
    other.tell("rival", name="Eve", log={**log, "moves": [[3, "batch", 7]]})
    assert "no batches of 7" in other.until("wrong")["what"]
    other.ticks(5)  # and nothing fell over


def test_what_cannot_be_done_is_answered_in_words():
    seat = Seat()
    seat.tell("rate", value=1.0)
    assert seat.said[-1]["what"] == "nothing is in the air"
    seat.tell("takeoff", level="moon", seed=1)
    assert "moon" in seat.said[-1]["what"]
    seat.tell("takeoff", level="bowl", seed="1")
    assert "seed" in seat.said[-1]["what"]
    seat.tell("takeoff", level="wine", seed=1)
    for message in (
        {"do": "rate"},
        {"do": "rate", "value": math.nan},
        {"do": "batch", "value": 5},
        {"do": "loop the loop"},
        {},
    ):
        seat.said.clear()
        seat.session.tell(message)
        assert seat.said[0]["say"] == "wrong"


def test_rolling_back_cannot_cost_more_than_there_is(monkeypatch):
    small = dataclasses.replace(level("bowl"), steps=20)
    monkeypatch.setattr(seats, "level", lambda name: small)
    seat = airborne()
    seat.ticks(19)
    for _ in range(5):
        seat.tell("rollback")
    assert "no budget left" in seat.all("wrong")[-1]["what"]
    assert 1 <= len(seat.all("rolled back")) <= 2
    assert seat.until("landed")["final"] is not None


@pytest.mark.parametrize("name", ["noisy-digits"])
def test_gauges_show_what_instruments_read(name):
    seat = airborne(name)
    seat.ticks(level(name).look + 2)
    shown = seat.all("gauges")[-1]
    assert shown["stability"] > 0
    assert shown["sharpness"] > 0
    assert shown["noise"] is None or shown["noise"] > 0
