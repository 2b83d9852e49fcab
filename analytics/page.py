"""What the results page shows, arranged for its templates: paths into the result, labels, notes and addresses.

Knows the shape of results.py and the words of the page. Refuses to compute a score: a template looks every number up
in the result, by the path given here, so that page and result.json cannot disagree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from analytics import bands
from analytics.charts import MAX_POINTS
from analytics.correlate import Correlation
from analytics.results import Result
from analytics.rounding import SCORE_DECIMALS, rounded, worth
from analytics.scoring import ENVIRONMENTS, Environment
from analytics.timeline import MIN_COVERAGE, MIN_INSTANTS
from emotion_ml.labels import EMOTIONS

REASONS: Final = ("", "Too small", "Blurred", "Turned away", "Not read")
"""Why a face does not count, in the order of types.LeftOut."""
LEFT_OUT: Final = (("small", "too small"), ("blurred", "blurred"), ("turned", "turned away"))
MAX_LANES: Final = 40
FEWER: Final = 0.95
"""Of what was asked for; readings are not quite evenly apart."""
TOO_FEW: Final = "there were too few readings of a face for a narrower one."
TOO_DIFFERENT: Final = "stretches of the recording, or its faces, differ too much and are too few for a narrower one."
NO_WIDTH: Final = 1e-5
"""What rounding leaves of the width of readings that do not differ; single precision carries no less."""
NARROW: Final = "The interval is narrower than 0.01; the network may still be wrong."
FEW_FACES: Final = 3
WIDE: Final = 0.5
"""Points from which on an interval of few faces is explained."""
STILL: Final = "The interval has no width because no reading differed from another; the network may still be wrong."


@dataclass(frozen=True, slots=True)
class Choice:
    """One environment in the switch, with where its numbers stand and where its page and figures are."""

    name: str
    label: str
    purpose: str
    url: str
    figures: str

    @property
    def score_path(self) -> str:
        return f"engagement.{self.name}.score"

    @property
    def low_path(self) -> str:
        return f"engagement.{self.name}.low"

    @property
    def high_path(self) -> str:
        return f"engagement.{self.name}.high"


@dataclass(frozen=True, slots=True)
class Share:
    """One expression in one environment: its share, its worth, and what the two make of the score, as it is shown."""

    emotion: str
    value: float
    reason: str
    path: str
    part_path: str
    part: float | None

    @property
    def worth(self) -> str:
        return worth(self.value)


@dataclass(frozen=True, slots=True)
class Track:
    """One face of the table of faces; `row` is its place in result.json."""

    row: int
    label: str

    @property
    def first_path(self) -> str:
        return f"tracks.{self.row}.first_s"

    @property
    def last_path(self) -> str:
        return f"tracks.{self.row}.last_s"

    @property
    def readings_path(self) -> str:
        return f"tracks.{self.row}.readings"

    @property
    def share_paths(self) -> list[str]:
        return [f"tracks.{self.row}.distribution.{emotion}" for emotion in EMOTIONS]


def choices(page_url: str, figures_url: Callable[[str], str]) -> list[Choice]:
    return [
        Choice(each.name, each.label, each.purpose, f"{page_url}?environment={each.name}", figures_url(each.name))
        for each in ENVIRONMENTS
    ]


def parts(result: Result, environment: str) -> dict[str, float]:
    """What each expression adds to the score, as it is shown: rounded so that it adds up to the score shown."""
    found = result["decomposition"][environment]
    if found is None:
        return {}
    shown = rounded(list(found.values()), result["engagement"][environment]["score"])
    return dict(zip(found, shown, strict=True))


def shares(result: Result, environment: Environment) -> list[Share]:
    shown = parts(result, environment.name)
    return [
        Share(
            emotion,
            value,
            reason,
            f"distribution.{emotion}",
            f"decomposition.{environment.name}.{emotion}",
            shown.get(emotion),
        )
        for emotion, value, reason in zip(EMOTIONS, environment.values, environment.reasons, strict=True)
    ]


def shown_tracks(result: Result) -> list[Track]:
    """The faces seen more than once, the most often seen of them, in order of appearance."""
    rows = [row for row, track in enumerate(result["tracks"]) if track["readings"] > 1]
    most = sorted(rows, key=lambda row: -result["tracks"][row]["readings"])[:MAX_LANES]
    return [Track(row, f"Face {result['tracks'][row]['id']}") for row in sorted(most)]


def lanes_note(result: Result) -> str:
    once = sum(track["readings"] == 1 for track in result["tracks"])
    rest = len(result["tracks"]) - once - MAX_LANES
    notes = []
    if once:
        notes.append(f"{_faces(once)} seen in a single reading {'is' if once == 1 else 'are'} not drawn.")
    if rest > 0:
        notes.append(f"The {MAX_LANES} faces seen most often are drawn; {rest} more stand in result.json.")
    return " ".join(notes)


def reduction_note(result: Result) -> str:
    """How a long series was thinned out for drawing; nothing where every reading is drawn."""
    recording = result["recording"]
    count = recording["frames_analysed"]
    if count <= MAX_POINTS:
        return ""
    stretch_s = (recording["last_s"] - recording["first_s"]) / (MAX_POINTS // 2)
    return (
        f"Of the single readings the lowest and the highest of every {stretch_s:.1f} s are drawn, "
        f"of the other lines one value in {-(-count // MAX_POINTS)}; zoom in to see all of them. "
        "The numbers at the cursor and in the table are exact. "
    )


def pace(result: Result, asked_fps: float) -> str:
    """How many readings a second there are, in words: what was asked for is the most where there are fewer."""
    recording = result["recording"]
    own_fps, lasts_s = recording["fps"], (recording["last_s"] or 0.0) - (recording["first_s"] or 0.0)
    mean_fps = (recording["frames_analysed"] - 1) / lasts_s if lasts_s > 0 else own_fps
    is_camera = own_fps == asked_fps  # of which nothing was asked: this was measured
    return at_most(asked_fps, own_fps if is_camera else min(own_fps, mean_fps))


def at_most(asked_fps: float, found_fps: float | None) -> str:
    """`found_fps` is the file's own rate, or what was measured, if known."""
    is_fewer = found_fps is not None and found_fps < FEWER * asked_fps
    return f"{'at most ' if is_fewer else ''}{asked_fps:g}"


