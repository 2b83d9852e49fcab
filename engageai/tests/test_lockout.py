"""Who guesses has to wait longer and longer, and nobody can make the table grow."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from engageai.lockout import FIRST_S, FORGOTTEN_S, LONGEST_S, Lockout


def waits(lockout: Lockout, tries: int) -> list[float]:
    """How long each try had to wait, when each comes as soon as it may."""
    now_s, found = 0.0, []
    for _ in range(tries):
        waited = 0.0
        while not lockout.admit({"key": 3}, now_s + waited):
            waited += FIRST_S
        now_s += waited
        found.append(waited)
    return found


def test_the_wait_begins_after_the_allowance_and_doubles_up_to_an_hour() -> None:
    assert waits(Lockout(), 13) == [0, 0, 0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert LONGEST_S == 3600


def test_a_refused_try_does_not_lengthen_the_wait() -> None:
    lockout = Lockout()
    for _ in range(3):
        lockout.admit({"key": 3}, 0.0)
    assert not any(lockout.admit({"key": 3}, second) for second in range(30))
    assert lockout.admit({"key": 3}, 30.0)


def test_what_turned_out_right_is_forgotten() -> None:
    lockout = Lockout()
    for _ in range(10):
        assert lockout.admit({"key": 3}, 0.0)
        lockout.forget("key")


def test_a_day_without_a_try_begins_anew() -> None:
    lockout = Lockout()
    for _ in range(3):
        lockout.admit({"key": 3}, 0.0)
    assert [lockout.admit({"key": 3}, FORGOTTEN_S + 1) for _ in range(4)] == [True, True, True, False]


def test_one_key_that_is_shut_shuts_the_try() -> None:
    lockout = Lockout()
    for _ in range(2):
        lockout.admit({"address": 2, "name": 50}, 0.0)
    assert not lockout.admit({"address": 2, "name": 50}, 1.0)
    assert lockout.admit({"another": 2, "name": 50}, 1.0)


@given(st.lists(st.text(max_size=3), max_size=60))
def test_no_more_keys_are_kept_than_allowed(keys: list[str]) -> None:
    lockout = Lockout(most=8)
    for key in keys:
        lockout.admit({key: 3}, 0.0)
    assert len(lockout) <= 8


def test_many_at_once_are_no_more_than_one_after_another() -> None:
    lockout, let_in = Lockout(), []
    threads = [
        threading.Thread(target=lambda: let_in.append(lockout.admit({"key": 5}, 0.0)), daemon=True) for _ in range(40)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(let_in) == 5
