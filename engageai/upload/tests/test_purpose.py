"""The one question before a reading: asked without ado, kept with the session, and obeyed whatever is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from analytics import store
from analytics.models import AnalysisSession, Recording, Stage
from engageai.conftest import Visitor
from engageai.upload import jobs

pytestmark = pytest.mark.django_db

Files = Callable[[], list[str]]


def answered(row: AnalysisSession | Recording) -> tuple[str, str, bool]:
    row.refresh_from_db()
    return row.purpose, row.exemption, row.reads_expressions


def analysed(visitor: Visitor, clip: Path, **form: Any) -> Recording:
    assert visitor.upload(clip, **form).status_code == 201
    recording = visitor.session.recordings.get()
    jobs.analyse.call(str(recording.id))
    recording.refresh_from_db()
    assert recording.status == "done", recording.message
    return recording


def test_the_page_asks_one_question_and_has_an_answer_chosen(visitor: Visitor, settings: Any) -> None:
    page = visitor.client.get("/").content.decode()
    assert re.findall(r'<option value="(\w+)"[^>]* selected>', page) == ["private"]
    settings.PURPOSE_DEFAULT = "eu"
    page = visitor.client.get("/").content.decode()
    assert re.findall(r'<option value="(\w+)"[^>]* selected>', page) == ["eu"]
    assert re.search(r'name="exemption" value="" checked', page)
    assert reverse("notice") in page


def test_whom_no_rule_stops_need_not_answer(visitor: Visitor, clip: Path) -> None:
    recording = visitor.uploaded(clip)
    assert answered(recording) == answered(visitor.session) == ("private", "", True)


def test_the_answer_is_kept_with_the_session_and_wiped_with_it(visitor: Visitor, clip: Path, files: Files) -> None:
    assert visitor.upload(clip, purpose="eu", exemption="medical").status_code == 201
    recording = visitor.session.recordings.get()
    assert answered(recording) == answered(visitor.session) == ("eu", "medical", True)
    store.wipe(visitor.session.id)
    assert not AnalysisSession.objects.exists()
    assert not Recording.objects.exists()
    assert files() == []


def test_a_later_answer_leaves_an_earlier_recording_as_it_was(visitor: Visitor, clip: Path) -> None:
    first = visitor.uploaded(clip)
    visitor.upload(clip, purpose="event")
    assert (answered(first)[0], answered(visitor.session)[0]) == ("private", "event")


@pytest.mark.parametrize(
    ("form", "code", "status"),
    [
        ({"purpose": "eu", "expressions": "yes"}, "prohibited", 403),
        ({"purpose": "eu", "exemption": "because"}, "unknown-purpose", 400),
        ({"purpose": "holiday"}, "unknown-purpose", 400),
        ({"expressions": "perhaps"}, "unknown-purpose", 400),
    ],
)
def test_a_crafted_form_is_refused_with_a_reason_and_leaves_nothing(
    visitor: Visitor, clip: Path, files: Files, form: dict[str, Any], code: str, status: int
) -> None:
    answer = visitor.upload(clip, **form)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["message"].endswith(".")
    assert not Recording.objects.exists()
    assert files() == []


def test_a_refused_page_keeps_what_was_chosen(visitor: Visitor, clip: Path) -> None:
    page = visitor.upload(clip, json=False, purpose="eu", exemption="medical", environment="nowhere").content.decode()
    assert re.findall(r'<option value="(\w+)"[^>]* selected>', page) == ["eu"]
    assert re.search(r'name="exemption" value="medical" checked', page)


@pytest.mark.usefixtures("forbidden")
def test_without_expressions_the_engine_is_never_asked(visitor: Visitor, clip: Path) -> None:
    recording = analysed(visitor, clip, purpose="eu")
    assert (recording.model_name, recording.model_sha256, recording.faces) == ("", "", 1)
    readings = store.load_readings(recording)
    assert len(readings.frame) == len(readings.times) == 10
    assert not readings.used.any()


@pytest.mark.usefixtures("forbidden")
def test_without_expressions_no_score_is_anywhere(visitor: Visitor, clip: Path) -> None:
    recording = analysed(visitor, clip, purpose="eu")
    result = visitor.client.get(visitor.url("recording-result", recording)).json()
    assert result["notice"] == {"purpose": "eu", "exemption": None, "expressions": False}
    assert set(result["engagement"].values()) == set(result["decomposition"].values()) == {None}
    assert {point["engagement"] for point in result["series"]} == {None}
    assert {value for lines in result["rolling"].values() for line in lines.values() for value in line} == {None}
    assert result["presence"]["share"] == 1.0
    page = visitor.client.get(visitor.url("recording-show", recording)).content.decode()
    assert "Why there is no score" in page
    assert "Work or education, in the EU" in page
    assert "Engagement" not in page.replace("EngageAI", "")
    assert "of 5" not in page


@pytest.mark.usefixtures("forbidden")
def test_without_expressions_boxes_and_figures_are_json_that_every_browser_reads(visitor: Visitor, clip: Path) -> None:
    recording = analysed(visitor, clip, purpose="eu")

    def strict(url: str) -> Any:
        content = visitor.client.get(url).content
        return json.loads(content, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))

    boxes = strict(visitor.url("recording-boxes", recording))
    assert {(tuple(face["p"]), face["left_out"]) for each in boxes["readings"] for face in each["faces"]} == {((), 4)}
    keys = [recording.session_id, recording.id, "general"]
    figures = strict(reverse("recording-figures", args=keys))
    assert set(figures) == {"series", "lanes"}
    assert [trace["name"] for trace in figures["series"]["data"]] == ["Faces"]


@pytest.mark.usefixtures("engine")
def test_with_an_exemption_they_are_read_and_the_result_says_so(visitor: Visitor, clip: Path) -> None:
    recording = analysed(visitor, clip, purpose="eu", exemption="safety")
    result = visitor.client.get(visitor.url("recording-result", recording)).json()
    assert result["notice"] == {"purpose": "eu", "exemption": "safety", "expressions": True}
    assert result["engagement"]["general"] is not None
    page = visitor.client.get(visitor.url("recording-show", recording)).content.decode()
    assert "Work or education, in the EU: a safety purpose" in page


@pytest.mark.usefixtures("forbidden")
@pytest.mark.parametrize("options", [{"no_expressions": True}, {"purpose": "eu"}])
def test_the_command_line_reads_without_expressions(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: dict[str, Any]
) -> None:
    call_command("analyse", str(clip), json=str(tmp_path / "out.json"), **options)
    result = json.loads((tmp_path / "out.json").read_bytes())
    assert (result["notice"]["expressions"], result["presence"]["most_faces"]) == (False, 1)
    assert "No expression was read: no score." in capsys.readouterr().err


@pytest.mark.usefixtures("forbidden")
def test_the_command_line_writes_the_same_bytes_as_the_download(visitor: Visitor, clip: Path, tmp_path: Path) -> None:
    recording = analysed(visitor, clip, purpose="eu")
    call_command("analyse", str(clip), json=str(tmp_path / "out.json"), purpose="eu")
    download = visitor.client.get(visitor.url("recording-result", recording)).content
    assert download == (tmp_path / "out.json").read_bytes()


def test_the_progress_page_does_not_claim_to_read_expressions(visitor: Visitor, clip: Path) -> None:
    assert visitor.upload(clip, purpose="eu").status_code == 201
    recording = visitor.session.recordings.get()
    store.claim(recording.id)
    store.enter(recording.id, Stage.ANALYSE)
    page = visitor.client.get(visitor.url("upload-progress", recording)).content.decode()
    assert "Finding faces" in page
    assert "expressions" not in page.split("<main")[1].split("</main>")[0]
