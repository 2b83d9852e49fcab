"""python -m emotion_ml: the model's own commands. Parses arguments, prints results; the work is done elsewhere."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

# Waiting OpenMP threads must sleep, not spin: read by torch and OpenCV when they are first imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from tqdm import tqdm

from emotion_ml.command_line import Commands, engine, rate
from emotion_ml.labels import EMOTIONS
from emotion_ml.quiet import hush_native_logs
from emotion_ml.training import commands
from emotion_ml.types import DEFAULT_FPS


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 could not, 2 wrong arguments."""
    arguments = _parser().parse_args(argv)
    hush_native_logs()
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        status: int = arguments.run(arguments)
    except (OSError, ValueError, _known_errors()) as error:
        print(f"{arguments.command}: {_sentence(error)}", file=sys.stderr)
        return 1
    return status


def _known_errors() -> type[Exception]:
    from emotion_ml.backends import BadWeights

    return BadWeights


def _sentence(error: Exception) -> str:
    """Without the number that a system has for its faults."""
    if not isinstance(error, OSError) or error.strerror is None:
        return str(error)
    return f"{error.strerror}: {error.filename}" if error.filename else error.strerror


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """What is no video, and what a decoder does not survive, is told like any other fault of a file."""
    from emotion_ml import video

    try:
        yield
    except video.NotAVideo as error:
        raise ValueError(f"{path}: {error}") from error


def _devices(arguments: argparse.Namespace) -> int:
    with engine(arguments) as reader:
        model = reader.model
    print(f"model    {model.name}\nsha256   {model.sha256}\nbackend  {model.backend}\nbecause  {model.reason}")
    print(f"cores    {os.cpu_count()}")
    return 0


def _predict(arguments: argparse.Namespace) -> int:
    from emotion_ml import photo
    from emotion_ml.faces import FaceFinder

    answers: list[dict[str, Any]] = []
    with engine(arguments) as reader, FaceFinder() as finder:
        for path in tqdm(arguments.images, unit="image", disable=len(arguments.images) < 2):
            answer: dict[str, Any] = {"path": str(path), "faces": []}
            try:
                expressions = photo.predict(photo.load(path), reader, finder, cropped=arguments.cropped)
                answer["faces"] = [
                    {"box": asdict(found.box), "probabilities": dict(zip(EMOTIONS, found.probabilities, strict=True))}
                    for found in expressions
                ]
            except photo.NotAPicture as error:
                answer["error"] = str(error)
            answers.append(answer)
    _print_predictions(answers, as_json=arguments.json)
    return 1 if any("error" in answer for answer in answers) else 0


def _print_predictions(answers: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(answers, indent=1))
        return
    for answer in answers:
        print(answer.get("error") or f"{answer['path']}: {len(answer['faces'])} face(s)")
        for face in answer["faces"]:
            shares = sorted(face["probabilities"].items(), key=lambda item: -item[1])
            print("  " + "  ".join(f"{name} {share:.0%}" for name, share in shares))


def _video(arguments: argparse.Namespace) -> int:
    from emotion_ml import render, video
    from emotion_ml.pipeline import analyse

    readings = []
    stopped = None
    with _refusing(arguments.input):
        info = video.probe(arguments.input)
        try:
            with engine(arguments) as reader, tqdm(total=round(info.duration_s, 1), unit="s") as bar:
                for reading in analyse(arguments.input, reader, fps=arguments.fps):
                    readings.append(reading)
                    bar.update(reading.t_s - bar.n)
        except video.Truncated as error:
            stopped = error.t_s
            print(f"the file is damaged: results end at {error.t_s:.1f} s", file=sys.stderr)
        if arguments.json:
            report = {"recording": asdict(info), "stopped_at_s": stopped, "readings": [asdict(r) for r in readings]}
            arguments.json.write_text(json.dumps(report))
        if arguments.out:
            with tqdm(total=1.0, desc="drawing", bar_format="{l_bar}{bar}") as bar:
                render.annotate(
                    arguments.input, arguments.out, readings, on_progress=lambda share: bar.update(share - bar.n)
                )
    print(f"{len(readings)} pictures analysed, faces in {sum(bool(r.faces) for r in readings)}")
    return 0


def _webcam(arguments: argparse.Namespace) -> int:
    from emotion_ml import webcam

    window = webcam.has_display() and not arguments.text
    with engine(arguments) as reader:
        webcam.run(arguments.camera, reader, window=window, seconds=arguments.seconds)
    return 0


