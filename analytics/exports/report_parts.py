"""The sections of the report, each a list of what is set under one another.

Knows the sentences of the report. Each takes the material and the width of the page; an empty list says nothing.
"""

from __future__ import annotations

from typing import Any, Final

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from analytics import bands, page, rounding
from analytics.charts import clock
from analytics.exports import pictures
from analytics.exports.material import Material
from analytics.exports.typeset import ACCENT, BODY, SMALL, Drawing, about, markup, table, words
from analytics.exports.typeset import side_by_side as columns
from emotion_ml.labels import EMOTIONS

MOST_SAID: Final = 320
"""Letters of a paragraph or a moment that are printed; the tables have the whole."""
MOST_PARAGRAPHS: Final = 12
NOTHING: Final = "\u2013"
VERDICTS: Final = {"higher": "Higher", "lower": "Lower"}


def kind(material: Material) -> str:
    return "engagement report" if material.reads_expressions else "presence report"


def title(material: Material, width: float) -> list[Flowable]:
    info, pace = material.info, page.pace(material.result, material.label.analysis_fps)
    facts = [
        f"{clock(info.duration_s)} long",
        f"{len(material.readings.times):,} readings, {pace} a second",
        f"analysed on {material.finished_at:%-d %B %Y}",
    ]
    found: list[Flowable] = [
        markup(f"EngageAI · {kind(material)}", **SMALL),
        Spacer(0, 1.5 * mm),
        words(material.name, width, size=19, bold=True, leading=1.25),
        Spacer(0, 1 * mm),
        markup(" · ".join(facts), **SMALL),
    ]
    if note := about([material.name]):
        found.append(markup(note, **SMALL))
    if material.stopped_at_s is not None:
        found.append(
            markup(f"<b>A partial result.</b> Every number is of the part up to {clock(material.stopped_at_s)}.")
        )
    return found


def headline(material: Material, width: float) -> list[Flowable]:
    band, environment = bands.overall_band(material.instants, material.environment), material.environment
    if band is None:
        return []
    coverage = material.result["coverage"]
    thin = page.about_floor(coverage, material.result["readings_used"])
    figure = markup(
        f'<font size="46" color="{ACCENT}">{band.score:.1f}</font><font size="13"> of 5</font>', size=9, leading=5.4
    )
    said = [
        markup(f"<b>95 % interval {band.low:.2f} to {band.high:.2f}</b>", size=11.5),
        markup(
            f"Engagement, read as a {environment.label.lower()} audience from apparent expressions. "
            f"A readable face {_percent(coverage)} of the time; at most {material.result['peak_faces']} at once. "
            f"{environment.purpose}{f' <b>{thin}</b>' if thin else ''}",
            **BODY,
        ),
    ]
    left = 52 * mm
    return [columns([figure, said], [left, width - left], ("VALIGN", (0, 0), (-1, -1), "MIDDLE"))]


def over_time(material: Material, width: float) -> list[Flowable]:
    note = (
        "Green: the 30 seconds before each moment, shaded its 95 % interval. Brown: the minute before. Black: all so "
        "far. Grey: single readings. A line is dotted until its first window is full and breaks where too few faces "
        "could be read. "
    )
    if material.moments.found:
        note += "Numbers mark the moments listed below."
    return [
        _heading("Over time"),
        Drawing(pictures.series(material, 700.0, 250.0), width),
        markup(note, **SMALL),
    ]


def side_by_side(material: Material, width: float) -> list[Flowable]:
    half = (width - 8 * mm) / 2
    left = [_heading("Read in four ways"), Drawing(pictures.environments(material, 520.0, 36.0), half)]
    right = [_heading("Apparent expressions"), Drawing(pictures.distribution(material, 520.0, 34.0), half)]
    return [columns([left, right], [half + 8 * mm, half])]


