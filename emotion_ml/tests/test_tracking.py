from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from emotion_ml.faces import FaceFinder
from emotion_ml.tests.scenes import face_at
from emotion_ml.tracking import MAX_GAP_S, Tracker
from emotion_ml.types import Detection
from emotion_ml.video import frames

Way = Callable[[float], tuple[float, float] | None]
"""Where a face is at a time, or None where nobody sees it."""


def follow(ways: Sequence[Way], times: Sequence[float], px: float = 100) -> list[dict[int, int]]:
    """At each time, the id of each visible face by its place in `ways`."""
    tracker = Tracker()
    seen = []
    for t_s in times:
        places = {index: place for index, way in enumerate(ways) if (place := way(t_s))}
        ids = tracker.update(t_s, [face_at(*place, px) for place in places.values()])
        seen.append(dict(zip(places, ids, strict=True)))
    return seen


def trembling(x: float, y: float, rng: np.random.Generator) -> Detection:
    return face_at(x + rng.normal(0, 4), y + rng.normal(0, 4), 90 * rng.uniform(0.9, 1.1))


def ids_of(seen: Sequence[dict[int, int]], face: int) -> set[int]:
    return {ids[face] for ids in seen if face in ids}


def at_5_fps(seconds: float) -> list[float]:
    return [k / 5 for k in range(round(seconds * 5))]


def test_ids_count_from_one_in_the_order_of_detections() -> None:
    assert Tracker().update(0, [face_at(100, 100), face_at(500, 100)]) == [1, 2]


def test_no_faces_have_no_ids() -> None:
    tracker = Tracker()
    assert tracker.update(0, []) == []
    tracker.update(0.2, [face_at(100, 100)])
    assert tracker.update(0.4, []) == []


def test_people_who_sit_still_keep_their_ids_whatever_the_order_of_detections() -> None:
    tracker = Tracker()
    row = [face_at(200 * n, 300) for n in range(1, 9)]
    first = tracker.update(0, row)
    assert tracker.update(0.2, row[::-1]) == first[::-1]


def test_two_who_cross_keep_their_ids() -> None:
    ways: list[Way] = [lambda t: (100 + 200 * t, 300), lambda t: (900 - 200 * t, 320)]
    seen = follow(ways, at_5_fps(4))
    assert ids_of(seen, 0) == {1}
    assert ids_of(seen, 1) == {2}


def test_two_who_cross_keep_their_ids_though_one_hides_the_other() -> None:
    ways: list[Way] = [
        lambda t: (100 + 200 * t, 300),
        lambda t: None if abs(t - 2) < 0.5 else (900 - 200 * t, 320),
    ]
    seen = follow(ways, at_5_fps(4))
    assert ids_of(seen, 0) == {1}
    assert ids_of(seen, 1) == {2}


def test_a_face_that_is_missed_for_less_than_two_seconds_comes_back_as_itself() -> None:
    ways: list[Way] = [lambda t: None if 1 <= t < 2.8 else (300, 300), lambda t: (560, 300)]
    seen = follow(ways, at_5_fps(4))
    assert ids_of(seen, 0) == {1}
    assert ids_of(seen, 1) == {2}


def test_a_face_that_is_missed_for_longer_is_somebody_new() -> None:
    gone = MAX_GAP_S + 0.5
    seen = follow([lambda t: None if 1 <= t < 1 + gone else (300, 300)], at_5_fps(6))
    assert ids_of(seen, 0) == {1, 2}


@pytest.mark.parametrize("spacing_s", [2.5, 5.0, 60.0])
def test_in_a_time_lapse_a_still_face_is_one_person(spacing_s: float) -> None:
    seen = follow([lambda _: (300, 200)], [k * spacing_s for k in range(40)])
    assert ids_of(seen, 0) == {1}


def test_a_pause_among_pictures_that_come_quickly_ends_a_track() -> None:
    seen = follow([lambda _: (300, 200)], [*at_5_fps(10), *(20 + t_s for t_s in at_5_fps(10))])
    assert ids_of(seen, 0) == {1, 2}


def test_after_a_cut_faces_elsewhere_or_of_another_size_are_strangers() -> None:
    tracker = Tracker()
    for t_s in at_5_fps(1):
        tracker.update(t_s, [face_at(300, 300), face_at(700, 300)])
    assert tracker.update(1, [face_at(500, 300), face_at(1000, 500), face_at(700, 300, px=200)]) == [3, 4, 5]


def test_who_enters_gets_a_new_id_and_who_leaves_takes_it_along() -> None:
    ways: list[Way] = [
        lambda t: (300, 300) if t < 2 else None,
        lambda t: (900, 300),
        lambda t: (600, 300) if t >= 2.4 else None,
    ]
    seen = follow(ways, at_5_fps(5))
    assert [ids_of(seen, face) for face in range(3)] == [{1}, {2}, {3}]


def test_someone_who_walks_past_at_once_is_one_track() -> None:
    seen = follow([lambda t: (100 + 450 * t, 300)], at_5_fps(3))
    assert ids_of(seen, 0) == {1}


def test_irregular_times_are_taken_for_what_they_are() -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.choice([0.04, 0.2, 0.5, 0.9], 40)).tolist()
    ways: list[Way] = [lambda t: (100 + 60 * t, 300), lambda t: (2000 - 60 * t, 340), lambda t: (1000, 500 + 20 * t)]
    seen = follow(ways, times)
    assert [ids_of(seen, face) for face in range(3)] == [{1}, {2}, {3}]


def test_the_same_time_twice_does_no_harm() -> None:
    tracker = Tracker()
    assert [tracker.update(1.0, [face_at(300 + n, 300)]) for n in range(3)] == [[1], [1], [1]]
    assert tracker.update(1.2, [face_at(303, 300)]) == [1]


def test_thirty_trembling_neighbours_with_gaps_keep_their_ids() -> None:
    rng = np.random.default_rng(1)
    tracker = Tracker()
    seats = [(150 + 280 * (n % 6), 100 + 180 * (n // 6)) for n in range(30)]
    owners: dict[int, set[int]] = {}
    for t_s in at_5_fps(10):
        visible = [n for n in range(30) if t_s == 0 or rng.random() < 0.7]
        found = [trembling(*seats[n], rng) for n in visible]
        for n, owner in zip(visible, tracker.update(t_s, found), strict=True):
            owners.setdefault(n, set()).add(owner)
    assert sum(len(ids) for ids in owners.values()) <= 31
    assert len(set.union(*owners.values())) >= 30


def test_the_same_detections_give_the_same_ids() -> None:
    rng = np.random.default_rng(2)
    stream = [
        [trembling(rng.uniform(0, 1000), rng.uniform(0, 1000), rng) for _ in range(rng.integers(0, 9))]
        for _ in range(30)
    ]

    def run() -> list[list[int]]:
        tracker = Tracker()
        return [tracker.update(k / 5, found) for k, found in enumerate(stream)]

    assert run() == run()


@pytest.mark.parametrize(
    ("name", "people"), [("classroom.gif", 4), ("head-pose-face-detection-female-and-male.gif", 2)]
)
def test_every_person_of_a_real_clip_is_one_long_track(shared: Path, name: str, people: int) -> None:
    tracker, readings, pictures = Tracker(), Counter[int](), 0
    with FaceFinder(1) as finder:
        for frame in frames(shared / "videos" / name, 5):
            found: list[Detection] = finder.find(frame.image)
            readings.update(tracker.update(frame.t_s, found))
            pictures += 1
    assert len(readings) == people
    assert min(readings.values()) >= 0.9 * pictures
