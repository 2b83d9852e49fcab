"""The tables of a recording: which there are, what each column means, and their rows.

Knows every column that is ever written. Refuses to know how a number was computed, and the format of a cell. Each row
ends with the label (version, model, settings), so that a table that was sent on by itself still says what made it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from analytics.exports import cells
from analytics.exports.cells import Row
from analytics.exports.material import Material
from analytics.exports.rows import (
    environment_rows,
    face_rows,
    instant_rows,
    moment_rows,
    paragraph_rows,
    rolling_rows,
    setting_rows,
)
from analytics.scoring import ENVIRONMENTS
from analytics.timeline import WINDOWS_S
from emotion_ml.labels import EMOTIONS

Columns = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` are (name, meaning). One that `is_expressive` is of expressions and nothing else."""

    name: str
    says: str
    columns: Columns
    rows: Callable[[Material], Iterable[Row]]
    is_expressive: bool = False

    @property
    def file(self) -> str:
        return f"{self.name}.csv"


SHARES: Final = tuple((name.lower(), f"probability of {name}, 0 to 1") for name in EMOTIONS)
MEANS: Final = tuple((name.lower(), f"mean probability of {name} over the used faces") for name in EMOTIONS)
LABEL: Final = (
    ("version", "of EngageAI"),
    ("model", "first digits of the SHA-256 of the network's weights"),
    ("settings", "digest of the settings, which settings.csv lists"),
)
LEFT_OUT: Final = (
    "why the face does not count: small, blurred or turned, unread where no expression was read; empty when it counts"
)
TIME: Final = ("t_s", "seconds since the first picture, by the recording's own clock")

