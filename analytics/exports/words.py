"""README.txt of a bundle: what each file and each column holds, for somebody who has nothing but the ZIP."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from analytics import page
from analytics.exports import tables
from analytics.exports.material import Material

LINE: Final = 100
NAME: Final = 22
READ: Final = (
    "Everything here is about apparent expressions. What a face shows is not what a person feels. The score is a "
    "stated judgement applied to measured expressions; its 95 % interval does not cover mistakes of the network. "
    "Do not rate, rank or select people by it."
)
UNREAD: Final = (
    "Expressions were not read, so there is no score. Faces in view were counted, and that is all: it does not say who "
    "they are, what they express or whether they listen. Do not rate, rank or select people by it."
)
NO_WORDS_YET: Final = (
    "What was said was still being written down when this was made: there are no words in it. Take it away again once "
    "the transcript is there."
)


def readme(material: Material) -> str:
    return "\n".join(_lines(material)) + "\n"


def _lines(material: Material) -> Iterator[str]:
    label = material.label
    yield f"EngageAI {label.version}: {' '.join(material.name.split())}"
    yield from ("", label.made_by, label.made_with, "")
    yield from wrap(READ if material.reads_expressions else UNREAD, LINE)
    if material.words_are_coming:
        yield from ("", *wrap(NO_WORDS_YET, LINE))
    if material.transcript is not None and material.transcript.caution:
        yield from ("", *wrap(f"What was said: {material.transcript.caution}", LINE))
    yield from ("", "FILES", "")
    kept = "" if material.reads_expressions else "; what is of expressions is null or 0 in it"
    yield from _described("result.json", f"every number of the results page, at full precision{kept}")
    yield from _described("report.pdf", "two or three pages to print")
    yield from _described("charts/", "each chart as SVG and PNG")
    yield from _described("tables/", "CSV (RFC 4180, UTF-8, comma, CRLF); described below")
    also = " and the engagement" if material.reads_expressions else ""
    yield from _described("captions/", f"the transcript{also} as VTT, SRT and text, if words were said")
    yield from _described("manifest.json", "version, model, settings, and the SHA-256 and size of every other file")
    yield ""
    yield from wrap(
        "An empty cell is a value that was not measured; nothing is ever filled in. Text that begins like a formula "
        "has an apostrophe before it, so that no spreadsheet runs it. Two such bundles can be compared on the page "
        "Compare.",
        LINE,
    )
    for table in tables.available(material):
        yield from (
            "",
            f"tables/{table.file}",
            *wrap(tables.says(table, reads_expressions=material.reads_expressions), LINE),
            *(wrap(_lag(material), LINE) if table.name == "paragraphs" else ()),
            "",
        )
        for name, meaning in tables.columns(table, reads_expressions=material.reads_expressions):
            yield from _described(name, meaning)


def _lag(material: Material) -> str:
    """As the page says it, where anything was compared."""
    found = material.correlation
    compared = found is not None and any(each.adjusted_p is not None for each in found.comparisons)
    return page.lag_sentence(found) if found is not None and compared else ""


def _described(name: str, meaning: str) -> list[str]:
    indent = " " * (NAME + 2)
    first = f"  {name:<{NAME}}" if len(name) < NAME else f"  {name}  "
    return wrap(meaning, LINE, initial_indent=first, subsequent_indent=indent)
