"""When a frame was captured: the page's spacing, within the server's time."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from engageai.live.clock import MAX_APART_S, CaptureClock

finite = st.floats(allow_nan=False, allow_infinity=False)


def test_the_first_frame_is_at_the_start() -> None:
    assert CaptureClock().place(5_000.0, 77.0) == 0.0
    assert CaptureClock(12.5).place(5_000.0, 77.0) == 12.5


def test_the_spacing_is_the_pages_whatever_the_network_does() -> None:
    clock = CaptureClock()
    arrivals = [(10.0, 100.0), (10.1, 100.4), (10.2, 100.41), (10.3, 101.3)]
    assert [round(clock.place(*each) or 0, 6) for each in arrivals] == [0, 0.1, 0.2, 0.3]


def test_a_frame_that_is_not_later_is_out_of_its_time() -> None:
    clock = CaptureClock()
    clock.place(10.0, 100.0)
    assert clock.place(10.0, 100.1) is None
    assert clock.place(9.9, 100.2) is None
    assert clock.place(10.3, 100.3) is not None


def test_a_clock_that_jumps_is_not_believed() -> None:
    clock = CaptureClock()
    clock.place(10.0, 100.0)
    assert clock.place(9_999.0, 100.5) == 0.5
    assert math.isclose(clock.place(9_999.2, 100.8) or 0, 0.7)
    assert clock.place(11.0, 101.5) == 1.5


def test_a_clock_that_stood_still_while_the_machine_slept_is_set_by_the_servers() -> None:
    clock = CaptureClock()
    clock.place(10.0, 100.0)
    assert clock.place(10.1, 3_700.0) == 3_600.0


def test_a_measurement_that_goes_on_never_goes_back() -> None:
    clock = CaptureClock(start_s=20.0, last_s=21.5)
    t_s = clock.place(3.0, 50.0)
    assert t_s is not None
    assert t_s > 21.5


@given(st.lists(st.tuples(finite, st.floats(0, 1)), max_size=30), st.floats(0, 1e6))
def test_whatever_a_page_says_time_rises_beside_the_servers(frames: list[tuple[float, float]], start_s: float) -> None:
    clock, last_s, arrived_s = CaptureClock(start_s), -math.inf, 1_000.0
    for captured_s, later_s in frames:
        arrived_s += later_s
        t_s = clock.place(captured_s, arrived_s)
        if t_s is not None:
            assert last_s < t_s
            assert abs(t_s - (start_s + arrived_s - 1_000.0)) <= MAX_APART_S + 1.0
            last_s = t_s