def _prepare(arguments: argparse.Namespace) -> int:
    from emotion_ml import render, video

    with _refusing(arguments.input):
        video.probe(arguments.input)
        with tqdm(total=1.0, unit="video", bar_format="{l_bar}{bar}") as bar:
            render.transcode(arguments.input, arguments.output, on_progress=lambda share: bar.update(share - bar.n))
    return 0


def _benchmark_engine(arguments: argparse.Namespace) -> int:
    """Needs no PyAV: a machine that is lent for training may have none."""
    from emotion_ml import rates
    from emotion_ml.engine import WEIGHTS

    with engine(arguments) as reader:
        beside = rates.beside_torch(reader, arguments.weights or WEIGHTS)
    print(json.dumps(beside, indent=1) if arguments.json else rates.table(beside))
    return 0


def _benchmark_memory(arguments: argparse.Namespace) -> int:
    from emotion_ml import video
    from emotion_ml.endurance import endurance
    from emotion_ml.engine import WEIGHTS

    with _refusing(arguments.memory):
        video.probe(arguments.memory)
    engine(arguments).close()  # what is wrong with its files is told by this process, not by those that are measured
    weights = arguments.weights or WEIGHTS
    report = endurance(arguments.memory, weights, backend=arguments.backend, fps=arguments.fps)
    print(json.dumps(report, indent=1))
    return 0


def _benchmark(arguments: argparse.Namespace) -> int:
    if arguments.engine:
        return _benchmark_engine(arguments)

    if arguments.memory:
        return _benchmark_memory(arguments)

    from emotion_ml.benchmark import benchmark, table

    with engine(arguments) as reader:
        report = benchmark(arguments.clips, reader, fps=arguments.fps)
    print(json.dumps(report, indent=1) if arguments.json else table(report))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m emotion_ml", description="Apparent expressions in pictures.")
    added = Commands(parser)
    _add_reading(added)
    _add_measuring(added)
    commands.add(added)
    return parser


def _add_reading(added: Commands) -> None:
    sub = added.add("predict", _predict, "Read the expressions in pictures.", reads=True)
    sub.add_argument("images", nargs="+", type=Path, metavar="IMAGE")
    sub.add_argument(
        "--cropped",
        action="store_true",
        help="each picture shows one face, and gets an answer even where none is found",
    )
    sub.add_argument("--json", action="store_true", help="print a list of {path, faces: [{box, probabilities}]}")

    sub = added.add("video", _video, "Read a recording; optionally write it with boxes and labels drawn.", reads=True)
    sub.add_argument("input", type=Path, metavar="IN")
    sub.add_argument("--out", type=Path, metavar="OUT.mp4", help="annotated H.264 with the original sound")
    sub.add_argument("--json", type=Path, metavar="OUT.json", help="every reading")
    sub.add_argument("--fps", type=rate, default=DEFAULT_FPS, help="pictures analysed a second (%(default)s)")

    sub = added.add("webcam", _webcam, "Read a camera of this machine, in a window or in lines of text.", reads=True)
    sub.add_argument("--camera", default="0", help="its number, or a device or file (%(default)s)")
    sub.add_argument("--text", action="store_true", help="no window, a line a second")
    sub.add_argument("--seconds", type=float, help="end by itself")

    sub = added.add("prepare", _prepare, "Make an MP4 that every browser plays, upright, at the original timing.")
    sub.add_argument("input", type=Path, metavar="IN")
    sub.add_argument("output", type=Path, metavar="OUT")


def _add_measuring(added: Commands) -> None:
    added.add("devices", _devices, "Say which device and runtime the engine uses here, and why.", reads=True)
    sub = added.add("benchmark", _benchmark, "Measure the whole pipeline and its stages on this machine.", reads=True)
    sub.add_argument(
        "clips", nargs="*", type=Path, metavar="CLIP", help="recordings; without any, two are made (scikit-image)"
    )
    sub.add_argument("--fps", type=rate, default=DEFAULT_FPS)
    sub.add_argument("--json", action="store_true")
    sub.add_argument("--engine", action="store_true", help="only the engine, in turns with torch in float32")
    sub.add_argument("--memory", type=Path, metavar="CLIP", help="peak memory of CLIP repeated to 2 and to 30 minutes")


if __name__ == "__main__":
    sys.exit(main())
