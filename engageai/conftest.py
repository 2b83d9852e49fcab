"""What the tests of the server share: clips, visitors, an engine that needs no weights, and files to look for."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from skimage.data import astronaut

from analytics.models import AnalysisSession, Recording
from emotion_ml.engine import Batch, EmotionEngine
from emotion_ml.tests import clips
from emotion_ml.tests.fakes import Brightness
from engageai import own_server
from engageai.engine import replaced
from engageai.own_server import Server as Server

ROOT = Path(__file__).resolve().parent.parent
FACE = astronaut()[0:240, 100:420]  # type: ignore[no-untyped-call]  # 320 x 240


@pytest.fixture
def engine() -> Iterator[EmotionEngine]:
    with EmotionEngine(Brightness()) as quick, replaced(quick):
        yield quick


def face(_: object, width: int, height: int) -> Any:
    assert (height, width) == FACE.shape[:2]
    return FACE


def face_clip(path: Path, seconds: float = 2.0, codec: str = "libx264") -> Path:
    look = clips.Look(width=320, height=240, codec=codec, paint=face)
    return clips.write(path, clips.steady(10, seconds), look)


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of one face, as browsers play it."""
    return face_clip(tmp_path_factory.mktemp("clips") / "face.mp4")


@pytest.fixture(scope="session")
def unplayable_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in a format that browsers do not play."""
    return face_clip(tmp_path_factory.mktemp("clips") / "face.avi", codec="mpeg4")


@dataclass
class Visitor:
    """A browser with its own cookies, on the start page."""

    client: Client = field(default_factory=Client)
    session: AnalysisSession = field(init=False)

    def __post_init__(self) -> None:
        answer = self.client.get(reverse("upload-start"))
        assert answer.status_code == 200
        self.session = answer.context["session"]

    def upload(self, content: bytes | Path, name: str = "talk.mp4", json: bool = True, **form: Any) -> Any:
        data = content.read_bytes() if isinstance(content, Path) else content
        form = {"environment": "seminar", "file": SimpleUploadedFile(name, data)} | form
        form = {key: value for key, value in form.items() if value is not None}
        headers = {"Accept": "application/json" if json else "text/html"}
        return self.client.post(reverse("upload-new", args=[self.session.id]), form, headers=headers)

    def uploaded(self, content: Path) -> Recording:
        assert self.upload(content).status_code == 201
        return self.session.recordings.latest("created_at")

    def url(self, name: str, recording: Recording) -> str:
        return reverse(name, args=[self.session.id, recording.id])


@pytest.fixture
def visitor(db: None, waiting_jobs: None) -> Visitor:
    return Visitor()


@pytest.fixture
def stranger(visitor: Visitor) -> Visitor:
    return Visitor()


@pytest.fixture
def waiting_jobs(settings: Any) -> None:
    """Jobs are enqueued and never start: a test runs the one that it is about."""
    settings.TASKS = {key: {"BACKEND": "django_tasks.backends.dummy.DummyBackend"} for key in settings.TASKS}


@pytest.fixture
def files(data_dir: Path) -> Callable[[], list[str]]:
    """The names of all files that are stored."""
    return lambda: sorted(str(path.relative_to(data_dir)) for path in data_dir.rglob("*") if path.is_file())


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The real server in a process of its own."""
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


def start_server(folder: Path, **settings: str) -> Server:
    started = own_server.start(folder, **{"MAX_UPLOAD_MIB": "4", "WARM_ENGINE": "False"} | settings)
    atexit.register(started.process.kill)  # a test that fails leaves it running
    return started


class Forbidden(Brightness):
    """A backend that must not be asked."""

    def logits(self, batch: Batch) -> Batch:
        raise AssertionError("an expression was inferred")


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody may load an engine, and the one that is there breaks what asks it."""

    def loaded(*_: Any) -> None:
        raise AssertionError("an engine was loaded")

    monkeypatch.setattr(EmotionEngine, "create", loaded)
    with EmotionEngine(Forbidden()) as engine, replaced(engine):
        yield
