"""The tables say what was measured to anybody: to a reader of CSV, a spreadsheet, twenty lines of Python."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from analytics import occasions
from analytics.exports import cells, tables, words
from analytics.exports.material import Material
from analytics.readings import Readings
from analytics.results import summarise
from analytics.scoring import ENVIRONMENTS
from analytics.tests.exported import SHA256, material, room, spoken, unread
from analytics.tests.synthetic import audience, dirichlet, info, one_hot
from analytics.transcript import ENGLISH_ONLY, Paragraph, Sentence

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "exports.md"
RESCORE: Final = """
import csv, sys
from collections import defaultdict
folder = sys.argv[1]
value = defaultdict(dict)
for row in csv.DictReader(open(f"{folder}/environments.csv", newline="", encoding="utf-8")):
    value[row["environment"]][row["expression"].lower()] = float(row["value"])
faces = defaultdict(list)
for row in csv.DictReader(open(f"{folder}/readings.csv", newline="", encoding="utf-8")):
    if row["left_out"] == "":
        faces[float(row["t_s"])].append([float(row[name]) for name in ("angry", "happy", "neutral", "sad", "surprise")])
instants = {}
for t_s, found in sorted(faces.items()):
    sums = [sum(column) for column in zip(*found)]
    instants[t_s] = [share / sum(sums) for share in sums]
for environment, worth in value.items():
    scores = {t_s: sum(p * v for p, v in zip(shares, worth.values())) for t_s, shares in instants.items()}
    print("whole", environment, 0, repr(sum(scores.values()) / len(scores)))
    for t_s, score in scores.items():
        print("instant", environment, repr(t_s), repr(score))
