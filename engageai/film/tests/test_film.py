"""The annotated video: made when asked for, with its own sound and times, stopped at any point, gone with a wipe."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.utils import timezone

from analytics import films, store
from analytics.models import Film, Recording
from analytics.readings import Readings
from analytics.tests.synthetic import audience, dirichlet
from emotion_ml import render
from emotion_ml.tests import clips
from emotion_ml.types import LeftOut
from engageai import tasks
from engageai.conftest import Visitor
from engageai.film import jobs
from engageai.film.rows import Rows

pytestmark = pytest.mark.django_db

FPS = 10
SECONDS = 4.0
CLICKS_S = (0.5, 3.0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds whose every picture shows its time, and whose sound clicks twice."""
    sound = clips.Sound(SECONDS, clicks_s=CLICKS_S)
    path = tmp_path_factory.mktemp("clips") / "clock.mp4"
    look = clips.Look(width=320, height=240)
    return clips.write(path, clips.steady(FPS, SECONDS), look, sound=sound, last_s=Fraction(1, FPS))


@pytest.fixture
def recording(visitor: Visitor, clip: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    """One with results: a face at the left of every picture."""
    monkeypatch.setattr(jobs, "STEP_S", 0.0)
    recording = visitor.uploaded(clip)
    store.claim(recording.id)
    store.append(recording.id, audience(np.arange(20) / 5, dirichlet(20, 1)), 1.0)
    store.finish(recording.id)
    return Recording.objects.get(id=recording.id)


def made(recording: Recording, environment: str = "seminar") -> Film:
    assert films.ask(recording, environment)
    jobs.draw.call(str(recording.id))
    return Film.objects.get(recording_id=recording.id)


def pictures(path: Path) -> list[tuple[float, Any]]:
    with av.open(str(path)) as container:
        return [(float(frame.time), frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def duration_s(path: Path) -> float:
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        return float(stream.duration * stream.time_base)


def test_it_has_the_length_the_pictures_and_the_sound_of_the_recording(recording: Recording, clip: Path) -> None:
    film = made(recording)
    assert (film.status, film.progress) == ("done", 1.0)
    path = films.path(recording)
    assert film.size_bytes == path.stat().st_size
    assert duration_s(path) == pytest.approx(duration_s(clip), abs=1 / FPS)
    shown = pictures(path)
    assert [t_s for t_s, _ in shown] == pytest.approx([t_s for t_s, _ in pictures(clip)], abs=1e-3)
    assert clips.clicks(path) == pytest.approx(CLICKS_S, abs=0.06)
    with av.open(str(path)) as container:
        assert [stream.codec_context.name for stream in container.streams] == ["h264", "aac"]


def test_it_is_drawn_on_and_says_what_made_it(recording: Recording, clip: Path) -> None:
    Recording.objects.filter(id=recording.id).update(model_name="resnet50", model_sha256="ab" * 32)
    made(recording)
    before, after = pictures(clip)[20][1].astype(int), pictures(films.path(recording))[20][1].astype(int)
    changed = np.abs(before - after).max(axis=2) > 60
    assert changed[16:24, 10:90].mean() > 0.2  # the upper edge of the face's box
    assert changed[222:240, 0:40].mean() > 0.2  # the plate with the score
    assert changed[100:200, 150:300].mean() < 0.05
    with av.open(str(films.path(recording))) as container:
        assert "resnet50 abababababab" in container.metadata["comment"]


def test_a_recording_without_expressions_carries_no_score(
    recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    Recording.objects.filter(id=recording.id).update(reads_expressions=False)
    seen: list[Any] = []
    monkeypatch.setattr(render, "annotate", lambda *_, captions, **__: seen.append(captions))
    films.ask(recording, "seminar")
    jobs.draw.call(str(recording.id))
    assert seen == [[]]


def test_a_cancel_stops_it_and_leaves_nothing(recording: Recording, files: Callable[[], list[str]]) -> None:
    before = files()
    films.ask(recording, "seminar")
    film = films.claim(recording.id)
    assert film is not None
    films.request_cancel(recording)
    Film.objects.update(status="waiting")
    jobs.draw.call(str(recording.id))
    assert Film.objects.get().status == "cancelled"
    assert files() == before


def test_one_that_waits_is_cancelled_at_once(recording: Recording) -> None:
    films.ask(recording, "seminar")
    films.request_cancel(recording)
    assert Film.objects.get().status == "cancelled"
    assert films.claim(recording.id) is None


def test_a_wipe_ends_it_and_leaves_nothing(
    recording: Recording, files: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    is_over, steps = jobs._Watch.is_over, []

    def wiped_at_the_third(watch: Any) -> bool:
        steps.append(watch)
        if len(steps) == 3:
            store.wipe(recording.session_id)
        return is_over(watch)

    monkeypatch.setattr(jobs._Watch, "is_over", wiped_at_the_third)
    films.ask(recording, "seminar")
    jobs.draw.call(str(recording.id))
    assert len(steps) == 3
    assert not Film.objects.exists()
    assert files() == []


def test_a_server_that_stops_lets_it_wait(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping = threading.Event()
    stopping.set()
    monkeypatch.setattr(tasks, "stopping", stopping)
    assert made(recording).status == "waiting"


def test_a_fault_is_ours_and_is_told(recording: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "annotate", lambda *_, **__: 1 / 0)
    assert made(recording).status == "failed"


def test_one_that_fell_silent_is_begun_again_when_it_is_looked_at(visitor: Visitor, recording: Recording) -> None:
    films.ask(recording, "seminar")
    assert films.claim(recording.id)
    jobs.resume(recording)
    assert Film.objects.get().status == "running"  # still giving signs of life
    Film.objects.update(heartbeat_at=timezone.now() - films.SILENT - timedelta(seconds=1))
    assert visitor.client.get(visitor.url("film-state", recording)).status_code == 200
    assert Film.objects.get().status == "waiting"


def test_one_that_fell_silent_twice_is_given_up(recording: Recording) -> None:
    long_ago = timezone.now() - films.SILENT - timedelta(seconds=1)
    films.ask(recording, "seminar")
    Film.objects.update(status="running", attempts=films.MAX_ATTEMPTS, heartbeat_at=long_ago)
    jobs.resume(recording)
    assert Film.objects.get().status == "failed"


def test_another_attempt_at_it_takes_over(recording: Recording) -> None:
    films.ask(recording, "seminar")
    first = films.claim(recording.id)
    Film.objects.update(status="waiting")
    assert films.claim(recording.id) is not None
    assert first is not None
    with pytest.raises(store.Gone):
        films.update(first, progress=0.5)


def test_its_owner_asks_watches_and_takes_it(visitor: Visitor, recording: Recording) -> None:
    assert visitor.client.get(visitor.url("export-film", recording)).status_code == 404
    htmx = {"HX-Request": "true"}
    begun = visitor.client.post(visitor.url("film-begin", recording), {"environment": "classroom"}, headers=htmx)
    assert 'data-film="waiting"' in begun.content.decode()
    assert 'hx-trigger="every 1s"' in begun.content.decode()
    again = visitor.client.post(visitor.url("film-begin", recording), {"environment": "general"})
    assert again.status_code == 303
    assert Film.objects.get().environment == "classroom"
    jobs.draw.call(str(recording.id))
    fragment = visitor.client.get(visitor.url("film-state", recording)).content.decode()
    assert visitor.url("export-film", recording) in fragment
    assert "every 1s" not in fragment
    answer = visitor.client.get(visitor.url("export-film", recording), headers={"Range": "bytes=0-99"})
    assert (answer.status_code, answer["Content-Type"]) == (206, "video/mp4")
    assert answer["Content-Disposition"].startswith('attachment; filename="talk-')
    assert "-classroom-annotated.mp4" in answer["Content-Disposition"]
    answer.close()


def test_its_owner_stops_it(visitor: Visitor, recording: Recording) -> None:
    visitor.client.post(visitor.url("film-begin", recording), {"environment": "classroom"})
    fragment = visitor.client.post(visitor.url("film-cancel", recording), headers={"HX-Request": "true"})
    assert 'data-film="cancelled"' in fragment.content.decode()


def test_a_stranger_does_neither(visitor: Visitor, stranger: Visitor, recording: Recording) -> None:
    for name in ("film-state", "film-begin", "film-cancel", "export-film"):
        address = visitor.url(name, recording)
        answers = {stranger.client.post(address).status_code, stranger.client.get(address).status_code}
        assert 404 in answers
        assert answers <= {404, 405}
    assert not Film.objects.exists()


def test_an_environment_that_does_not_exist_is_not_found(visitor: Visitor, recording: Recording) -> None:
    assert visitor.client.post(visitor.url("film-begin", recording), {"environment": "church"}).status_code == 404


def test_what_a_camera_saw_cannot_be_drawn_on(recording: Recording) -> None:
    store.source_path(recording).unlink()
    with pytest.raises(store.NotFound):
        films.ask(recording, "seminar")


def test_rows_are_the_readings() -> None:
    left_out = np.full((4, 2), LeftOut.USED)
    left_out[2, 1] = LeftOut.TURNED
    present = np.array([[True, True], [False, False], [True, True], [True, False]])
    readings = audience(np.arange(4) / 5, dirichlet(4, 2), present, left_out)
    rows = Rows(readings)
    again = Readings.of(list(rows))
    assert len(rows) == 4
    assert rows[-1] == rows[3]
    assert rows[1:3] == [rows[1], rows[2]]
    for name in ("times", "frame", "track", "boxes", "probabilities", "quality", "left_out"):
        assert np.array_equal(getattr(again, name), getattr(readings, name)), name


def test_the_film_plays_where_the_recording_does(recording: Recording) -> None:
    """An MP4 whose index comes first, so that a player need not have all of it."""
    made(recording)
    content = films.path(recording).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_where_too_many_are_being_made_it_says_when_to_come_back(
    visitor: Visitor, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise tasks.Full

    monkeypatch.setattr(jobs, "begin", full)
    answer = visitor.client.post(visitor.url("film-begin", recording))
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")


def test_a_film_that_cannot_be_made_again_now_stays(
    visitor: Visitor, recording: Recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise tasks.Full

    made(recording)
    before = Film.objects.values().get()
    with monkeypatch.context() as patched:
        patched.setattr(type(jobs.draw), "enqueue", full)
        answer = visitor.client.post(visitor.url("film-begin", recording), {"environment": "general"})
    assert answer.status_code == 503
    assert Film.objects.values().get() == before
    assert films.path(recording).exists()


@pytest.mark.parametrize("follows", [lambda recording: films.claim(recording.id), films.request_cancel])
def test_nothing_is_left_of_a_film_that_is_made_again(follows: Callable[..., Any], recording: Recording) -> None:
    made(recording)
    jobs.begin(recording, "general")
    follows(recording)
    assert not films.path(recording).exists()
