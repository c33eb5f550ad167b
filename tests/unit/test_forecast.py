"""The forecast: right on curves whose future is known, silent without ground, the same in any units."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import descentry
from descentry.behaviours._curve import Curve
from descentry.core.data import Series
from descentry.forecast import forecast
from descentry.forecast._fit import fit
from descentry.forecast._mixture import mix, quantiles


def curve(value, *, step=None, name="loss", rising=False, step_name="step"):
    value = np.asarray(value, dtype=np.float64)
    step = np.arange(len(value)) if step is None else step
    return Curve(Series(name, "", step, value, step_name=step_name), rising)


def power(t):
    return 0.5 + 3.0 * (t + 20.0) ** -0.5


def exponential(t):
    return 0.2 + 2.0 * np.exp(-t / 400.0)


def straight(t):
    return 5.0 - 1e-3 * t


def plateau(t):
    return np.full_like(np.asarray(t, dtype=float), 1.7)


KNOWN = pytest.mark.parametrize("law", [power, exponential, straight, plateau])


@KNOWN
@pytest.mark.parametrize("sigma", [0.0, 0.02, 0.2])
def test_the_future_of_a_known_law_lies_in_the_interval(law, sigma):
    t = np.arange(1000.0)
    told = forecast(curve(law(t) + sigma * np.random.default_rng(1).normal(size=len(t))))
    assert (told.at, told.horizon) == (999, 1000)
    slack = 1e-4 + 0.05 * sigma
    assert told.expected.low - slack <= float(law(1999.0)) <= told.expected.high + slack
    assert told.current.low - slack <= float(law(999.0)) <= told.current.high + slack


def test_on_many_noisy_power_laws_the_interval_holds_nine_times_in_ten():
    rng = np.random.default_rng(2)
    held = []
    for _ in range(60):
        c, size, sigma = rng.uniform(0.1, 1.0), rng.uniform(1, 5), rng.uniform(0.01, 0.3)
        t = np.arange(float(rng.integers(60, 800)))
        noise = np.zeros(len(t))
        for i, shock in enumerate(sigma * rng.standard_t(4, len(t))):
            noise[i] = 0.5 * noise[i - 1] + shock
        told = forecast(curve(1.0 + size * (t + 5.0) ** -c + noise))
        truth = 1.0 + size * (2.0 * len(t) + 4.0) ** -c
        held.append(told.expected.low <= truth <= told.expected.high)
    assert np.mean(held) >= 0.8


def test_a_line_goes_on_and_a_plateau_does_not():
    t = np.arange(600.0)
    noise = 0.02 * np.random.default_rng(3).normal(size=600)
    falling, settled = forecast(curve(3.0 - t / 600.0 + noise)), forecast(curve(exponential(6 * t) + noise))
    assert falling.worth == "worth it"
    assert falling.gain.value == pytest.approx(0.5, abs=0.1)
    assert settled.worth == "nothing"
    assert abs(settled.gain.value) < 0.05
    assert "next to nothing" in settled.sentence
    assert falling.chance > 0.9 > 0.1 > settled.chance


def test_noise_that_hides_the_trend_is_admitted():
    value = 1.0 + np.random.default_rng(4).normal(size=30)
    told = forecast(curve(value))
    assert told.worth in {"cannot tell", "nothing"}
    assert told.expected.high - told.expected.low > 0.3


def test_further_ahead_is_less_sure():
    told = curve(power(np.arange(500.0)) + 0.02 * np.random.default_rng(5).normal(size=500))
    width = [e.high - e.low for e in (forecast(told, times=k).expected for k in (1.25, 1.5, 2.0, 4.0))]
    assert width == sorted(width)


def test_the_sentence_says_how_far_to_where_and_how_sure():
    told = forecast(curve(power(np.arange(2400.0))))
    assert told.sentence.startswith("Doubling the steps (2,400 more) is expected to bring loss from ")
    assert "(90% interval " in told.sentence
    assert "a gain of " in told.sentence
    assert "%" in told.sentence
    epochs = forecast(curve(power(np.arange(24.0)), step_name="epoch"), times=1.5)
    assert epochs.sentence.startswith("Making it 1.5 times as many epochs (12 more)")


def test_the_first_step_and_the_distance_of_points_count():
    told = forecast(curve(power(np.arange(100.0)), step=5000 + 10 * np.arange(100)))
    assert (told.at, told.horizon) == (5990, 1000)


def test_a_metric_that_rises_is_told_as_it_is_logged():
    accuracy = 0.95 - 0.6 * np.exp(-np.arange(500.0) / 150.0)
    told = forecast(curve(accuracy, name="accuracy", rising=True))
    assert told.current.value == pytest.approx(accuracy[-1], abs=0.01)
    assert told.expected.low <= told.expected.value <= told.expected.high <= 1.0
    assert told.expected.value > told.current.value
    assert told.gain.value > 0
    assert told.gain.unit == "accuracy"
    assert told.fan.low[-1] == pytest.approx(told.expected.low)


def test_a_loss_that_cannot_fall_below_zero_is_not_said_to():
    told = forecast(curve(1.0 - np.arange(900.0) / 1000.0))
    assert told.expected.low >= 0.0
    assert told.gain.high <= 1.0
    signed = forecast(curve(1.0 - np.arange(900.0) / 1000.0, name="nll"))
    assert signed.expected.low < 0.0


@pytest.mark.parametrize(
    "value", [power(np.arange(300.0)) - 1.0, -5.0 + power(np.arange(300.0))], ids=["crosses zero", "negative"]
)
def test_where_a_percentage_has_no_meaning_the_gain_is_in_units_of_the_loss(value):
    told = forecast(curve(value))
    assert told.gain.unit == "loss"
    assert told.gain.value == pytest.approx(value[-1] - (told.expected.value), abs=0.02)
    assert told.share.unit == "fraction of the scale"


# Where there is no ground for a forecast.


def ended(value):
    value = np.array(value)
    value[-20:] = np.nan
    return value


RUNAWAY = np.concatenate([power(np.arange(200.0)), 1.0 + np.exp(np.arange(60.0) / 6.0)])
LATE = np.concatenate([np.full(197, 2.0) + 1e-3 * np.sin(np.arange(197.0)), [1.0, 1.0, 1.0]])


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (np.linspace(2, 1, 5), "5 points are too few"),
        ([], "0 points are too few"),
        (ended(power(np.arange(300.0))), "not numbers"),
        (RUNAWAY, "running away"),
        (LATE, "too little has been logged since"),
    ],
)
def test_it_says_why_nothing_is_forecast(value, why):
    told = forecast(curve(value))
    assert told.worth == "not examined"
    assert why in told.sentence
    assert (told.current, told.expected, told.gain, told.fan) == (None, None, None, None)


def test_steps_that_stand_still_are_no_time():
    told = forecast(curve(power(np.arange(50.0)), step=np.zeros(50, dtype=int)))
    assert told.worth == "not examined"
    assert "how many steps" in told.sentence


def test_a_shorter_run_is_refused():
    with pytest.raises(ValueError, match="above 1"):
        forecast(curve(power(np.arange(50.0))), times=1.0)


def test_what_came_before_a_sudden_change_does_not_count():
    t = np.arange(400.0)
    value = np.where(t < 200, 3.0 - t / 400.0, 1.0) + 0.01 * np.random.default_rng(6).normal(size=400)
    told = forecast(curve(value))
    assert told.expected.value == pytest.approx(1.0, abs=0.05)
    assert any("sudden change" in note for note in told.caveats)


# The schedule.


def rate(value):
    return Series("lr", "", np.arange(len(value)), np.asarray(value, dtype=float))


def test_a_schedule_that_ends_or_falls_has_to_be_stretched():
    told, n = curve(power(np.arange(400.0))), 400
    cosine = 0.5 * (1.0 + np.cos(np.pi * np.arange(n) / (n - 1)))
    assert "end of its schedule" in forecast(told, rate=rate(cosine)).caveats[0]
    assert "still being lowered" in forecast(told, rate=rate(cosine[: n // 2])).caveats[0]
    assert forecast(told, rate=rate(np.full(n, 0.1))).caveats == ()


def test_a_straight_fall_without_a_logged_rate_may_be_the_schedule():
    line = straight(np.arange(400.0))
    assert any("no learning rate" in note for note in forecast(curve(line)).caveats)
    assert forecast(curve(line), rate=rate(np.full(400, 0.1))).caveats == ()


# The same in any units.

NOISY = power(np.arange(700.0)) + 0.03 * np.random.default_rng(7).normal(size=700)


def same(one, other, *, scale=1.0, shift=0.0):
    assert other.worth == one.worth
    assert other.chance == pytest.approx(one.chance, abs=0.02)
    assert other.share.value == pytest.approx(one.share.value, abs=1e-3)
    width = one.expected.high - one.expected.low
    for end in ("low", "value", "high"):
        moved = scale * getattr(one.expected, end) + shift
        assert getattr(other.expected, end) == pytest.approx(moved, abs=0.02 * abs(scale) * width)


@settings(max_examples=25)
@given(st.sampled_from([1e-200, 1e-6, 0.1, 7.0, 1e6, 1e200]), st.floats(0.0, 20.0))
def test_rescaling_and_shifting_the_loss_changes_nothing(scale, shift):
    same(forecast(curve(NOISY)), forecast(curve(scale * (NOISY + shift))), scale=scale, shift=scale * shift)


@settings(max_examples=15)
@given(st.integers(1, 10**6), st.integers(0, 10**9))
def test_counting_steps_otherwise_changes_nothing(stride, first):
    told = forecast(curve(NOISY, step=first + stride * np.arange(700)))
    same(forecast(curve(NOISY)), told)
    assert told.horizon == 700 * stride


def test_a_loss_turned_over_is_forecast_alike():
    one, other = forecast(curve(NOISY, name="nll")), forecast(curve(-NOISY, name="score", rising=True))
    assert other.expected.value == pytest.approx(-one.expected.value)
    assert other.expected.low == pytest.approx(-one.expected.high)
    assert other.share.value == pytest.approx(one.share.value)


@settings(max_examples=60)
@given(
    st.lists(
        st.one_of(st.floats(-1e308, 1e308), st.sampled_from([0.0, 1.0, math.nan, math.inf])),
        min_size=0,
        max_size=60,
    )
)
def test_no_log_breaks_it(values):
    with np.errstate(all="ignore"):
        told = forecast(curve(values))
    assert told.sentence
    assert 0.0 <= told.chance <= 1.0
    if told.expected is not None:
        assert told.expected.low <= told.expected.value <= told.expected.high


def test_twenty_points_and_a_million_are_forecast_alike():
    short, long = np.linspace(0, 1000, 21)[1:], np.arange(1.0, 1e6) / 1e3
    a, b = forecast(curve(power(short))), forecast(curve(power(long)))
    truth = float(power(2000.0))
    for told in (a, b):
        assert told.expected.value == pytest.approx(truth, abs=0.01)


def test_a_constant_stays_what_it_is():
    told = forecast(curve(np.full(100, 0.7)))
    assert told.worth == "nothing"
    assert told.expected.value == pytest.approx(0.7)
    assert told.gain.value == pytest.approx(0.0, abs=1e-12)


# The mixture.


def test_the_right_kind_of_curve_gets_the_weight():
    u = (np.arange(300.0) + 1.0) / 300.0
    for level, kind in [(1.0 - u, "line"), (np.exp(-u / 0.1), "exponential")]:
        families = dict(mix(fit(u, level, np.full(300, 1e-3))).families)
        assert sum(families.values()) == pytest.approx(1.0)
        assert max(families, key=families.get) == kind


def test_quantiles_are_weighted():
    values = np.array([1.0, 2.0, 3.0])
    assert quantiles(values, np.array([1e-9, 1e-9, 1.0]), (0.5,)) == [pytest.approx(3.0)]


# In a report.


@pytest.fixture(scope="module")
def report():
    return descentry.explain({"loss": NOISY, "lr": np.linspace(0.1, 0.0, 700)})


def test_a_report_shows_it_on_every_page(report):
    told = report.forecast
    assert told.worth != "not examined"
    text = " ".join(str(report).split())
    assert "More epochs?" in text
    assert told.sentence in text
    assert told.caveats[0] in text
    html = report.to_html()
    assert 'id="more-epochs"' in html
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))["forecast"]
    assert data["worth"] == told.worth
    assert len(data["fan"]["step"]) == len(data["fan"]["low"]) == len(told.fan.step)
    assert sum(data["basis"].values()) == pytest.approx(1.0)


def test_a_run_that_blew_up_says_that_it_was_not_forecast():
    report = descentry.explain({"loss": RUNAWAY})
    assert "More epochs?" not in str(report)
    assert any("running away" in note for note in report.not_examined)


def test_the_fan_begins_where_the_log_ends(report):
    fan = report.forecast.fan
    assert (fan.step[0], fan.step[-1]) == (699, 1399)
    assert (fan.low <= fan.middle).all()
    assert (fan.middle <= fan.high).all()
    with pytest.raises(ValueError, match="read-only"):
        fan.low[0] = 0.0
