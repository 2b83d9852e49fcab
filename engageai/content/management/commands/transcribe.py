"""`manage.py transcribe VIDEO --json OUT`: what was said, in Deepgram's shape, without a server and without a row.

Stays on this machine, unless `--deepgram` says that the sound may be sent there.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analytics.transcript import parse
from emotion_ml import video
from engageai.content import jobs
from engageai.content.transcribe import Outcome, Task, transcribe


class Command(BaseCommand):
    help = "Write down what is said in a recording, as JSON in the shape of Deepgram's answers."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("video", type=Path)
        parser.add_argument("--json", required=True, metavar="OUT", help="where the result goes; - is standard output")
        parser.add_argument(
            "--deepgram", action="store_true", help="send the sound to Deepgram, with the key in DEEPGRAM_API_KEY"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["deepgram"] and not settings.DEEPGRAM_API_KEY:
            raise CommandError("--deepgram needs DEEPGRAM_API_KEY")
        path: Path = options["video"]
        try:
            outcome = _transcribe(path, may_send=options["deepgram"])
        except video.NotAVideo as refusal:
            raise CommandError(f"{path}: {refusal}") from None
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        if outcome.response is None:
            raise CommandError(f"{path}: {outcome.note}")
        _write(options["json"], json.dumps(outcome.response, ensure_ascii=False, indent=1) + "\n")
        found = parse(outcome.response)
        made = outcome.note or f"Transcribed by {found.model or outcome.engine}."
        self.stderr.write(" ".join(filter(None, [made, found.caution])))


def _transcribe(path: Path, *, may_send: bool) -> Outcome:
    max_s = settings.MAX_MINUTES * 60.0
    info = video.probe(path, max_duration_s=max_s)
    access = jobs.access() if may_send else None
    with tqdm(total=round(info.duration_s, 1), unit="s", file=sys.stderr) as bar:
        return transcribe(
            Task(path, info.duration_s, max_s, settings.SPEECH_THREADS, access),
            lambda share: _advance(bar, share * info.duration_s),
        )


def _advance(bar: Any, t_s: float) -> None:
    bar.update(max(round(t_s, 1) - bar.n, 0.0))


def _write(target: str, text: str) -> None:
    if target == "-":
        sys.stdout.write(text)
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{target}: {error.strerror}") from None
