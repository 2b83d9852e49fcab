"""The results page shows the numbers of result.json, and only to its owner."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from analytics import store
from analytics.models import Recording
from analytics.readings import Readings
from analytics.scoring import ENVIRONMENTS, environment
from analytics.templatetags.reading import lookup
from analytics.tests.synthetic import audience, dirichlet, info, nobody, one_hot
from emotion_ml.types import LeftOut

OWNER = "the secret of this browser"
Record = Callable[..., Recording]


@pytest.fixture
def client(db: None) -> Client:
    browser = Client()
    session = browser.session
    session["owner"] = OWNER
    session.save()
    return browser


@pytest.fixture
def record(db: None, data_dir: Path) -> Record:
    """Stores a finished recording with the readings given."""

    def made(readings: Readings, duration_s: float = 60.0, **row: Any) -> Recording:
        upload = data_dir / "incoming" / "upload"
        upload.write_bytes(b"a film")
        fields = {"name": "talk.mp4", "environment": "seminar", "analysis_fps": 5.0}
        recording = store.add_recording(store.open_session(OWNER), upload, info(duration_s), 9, **fields)
        store.claim(recording.id)
        store.update(recording.id, model_name="resnet50", model_sha256="ab" * 32, backend="onnxruntime int8")
        store.append(recording.id, readings, 1.0)
        store.finish(recording.id)
        Recording.objects.filter(id=recording.id).update(**row)
        return Recording.objects.get(id=recording.id)

    return made


def room(count: int = 300, faces: int = 3, once: int = 0) -> Readings:
    """A minute of people, `once` of whom are seen in a single reading."""
    present = np.ones((count, faces + once), np.bool_)
    present[:, faces:] = False
    for ghost in range(once):
        present[10 * ghost, faces + ghost] = True
    return audience(np.arange(count) / 5, dirichlet(count, faces + once), present)


def ask(client: Client, name: str, recording: Recording, query: str = "", **more: Any) -> Any:
    keys = {"session_id": recording.session_id, "recording_id": recording.id, **more}
    return client.get(reverse(name, kwargs=keys) + query)


def page(client: Client, recording: Recording, query: str = "") -> str:
    answer = ask(client, "recording-show", recording, query)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    text: str = answer.content.decode()
    return text


def shown(text: str) -> dict[str, float]:
    """What the page says stands where in result.json."""
    found = re.findall(r'<data value="([^"]+)" data-from="([^"]+)">', text)
    return {path: float(value) for value, path in found}


def test_every_number_of_the_page_is_that_of_the_result(client: Client, record: Record) -> None:
    recording = record(room())
    result = ask(client, "recording-result", recording).json()
    numbers = shown(page(client, recording))
    assert {"engagement.seminar.score", "coverage", "distribution.Happy", "tracks.2.readings"} <= numbers.keys()
    assert numbers == {path: lookup(result, path) for path in numbers}


def test_the_parts_shown_add_up_to_the_score_shown_and_are_those_of_the_explanation(
    client: Client, record: Record
) -> None:
    mended = 0
    for recording in (record(room(count)) for count in (50, 100, 150)):
        for name in (each.name for each in ENVIRONMENTS):
            text = page(client, recording, f"?environment={name}")
            found = re.findall(rf'<data value="([^"]+)" data-from="decomposition\.{name}\.\w+">([^<]+)<', text)
            adds = [shown for _, shown in found]
            (score,) = re.findall(
                rf'adds up to <data value="[^"]+" data-from="engagement\.{name}\.score">([^<]+)<', text
            )
            assert sum(map(hundredths, adds)) == hundredths(score)
            mended += any(shown != f"{float(value):.2f}" for value, shown in found)
            said = text.split('class="headline-parts">')[1].split("</p>")[0]
            assert sorted(re.findall(r"\d\.\d\d", said)) == sorted(adds)
            why = ask(client, "recording-why", recording, f"?of=whole&environment={name}").content.decode()
            assert re.findall(r'<td class="num">(\d\.\d\d)</td></tr>', why.split("<tfoot>")[0]) == adds
    assert mended


def hundredths(shown: str) -> int:
    return round(100 * float(shown))


def test_the_result_is_a_file_to_take_away(client: Client, record: Record) -> None:
    answer = ask(client, "recording-result", record(room()))
    named = rf'attachment; filename="talk-{re.escape(settings.VERSION)}-abababab-result\.json"'
    assert re.fullmatch(named, answer["Content-Disposition"])
    assert answer.json()["model"] == {"name": "resnet50", "sha256": "ab" * 32, "backend": "onnxruntime int8"}


def test_the_page_opens_with_the_environment_of_the_upload_and_follows_the_address(
    client: Client, record: Record
) -> None:
    recording = record(room())
    assert "engagement.seminar.score" in shown(page(client, recording).split('id="headline"')[1].split("</section>")[0])
    other = page(client, recording, "?environment=product_demo").split('id="headline"')[1].split("</section>")[0]
    assert "engagement.product_demo.score" in shown(other)


def test_another_environment_is_a_fragment_of_the_same_page(client: Client, record: Record) -> None:
    recording = record(room())
    url = reverse("recording-show", args=[recording.session_id, recording.id])
    fragment = client.get(f"{url}?environment=classroom", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
    assert shown(fragment).items() <= shown(page(client, recording, "?environment=classroom")).items()
    assert environment("classroom").reasons[0].split(" ")[0] in fragment


def test_the_figures_hold_the_numbers_of_the_result(client: Client, record: Record) -> None:
    recording = record(room())
    result = ask(client, "recording-result", recording).json()
    for name in (each.name for each in ENVIRONMENTS):
        figures = ask(client, "recording-figures", recording, environment=name).json()
        for figure in figures.values():
            go.Figure(data=figure["data"], layout=figure["layout"])
        ring = figures["distribution"]["data"][0]
        assert ring["values"] == pytest.approx(list(result["distribution"].values()), abs=1e-6)
        drawn = {trace["meta"]["environment"]: trace["x"][0] for trace in figures["environments"]["data"]}
        assert drawn == pytest.approx({k: band["score"] for k, band in result["engagement"].items()}, abs=1e-4)
        assert_series(figures["series"], result, name)


def assert_series(figure: dict[str, Any], result: dict[str, Any], name: str) -> None:
    expected = {window: result["rolling"][name][window] for window in ("30s", "60s", "cumulative")}
    expected["instant"] = [each["engagement"][name] if each["engagement"] else None for each in result["series"]]
    times = [each["t_s"] for each in result["series"]]
    for line, values in expected.items():
        parts = [part for part in figure["data"] if part["meta"]["line"] == line and not part["meta"].get("band")]
        drawn = {t_s: value for part in parts for t_s, value in zip(part["x"], part["y"], strict=True)}
        assert list(drawn) == pytest.approx(times, abs=1e-3)
        for value, known in zip(drawn.values(), values, strict=True):
            assert (value is None) == (known is None)
            assert value is None or value == pytest.approx(known, abs=1e-4)


def test_a_recording_without_faces_explains_itself(client: Client, record: Record) -> None:
    recording = record(nobody(np.arange(300) / 5))
    text = page(client, recording)
    assert "No face was found." in text
    assert "data-figures" not in text
    assert ask(client, "recording-figures", recording, environment="general").json() == {}


def test_faces_that_cannot_be_read_are_told_apart_from_none(client: Client, record: Record) -> None:
    left_out = np.full((50, 2), LeftOut.SMALL)
    text = page(client, record(audience(np.arange(50) / 5, dirichlet(50, 2), left_out=left_out), 10.0))
    assert "none that could be read" in text
    assert shown(text)["left_out.small"] == 100


def test_a_recording_without_any_reading_is_still_a_page(client: Client, record: Record) -> None:
    assert "Nothing could be read." in page(client, record(nobody([])))


def test_a_partial_result_says_so(client: Client, record: Record) -> None:
    row = {"status": "partial", "stopped_at_s": 41.0, "message": "The file is damaged: it ends at 0:41."}
    text = page(client, record(room(205), 60.0, **row))
    assert "A partial result." in text
    assert "The file is damaged: it ends at 0:41." in text


def test_only_what_was_read_before_it_stopped_counts_as_searched(client: Client, record: Record) -> None:
    text = page(client, record(nobody(np.arange(300) / 5), 3600.0, status="partial", stopped_at_s=60.0))
    assert shown(text)["stopped_at_s"] == 60.0
    assert re.search(r"moments from 0:00 to <data[^>]+>1:00</data> were searched", text)
    whole = page(client, record(nobody(np.arange(300) / 5)))
    assert re.search(r"moments from 0:00 to <data[^>]+>1:00</data> were searched", whole)


def test_how_a_long_series_was_thinned_out_is_said_of_what_was_read(client: Client, record: Record) -> None:
    text = page(client, record(room(3000, 1), 7200.0, status="partial", stopped_at_s=600.0))
    assert "the lowest and the highest of every 1.0 s are drawn" in text


def test_lines_that_are_one_are_explained_by_the_readings_and_not_by_the_length(client: Client, record: Record) -> None:
    said = "The readings span less than 30 seconds, so the three lines are one."
    assert said in page(client, record(room(100), 3600.0, status="partial", stopped_at_s=20.0))
    assert said in page(client, record(room(150), 30.0))  # the last of them is at 29.8 s
    assert "so the three lines are one" not in page(client, record(room(151), 30.2))


def test_an_interval_that_says_nothing_is_called_so(client: Client, record: Record) -> None:
    assert "too few readings of a face" in page(client, record(room(10), 2.0))
    for claim in ("The interval is all", "no width"):
        assert claim not in page(client, record(room()))


def test_an_interval_without_width_is_not_taken_for_certainty(client: Client, record: Record) -> None:
    still = np.broadcast_to(one_hot("Happy"), (300, 1, 5))
    text = page(client, record(audience(np.arange(300) / 5, still, np.ones((300, 1), bool)), 60.0))
    assert "The interval has no width because no reading differed from another" in text


def test_an_interval_that_two_very_different_faces_leave_open_is_not_blamed_on_their_number(
    client: Client, record: Record
) -> None:
    shares = np.stack([np.broadcast_to(one_hot(each), (1600, 5)) for each in ("Happy", "Sad")], axis=1)
    present = np.stack([np.arange(1600) < 800, np.arange(1600) >= 800], axis=1)
    text = page(client, record(audience(np.arange(1600) / 5, shares, present), 320.0))
    assert "differ too much and are too few" in text
    assert "too few readings" not in text


def test_what_a_camera_saw_has_no_video(client: Client, record: Record) -> None:
    text = page(client, record(room(), source="live", playable=False))
    assert "<video" not in text
    assert "there is no video of it" in text


def test_faces_seen_once_are_counted_and_not_drawn(client: Client, record: Record) -> None:
    recording = record(room(once=4))
    assert "4 faces seen in a single reading are not drawn." in page(client, recording)
    drawn = ask(client, "recording-figures", recording, environment="general").json()["lanes"]["layout"]["yaxis"]
    assert drawn["categoryarray"] == ["Face 1", "Face 2", "Face 3"]


def test_the_name_of_a_file_is_text(client: Client, record: Record) -> None:
    text = page(client, record(room(), name="<img src=x onerror=alert(1)>.mp4"))
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;.mp4" in text


def test_boxes_of_a_stretch_come_with_the_readings_around_it(client: Client, record: Record) -> None:
    body = ask(client, "recording-boxes", record(room()), "?from=20&to=21").json()
    assert [reading["t_s"] for reading in body["readings"]] == pytest.approx([19.8, 20, 20.2, 20.4, 20.6, 20.8, 21.0])
    assert body["hold_s"] == pytest.approx(0.3)
    face = body["readings"][1]["faces"][0]
    assert (face["id"], face["box"], face["left_out"]) == (1, [10, 20, 80, 90], 0)
    assert sum(face["p"]) == pytest.approx(1, abs=1e-3)


def test_boxes_need_no_rate(client: Client, record: Record) -> None:
    body = ask(client, "recording-boxes", record(room(), analysis_fps=0.0), "?from=20&to=21").json()
    assert body["hold_s"] == pytest.approx(0.3)


@pytest.mark.parametrize("query", ["?from=0&to=61", "?from=9&to=1", "?from=a&to=b", "?from=nan&to=5", "?from=0&to=inf"])
def test_a_stretch_that_makes_no_sense_is_refused(query: str, client: Client, record: Record) -> None:
    answer = ask(client, "recording-boxes", record(room()), query)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "bad-stretch"


def test_an_environment_that_does_not_exist_is_not_found(client: Client, record: Record) -> None:
    recording = record(room())
    assert ask(client, "recording-show", recording, "?environment=church").status_code == 404
    assert ask(client, "recording-figures", recording, environment="church").status_code == 404


@pytest.mark.parametrize("name", ["recording-figures", "recording-boxes", "recording-result"])
def test_there_is_nothing_to_see_while_it_runs(name: str, client: Client, record: Record) -> None:
    recording = record(room(), status="running")
    more = {"environment": "general"} if name == "recording-figures" else {}
    assert ask(client, name, recording, **more).status_code == 404
    assert ask(client, "recording-show", recording).status_code == 302