def left_out(result: Result) -> list[tuple[str, str]]:
    """(path, words) of each reason that left any face out."""
    return [(f"left_out.{reason}", words) for reason, words in LEFT_OUT if result["left_out"][reason]]


def absence(result: Result) -> str:
    """Why there is no score; "" where there is one.

    No "expressions" were to be read, "nothing" was analysed, no "face" was found, or none that could be "read".
    """
    if result["notice"] is not None and not result["notice"]["expressions"]:
        return "expressions"
    if result["distribution"] is not None:
        return ""
    if not result["recording"]["frames_analysed"]:
        return "nothing"
    return "read" if result["peak_faces"] else "face"


def about_interval(result: Result, environment: Environment) -> str:
    """What must be said of an interval as wide as the environment's values allow, or hardly wide at all; else ""."""
    band = result["engagement"][environment.name]
    if band is None:
        return ""
    few = _about_few_faces(result)
    if (band["low"], band["high"]) == (min(environment.values), max(environment.values)):
        why = TOO_FEW if result["readings_used"] < bands.MIN_INSTANTS else f"{TOO_DIFFERENT} {few}".strip()
        return f"The interval is all that this environment can give: {why}"
    width = band["high"] - band["low"]
    if width < NO_WIDTH:
        return STILL
    if width < 10**-SCORE_DECIMALS:
        return NARROW
    return few if width >= WIDE else ""


def _about_few_faces(result: Result) -> str:
    """Between as few as that, how much faces differ is hardly known: with two numbers there is one difference."""
    count = sum(track["used"] > 0 for track in result["tracks"])
    if not 1 < count <= FEW_FACES:
        return ""
    return (
        f"{count} faces say little about how faces differ, which may widen the interval many times over; "
        "one person who was lost and found again, or whom a cut divides, counts as two."
    )


def about_floor(coverage: float, readings: int) -> str:
    """What must be said of the score of the whole where the lines would have no value on so little; else ""."""
    share = f"{below_floor(coverage)} % of the time" if coverage < MIN_COVERAGE else ""
    count = f"{readings} reading{'' if readings == 1 else 's'}" if readings < MIN_INSTANTS else ""
    least, need = f"{100 * MIN_COVERAGE:.0f} %", "the lines over time need for a value"
    if share and count:
        return f"This rests on {count} and {share}, less than the {MIN_INSTANTS} and {least} that {need}."
    if share:
        return f"This rests on {share}, less than the {least} that {need}."
    return f"This rests on {count}, fewer than the {MIN_INSTANTS} that {need}." if count else ""


def below_floor(coverage: float) -> str:
    """In percent, and never rounded to what a value needs, nor to nothing."""
    percent = 100 * coverage
    if 0 < percent < 0.5:
        return "under 1"
    return f"{percent:.0f}" if round(percent) < 100 * MIN_COVERAGE else f"{math.floor(10 * percent) / 10:.1f}"


def lag_sentence(found: Correlation) -> str:
    """By how much faces followed words, and what a paragraph is therefore compared with."""
    meanwhile = "compared with what was read while it lasted."
    if not found.lag_is_supported:
        return f"No delay of faces behind words could be shown; a paragraph is {meanwhile}"
    if not found.lag_s:
        return f"Faces changed together with the words (p = {found.lag_p:.3f}); each paragraph is {meanwhile}"
    return (
        f"Faces followed the words by {found.lag_s:.1f} s (p = {found.lag_p:.3f}); "
        "each paragraph is compared with what was read that much later."
    )


def _faces(count: int) -> str:
    return "1 face" if count == 1 else f"{count} faces"