"""
"""Knows nothing of this project but the columns that docs/exports.md describes."""


def rows(name: str, found: Material) -> list[dict[str, str]]:
    text = b"".join(tables.csv(tables.BY_NAME[name], found)).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def number(cell: str) -> float:
    return float(cell) if cell else np.nan


@pytest.fixture(scope="module")
def found() -> Material:
    return material(transcript=spoken("Good morning.", "And now, the data.", "Any questions?", "=1+1 is two.", "Bye."))


def test_an_independent_script_gets_the_shown_scores_from_the_tables(found: Material, tmp_path: Path) -> None:
    for name in ("readings", "environments"):
        (tmp_path / f"{name}.csv").write_bytes(b"".join(tables.csv(tables.BY_NAME[name], found)))
    script = tmp_path / "rescore.py"
    script.write_text(RESCORE)
    command = [sys.executable, "-I", str(script), str(tmp_path)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    got = {(kind, name, round(float(t_s), 6)): float(score) for kind, name, t_s, score in map(str.split, lines)}
    shown = {
        **{("whole", name, 0.0): band["score"] for name, band in found.result["engagement"].items()},
        **{
            ("instant", name, round(each["t_s"], 6)): score
            for each in found.result["series"]
            for name, score in (each["engagement"] or {}).items()
        },
    }
    assert len(shown) > 4 * 500
    assert got.keys() == shown.keys()
    assert max(abs(got[key] - shown[key]) for key in shown) < 1e-6


def test_every_face_has_a_row_that_reads_back(found: Material) -> None:
    got, readings = rows("readings", found), found.readings
    assert len(got) == len(readings.frame)
    assert [float(row["t_s"]) for row in got] == readings.times[readings.frame].tolist()
    assert [int(row["track"]) for row in got] == readings.track.tolist()
    shares = np.array([[float(row[name]) for name in ("angry", "happy", "neutral", "sad", "surprise")] for row in got])
    assert np.abs(shares - readings.probabilities).max() < 1e-9
    assert {row["left_out"] for row in got} == {"", "blurred", "small"}
    assert (got[0]["left_px"], got[0]["size_px"], got[0]["yaw_deg"]) == ("10.0", "80.0", "5.0")


def test_rolling_lines_are_those_of_the_result_with_their_bands(found: Material) -> None:
    got, rolling = rows("rolling", found), found.result["rolling"]["seminar"]
    for window, values in rolling.items():
        shown = np.array([np.nan if value is None else value for value in values])
        table = np.array([number(row[window]) for row in got])
        low, high = (np.array([number(row[f"{window}_{end}"]) for row in got]) for end in ("low", "high"))
        assert np.array_equal(np.isnan(table), np.isnan(shown))
        known = np.isfinite(table)
        assert known.any()
        assert np.abs(table[known] - shown[known]).max() < 1e-6
        assert (low[known] <= table[known] + 1e-9).all()
        assert (table[known] <= high[known] + 1e-9).all()
    assert any(row["30s"] == "" for row in got)


def test_an_instant_without_a_face_is_a_row_without_values(found: Material) -> None:
    empty = next(row for row in rows("instants", found) if float(row["t_s"]) == 80.0)
    assert (empty["faces"], empty["used"], empty["happy"], empty["score_seminar"]) == ("0", "0", "", "")


def test_paragraphs_carry_their_words_and_their_call(found: Material) -> None:
    got = rows("paragraphs", found)
    correlation = found.correlation
    assert correlation is not None
    assert [row["call"] for row in got] == [each.verdict for each in correlation.comparisons]
    assert got[1]["text"] == "And now, the data."
    assert number(got[0]["score"]) == correlation.comparisons[0].score


def test_what_was_said_at_a_moment_is_what_the_page_says() -> None:
    """Of a change a sentence that had just ended, of a stretch the one that fills most of it."""
    times = np.arange(3000) / 5
    sad = ((times >= 200) & (times < 240)) | (times >= 450)
    shares = np.where(sad[:, None, None], one_hot("Sad"), one_hot("Happy")) * (1 + 0.05 * dirichlet(3000, 1))
    ends = {"Too early.": (190, 204), "Most of it.": (204, 239), "Just before.": (440, 447.5), "After it.": (460, 470)}
    sentences = tuple(Sentence(text, *span) for text, span in ends.items())
    said = replace(spoken(), paragraphs=(Paragraph(190, 470, sentences),))
    shares = shares / shares.sum(axis=2, keepdims=True)
    made = material(audience(times, shares), info=info(600.0), transcript=said)
    told = occasions.occasions(made.moments.found, said.paragraphs)
    assert {each.said for each in told} == {"Most of it.", "Just before."}
    assert [row["text"] for row in rows("moments", made)] == [each.said for each in told]


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\ta", "  =1", "\uff1d1", "\ra"])
def test_text_that_a_spreadsheet_would_run_is_marked_as_text(text: str) -> None:
    (line,) = csv.reader(io.StringIO(cells.line([text, -1.5]), newline=""))
    assert line == [f"'{text}", "-1.5"]


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("text", ["hello;=HYPERLINK(1);bye", "a; =1", "a\t+1", "\t=1", "a\n@SUM(A1)", "a;\uff1d1"])
def test_nor_does_one_run_it_that_splits_elsewhere_than_at_commas(text: str, separator: str) -> None:
    line = cells.line([0.0, text, 1])
    assert line.startswith('0.0,"')
    for row in csv.reader(io.StringIO(line, newline=""), delimiter=separator):
        assert not any(cell.lstrip(" ").startswith(cells.FORMULA_STARTS) for cell in row)


@pytest.mark.parametrize(
    "text", ["a; b", "a\tb", 'say "so"', "a, b", "two\nlines", "two\r\nlines", "naïve Ω 漢字 🙂", "", "a=b"]
)
def test_text_comes_back_as_it_was(text: str) -> None:
    (line,) = csv.reader(io.StringIO(cells.line([text, None, 0.1, 3]), newline=""))
    assert line == [text, "", "0.1", "3"]


def test_each_row_ends_with_what_made_it(found: Material) -> None:
    other = material(environment_name="classroom")
    for table in tables.available(found):
        got = rows(table.name, found)
        assert {(row["version"], row["model"]) for row in got} <= {("1.2.3", SHA256[:12])}
        assert {row["settings"] for row in got} <= {found.label.settings_id}
    assert other.label.settings_id != found.label.settings_id
    listed = {row["setting"]: row["value"] for row in rows("settings", found)}
    assert listed["model_sha256"] == SHA256
    assert (listed["analysis_fps"], listed["min_coverage"], listed["windows_s.60s"]) == ("5.0", "0.2", "60.0")
    assert listed["environments.seminar.Happy"] == repr(ENVIRONMENTS[2].values[1])


def test_lines_end_as_the_standard_says(found: Material) -> None:
    content = b"".join(tables.csv(tables.BY_NAME["instants"], found))
    assert content.count(b"\r\n") == content.count(b"\n") == len(found.readings.times) + 1


def test_a_recording_read_without_expressions_exports_presence_alone() -> None:
    found = material(unread(room()), reads_expressions=False, transcript=spoken("Hello.", "Bye."))
    assert [table.name for table in tables.available(found)] == ["readings", "instants", "paragraphs", "settings"]
    for table in tables.available(found):
        names = {name for name, _ in tables.columns(table, reads_expressions=False)}
        unread_names = {"happy", "sad", "score", "score_seminar", "call", "p", "used", "readings", "coverage"}
        assert not names & unread_names, table.name
        assert "nan" not in b"".join(tables.csv(table, found)).decode()
    assert list(rows("instants", found)[0]) == ["t_s", "faces", "version", "model", "settings"]
    assert rows("paragraphs", found)[0]["text"] == "Hello."
    assert "happy" not in words.readme(found)


def test_what_a_bundle_without_expressions_says_of_itself_is_true() -> None:
    found = material(unread(room()), reads_expressions=False, transcript=spoken("Hello.", "Bye."))
    assert {row["left_out"] for row in rows("readings", found)} == {"unread"}
    readme = " ".join(words.readme(found).split())
    assert "Expressions were not read, so there is no score." in readme
    assert "unread where no expression was read" in readme
    for word in ("apparent expressions", "engagement", "score in each", "beside what was read"):
        assert word not in readme, word


def test_a_bundle_says_that_its_speech_model_knows_one_language() -> None:
    words_of = spoken("Hello.", "Bye.")
    plain = material(room(), transcript=words_of)
    assert ENGLISH_ONLY not in " ".join(words.readme(plain).split())
    english = material(room(), transcript=replace(words_of, model="whisper-tiny.en"))
    assert ENGLISH_ONLY in " ".join(words.readme(english).split())


def test_nothing_read_is_tables_without_rows() -> None:
    found = material(Readings.of([]))
    assert rows("readings", found) == rows("instants", found) == rows("rolling", found) == []
    assert {row["score"] for row in rows("environments", found)} == {""}


def test_every_column_is_described_in_the_document_and_in_the_bundle(found: Material) -> None:
    document, readme = DOCUMENT.read_text(), words.readme(found)
    for table in tables.TABLES:
        section = document.split(f"### `{table.file}`")[1].split("\n### ")[0]
        described = re.findall(r"^\| `([^`]+)` \|", section, flags=re.MULTILINE)
        assert described == [name for name, _ in table.columns], table.name
    for table in tables.available(found):
        for name, _ in tables.columns(table):
            assert re.search(rf"^  {re.escape(name)}  ", readme, flags=re.MULTILINE), (table.name, name)


def test_the_settings_of_the_tables_are_those_of_the_result(found: Material) -> None:
    class Network:
        name, sha256, backend = "resnet50", SHA256, "onnxruntime int8"

    whole: dict[str, Any] = summarise(found.readings, found.info, Network(), version="1.2.3", analysis_fps=5.0)
    assert whole["settings"].items() <= found.label.settings.items()
