"""`manage.py analyse VIDEO --json OUT`: what an upload does, without a server and without a row.

The same video gives the same bytes as the download of the results page.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from tqdm import tqdm

from analytics import page, purposes, results, scoring
from analytics.readings import Readings
from emotion_ml import video
from emotion_ml.engine import EmotionEngine, ModelInfo
from emotion_ml.quiet import hush_native_logs
from emotion_ml.types import Reading, VideoInfo
from engageai.engine import get_engine
from engageai.upload.progress import clock

NO_MODEL = ModelInfo("", "", "", "")


class Command(BaseCommand):
    help = "Analyse a recording and write the result as JSON."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("video", type=Path)
        parser.add_argument("--json", required=True, metavar="OUT", help="where the result goes; - is standard output")
        parser.add_argument(
            "--environment",
            choices=scoring.NAMES,
            default="general",
            help="whose score is told at the end (the result holds all of them)",
        )
        parser.add_argument(
            "--purpose", choices=purposes.NAMES, default=settings.PURPOSE_DEFAULT, help="what it is for"
        )
        parser.add_argument("--exemption", choices=[each.name for each in purposes.EXEMPTIONS], default="")
        parser.add_argument(
            "--no-expressions", action="store_true", help="only who is visible when, and how many; no score"
        )
        parser.add_argument("--fps", type=_rate, default=float(settings.ANALYSIS_FPS), help="pictures a second")

    def handle(self, *args: Any, **options: Any) -> None:
        hush_native_logs()
        self.stderr = OutputWrapper(sys.stderr)  # the one of before writes where nobody listens any more
        path: Path = options["video"]
        terms = purposes.terms(options["purpose"], options["exemption"], False if options["no_expressions"] else None)
        engine = get_engine() if terms.reads_expressions else None
        try:
            info = video.probe(path, max_duration_s=settings.MAX_MINUTES * 60)
            readings, stopped_at_s = self._measure(path, info, engine, options["fps"])
        except video.NotAVideo as refusal:
            raise CommandError(f"{path}: {refusal}") from None
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from None
        result = results.summarise(
            Readings.of(readings),
            info,
            engine.model if engine else NO_MODEL,
            version=settings.VERSION,
            stopped_at_s=stopped_at_s,
            notice=purposes.notice(terms),
            analysis_fps=options["fps"],
        )
        _write(options["json"], results.to_json(result))
        self.stderr.write(_summary(result, options["environment"]))

    def _measure(
        self, path: Path, info: VideoInfo, engine: EmotionEngine | None, fps: float
    ) -> tuple[list[Reading], float | None]:
        """The readings, and where they end before their time."""
        from emotion_ml import pipeline

        readings: list[Reading] = []
        stopped_at_s = None
        with tqdm(total=round(info.duration_s, 1), unit="s", file=sys.stderr) as bar:
            try:
                for reading in pipeline.analyse(path, engine, fps=fps):
                    readings.append(reading)
                    bar.update(round(reading.t_s, 1) - bar.n)
            except video.Truncated as damage:
                stopped_at_s = damage.t_s
                self.stderr.write(f"The file is damaged or incomplete: the result ends at {clock(damage.t_s)}.")
        if not readings:
            raise video.NotAVideo("damaged", "This recording is damaged from its very beginning.")
        return readings, stopped_at_s


def _rate(text: str) -> float:
    if text.replace(".", "", 1).isdecimal() and 0 < float(text) <= settings.MAX_ANALYSIS_FPS:
        return float(text)
    msg = f"use a number above 0 and at most {settings.MAX_ANALYSIS_FPS}"
    raise ArgumentTypeError(msg)


def _write(target: str, data: bytes) -> None:
    if target == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
        return
    try:
        Path(target).write_bytes(data)
    except OSError as error:
        raise CommandError(f"{target}: {error.strerror}") from None


def _summary(result: results.Result, environment: str) -> str:
    if not result["notice"]["expressions"]:
        presence = result["presence"]
        most = presence["most_faces"]
        return (
            f"A face in {presence['share']:.0%} of the time, at most {most} at once. No expression was read: no score."
        )
    engagement = result["engagement"][environment]
    if engagement is None:
        return "No face could be used: there is no score."
    label = scoring.environment(environment).label
    score = f"{engagement['score']:.2f} ({engagement['low']:.2f} to {engagement['high']:.2f}) of 5"
    thin = page.about_floor(result["coverage"], result["readings_used"])
    return f"{label}: engagement {score}, with a face in {result['coverage']:.0%} of the time. {thin}".rstrip()
