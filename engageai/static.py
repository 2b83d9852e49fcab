"""Where static files come from and what they are called. Knows nothing of what is in them.

Plotly's one script is served out of the installed plotly package, so that no third-party script lies in our tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.files.storage import FileSystemStorage
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]
from whitenoise.responders import StaticFile  # type: ignore[import-untyped]

from analytics.media import FilePart
from engageai import packed

PLOTLY_SCRIPT = "plotly.min.js"
VERSION_DIGITS = 12
FOREVER = "max-age=31536000, public, immutable"


def plotly_folder() -> Path:
    spec = find_spec("plotly")  # found without importing it
    if spec is None or spec.origin is None:
        msg = "The plotly package is not installed"
        raise ModuleNotFoundError(msg)
    return Path(spec.origin).parent / "package_data"


class PlotlyFinder(finders.BaseFinder):
    """Finds plotly/plotly.min.js and nothing else of the package."""

    def __init__(self) -> None:
        self.storage = FileSystemStorage(location=plotly_folder())
        self.storage.prefix = "plotly"  # type: ignore[attr-defined]

    def find(self, path: str, **kwargs: Any) -> Any:  # type: ignore[override]
        found = self.storage.path(PLOTLY_SCRIPT) if path == f"plotly/{PLOTLY_SCRIPT}" else None
        if found is None:
            return []
        return [found] if kwargs.get("find_all") or kwargs.get("all") else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        yield PLOTLY_SCRIPT, self.storage


class Files(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, sending a file in pieces (under ASGI its own response would be gathered in memory first), to be kept
    for ever where the address holds a version, and packed where `manage.py pack_static` has packed it."""

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> Any:
        as_it_lies = super().get_static_file(path, url, stat_cache)
        variants = packed.variants(Path(path), settings.PACKED_DIR)
        if not variants:
            return as_it_lies
        _, _, headers = as_it_lies.alternatives[-1]
        return StaticFile(path, headers, encodings=variants)

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponseBase:
        answer = static_file.get_response(request.method, request.META)
        headers = dict(answer.headers)
        if answer.file is None:
            response: HttpResponseBase = HttpResponse(status=int(answer.status))
        else:
            response = FilePart(request, answer.file, int(headers["Content-Length"]), status=int(answer.status))
        del response.headers["Content-Type"]
        if "v" in request.GET:
            headers["Cache-Control"] = FOREVER
        for name, value in headers.items():
            response[name] = value
        return response


class VersionedStorage(StaticFilesStorage):
    """Files served from where they lie, each asked for with a digest of its content."""

    def url(self, name: str | None) -> str:
        found = finders.find(name) if name else None
        if not found:
            return super().url(name)
        path = Path(found)
        return f"{super().url(name)}?v={packed.digest(path, path.stat().st_mtime_ns)[:VERSION_DIGITS]}"
