"""A bucket gives what it holds, fills evenly, forgives nobody who spent all, and takes no more memory than it may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engageai.buckets import Buckets


def spent(buckets: Buckets, key: str, times: int, now_s: float = 0.0) -> int:
    """How many of so many are given."""
    return sum(buckets.spend(key, now_s) == 0 for _ in range(times))


def test_ten_an_hour_are_ten_and_the_eleventh_waits() -> None:
    buckets = Buckets(10)
    assert spent(buckets, "a", 10) == 10
    assert buckets.spend("a", 0.0) == 360
    assert buckets.spend("a", 100.0) == 260
    assert buckets.spend("a", 359.9) > 0
    assert buckets.spend("a", 360.0) == 0
    assert buckets.spend("a", 360.0) == 360


def test_asking_spends_nothing() -> None:
    buckets = Buckets(1)
    assert [buckets.wait_s("a", 0.0) for _ in range(5)] == [0] * 5
    assert buckets.spend("a", 0.0) == 0
    assert buckets.wait_s("a", 0.0) == 3600
    assert len(buckets) == 1


def test_keys_do_not_share() -> None:
    buckets = Buckets(2)
    assert (spent(buckets, "a", 5), spent(buckets, "b", 5)) == (2, 2)


def test_who_was_refused_does_not_wait_longer_for_it() -> None:
    buckets = Buckets(10)
    assert spent(buckets, "a", 1000) == 10
    assert spent(buckets, "a", 1000, 360.0) == 1


def test_nothing_is_saved_up_beyond_a_full_bucket() -> None:
    buckets = Buckets(10)
    spent(buckets, "a", 10)
    assert spent(buckets, "a", 100, 1e6) == 10


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=60), st.integers(1, 20))
def test_no_hour_gives_more_than_a_full_bucket_and_its_refill(pauses_s: list[float], amount: int) -> None:
    buckets, now_s, given_at = Buckets(amount), 0.0, []
    for pause_s in pauses_s:
        now_s += pause_s
        if not buckets.spend("a", now_s):
            given_at.append(now_s)
    for start_s in given_at:
        assert sum(start_s <= at_s < start_s + 3600 for at_s in given_at) <= 2 * amount


def test_keys_whose_buckets_are_full_again_make_room() -> None:
    buckets = Buckets(10, most=100)
    for number in range(100):
        buckets.spend(f"early {number}", 0.0)
    buckets.spend("late", 1000.0)
    assert len(buckets) == 1


def test_a_flood_of_keys_takes_no_more_memory_and_frees_nobody_who_has_spent_all() -> None:
    buckets = Buckets(10, most=100)
    spent(buckets, "greedy", 10)
    for number in range(10_000):
        assert buckets.spend(f"new {number}", number * 0.001) == 0
        assert len(buckets) <= 100
    assert buckets.spend("greedy", 10.0) > 0