TABLES: Final = (
    Table(
        "readings",
        "One row for each face at each analysed instant.",
        (
            TIME,
            ("track", "number of the face, the same while it is followed"),
            ("left_px", "box of the face in the upright picture"),
            ("top_px", "likewise"),
            ("width_px", "likewise"),
            ("height_px", "likewise"),
            *SHARES,
            ("size_px", "shorter side of the box as it was measured"),
            ("sharpness", "higher is sharper; blurred faces are left out"),
            ("yaw_deg", "turn of the head, 0 is frontal"),
            ("left_out", LEFT_OUT),
        ),
        face_rows,
    ),
    Table(
        "instants",
        "One row for each analysed instant: the mean over its used faces, and the score in each environment.",
        (
            TIME,
            ("faces", "faces found"),
            ("used", "faces that count"),
            *MEANS,
            *((f"score_{each.name}", f"engagement of 1 to 5 as {each.label}") for each in ENVIRONMENTS),
        ),
        instant_rows,
    ),
    Table(
        "rolling",
        "The score over trailing windows in the chosen environment, with 95 % intervals; empty below the floor.",
        (
            TIME,
            ("environment", "the chosen one"),
            *(
                (f"{window}{end}", f"{what} of the {words}")
                for window, words in zip(WINDOWS_S, ("30 s before", "60 s before", "time so far"), strict=True)
                for end, what in (("", "score"), ("_low", "lower bound"), ("_high", "upper bound"))
            ),
        ),
        rolling_rows,
        is_expressive=True,
    ),
    Table(
        "paragraphs",
        "What was said, paragraph by paragraph, beside what was read. Only where there is a transcript.",
        (
            ("start_s", "of the paragraph, seconds since the first picture"),
            ("end_s", "likewise"),
            ("text", "as it was transcribed"),
            (
                "lag_s",
                "by how much later than the words the faces of every paragraph were read; 0 where no delay was shown",
            ),
            ("readings", "instants with a used face in it"),
            ("coverage", "share of it during which a face could be read"),
            *((name.lower(), f"mean probability of {name} in it") for name in EMOTIONS),
            ("environment", "the chosen one"),
            ("score", "engagement of 1 to 5; empty below the coverage floor"),
            ("low", "lower bound of its 95 % interval"),
            ("high", "upper bound"),
            ("difference", "score less that of the rest of the recording"),
            ("p", "permutation test of that difference, adjusted for the number of paragraphs"),
            ("call", "higher, lower, indistinguishable, or unseen: too little was seen, or in fewer than 5 readings"),
        ),
        paragraph_rows,
    ),
    Table(
        "moments",
        "Peaks, dips and lasting changes of the score in the chosen environment that stand out from its usual swing.",
        (
            ("t_s", "middle of the stretch; of a change its instant, seconds since the first picture"),
            ("start_s", "beginning of the stretch"),
            ("end_s", "its end"),
            ("kind", "peak, dip, rise or fall"),
            ("environment", "the chosen one"),
            ("size", "in points: mean score there less that of its surroundings; of a change, after less before"),
            ("low", "lower bound of the size's 95 % interval"),
            ("high", "upper bound"),
            ("p", "chance that a recording in which nothing happened shows anything as large anywhere"),
            ("width_s", "how much before and after was compared with"),
            (
                "text",
                "the sentence that fills most of the stretch; of a change the one being spoken, or just ended",
            ),
        ),
        moment_rows,
        is_expressive=True,
    ),
    Table(
        "environments",
        "The score of the whole recording in each environment, and what each expression is worth there, and why.",
        (
            ("environment", "name"),
            ("label", "as the page calls it"),
            ("expression", "one of the five"),
            ("value", "what it is worth, 1 to 5: a judgement"),
            ("reason", "for that value"),
            ("share", "of this expression in the recording"),
            ("score", "of the recording in this environment: the sum of share times value"),
            ("low", "lower bound of the score's 95 % interval"),
            ("high", "upper bound"),
        ),
        environment_rows,
        is_expressive=True,
    ),
    Table(
        "settings",
        "What the numbers were made with.",
        (("setting", "name"), ("value", "as it was used")),
        setting_rows,
    ),
)
BY_NAME: Final = {table.name: table for table in TABLES}
UNREAD: Final = {
    "instants": "One row for each analysed instant.",
    "paragraphs": "What was said, paragraph by paragraph. Only where there is a transcript.",
}
"""What tables say of themselves where no expression was read."""
EXPRESSIVE: Final = frozenset(
    {*(name.lower() for name in EMOTIONS), "used", "lag_s", "environment", "low", "high", "difference", "p", "call"}
    | {"readings", "coverage"}
)
"""Columns that tell of expressions or of what is made of them, beside every `score`."""


def columns(table: Table, *, reads_expressions: bool = True) -> Columns:
    """Where no expression was read, the columns that would tell of one are not there."""
    own = (column for column in table.columns if reads_expressions or not _is_expressive(column[0]))
    return (*own, *LABEL)


def says(table: Table, *, reads_expressions: bool = True) -> str:
    return table.says if reads_expressions else UNREAD.get(table.name, table.says)


def csv(table: Table, material: Material) -> Iterator[bytes]:
    """The file, in pieces."""
    label = material.label
    mark = (label.version, label.model_id, label.settings_id)
    heading = [name for name, _ in columns(table, reads_expressions=material.reads_expressions)]
    kept = [row for row, (name, _) in enumerate(table.columns) if name in heading]
    rows = table.rows(material)
    if len(kept) < len(table.columns):
        rows = ([row[column] for column in kept] for row in rows)
    return cells.written(heading, ((*row, *mark) for row in rows))


def is_there(table: Table, material: Material) -> bool:
    """Whether the recording has what the table is about; it may still have no row."""
    if table.name == "paragraphs" and not (material.transcript and material.transcript.paragraphs):
        return False
    return material.reads_expressions or not table.is_expressive


def available(material: Material) -> list[Table]:
    """Those that there are of this recording; without moments, for one, theirs is a heading alone."""
    return [table for table in TABLES if is_there(table, material)]


def _is_expressive(column: str) -> bool:
    return column in EXPRESSIVE or column.startswith("score")