def moments(material: Material, width: float) -> list[Flowable]:
    told = material.moments
    if not told.found:
        sentence = "No moment stands out from the usual swing of this recording."
        if not told.is_long_enough:
            sentence = "Too little was seen to tell a moment from chance."
        return [_heading("Moments"), markup(sentence, **BODY)]
    widths = [8 * mm, 26 * mm, 14 * mm, 43 * mm]
    widths.append(width - sum(widths))
    rows: list[list[Any]] = [_head("", "When", "What", "By how much (95 %)", "Said then")]
    spoken = [_short(occasion.said) for occasion in material.occasions]
    for number, occasion in enumerate(material.occasions, start=1):
        each = occasion.moment
        span = clock(each.start_s) if each.end_s <= each.start_s else f"{clock(each.start_s)} to {clock(each.end_s)}"
        size = f"{_signed(each.size)} ({_signed(each.low)} to {_signed(each.high)})"
        said = words(spoken[number - 1] or NOTHING, widths[-1] - 6, **SMALL)
        rows.append([_cell(f"<b>{number}</b>"), _cell(span), _cell(occasion.name), _cell(size), said])
    note = (
        "Found by comparing every stretch with what surrounds it; each survives a permutation test over the whole "
        f"recording. {about(spoken)}"
    )
    return [_heading("Moments"), table(rows, widths), markup(note, **SMALL)]


def paragraphs(material: Material, width: float) -> list[Flowable]:
    found, spoken = material.correlation, material.transcript
    if found is None or spoken is None:
        return []
    called = [row for row, each in enumerate(found.comparisons) if each.verdict in VERDICTS]
    heading = _heading("What was said when the score differed")
    count = sum(each.adjusted_p is not None for each in found.comparisons)
    lag = page.lag_sentence(found) if count else ""  # of nothing compared there is nothing to say
    if not called:
        return [heading, markup(f"{_none_called(count, len(found.comparisons))} {lag}".rstrip(), **BODY)]
    widths = [24 * mm, 18 * mm, 34 * mm]
    widths.append(width - sum(widths))
    rows: list[list[Any]] = [_head("When", "Call", "Difference", "Said")]
    printed = [_short(spoken.paragraphs[row].text) for row in called[:MOST_PARAGRAPHS]]
    for row, said in zip(called, printed, strict=False):
        each = found.comparisons[row]
        p_value = "p &lt; 0.001" if (each.adjusted_p or 0) < 0.001 else f"p {each.adjusted_p:.3f}"
        cells = (f"{clock(each.start_s)} to {clock(each.end_s)}", VERDICTS[each.verdict])
        difference = _cell(f"{_signed(each.difference or 0)}, {p_value}")
        rows.append([*map(_cell, cells), difference, words(said, widths[-1] - 6, **SMALL)])
    rest = (
        f" The {len(called) - MOST_PARAGRAPHS} others stand in paragraphs.csv." if len(called) > MOST_PARAGRAPHS else ""
    )
    note = (
        f"{len(called)} of {count} paragraphs that could be compared differ from the rest after adjustment for their "
        f"number (false discovery rate 5 %).{rest} {lag} That one differs does not say that its words were the cause. "
        f"{about(printed)}"
    )
    return [heading, table(rows, widths), markup(note, **SMALL)]


def _none_called(compared: int, count: int) -> str:
    """That none differs is a result; that none could be compared is none."""
    if not compared:
        return "No paragraph could be compared with the rest of the recording: too little was seen of one or the other."
    if compared == count:
        return f"None of the {count} paragraphs can be told from the rest of the recording."
    return (
        f"None of the {compared} paragraphs that could be compared can be told from the rest of the recording; of "
        f"{count - compared} more, or of what is not theirs, too little was seen."
    )


def worth(material: Material, width: float) -> list[Flowable]:
    """How the score is made of the shares."""
    environment, shares = material.environment, material.instants.distribution
    if shares is None:
        return []
    widths = [24 * mm, 16 * mm, 16 * mm, 16 * mm]
    widths.append(width - sum(widths))
    rows: list[list[Any]] = [_head("Expression", "Share", "Worth", "Adds", "Because")]
    adds = page.parts(material.result, environment.name)
    each = zip(EMOTIONS, shares.tolist(), environment.values, environment.reasons, strict=True)
    for emotion, share, value, reason in each:
        cells = (emotion, _percent(share), rounding.worth(value), f"{adds[emotion]:.2f}")
        rows.append([*map(_cell, cells), words(reason, widths[-1] - 6, **SMALL)])
    note = (
        f"Share times worth adds up to {sum(adds.values()):.2f}. What an expression is worth is a "
        "judgement, not a measurement."
    )
    return [_heading(f"Why {float(shares @ environment.values):.1f}"), table(rows, widths), markup(note, **SMALL)]


def absence(material: Material, width: float) -> list[Flowable]:
    if not material.reads_expressions:
        return _presence(material, width)
    sentence = "No face could be read, so there is no score."
    if material.result["peak_faces"]:
        sentence = (
            "Faces were found, but none that could be read: too small, blurred or turned away. There is no score."
        )
    return [_heading("No score"), markup(sentence, **BODY)]


def _presence(material: Material, width: float) -> list[Flowable]:
    found = material.result["presence"]
    if not len(material.readings.times):
        sentence = "Expressions were not read, and the recording holds no picture that could be analysed."
        return [_heading("Presence"), markup(sentence, **BODY)]
    gap = f" The longest time without one: {found['longest_gap_s']:.0f} s." if found["longest_gap_s"] else ""
    sentence = (
        f"Expressions were not read. A face was in view {_percent(found['share'])} of the time: "
        f"{found['mean_faces']:.1f} on average, at most {found['most_faces']}.{gap}"
    )
    drawing = Drawing(pictures.presence(material, 700.0, 220.0), width)
    return [_heading("Presence"), markup(sentence, **BODY), Spacer(0, 2 * mm), drawing]


def limits(material: Material, width: float) -> list[Flowable]:
    if not material.reads_expressions:
        sentence = "It counts faces in view. It does not say who they are, what they express or whether they listen."
        return [_heading("What it does not claim"), markup(sentence, **BODY)]
    claims = [
        "It reads apparent expressions. What a face shows is not what a person feels, thinks or attends to.",
        "The score is a stated judgement applied to measured expressions. Gaze, posture and words do not enter it.",
        "The interval says how far the score could move with other moments and other faces. It does not cover mistakes "
        "of the network.",
        "Made for audiences as a whole. Do not grade, rank or judge a single person by it.",
        "In the European Union, inferring emotions at work or in education is prohibited (AI Act, Art. 5(1)(f)).",
    ]
    return [
        _heading("What it does not claim"),
        *(markup(f"{NOTHING} {claim}", **BODY, leftIndent=9, firstLineIndent=-9) for claim in claims),
    ]


ELSEWHERE: Final = (
    "of colour faces of another source it read seven in ten right, and was surer of them than it should be; "
    "sad and neutral faces are taken for each other"
)


def made_with(material: Material, width: float) -> list[Flowable]:
    label, left = material.label, 42 * mm
    facts = [
        ("Version", f"EngageAI {label.version}"),
        (
            "Network",
            f"{label.model_name or 'none'}, {label.backend}" if label.model_name else "none: expressions were not read",
        ),
        ("Weights, SHA-256", label.model_sha256 or NOTHING),
        ("Recording, SHA-256", material.source_sha256 or NOTHING),
        ("Settings", f"{label.made_with}; windows of 30 and 60 seconds"),
    ]
    if measured := material.evaluation:
        recall = ", ".join(f"{emotion} {100 * share:.0f}\u00a0%" for emotion, share in measured["recall"].items())
        whole = f"{100 * measured['accuracy']:.1f}\u00a0% of {measured['n']:,} ({measured['protocol']})"
        other = measured.get("measured_with")
        stand_in = f"; measured with {other}, the same network in another file" if other else ""
        facts.insert(3, ("Right on test faces", f"{whole}; by expression: {recall}{stand_in}"))
        facts.insert(4, ("Elsewhere", ELSEWHERE))
    rows = [[_cell(name), words(value, width - left - 6, **SMALL)] for name, value in facts]
    return [_heading("What made these numbers"), table(rows, [left, width - left], head=False)]


def _heading(text: str) -> Flowable:
    return markup(text, size=11.5, bold=True, spaceAfter=4)


def _head(*names: str) -> list[Any]:
    return [markup(name, **SMALL) for name in names]


def _cell(text: str) -> Any:
    return markup(text, size=8.4)


def _percent(share: float) -> str:
    """Never 0 or 100 for what is only close to it."""
    if 0 < share < 0.005:
        return "&lt;1\u00a0%"
    return "&gt;99\u00a0%" if 0.995 <= share < 1 else f"{100 * share:.0f}\u00a0%"


def _signed(points: float) -> str:
    return f"{points:+.2f}".replace("-", "\u2212")


def _short(text: str) -> str:
    return text if len(text) <= MOST_SAID else f"{text[:MOST_SAID].rsplit(' ', 1)[0]} …"
